package persian

import (
	"slices"
	"strings"
	"unicode"
)

// Digits is s with Persian digits in place of ASCII and Arabic ones, and with
// the separators and the percent sign that go with them: "92,000" becomes
// "۹۲٬۰۰۰", "2.5" becomes "۲٫۵" and "85%" becomes "۸۵٪".
//
// Digits that belong to Latin letters stay: a word that mixes the two, such
// as X3, 206i or ISO-9001, is a name, and so do those of anything that looks
// like a URL or an e-mail address. A word ends at a blank, at a bracket, at
// Persian punctuation and where Persian letters begin.
func Digits(s string) string {
	if !strings.ContainsFunc(s, isForeign) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/4)
	for len(s) > 0 {
		n := strings.IndexFunc(s, unicode.IsSpace)
		switch {
		case n == 0:
			n = len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
			b.WriteString(s[:n])
		case n < 0:
			n = len(s)
			fallthrough
		default:
			writeField(&b, s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// isForeign reports whether Digits may have something to do with c.
func isForeign(c rune) bool {
	return '0' <= c && c <= '9' || '٠' <= c && c <= '٩' || c == '.' || c == ',' || c == '%'
}

// digitValue is what a decimal digit of any of the three kinds stands for.
func digitValue(c rune) (value rune, ok bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case '٠' <= c && c <= '٩':
		return c - '٠', true
	case '۰' <= c && c <= '۹':
		return c - '۰', true
	}
	return 0, false
}

// writeField writes text without blanks.
func writeField(b *strings.Builder, field string) {
	if isAddress(field) {
		b.WriteString(field)
		return
	}
	for len(field) > 0 {
		n := strings.IndexFunc(field, endsWord)
		switch {
		case n < 0:
			n = len(field)
		case n == 0:
			n = len(field) - len(strings.TrimLeftFunc(field, endsWord))
		}
		if word := field[:n]; strings.ContainsFunc(word, isLatin) {
			b.WriteString(word)
		} else {
			writeNumbers(b, []rune(word))
		}
		field = field[n:]
	}
}

func isAddress(field string) bool {
	return strings.Contains(field, "://") || strings.Contains(field, "@") ||
		len(field) > 4 && strings.EqualFold(field[:4], "www.")
}

func isLatin(c rune) bool { return unicode.Is(unicode.Latin, c) }

// endsWord reports whether c cannot be part of a Latin word. Digits can, of
// any kind.
func endsWord(c rune) bool {
	return strings.ContainsRune("()[]{}«»،؛؟\u200c", c) ||
		unicode.Is(unicode.Arabic, c) && !unicode.IsDigit(c)
}

// writeNumbers writes a word that has no Latin letter.
func writeNumbers(b *strings.Builder, word []rune) {
	for i := 0; i < len(word); {
		n := numberLength(word[i:])
		if n == 0 {
			b.WriteRune(word[i])
			i++
			continue
		}
		writeNumber(b, word[i:i+n])
		if i += n; i < len(word) && word[i] == '%' {
			b.WriteRune(percent)
			i++
		}
	}
}

// numberLength is the length of the number that word begins with: digits, and
// commas and points with digits on both sides.
func numberLength(word []rune) int {
	n := 0
	for i, c := range word {
		if _, ok := digitValue(c); ok {
			n = i + 1
		} else if n < i || n == 0 || c != ',' && c != '.' {
			break
		}
	}
	return n
}

// writeNumber writes digits, commas and points. The commas become separators
// when they make groups of three, the point when it is the only one: dates
// and versions have more.
func writeNumber(b *strings.Builder, number []rune) {
	whole := number
	points := 0
	for i, c := range number {
		if c == '.' {
			if points == 0 {
				whole = number[:i]
			}
			points++
		}
	}
	grouped := isGrouped(whole)
	for i, c := range number {
		v, isDigit := digitValue(c)
		switch {
		case isDigit:
			b.WriteRune('۰' + v)
		case c == ',' && grouped && i < len(whole):
			b.WriteRune(thousands)
		case c == '.' && points == 1:
			b.WriteRune(decimals)
		default:
			b.WriteRune(c)
		}
	}
}

// isGrouped reports whether every comma of a whole number has three digits
// behind it up to the next, and the first one to three before it.
func isGrouped(whole []rune) bool {
	first := slices.Index(whole, ',')
	if first < 1 || first > 3 || (len(whole)-first)%4 != 0 {
		return false
	}
	for i, c := range whole[first:] {
		if (c == ',') != (i%4 == 0) {
			return false
		}
	}
	return true
}
