package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
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

	SubmitPost     Op = "submit_post"      // as a provider
	SubmitUserPost Op = "submit_user_post" // for a user
	PublishPost    Op = "publish_post"     // pays for what was submitted; no event, the step after it
	RenewPost      Op = "renew_post"
	ReorderPost    Op = "reorder_post"
	EditPost       Op = "edit_post"
	RemovePost     Op = "remove_post"
	SetButton      Op = "set_button"
	RemoveButton   Op = "remove_button"
)

func (o Op) known() bool {
	return o.operation() != "" || o == SetButton || o == RemoveButton
}

// deletes reports whether the operation removes an add-on.
func (o Op) deletes() bool { return o == DeletePost || o == DeleteUser }

// removes reports whether the operation takes something away.
func (o Op) removes() bool { return o.deletes() || o == RemovePost || o == RemoveButton }

// submits and pays tell the operations that need a listing's care.
func (o Op) submits() bool { return o == SubmitPost || o == SubmitUserPost }
func (o Op) pays() bool    { return o == PublishPost || o == RenewPost || o == ReorderPost }

// ordered reports whether of several events for a target the newest stands for
// all. A payment is not made by another one, and of edits only what they
// change counts.
func (o Op) ordered() bool { return !o.pays() && o != EditPost }

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
	AddonID     string          `json:"addon_id,omitempty"`  // DeleteUser: what the event named
	Body        json.RawMessage `json:"body,omitempty"`      // the exact bytes of the request, but for image sources
	Images      bool            `json:"images,omitempty"`    // Body names images that must be uploaded first
	Report      string          `json:"report,omitempty"`    // the report that Body was made from: inspection or valuation
	Hash        string          `json:"hash"`                // of operation and body: equal hash, equal effect
	Root        string          `json:"root,omitempty"`      // the event that a replay repeats, whose progress it goes on with
	FollowOf    string          `json:"follow_of,omitempty"` // the event of the listing whose publication it waits for
	Listing     *ListingWork    `json:"listing,omitempty"`   // of a submission or a payment
	Event       json.RawMessage `json:"event"`               // the original, its sensitive identifiers hashed
}

// root is the event whose progress the work goes on with.
func (w *Work) root() string {
	if w.Root != "" {
		return w.Root
	}
	return w.ID
}

// place is where the ledger keeps the state that the work is about.
func (w *Work) place() Place { return w.Lane.place(w.Target, w.root()) }

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
