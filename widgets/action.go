package widgets

import (
	"encoding/json"

	"github.com/kenar-addons/kenar-addons/widgets/spelling"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// An Action is what a click on a widget or a customized button does. It is one
// of the five types OpenDirectLink, OpenServerLink, GetDynamicAction,
// OpenPostPage and OpenPostManagePage, by value, not as a pointer.
type Action interface {
	json.Marshaler
	fields(v visitor) Action
}

// OpenDirectLink sends the user to this URL, an absolute http or https one.
type OpenDirectLink string

// OpenServerLink makes Divar ask the app's server for the URL to open. Data
// is handed to the server; it is a JSON object, empty when nil.
type OpenServerLink struct{ Data json.RawMessage }

// GetDynamicAction makes Divar ask the app's server for the action to run.
// Data is handed to the server; it is a JSON object, empty when nil.
type GetDynamicAction struct{ Data json.RawMessage }

// OpenPostPage opens the page of a post.
type OpenPostPage struct{ PostToken string }

// OpenPostManagePage opens the page on which its owner manages a post.
type OpenPostManagePage struct{ PostToken string }

func (a OpenDirectLink) fields(v visitor) Action {
	v.link("open_direct_link", "", (*string)(&a))
	return a
}

func (a OpenServerLink) fields(v visitor) Action {
	v.message("open_server_link", true, func(v visitor) { v.data("data", &a.Data) })
	return a
}

func (a GetDynamicAction) fields(v visitor) Action {
	v.message("get_dynamic_action", true, func(v visitor) { v.data("data", &a.Data) })
	return a
}

func (a OpenPostPage) fields(v visitor) Action {
	v.message("open_post_page", true, func(v visitor) { v.postToken("post_token", &a.PostToken) })
	return a
}

func (a OpenPostManagePage) fields(v visitor) Action {
	v.message("open_post_manage_page", true, func(v visitor) { v.postToken("post_token", &a.PostToken) })
	return a
}

// MarshalJSON encodes the action as the value of an action field.
func (a OpenDirectLink) MarshalJSON() ([]byte, error) { return marshalAction(a) }

// MarshalJSON encodes the action as the value of an action field.
func (a OpenServerLink) MarshalJSON() ([]byte, error) { return marshalAction(a) }

// MarshalJSON encodes the action as the value of an action field.
func (a GetDynamicAction) MarshalJSON() ([]byte, error) { return marshalAction(a) }

// MarshalJSON encodes the action as the value of an action field.
func (a OpenPostPage) MarshalJSON() ([]byte, error) { return marshalAction(a) }

// MarshalJSON encodes the action as the value of an action field.
func (a OpenPostManagePage) MarshalJSON() ([]byte, error) { return marshalAction(a) }

// actionNames are the five kinds as the wire form names them.
var actionNames = [...]string{
	"open_direct_link", "open_server_link", "get_dynamic_action", "open_post_page", "open_post_manage_page",
}

// newAction is the empty action of a kind, or nil when there is no such kind.
func newAction(name string) Action {
	switch {
	case sameName(name, "open_direct_link"):
		return OpenDirectLink("")
	case sameName(name, "open_server_link"):
		return OpenServerLink{}
	case sameName(name, "get_dynamic_action"):
		return GetDynamicAction{}
	case sameName(name, "open_post_page"):
		return OpenPostPage{}
	case sameName(name, "open_post_manage_page"):
		return OpenPostManagePage{}
	}
	return nil
}

// isAction reports whether a is one of the five types. Pointers to them have
// their methods too, and are not.
func isAction(a Action) bool {
	switch a.(type) {
	case OpenDirectLink, OpenServerLink, GetDynamicAction, OpenPostPage, OpenPostManagePage:
		return true
	}
	return false
}

// DecodeAction reads and checks one action, such as that of a customized
// button. The error is Faults with paths from "action".
func DecodeAction(data []byte) (Action, error) {
	r := &report{}
	r.enter("action")
	v, ok := parse(data, r)
	if !ok {
		return nil, r.err()
	}
	a := readAction(&fieldReader{report: r}, &v)
	if a != nil {
		checkAction(&fieldChecker{report: r}, a)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return a, nil
}

// ValidateAction checks an action built in Go by the rules of DecodeAction.
func ValidateAction(a Action) error {
	r := &report{}
	r.enter("action")
	checkAction(&fieldChecker{report: r}, a)
	return r.err()
}

// readAction reads the value of an action field. It is nil after a fault that
// leaves no action to check.
func readAction(r *fieldReader, v *value) Action {
	if v.kind != strictjson.Object {
		r.report.malformed("", "is %s, must be an object", v.kind)
		return nil
	}
	var a Action
	var kinds []string
	unknown := false
	for i := range v.members {
		m := &v.members[i]
		b := newAction(m.name)
		switch {
		case b == nil:
			r.report.malformed(m.name, "is not a known action%s", spelling.Hint(m.name, actionNames[:]))
			unknown = true
		case m.kind == strictjson.Null:
			m.read = true
		default:
			a, kinds = b, append(kinds, m.name)
		}
	}
	if len(kinds) != 1 {
		if !unknown {
			r.report.malformed("", "has %d kinds of action%s, must have exactly one", len(kinds), inBrackets(kinds))
		}
		return nil
	}
	r.object(v, func(v visitor) { a = a.fields(v) })
	return a
}

func checkAction(c *fieldChecker, a Action) {
	if !isAction(a) {
		c.report.fault("", "is a %T, must be one of the five action types of this package by value", a)
		return
	}
	a.fields(c)
}

func writeAction(w *fieldWriter, a Action) {
	if !isAction(a) {
		w.fail("encode an action: %T is not one of the five action types by value", a)
		return
	}
	w.object(func(v visitor) { a.fields(v) })
}

func marshalAction(a Action) ([]byte, error) {
	var w fieldWriter
	if writeAction(&w, a); w.err != nil {
		return nil, w.err
	}
	return w.buf, nil
}
