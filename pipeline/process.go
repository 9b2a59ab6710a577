package pipeline

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// An Outcome is what handling one delivery came to: what to tell, in order,
// and what becomes of the delivery. It is data; settle carries it out.
type Outcome struct {
	Class  Class
	Finals []Final
	Next   Next
	At     time.Time // Park: when the event is due; Hold, Later: not before, zero is at once
	Unused bool      // the token was not spent and goes to the next event

	Ahead bool       // something must be done without a token first: see ahead
	Then  []followUp // what comes after the event

	Call *Attempt // the call that was made, nil when there was none
	Sent *Work    // what was sent: the event itself, or a newer one in its place
	Err  error    // for the log
}

// A Final is the end of one event.
type Final struct {
	Work *Work
	Data OutcomeData
	Dead []Attempt // for ResultDead: the history of the event
}

// Next says what becomes of a delivery.
type Next int

// What can become of a delivery.
const (
	Done  Next = iota // acknowledged
	Park              // scheduled for Outcome.At, then acknowledged
	Later             // given back, to be delivered again shortly
	Hold              // kept in hand until the lane may send
)

// A processor carries one event of a lane through its checks to the call. It
// never sees a NATS message, and is safe for concurrent use by different
// targets.
type processor struct {
	lane     Lane
	ledger   *Ledger
	queues   queues
	bucket   *ratelimit.Bucket
	client   *kenar.Client
	keys     Keys      // nil: one, which the client knows
	grants   *consents // nil: none
	asker    *asker
	posts    *postCheck
	images   *illustrator
	schemas  *schemas
	spending *spending
	metrics  *metrics
	spans    *spans
	source   string // of the events that follow a listing
	health   *health
	backoff  Backoff
	timing   timing
	most     int  // attempts
	records  bool // whether calls are recorded for a limiter that forgot them
	now      func() time.Time
	log      zerolog.Logger
	step     func(string)
}

// userAddonFresh is how long an accepted user add-on counts as still there:
// Kenar lets it expire after three months (Kenar docs, user add-on).
const userAddonFresh = 80 * 24 * time.Hour

// process handles one event with a token held for it. Its context outlives
// the stop of the worker by the grace.
func (p *processor) process(ctx context.Context, w *Work, hold ratelimit.Hold) (o Outcome) {
	defer func() {
		if bug := recover(); bug != nil {
			o = p.panicked(ctx, w, bug)
		}
	}()
	pl, out := p.plan(ctx, w)
	if out == nil && !p.prepared(pl, hold.Probe) {
		return Outcome{Class: ClassBusy, Next: Hold, Unused: true, Ahead: true}
	}
	if out == nil {
		var ready prepared
		if ready, out = p.prepare(ctx, pl, false); out == nil {
			p.step("prepared")
			return p.call(ctx, pl, hold, ready)
		}
	}
	out.Unused = true
	return *out
}

// panicked gives up an event whose handling panics: it would do so again, and
// must not stop its lane.
func (p *processor) panicked(ctx context.Context, w *Work, bug any) Outcome {
	p.log.Error().Str("id", w.ID).Str("panic", fmt.Sprint(bug)).Bytes("stack", debug.Stack()).Msg("this is a bug, please report it")
	e, rev, err := p.ledger.Read(ctx, w.place())
	if err != nil {
		return *later(err)
	}
	return *p.giveUp(ctx, w, e, rev, Reason{Code: CrashLoop, Message: "handling the event fails inside the worker; its log has the details"})
}

// screen handles an event as far as that goes without a token: it returns nil
// when the event needs one. Stale events end here while the lane waits.
func (p *processor) screen(ctx context.Context, w *Work) *Outcome {
	_, out := p.plan(ctx, w)
	if out != nil {
		out.Unused = true
	}
	return out
}

// unchanged ends an event that needs no call because its target is as it
// wants it. The ledger still takes its version: an older one must not be sent
// after it.
func (p *processor) unchanged(ctx context.Context, own, send *Work, e Entry, rev uint64) *Outcome {
	e.High = e.High.Raise(send.ID, send.Version)
	if _, err := p.write(ctx, send, e, rev); err != nil {
		return later(err)
	}
	now := p.now()
	o := p.ended(ClassUnchanged, Final{Work: send, Data: OutcomeData{
		EventID: send.ID, Result: ResultUnchanged, Lane: send.Lane, At: now, AddonID: e.AddonID}.with(send, e)})
	if own != send {
		o.Finals = append(o.Finals, supersededFinal(own, send.ID, now))
	}
	return o
}

// giveUp makes an event a dead letter without another call. The mark in the
// ledger comes first: it lets a repetition after a crash tell the same.
func (p *processor) giveUp(ctx context.Context, w *Work, e Entry, rev uint64, r Reason) *Outcome {
	var history []Attempt
	if e.Event == w.ID {
		history = e.Attempts
		if e.State != StateAccepted {
			e.State, e.Lease = StateDead, time.Time{}
		}
	}
	e.markDead(w.ID, r, history)
	if _, err := p.write(ctx, w, e, rev); err != nil {
		return later(err)
	}
	p.uncount(ctx, w, e)
	final := deadFinal(w, r, history, p.now())
	final.Data = final.Data.with(w, e)
	o := p.ended(ClassRefused, final)
	o.Err = &r
	return o
}

// inPlaceOf keeps the delivery of own in hand when the outcome ended another
// event in its place: own is still to be handled.
func (o *Outcome) inPlaceOf(own *Work) *Outcome {
	if len(o.Finals) > 0 && o.Finals[0].Work.ID != own.ID {
		o.Next = Hold
	}
	return o
}

func (e *Entry) markDead(event string, r Reason, history []Attempt) {
	e.Dead = append(e.Dead, DeadMark{Event: event, Reason: r, Attempts: history})
	if n := len(e.Dead) - maxDeadMarks; n > 0 {
		e.Dead = e.Dead[n:]
	}
}

// write stores an entry, and waits while NATS is away: the state of a target
// must not be lost. Only a conflict, or the end of the grace, is an error.
func (p *processor) write(ctx context.Context, w *Work, e Entry, rev uint64) (uint64, error) {
	var next uint64
	err := untilDone(ctx, p.log, "write the ledger", func() (err error) {
		next, err = p.ledger.Write(ctx, w.place(), e, rev)
		return err
	})
	return next, err
}

func later(err error) *Outcome { return &Outcome{Class: ClassBusy, Next: Later, Err: err} }

func (p *processor) ended(c Class, finals ...Final) *Outcome {
	return &Outcome{Class: c, Finals: finals, Next: Done}
}

func acceptedFinal(w *Work, e Entry) Final {
	return Final{Work: w, Data: OutcomeData{
		EventID: w.ID, Result: ResultAccepted, Lane: w.Lane, Attempts: max(e.Attempt, 1),
		HTTPStatus: e.Accepted.Status, At: e.Accepted.At, AddonID: e.AddonID, Warnings: e.Accepted.Warnings,
	}.with(w, e)}
}

func supersededFinal(w *Work, by string, now time.Time) Final {
	return Final{Work: w, Data: OutcomeData{EventID: w.ID, Result: ResultSuperseded, Lane: w.Lane, At: now, SupersededBy: by}}
}

func deadFinal(w *Work, r Reason, history []Attempt, now time.Time) Final {
	status := 0
	if n := len(history); n > 0 {
		status = history[n-1].HTTPStatus
	}
	return Final{Work: w, Dead: history, Data: OutcomeData{
		EventID: w.ID, Result: ResultDead, Lane: w.Lane, Attempts: len(history), HTTPStatus: status, At: now, Reason: &r,
	}}
}
