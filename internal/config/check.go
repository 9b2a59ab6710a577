package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The checks say whether a text is a value of some kind. Their errors say what
// is allowed, and leave quoting the text to the caller, who knows whether it is
// a secret.

func anything(string) error { return nil }

// apiKeys is one key that can be sent in an HTTP header, or several, separated
// by blanks or line ends: while a key is rotated two are good.
func apiKeys(text string) error {
	for i, r := range text {
		if !strings.ContainsRune(" \t\r\n", r) && (r <= ' ' || r > '~') {
			return fmt.Errorf("has the character %U at byte %d, only visible ASCII can be sent in a header; "+
				"want the whole key, or several, newest first, separated by blanks or line ends", r, i)
		}
	}
	return nil
}

// oneOf allows only the words.
func oneOf(words ...string) func(string) error {
	return func(text string) error {
		if slices.Contains(words, text) {
			return nil
		}
		return fmt.Errorf("want one of %s", strings.Join(words, ", "))
	}
}

// appSlug is the form of the slug that Kenar's panel gives an app.
var appSlug = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func isAppSlug(text string) error {
	if !appSlug.MatchString(text) {
		return errors.New("want the app's slug: 1 to 63 lower-case letters, digits and hyphens, not starting with a hyphen")
	}
	return nil
}

func isAddr(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return errors.New("want host:port with a port from 0 to 65535, such as 127.0.0.1:9090")
	}
	return nil
}

// isURL allows the URLs of a server with one of the schemes.
func isURL(text string, schemes []string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme) {
		return fmt.Errorf("want a URL such as %s://host:port (schemes: %s)", schemes[0], strings.Join(schemes, ", "))
	}
	return nil
}

// isWebURL allows https, and http to this machine, where nobody listens in.
func isWebURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("want a URL such as https://example.org")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("want a URL without user, query and fragment, such as https://example.org")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("want https: keys and access tokens travel with the requests; plain http is allowed only to a loopback host, such as http://127.0.0.1:8080")
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isBusinessPath allows a path with a place for the token.
func isBusinessPath(text string) error {
	const place = "{business_token}"
	if !strings.HasPrefix(text, "/") || strings.Count(text, place) != 1 || strings.ContainsAny(text, "?# ") {
		return fmt.Errorf("want a path that starts with / and holds %s once, such as /v1/open-platform/addons/business/%s", place, place)
	}
	return nil
}

// isReadable allows a file that this process can open.
func isReadable(path string) error {
	_, err := readFile(path)
	return err
}

// isDirectory allows a directory that this process can list.
func isDirectory(path string) error {
	_, err := os.ReadDir(path)
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return err
}

// readFile is a file's content; its error is without the path, which the caller
// quotes.
func readFile(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if err != nil {
		return nil, fmt.Errorf("want a file that can be read: %w", err)
	}
	return b, nil
}

// The two halves of an age key pair are told apart by how they start, so that
// one in the other's place, which would be shown, is noticed.
const (
	ageRecipient = "age1"
	ageIdentity  = "AGE-SECRET-KEY-"
)

func isRecipient(text string) error {
	if strings.Contains(strings.ToUpper(text), ageIdentity) {
		return errors.New("this is an age identity, which is secret and belongs into GRANT_IDENTITY; want its public half, " + ageRecipient + "…")
	}
	if !strings.HasPrefix(text, ageRecipient) {
		return errors.New("want an age public key, " + ageRecipient + "…")
	}
	return nil
}

func isIdentity(text string) error {
	if !strings.Contains(text, ageIdentity) {
		return errors.New("want one or more age identities, " + ageIdentity + "…, the newest first")
	}
	return nil
}
