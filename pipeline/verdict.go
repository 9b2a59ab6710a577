package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// settle decides what the answer to a call means and writes it into the
// ledger: the table of classes. What is to be told, and what becomes of the
// delivery, is in the outcome.
func (p *processor) settle(ctx context.Context, pl *plan, in Entry, rev uint64, hold ratelimit.Hold, got result) Outcome {
	err, attempt := got.err, got.attempt
	switch op := pl.send.Op; {
	case op.submits():
		if o, settled := p.settleSubmission(ctx, pl, in, rev, hold, got); settled {
			return o
		}
	case op.pays():
		if o, settled := p.settlePayment(ctx, pl, in, rev, hold, got); settled {
			return o
		}
	}
	class := classify(err)
	if class == ClassPermanent && in.WasInDoubt && pl.send.Op.removes() && isNotFound(err) {
		// What was to be removed is gone: by the try before, whose answer was
		// lost.
		class = ClassAccepted
	}
	switch class {
	case ClassAccepted:
		p.health.answered()
		if hold.Probe {
			p.resume(ctx)
		}
		return p.accept(ctx, pl, in, rev, got)
	case ClassOutage: // a redirect, or a proxy's refusal: not Kenar's word
		p.health.trip()
		return p.release(ctx, pl, in, rev, ratelimit.Hold{}, class, err, &attempt)
	case ClassRetryable:
		if neverSent(err) {
			// Not an attempt: Kenar never saw it. The way there is broken, or
			// this worker's key cannot be read; one event alone must not die
			// of that.
			p.health.trip()
			return p.release(ctx, pl, in, rev, ratelimit.Hold{}, ClassOutage, err, &attempt)
		}
		if p.health.failed(pl.send.Target) {
			return p.release(ctx, pl, in, rev, ratelimit.Hold{}, ClassOutage, err, &attempt)
		}
		return p.retry(ctx, pl, in, rev, err, attempt)
	case ClassRateLimited:
		p.pause(ctx, class, p.rateLimited(err))
		return p.release(ctx, pl, in, rev, ratelimit.Hold{}, class, err, &attempt)
	case ClassAuth:
		if p.health.culprit(pl.send.ID) {
			return p.bury(ctx, pl, in, rev, p.unauthorized(pl.send, err), err, attempt, class)
		}
		if p.staleToken(ctx, pl.send, got.access.Secret()) && !in.Unauthorized {
			// The access token may just have been stale: once more with
			// another one, before the key is the suspect.
			in.Unauthorized = true
			return p.release(ctx, pl, in, rev, ratelimit.Hold{}, class, err, &attempt)
		}
		if p.keys != nil && p.keys.Refused(got.key) {
			return p.release(ctx, pl, in, rev, ratelimit.Hold{}, class, err, &attempt) // again with the other key
		}
		p.pause(ctx, class, ratelimit.Pause{Until: p.unknownPause(), Probe: true,
			Reason: "Kenar refuses the API key (" + excerpt(attempt.Error, 200) + "); check KENAR_API_KEY"})
		return p.release(ctx, pl, in, rev, ratelimit.Hold{}, class, err, &attempt)
	case ClassForbidden:
		if suspicious := p.health.refused(identity(pl.send)); suspicious && !p.health.culprit(pl.send.ID) {
			p.pause(ctx, class, ratelimit.Pause{Until: p.unknownPause(), Probe: true,
				Reason: fmt.Sprintf("%d refusals (403) in a row; check that the API key has permission %s and the app its widgets", outageAfter, pl.send.Lane)})
			return p.release(ctx, pl, in, rev, ratelimit.Hold{}, class, err, &attempt)
		}
		if hold.Probe {
			p.resume(ctx)
		}
		return p.bury(ctx, pl, in, rev, Reason{Code: Forbidden, Message: refusal(err)}, err, attempt, class)
	default:
		if !neverSent(err) { // else our own client refused it
			p.health.answered()
			if hold.Probe {
				p.resume(ctx)
			}
		}
		return p.bury(ctx, pl, in, rev, Reason{Code: Rejected, Message: refusal(err)}, err, attempt, class)
	}
}

