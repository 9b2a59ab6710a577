package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/images"
	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/template"
)

// A Builder turns events into work: everything that can be known without a
// call is checked here, so that a bad event is answered within milliseconds
// and costs no quota. The zero value is ready to use.
type Builder struct {
	Widgets      widgets.Decoder
	RequireGrant bool            // events must name a grant
	Templates    *template.Set   // of producers with formats of their own; nil: none
	Images       *images.Fetcher // says which images may be fetched; nil: not checked, a worker does that
}

// Build validates the data of an event and makes its work. raw is the event
// as it came. Version and AdmittedAt are the caller's to set. Errors are
// *Reason. Neither they nor the warnings hold identifiers in clear text.
func (b Builder) Build(e Event, raw []byte) (*Work, []widgets.Warning, error) {
	data, err := b.render(e, raw)
	if err != nil {
		ids, _ := kenar.FindIdentifiers(raw) // valid JSON, or it has none
		return nil, nil, withoutIdentifiers(ids, err)
	}
	// What a template made of the event tells which of its parts are
	// identifiers, whatever the producer calls them.
	ids, err := kenar.FindIdentifiers(raw, data)
	if err != nil {
		return nil, nil, &Reason{Code: InvalidEvent, Message: err.Error()}
	}
	w := &Work{
		ID: e.ID, Target: e.Target, Priority: e.Priority, GrantID: e.GrantID,
		ExpiresAt: e.ExpiresAt, Traceparent: e.Traceparent, Root: e.ReplayOf, FollowOf: e.FollowOf,
	}
	warnings, err := b.request(w, e.Type, data)
	if err == nil {
		err = b.seal(w, raw, ids)
	}
	for i := range warnings {
		warnings[i].Message = ids.Redact(warnings[i].Message)
	}
	if err != nil {
		return nil, warnings, withoutIdentifiers(ids, err)
	}
	return w, warnings, nil
}

// withoutIdentifiers is an error without the identifiers that it repeats of the event.
func withoutIdentifiers(ids kenar.Identifiers, err error) error {
	r := *asReason(InvalidEvent, err)
	r.Message, r.Field = ids.Redact(r.Message), ids.Redact(r.Field)
	return &r
}

// render is the data of an event, made by a template where the producer has a
// format of its own.
func (b Builder) render(e Event, raw []byte) (json.RawMessage, error) {
	if !b.Templates.Has(e.Type) {
		return e.Data, nil
	}
	// Not the worker's context: an event that is being rendered is rendered,
	// whoever stops. Templates have a time limit of their own.
	data, err := b.Templates.Render(context.Background(), e.Type, raw)
	if err != nil {
		return nil, &Reason{Code: InvalidEvent, Field: "data", Message: templateFailed(err)}
	}
	return data, nil
}

// templateFailed tells why a template failed. Which of the values in an error
// of its own is an identifier nobody knows, so all that could be one are
// hidden.
func templateFailed(err error) string {
	t, ok := errors.AsType[*template.Error](err)
	if !ok {
		return err.Error()
	}
	shown := *t
	shown.Message = longNumber.ReplaceAllString(t.Message, "…")
	return shown.Error()
}

// withoutVINs hides what looks like a VIN in the data of a report that was
// refused: it may stand under any name, for the very reason that the report
// is not as it should be.
func withoutVINs(event []byte) []byte {
	fields, err := decodeObject(event)
	if err != nil {
		return event
	}
	data := fields["data"]
	clean := vinLike.ReplaceAllFunc(data, func(word []byte) []byte {
		digits := 0
		for _, c := range word {
			if '0' <= c && c <= '9' {
				digits++
			}
		}
		if digits < 4 || digits == len(word) {
			return word
		}
		return []byte(kenar.Removed)
	})
	if at := bytes.LastIndex(event, data); len(data) > 0 && at >= 0 {
		return slices.Concat(event[:at], clean, event[at+len(data):])
	}
	return event
}

// vinLike is a word as long as a VIN. Those of Iran begin with IR, though ISO
// 3779 has no I.
var vinLike = regexp.MustCompile(`\b[A-Za-z0-9]{17}\b`)

// longNumber is a word of five characters or more with a digit in it.
var longNumber = regexp.MustCompile(`[\p{L}\p{N}_-]*\p{N}[\p{L}\p{N}_-]{4,}|[\p{L}\p{N}_-]{4,}\p{N}|[\p{L}\p{N}_-]{2,}\p{N}[\p{L}\p{N}_-]{2,}`)

