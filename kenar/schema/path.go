package schema

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// path writes a location for people, such as category_fields.facilities[2].
// doc tells indices from names.
func path(root string, doc *strictjson.Node, location []string) string {
	var b strings.Builder
	b.WriteString(root)
	for _, step := range location {
		switch {
		case doc != nil && doc.Kind == strictjson.Array:
			b.WriteString("[" + step + "]")
		case isPlainName(step):
			b.WriteString("." + step)
		default:
			b.WriteString("[" + quote(step) + "]")
		}
		if doc != nil {
			doc = at(doc, []string{step})
		}
	}
	return b.String()
}

// isPlainName reports whether a member name can stand in a path as it is.
func isPlainName(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '$':
		default:
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// quote is s for a message: quoted, and cut when it is long. Invisible
// characters are escaped, which shows them.
func quote(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(string([]rune(s)[:most])) + "…"
}
