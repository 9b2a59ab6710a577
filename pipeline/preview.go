package pipeline

import (
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
	a, _, err := b.addOn(p.Event.Target.Kind, p.Event.Type, data)
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
	if len(w.Body) > 0 {
		err = json.Unmarshal(w.Body, &body)
	}
	p.Semantic = body.Semantic
	return p, err
}
