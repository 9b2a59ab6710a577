package persian

import (
	"unicode/utf8"
)

// Text is s ready to be shown: cleaned by Fold, with Persian digits as by
// Digits and the direction marks of Direct. Text of a text is that text.
func Text(s string) string {
	return Direct(Digits(Fold(s)))
}

// Fit is Text of s, shortened as by Shorten when that has more than limit
// characters, the direction marks included. It reports whether it has
// shortened.
func Fit(s string, limit int) (text string, shortened bool) {
	plain := Digits(Fold(s))
	if text = Direct(plain); utf8.RuneCountInString(text) <= limit {
		return text, false
	}
	// The marks a cut text needs depend on where it is cut.
	for room := limit; room > 0; room-- {
		cut, _ := Shorten(plain, room)
		if text = Direct(cut); utf8.RuneCountInString(text) <= limit {
			return text, true
		}
	}
	return "", true
}
