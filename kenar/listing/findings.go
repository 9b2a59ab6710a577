package listing

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// maxFaults bounds what is told: people fix a handful at a time, and faults
// travel in messages of limited size.
const maxFaults = 100

// isCredential is the fault of a name that looks like that of a secret.
const isCredential = "an event must not carry a token or a key: name the user's grant by grantid"

// findings collects what is wrong with one document.
type findings struct {
	faults widgets.Faults
	hidden int // faults beyond maxFaults
}

// fault records a broken rule. One place gets one fault, and nothing is said
// about what lies inside a value that has one: it would only repeat the first.
func (f *findings) fault(path, format string, args ...any) {
	if slices.ContainsFunc(f.faults, func(known widgets.Fault) bool { return within(path, known.Path) }) {
		return
	}
	if len(f.faults) == maxFaults {
		f.hidden++
		return
	}
	f.faults.Add(path, format, args...)
}

// adopt records the faults that an error of package kenar or widgets consists
// of, under paths that begin with to instead of from. Of a value that has a
// fault inside, they know no better than that it is not there.
func (f *findings) adopt(err error, from, to string) {
	inner, _ := errors.AsType[widgets.Faults](err)
	for _, fault := range inner {
		path := to + strings.TrimPrefix(fault.Path, from)
		if !slices.ContainsFunc(f.faults, func(known widgets.Fault) bool { return within(known.Path, path) }) {
			f.fault(path, "%s", fault.Message)
		}
	}
}

// within reports whether path is outer or a place inside it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// err is all faults, or nil.
func (f *findings) err() error {
	if f.hidden > 0 {
		f.faults.Add("data", "%d more faults are not listed; fix these first", f.hidden)
	}
	return f.faults.Err()
}

// noCredentials records the names in a value, at whatever depth, that look like
// those of secrets.
func (f *findings) noCredentials(at *place, n *strictjson.Node) {
	for i := range n.Members {
		m := &n.Members[i]
		inside := &place{in: at, name: m.Name}
		if kenar.Credential(m.Name) {
			f.fault(inside.String(), isCredential)
			continue
		}
		f.noCredentials(inside, &m.Node)
	}
	for i := range n.Items {
		f.noCredentials(&place{in: at, item: true, index: i}, &n.Items[i])
	}
}

// inEvent is what the Body of a request returned, with the paths of its faults
// as in the event.
func inEvent(body []byte, err error) ([]byte, error) {
	inner, ok := errors.AsType[widgets.Faults](err)
	if !ok {
		return body, err
	}
	var faults widgets.Faults
	for _, f := range inner {
		faults.Add("data."+f.Path, "%s", f.Message)
	}
	return nil, faults
}

// join is the path of a member of an object.
func join(at, name string) string {
	if !isPlainName(name) {
		return at + "[" + quote(name) + "]"
	}
	return at + "." + name
}

// isPlainName reports whether a name consists of A-Z, a-z, 0-9, _ and -, which
// are also the characters of the names of Kenar's category fields.
func isPlainName(name string) bool {
	return name != "" && len(name) <= 64 && !strings.ContainsFunc(name, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-')
	})
}

// item is the path of an item of an array.
func item(at string, i int) string { return at + "[" + strconv.Itoa(i) + "]" }

// quote is s for a message: quoted, and cut when it is long.
func quote(s string) string {
	n := 48
	for i := range s {
		if n == 0 {
			return strconv.Quote(s[:i]) + "…"
		}
		n--
	}
	return strconv.Quote(s)
}
