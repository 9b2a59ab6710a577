package kenartest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A TransactionState is what became of a payment.
type TransactionState string

// The states of a transaction. The money of a pending one is held already.
const (
	TransactionPending   TransactionState = "TRANSACTION_STATE_PENDING"
	TransactionCompleted TransactionState = "TRANSACTION_STATE_COMPLETED"
	TransactionFailed    TransactionState = "TRANSACTION_STATE_FAILED"
	TransactionRefunded  TransactionState = "TRANSACTION_STATE_REFUNDED"
)

// A TransactionType is what was paid for.
type TransactionType string

// The types of a transaction. That of a publication is SUBMIT.
const (
	TransactionSubmit  TransactionType = "TRANSACTION_TYPE_SUBMIT"
	TransactionReorder TransactionType = "TRANSACTION_TYPE_REORDER"
	TransactionRenew   TransactionType = "TRANSACTION_TYPE_RENEW"
)

// A Transaction is a payment out of an app's balance.
type Transaction struct {
	ID           string // a UUID of version 4, in lower case
	App          string // slug
	Post         string // token
	Type         TransactionType
	State        TransactionState
	CostRials    int64
	CreatedAt    time.Time
	ChangedAt    time.Time // when it came into its state
	ExtraDetails string

	seq  int // counts all transactions, from 1
	then Outcome
}

// An Outcome is what becomes of a payment.
type Outcome struct {
	// State is that of the transaction at once: completed when it is empty,
	// or pending, or failed.
	State TransactionState
	// Then is what becomes of a pending one: completed when it is empty, or
	// failed, or refunded.
	Then TransactionState
	// After is when that happens; 0 is not before
	// [Server.ResolveTransaction].
	After time.Duration
}

// ScriptPayments appends to what will become of the next payments, one for
// each that is accepted. When none is left they complete at once. It panics
// when an outcome cannot be.
func (s *Server) ScriptPayments(outcomes ...Outcome) {
	for _, o := range outcomes {
		at := o.State == "" || o.State == TransactionCompleted || o.State == TransactionFailed
		later := o.State == TransactionPending && o.After >= 0 &&
			slices.Contains([]TransactionState{"", TransactionCompleted, TransactionFailed, TransactionRefunded}, o.Then)
		if !at && !later {
			panic(fmt.Sprintf("kenartest: outcome %+v of a payment cannot be", o))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes = append(s.outcomes, outcomes...)
}

// ResolveTransaction completes, fails or refunds a pending transaction, or
// refunds a completed one. A refund changes nothing about the post.
func (s *Server) ResolveTransaction(id string, state TransactionState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	t := s.transactions[strings.ToLower(id)]
	if t == nil {
		return fmt.Errorf("resolving the transaction %s: there is none; look at Books for those there are", id)
	}
	final := state == TransactionCompleted || state == TransactionFailed || state == TransactionRefunded
	if !(t.State == TransactionPending && final) && !(t.State == TransactionCompleted && state == TransactionRefunded) {
		return fmt.Errorf("resolving the transaction %s: it is in %s and cannot come into %q", id, t.State, state)
	}
	s.resolve(t, state, now)
	return nil
}

// pay makes the transaction of a paid call. ok is false when there is none,
// and the answer says why: nothing was booked then, and the id is not used.
func (s *Server) pay(req *request, what TransactionType) (t *Transaction, refused answer, ok bool) {
	l, refused, ok := s.managed(req)
	if !ok {
		return nil, refused, false
	}
	given, _ := req.doc.field("id")
	id := strings.ToLower(given.string())
	earlier := s.transactions[id]
	if earlier != nil && (earlier.State != TransactionFailed || s.cfg.Posts.FailedIDsAreSpent || earlier.App != req.app.Slug) {
		// What Kenar answers is not documented, only that the call fails.
		return nil, alreadyExists.because("id: there is a transaction %s already, use another id", id), false
	}
	if why := s.unavailable(l, what, req.now); why != "" {
		return nil, wrongState.because("not possible for the post %s: %s", quote(l.Token), why), false
	}
	cost, account := s.price(l, what), s.account(req.app.Slug)
	if cost > account.balance {
		return nil, wrongState.because("the balance of %d rials is less than the cost of %d rials", account.balance, cost), false
	}
	if earlier != nil {
		s.payments = slices.DeleteFunc(s.payments, func(t *Transaction) bool { return t == earlier })
	}
	details, _ := req.doc.field("extra_details")
	s.paymentCount++
	t = &Transaction{
		ID: id, App: req.app.Slug, Post: l.Token, Type: what, CostRials: cost,
		CreatedAt: req.now, ExtraDetails: details.string(), seq: s.paymentCount, then: s.nextOutcome(),
	}
	s.transactions[id] = t
	s.payments = append(s.payments, t)
	s.resolve(t, t.then.State, req.now)
	if t.State == TransactionPending && t.then.After > 0 {
		s.agenda.add(req.now.Add(t.then.After), func(at time.Time) {
			if t.State == TransactionPending {
				s.resolve(t, t.then.Then, at)
			}
		})
	}
	return t, answer{}, true
}

// nextOutcome is the scripted one with its defaults filled in.
func (s *Server) nextOutcome() Outcome {
	o := Outcome{State: TransactionCompleted, Then: TransactionCompleted}
	if len(s.outcomes) == 0 {
		return o
	}
	scripted := s.outcomes[0]
	s.outcomes = s.outcomes[1:]
	o.After = scripted.After
	if scripted.State != "" {
		o.State = scripted.State
	}
	if scripted.Then != "" {
		o.Then = scripted.Then
	}
	return o
}

// resolve brings a transaction into a state, books what that means in money,
// and lets the post have what was paid for.
func (s *Server) resolve(t *Transaction, state TransactionState, at time.Time) {
	s.account(t.App).book(t, state, at)
	t.State, t.ChangedAt = state, at
	l := s.listings[t.Post]
	if state != TransactionCompleted || l == nil {
		return
	}
	// The post may have changed since a pending payment was accepted: then
	// the money is gone for nothing.
	switch {
	case t.Type == TransactionSubmit && l.State == PostWaitingForPayment:
		s.enter(l, PostWaitingForReview, "", at)
	case t.Type == TransactionReorder && l.State.visible():
		l.ReorderedAt = at
	case t.Type == TransactionRenew && l.State.visible():
		s.prolong(l, at)
		s.show(l)
	}
}

func (s *Server) publishPost(req *request) answer { return s.payFor(req, TransactionSubmit) }
func (s *Server) renewPost(req *request) answer   { return s.payFor(req, TransactionRenew) }

func (s *Server) payFor(req *request, what TransactionType) answer {
	t, refused, ok := s.pay(req, what)
	if !ok {
		return refused
	}
	return success(oneTransaction{t.entry()})
}

// reorderPost answers differently from the other two: with the id and the cost
// only, from which a state cannot be told (Kenar docs, payment/reorder).
func (s *Server) reorderPost(req *request) answer {
	t, refused, ok := s.pay(req, TransactionReorder)
	if !ok {
		return refused
	}
	return success(struct {
		ID   string `json:"id"`
		Cost int64  `json:"cost_rials,omitempty,string"`
	}{t.ID, t.CostRials})
}
