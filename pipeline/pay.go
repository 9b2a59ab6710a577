package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// readyPayment does what can fail before money is spent: ahead, when no token
// is held, it finds out what became of the transaction if it was tried before,
// asks for the price and the balance, and keeps within the day's cap. The id of
// the transaction is in the ledger before anything leaves.
func (p *processor) readyPayment(ctx context.Context, pl *plan, ready *prepared) *Outcome {
	w := pl.send
	if w.Op == PublishPost && (pl.entry.Listing == nil || pl.entry.Listing.PostToken == "") {
		return p.refuse(ctx, pl, Reason{Code: Ambiguous, Message: errNoListing.Error() + "; it may have been submitted: look at the user's posts"})
	}
	pay := pl.entry.Payment
	if pay == nil {
		pay = new(Payment)
		pl.entry.Payment = pay
	}
	if !ready.ahead {
		return nil
	}
	return p.mayPay(ctx, pl, pay, ready.access.Secret())
}

// uncount takes the price of a payment that ended unpaid back out of what is
// spent on its day. The ledger has its end: a crash in between counts too much.
func (p *processor) uncount(ctx context.Context, w *Work, e Entry) {
	others := e.Listing != nil && e.Listing.Event != w.root() // payment
	if w.Op.pays() && e.Payment != nil && !e.owes(w) && !others {
		p.spending.release(ctx, e.Payment)
	}
}

// mayPay returns nil when the payment may be made. Then it is counted for the
// day.
func (p *processor) mayPay(ctx context.Context, pl *plan, pay *Payment, access string) *Outcome {
	if why := pay.Refusal; why != "" {
		pay.Refusal = "" // a replay tries again
		return p.refuse(ctx, pl, Reason{Code: PaymentFailed, Message: why})
	}
	if pl.attempt > p.most {
		return p.refuse(ctx, pl, exhausted(pl.entry.Attempts))
	}
	if pay.ID == "" {
		pay.ID = uuid.NewString()
		if out := p.keep(ctx, pl); out != nil {
			return out
		}
	}
	if out := p.price(ctx, pl, pay, access); out != nil {
		return out
	}
	if out := p.afford(ctx, pl, pay); out != nil {
		return out
	}
	return p.withinCap(ctx, pl, pay)
}

// keep writes the entry of a plan as it is.
func (p *processor) keep(ctx context.Context, pl *plan) *Outcome {
	e := pl.entry.of(pl.send)
	e.State, e.Lease, e.Attempt = StateReleased, time.Time{}, pl.attempt-1
	rev, err := p.write(ctx, pl.send, e, pl.revision)
	if err != nil {
		return later(err)
	}
	p.step("transaction")
	pl.entry, pl.revision = e, rev
	return nil
}

// postToken is the post that a payment is for.
func (pl *plan) postToken() string {
	if pl.send.Op == PublishPost {
		return pl.entry.Listing.PostToken
	}
	return pl.send.Target.Key
}

// lookUpTransaction finds out what became of a try. It returns nil when
// nothing was paid, so that it may be tried again: with the same id, or with a
// new one when Kenar says that the transaction failed.
func (p *processor) lookUpTransaction(ctx context.Context, pl *plan, pay *Payment) *Outcome {
	w := pl.send
	var tx kenar.Transaction
	unknown := false
	if pay.Answer { // it was taken; only its state is asked for
		err := p.asker.ask(ctx, kenar.OpGetTransaction, w.ID, false, func() (err error) {
			tx, err = p.client.Transaction(ctx, pay.ID)
			return err
		})
		switch {
		case classify(err) == ClassForbidden, kenar.TransactionUnknown(err): // the answer must do
			tx = kenar.Transaction{ID: pay.ID, CostRials: pay.Cost, State: kenar.TransactionCompleted}
		case err != nil:
			return p.putOff(ctx, pl, pl.entry.of(w), 0, fmt.Errorf("look up transaction %s, which was taken: %w", pay.ID, err))
		}
		return p.known(ctx, pl, pay, tx)
	}
	out := p.side(ctx, pl, "look up transaction "+pay.ID+", which may have been paid", kenar.OpGetTransaction, "", func() (err error) {
		tx, err = p.client.Transaction(ctx, pay.ID)
		if unknown = kenar.TransactionUnknown(err); unknown {
			return nil
		}
		return err
	})
	if out != nil {
		return out
	}
	if unknown {
		pay.Tries = 0
		return nil
	}
	return p.known(ctx, pl, pay, tx)
}

