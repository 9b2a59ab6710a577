package pipeline

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// Result is how an event ended, or that it is queued.
type Result string

// The results. Each event gets exactly one of the last four.
const (
	ResultQueued     Result = "queued"
	ResultAccepted   Result = "accepted"   // Kenar took the call; it attaches the add-on later, and does not say when
	ResultUnchanged  Result = "unchanged"  // the same was accepted before, or it was only to be validated; no call
	ResultSuperseded Result = "superseded" // a newer event of the same target took its place; no call
	ResultDead       Result = "dead"       // given up; there is a dead letter, unless it was only to be validated
)

// Types of the events that the pipeline publishes.
const (
	typeQueued = "kenar.outcome.queued.v1"
	typeFinal  = "kenar.outcome.final.v1"
	typeDead   = "kenar.dead.v1"
)

// An OutcomeData is the data of an outcome event.
type OutcomeData struct {
	EventID      string            `json:"event_id"`
	Result       Result            `json:"result"`
	Lane         Lane              `json:"lane,omitempty"`
	Attempts     int               `json:"attempts"`
	HTTPStatus   int               `json:"http_status,omitempty"`
	At           time.Time         `json:"at"`
	SupersededBy string            `json:"superseded_by,omitempty"`
	AddonID      string            `json:"addon_id,omitempty"`       // of a user add-on
	PostToken    string            `json:"post_token,omitempty"`     // of the post that a listing has become
	Transaction  string            `json:"transaction_id,omitempty"` // of a payment, or of its last try
	CostRials    *kenar.Rials      `json:"cost_rials,omitempty"`     // what was paid; absent when nothing was
	Reason       *Reason           `json:"reason,omitempty"`
	Warnings     []widgets.Warning `json:"warnings,omitempty"`
	Position     int               `json:"position,omitempty"`  // queued: 1 is next
	ETA          time.Time         `json:"eta,omitzero"`        // queued: when its token is due; absent when unknown
	InboxSeq     uint64            `json:"inbox_seq,omitempty"` // the inbox message that took the id
}

// with adds what the ledger knows of the listing and the payment of work. What
// was paid is told once, by the event that paid it.
func (d OutcomeData) with(w *Work, e Entry) OutcomeData {
	if e.Listing != nil && e.Listing.Event != w.root() {
		return d
	}
	if e.Listing != nil {
		d.PostToken = e.Listing.PostToken
	}
	if pay := e.Payment; pay != nil {
		if d.Transaction = pay.ID; d.Transaction == "" && len(pay.Failed) > 0 {
			d.Transaction = pay.Failed[len(pay.Failed)-1]
		}
		if pay.State == kenar.TransactionCompleted && d.Result == ResultAccepted {
			d.CostRials = &pay.Cost
		}
	}
	return d
}

// CloudEvent is the envelope of what the pipeline publishes.
type CloudEvent[T any] struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject,omitempty"`
	Time        time.Time `json:"time"`
	ContentType string    `json:"datacontenttype"`
	Data        T         `json:"data"`
}

// An OutcomeEvent tells what became of another event.
type OutcomeEvent = CloudEvent[OutcomeData]

// outcomes publishes outcome events.
type outcomes struct {
	js     jetstream.JetStream
	source string
}

func (o outcomes) event(typ, suffix string, t Target, d OutcomeData) OutcomeEvent {
	e := OutcomeEvent{
		SpecVersion: "1.0", ID: d.EventID + "." + suffix, Source: o.source, Type: typ,
		Time: d.At, ContentType: "application/json", Data: d,
	}
	if t != (Target{}) {
		e.Subject = t.String()
	}
	return e
}

// claim says that an event is queued, unless anything was said of its id
// before: then it returns a conflict (see isConflict).
func (o outcomes) claim(ctx context.Context, w *Work, d OutcomeData) error {
	msg := nats.NewMsg(queuedSubjectPrefix + d.EventID)
	if w.needsGrant() {
		msg.Header.Set(grantHeader, w.GrantID)
	}
	return o.publish(ctx, msg, o.event(typeQueued, "queued", w.Target, d), unlessKnown(d.EventID))
}

// claimFinal is the final outcome of an event that was never queued, under the
// same condition.
func (o outcomes) claimFinal(ctx context.Context, t Target, d OutcomeData) error {
	return o.publish(ctx, nats.NewMsg(finalSubjectPrefix+d.EventID), o.event(typeFinal, "final", t, d), unlessKnown(d.EventID))
}

// unlessKnown lets a publish succeed only if there is no outcome of the id,
// queued or final.
func unlessKnown(id string) jetstream.PublishOpt {
	return jetstream.WithExpectLastSequenceForSubject(0, "kenar.outcomes.*."+id)
}

// final says how an event ended. The first final outcome of an id stays for
// ever: a second one is refused by the expected sequence, which also makes a
// repetition after a crash harmless.
func (o outcomes) final(ctx context.Context, t Target, d OutcomeData) error {
	err := o.publish(ctx, nats.NewMsg(finalSubjectPrefix+d.EventID), o.event(typeFinal, "final", t, d),
		jetstream.WithExpectLastSequencePerSubject(0))
	if isConflict(err) {
		return nil
	}
	return err
}

func (o outcomes) publish(ctx context.Context, msg *nats.Msg, e OutcomeEvent, first jetstream.PublishOpt) (err error) {
	if msg.Data, err = encode(e); err == nil {
		_, err = o.js.PublishMsg(ctx, msg, first)
	}
	return wrap(err, "publish outcome of "+e.Data.EventID)
}
