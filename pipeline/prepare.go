package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/images"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
	"github.com/kenar-addons/kenar-addons/ratelimit"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// prepared is what a call needs besides its token.
type prepared struct {
	ahead    bool         // no token is held, and it may take long
	access   grants.Token // the user's; zero: none
	body     []byte
	uploads  []Upload
	warnings []widgets.Warning // of what was left out
}

// result is what came of a call.
type result struct {
	receipt     kenar.Receipt
	transaction kenar.Transaction // of a payment
	access      grants.Token      // that the call was made with
	key         string            // likewise, or the one before it; "" without Keys
	err         error
	attempt     Attempt
	warnings    []widgets.Warning
}

// prepare does what can fail before a token is used: the user's grant, the
// check of the post, and the images. The token that is held meanwhile goes to
// another event when there is an outcome.
func (p *processor) prepare(ctx context.Context, pl *plan, ahead bool) (prepared, *Outcome) {
	if ahead && pl.send.Op.pays() && pl.entry.owes(pl.send) { // which needs no grant
		if out := p.lookUpTransaction(ctx, pl, pl.entry.Payment); out != nil {
			return prepared{}, out
		}
	}
	access, out := p.authorize(ctx, pl)
	ready := prepared{ahead: ahead, access: access, body: pl.send.Body}
	if out == nil {
		out = p.lookUp(ctx, pl, access)
	}
	switch {
	case out != nil:
	case pl.send.Op.submits():
		out = p.readySubmission(ctx, pl, &ready)
	case pl.send.Op.pays():
		out = p.readyPayment(ctx, pl, &ready)
	case pl.send.Op == EditPost:
		out = p.readyEdit(ctx, pl, &ready)
	case pl.send.Images:
		out = p.illustrate(ctx, pl, &ready)
	}
	if out != nil {
		return ready, out
	}
	if expired(pl.send, p.now()) { // while it was prepared
		return ready, p.refuse(ctx, pl, expiry(pl.send))
	}
	return ready, nil
}

// authorize gets the access token of the user's grant.
func (p *processor) authorize(ctx context.Context, pl *plan) (grants.Token, *Outcome) {
	w := pl.send
	if !w.needsGrant() {
		return grants.Token{}, nil
	}
	access, err := p.grants.access(ctx, w)
	if err == nil {
		return access, nil
	}
	if r, ok := errors.AsType[*Reason](err); ok {
		if w.Op.submits() && pl.entry.owes(w) {
			*r = ambiguous(w, pl.entry.Listing, r.Message)
		}
		return access, p.refuse(ctx, pl, *r)
	}
	wait := time.Duration(0)
	if u, ok := errors.AsType[*grants.UnavailableError](err); ok && !u.RetryAt.IsZero() {
		wait = max(u.RetryAt.Sub(p.now()), time.Second)
	}
	return access, p.putOff(ctx, pl, pl.entry.of(w), wait, err)
}

// looksUp reports whether the post of an event is looked up before its call.
func (p *processor) looksUp(w *Work) bool {
	if w.Target.Kind != KindPost || w.Op.deletes() {
		return false
	}
	return w.FollowOf != "" || p.posts.mode != PreflightOff && !w.Lane.listing()
}

// lookUp checks the post.
func (p *processor) lookUp(ctx context.Context, pl *plan, access grants.Token) *Outcome {
	w := pl.send
	if !p.looksUp(w) {
		return nil
	}
	follows := w.FollowOf != ""
	switch r, err := p.posts.check(ctx, w.Target.Key, w.ID, follows); {
	case r != nil && r.Code == PostNotFound:
		if why := p.refusedInReview(ctx, pl, access); why != nil {
			return p.refuse(ctx, pl, *why)
		}
		return p.unseen(ctx, pl, *r)
	case err == nil && r == nil:
		pl.entry.Unseen, pl.entry.Stuck = time.Time{}, ""
	case r != nil:
		return p.refuse(ctx, pl, *r)
	case errors.Is(err, errOtherKey):
		return &Outcome{Class: ClassBusy, Next: Hold, Err: err}
	case err != nil && (classify(err) == ClassAuth || classify(err) == ClassForbidden && p.posts.mode == PreflightRequire):
		// The scarce call would be refused as well; or no post will be looked
		// up with this key.
		p.pause(ctx, classify(err), ratelimit.Pause{Until: p.unknownPause(), Probe: true,
			Reason: fmt.Sprintf("Kenar refuses the check of posts (%s); check KENAR_API_KEY and that it has permission %s, or set PREFLIGHT", excerpt(err.Error(), 200), PermissionGetPost)})
		return &Outcome{Class: classify(err), Next: Hold, Err: err}
	case err != nil && p.posts.away(err):
		// The cheap call failed as the scarce one would. It is as good a
		// probe, so the lane waits and no token is used.
		p.health.trip()
		return &Outcome{Class: ClassOutage, Next: Hold, Err: err}
	case err != nil && p.posts.mode == PreflightRequire && classify(err) == ClassPermanent: // such a token cannot be looked up, perhaps
		return p.unseen(ctx, pl, Reason{Code: PostNotFound, Field: "subject",
			Message: fmt.Sprintf("post %s cannot be looked up (%s)", w.Target.Key, excerpt(refusal(err), 200))})
	case err != nil && follows:
		return p.waitFor(ctx, pl, kenar.OpGetPost, err)
	case err != nil && p.posts.mode == PreflightRequire:
		return p.putOff(ctx, pl, pl.entry.of(w), 0, err)
	}
	return nil
}

