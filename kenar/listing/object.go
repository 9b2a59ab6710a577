package listing

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets/spelling"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// An object reads the members of a JSON object field by field. It judges
// shapes; what the values must be is checked where they belong.
type object struct {
	*findings
	at      string // the object's path
	members []strictjson.Member
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
func read(f *findings, at string, n *strictjson.Node, fields func(*object)) {
	if n.Kind != strictjson.Object {
		f.fault(at, "is %s, must be an object", n.Kind)
		return
	}
	o := object{findings: f, at: at, members: n.Members}
	fields(&o)
	for _, m := range o.members {
		why, refused := o.refused[m.Name]
		switch {
		case slices.Contains(o.known, m.Name):
		case refused:
			f.fault(join(at, m.Name), "%s", why)
		case kenar.Credential(m.Name):
			f.fault(join(at, m.Name), isCredential)
		case len(f.faults) == maxFaults:
			f.hidden++ // without looking for what was meant
		default:
			f.fault(join(at, m.Name), "is not a known field%s", hint(m.Name, o.known))
		}
	}
}

// hint is what follows the news that a name is no field's.
func hint(name string, known []string) string {
	if len(known) == 0 {
		return "; there is none"
	}
	return spelling.Hint(name, known)
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
func (o *object) lookup(name string) *strictjson.Node {
	o.known = append(o.known, name)
	for i := range o.members {
		if o.members[i].Name == name {
			return &o.members[i].Node
		}
	}
	return nil
}

// find is lookup for a field that is as good as absent when it is null.
func (o *object) find(name string) *strictjson.Node {
	if n := o.lookup(name); n != nil && n.Kind != strictjson.Null {
		return n
	}
	return nil
}

// optional reads a field, or returns nil when it is absent.
func optional[T any](o *object, name string, read func(path string, n *strictjson.Node) T) *T {
	if n := o.find(name); n != nil {
		return new(read(join(o.at, name), n))
	}
	return nil
}

// value is optional with the zero value for an absent field.
func value[T any](o *object, name string, read func(path string, n *strictjson.Node) T) (v T) {
	if p := optional(o, name, read); p != nil {
		return *p
	}
	return v
}

// is records a fault unless a value is of one kind.
func (f *findings) is(k strictjson.Kind, path string, n *strictjson.Node) bool {
	if n.Kind != k {
		f.fault(path, "is %s, must be %s", n.Kind, k)
	}
	return n.Kind == k
}

func (f *findings) text(path string, n *strictjson.Node) string {
	if !f.is(strictjson.String, path, n) {
		return ""
	}
	return n.Text
}

func (f *findings) boolean(path string, n *strictjson.Node) bool {
	return f.is(strictjson.Boolean, path, n) && n.Text == "true"
}

func (f *findings) texts(path string, n *strictjson.Node) []string {
	if !f.is(strictjson.Array, path, n) {
		return nil
	}
	list := make([]string, 0, len(n.Items)) // not nil, which would become null
	for i := range n.Items {
		list = append(list, f.text(item(path, i), &n.Items[i]))
	}
	return list
}

func (f *findings) degrees(path string, n *strictjson.Node) float64 {
	if !f.is(strictjson.Number, path, n) {
		return 0
	}
	v, err := strconv.ParseFloat(n.Text, 64)
	if err != nil {
		f.fault(path, "is %s, which is no number of degrees", quote(n.Text))
		return 0
	}
	return v
}

func (f *findings) location(path string, n *strictjson.Node) kenar.LocationType {
	return kenar.LocationType(f.text(path, n))
}

// rials reads an amount of money, as a number or in quotes.
func (f *findings) rials(path string, n *strictjson.Node) (r kenar.Rials) {
	if f.wholeNumber(path, n, &r) && r < 0 {
		f.fault(path, "is %d: it must be an amount in rials, at least 0", r)
	}
	return r
}

// seconds reads a duration, as a number or in quotes.
func (f *findings) seconds(path string, n *strictjson.Node) (s kenar.Seconds) {
	f.wholeNumber(path, n, &s)
	return s
}

// wholeNumber reads a number that may be in quotes.
func (f *findings) wholeNumber(path string, n *strictjson.Node, into json.Unmarshaler) bool {
	if n.Kind != strictjson.Number && n.Kind != strictjson.String {
		f.fault(path, "is %s, must be a whole number", n.Kind)
		return false
	}
	err := into.UnmarshalJSON(n.Raw)
	if err != nil {
		f.fault(path, "%v", err)
	}
	return err == nil
}

// anyObject reads an object without looking into it.
func (f *findings) anyObject(path string, n *strictjson.Node) json.RawMessage {
	f.is(strictjson.Object, path, n)
	return canonical(n)
}
