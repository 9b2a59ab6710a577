package persian

import (
	"strconv"
	"strings"
)

// The separators and the sign of Persian numbers (Unicode CLDR, locale fa).
// The mark before the minus keeps it on the left of its digits.
const (
	thousands = '٬' // U+066C
	decimals  = '٫' // U+066B
	percent   = '٪' // U+066A
	minus     = "\u200e\u2212"
)

// Number is n in Persian digits, in groups of three: "۱٬۲۵۰٬۰۰۰".
func Number(n int64) string {
	if n < 0 {
		return minus + group(magnitude(n))
	}
	return group(uint64(n))
}

// magnitude is n without its sign. Unlike -n it does not overflow.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func group(n uint64) string {
	ascii := strconv.FormatUint(n, 10)
	var b strings.Builder
	b.Grow(3 * len(ascii))
	for i, c := range []byte(ascii) {
		if i > 0 && (len(ascii)-i)%3 == 0 {
			b.WriteRune(thousands)
		}
		b.WriteRune('۰' + rune(c-'0'))
	}
	return b.String()
}