// keep is an event as it may be kept when it was refused: an object without
// identifiers and credentials, or a Blob. Of an event in a producer's own
// format that its template does not render, only its size and hash are kept,
// since nobody can say which parts of it are identifiers.
func (b Builder) keep(e Event, raw []byte, r *Reason) json.RawMessage {
	if !b.Templates.Has(e.Type) {
		show := redacted(raw)
		if e.Type == TypeInspection || e.Type == TypeValuation {
			show = withoutVINs(show)
		}
		return deadEvent(raw, show)
	}
	if r.Code == CrashLoop { // not once more
		return blob(raw, nil)
	}
	data, err := b.render(e, raw)
	if err != nil {
		return blob(raw, nil)
	}
	ids, err := kenar.FindIdentifiers(raw, data)
	if err != nil {
		return blob(raw, nil)
	}
	show, err := ids.RedactJSON(raw)
	if err != nil {
		return blob(raw, nil)
	}
	return deadEvent(raw, show)
}

// request fills in the operation and the body.
func (b Builder) request(w *Work, typ string, data json.RawMessage) ([]widgets.Warning, error) {
	switch {
	case typ == TypeDetach:
		return nil, detach(w, data)
	case isListing(typ):
		return b.listing(w, typ, data)
	}
	a, warnings, err := b.addOn(w.Target.Kind, typ, data)
	if err != nil {
		return warnings, err
	}
	w.Images, w.Report = len(a.list.ImageSources()) > 0, a.report
	return warnings, a.request(w)
}

// seal checks what is about to be kept and sent as a whole, and finishes the
// work.
func (b Builder) seal(w *Work, raw []byte, ids kenar.Identifiers) error {
	if b.RequireGrant && w.GrantID == "" && !w.Op.deletes() {
		return &Reason{Code: GrantMissing, Field: "grantid",
			Message: "the event names no grant and REQUIRE_GRANT is on; ask the user for consent and name the grant"}
	}
	if w.Lane.listing() && w.GrantID == "" && (w.Op != RemoveButton || w.Target.Kind != KindBusiness) {
		return &Reason{Code: GrantMissing, Field: "grantid",
			Message: "the event names no grant; posts are made and managed on behalf of a user: ask for consent and name the grant"}
	}
	if w.Body != nil {
		if err := showsIdentifier(w.Body, ids); err != nil {
			if r, ok := errors.AsType[*Reason](err); ok && w.Lane.listing() {
				r.Code = InvalidEvent
			}
			return err
		}
	}
	if w.Listing != nil {
		for _, doc := range []*json.RawMessage{&w.Listing.AddOn, &w.Listing.Button} {
			if len(*doc) == 0 {
				continue
			}
			masked, err := ids.RedactJSON(*doc)
			if err != nil {
				return &Reason{Code: InvalidEvent, Message: err.Error()}
			}
			*doc = masked
		}
	}
	masked, err := ids.RedactJSON(raw)
	if err != nil {
		return &Reason{Code: InvalidEvent, Message: err.Error()}
	}
	w.Event = masked
	if n := len(w.Event) + len(w.Body) + w.Listing.size(); n > MaxMessage-workOverhead {
		return &Reason{Code: InvalidEvent, Field: "data",
			Message: fmt.Sprintf("event and request are %d bytes together, at most %d fit in a message", n, MaxMessage-workOverhead)}
	}
	h := sha256.New()
	h.Write([]byte(w.Op))
	h.Write([]byte{0})
	h.Write(w.Body)
	h.Write([]byte(w.AddonID))
	w.Hash = hex.EncodeToString(h.Sum(nil)[:16])
	return nil
}

// showsIdentifier is why a request must not leave that would tell everybody
// what may leave only hashed.
func showsIdentifier(body []byte, ids kenar.Identifiers) error {
	const what = "an identifier that must not leave in clear text (VIN, chassis_number, engine_number, real_estate_id or old_real_estate_id)"
	var faults widgets.Faults
	shown, err := ids.Shown(body)
	if err != nil {
		return &Reason{Code: InvalidWidgets, Message: err.Error()}
	}
	for _, path := range shown {
		faults.Add(path, "shows %s; give it as semantic data only", what)
	}
	if bytes.Contains(body, []byte(kenar.Removed)) {
		faults.Add("widgets", "a text had %s, which was removed when the event became a dead letter; send the event anew without it", what)
	}
	if sent, err := kenar.MaskJSON(body); len(faults) == 0 && (err != nil || !bytes.Equal(sent, body)) {
		faults.Add("widgets", "the data of an action holds %s; leave it out, or name a record of your own", what)
	}
	if err := faults.Err(); err != nil {
		return asReason(InvalidWidgets, err)
	}
	return nil
}
