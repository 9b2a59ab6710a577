package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// Endpoint generations, the "api" field of an attach event.
const (
	apiV1 = "v1"
	apiV2 = "v2"
)

// decodeAttach reads and validates the data. Faults of the widgets and the
// semantic data are invalid_widgets, all others invalid_event; both kinds are
// told together.
func (b Builder) decodeAttach(kind Kind, raw json.RawMessage) (addOn, []widgets.Warning, error) {
	var d addOn
	fields, err := decodeObject(raw)
	if err != nil {
		return d, nil, &Reason{Code: InvalidEvent, Field: "data", Message: err.Error()}
	}
	var faults widgets.Faults
	var warnings []widgets.Warning
	str := func(name string) (s string) {
		if v, ok := fields[name]; ok && string(v) != "null" {
			if json.Unmarshal(v, &s) != nil {
				faults.Add("data."+name, "must be a string, is %s", shown(v))
			}
		}
		return s
	}
	if d.api = str("api"); d.api == "" {
		d.api = apiV2
	}
	switch {
	case d.api != apiV1 && d.api != apiV2:
		faults.Add("data.api", "%s is unknown, use v1 or v2", quote(d.api))
	case d.api == apiV1 && kind != KindPost:
		faults.Add("data.api", "v1 has no endpoint for a %s, use v2", kind)
	}
	d.notes = str("notes")
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch name {
		case "widgets", "api", "semantic", "notes":
		case "semantic_sensitives": // of v1 only; v2 hashes every unknown key anyway
			warnings = append(warnings, widgets.Warning{Path: "data." + name, Message: "is not sent: Kenar dropped it"})
		case "categories", "ticket_uuid", "cost":
			if kind != KindUser {
				faults.Add("data."+name, "belongs to user add-ons only")
			}
		default:
			if kenar.Credential(name) {
				faults.Add("data."+name, "an event must not carry a token or a key: name the user's grant by grantid")
				continue
			}
			faults.Add("data."+name, "is unknown; data has widgets, semantic, notes and api, and for users categories, ticket_uuid and cost")
		}
	}
	if kind == KindUser {
		d.user(fields, str, &faults)
		if d.notes != "" {
			warnings = append(warnings, notSent("notes", kind))
		}
	}
	if kind == KindBusiness {
		for _, name := range []string{"semantic", "notes"} {
			if _, ok := fields[name]; ok {
				warnings = append(warnings, notSent(name, kind))
			}
		}
	}
	code := InvalidEvent
	if len(faults) == 0 {
		code = InvalidWidgets
	}
	warnings = append(warnings, d.content(b.decoder(), fields, &faults)...)
	if err := faults.Err(); err != nil {
		return d, warnings, asReason(code, err)
	}
	return d, warnings, nil
}

// content reads widgets and semantic data.
func (a *addOn) content(dec widgets.Decoder, fields map[string]json.RawMessage, faults *widgets.Faults) []widgets.Warning {
	var warnings []widgets.Warning
	keep := func(ws []widgets.Warning, err error) {
		warnings = append(warnings, ws...)
		if fs, ok := err.(widgets.Faults); ok { //nolint:errorlint // the decoders return Faults itself
			*faults = append(*faults, fs...)
		} else if err != nil {
			faults.Add("", "%s", err)
		}
	}
	var ws []widgets.Warning
	var err error
	raw, ok := fields["widgets"]
	switch {
	case !ok:
		faults.Add("widgets", "is missing")
	case a.api == apiV1:
		a.legacy, ws, err = dec.DecodeLegacy(raw)
		keep(ws, err)
	case widgets.IsLegacy(raw):
		a.legacy, ws, err = dec.DecodeLegacy(raw)
		keep(ws, err)
		if err == nil {
			a.list, ws, err = dec.Migrate(a.legacy)
			keep(ws, err)
		}
	default:
		a.list, ws, err = dec.Decode(raw)
		keep(ws, err)
	}
	if raw, ok := fields["semantic"]; ok && string(raw) != "null" {
		a.semantic, ws, err = kenar.DecodeSemantic(raw)
		keep(ws, err)
	}
	return warnings
}

// user reads the fields that only user add-ons have.
func (a *addOn) user(fields map[string]json.RawMessage, str func(string) string, faults *widgets.Faults) {
	if v, ok := fields["categories"]; ok && string(v) != "null" {
		if json.Unmarshal(v, &a.categories) != nil {
			faults.Add("data.categories", "must be a list of strings")
		}
	}
	if v, ok := fields["cost"]; ok && string(v) != "null" {
		if json.Unmarshal(v, &a.cost) != nil || a.cost < 0 {
			faults.Add("data.cost", "must be rials as an integer from 0 to 2147483647, is %s", shown(v))
		}
	}
	if a.ticketUUID = str("ticket_uuid"); a.ticketUUID != "" {
		if uuid.Validate(a.ticketUUID) != nil || len(a.ticketUUID) != 36 {
			faults.Add("data.ticket_uuid", "%s is not a UUID", quote(a.ticketUUID))
		}
	}
}

func notSent(name string, kind Kind) widgets.Warning {
	return widgets.Warning{Path: "data." + name, Message: fmt.Sprintf("is not sent: a %s add-on has none", kind)}
}

// detach fills in the operation of a detach event.
func detach(w *Work, raw json.RawMessage) error {
	fields, err := decodeObject(raw)
	if err != nil {
		return &Reason{Code: InvalidEvent, Field: "data", Message: err.Error()}
	}
	var faults widgets.Faults
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		v := fields[name]
		if name != "addon_id" || w.Target.Kind != KindUser {
			faults.Add("data."+name, "is unknown; a detach has no data, except addon_id for users")
		} else if json.Unmarshal(v, &w.AddonID) != nil {
			faults.Add("data.addon_id", "must be a string, is %s", shown(v))
		} else if err := kenar.ValidAddonID(w.AddonID); err != nil {
			faults.Add("data.addon_id", "%s", err)
		}
	}
	switch w.Target.Kind {
	case KindPost:
		w.Lane, w.Op = PostDelete, DeletePost
	case KindUser:
		w.Lane, w.Op = UserDelete, DeleteUser
	case KindBusiness, KindListing:
		faults.Add("subject", "Kenar publishes no way to remove the add-on of a %s", w.Target.Kind)
	}
	if err := faults.Err(); err != nil {
		return asReason(InvalidEvent, err)
	}
	return nil
}
