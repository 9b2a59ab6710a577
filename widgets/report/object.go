package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/kenar-addons/kenar-addons/widgets/persian"
	"github.com/kenar-addons/kenar-addons/widgets/spelling"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// maxDepth bounds the nesting of a report. The deepest one needs four levels.
const maxDepth = 16

// An object reads the members of a JSON object field by field. It judges
// shapes only; what the values must be is checked where they belong.
type object struct {
	*findings
	at      string // the object's path
	members []strictjson.Member
	known   []string // the fields asked for so far
}

// readObject reads a whole report.
func readObject(f *findings, at string, data []byte, fields func(*object)) {
	n, err := strictjson.ParseObject(data, strictjson.Limits{Depth: maxDepth})
	if errors.Is(err, strictjson.ErrNotUTF8) {
		err = fmt.Errorf("%w; encode the report as UTF-8", err)
	}
	if err != nil {
		f.fault(at, "", "%v", err)
		return
	}
	read(f, at, &n, fields)
}

// read reads an object. What no field has asked for is a fault: the producer
// believes that it is shown.
func read(f *findings, at string, n *strictjson.Node, fields func(*object)) {
	if n.Kind != strictjson.Object {
		f.fault(at, "", "is %s, must be an object", n.Kind)
		return
	}
	o := object{findings: f, at: at, members: n.Members}
	fields(&o)
	for i, m := range o.members {
		switch {
		case !slices.Contains(o.known, m.Name):
			f.fault(at, m.Name, "is not a known field%s", spelling.Hint(m.Name, o.known))
		case slices.ContainsFunc(o.members[:i], func(before strictjson.Member) bool { return before.Name == m.Name }):
			f.fault(at, m.Name, "is given twice in one object; remove one of the two")
		}
	}
}

// find is the value of a field, or nil when it is absent.
func (o *object) find(name string) *strictjson.Node {
	o.known = append(o.known, name)
	for i := range o.members {
		if m := &o.members[i]; m.Name == name {
			if isAbsent(&m.Node) {
				return nil
			}
			return &m.Node
		}
	}
	return nil
}

// isAbsent reports whether a value says nothing.
func isAbsent(n *strictjson.Node) bool {
	return n.Kind == strictjson.Null || n.Kind == strictjson.String && n.Text == ""
}

// findAs is find for a field of one kind.
func (o *object) findAs(k strictjson.Kind, name string) *strictjson.Node {
	n := o.find(name)
	if n != nil && n.Kind != k {
		o.fault(o.at, name, "is %s, must be %s", n.Kind, k)
		return nil
	}
	return n
}

func (o *object) text(name string) string {
	if n := o.findAs(strictjson.String, name); n != nil {
		return n.Text
	}
	return ""
}

// textOrNumber is the text of a field that some producers have as a number,
// such as a year.
func (o *object) textOrNumber(name string) string {
	n := o.find(name)
	switch {
	case n == nil:
		return ""
	case n.Kind != strictjson.String && n.Kind != strictjson.Number:
		o.fault(o.at, name, "is %s, must be a string or a number", n.Kind)
		return ""
	}
	return n.Text
}

// whole is a whole number, or nil when the field is absent.
func (o *object) whole(name string) *int {
	n := o.findAs(strictjson.Number, name)
	if n == nil {
		return nil
	}
	v, ok := wholeNumber(n.Text)
	if !ok || v != int64(int32(v)) {
		o.fault(o.at, name, "is %s, must be a whole number", cut(n.Text))
		return nil
	}
	return new(int(v))
}

// wholeNumber takes 80, and also 80.0 and 8e1: some encoders know one kind of
// number only, and JSON Schema calls all three integers.
func wholeNumber(literal string) (n int64, ok bool) {
	if n, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return n, true
	}
	const exact = 1 << 53 // float64 has every integer up to here
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= exact {
		return 0, false
	}
	return int64(f), true
}

// cut is the literal of a number for a message.
func cut(literal string) string {
	if len(literal) > 24 {
		return literal[:24] + "…"
	}
	return literal
}

// day reads an RFC 3339 time, or a date alone, which is that day in Iran.
func (o *object) day(name string) time.Time {
	s := o.text(name)
	if s == "" {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t
	}
	t, err := time.ParseInLocation(time.DateOnly, s, persian.Iran())
	if err != nil {
		o.fault(o.at, name, "is no RFC 3339 time such as 2026-08-18T09:30:00+03:30, and no date such as 2026-08-18")
	}
	return t
}

// readList reads a field that is an array of at most a number of objects.
func readList[T any](o *object, name string, most int, fields func(*T, *object)) []T {
	n := o.findAs(strictjson.Array, name)
	if n == nil || len(n.Items) == 0 {
		return nil
	}
	if len(n.Items) > most {
		o.fault(o.at, name, tooMany, len(n.Items), most)
		return nil
	}
	list := make([]T, len(n.Items))
	for i := range n.Items {
		read(o.findings, item(join(o.at, name), i), &n.Items[i], func(o *object) { fields(&list[i], o) })
	}
	return list
}

// readOptional reads a field that is an object, or returns nil when there is
// none.
func readOptional[T any](o *object, name string, fields func(*T, *object)) *T {
	n := o.find(name)
	if n == nil {
		return nil
	}
	v := new(T)
	read(o.findings, join(o.at, name), n, func(o *object) { fields(v, o) })
	return v
}

const tooMany = "%d items, at most %d allowed"