// unseen puts off an event whose post Kenar does not know: an ad cannot be
// read while it is in review. After a while it is taken not to exist.
func (p *processor) unseen(ctx context.Context, pl *plan, r Reason) *Outcome {
	e, now := pl.entry.of(pl.send), p.now()
	if e.Unseen.IsZero() {
		e.Unseen = now.UTC()
	}
	waited := now.Sub(e.Unseen)
	if waited >= p.posts.patience {
		r.Message += fmt.Sprintf(", neither now nor at any look since %s", e.Unseen.Format(time.RFC3339))
		return p.refuse(ctx, pl, r)
	}
	// Often at first, later a few times a day: the budget of the check is
	// large, not endless.
	next := min(max(p.posts.recheck, waited/2), p.posts.patience-waited)
	return p.putOff(ctx, pl, e, next, &r)
}

// illustrate puts the images of the event in place, which were uploaded ahead.
func (p *processor) illustrate(ctx context.Context, pl *plan, ready *prepared) *Outcome {
	e := pl.entry.of(pl.send)
	made, err := p.images.illustrate(ctx, pl.send, e.Uploads, e.ImageTries >= imageTries-1, p.now())
	ready.body, ready.uploads, ready.warnings = made.body, made.uploads, made.warnings
	if lost, ok := errors.AsType[*errImage](err); ok {
		return p.refuse(ctx, pl, Reason{Code: InvalidWidgets, Field: lost.path, Message: excerpt(lost.err.Error(), 500)})
	}
	if err != nil {
		if _, ok := errors.AsType[*images.Error](err); ok {
			e.ImageTries++
		}
		e.Uploads = made.uploads
		return p.putOff(ctx, pl, e, 0, fmt.Errorf("prepare an image: %w", err))
	}
	return nil
}

// readyFresh is how long what was found out ahead is believed: prices change.
const readyFresh = time.Minute

// prepared reports whether nothing is left to do ahead.
//
// With a token that probes whether the pause of the app is over nothing else
// can be asked: what has to be asked is asked before, without it.
func (p *processor) prepared(pl *plan, probe bool) bool {
	w, e := pl.send, pl.entry.of(pl.send)
	switch {
	case w.Op.submits(), w.Op.pays(), w.Op == EditPost && w.Images, probe && p.looksUp(w):
		return e.State == StateReleased && p.now().Sub(e.Ready) < readyFresh
	}
	return !w.Images || p.images.ready(w.Body, e.Uploads, p.now())
}

// ahead does for an event what can take long, before a token is spent on it:
// it uploads images, and asks Kenar what must be known before a post is
// submitted or paid for. The ledger keeps what came of it. The token that was
// held for the event is another's meanwhile.
func (p *processor) ahead(ctx context.Context, w *Work) (o Outcome) {
	defer func() {
		if bug := recover(); bug != nil {
			o = p.panicked(ctx, w, bug)
		}
	}()
	pl, out := p.plan(ctx, w)
	if out != nil {
		return *out
	}
	ready, out := p.prepare(ctx, pl, true) // no image is fetched for a post that is gone
	if out != nil {
		return *out
	}
	e := pl.entry.of(pl.send)
	e.State, e.Lease, e.Attempt, e.Uploads, e.Ready = StateReleased, time.Time{}, pl.attempt-1, ready.uploads, p.now().UTC()
	e.Unseen, e.Stuck = time.Time{}, "" // nothing keeps it from its call any more
	if _, err := p.write(ctx, pl.send, e, pl.revision); err != nil {
		return *later(err)
	}
	p.step("ahead")
	return Outcome{Class: ClassBusy, Next: Hold}
}

// refuse gives up the event that was to be sent.
func (p *processor) refuse(ctx context.Context, pl *plan, r Reason) *Outcome {
	return p.giveUp(ctx, pl.send, pl.entry, pl.revision, r).inPlaceOf(pl.own)
}

// putOff schedules an event again that could not be prepared, with e as the
// entry of its target. It is no attempt, and others go on. Without a time it
// is the backoff's.
func (p *processor) putOff(ctx context.Context, pl *plan, e Entry, wait time.Duration, err error) *Outcome {
	w := pl.send
	e.Waits++
	if wait == 0 {
		wait = p.backoff.Delay(e.Waits)
	}
	at := p.now().Add(wait).UTC()
	if w.ExpiresAt.After(p.now()) && w.ExpiresAt.Before(at) {
		at = w.ExpiresAt // to be told in time
	}
	e.State, e.Lease, e.NotBefore, e.Attempt = StateRetry, time.Time{}, at, pl.attempt-1
	if _, werr := p.write(ctx, w, e, pl.revision); werr != nil {
		return later(werr)
	}
	if pl.own != w { // the newer one has a place of its own in the queue
		return &Outcome{Class: ClassBusy, Next: Done, Err: err, Finals: []Final{supersededFinal(pl.own, w.ID, p.now())}}
	}
	return &Outcome{Class: ClassBusy, Next: Park, At: at, Err: err}
}
