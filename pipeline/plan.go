package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"
)

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
	if then, ok := e.accepted(w.ID); ok {
		return nil, p.repeated(ClassRepeated, w, then)
	}
	if e.State == StateIntent && now.Before(e.Lease.Add(p.timing.skew)) {
		return nil, later(fmt.Errorf("another call for %s is under way until %s at the latest", w.Target, e.Lease.UTC().Format(time.RFC3339)))
	}
	if w.Op == EditPost {
		e = e.takeTurn(w, p.timing.lease())
	}
	if out := p.planListing(ctx, w, e, rev); out != nil {
		return nil, out
	}
	if by := p.passed(w, e); by != "" {
		return nil, p.ended(ClassSuperseded, supersededFinal(w, by, now))
	}
	if expired(w, now) && !e.owes(w) {
		return nil, p.giveUp(ctx, w, e, rev, expiry(w))
	}
	own := w
	send, by, err := w, "", error(nil)
	var stale []string
	switch {
	case w.Op == EditPost:
		if send, stale, by, err = e.planEdit(w); send != nil {
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

// owes reports whether a post may exist, or money may be paid, of which the
// event has not told yet: that is found out before it ends for another reason.
func (e *Entry) owes(w *Work) bool {
	return w.Op.submits() && e.Listing.inDoubt(w.root()) || w.Op.pays() && e.Payment != nil && e.Payment.Tries > 0
}
