package kenar

import (
	"iter"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxEncodings is how often a text is decoded. An address within an address is
// encoded twice.
const maxEncodings = 2

// A letter is a character of a text as identifiers are compared: capital, with
// ASCII digits, without accents.
type letter struct {
	r     rune
	apart bool // from the one before it, by a blank, dash or slash
	span       // where it stands in the text
}

// readings yields the letters of a text as it stands and, where it has
// percent-encoded bytes, as it is when they are decoded. Which of the two a
// reader takes it for nobody knows: the text may be an address, or not.
func readings(text string) iter.Seq[[]letter] {
	return func(yield func([]letter) bool) {
		r := reading{text: text}
		more := yield(r.letters())
		for range maxEncodings {
			var changed bool
			if r, changed = r.decoded(); !more || !changed {
				return
			}
			more = yield(r.letters())
		}
	}
}

// A reading is a text, perhaps decoded.
type reading struct {
	text string
	at   []int // where each of its bytes, and its end, stands in the original; nil: at the same place
}

func (r reading) origin(i int) int {
	if r.at == nil {
		return i
	}
	return r.at[i]
}

// decoded returns r with its percent-encoded bytes decoded (RFC 3986, section
// 2.1), and whether there are any. A % that encodes nothing stays, as browsers
// have it.
func (r reading) decoded() (reading, bool) {
	var (
		text []byte
		at   []int
		done int
	)
	for i := 0; i+2 < len(r.text); i++ {
		if r.text[i] != '%' || !isHexDigit(r.text[i+1]) || !isHexDigit(r.text[i+2]) {
			continue
		}
		if at == nil {
			text, at = make([]byte, 0, len(r.text)), make([]int, 0, len(r.text))
		}
		for ; done <= i; done++ {
			text, at = append(text, r.text[done]), append(at, r.origin(done))
		}
		text[len(text)-1] = hexDigit(r.text[i+1])<<4 | hexDigit(r.text[i+2])
		i += 2
		done = i + 1
	}
	if at == nil {
		return r, false
	}
	text = append(text, r.text[done:]...)
	for ; done <= len(r.text); done++ {
		at = append(at, r.origin(done))
	}
	return reading{text: string(text), at: at}, true
}

func isHexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
}

func hexDigit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^('a'-'A') - 'A' + 10
}

// letters returns the text without what people put between the parts of an
// identifier and what is not seen. A ligature is several letters in the place
// of one.
func (r reading) letters() []letter {
	letters := make([]letter, 0, len(r.text))
	apart := false
	for i := 0; i < len(r.text); {
		c, n := utf8.DecodeRuneInString(r.text[i:])
		place := span{r.origin(i), r.origin(i + n)}
		add := func(c rune) {
			switch {
			case separates(c):
				apart = true
			case !unseen(c):
				letters = append(letters, letter{unicode.ToUpper(normalRune(c)), apart, place})
				apart = false
			}
		}
		var compatible []byte
		if c >= utf8.RuneSelf && c != utf8.RuneError {
			compatible = norm.NFKD.PropertiesString(r.text[i : i+n]).Decomposition()
		}
		if compatible == nil {
			add(c)
		}
		for len(compatible) > 0 {
			c, n := utf8.DecodeRune(compatible)
			add(c)
			compatible = compatible[n:]
		}
		i += n
	}
	return letters
}

// separates reports whether people may write r between the parts of an
// identifier without meaning another one, while they would not within a
// number: any sign but the one that stands for what was removed, the one
// that encodes, and the dot (see unseen).
func separates(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.P, unicode.S) && r != '•' && r != '%' && r != '.'
}

// unseen reports whether r changes nothing for the reader of an identifier or
// number: it cannot be seen, is an accent, makes a word longer, or is the dot
// of a decimal.
func unseen(r rune) bool {
	switch {
	case r == '.', r == '\u0640':
		return true
	case '0' <= r && r <= '9', 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z':
		return false // most of all characters, without a search
	}
	return unicode.In(r, unicode.Cf, unicode.Cc, unicode.M)
}
