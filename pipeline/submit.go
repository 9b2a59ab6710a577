package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
	"github.com/kenar-addons/kenar-addons/ratelimit"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// readySubmission does what can fail before a post is submitted: ahead, when no
// token is held, it finds out what became of a try whose answer was lost,
// whether the user may submit and the fields satisfy the schema of the
// category, and uploads images and video. The call then only makes the body of
// what the ledger has kept.
func (p *processor) readySubmission(ctx context.Context, pl *plan, ready *prepared) *Outcome {
	w := pl.send
	s, err := readSubmission(w)
	if err != nil {
		return p.refuse(ctx, pl, Reason{Code: CrashLoop, Message: err.Error()})
	}
	l := pl.entry.Listing.of(w.root())
	if pl.entry.Listing != l { // another event's, of which nothing came
		pl.entry.Listing, pl.entry.Payment = l, nil
	}
	if !ready.ahead {
		ready.uploads = pl.entry.of(w).Uploads
		media, missing := mediaOf(s.Sources(), ready.uploads)
		if missing {
			return &Outcome{Class: ClassBusy, Next: Hold, Unused: true, Ahead: true}
		}
		if ready.body, err = s.Body(l.Business, media); err != nil {
			return p.refuse(ctx, pl, *asReason(InvalidEvent, err))
		}
		return nil
	}
	if !l.Doubt.IsZero() {
		if out := p.look(ctx, pl, s, ready.access.Secret()); out != nil {
			return out
		}
	}
	if pl.attempt > p.most {
		return p.refuse(ctx, pl, exhausted(pl.entry.Attempts))
	}
	for _, check := range []func(context.Context, *plan, listing.Submission, string) *Outcome{
		p.findBusiness, p.maySubmit, p.checkFields, p.remember,
	} {
		if out := check(ctx, pl, s, ready.access.Secret()); out != nil {
			return out
		}
	}
	pl.entry.note(Step{Name: stepChecked, At: p.now().UTC(), Event: w.ID})
	return p.upload(ctx, pl, s.Sources(), ready)
}

// findBusiness finds the business that a post is submitted for: Kenar wants one
// since December 2025.
func (p *processor) findBusiness(ctx context.Context, pl *plan, s listing.Submission, access string) *Outcome {
	w, l := pl.send, pl.entry.Listing
	if l.Business = s.BusinessToken; l.Business != "" {
		return nil
	}
	info, err := p.grants.look(ctx, w)
	if r, ok := errors.AsType[*Reason](err); ok {
		return p.refuse(ctx, pl, *r)
	} else if err != nil {
		return p.putOff(ctx, pl, pl.entry.of(w), 0, err)
	}
	tokens := info.Businesses
	if scopes, err := kenar.ScopesFor(kenar.OpGetUserBusinesses, ""); len(tokens) == 0 && err == nil && kenar.Covered(info.Scopes, scopes) {
		out := p.side(ctx, pl, "ask for the user's businesses", kenar.OpGetUserBusinesses, access, func() error {
			all, err := p.client.UserBusinesses(ctx, access)
			for _, b := range all {
				tokens = append(tokens, b.Token)
			}
			return err
		})
		if out != nil {
			return out
		}
	}
	if len(tokens) != 1 {
		return p.refuse(ctx, pl, Reason{Code: InvalidEvent, Field: "data.business_token",
			Message: fmt.Sprintf("is missing, and %d businesses of grant %s are known, not one: name the business that the post is for", len(tokens), w.GrantID)})
	}
	l.Business = tokens[0]
	return nil
}

// maySubmit asks whether a user may submit posts.
func (p *processor) maySubmit(ctx context.Context, pl *plan, s listing.Submission, access string) *Outcome {
	if s.Model != listing.User {
		return nil
	}
	var may bool
	out := p.side(ctx, pl, "ask whether the user may submit", kenar.OpCanSubmitUserPost, access, func() (err error) {
		may, err = p.client.CanSubmitUserPost(ctx, access)
		return err
	})
	if out == nil && !may {
		return p.refuse(ctx, pl, Reason{Code: Rejected,
			Message: "the user may not submit posts: Divar has not verified or has barred them; they see why in the Divar app"})
	}
	return out
}

// checkFields holds the category fields against the schema of the category.
func (p *processor) checkFields(ctx context.Context, pl *plan, s listing.Submission, _ string) *Outcome {
	l, category := pl.entry.Listing, s.GeneralData.CategorySlug
	refused := l.Refusal
	schema, out := p.schema(ctx, pl, category, refused != "")
	if out != nil {
		return out
	}
	l.Refusal = "" // a replay tries again
	if refused != "" && schema.Hash() == l.Schema {
		return p.refuse(ctx, pl, Reason{Code: Rejected, Message: refused})
	}
	if err := schema.Validate(s.CategoryFields); err != nil {
		r := fieldFaults(err)
		if refused != "" {
			r.Message = "Kenar has changed the schema of category " + category + " since it was read. " + r.Message
		}
		return p.refuse(ctx, pl, *r)
	}
	l.Schema = schema.Hash()
	return nil
}

