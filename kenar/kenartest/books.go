package kenartest

import (
	"fmt"
	"slices"
	"time"
)

// An account is the money of an app.
type account struct {
	balance int64
	entries []Entry
}

// An Entry is one movement of an app's money, or the fact that a payment moved
// none. In the books they are in the order in which they happened.
type Entry struct {
	At time.Time
	// Transaction is the id of the payment; empty for what was put in or
	// taken out by SetBalance.
	Transaction string
	State       TransactionState // that the payment came into
	Rials       int64            // what it changed the balance by
	Balance     int64            // after it
}

// Books are where every rial of an app is.
type Books struct {
	App       string
	Deposited int64 // put in by SetBalance, on the whole
	Balance   int64
	Pending   int64 // held for transactions that are pending
	Completed int64 // spent
	Refunded  int64 // had been spent or held, and came back
	// Transactions are all payments, oldest first.
	Transactions []Transaction
	Entries      []Entry
}

// SetBalance makes an app have so many rials, which at first is none. It
// panics when they are below zero.
func (s *Server) SetBalance(app string, rials int64) {
	if rials < 0 {
		panic(fmt.Sprintf("kenartest: balance of %d rials is below zero", rials))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	a := s.account(app)
	a.enter(Entry{At: now, Rials: rials - a.balance})
}

// Books returns the books of an app by its slug.
func (s *Server) Books(app string) Books {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.now())
	a := s.account(app)
	b := Books{App: app, Balance: a.balance, Entries: slices.Clone(a.entries)}
	for _, e := range a.entries {
		if e.Transaction == "" {
			b.Deposited += e.Rials
		}
	}
	for _, t := range s.payments {
		if t.App != app {
			continue
		}
		b.Transactions = append(b.Transactions, *t)
		switch t.State {
		case TransactionPending:
			b.Pending += t.CostRials
		case TransactionCompleted:
			b.Completed += t.CostRials
		case TransactionRefunded:
			b.Refunded += t.CostRials
		}
	}
	return b
}

// Check reports the first thing that does not add up: what was deposited is
// in the balance, held or spent; every entry follows from the one before; and
// a payment has moved its cost exactly when it is pending or completed.
func (b Books) Check() error {
	if got := b.Balance + b.Pending + b.Completed; got != b.Deposited {
		return fmt.Errorf("checking the books of app %q: balance %d, pending %d and completed %d rials are %d, want the deposited %d",
			b.App, b.Balance, b.Pending, b.Completed, got, b.Deposited)
	}
	moved := make(map[string]int64)
	balance := int64(0)
	for i, e := range b.Entries {
		balance += e.Rials
		moved[e.Transaction] += e.Rials
		if e.Balance != balance || balance < 0 {
			return fmt.Errorf("checking the books of app %q: entry %d of transaction %q leaves %d rials, want %d and not below zero",
				b.App, i, e.Transaction, e.Balance, balance)
		}
	}
	if balance != b.Balance {
		return fmt.Errorf("checking the books of app %q: the entries leave %d rials, the balance is %d", b.App, balance, b.Balance)
	}
	for _, t := range b.Transactions {
		want := int64(0)
		if t.State == TransactionPending || t.State == TransactionCompleted {
			want = -t.CostRials
		}
		if moved[t.ID] != want {
			return fmt.Errorf("checking the books of app %q: transaction %s in %s has moved %d rials, want %d",
				b.App, t.ID, t.State, moved[t.ID], want)
		}
	}
	return nil
}

func (s *Server) account(app string) *account {
	a := s.accounts[app]
	if a == nil {
		a = new(account)
		s.accounts[app] = a
	}
	return a
}

// book moves the money of a transaction that comes into a new state: out when
// it begins, back when it does not end well.
func (a *account) book(t *Transaction, state TransactionState, at time.Time) {
	held := t.State == TransactionPending || t.State == TransactionCompleted
	holds := state == TransactionPending || state == TransactionCompleted
	e := Entry{At: at, Transaction: t.ID, State: state}
	switch {
	case holds && !held:
		e.Rials = -t.CostRials
	case held && !holds:
		e.Rials = t.CostRials
	}
	a.enter(e)
}

func (a *account) enter(e Entry) {
	a.balance += e.Rials
	e.Balance = a.balance
	a.entries = append(a.entries, e)
}
