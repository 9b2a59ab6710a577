package persian

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
)

const rlm = '\u200f' // the right-to-left mark

// Direct is s with the invisible marks it needs to be read in the right order
// wherever it is shown. A line is Persian when it has any letter that is
// written from right to left; other lines are left alone.
//
//   - A Persian line whose first letter is a Latin one would be taken for a
//     Latin line by the first-strong rule (Unicode UAX 9, P2 and P3), and its
//     parts would change places. It gets a right-to-left mark in front.
//   - Brackets and punctuation after a Latin word at the end of a Persian line
//     belong to the Persian sentence, but go with the Latin word when more
//     Latin text follows. A right-to-left mark behind them holds them.
//   - Digits take the direction of the last letter before them (W7), so that a
//     number which begins the next part of a sentence would stand on the wrong
//     side of a Latin word that ended this one. When a comma or the like and a
//     blank are between them, a mark behind the word keeps them apart. In a
//     name such as "iPhone 13 Pro" the number stays with its word.
//
// Each mark counts as a character.
func Direct(s string) string {
	if isASCII(s) {
		return s
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = directLine(line)
	}
	return strings.Join(lines, "\n")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// ends are the signs that end a sentence or a part of it.
const ends = "،,؛;:.!?؟|–—"

// keepNumbersApart puts a mark behind each Latin word that ends a part of a
// sentence when the next part begins with a number.
func keepNumbersApart(line string) string {
	var b strings.Builder
	done := 0 // how much of line is in b
	end := -1 // of a Latin word, with nothing but signs and blanks since
	blank, sign := false, false
	for i, c := range line {
		properties, size := bidi.LookupString(line[i:])
		switch class := properties.Class(); {
		case class == bidi.L:
			end, blank, sign = i+size, false, false
		case class == bidi.R || class == bidi.AL:
			end = -1
		case class == bidi.NSM:
		case class == bidi.EN && end >= 0 && blank && sign:
			b.WriteString(line[done:end])
			b.WriteRune(rlm)
			done, end = end, -1
		case class == bidi.EN:
			if end == i {
				end = i + size // it belongs to the word, as in X3
			}
		case class == bidi.WS:
			blank = true
		default:
			sign = sign || strings.ContainsRune(ends, c)
		}
	}
	b.WriteString(line[done:])
	return b.String()
}

func directLine(line string) string {
	var (
		persian   bool
		first     bidi.Class // of the first strong character
		strong    bool       // there was one
		last      bidi.Class // of the last strong character
		dangling  bool       // neutral characters follow it
		direction = func(c bidi.Class) bool { return c == bidi.R || c == bidi.AL }
	)
	for _, c := range line {
		properties, _ := bidi.LookupRune(c)
		switch class := properties.Class(); class {
		case bidi.L, bidi.R, bidi.AL:
			if !strong {
				first, strong = class, true
			}
			last, dangling = class, false
			persian = persian || direction(class) && c != rlm
		case bidi.EN, bidi.NSM:
			// Digits and combining marks go with the word before them.
			dangling = dangling && class == bidi.NSM
		default:
			dangling = true
		}
	}
	if !persian {
		return line
	}
	line = keepNumbersApart(line)
	if !direction(first) {
		line = string(rlm) + line
	}
	if dangling && !direction(last) {
		line += string(rlm)
	}
	return line
}