// minuteWindow is Kenar's shortest window.
const minuteWindow = time.Minute

// identity is on whose behalf a call was made: the grant, or without one the
// target.
func identity(w *Work) string {
	if w.GrantID != "" {
		return "grant " + w.GrantID
	}
	return w.Target.String()
}

// rateLimited is the pause that a 429 asks for: until what its header or its
// body says, else a growing time with one probe at its end.
func (p *processor) rateLimited(err error) ratelimit.Pause {
	var k *kenar.Error
	errors.As(err, &k)
	pause := ratelimit.Pause{App: k.Window != "", Probe: true, Reason: "429: " + excerpt(k.Message, 200)}
	switch {
	case k.RetryAfter > 0:
		pause.Until = p.namedPause(k.RetryAfter)
	case k.Window == "minute":
		pause.Until = p.namedPause(minuteWindow)
	default:
		pause.Until = p.unknownPause()
	}
	return pause
}

// namedPause is the end of a pause whose time Kenar named. A second one right
// after it shows that the time was too short: then it grows.
func (p *processor) namedPause(d time.Duration) time.Time {
	return p.health.pause(func(row int) time.Duration {
		if row > 1 {
			return max(d, time.Second<<min(row, 10))
		}
		return d
	})
}

// unknownPause is the end of a pause that nobody gave a time for: at random
// within a quarter of an hour, and up to six hours as they repeat, since each
// probe at its end costs a token.
func (p *processor) unknownPause() time.Time {
	return p.health.pause(func(row int) time.Duration { return ratelimit.UnknownPause(row, p.backoff.rand()) })
}

// unauthorized is why an event that alone is refused with 401 is given up.
func (p *processor) unauthorized(w *Work, err error) Reason {
	if w.GrantID != "" {
		return Reason{Code: GrantRevoked, Message: refusal(err) + "; others are accepted: ask the user for consent again"}
	}
	return Reason{Code: Forbidden, Message: refusal(err) + "; others are accepted: this one may need a grant"}
}

// pause stops the lane for all workers, because of an answer of a class. It
// waits until Redis knows: a pause that was not stored is not in force.
func (p *processor) pause(ctx context.Context, why Class, pause ratelimit.Pause) {
	p.metrics.paused(p.lane, why, pause)
	if err := p.ledger.keepPause(ctx, p.lane, pause); err != nil {
		p.log.Warn().Err(err).Msg("the pause is not kept in the ledger; it ends early if Redis loses its data")
	}
	_ = untilDone(ctx, p.log, "pause the lane", func() error { return p.bucket.Pause(ctx, pause) }) // the grace is over
}

func (p *processor) resume(ctx context.Context) {
	if err := p.bucket.Resume(ctx); err != nil {
		p.log.Warn().Err(err).Msg("cannot end the pause of the lane")
		return
	}
	if err := p.ledger.keepPause(ctx, p.lane, ratelimit.Pause{}); err != nil {
		p.log.Warn().Err(err).Msg("the end of the pause is not kept in the ledger; a restart may pause the lane again")
	}
}

// accept records that Kenar took the call.
func (p *processor) accept(ctx context.Context, pl *plan, e Entry, rev uint64, got result) Outcome {
	w, now := pl.send, p.now().UTC()
	p.posts.accepted()
	e.State, e.Lease, e.InDoubt, e.WasInDoubt, e.Before = StateAccepted, time.Time{}, false, false, Marks{}
	e.Attempts, e.Uploads = history(e.Attempts, got.attempt), nil // Divar keeps them under other names from now on
	if w.Op == EditPost {
		e.tookEdit(w)
	}
	e.Accepted = &Accepted{Event: w.ID, Hash: w.Hash, At: now, Status: got.receipt.Status, Attempts: e.Attempt, Partial: len(got.warnings) > 0, Warnings: got.warnings}
	switch w.Op {
	case CreateUser:
		e.AddonID = got.receipt.ID
	case DeleteUser:
		e.AddonID = ""
	}
	if _, err := p.write(ctx, w, e, rev); err != nil {
		return *later(err)
	}
	p.step("settled")
	o := p.ended(ClassAccepted, acceptedFinal(w, e))
	if pl.own != w {
		o.Finals = append(o.Finals, supersededFinal(pl.own, w.ID, now))
	}
	return *o
}

