package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// Op is what one call to Kenar does.
type Op string

// The operations.
const (
	CreatePost     Op = "create_post_addon"
	CreatePostV1   Op = "create_post_addon_v1"
	CreateBusiness Op = "create_business_addon"
	CreateUser     Op = "create_user_addon"
	DeletePost     Op = "delete_post_addon"
	DeleteUser     Op = "delete_user_addon"
)

func (o Op) known() bool {
	switch o {
	case CreatePost, CreatePostV1, CreateBusiness, CreateUser, DeletePost, DeleteUser:
		return true
	}
	return false
}

func (o Op) deletes() bool { return o == DeletePost || o == DeleteUser }

// Work is one event made ready to send: what a lane's queue holds. It is
// built once, at admission, and never changes; what happens to it is in the
// ledger.
type Work struct {
	ID          string          `json:"id"` // the event's
	Lane        Lane            `json:"lane"`
	Op          Op              `json:"op"`
	Target      Target          `json:"target"`
	Version     Version         `json:"version"`
	Priority    Priority        `json:"priority"`
	GrantID     string          `json:"grant_id,omitempty"`
	ExpiresAt   time.Time       `json:"expires_at,omitzero"`
	Traceparent string          `json:"traceparent,omitempty"`
	AdmittedAt  time.Time       `json:"admitted_at"`
	AddonID     string          `json:"addon_id,omitempty"` // DeleteUser: what the event named
	Body        json.RawMessage `json:"body,omitempty"`     // the exact bytes of the request
	Hash        string          `json:"hash"`               // of operation and body: equal hash, equal effect
	Event       json.RawMessage `json:"event"`              // the original, its sensitive identifiers hashed
}

// workOverhead is more than the rest of a message of work takes.
const workOverhead = 16 << 10

func decodeWork(data []byte) (*Work, error) {
	w := new(Work)
	if err := json.Unmarshal(data, w); err != nil {
		return nil, fmt.Errorf("read queued work: %w", err)
	}
	if w.ID == "" || w.Target.Key == "" || w.Op == "" {
		return nil, fmt.Errorf("read queued work: id, target or operation is missing")
	}
	return w, nil
}

// encode is JSON without HTML escapes: the body is sent as it is stored.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// A Builder turns events into work: everything that can be known without a
// call is checked here, so that a bad event is answered within milliseconds
// and costs no quota. The zero value is ready to use.
type Builder struct {
	Widgets      widgets.Decoder
	RequireGrant bool // events must name a grant
}

// Build validates the data of an event and makes its work. raw is the event
// as it came. Version and AdmittedAt are the caller's to set. Errors are
// *Reason.
func (b Builder) Build(e Event, raw []byte) (*Work, []widgets.Warning, error) {
	w := &Work{
		ID: e.ID, Target: e.Target, Priority: e.Priority, GrantID: e.GrantID,
		ExpiresAt: e.ExpiresAt, Traceparent: e.Traceparent,
	}
	var warnings []widgets.Warning
	var err error
	switch e.Type {
	case TypeAttach:
		warnings, err = b.attach(w, e.Data)
	case TypeDetach:
		err = detach(w, e.Data)
	default:
		err = &Reason{Code: UnknownType, Field: "type", Message: quote(e.Type) + " is not a type this version handles"}
	}
	if err != nil {
		return nil, warnings, err
	}
	if b.RequireGrant && w.GrantID == "" && !w.Op.deletes() {
		return nil, warnings, &Reason{Code: GrantMissing, Field: "grantid",
			Message: "the event names no grant and REQUIRE_GRANT is on; ask the user for consent and name the grant"}
	}
	if w.Body != nil {
		if sent, err := kenar.MaskJSON(w.Body); err != nil || !bytes.Equal(sent, w.Body) {
			return nil, warnings, &Reason{Code: InvalidWidgets, Field: "widgets",
				Message: "the data of an action holds an identifier that must not leave in clear text (VIN, chassis_number, engine_number, real_estate_id or old_real_estate_id); leave it out, or name a record of your own"}
		}
	}
	masked, err := kenar.RedactJSON(raw)
	if err != nil {
		return nil, warnings, &Reason{Code: InvalidEvent, Message: err.Error()}
	}
	w.Event = masked
	if n := len(w.Event) + len(w.Body); n > MaxMessage-workOverhead {
		return nil, warnings, &Reason{Code: InvalidEvent, Field: "data",
			Message: fmt.Sprintf("event and request are %d bytes together, at most %d fit in a message", n, MaxMessage-workOverhead)}
	}
	h := sha256.New()
	h.Write([]byte(w.Op))
	h.Write([]byte{0})
	h.Write(w.Body)
	h.Write([]byte(w.AddonID))
	w.Hash = hex.EncodeToString(h.Sum(nil)[:16])
	return w, warnings, nil
}
