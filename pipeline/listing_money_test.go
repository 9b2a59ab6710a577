package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// before calls change at the next call of an operation, before Kenar judges
// that call.
func (m *market) before(op kenartest.Op, change func()) {
	m.kenar.SetFaultFunc(func(c kenartest.Call) (f kenartest.Fault, ok bool) {
		if c.Op == op && change != nil {
			defer func() { change = nil }()
			change()
		}
		return f, false
	})
}

func (m *market) price(rials int64) {
	m.kenar.SetPrice("apartment-rent", "tehran", kenartest.Price{Submit: rials, Reorder: rials, Renew: rials})
}

// A price may change at any time. Before it was looked at, the bound holds;
// after that nobody can know, and what was paid is told.
func TestListingPriceChanges(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.SetBalance("", 100*flatPrice)
	m.run(func(s *settings) { s.cfg.SpendCap = 100 * flatPrice })
	var ids []string
	spent := int64(0)
	for _, tt := range []struct {
		name  string
		at    kenartest.Op
		price int64
		lost  bool // the answer to the payment
		dead  string
	}{
		{"dearer before the look", kenartest.GetPricing, 600_001, false, "costs 600001 rials, more than the 600000 allowed"},
		{"dearer after the look", kenartest.PublishPost, 700_000, false, ""},
		{"dearer after the look, and the answer is lost", kenartest.PublishPost, 700_000, true, ""},
		{"cheaper after the look", kenartest.PublishPost, 100_000, false, ""},
		{"for nothing after the look", kenartest.PublishPost, 0, false, ""},
		{"for nothing before it, and the answer is lost", kenartest.GetPricing, 0, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			m.price(flatPrice)
			id := fmt.Sprintf("e%d", len(ids))
			ids = append(ids, id)
			m.before(tt.at, func() { m.price(tt.price) })
			if tt.lost {
				// A scripted fault goes first, and the change with the call before it.
				m.before(kenartest.GetBalance, func() { m.price(tt.price) })
				if tt.at == kenartest.GetPricing {
					m.before(kenartest.GetPricing, func() { m.price(tt.price) })
				}
				m.kenar.Script(kenartest.Fault{Op: kenartest.PublishPost, LoseAnswer: true})
			}
			m.publish(submit(id, id, titled(id)))
			if tt.dead != "" {
				m.wantDead(id, PaymentFailed, tt.dead)
				return
			}
			spent += tt.price
			got := m.final(id)
			if got.Result != ResultAccepted || got.CostRials == nil || int64(*got.CostRials) != tt.price {
				t.Errorf("ended %+v (%v), want a cost of %d", got, got.Reason, tt.price)
			}
			if n := len(m.kenar.PendingFaults()); n != 0 {
				t.Errorf("%d answers were not lost", n)
			}
		})
	}
	m.t = t
	m.settled(ids...)
	if got := m.counted(); int64(got) != spent {
		t.Errorf("%d rials are counted for the day, %d were spent", got, spent)
	}
}

// A payment that Kenar refuses, though there was money when it was looked at,
// is a dead letter that says so; charged and replayed it is paid once.
func TestListingRefusedPayment(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.cfg.SpendCap = 10 * flatPrice })
	for id, op := range map[string]kenartest.Op{"publish": kenartest.PublishPost, "reorder": kenartest.ReorderPost, "renew": kenartest.RenewPost} {
		t.Run(id, func(t *testing.T) {
			m.t = t
			before := m.counted()
			m.kenar.SetBalance("", funds)
			m.before(op, func() { m.kenar.SetBalance("", 10) })
			m.shown("g" + id)
			switch id {
			case "publish":
				m.publish(submit(id, id, titled(id)))
			case "reorder":
				m.publish(manage(id, TypeReorder, "post/g"+id, pays(600_000)))
			default:
				m.publish(manage(id, TypeRenew, "post/g"+id, pays(600_000)))
			}
			got := m.wantDead(id, PaymentFailed, "Kenar answered 412", "balance of 10 rials")
			if after := m.counted(); after != before {
				t.Errorf("%d rials are counted for the day, though nothing was paid; it was %d before", after, before)
			}
			if again := m.replayed(id); again.Result != ResultDead || again.Reason.Code != InsufficientBalance {
				t.Errorf("a replay before the balance is charged ended %+v (%v)", again, again.Reason)
			}
			m.kenar.SetBalance("", funds)
			again := m.replayed(id)
			if again.Result != ResultAccepted || again.CostRials == nil || again.PostToken != got.PostToken {
				t.Errorf("the replay ended %+v (%v)", again, again.Reason)
			}
			if third := m.replayed(id); third.Result != ResultUnchanged {
				t.Errorf("the replay of what is paid ended %+v (%v)", third, third.Reason)
			}
		})
	}
	m.t = t
	m.settled()
	if n := len(m.kenar.Books("").Transactions); n != 3 {
		t.Errorf("%d transactions, want 3", n)
	}
}

// Two events are two payments, an event that comes twice is one, and so is one
// that is replayed.
func TestPaidOnce(t *testing.T) {
	t.Parallel()
	m := newMarket(t).under(kenartest.PostRules{ReorderPause: 1, RenewWindow: 1000 * 24 * 3600e9})
	m.run(nil)
	m.shown("gPost")
	for i, typ := range []string{TypeReorder, TypeRenew} {
		a, b := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)
		m.publish(manage(a, typ, "post/gPost", pays(300_000)), manage(b, typ, "post/gPost", pays(300_000)))
		// Past the deduplication of the inbox, which is by header.
		for n := range 3 {
			raw, err := encode(manage(a, typ, "post/gPost", pays(300_000)))
			must(t, err)
			m.publishRaw("kenar.events.post.gPost", fmt.Sprintf("again-%d-%d", i, n), raw)
		}
		one, two := m.final(a), m.final(b)
		if one.Result != ResultAccepted || two.Result != ResultAccepted || one.Transaction == two.Transaction {
			t.Errorf("ended %+v and %+v", one, two)
		}
	}
	m.settled()
	if n := len(m.kenar.Books("").Transactions); n != 4 {
		t.Errorf("%d transactions, want 4", n)
	}
}

