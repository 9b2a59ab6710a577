package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// faultStart is how a fault of a list begins: a separator and a path.
var faultStart = regexp.MustCompile(`^; ([a-z_][A-Za-z0-9_.\[\]-]*): `)

// Faults takes a reason, which is a field and a message, apart into the single
// faults that its message lists, so that each can have a line of its own. A
// reason is kept and sent as one text; that of an event whose widgets have five
// faults has all of them in it.
func Faults(field, message string) []widgets.Fault {
	text, listed := strings.CutPrefix(message, field+": ")
	if !listed || field == "" {
		return []widgets.Fault{{Path: field, Message: message}}
	}
	var faults []widgets.Fault
	path := field
	quoted := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"': // what an event says stands in quotes, and may look like anything
			quoted = !quoted
		case ';':
			m := faultStart.FindStringSubmatch(text[i:])
			if quoted || m == nil {
				continue
			}
			faults = append(faults, widgets.Fault{Path: path, Message: text[:i]})
			path, text = m[1], text[i+len(m[0]):]
			i = -1
		}
	}
	return append(faults, widgets.Fault{Path: path, Message: text})
}

// Line is a fault in one line.
func Line(f widgets.Fault) string { return strings.ReplaceAll(f.String(), "\n", " ") }

// Count is a number with its noun: "1 event", "2 events".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
