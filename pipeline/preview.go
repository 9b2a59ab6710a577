package pipeline

import (
	"cmp"
	"encoding/json"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// A Preview is what the add-on of an event would show.
type Preview struct {
	Event    Event
	Widgets  widgets.List      // of a v1 add-on: its migrated form, as far as there is one
	Semantic map[string]string // as it is sent: identifiers are hashed
	Warnings []widgets.Warning
}

// Preview reads an event as admission does and returns what would be shown.
// With an error, a *Reason, it holds what could be made out nevertheless.
func (b Builder) Preview(raw []byte) (Preview, error) {
	var p Preview
	var err error
	if p.Event, err = DecodeEvent(raw); err != nil {
		return p, err
	}
	w, warnings, buildErr := b.Build(p.Event, raw)
	p.Warnings = warnings
	data, err := b.render(p.Event, raw)
	if err != nil {
		return p, buildErr
	}
	kind, typ := p.Event.Target.Kind, p.Event.Type
	if isListing(typ) {
		kind, typ = KindPost, TypeAttach
		if data = addOnOf(data); data == nil {
			return p, cmp.Or[error](buildErr, &Reason{Code: UnknownType, Field: "type", Message: "an event of type " + p.Event.Type + " shows nothing by itself; only a submission with an addon does"})
		}
	}
	a, _, err := b.addOn(kind, typ, data)
	if err == nil && a.api == apiV1 {
		a.list, _, _ = b.Widgets.Migrate(a.legacy) // else it has no form to be shown in
	}
	p.Widgets = a.list
	if buildErr != nil {
		return p, buildErr
	}
	var body struct {
		Semantic map[string]string `json:"semantic"`
	}
	if isListing(p.Event.Type) { // its own body is the submission
		w = &Work{Target: Target{Kind: KindPost, Key: "any"}}
		if err := a.request(w); err != nil {
			return p, err
		}
	}
	if len(w.Body) > 0 {
		err = json.Unmarshal(w.Body, &body)
	}
	p.Semantic = body.Semantic
	return p, err
}

// addOnOf is the add-on of a submission, nil when it has none.
func addOnOf(data json.RawMessage) json.RawMessage {
	fields, err := decodeObject(data)
	if err != nil {
		return nil
	}
	return fields["addon"]
}