// A transaction that is pending holds its money until it is known what became
// of it, however long that takes, and uses no attempts.
func TestListingPendingForLong(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.cfg.MaxAttempts = 2 })
	for i, state := range []kenartest.TransactionState{kenartest.TransactionCompleted, kenartest.TransactionFailed, kenartest.TransactionRefunded} {
		id := fmt.Sprintf("e%d", i)
		m.kenar.ScriptPayments(kenartest.Outcome{State: kenartest.TransactionPending})
		looks := m.count(kenartest.GetTransaction)
		m.publish(submit(id, id, titled(id)))
		m.eventually("it is looked up again and again", func() bool { return m.count(kenartest.GetTransaction) >= looks+5 })
		made := m.kenar.Books("").Transactions
		last := made[len(made)-1]
		if last.State != kenartest.TransactionPending {
			t.Fatalf("transactions %+v", made)
		}
		must(t, m.kenar.ResolveTransaction(last.ID, state))
		if state == kenartest.TransactionRefunded {
			m.wantDead(id, PaymentFailed, "was refunded")
			continue
		}
		got := m.final(id)
		if again := state == kenartest.TransactionFailed; got.Result != ResultAccepted || (got.Transaction != last.ID) != again {
			t.Errorf("ended %+v after transaction %s came into %s", got, last.ID, state)
		}
	}
	m.settled()
}

// The id of a transaction that failed is never used again, which Kenar may or
// may not allow; after its last attempt the event says how often it failed.
func TestListingFailedTransactions(t *testing.T) {
	t.Parallel()
	for _, spent := range []bool{false, true} {
		t.Run(fmt.Sprintf("failed ids are spent: %t", spent), func(t *testing.T) {
			m := newMarket(t).under(kenartest.PostRules{FailedIDsAreSpent: spent})
			failed := kenartest.Outcome{State: kenartest.TransactionFailed}
			m.kenar.ScriptPayments(failed, failed)
			m.run(func(s *settings) { s.cfg.SpendCap, s.cfg.MaxAttempts = 3*flatPrice, 3 })
			m.publish(submit("e1", "e1", titled("e1")))
			if got := m.final("e1"); got.Result != ResultAccepted {
				t.Fatalf("ended %+v (%v)", got, got.Reason)
			}
			m.kenar.ScriptPayments(failed, failed, failed)
			m.publish(submit("e2", "e2", titled("e2")))
			got := m.wantDead("e2", AttemptsExhausted, "3 attempts failed, the last with: transaction ")
			if got.Attempts != 3 {
				t.Errorf("%d attempts are told, want 3", got.Attempts)
			}
			if made := m.kenar.Books("").Transactions; len(made) != 6 {
				t.Errorf("%d transactions, want 6", len(made))
			}
			if got := m.counted(); got != flatPrice {
				t.Errorf("%d rials are counted for the day, want %d", got, flatPrice)
			}
			if again := m.replayed("e2"); again.Result != ResultAccepted {
				t.Errorf("the replay ended %+v (%v)", again, again.Reason)
			}
			m.settled()
		})
	}
}

// What became of a payment may not be known: because the key may not look, or
// because Kenar has a state for it that nobody has heard of.
func TestListingUnknownTransaction(t *testing.T) {
	t.Parallel()
	t.Run("forbidden", func(t *testing.T) {
		m := newMarket(t)
		m.run(nil)
		m.kenar.Script(kenartest.Fault{Op: kenartest.PublishPost, LoseAnswer: true},
			kenartest.Fault{Op: kenartest.GetTransaction, Status: 403, Body: `{"code":7,"message":"no permission"}`, Times: -1})
		m.publish(submit("e1", "e1", titled("e1")))
		got := m.wantDead("e1", Forbidden, "may have been paid", "TRANSACTION_RETRIEVE")
		if got.Transaction == "" || !strings.Contains(got.Reason.Message, got.Transaction) {
			t.Errorf("the dead letter names no transaction: %+v", got)
		}
		// A worker that dies before the dead letter leaves the next one this to tell.
		e := m.entry(UserListingSubmit, "listing/e1", "e1")
		if d := e.deadMark("e1"); d == nil || d.Reason != *got.Reason {
			t.Errorf("the ledger has %+v, the outcome %+v", d, got.Reason)
		}
		m.kenar.ClearFaults()
		if again := m.replayed("e1"); again.Result != ResultAccepted || again.Transaction != got.Transaction {
			t.Errorf("the replay ended %+v (%v)", again, again.Reason)
		}
		m.settled()
	})
	t.Run("a state that is new", func(t *testing.T) {
		m := newMarket(t)
		m.run(nil)
		m.kenar.Script(kenartest.Fault{Op: kenartest.PublishPost, LoseAnswer: true})
		m.kenar.SetFaultFunc(func(c kenartest.Call) (kenartest.Fault, bool) {
			id := strings.TrimPrefix(c.Target, "transaction/")
			return kenartest.Fault{Body: `{"transaction":{"id":"` + id + `","state":"TRANSACTION_STATE_ON_HOLD"}}`}, c.Op == kenartest.GetTransaction
		})
		m.publish(submit("e1", "e1", titled("e1")))
		m.eventually("it is looked up again", func() bool { return m.count(kenartest.GetTransaction) >= 3 })
		m.kenar.ClearFaults()
		m.allAccepted(m.settled("e1"), "e1")
	})
}
