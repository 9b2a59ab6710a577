package images

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// httpsPort is the port of a URL, or of an entry, that has none.
const httpsPort = 443

// Hosts is a list of hosts that images may be fetched from. The zero value has
// none. It may be copied, and used by many goroutines.
type Hosts struct {
	entries []hostEntry
}

// A hostEntry allows one host, or with a wildcard all names below it, on one
// port.
type hostEntry struct {
	name     string // in lower case; an IP address in its canonical form
	wildcard bool
	port     int
}

// ParseHosts reads a list of hosts, separated by commas:
//
//	cdn.example.com, *.example.org, images.example.net:8443
//
// A host is a name or a public IP address, with a port if it is not 443. The
// wildcard stands for any names below a host, not for the host itself. Names
// are ASCII; an international one is written in its xn-- form. An empty s is
// no hosts. The error names the entry that is wrong.
func ParseHosts(s string) (Hosts, error) {
	if strings.TrimSpace(s) == "" {
		return Hosts{}, nil
	}
	var h Hosts
	for i, text := range strings.Split(s, ",") {
		e, err := parseHost(strings.TrimSpace(text))
		if err != nil {
			return Hosts{}, fmt.Errorf("host %d of the list, %q: %w", i+1, shown(strings.TrimSpace(text)), err)
		}
		if !slices.Contains(h.entries, e) {
			h.entries = append(h.entries, e)
		}
	}
	return h, nil
}

func parseHost(text string) (hostEntry, error) {
	switch {
	case text == "":
		return hostEntry{}, errors.New("is empty: remove the comma too many")
	case strings.Contains(text, "://"):
		return hostEntry{}, errors.New("is a URL: give its host alone, such as cdn.example.com")
	case strings.ContainsAny(text, "/@?#"):
		return hostEntry{}, errors.New("has more than a host and a port: write it like cdn.example.com or cdn.example.com:8443")
	}
	e := hostEntry{name: strings.ToLower(text), port: httpsPort}
	if name, port, err := net.SplitHostPort(e.name); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return hostEntry{}, fmt.Errorf("has the port %q: it must be a number from 1 to 65535", shown(port))
		}
		e.name, e.port = name, int(n)
	}
	e.name = strings.TrimSuffix(strings.TrimPrefix(e.name, "["), "]")
	if addr, err := netip.ParseAddr(e.name); err == nil {
		if err := checkAddress(addr); err != nil {
			return hostEntry{}, fmt.Errorf("nothing is fetched from it: %w", err)
		}
		e.name = addr.Unmap().String()
		return e, nil
	}
	e.name, e.wildcard = strings.CutPrefix(e.name, "*.")
	if err := checkName(e.name); err != nil {
		return hostEntry{}, err
	}
	if e.wildcard && !strings.Contains(e.name, ".") {
		return hostEntry{}, fmt.Errorf("allows half the internet: name a domain below .%s, such as *.example.%s", e.name, e.name)
	}
	return e, nil
}

// checkName returns nil if name, in lower case, is a host's name (RFC 1123,
// and the underscore that some CDNs use).
func checkName(name string) error {
	if len(name) > 253 {
		return fmt.Errorf("has %d characters, a host's name has at most 253", len(name))
	}
	for label := range strings.SplitSeq(name, ".") {
		switch {
		case label == "":
			return errors.New("has an empty part between dots, or a dot at an end: remove it")
		case len(label) > 63:
			return fmt.Errorf("has a part of %d characters, at most 63 are allowed", len(label))
		case strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-"):
			return errors.New("has a part that begins or ends with a hyphen")
		}
		for _, c := range label {
			switch {
			case c > 0x7f:
				return fmt.Errorf("has the character %q: write an international name in its xn-- form", c)
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			default:
				return fmt.Errorf("has the character %q: a host's name has letters, digits, hyphens and dots", c)
			}
		}
	}
	if last := name[strings.LastIndexByte(name, '.')+1:]; endsInNumber(last) {
		// 127.1, 0177.0.0.1, 2130706433, 0x7f000001: some resolvers take
		// them for addresses.
		return errors.New("is a number but no IP address: write one as four decimal numbers")
	}
	return nil
}

// endsInNumber reports whether the last part of a name makes some software
// take all of it for an IPv4 address (WHATWG URL, ends in a number).
func endsInNumber(last string) bool {
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// Allow returns nil if an image may be fetched from rawURL as far as the URL
// tells: it is https without a user name, and its host is listed with its
// port. Where the host's name leads is only known when it is fetched. The
// error is an *Error.
func (h Hosts) Allow(rawURL string) error {
	if _, err := h.allow(rawURL); err != nil {
		return err
	}
	return nil
}

// allow returns the parsed URL, so that what is fetched is what was judged.
func (h Hosts) allow(rawURL string) (*url.URL, *Error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, refuse("", "the source is not a valid URL") // err quotes it
	}
	return u, h.allowURL(u)
}

func (h Hosts) allowURL(u *url.URL) *Error {
	name := strings.ToLower(u.Hostname())
	host := shown(u.Host)
	switch {
	case u.Scheme != "https":
		return refuse(host, "the URL has the scheme %q: only https is fetched", shown(u.Scheme))
	case u.User != nil:
		return refuse(host, "the URL has a user name: remove it, images are fetched without")
	case name == "":
		return refuse("", "the URL has no host: it must be an absolute one, such as https://cdn.example.com/1.jpg")
	}
	port := httpsPort
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return refuse(host, "the URL has an impossible port: it must be from 1 to 65535")
		}
		port = int(n)
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		name = addr.Unmap().String()
	} else if err := checkName(name); err != nil {
		return refuse(host, "the URL's host %v", err)
	}
	if len(h.entries) == 0 {
		return refuse(host, "no host is allowed: list those that images may be fetched from")
	}
	listed := false // on another port
	for _, e := range h.entries {
		if e.matches(name) {
			if e.port == port {
				return nil
			}
			listed = true
		}
	}
	if listed {
		return refuse(host, "the host is not allowed on port %d: list it with this port if it is meant", port)
	}
	return refuse(host, "the host is not on the list of those that images may be fetched from")
}

func (e hostEntry) matches(name string) bool {
	if e.wildcard {
		return strings.HasSuffix(name, "."+e.name)
	}
	return name == e.name
}
