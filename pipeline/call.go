package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// prepare does what can fail before a token is used: the user's grant, and
// the check of the post.
func (p *processor) prepare(ctx context.Context, pl *plan) (access string, _ *Outcome) {
	w := pl.send
	if w.GrantID != "" && !w.Op.deletes() {
		if p.grants == nil {
			return "", p.giveUp(ctx, w, pl.entry, pl.revision, Reason{Code: GrantMissing, Field: "grantid",
				Message: "grant " + quote(w.GrantID) + " is not known: this worker has no store of grants"}).inPlaceOf(pl.own)
		}
		var err error
		if access, err = p.grants.AccessToken(ctx, w); err != nil {
			if r, ok := errors.AsType[*Reason](err); ok {
				return "", p.giveUp(ctx, w, pl.entry, pl.revision, *r).inPlaceOf(pl.own)
			}
			return "", p.wait(prepareRest, fmt.Errorf("get the access token of grant %s: %w", w.GrantID, err))
		}
	}
	if w.Target.Kind == KindPost && !w.Op.deletes() && p.posts != nil {
		switch r, err := p.posts.check(ctx, w.Target.Key, w.ID); {
		case r != nil:
			return "", p.giveUp(ctx, w, pl.entry, pl.revision, *r).inPlaceOf(pl.own)
		case err != nil && p.posts.away(err):
			// The cheap call failed as the scarce one would. It is as good a
			// probe, so the lane waits and no token is used.
			p.health.trip()
			return "", &Outcome{Class: ClassOutage, Next: Hold, Err: err}
		case err != nil && p.posts.mode == PreflightRequire:
			return "", p.wait(prepareRest, err)
		}
	}
	if expired(w, p.now()) { // while it was prepared
		return "", p.giveUp(ctx, w, pl.entry, pl.revision, expiry(w)).inPlaceOf(pl.own)
	}
	return access, nil
}

// prepareRest is how long an event rests in hand whose grant or post could
// not be looked up.
const prepareRest = 15 * time.Second

// wait keeps an event in hand for a while.
func (p *processor) wait(rest time.Duration, err error) *Outcome {
	return &Outcome{Class: ClassBusy, Next: Hold, At: p.now().Add(rest), Err: err}
}

// call writes the intent, spends the token and makes the call. From the
// intent on, the ledger tells any other worker what may have happened.
func (p *processor) call(ctx context.Context, pl *plan, hold ratelimit.Hold, access string) Outcome {
	w, start := pl.send, p.now()
	began := time.Now() // monotonic, whatever the wall clock does
	in := pl.entry
	if in.Event != w.ID {
		in.Attempts, in.Unauthorized = nil, false // another event's
	}
	in.State, in.Event, in.Call, in.Lane, in.Version = StateIntent, w.ID, hold.ID, w.Lane, w.Version
	in.Attempt, in.Lease, in.NotBefore = pl.attempt, start.Add(p.timing.lease()), time.Time{}
	in.Before, in.High = pl.entry.High, pl.entry.High.Raise(w.ID, w.Version)
	in.WasInDoubt, in.InDoubt = pl.entry.InDoubt || pl.entry.State == StateIntent, true
	rev, err := p.write(ctx, w.Target, in, pl.revision)
	if err != nil {
		o := later(err)
		o.Unused = true
		return *o
	}
	p.step("intent")
	if err := p.spend(ctx, w, hold, start, began); err != nil {
		return p.release(ctx, pl, in, rev, hold, ClassHeld, err, nil)
	}
	p.step("spent")

	sent := time.Now()
	receipt, err := p.send(ctx, w, access, pl.addonID)
	at := p.now()
	p.step("called")
	if err != nil && ctx.Err() != nil && !neverSent(err) {
		// The grace is over. The intent stands: whoever takes the event up
		// knows that the result is in doubt.
		return Outcome{Class: ClassHeld, Next: Later, Err: err, Sent: w}
	}
	attempt := Attempt{At: start, DurationMS: time.Since(sent).Milliseconds()}.of(err)
	if err == nil {
		attempt.HTTPStatus = receipt.Status
	}
	switch {
	case neverSent(err):
		p.refund(ctx, w, hold, start)
	case mayBeApplied(err) && classify(err) != ClassAccepted:
		// It may still be under way, or reach Kenar once more by way of a
		// gateway that failed: the worst case stands.
	default:
		p.bucket.Commit(hold, at)
	}
	o := p.settle(ctx, pl, in, rev, hold, receipt, err, attempt)
	o.Call, o.Sent = &attempt, w
	return o
}

// spend records the call and turns the hold into a spent token. After it
// returned nil the request must be sent at once or the token refunded.
func (p *processor) spend(ctx context.Context, w *Work, hold ratelimit.Hold, at, began time.Time) error {
	if p.records {
		if err := p.ledger.RecordCall(ctx, string(w.Lane), hold.ID, w.ID, at.UTC()); err != nil {
			return err
		}
		p.step("recorded")
	}
	ok, err := p.bucket.Spend(ctx, hold)
	if err != nil {
		return fmt.Errorf("spend a token of %s: %w", w.Lane, err)
	}
	if !ok[0] {
		return fmt.Errorf("the token of %s was taken back: the lane was paused, or too much time passed since it was held", w.Lane)
	}
	// A suspended machine stops the one clock, a step moves the other.
	if late := max(time.Since(began), p.now().Sub(at)); late > p.timing.sendBy() {
		// The process was stopped or starved since the intent. Another worker
		// may take this target over before the call would end.
		return fmt.Errorf("too late to send: %s passed since the intent", late.Round(time.Millisecond))
	}
	return nil
}

// refund gives back the token of a call that provably never left.
func (p *processor) refund(ctx context.Context, w *Work, hold ratelimit.Hold, at time.Time) {
	p.bucket.Refund(hold)
	if p.records {
		if err := p.ledger.VoidCall(ctx, string(w.Lane), hold.ID, w.ID, at.UTC()); err != nil {
			p.log.Debug().Err(err).Msg("the record of an unsent call stays; it counts only if Redis loses its data")
		}
	}
}

// send makes the one call that an operation is.
func (p *processor) send(ctx context.Context, w *Work, access, addonID string) (kenar.Receipt, error) {
	switch w.Op {
	case CreatePost:
		return p.client.CreatePostAddon(ctx, w.Target.Key, access, w.Body)
	case CreatePostV1:
		return p.client.CreatePostAddonV1(ctx, w.Target.Key, access, w.Body)
	case CreateBusiness:
		return p.client.CreateBusinessAddon(ctx, w.Target.Key, access, w.Body)
	case CreateUser:
		return p.client.CreateUserAddon(ctx, w.Target.Key, access, w.Body)
	case DeletePost:
		return p.client.DeletePostAddon(ctx, w.Target.Key)
	case DeleteUser:
		return p.client.DeleteUserAddon(ctx, addonID)
	}
	return kenar.Receipt{}, &kenar.Error{Op: string(w.Op), NeverSent: true, Err: fmt.Errorf("operation %s is unknown to this version", w.Op)}
}
