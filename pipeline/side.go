package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// side makes a cheap call that a scarce one depends on. It returns nil when
// that succeeded, else what becomes of the event: no token was spent.
func (p *processor) side(ctx context.Context, pl *plan, doing string, op kenar.Operation, access string, call func() error) *Outcome {
	err := p.asker.ask(ctx, op, pl.send.ID, access != "", call)
	if err == nil {
		if pl.entry.Stuck == op {
			pl.entry.Unseen, pl.entry.Stuck = time.Time{}, ""
		}
		if access != "" {
			pl.entry.Unauthorized = false
		}
		return nil
	}
	return p.sideFailed(ctx, pl, doing, op, access, err)
}

// sideFailed is what becomes of an event whose side call failed.
func (p *processor) sideFailed(ctx context.Context, pl *plan, doing string, op kenar.Operation, access string, err error) *Outcome {
	w := pl.send
	doingErr := fmt.Errorf("%s: %w", doing, err)
	var k *kenar.Error
	var budget *budgetError
	switch {
	case errors.Is(err, errOtherKey):
		return &Outcome{Class: ClassBusy, Next: Hold, Err: doingErr}
	case errors.As(err, &budget):
		return p.putOff(ctx, pl, pl.entry.of(w), max(time.Until(budget.wait.Until), time.Second), doingErr)
	case !errors.As(err, &k):
		return p.waitFor(ctx, pl, op, doingErr)
	}
	switch classify(err) {
	case ClassAuth:
		e := pl.entry.of(w)
		if access != "" && !e.Unauthorized && p.staleToken(ctx, w, access) {
			e.Unauthorized = true
			return p.putOff(ctx, pl, e, time.Second, doingErr)
		}
		if access != "" && p.health.culprit(w.ID) {
			return p.refuse(ctx, pl, p.unauthorized(w, err))
		}
		if access != "" && p.keys != nil && p.keys.Refused(p.keys.Current()) {
			return &Outcome{Class: ClassAuth, Next: Hold, Err: doingErr} // again with the other key
		}
		p.pause(ctx, ClassAuth, ratelimit.Pause{Until: p.unknownPause(), Probe: true,
			Reason: fmt.Sprintf("Kenar refuses the API key (%s: %s); check KENAR_API_KEY", doing, excerpt(err.Error(), 200))})
		return &Outcome{Class: ClassAuth, Next: Hold, Err: doingErr}
	case ClassForbidden:
		who := identity(w)
		if access == "" { // it is the app's call alone
			who = w.Target.String()
		}
		if p.health.refused(who) && !p.health.culprit(w.ID) {
			p.pause(ctx, ClassForbidden, ratelimit.Pause{Until: p.unknownPause(), Probe: true,
				Reason: fmt.Sprintf("%d refusals (403) in a row to %s; check that the API key has permission %s", outageAfter, doing, permissionOf(op))})
			return &Outcome{Class: ClassForbidden, Next: Hold, Err: doingErr}
		}
		return p.refuse(ctx, pl, Reason{Code: Forbidden,
			Message: fmt.Sprintf("cannot %s: %s; the API key needs permission %s", doing, refusal(err), permissionOf(op))})
	case ClassRateLimited: // the permission is paused; look when that is over
		return p.putOff(ctx, pl, pl.entry.of(w), max(k.RetryAfter, minuteWindow), doingErr)
	case ClassPermanent:
		return p.refuse(ctx, pl, Reason{Code: Rejected, Message: fmt.Sprintf("cannot %s: %s", doing, refusal(err))})
	case ClassOutage:
		p.health.trip()
		return &Outcome{Class: ClassOutage, Next: Hold, Err: doingErr}
	default:
		if neverSent(err) || p.health.failed(w.Target) {
			p.health.trip()
			return &Outcome{Class: ClassOutage, Next: Hold, Err: doingErr}
		}
		return p.waitFor(ctx, pl, op, doingErr)
	}
}

// waitFor puts an event off before whose call an operation must be answered, and
// gives it up when that one fails for days. Trouble of our own is no reason to,
// nor is an event given up while it is not known what its last call did.
func (p *processor) waitFor(ctx context.Context, pl *plan, op kenar.Operation, err error) *Outcome {
	e, now := pl.entry.of(pl.send), p.now()
	if e.Unseen.IsZero() || e.Stuck != op {
		e.Unseen, e.Stuck = now.UTC(), op
	}
	_, kenars := errors.AsType[*kenar.Error](err)
	if kenars && now.Sub(e.Unseen) >= p.timing.patience && !e.owes(pl.send) {
		return p.refuse(ctx, pl, Reason{Code: AttemptsExhausted,
			Message: fmt.Sprintf("since %s it could not be prepared: %s", e.Unseen.Format(time.RFC3339), excerpt(err.Error(), 500))})
	}
	return p.putOff(ctx, pl, e, 0, err)
}

// staleToken reports whether a 401 may be the access token's fault, and has it
// replaced before the next call.
func (p *processor) staleToken(ctx context.Context, w *Work, access string) bool {
	if !w.needsGrant() {
		return false
	}
	stale, err := p.grants.refused(ctx, w, access)
	if err != nil {
		p.log.Warn().Err(err).Str("grant", w.GrantID).Msg("cannot say that the access token was refused")
		return true // the next call finds out what is wrong with the grant
	}
	return stale
}

// refusedInReview is why a post that is not published will not be, as far as
// the grant lets that be asked: an add-on that waits for it waits in vain.
func (p *processor) refusedInReview(ctx context.Context, pl *plan, access grants.Token) *Reason {
	w := pl.send
	if w.FollowOf == "" || !w.needsGrant() {
		return nil
	}
	info, err := p.grants.look(ctx, w)
	scopes, serr := kenar.ScopesFor(kenar.OpGetUserPost, w.Target.Key)
	if err != nil || serr != nil || !kenar.Covered(info.Scopes, scopes) {
		return nil //nolint:nilerr // then it cannot be asked
	}
	var post kenar.UserPost
	err = p.asker.ask(ctx, kenar.OpGetUserPost, w.ID, true, func() (err error) {
		post, err = p.client.UserPost(ctx, w.Target.Key, access.Secret())
		return err
	})
	if err != nil {
		p.log.Debug().Err(err).Str("event", w.ID).Msg("cannot ask how far the post has come")
		return nil
	}
	switch post.State {
	case kenar.PostRejected:
		return &Reason{Code: Rejected, Field: "subject", Message: fmt.Sprintf("Divar refused post %s in review: %s", w.Target.Key, excerpt(post.RejectReason, 300))}
	case kenar.PostDeleted, kenar.PostRetired:
		return &Reason{Code: PostRetired, Field: "subject", Message: fmt.Sprintf("post %s is gone (%s)", w.Target.Key, post.State)}
	}
	return nil
}
