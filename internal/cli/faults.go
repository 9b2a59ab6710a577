package cli

import (
	"regexp"
	"strings"

	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// faultStart is how a fault of a list begins: a separator and a path.
var faultStart = regexp.MustCompile(`^; ([a-z_][A-Za-z0-9_.\[\]-]*): `)

// Faults takes a reason apart into the single faults that its message lists,
// so that each can have a line of its own. A reason is kept and sent as one
// text; an event whose widgets have five faults has all of them in it.
func Faults(r *pipeline.Reason) []widgets.Fault {
	if !strings.HasPrefix(r.Message, r.Field+": ") || r.Field == "" {
		return []widgets.Fault{{Path: r.Field, Message: r.Message}}
	}
	var faults []widgets.Fault
	path, text := r.Field, strings.TrimPrefix(r.Message, r.Field+": ")
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
