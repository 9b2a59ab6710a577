package listing

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// An object reads the members of a JSON object field by field. It judges
// shapes; what the values must be is checked where they belong.
type object struct {
	*findings
	at      string // the object's path
	members []member
	known   []string          // the fields asked for so far
	refused map[string]string // names that are no fields, and what is said of them
}

// readDocument reads the data of an event.
func readDocument(f *findings, data []byte, fields func(*object)) {
	n, err := parse(f, "data", data)
	if err != nil {
		f.fault("data", "%v", err)
		return
	}
	read(f, "data", &n, fields)
}

// read reads an object. What no field has asked for is a fault: the producer
// believes that it does something.
func read(f *findings, at string, n *node, fields func(*object)) {
	if n.kind != kindObject {
		f.fault(at, "is %s, must be an object", n.kind)
		return
	}
	o := object{findings: f, at: at, members: n.members}
	fields(&o)
	for _, m := range o.members {
		why, refused := o.refused[m.name]
		switch {
		case slices.Contains(o.known, m.name):
		case refused:
			f.fault(join(at, m.name), "%s", why)
		case kenar.Credential(m.name):
			f.fault(join(at, m.name), isCredential)
		case len(f.faults) == maxFaults:
			f.hidden++ // without looking for what was meant
		default:
			f.fault(join(at, m.name), "is not a known field%s", suggest(m.name, o.known))
		}
	}
}

// refuse says why a name is no field here, where that is better known than by
// likeness.
func (o *object) refuse(name, why string) {
	if o.refused == nil {
		o.refused = make(map[string]string)
	}
	o.refused[name] = why
}

// lookup is the value of a field, or nil when it is absent.
func (o *object) lookup(name string) *node {
	o.known = append(o.known, name)
	for i := range o.members {
		if o.members[i].name == name {
			return &o.members[i].node
		}
	}
	return nil
}

// find is lookup for a field that is as good as absent when it is null.
func (o *object) find(name string) *node {
	if n := o.lookup(name); n != nil && n.kind != kindNull {
		return n
	}
	return nil
}

// optional reads a field, or returns nil when it is absent.
func optional[T any](o *object, name string, read func(path string, n *node) T) *T {
	if n := o.find(name); n != nil {
		return new(read(join(o.at, name), n))
	}
	return nil
}

// value is optional with the zero value for an absent field.
func value[T any](o *object, name string, read func(path string, n *node) T) (v T) {
	if p := optional(o, name, read); p != nil {
		return *p
	}
	return v
}

// is records a fault unless a value is of one kind.
func (f *findings) is(k kind, path string, n *node) bool {
	if n.kind != k {
		f.fault(path, "is %s, must be %s", n.kind, k)
	}
	return n.kind == k
}

func (f *findings) text(path string, n *node) string {
	f.is(kindString, path, n)
	return n.text
}

func (f *findings) boolean(path string, n *node) bool {
	return f.is(kindBoolean, path, n) && string(n.raw) == "true"
}

func (f *findings) texts(path string, n *node) []string {
	if !f.is(kindArray, path, n) {
		return nil
	}
	list := make([]string, 0, len(n.items)) // not nil, which would become null
	for i := range n.items {
		list = append(list, f.text(item(path, i), &n.items[i]))
	}
	return list
}

func (f *findings) degrees(path string, n *node) float64 {
	if !f.is(kindNumber, path, n) {
		return 0
	}
	v, err := strconv.ParseFloat(string(n.raw), 64)
	if err != nil {
		f.fault(path, "is %s, which is no number of degrees", quote(string(n.raw)))
		return 0
	}
	return v
}

func (f *findings) location(path string, n *node) kenar.LocationType {
	return kenar.LocationType(f.text(path, n))
}

// rials reads an amount of money, as a number or in quotes.
func (f *findings) rials(path string, n *node) (r kenar.Rials) {
	if f.wholeNumber(path, n, &r) && r < 0 {
		f.fault(path, "is %d: it must be an amount in rials, at least 0", r)
	}
	return r
}

// seconds reads a duration, as a number or in quotes.
func (f *findings) seconds(path string, n *node) (s kenar.Seconds) {
	f.wholeNumber(path, n, &s)
	return s
}

// wholeNumber reads a number that may be in quotes.
func (f *findings) wholeNumber(path string, n *node, into json.Unmarshaler) bool {
	if n.kind != kindNumber && n.kind != kindString {
		f.fault(path, "is %s, must be a whole number", n.kind)
		return false
	}
	err := into.UnmarshalJSON(n.raw)
	if err != nil {
		f.fault(path, "%v", err)
	}
	return err == nil
}

// anyObject reads an object without looking into it.
func (f *findings) anyObject(path string, n *node) json.RawMessage {
	f.is(kindObject, path, n)
	return n.canonical()
}
