package persian

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxMarks is how many combining marks a character keeps. Fully vocalised
// Persian and Arabic need three at most; piles of them cover other rows.
const maxMarks = 3

const (
	zwnj = '\u200c' // zero-width non-joiner, the half-space of Persian
	zwj  = '\u200d' // zero-width joiner
)

// Fold is s cleaned of what a keyboard, a copy or malice leaves in it:
//
//   - Arabic ي, ى and ك become Persian ی and ک; the forms of ه that other
//     languages and fonts have become ه; ۀ becomes ه with a hamza above, as
//     ISIRI 6219 spells it; presentation forms become the letters they show.
//     ة stays: it is right in Arabic phrases.
//   - Control and invisible characters go, among them every one that embeds,
//     overrides, isolates or marks direction; Direct adds the marks that are
//     needed.
//   - Newlines become "\n", at most two in a row; other blanks one space; none
//     of either at the ends.
//   - Zero-width non-joiners stay between two characters of a word, one at a
//     time. Zero-width joiners stay in emoji and after Persian letters.
//   - A character keeps at most three combining marks.
//   - The result is valid UTF-8 in Normalization Form C; what was not valid is
//     U+FFFD.
//
// Fold of a folded text is that text.
func Fold(s string) string {
	if isClean(s) {
		return s
	}
	s = norm.NFC.String(strings.ToValidUTF8(s, "\ufffd"))
	s = norm.NFC.String(foldLetters(s))
	return norm.NFC.String(arrange(s))
}

// isClean reports whether s is plain enough for Fold to have nothing to do.
// It knows only what is common; everything else takes the long way.
func isClean(s string) bool {
	before := ' '
	for _, c := range s {
		switch {
		case c == ' ' || c == zwnj:
			if before == ' ' || before == zwnj {
				return false
			}
		case '!' <= c && c <= '~', 'آ' <= c && c <= 'غ', 'ف' <= c && c <= 'ق', 'ل' <= c && c <= 'و':
		case c == 'پ', c == 'چ', c == 'ژ', c == 'ک', c == 'گ', c == 'ی':
		case '۰' <= c && c <= '۹', c == '،', c == '؛', c == '؟', c == '٬', c == '٫', c == '٪', c == '«', c == '»':
		default:
			return false
		}
		if c == ' ' && before == zwnj {
			return false
		}
		before = c
	}
	return s == "" || before != ' ' && before != zwnj
}

// foldLetters replaces letters and drops what is not to be seen, one character
// at a time.
func foldLetters(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, c := range s {
		if isPresentationForm(c) {
			var buf [utf8.UTFMax]byte
			for _, c := range norm.NFKC.String(string(utf8.AppendRune(buf[:0], c))) {
				writeLetter(&b, c)
			}
			continue
		}
		writeLetter(&b, c)
	}
	return b.String()
}

func writeLetter(b *strings.Builder, c rune) {
	switch c {
	case 'ي', 'ى': // U+064A, U+0649
		b.WriteRune('ی')
	case 'ك', 'ڪ': // U+0643, U+06AA
		b.WriteRune('ک')
	case '\u06be', '\u06c1', '\u06d5': // of Urdu, Kurdish and Uyghur
		b.WriteRune('ه')
	case '\u06c0', '\u06c2':
		b.WriteString("ه\u0654")
	case '\n', '\r', '\t', ' ':
		b.WriteRune(c)
	case '\v', '\f', '\u0085', '\u2028', '\u2029':
		b.WriteByte('\n')
	default:
		switch {
		case isInvisible(c):
		case unicode.IsSpace(c):
			b.WriteByte(' ')
		default:
			b.WriteRune(c)
		}
	}
}

// isPresentationForm reports whether c is a letter in the shape it has at one
// place of a word, from before fonts could choose it. Ligatures of whole words
// are left as they are.
func isPresentationForm(c rune) bool {
	return '\ufb50' <= c && c <= '\ufbb1' || '\ufbd3' <= c && c <= '\ufbff' || '\ufe80' <= c && c <= '\ufefc'
}

// isInvisible reports whether c shows nothing and has no business in a text.
func isInvisible(c rune) bool {
	switch {
	case c == zwnj, c == zwj, unicode.Is(unicode.Prepended_Concatenation_Mark, c):
		return false
	case unicode.In(c, unicode.Cc, unicode.Cf, unicode.Co, unicode.Noncharacter_Code_Point):
		return true
	case unicode.Is(unicode.Variation_Selector, c):
		return c != '\ufe0e' && c != '\ufe0f' // text or emoji
	}
	switch c {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0', '\ufffc':
		return true // fillers, and the place of an object
	}
	return false
}

// An arranger rebuilds a text around its letters: joiners, blanks and
// combining marks are kept back until it is known what they stand between.
type arranger struct {
	strings.Builder
	newlines int  // waiting to be written
	blank    bool // waiting to be written
	joiner   rune // waiting to be written, or 0
	base     rune // the last character that is no mark, or 0 after a blank
	marks    int  // written since
}

func arrange(s string) string {
	var a arranger
	a.Grow(len(s))
	s = strings.ReplaceAll(s, "\r\n", "\n")
	for _, c := range s {
		switch {
		case c == '\n', c == '\r':
			a.end()
			a.newlines++
		case c == ' ', c == '\t':
			a.end()
			a.blank = true
		case c == zwnj, c == zwj:
			if a.base != 0 && a.joiner == 0 {
				a.joiner = c
			}
		case unicode.Is(unicode.M, c):
			if a.base != 0 && a.marks < maxMarks {
				a.WriteRune(c)
				a.marks++
			}
		default:
			a.write(c)
		}
	}
	a.end()
	return a.String()
}

// write writes a character, and before it what stands between it and the last.
func (a *arranger) write(c rune) {
	switch {
	case a.Len() == 0:
	case a.newlines > 0:
		a.WriteString("\n\n"[:min(a.newlines, 2)])
	case a.blank:
		a.WriteByte(' ')
	case a.joiner == zwnj:
		a.WriteRune(zwnj)
	case a.joiner == zwj && (isPersian(a.base) || isEmoji(a.base) && isEmoji(c)):
		a.WriteRune(zwj)
	}
	a.newlines, a.blank, a.joiner = 0, false, 0
	a.WriteRune(c)
	a.base, a.marks = c, 0
}

// end ends a word. A joiner gives the letter before it the shape it has within
// a word, as in the abbreviation ه‍; there is nothing a non-joiner could do.
func (a *arranger) end() {
	if a.joiner == zwj && isPersian(a.base) {
		a.WriteRune(zwj)
	}
	a.joiner, a.base, a.marks = 0, 0, 0
}

func isPersian(c rune) bool { return unicode.Is(unicode.Arabic, c) && unicode.IsLetter(c) }

// isEmoji reports whether c can be part of a joined emoji. It takes in other
// symbols too.
func isEmoji(c rune) bool {
	return unicode.Is(unicode.So, c) || '\U0001F3FB' <= c && c <= '\U0001F3FF'
}
