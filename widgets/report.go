package widgets

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxFindings bounds the faults and the warnings kept of one document. A
// person fixes a handful at a time, and the list travels in messages whose
// size is limited.
const maxFindings = 100

// A report collects what is wrong with one document, and knows which place of
// it is being looked at.
type report struct {
	steps    []step
	findings []finding
	hidden   int // faults beyond maxFindings
	broken   []string
	warnings []Warning
}

// A step leads from one place of a document to one inside it: to a member of
// an object, or to an item of an array when name is empty.
type step struct {
	name  string
	index int
}

type finding struct {
	element int // index of the widget it belongs to, -1 for the whole list
	Fault
}

func (r *report) enter(name string) { r.steps = append(r.steps, step{name: name}) }
func (r *report) enterItem(i int)   { r.steps = append(r.steps, step{index: i}) }
func (r *report) leave()            { r.steps = r.steps[:len(r.steps)-1] }

// path is the current place, or a member of it when a name is given. It is
// only built for findings, so reading a sound document costs nothing here.
func (r *report) path(name string) string {
	var b strings.Builder
	for _, s := range r.steps {
		writeStep(&b, s)
	}
	if name != "" {
		writeStep(&b, step{name: name})
	}
	return b.String()
}

func writeStep(b *strings.Builder, s step) {
	switch {
	case s.name == "":
		b.WriteString("[" + strconv.Itoa(s.index) + "]")
	case !isPlainName(s.name):
		b.WriteString("[" + quote(s.name) + "]")
	default:
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.name)
	}
}

// isPlainName reports whether a member name can stand in a path unquoted.
func isPlainName(s string) bool {
	for _, c := range s {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '@':
		default:
			return false
		}
	}
	return len(s) <= 64
}

// fault records a broken rule at the current place, or at a member of it. One
// place gets one fault, and nothing is said about what lies inside a value
// that could not be read: it would only repeat the first.
func (r *report) fault(name, format string, args ...any) {
	path := r.path(name)
	if slices.ContainsFunc(r.findings, func(f finding) bool { return f.Path == path }) {
		return
	}
	if slices.ContainsFunc(r.broken, func(b string) bool { return within(path, b) }) {
		return
	}
	if len(r.findings) == maxFindings {
		r.hidden++
		return
	}
	r.findings = append(r.findings, finding{
		element: r.element(),
		Fault:   Fault{Path: path, Message: fmt.Sprintf(format, args...)},
	})
}

// malformed records a value that could not be read.
func (r *report) malformed(name, format string, args ...any) {
	r.fault(name, format, args...)
	if len(r.broken) < maxFindings {
		r.broken = append(r.broken, r.path(name))
	}
}

// readable reports whether the value at the path was read: neither it, nor
// what contains it, nor anything inside it was malformed.
func (r *report) readable(path string) bool {
	return !slices.ContainsFunc(r.broken, func(b string) bool { return within(path, b) || within(b, path) })
}

func (r *report) warn(name, format string, args ...any) {
	if len(r.warnings) < maxFindings {
		r.warnings = append(r.warnings, Warning{Path: r.path(name), Message: fmt.Sprintf(format, args...)})
	}
}

// err is everything recorded as Faults, in the order of the widgets of the
// document, or nil.
func (r *report) err() error {
	slices.SortStableFunc(r.findings, func(a, b finding) int { return cmp.Compare(a.element, b.element) })
	var fs Faults
	for _, f := range r.findings {
		fs = append(fs, f.Fault)
	}
	if r.hidden > 0 {
		fs.Add(r.steps[0].name, "%d more faults are not listed; fix these first", r.hidden)
	}
	return fs.Err()
}

func (r *report) element() int {
	for _, s := range r.steps {
		if s.name == "" {
			return s.index
		}
	}
	return -1
}

// within reports whether path is outer or a place inside it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
