package widgets

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// sameName reports whether a key names the field, in either of the two
// spellings protobuf's JSON mapping takes for input: the field's own
// snake_case or lowerCamelCase. The documented score_row sample itself spells
// has_divider as hasDivider.
func sameName(key, name string) bool {
	if key == name {
		return true
	}
	i, j := 0, 0
	for i < len(key) && j < len(name) {
		var a, b byte
		a, i = camelByte(key, i)
		b, j = camelByte(name, j)
		if a != b {
			return false
		}
	}
	return i == len(key) && j == len(name)
}

// camelByte is the byte at s[i] as lowerCamelCase has it, and where the next
// one starts: an underscore and the letter after it are that letter's capital.
func camelByte(s string, i int) (b byte, next int) {
	if s[i] != '_' || i+1 == len(s) {
		return s[i], i + 1
	}
	b = s[i+1]
	if 'a' <= b && b <= 'z' {
		b -= 'a' - 'A'
	}
	return b, i + 2
}

// quote is s for a message: quoted, and cut when it is long.
func quote(s string) string {
	const most = 64
	if utf8.RuneCountInString(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(string([]rune(s)[:most])) + "…"
}

// inBrackets lists names after the word they explain, or nothing.
func inBrackets(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}
