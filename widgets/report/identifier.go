package report

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// An identifier is one of those that leave the process only hashed (Kenar
// docs, misc/masking).
type identifier struct {
	key   string // in the semantic data
	at    string // the path of the object it is in
	field string
	value string
}

const (
	maxIdentifier = 64 // characters; the length of a hash, and far above that of any identifier
	minSecret     = 5  // characters; a shorter one is in many a text by chance
)

func (id identifier) check(f *findings) {
	if isHash(id.value) {
		return
	}
	parts := []string{id.value}
	if id.key == oldRealEstateID {
		parts = strings.Split(id.value, "|")
		if len(parts) != 2 {
			f.fault(id.at, id.field, "must be the document number and the page number with | between them, or the SHA-256 of that in hexadecimal")
			return
		}
	}
	for _, part := range parts {
		if err := hashable(strings.TrimSpace(part)); err != nil {
			f.fault(id.at, id.field, "cannot be hashed: %v", err)
		}
	}
}

// hashable returns why Kenar's rule for hashing does not work for a part of an
// identifier. It does not tell the part.
func hashable(part string) error {
	if part == "" {
		return errors.New("it is empty, or one of its parts is")
	}
	if n := utf8.RuneCountInString(part); n > maxIdentifier {
		return fmt.Errorf("%d characters, at most %d allowed", n, maxIdentifier)
	}
	for i, c := range []rune(part) {
		if c = asciiDigit(c); c < ' ' || c > '~' {
			return fmt.Errorf("character %d is %U: only Latin letters, digits and ASCII punctuation are allowed", i+1, c)
		}
	}
	return nil
}

// isHash reports whether a value is hashed already: a SHA-256 in hexadecimal.
func isHash(value string) bool {
	return len(value) == 64 && strings.Trim(value, "0123456789abcdefABCDEF") == ""
}

func asciiDigit(c rune) rune {
	switch {
	case '۰' <= c && c <= '۹':
		return c - '۰' + '0'
	case '٠' <= c && c <= '٩':
		return c - '٠' + '0'
	}
	return c
}

// A leakCheck is a visitor that looks for the identifiers of a report in its
// texts and links, which everybody can read on the ad. However an identifier
// is spelled there, with other digits, in lower case or in groups, it is found.
type leakCheck struct {
	*findings
	secrets []string // as squeeze leaves them
}

// checkLeaks holds every text of a report against its identifiers.
func checkLeaks(f *findings, ids []identifier, visit func(visitor)) {
	check := leakCheck{findings: f}
	for _, id := range ids {
		if isHash(id.value) {
			continue
		}
		for _, secret := range append(strings.Split(id.value, "|"), id.value) {
			if secret = squeeze(secret); utf8.RuneCountInString(secret) >= minSecret {
				check.secrets = append(check.secrets, secret)
			}
		}
	}
	if len(check.secrets) > 0 {
		visit(check)
	}
}

func (l leakCheck) text(at, field string, p *string) {
	if text := squeeze(*p); l.hasSecret(text) {
		l.fault(at, field, "contains an identifier of the vehicle or property, which would be published; take it out")
	}
}

func (l leakCheck) link(at, field string, p *string) {
	for _, decode := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
		if decoded, err := decode(*p); err == nil && l.hasSecret(squeeze(decoded)) {
			l.fault(at, field, "contains an identifier of the vehicle or property, which would be published; link by a number of your own")
		}
	}
	l.text(at, field, p)
}

func (l leakCheck) hasSecret(squeezed string) bool {
	for _, s := range l.secrets {
		if strings.Contains(squeezed, s) {
			return true
		}
	}
	return false
}

// squeeze is s as identifiers are compared: compatible characters as one,
// ASCII digits, capitals without accents, and nothing that could stand between
// two groups.
func squeeze(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return c - 'a' + 'A'
		case c == '\u0640': // the stroke that only makes a word longer
			return -1
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'آ' <= c && c <= 'ي':
			return c // most of all characters, without a search
		}
		if unicode.IsSpace(c) || c == '_' || c == '\u2212' || unicode.In(c, unicode.Pd, unicode.Cf, unicode.Cc, unicode.M) {
			return -1
		}
		return unicode.ToUpper(asciiDigit(c))
	}, norm.NFKD.String(s))
}
