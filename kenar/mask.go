package kenar

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// unreadable takes the place of a sensitive value that has no hash because it
// breaks the rules for hashing. It breaks them as well, so that it is refused
// like the value it stands for.
const unreadable = "•••"

// sensitiveKeys are the semantic keys whose values are sent hashed (Kenar
// docs, masking), in Kenar's spelling.
var sensitiveKeys = []string{"VIN", oldRealEstateID, "chassis_number", "engine_number", "real_estate_id"}

// oldRealEstateID is the one key whose value has two parts.
const oldRealEstateID = "old_real_estate_id"

// Sensitive reports whether the values of a key are identifiers of a vehicle
// or a property, which leave this process only hashed. Case does not matter:
// a VIN under "vin" is one too.
func Sensitive(key string) bool {
	_, ok := sensitiveKey(key)
	return ok
}

// sensitiveKey returns key in Kenar's spelling.
func sensitiveKey(key string) (string, bool) {
	i := slices.IndexFunc(sensitiveKeys, func(k string) bool { return strings.EqualFold(k, key) })
	if i < 0 {
		return "", false
	}
	return sensitiveKeys[i], true
}

// Mask returns what is sent in place of the value of a sensitive key: the
// lower-case hexadecimal SHA-256 of the value with ASCII digits in place of
// Persian and Arabic ones, no white space around it, and upper-case letters.
// Everything within stays as it is printed on the card or deed (Kenar docs,
// masking). A value that is a hash already is kept, so masking twice is
// masking once.
//
// The value of old_real_estate_id is the document number and the page number
// joined by "|", each normalised by itself.
//
// Errors do not contain the value.
func Mask(key, value string) (string, error) {
	known, ok := sensitiveKey(key)
	if !ok {
		return "", fmt.Errorf("mask %s: only these keys are masked: %s", shortened(key, 32), strings.Join(sensitiveKeys, ", "))
	}
	normal := normalize(value)
	if isHash(normal) {
		return strings.ToLower(normal), nil
	}
	parts := []string{normal}
	if known == oldRealEstateID {
		parts = strings.Split(normal, "|")
		if len(parts) != 2 {
			return "", fmt.Errorf("%s has %d parts: it must be the document number and the page number with | between them", known, len(parts))
		}
	}
	for i, part := range parts {
		parts[i] = normalize(part)
		if err := maskable(parts[i]); err != nil {
			return "", fmt.Errorf("%s cannot be hashed: %w", known, err)
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "|")))
	return hex.EncodeToString(sum[:]), nil
}

// normalize applies the first three rules for masking. The rule says that no
// Persian or Arabic digit may remain, the script printed with it converts only
// the Persian ones; the rule is the safe reading.
func normalize(s string) string {
	return strings.Map(normalRune, strings.TrimSpace(s))
}

func normalRune(r rune) rune {
	switch {
	case '۰' <= r && r <= '۹':
		return r - '۰' + '0'
	case '٠' <= r && r <= '٩':
		return r - '٠' + '0'
	case 'a' <= r && r <= 'z':
		return r - 'a' + 'A'
	}
	return r
}

// maskable returns why a normalised value must not be hashed. A hash of
// something misread matches nothing, and nobody could see why.
func maskable(s string) error {
	if s == "" {
		return errors.New("it is empty, or a part of it is")
	}
	n := 0
	for _, r := range s {
		n++
		if r < ' ' || r > '~' {
			return fmt.Errorf("character %d is %U: only Latin letters, digits and ASCII punctuation are allowed", n, r)
		}
	}
	return nil
}

// isHash reports whether a normalised value is a SHA-256 in hexadecimal. None
// of the five identifiers is nearly as long.
func isHash(s string) bool {
	return len(s) == hex.EncodedLen(sha256.Size) && strings.Trim(s, "0123456789ABCDEF") == ""
}
