package pipeline

import (
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// A Listing is how far the submission of a listing has come: a part of the
// ledger entry of its key.
type Listing struct {
	Event     string `json:"event"` // that asked for it; a replay goes on with it
	PostToken string `json:"post_token,omitempty"`
	Business  string `json:"business,omitempty"` // token of the business it is submitted for
	Done      bool   `json:"done,omitempty"`

	// Doubt is when a submission left whose result is not known: there may be
	// a post. Before are the user's posts of the category from before it, as
	// far as Known says that they could be listed; Looks is how often none was
	// found since, Looked when last.
	Doubt  time.Time `json:"doubt,omitzero"`
	Known  bool      `json:"known,omitempty"`
	Before []string  `json:"before,omitempty"`
	Looks  int       `json:"looks,omitempty"`
	Looked time.Time `json:"looked,omitzero"`

	// Schema is the hash of the submit schema that the fields satisfied.
	Schema string `json:"schema,omitempty"`

	// Refusal is what Kenar answered to a submission that it refused, until it
	// is known whether that is because the schema has changed.
	Refusal string `json:"refusal,omitempty"`
}

// A Step is one thing that was done for a listing or a payment, for people.
type Step struct {
	Name        string      `json:"name"`
	At          time.Time   `json:"at"`
	Event       string      `json:"event"` // the event, or a replay of it
	HTTPStatus  int         `json:"http_status,omitempty"`
	CostRials   kenar.Rials `json:"cost_rials,omitempty"`
	Transaction string      `json:"transaction,omitempty"`
	Note        string      `json:"note,omitempty"`
}

// Names of steps.
const (
	stepChecked   = "checked"   // the user may submit, the fields satisfy the schema
	stepUploaded  = "uploaded"  // images and video
	stepSubmitted = "submitted" // there is a post
	stepFound     = "found"     // likewise, after a lost answer
	stepResolved  = "resolved"  // a person said what became of a submission
	stepPriced    = "priced"
	stepPaid      = "paid"
	stepRefunded  = "refunded"
	stepFailed    = "failed"
)

// maxSteps bounds what is told; the first are forgotten.
const maxSteps = 40

// taken reports whether a post exists, or may exist, for another event than
// root, so that no second one may be made for the key.
func (l *Listing) taken(root string) bool {
	return l != nil && l.Event != root && (l.PostToken != "" || !l.Doubt.IsZero())
}

// inDoubt reports whether a post may exist for an event.
func (l *Listing) inDoubt(root string) bool {
	return l != nil && l.Event == root && !l.Doubt.IsZero()
}

// of is the listing as that of an event.
func (l *Listing) of(root string) *Listing {
	if l == nil || l.Event != root {
		return &Listing{Event: root}
	}
	return l
}

// note adds a step. It takes the place of one before that was the same.
func (e *Entry) note(s Step) {
	if n := len(e.Steps); n > 0 && e.Steps[n-1].Name == s.Name && e.Steps[n-1].Event == s.Event && e.Steps[n-1].Transaction == s.Transaction {
		e.Steps = e.Steps[:n-1]
	}
	e.Steps = append(e.Steps, s)
	e.Steps = e.Steps[max(len(e.Steps)-maxSteps, 0):]
}

// A Payment is one purchase. Its id is stored before the first try, and is
// replaced only when Kenar says that the transaction failed.
type Payment struct {
	ID      string                 `json:"id,omitempty"` // of the transaction
	Tries   int                    `json:"tries,omitempty"`
	Price   kenar.Rials            `json:"price"` // as last asked
	State   kenar.TransactionState `json:"state,omitempty"`
	Cost    kenar.Rials            `json:"cost,omitempty"`
	Answer  bool                   `json:"answer,omitempty"`  // Kenar took the payment and told the cost, but no state
	Day     string                 `json:"day,omitempty"`     // whose spending counts it
	Counted kenar.Rials            `json:"counted,omitempty"` // how much of it
	Failed  []string               `json:"failed,omitempty"`  // ids of transactions that failed

	// Refusal is what Kenar answered to the last try, when that does not prove
	// that nothing was paid.
	Refusal string `json:"refusal,omitempty"`
}

// of is what Kenar is told of a payment.
func (p *Payment) of(w *Work) kenar.Payment {
	return kenar.Payment{ID: p.ID, ExtraDetails: w.Listing.ExtraDetails}
}
