package widgets

import "encoding/json"

// Every message of the wire form, be it a row, a part of one or an action,
// lists its fields once, in a method named fields. A visitor is shown that
// list: fieldReader fills the fields from JSON, fieldChecker holds them
// against the documented limits, fieldWriter encodes them and pathFinder finds
// one by its name. So what is read, checked and written cannot drift apart.
//
// The pointers are valid during the call only. Zero values are absent fields,
// except where a method says otherwise.
type visitor interface {
	text(name string, p *string, limit textLimit)
	flag(name string, p *bool)
	// integer is always present.
	integer(name string, p *int, in bounds)
	// optionalInteger is present when it is not nil.
	optionalInteger(name string, p **int, in bounds)
	enum(name string, p *string, of enum)
	icon(name string, p *string)
	// image takes the id of an uploaded image. Also is a second name under
	// which it may be read, or "".
	image(name, also string, p *string, required bool)
	// link takes an absolute http or https URL. Also is as for image.
	link(name, also string, p *string)
	postToken(name string, p *string)
	// data takes a free-form JSON object, empty when nil. It is always present.
	data(name string, p *json.RawMessage)
	action(name string, p *Action, required bool)
	// message is a nested message, written and checked when set.
	message(name string, set bool, fields func(visitor))
	// list is a list of n messages; use the function list.
	list(name string, n int, allowed bounds, resize func(n int), item func(i int, v visitor))
	// constant is a field of one possible value. It is always written.
	constant(name, value string, required bool)
	// eitherOf is the rule that exactly one of two fields of the message is set.
	eitherOf(a string, hasA bool, b string, hasB bool)
	// stripped is a field that some documents show and the schema does not
	// have: it is read, dropped with a warning, and never written.
	stripped(name, why string)
	// ignored is a field that cannot be judged, because another one that says
	// what it holds is wrong.
	ignored(name string)
}

// textLimit is a rule for a text: its length in Unicode code points, counted
// without normalisation, and whether it may be missing.
type textLimit struct {
	most     int // 0: no limit is documented
	required bool
}

func atMost(n int) textLimit   { return textLimit{most: n} }
func required(n int) textLimit { return textLimit{most: n, required: true} }

// bounds are the inclusive limits of a number.
type bounds struct{ least, most int }

// percentage is the range of every score and indicator.
var percentage = bounds{0, 100}

// An enum is a closed set of names, which are upper case and case-sensitive.
type enum struct {
	what     string // "a colour"
	names    []string
	required bool
}

// list shows a visitor a list of messages.
func list[T any](v visitor, name string, items *[]T, allowed bounds, fields func(*T, visitor)) {
	v.list(name, len(*items), allowed,
		func(n int) { *items = make([]T, n) },
		func(i int, v visitor) { fields(&(*items)[i], v) })
}
