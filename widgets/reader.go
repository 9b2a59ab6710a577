package widgets

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/kenar-addons/kenar-addons/widgets/spelling"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// fieldReader is the visitor that fills fields from a parsed object. It
// judges shapes only; limits are fieldChecker's.
type fieldReader struct {
	report  *report
	members []member // of the object being read
	names   []string // the fields asked for so far, for suggestions; outer objects' come first
}

// object reads v, which the report stands at, field by field. What no field
// took is a fault: Kenar ignores it at best, so it is a slip of the producer.
func (r *fieldReader) object(v *value, fields func(visitor)) {
	if v.kind != strictjson.Object {
		r.report.malformed("", "is %s, must be an object", v.kind)
		return
	}
	outer, outerNames := r.members, len(r.names)
	r.members = v.members
	fields(r)
	for i := range v.members {
		if m := &v.members[i]; !m.read {
			r.report.malformed(m.name, "is not a known field%s", spelling.Hint(m.name, r.names[outerNames:]))
		}
	}
	r.members, r.names = outer, r.names[:outerNames]
}

// find is the value of a field, or nil when it is absent. As in protobuf's
// JSON mapping null is the same as absent.
func (r *fieldReader) find(name string) *value {
	r.names = append(r.names, name)
	var found *member
	for i := range r.members {
		m := &r.members[i]
		if m.read || !sameName(m.name, name) {
			continue
		}
		m.read = true
		if found != nil {
			r.report.fault(name, "is given twice, as %s and %s", quote(found.name), quote(m.name))
			continue
		}
		found = m
	}
	if found == nil || found.kind == strictjson.Null {
		return nil
	}
	return &found.value
}

// findAs is find for a field of one kind.
func (r *fieldReader) findAs(k strictjson.Kind, name string) *value {
	v := r.find(name)
	if v != nil && v.kind != k {
		r.report.malformed(name, "is %s, must be %s", v.kind, k)
		return nil
	}
	return v
}

// findEither is findAs for a string field with a second name.
func (r *fieldReader) findEither(name, also string) *value {
	v := r.findAs(strictjson.String, name)
	if also == "" {
		return v
	}
	n := len(r.names)
	alias := r.findAs(strictjson.String, also)
	r.names = r.names[:n] // the second name is not to be suggested
	switch {
	case alias == nil:
		return v
	case v != nil:
		r.report.fault(name, "is given twice, as %s and %s", quote(name), quote(also))
		return v
	}
	return alias
}

func (r *fieldReader) text(name string, p *string, _ textLimit) {
	if v := r.findAs(strictjson.String, name); v != nil {
		*p = v.text
	}
}

func (r *fieldReader) flag(name string, p *bool) {
	if v := r.findAs(strictjson.Boolean, name); v != nil {
		*p = v.text == "true"
	}
}

func (r *fieldReader) integer(name string, p *int, in bounds) {
	var n *int
	if r.optionalInteger(name, &n, in); n != nil {
		*p = *n
	}
}

func (r *fieldReader) optionalInteger(name string, p **int, in bounds) {
	v := r.findAs(strictjson.Number, name)
	if v == nil {
		return
	}
	n, ok := wholeNumber(v.text)
	if !ok {
		r.report.malformed(name, "is %s, must be a whole number from %d to %d", cut(v.text), in.least, in.most)
		return
	}
	*p = &n
}

// wholeNumber takes 80, and also 80.0 and 8e1: some encoders know one kind of
// number only, and protobuf's JSON mapping accepts them.
func wholeNumber(literal string) (n int, ok bool) {
	if n, err := strconv.Atoi(literal); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
		return 0, false
	}
	return int(f), true
}

func cut(literal string) string {
	if len(literal) > 40 {
		return literal[:40] + "…"
	}
	return literal
}

func (r *fieldReader) enum(name string, p *string, _ enum) { r.text(name, p, textLimit{}) }

func (r *fieldReader) icon(name string, p *string) { r.text(name, p, textLimit{}) }

func (r *fieldReader) image(name, also string, p *string, _ bool) {
	if v := r.findEither(name, also); v != nil {
		*p = v.text
	}
}

func (r *fieldReader) link(name, also string, p *string) { r.image(name, also, p, false) }

func (r *fieldReader) postToken(name string, p *string) { r.text(name, p, textLimit{}) }

func (r *fieldReader) data(name string, p *json.RawMessage) {
	if v := r.findAs(strictjson.Object, name); v != nil && len(v.members) > 0 {
		*p = appendValue(nil, v)
	}
}

func (r *fieldReader) action(name string, p *Action, _ bool) {
	if v := r.find(name); v != nil {
		r.report.enter(name)
		*p = readAction(r, v)
		r.report.leave()
	}
}

func (r *fieldReader) message(name string, _ bool, fields func(visitor)) {
	if v := r.find(name); v != nil {
		r.report.enter(name)
		r.object(v, fields)
		r.report.leave()
	}
}

func (r *fieldReader) list(name string, _ int, _ bounds, resize func(n int), item func(i int, v visitor)) {
	v := r.findAs(strictjson.Array, name)
	if v == nil || len(v.items) == 0 {
		return
	}
	r.report.enter(name)
	resize(len(v.items))
	for i := range v.items {
		r.report.enterItem(i)
		r.object(&v.items[i], func(v visitor) { item(i, v) })
		r.report.leave()
	}
	r.report.leave()
}

func (r *fieldReader) constant(name, want string, required bool) {
	v := r.findAs(strictjson.String, name)
	switch {
	case v == nil && required:
		r.report.fault(name, "is missing, must be %q", want)
	case v != nil && v.text != want:
		r.report.fault(name, "must be %q", want)
	}
}

func (r *fieldReader) eitherOf(string, bool, string, bool) {}

func (r *fieldReader) stripped(name, why string) {
	n := len(r.names)
	if r.find(name) != nil {
		r.report.warn(name, "was dropped: %s", why)
	}
	r.names = r.names[:n] // what is dropped is not to be suggested
}

func (r *fieldReader) ignored(name string) { r.find(name) }
