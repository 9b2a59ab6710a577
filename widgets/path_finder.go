package widgets

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"github.com/kenar-addons/kenar-addons/widgets/spelling"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// A target is what a semantic path leads to.
type target struct {
	path    string // in the schema's spelling, as far as it could be followed
	first   string // its first segment, as given
	problem string // why the path cannot be used, or ""
	missing bool   // the problem is that the row does not have the field
	lost    string // why the row has no such field any more, or ""
}

// findPath follows a path from inside a row.
func findPath(row Row, path string) target {
	f := pathFinder{rest: strings.Split(path, ".")}
	first := f.rest[0]
	for _, s := range f.rest {
		switch {
		case s == "" || strings.ContainsFunc(s, unicode.IsSpace):
			f.problem = "must be names of fields with a dot between them"
		case strings.ContainsAny(s, "[]*") || strings.Trim(s, "0123456789") == "":
			f.problem = "must not have an array index in it; a path can name a whole list only"
		case isSensitive(s):
			f.problem = "which " + publishesSensitive
		}
	}
	if f.problem == "" {
		row.fields(&f)
		if f.problem == "" && f.lost == "" && len(f.rest) > 0 {
			f.problem = "which names no field" + spelling.Hint(f.rest[0], f.known)
		}
	}
	return target{
		path:    strings.Join(append(f.found, f.rest...), "."),
		first:   first,
		problem: f.problem,
		missing: f.missing,
		lost:    f.lost,
	}
}

// pathFinder is the visitor that follows a dotted path to a field, and looks
// whether there is something to publish.
type pathFinder struct {
	rest    []string // segments yet to be found
	found   []string // segments found, in the schema's spelling
	known   []string // the fields of the message the path has come to
	leaf    bool     // the path has come to its field, or cannot be followed on
	inside  bool     // everything visited is inside the path's field
	missing bool
	problem string
	lost    string // why the row has no such field any more
}

// at reports whether the path goes on with this field, and moves past it.
func (f *pathFinder) at(name, also string) bool {
	if f.leaf {
		return false
	}
	f.known = append(f.known, name)
	if !sameName(f.rest[0], name) && (also == "" || !sameName(f.rest[0], also)) {
		return false
	}
	f.found, f.rest = append(f.found, name), f.rest[1:]
	f.leaf = true
	return true
}

// scalar is a field with nothing inside.
func (f *pathFinder) scalar(name, also string, present bool) {
	if !f.at(name, also) {
		return
	}
	if len(f.rest) > 0 {
		f.problem = "but " + name + " has no fields inside"
		return
	}
	f.present(present)
}

func (f *pathFinder) present(present bool) {
	if !present {
		f.missing = true
		f.problem = "which this widget does not have, so nothing would be published"
	}
}

func (f *pathFinder) text(name string, p *string, _ textLimit)   { f.scalar(name, "", *p != "") }
func (f *pathFinder) flag(name string, _ *bool)                  { f.scalar(name, "", true) }
func (f *pathFinder) integer(name string, _ *int, _ bounds)      { f.scalar(name, "", true) }
func (f *pathFinder) enum(name string, p *string, _ enum)        { f.scalar(name, "", *p != "") }
func (f *pathFinder) icon(name string, p *string)                { f.scalar(name, "", *p != "") }
func (f *pathFinder) image(name, also string, p *string, _ bool) { f.scalar(name, also, *p != "") }
func (f *pathFinder) link(name, also string, p *string)          { f.scalar(name, also, *p != "") }
func (f *pathFinder) postToken(name string, p *string)           { f.scalar(name, "", *p != "") }

func (f *pathFinder) optionalInteger(name string, p **int, _ bounds) {
	f.scalar(name, "", *p != nil)
}

func (f *pathFinder) data(name string, p *json.RawMessage) {
	if !f.inside && !f.at(name, "") {
		return
	}
	v := value{kind: strictjson.Object}
	if len(*p) > 0 {
		v, _ = parse(*p, new(report)) // its faults are reported where the data is checked
	}
	to := &v
	for ; len(f.rest) > 0; f.rest = f.rest[1:] {
		i := slices.IndexFunc(to.members, func(m member) bool { return m.name == f.rest[0] })
		if i < 0 {
			f.present(false)
			return
		}
		f.found = append(f.found, f.rest[0])
		to = &to.members[i].value
	}
	f.present(f.inside || to.kind != strictjson.Null)
	if holdsSensitive(to) {
		f.problem = "which " + publishesSensitive
	}
}

func (f *pathFinder) action(name string, p *Action, _ bool) {
	f.message(name, *p != nil, func(v visitor) {
		if isAction(*p) {
			(*p).fields(v)
		}
	})
}

func (f *pathFinder) message(name string, set bool, fields func(visitor)) {
	switch {
	case f.inside:
		fields(f)
	case !f.at(name, ""):
	case !set:
		f.present(false)
	case len(f.rest) == 0:
		f.inside = true
		fields(f)
		f.inside = false
	default:
		f.leaf, f.known = false, nil
		fields(f)
		f.leaf = true
	}
}

func (f *pathFinder) list(name string, n int, _ bounds, _ func(int), _ func(int, visitor)) {
	if !f.at(name, "") {
		return
	}
	if len(f.rest) > 0 {
		f.problem = "but a path cannot go into the items of a list; it can name the whole list, " + quote(name)
		return
	}
	f.present(n > 0)
}

func (f *pathFinder) constant(string, string, bool) {}

func (f *pathFinder) eitherOf(string, bool, string, bool) {}

func (f *pathFinder) stripped(name, why string) {
	known := f.known
	if f.at(name, "") {
		f.lost = why
	}
	f.known = known // what is dropped is not to be suggested
}

func (f *pathFinder) ignored(string) {}
