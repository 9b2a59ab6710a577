package kenar

import (
	"fmt"
	"strings"
)

// Lengths and characters of what is put into the path of a request. None of
// the characters can end a path segment, start a query, escape another
// character, or mean anything in a NATS subject.
const (
	// Public post tokens have 8 or 9 characters and may grow to 16; Kenar
	// advises to provide for 20. Management tokens, which must never be used,
	// are longer (Kenar docs, post token).
	maxPostToken = 20

	// Business tokens and ids are opaque. The published ones are UUIDs or
	// shorter.
	maxOpaque = 128

	alphanumeric  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	tokenMarks    = "_-"
	opaqueMarks   = "_-=:"
	shownOfTarget = 8 // characters of a bad value that an error shows
)

// ValidPostToken returns nil if s can be a post's public token: 1 to 20 of
// A-Z, a-z, 0-9, _ and -.
func ValidPostToken(s string) error {
	return validSegment("post token", s, maxPostToken, tokenMarks)
}

// ValidBusinessToken returns nil if s can be a business token: 1 to 128 of
// A-Z, a-z, 0-9, _, -, = and :.
func ValidBusinessToken(s string) error {
	return validSegment("business token", s, maxOpaque, opaqueMarks)
}

// ValidUserID returns nil if s can be the id that Divar gives a user for one
// app. The characters are those of a business token.
func ValidUserID(s string) error {
	return validSegment("user id", s, maxOpaque, opaqueMarks)
}

// ValidAddonID returns nil if s can be the id of a user add-on, as in
// [Receipt.ID]. The characters are those of a business token.
func ValidAddonID(s string) error {
	return validSegment("add-on id", s, maxOpaque, opaqueMarks)
}

func validSegment(what, s string, most int, marks string) error {
	if s == "" {
		return fmt.Errorf("%s is empty: 1 to %d characters are needed", what, most)
	}
	for i, r := range s {
		if !strings.ContainsRune(alphanumeric+marks, r) {
			return fmt.Errorf("%s %s holds %q at byte %d: only A-Z, a-z, 0-9 and any of %s are allowed",
				what, shortened(s, shownOfTarget), r, i, marks)
		}
	}
	if len(s) > most {
		// Eight characters are those of a public post token: what follows
		// them could be the secret part of a management token.
		return fmt.Errorf("%s %s has %d characters, at most %d are allowed",
			what, shortened(s, shownOfTarget), len(s), most)
	}
	return nil
}

// shortened quotes at most the first n characters of s.
func shortened(s string, n int) string {
	for i := range s {
		if n == 0 {
			return fmt.Sprintf("%q…", s[:i])
		}
		n--
	}
	return fmt.Sprintf("%q", s)
}