// known is what follows from the state of a transaction: nil when it failed,
// and another one may be made.
func (p *processor) known(ctx context.Context, pl *plan, pay *Payment, tx kenar.Transaction) *Outcome {
	w := pl.send
	switch tx.State {
	case kenar.TransactionFailed:
		p.spending.release(ctx, pay)
		pl.entry.note(Step{Name: stepFailed, At: p.now().UTC(), Event: w.ID, Transaction: pay.ID})
		*pay = Payment{Failed: append(pay.Failed, pay.ID), Refusal: pay.Refusal}
		return nil
	case kenar.TransactionCompleted, kenar.TransactionRefunded:
		return p.paid(ctx, pl, pl.entry.of(w), pl.revision, tx, 0)
	}
	return p.pending(ctx, pl, pl.entry.of(w), tx)
}

// pending puts an event off until it is known what became of its transaction.
// A state that this version does not know is as good as pending.
func (p *processor) pending(ctx context.Context, pl *plan, e Entry, tx kenar.Transaction) *Outcome {
	e.Payment.State = tx.State
	return p.putOff(ctx, pl, e, 0, fmt.Errorf("transaction %s is in %s", tx.ID, tx.State))
}

// price asks what the operation costs, and whether it is possible.
func (p *processor) price(ctx context.Context, pl *plan, pay *Payment, access string) *Outcome {
	w := pl.send
	var pricing kenar.Pricing
	out := p.side(ctx, pl, "ask for the price", kenar.OpGetPostPricing, access, func() (err error) {
		pricing, err = p.client.PostPricing(ctx, pl.postToken(), access)
		return err
	})
	if out != nil {
		return out
	}
	price := pricing.Submit
	switch w.Op {
	case RenewPost:
		price = pricing.Renew
	case ReorderPost:
		price = pricing.Reorder
	}
	if !price.Available {
		return p.refuse(ctx, pl, Reason{Code: PaymentFailed, Message: fmt.Sprintf(
			"Kenar offers no price to %s post %s now: it may not be in the state for it", verbOf(w.Op), pl.postToken())})
	}
	pay.Price = price.CostRials
	pl.entry.note(Step{Name: stepPriced, At: p.now().UTC(), Event: w.ID, CostRials: pay.Price, Transaction: pay.ID})
	if most := w.Listing.MaxCost; pay.Price > most {
		return p.refuse(ctx, pl, Reason{Code: PaymentFailed, Field: "data.max_cost_rials", Message: fmt.Sprintf(
			"to %s post %s costs %d rials, more than the %d allowed", verbOf(w.Op), pl.postToken(), pay.Price, most)})
	}
	return nil
}

// verbOf is what a paid operation does, in a message.
func verbOf(o Op) string {
	switch o {
	case RenewPost:
		return "renew"
	case ReorderPost:
		return "reorder"
	}
	return "publish"
}

// afford asks whether the app's balance is enough.
func (p *processor) afford(ctx context.Context, pl *plan, pay *Payment) *Outcome {
	if pay.Price == 0 {
		return nil
	}
	var balance kenar.Rials
	out := p.side(ctx, pl, "ask for the balance", kenar.OpGetBalance, "", func() (err error) {
		balance, err = p.client.Balance(ctx)
		return err
	})
	if out == nil && balance < pay.Price {
		return p.refuse(ctx, pl, Reason{Code: InsufficientBalance, Message: fmt.Sprintf(
			"the app's balance is %d rials, and to %s post %s costs %d: charge it in Kenar's panel, then replay", balance, verbOf(pl.send.Op), pl.postToken(), pay.Price)})
	}
	return out
}

// withinCap takes the price out of what may be spent today.
func (p *processor) withinCap(ctx context.Context, pl *plan, pay *Payment) *Outcome {
	err := p.spending.reserve(ctx, pay)
	var over *capError
	var never *Reason
	switch {
	case errors.As(err, &never):
		return p.refuse(ctx, pl, *never)
	case errors.As(err, &over):
		p.pause(ctx, ClassCapped, ratelimit.Pause{Until: over.until, Reason: over.Error()})
		return &Outcome{Class: ClassCapped, Next: Hold, Err: over}
	case errors.Is(err, errOthersPay):
		return p.putOff(ctx, pl, pl.entry.of(pl.send), 0, err)
	case err != nil:
		return later(err)
	}
	return nil
}

// provesUnpaid reports whether an answer to a payment proves that nothing was
// paid by it, or by an earlier try with the same id. What Kenar answers to an id
// that was paid with before is not documented, so any other refusal may be that.
func provesUnpaid(err error) bool {
	k, ok := errors.AsType[*kenar.Error](err)
	if !ok {
		return false
	}
	switch k.Status {
	case 401, 403, 404, 429:
		return true
	}
	return k.NeverSent || k.Status >= 300 && k.Status <= 399
}

