package pipeline

import (
	"context"
	"errors"
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
	if out == nil && !p.prepared(pl) {
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

// A plan is a decision to call: what to send in whose place, on top of which
// state of the target.
type plan struct {
	own      *Work // the delivery's event
	send     *Work // what to send: own, or the newest queued version
	entry    Entry
	revision uint64
	attempt  int
	addonID  string   // DeleteUser
	stale    []string // fields that were left out of an edit
}

// plan reads the state of the target and decides whether a call is due. It
// returns an outcome when it is not.
func (p *processor) plan(ctx context.Context, w *Work) (*plan, *Outcome) {
	e, rev, err := p.ledger.Read(ctx, w.place())
	if err != nil {
		return nil, later(err)
	}
	now := p.now()
	if !w.Op.known() { // queued by a newer version, which will take it
		return nil, &Outcome{Class: ClassBusy, Next: Later, At: now.Add(time.Minute), Err: fmt.Errorf("operation %s is unknown to this version", w.Op)}
	}
	if d := e.deadMark(w.ID); d != nil {
		return nil, p.ended(ClassRepeated, deadFinal(w, d.Reason, d.Attempts, now))
	}
	if e.Accepted != nil && e.Accepted.Event == w.ID {
		return nil, p.repeated(ClassRepeated, w, e)
	}
	if e.State == StateIntent && now.Before(e.Lease.Add(p.timing.skew)) {
		return nil, later(fmt.Errorf("another call for %s is under way until %s at the latest", w.Target, e.Lease.UTC().Format(time.RFC3339)))
	}
	if out := p.planListing(ctx, w, e, rev); out != nil {
		return nil, out
	}
	if by := p.passed(w, e); by != "" {
		return nil, p.ended(ClassSuperseded, supersededFinal(w, by, now))
	}
	if expired(w, now) {
		return nil, p.giveUp(ctx, w, e, rev, expiry(w))
	}
	own := w
	send, by, err := w, "", error(nil)
	var stale []string
	switch {
	case w.Op == EditPost:
		if send, stale, by, err = p.planEdit(ctx, w, e, now); send != nil {
			own = send
		}
	case w.Op.ordered() && !e.Listing.inDoubt(w.root()):
		send, by, err = p.newest(ctx, w, e, now)
	}
	if err != nil {
		return nil, later(err)
	}
	if by != "" {
		return nil, p.ended(ClassSuperseded, supersededFinal(w, by, now))
	}
	if unchanged(send, e, now) {
		return nil, p.unchanged(ctx, own, send, e, rev)
	}
	pl := &plan{own: own, send: send, stale: stale, entry: e, revision: rev, attempt: 1}
	if e.Event == send.ID {
		pl.attempt = e.Attempt + 1
		switch e.State {
		case StateIntent: // its lease is over: the worker died, or lost the answer
			pl.entry.Attempts = history(e.Attempts, Attempt{At: e.Lease.Add(-p.timing.lease()), Error: errInDoubt})
			pl.entry.Uploads = nil // Divar has another name for them if it was applied
		case StateRetry:
			if due := e.NotBefore; due.After(now.Add(p.timing.skew)) { // NATS' clock may be ahead
				return nil, &Outcome{Class: ClassParked, Next: Park, At: due}
			}
		}
	}
	if pl.attempt > p.most && !send.Op.submits() && !send.Op.pays() { // of those it is found out first what became of the last
		return nil, p.giveUp(ctx, send, pl.entry, rev, exhausted(pl.entry.Attempts)).inPlaceOf(w)
	}
	if send.Op == DeleteUser {
		return p.planUserDelete(ctx, pl)
	}
	return pl, nil
}

// passed returns the event that makes work stale, "" when none does.
func (p *processor) passed(w *Work, e Entry) string {
	if !w.Op.ordered() {
		return ""
	}
	if by := e.High.Passed(w.ID, w.Version); by != "" {
		return by
	}
	if e.waiting() && e.Event != w.ID && e.Version.Newer(w.Version) {
		return e.Event
	}
	return ""
}

const errInDoubt = "result unknown: the worker ended during the call"

// exhausted is why an event is given up after its last attempt.
func exhausted(history []Attempt) Reason {
	for _, a := range history {
		if a.Error != errInDoubt {
			last := history[len(history)-1]
			return Reason{Code: AttemptsExhausted, Message: fmt.Sprintf("%d attempts failed, the last with: %s", len(history), last.Error)}
		}
	}
	return Reason{Code: CrashLoop, Message: fmt.Sprintf("the worker ended during each of %d attempts", len(history))}
}

// unchanged reports whether a call would only repeat what was last accepted.
func unchanged(w *Work, e Entry, now time.Time) bool {
	if w.Hash == "" || e.Accepted == nil || e.InDoubt || e.State == StateIntent || e.Accepted.Partial || e.Accepted.Hash != w.Hash {
		return false
	}
	return w.Op != CreateUser || now.Sub(e.Accepted.At) < userAddonFresh
}

func expiry(w *Work) Reason {
	return Reason{Code: Expired, Field: "expiresat", Message: fmt.Sprintf("it was to be sent before %s", w.ExpiresAt.UTC().Format(time.RFC3339))}
}

func expired(w *Work, now time.Time) bool { return !w.ExpiresAt.IsZero() && !now.Before(w.ExpiresAt) }

// newest finds what to send in the place of w: the newest version of the
// target that is queued in the lane and not stale itself. Retries need no
// look: the ledger knows them. by is the event of a queued removal that makes
// w pointless.
func (p *processor) newest(ctx context.Context, w *Work, e Entry, now time.Time) (send *Work, by string, err error) {
	send = w
	for _, pr := range []Priority{Urgent, Normal} {
		q, err := p.queues.last(ctx, w.Lane, pr, w.Target)
		if err != nil {
			return nil, "", err
		}
		if q != nil && e.open(q, now) && q.Version.Newer(send.Version) {
			send = q
		}
	}
	if w.Lane.deleter() == "" {
		return send, "", nil
	}
	for _, pr := range []Priority{Urgent, Normal} {
		q, err := p.queues.last(ctx, w.Lane.deleter(), pr, w.Target)
		if err != nil {
			return nil, "", err
		}
		if q != nil && e.open(q, now) && q.Version.Newer(send.Version) {
			return nil, q.ID, nil
		}
	}
	return send, "", nil
}

// open reports whether queued work may still be sent.
func (e *Entry) open(q *Work, now time.Time) bool {
	return e.deadMark(q.ID) == nil && e.High.Passed(q.ID, q.Version) == "" && !expired(q, now)
}

// waiting reports whether the event of the entry waits for another call.
func (e *Entry) waiting() bool { return e.State == StateRetry || e.State == StateReleased }

// userDeleteWait is how long the removal of an add-on that is not known waits
// for its creation to be admitted: the two may have been published together.
const userDeleteWait = 5 * time.Second

// planUserDelete finds the handle of the add-on to remove. Without one there
// is nothing to remove when its creation is still to come: recording the
// removal makes that one stale.
func (p *processor) planUserDelete(ctx context.Context, pl *plan) (*plan, *Outcome) {
	if pl.addonID = pl.send.AddonID; pl.addonID == "" {
		pl.addonID = pl.entry.AddonID
	}
	if pl.addonID != "" {
		return pl, nil
	}
	if decide := pl.send.AdmittedAt.Add(userDeleteWait); p.now().Before(decide) {
		return nil, &Outcome{Class: ClassBusy, Next: Hold, At: decide, Err: errors.New("no add-on of this user is known yet")}
	}
	pending := pl.entry.waiting() && pl.entry.Lane == pl.send.Lane.creator()
	for _, pr := range []Priority{Urgent, Normal} {
		q, err := p.queues.last(ctx, pl.send.Lane.creator(), pr, pl.send.Target)
		if err != nil {
			return nil, later(err)
		}
		pending = pending || q != nil && pl.send.Version.Newer(q.Version)
	}
	if pending {
		return nil, p.unchanged(ctx, pl.own, pl.send, pl.entry, pl.revision)
	}
	pl.entry.High = pl.entry.High.Raise(pl.send.ID, pl.send.Version) // the producer's last word all the same
	return nil, p.giveUp(ctx, pl.send, pl.entry, pl.revision, Reason{Code: InvalidEvent, Field: "data.addon_id",
		Message: "no add-on of this user is known here, and the event names none; give the id that its creation returned"}).inPlaceOf(pl.own)
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
