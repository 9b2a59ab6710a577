package pipeline

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// call writes the intent, spends the token and makes the call. From the
// intent on, the ledger tells any other worker what may have happened.
func (p *processor) call(ctx context.Context, pl *plan, hold ratelimit.Hold, ready prepared) Outcome {
	w, start := pl.send, p.now()
	began := time.Now() // monotonic, whatever the wall clock does
	in := pl.entry.of(w)
	in.State, in.Call, in.Uploads = StateIntent, hold.ID, ready.uploads
	in.Attempt, in.Lease, in.NotBefore = pl.attempt, start.Add(p.timing.lease()), time.Time{}
	in.Before, in.High = pl.entry.High, pl.entry.High.Raise(w.ID, w.Version)
	in.WasInDoubt, in.InDoubt = pl.entry.InDoubt || pl.entry.State == StateIntent, true
	in.Ready = time.Time{}
	switch {
	case w.Op.submits():
		in.Listing.Doubt = start.UTC()
	case w.Op.pays():
		in.Payment.Tries++
	case w.Op == EditPost:
		in.raiseFields(w)
	}
	rev, err := p.write(ctx, w, in, pl.revision)
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

	p.spans.wait(w, pl.attempt, in.Attempts)
	sent, key := time.Now(), ""
	if p.keys != nil {
		// The client asks for itself, a moment later. If the key was given up
		// in between, blaming the one before it for an answer does no harm: it
		// was refused already.
		key = p.keys.Current()
	}
	ended := p.spans.call(w, pl.attempt)
	receipt, tx, err := p.send(ctx, pl, in, ready)
	at := p.now()
	p.step("called")
	if err != nil && ctx.Err() != nil && !neverSent(err) {
		// The grace is over. The intent stands: whoever takes the event up
		// knows that the result is in doubt.
		ended(0, ClassHeld, at)
		return Outcome{Class: ClassHeld, Next: Later, Err: err, Sent: w}
	}
	attempt := Attempt{At: start, DurationMS: time.Since(sent).Milliseconds()}.of(err)
	if err == nil {
		attempt.HTTPStatus = receipt.Status
	}
	switch {
	case neverSent(err):
		p.refund(ctx, w, hold, start)
	case w.mayBeApplied(err) && classify(err) == ClassRetryable:
		// It may still be under way, or reach Kenar once more by way of a
		// gateway that failed: the worst case stands.
	default:
		p.bucket.Commit(hold, at)
	}
	o := p.settle(ctx, pl, in, rev, hold, result{receipt, tx, ready.access, key, err, attempt, ready.warnings})
	ended(attempt.HTTPStatus, o.Class, at)
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

// send makes the one call that an operation is. in is the intent.
func (p *processor) send(ctx context.Context, pl *plan, in Entry, ready prepared) (receipt kenar.Receipt, tx kenar.Transaction, err error) {
	w, key, access, body := pl.send, pl.send.Target.Key, ready.access.Secret(), ready.body
	switch w.Op {
	case CreatePost:
		receipt, err = p.client.CreatePostAddon(ctx, key, access, body)
	case CreatePostV1:
		receipt, err = p.client.CreatePostAddonV1(ctx, key, access, body)
	case CreateBusiness:
		receipt, err = p.client.CreateBusinessAddon(ctx, key, access, body)
	case CreateUser:
		receipt, err = p.client.CreateUserAddon(ctx, key, access, body)
	case DeletePost:
		receipt, err = p.client.DeletePostAddon(ctx, key)
	case DeleteUser:
		receipt, err = p.client.DeleteUserAddon(ctx, pl.addonID)
	case SubmitPost:
		receipt.ID, err = p.client.SubmitPost(ctx, access, body)
	case SubmitUserPost:
		receipt.ID, err = p.client.SubmitUserPost(ctx, access, body)
	case PublishPost:
		tx, err = p.client.PublishPost(ctx, pl.postToken(), access, in.Payment.of(w))
	case RenewPost:
		tx, err = p.client.RenewPost(ctx, key, access, in.Payment.of(w))
	case ReorderPost:
		var r kenar.Reorder
		r, err = p.client.ReorderPost(ctx, key, access, in.Payment.of(w))
		tx = kenar.Transaction{ID: r.ID, CostRials: r.CostRials} // it tells no state
	case EditPost:
		receipt, err = p.client.EditPost(ctx, key, access, body)
	case RemovePost:
		receipt, err = p.client.DeletePost(ctx, key, access)
	case SetButton, RemoveButton:
		receipt, err = p.sendButton(ctx, w, access)
	default:
		err = &kenar.Error{Op: string(w.Op), NeverSent: true, Err: fmt.Errorf("operation %s is unknown to this version", w.Op)}
	}
	if err == nil && receipt.Status == 0 {
		receipt.Status = http.StatusOK
	}
	return receipt, tx, err
}

func (p *processor) sendButton(ctx context.Context, w *Work, access string) (kenar.Receipt, error) {
	business := w.Target.Kind == KindBusiness
	switch {
	case business && w.Op == SetButton:
		return p.client.SetBusinessButton(ctx, w.Target.Key, access, w.Body)
	case business:
		return p.client.DeleteBusinessButton(ctx, w.Target.Key)
	case w.Op == SetButton:
		return p.client.SetPostButton(ctx, w.Target.Key, access, w.Body)
	}
	return p.client.DeletePostButton(ctx, w.Target.Key, access)
}