// settlePayment judges the answer to a payment, where that takes more than its
// class.
func (p *processor) settlePayment(ctx context.Context, pl *plan, in Entry, rev uint64, hold ratelimit.Hold, got result) (o Outcome, settled bool) {
	switch class := classify(got.err); {
	case got.err == nil:
		p.health.answered()
		if hold.Probe {
			p.resume(ctx)
		}
		return p.charged(ctx, pl, in, rev, got), true
	case class == ClassAccepted: // without the transaction
		return p.retry(ctx, pl, in, rev, got.err, got.attempt), true
	case class != ClassPermanent || provesUnpaid(got.err):
		return o, false
	}
	// Refused, but an earlier try may have been paid.
	p.health.answered()
	if hold.Probe {
		p.resume(ctx)
	}
	in.Payment.Refusal = refusal(got.err)
	in.State, in.Lease, in.Ready = StateReleased, time.Time{}, time.Time{}
	in.Attempts = history(in.Attempts, got.attempt)
	if _, err := p.write(ctx, pl.send, in, rev); err != nil {
		return *later(err), true
	}
	p.step("settled")
	return Outcome{Class: ClassBusy, Next: Hold, Err: got.err}, true
}

// charged is what follows an answer with the transaction.
func (p *processor) charged(ctx context.Context, pl *plan, e Entry, rev uint64, got result) Outcome {
	switch tx := got.transaction; tx.State {
	case "": // the answer to a reorder tells none
		e.Payment.Answer, e.Payment.Cost = true, tx.CostRials
		e.State, e.Lease, e.Ready = StateReleased, time.Time{}, time.Time{}
		e.Attempts = history(e.Attempts, got.attempt)
		if _, err := p.write(ctx, pl.send, e, rev); err != nil {
			return *later(err)
		}
		p.step("settled")
		return Outcome{Class: ClassBusy, Next: Hold, Err: fmt.Errorf("the state of transaction %s is asked for", tx.ID)}
	case kenar.TransactionFailed:
		p.spending.release(ctx, e.Payment)
		e.note(Step{Name: stepFailed, At: p.now().UTC(), Event: pl.send.ID, Transaction: tx.ID})
		*e.Payment = Payment{Failed: append(e.Payment.Failed, tx.ID)}
		err := fmt.Errorf("transaction %s failed", tx.ID)
		got.attempt.Error = err.Error()
		return p.retry(ctx, pl, e, rev, err, got.attempt)
	case kenar.TransactionCompleted, kenar.TransactionRefunded:
		e.Attempts = history(e.Attempts, got.attempt)
		return *p.paid(ctx, pl, e, rev, tx, got.receipt.Status)
	default:
		e.Attempts = history(e.Attempts, got.attempt)
		pl.entry, pl.revision, pl.attempt = e, rev, pl.attempt+1 // it was an attempt, and is over
		return *p.pending(ctx, pl, e, tx)
	}
}

// paid records a transaction that took money, or gave it back, which ends the
// event.
func (p *processor) paid(ctx context.Context, pl *plan, e Entry, rev uint64, tx kenar.Transaction, status int) *Outcome {
	w, now := pl.send, p.now().UTC()
	pay := e.Payment
	pay.State, pay.Cost, pay.Refusal = tx.State, tx.CostRials, ""
	step := Step{Name: stepPaid, At: now, Event: w.ID, HTTPStatus: status, CostRials: tx.CostRials, Transaction: tx.ID}
	e.Lease, e.Ready, e.InDoubt, e.WasInDoubt, e.Before = time.Time{}, time.Time{}, false, false, Marks{}
	if tx.State == kenar.TransactionRefunded {
		p.spending.release(ctx, pay)
		step.Name = stepRefunded
		e.note(step)
		pl.entry = e
		*pay = Payment{Failed: append(pay.Failed, tx.ID)} // a replay pays anew
		return p.giveUp(ctx, w, e, rev, Reason{Code: PaymentFailed, Message: fmt.Sprintf(
			"transaction %s of %d rials was refunded: to %s post %s did not succeed", tx.ID, tx.CostRials, verbOf(w.Op), pl.postToken())})
	}
	p.spending.correct(ctx, pay)
	e.note(step)
	e.State = StateAccepted
	e.Accepted = &Accepted{Event: w.ID, Hash: w.Hash, At: now, Status: status}
	if e.Listing != nil {
		e.Listing.Done = true
	}
	if _, err := p.write(ctx, w, e, rev); err != nil {
		return later(err)
	}
	p.step("paid")
	p.metrics.spent(w.Op, tx.CostRials)
	return p.repeated(ClassAccepted, w, e)
}

// repeated ends an event that the ledger has as accepted, and does once more
// what follows it.
func (p *processor) repeated(c Class, w *Work, e Entry) *Outcome {
	o := p.ended(c, acceptedFinal(w, e))
	if e.Listing != nil && e.Listing.Done {
		o.Then = w.followUps(e.Listing.PostToken, p.source, e.Accepted.At)
	}
	return o
}