// retry schedules the event again, or gives it up after its last attempt.
func (p *processor) retry(ctx context.Context, pl *plan, e Entry, rev uint64, err error, attempt Attempt) Outcome {
	doubt := pl.send.mayBeApplied(err) && (pl.send.Op.submits() || pl.send.Op.pays()) // then it is looked up before
	if pl.attempt >= p.most && !doubt {
		return p.bury(ctx, pl, e, rev, exhausted(history(e.Attempts, attempt)), err, attempt, ClassRetryable)
	}
	w := pl.send
	e.State, e.Lease, e.Unauthorized = StateRetry, time.Time{}, false
	e.NotBefore = p.now().Add(p.backoff.Delay(pl.attempt)).UTC()
	e.Attempts = history(e.Attempts, attempt)
	if w.mayBeApplied(err) {
		e.Uploads = nil // Divar has another name for them if it was
	} else {
		e.undo(w)
	}
	if _, err := p.write(ctx, w, e, rev); err != nil {
		return *later(err)
	}
	p.step("settled")
	if pl.own != w { // the newer one has a place of its own in the queue
		return Outcome{Class: ClassRetryable, Next: Done, Err: err, Finals: []Final{supersededFinal(pl.own, w.ID, p.now())}}
	}
	return Outcome{Class: ClassRetryable, Next: Park, At: e.NotBefore, Err: err}
}

// release takes the attempt back: the event stays where it is, and waits with
// its lane. A hold that was not used goes back too.
func (p *processor) release(ctx context.Context, pl *plan, e Entry, rev uint64, hold ratelimit.Hold, class Class, err error, attempt *Attempt) Outcome {
	w := pl.send
	if hold.ID != "" {
		p.refund(ctx, w, hold, p.now())
	}
	e.State, e.Lease, e.Attempt = StateReleased, time.Time{}, pl.attempt-1
	if attempt == nil || !w.mayBeApplied(err) {
		e.undo(w)
	} else {
		e.Uploads = nil
	}
	if _, werr := p.write(ctx, w, e, rev); werr != nil {
		return *later(werr)
	}
	p.step("released")
	return Outcome{Class: class, Next: Hold, Err: err}
}

// bury gives an event up after a call.
func (p *processor) bury(ctx context.Context, pl *plan, e Entry, rev uint64, r Reason, err error, attempt Attempt, class Class) Outcome {
	w := pl.send
	e.State, e.Lease = StateDead, time.Time{}
	e.Attempts = history(e.Attempts, attempt)
	if !w.mayBeApplied(err) {
		e.undo(w)
		if w.Op == EditPost && class == ClassPermanent && !neverSent(err) {
			e.refused(w)
		}
	}
	e.markDead(w.ID, r, e.Attempts)
	if _, err := p.write(ctx, w, e, rev); err != nil {
		return *later(err)
	}
	p.step("settled")
	p.uncount(ctx, w, e)
	final := deadFinal(w, r, e.Attempts, p.now())
	final.Data = final.Data.with(w, e)
	o := p.ended(class, final)
	o.Err = &r
	return *o.inPlaceOf(pl.own)
}

// refusal is Kenar's own words, or the status when it had none.
func refusal(err error) string {
	var k *kenar.Error
	if errors.As(err, &k) && k.Message != "" {
		return fmt.Sprintf("Kenar answered %d: %s", k.Status, k.Message)
	}
	return err.Error()
}
