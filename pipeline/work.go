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
	Body        json.RawMessage `json:"body,omitempty"`     // the exact bytes of the request, but for image sources
	Images      bool            `json:"images,omitempty"`   // Body names images that must be uploaded first
	Report      string          `json:"report,omitempty"`   // the report that Body was made from: inspection or valuation
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
