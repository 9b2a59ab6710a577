package config

import (
	"fmt"
	"io"
	"net/url"
	"strings"
)

// mask stands for what is not shown.
const mask = "***"

// A Secret is a value that no formatting, logging or marshalling shows. The zero
// Secret is one that was not set.
type Secret struct {
	value string
	shown string // what may be seen of it
}

// NewSecret is a secret of which nothing is shown.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: value, shown: mask}
}

// NewSecretURL is a secret URL, or several separated by commas, of which all is
// shown but the user, the password and the query.
func NewSecretURL(value string) Secret {
	return Secret{value: value, shown: maskURLs(value)}
}

// Reveal is the value itself. Whoever calls it keeps it out of errors and logs.
func (s Secret) Reveal() string { return s.value }

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.value != "" }

// String is what may be shown.
func (s Secret) String() string { return s.shown }

// Format writes what may be shown, whatever the verb: without it %d and the like
// would print the fields.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.shown) }

// MarshalText is what may be shown, for JSON and log libraries.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.shown), nil }

func maskURLs(list string) string {
	parts := strings.Split(list, ",")
	for i, part := range parts {
		parts[i] = maskURL(strings.TrimSpace(part))
	}
	return strings.Join(parts, ",")
}

// maskURL hides the user too, because NATS takes a token in its place, and the
// query, because Redis takes a password there. What is not a URL is hidden as a
// whole.
func maskURL(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return mask
	}
	masked := u.Scheme + "://"
	if u.User != nil {
		masked += mask + "@"
	}
	masked += u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		masked += "?" + mask
	}
	return masked
}
