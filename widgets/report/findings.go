package report

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// maxFindings bounds the faults and the warnings of one report. A person fixes
// a handful at a time, and they travel in messages of limited size.
const maxFindings = 100

// findings collects what is to be said about a report.
type findings struct {
	faults   widgets.Faults
	hidden   int // faults beyond maxFindings
	warnings []widgets.Warning
}

// fault records what is wrong with a field of the object at a path, or with
// the object itself when no field is given. A place gets one fault, and what is
// inside a faulty place none, nor an object with a fault inside it: they would
// most often only repeat the first.
func (f *findings) fault(at, field, format string, args ...any) {
	path := join(at, field)
	if slices.ContainsFunc(f.faults, func(fault widgets.Fault) bool {
		return within(path, fault.Path) || field == "" && within(fault.Path, path)
	}) {
		return
	}
	if len(f.faults) == maxFindings {
		f.hidden++
		return
	}
	f.faults.Add(path, format, args...)
}

// shortened warns that a text did not fit. The text stays out of it: it may be
// a name.
func (f *findings) shortened(path string, from, to int) {
	if len(f.warnings) < maxFindings {
		f.warnings = append(f.warnings, widgets.Warning{
			Path:    path,
			Message: strconv.Itoa(from) + " characters, shortened to " + strconv.Itoa(to),
		})
	}
}

// err is the faults as an error, or nil.
func (f *findings) err(root string) error {
	if f.hidden > 0 {
		return append(slices.Clip(f.faults), widgets.Fault{
			Path:    root,
			Message: strconv.Itoa(f.hidden) + " more faults are not listed; fix these first",
		})
	}
	return f.faults.Err()
}

// within reports whether path is outer or a place inside it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// join is the path of a field of the object at a path.
func join(at, field string) string {
	switch {
	case field == "":
		return at
	case isPlainName(field):
		return at + "." + field
	}
	return at + "[" + quote(field) + "]"
}

// item is the path of an item of the array at a path.
func item(at string, i int) string { return at + "[" + strconv.Itoa(i) + "]" }

// isPlainName reports whether a member name can stand in a path as it is.
func isPlainName(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return len(s) <= 64
}

// quote is s for a message: quoted, and cut when it is long.
func quote(s string) string {
	const most = 32
	if utf8.RuneCountInString(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(string([]rune(s)[:most])) + "…"
}

// oneOf is what a fault says of a value that is none of the allowed ones. The
// value is told only if it looks like a slip: it could be an identifier that
// has come into the wrong field.
func oneOf(value string, allowed []string) string {
	if len(value) > 20 || strings.Trim(strings.ToLower(value), "abcdefghijklmnopqrstuvwxyz_- ") != "" {
		return "is none of " + strings.Join(allowed, ", ")
	}
	return quote(value) + " is none of " + strings.Join(allowed, ", ")
}
