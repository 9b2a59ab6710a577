package persian

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const ellipsis = "…"

// Shorten is s when it has at most limit characters; else its beginning up to
// the end of a word, and "…", limit characters in all at most. A word that is
// by itself longer than the limit is cut within, but never within what a
// reader sees as one character: not before a combining mark or a zero-width
// non-joiner, and not inside a joined emoji or a flag. It reports whether it
// has shortened.
func Shorten(s string, limit int) (string, bool) {
	if _, more := offset(s, limit); !more {
		return s, false
	}
	if limit < 1 {
		return "", true
	}
	room := limit - 1 // for what stands before the ellipsis
	end, _ := offset(s, room)
	kept := s[:end]
	next, _ := utf8.DecodeRuneInString(s[end:])
	if !unicode.IsSpace(next) {
		word := strings.LastIndexFunc(kept, unicode.IsSpace) + 1
		if fits(s[word:], room) && word > 0 {
			kept = kept[:word]
		} else {
			kept = kept[:lastBoundary(s, end)]
		}
	}
	return trimEnd(kept) + ellipsis, true
}

// offset is where in s the character with index n begins. Without more, there
// is none: s has at most n.
func offset(s string, n int) (end int, more bool) {
	if n < 0 {
		n = 0
	}
	for i := range s {
		if n == 0 {
			return i, true
		}
		n--
	}
	return len(s), false
}

// fits reports whether the word at the start of s has at most room characters.
func fits(s string, room int) bool {
	for _, c := range s {
		if unicode.IsSpace(c) {
			break
		}
		if room--; room < 0 {
			return false
		}
	}
	return true
}

// trimEnd takes off what looks wrong before an ellipsis.
func trimEnd(s string) string {
	return strings.TrimRightFunc(s, func(c rune) bool {
		return unicode.IsSpace(c) || c == '\u200c' || strings.ContainsRune("،؛:,;.…-–—([{«/", c)
	})
}

// lastBoundary is the last place at or before end at which s may be cut.
//
// The rules are those of extended grapheme clusters (Unicode UAX 29), in
// places wider than there: a zero-width joiner binds whatever follows it, and
// conjoining Hangul letters bind each other. Wider only means that a cut falls
// a little earlier.
func lastBoundary(s string, end int) int {
	boundary, flags := 0, 0
	var before rune
	for i, c := range s {
		if i > end {
			break
		}
		if i == 0 || !joined(before, c, flags) {
			boundary = i
		}
		if isFlag(c) {
			flags++
		} else {
			flags = 0
		}
		before = c
	}
	return boundary
}

// joined reports whether no cut may be made between two characters. flags is
// how many regional indicators have come in a row; two make a flag.
func joined(before, c rune, flags int) bool {
	switch {
	case unicode.Is(unicode.M, c), c == '\u200c', c == '\u200d':
		return true
	case '\U0001F3FB' <= c && c <= '\U0001F3FF', '\U000E0020' <= c && c <= '\U000E007F':
		return true // skin tones; tags
	case before == '\u200d', unicode.Is(unicode.Prepended_Concatenation_Mark, before):
		return true
	case isFlag(c):
		return flags%2 == 1
	case before == '\r' && c == '\n':
		return true
	}
	return isHangul(before) && '\u1100' <= c && c <= '\u11ff'
}

func isFlag(c rune) bool { return '\U0001F1E6' <= c && c <= '\U0001F1FF' }

func isHangul(c rune) bool {
	return '\u1100' <= c && c <= '\u11ff' || '\uac00' <= c && c <= '\ud7a3'
}
