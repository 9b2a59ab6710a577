package strictjson

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// hasHalfPair reports whether a JSON string escapes one half of a surrogate
// pair without the other. encoding/json puts a replacement character there, and
// other readers what they like.
func hasHalfPair(raw []byte) bool {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return false
		}
		raw = raw[i:]
		length := 2 // what is escaped begins nothing
		if c := codeUnit(raw); utf16.IsSurrogate(c) {
			const escape = len(`\ud83d`)
			if utf16.DecodeRune(c, codeUnit(raw[escape:])) == utf8.RuneError {
				return true
			}
			length = 2 * escape
		}
		raw = raw[length:]
	}
}

// codeUnit is the UTF-16 code unit that the escape at the start of raw stands
// for, or 0 when there is none.
func codeUnit(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0
	}
	n, _ := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return rune(n)
}