// schema is that of a category; with anew, as Kenar has it now.
func (p *processor) schema(ctx context.Context, pl *plan, category string, anew bool) (found *categorySchema, out *Outcome) {
	if found = p.schemas.known(category); found != nil && !anew {
		return found, nil
	}
	out = p.side(ctx, pl, "ask for the submit schema of "+category, kenar.OpGetSubmitSchema, "", func() (err error) {
		found, err = p.schemas.fetch(ctx, category)
		return err
	})
	return found, out
}

// fieldFaults is why category fields do not satisfy their schema.
func fieldFaults(err error) *Reason {
	var faults widgets.Faults
	if !errors.As(err, &faults) {
		return asReason(InvalidEvent, err)
	}
	placed := make(widgets.Faults, len(faults))
	for i, f := range faults {
		placed[i] = f
		placed[i].Path = "data." + f.Path
	}
	return asReason(InvalidEvent, placed)
}

// created records that there is a post, and goes on to its publication. With
// no step after it the event has ended. mine is false when the post is another
// listing's; then nothing was recorded.
func (p *processor) created(ctx context.Context, pl *plan, e Entry, rev uint64, postToken string, how Step) (o *Outcome, mine bool) {
	w, now := pl.send, p.now().UTC()
	err := untilDone(ctx, p.log, "write the ledger", func() (err error) {
		mine, err = p.ledger.claimPost(ctx, w.root(), postToken)
		return err
	})
	if err != nil {
		return later(err), true
	}
	if !mine {
		return nil, false
	}
	p.step("owned")
	how.At, how.Event = now, w.ID
	l := e.Listing
	l.PostToken, l.Doubt, l.Looks = postToken, time.Time{}, 0
	e.note(how)
	e.Lease, e.Uploads, e.Ready = time.Time{}, nil, time.Time{}
	e.InDoubt, e.WasInDoubt, e.Before, e.Unauthorized, e.Attempt = false, false, Marks{}, false, 0
	if !w.Listing.Publish {
		l.Done = true
		e.State = StateAccepted
		e.Accepted = &Accepted{Event: w.ID, Hash: w.Hash, At: now, Status: how.HTTPStatus}
	} else {
		e.State, e.Attempts = StateReleased, nil // the next step has attempts of its own
	}
	if _, err := p.write(ctx, w, e, rev); err != nil {
		return later(err), true
	}
	p.step("created")
	return p.afterSubmission(pl.own, w, e), true
}

// afterSubmission is what follows when there is a post.
func (p *processor) afterSubmission(own, w *Work, e Entry) *Outcome {
	var o *Outcome
	if e.Listing.Done {
		o = p.ended(ClassAccepted, acceptedFinal(w, e))
	} else {
		o = p.ended(ClassAccepted)
		next := *w
		next.Lane, next.Op, next.Body, next.Images = ListingPublish, PublishPost, nil, false
		o.Then = []followUp{{work: &next}}
	}
	if own != w {
		o.Finals = append(o.Finals, supersededFinal(own, w.ID, p.now()))
	}
	return o
}

// settleSubmission judges the answer to a submission, where that takes more
// than its class.
func (p *processor) settleSubmission(ctx context.Context, pl *plan, in Entry, rev uint64, hold ratelimit.Hold, got result) (o Outcome, settled bool) {
	w := pl.send
	switch class := classify(got.err); {
	case got.err == nil:
		p.health.answered()
		if hold.Probe {
			p.resume(ctx)
		}
		with := in
		with.Attempts = history(in.Attempts, got.attempt)
		created, mine := p.created(ctx, pl, with, rev, got.receipt.ID, Step{Name: stepSubmitted, HTTPStatus: got.receipt.Status})
		if mine {
			return *created, true
		}
		// A twin of it whose answer was lost has taken it for its own. Both
		// look the same, so it is: this one is submitted once more.
		in.Listing.Doubt = time.Time{}
		got.attempt.Error = fmt.Sprintf("post %s has become another listing's, which looks like it", got.receipt.ID)
		return p.retry(ctx, pl, in, rev, errors.New(got.attempt.Error), got.attempt), true
	case class == ClassAccepted: // without the token of the post
		return p.retry(ctx, pl, in, rev, got.err, got.attempt), true
	case class != ClassPermanent || neverSent(got.err):
		return o, false
	}
	// Perhaps the fields satisfied a schema that is no longer Kenar's. That is
	// asked ahead: here nobody else may touch the listing.
	p.health.answered()
	if hold.Probe {
		p.resume(ctx)
	}
	in.undo(w)
	in.Listing.Refusal = refusal(got.err)
	in.State, in.Lease, in.Ready = StateReleased, time.Time{}, time.Time{}
	in.Attempts = history(in.Attempts, got.attempt)
	if _, err := p.write(ctx, w, in, rev); err != nil {
		return *later(err), true
	}
	p.step("settled")
	return Outcome{Class: ClassBusy, Next: Hold, Err: got.err}, true
}
