package template

import (
	"strings"
	"unicode/utf8"
)

// position turns a byte offset of a source into its line and column, both from
// 1, the column in code points.
func position(source string, offset int) (line, column int) {
	before := source[:max(0, min(offset, len(source)))]
	line = strings.Count(before, "\n") + 1
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// find is the offset of the n-th use (from 0) of a function, variable or format
// in a source, or 0 when there is none: the parser keeps no places. Names in
// comments and texts, fields (.name), keys and definitions (name:) are no uses.
func find(source, name string, n int) int {
	found := 0
	words(source, func(offset int, word string) bool {
		if word != name {
			return true
		}
		if n == 0 {
			found = offset
			return false
		}
		n--
		return true
	})
	return found
}

// words calls yield with every name of the program text, sigil included, until
// it returns false.
func words(source string, yield func(offset int, word string) bool) {
	// parens holds the depth of parentheses of each \( … ) being read, the
	// innermost last.
	var parens []int
	text := false
	for i := 0; i < len(source); {
		c := source[i]
		switch {
		case text && c == '\\' && strings.HasPrefix(source[i:], `\(`):
			parens = append(parens, 0)
			text = false
			i += 2
		case text && c == '\\':
			i += 2
		case c == '"':
			text = !text
			i++
		case text:
			i++
		case c == '#':
			end := strings.IndexByte(source[i:], '\n')
			if end < 0 {
				return
			}
			i += end
		case c == '(' && len(parens) > 0:
			parens[len(parens)-1]++
			i++
		case c == ')' && len(parens) > 0:
			if parens[len(parens)-1]--; parens[len(parens)-1] < 0 {
				parens = parens[:len(parens)-1]
				text = true
			}
			i++
		case strings.IndexByte("$@.", c) >= 0 || isNameByte(c):
			end := i + 1
			for end < len(source) && (isNameByte(source[end]) || strings.HasPrefix(source[end:], "::")) {
				if source[end] == ':' {
					end++
				}
				end++
			}
			if !strings.HasPrefix(strings.TrimLeft(source[end:], " \t\r\n"), ":") && !yield(i, source[i:end]) {
				return
			}
			i = end
		default:
			i++
		}
	}
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}
