package kenartest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

const (
	id1 = "550e8400-e29b-41d4-a716-446655440000"
	id2 = "550e8400-e29b-41d4-a716-446655440001"
)

// When what is offered is what can be paid for.
func TestAvailability(t *testing.T) {
	rules := kenartest.PostRules{Lifetime: 30 * day, RenewWindow: 5 * day, ReorderPause: 12 * time.Hour}
	tests := []struct {
		name                   string
		state                  kenartest.PostState // of a post that is published now; empty: that
		age                    time.Duration       // since then
		submit, reorder, renew bool
	}{
		{name: "waiting for payment", state: kenartest.PostWaitingForPayment, submit: true},
		{name: "in the publish queue", state: kenartest.PostInPublishQueue},
		{name: "waiting for an edit", state: kenartest.PostWaitingForEdit},
		{name: "rejected", state: kenartest.PostRejected},
		{name: "published just now"},
		{name: "before the end of the pause", age: 12*time.Hour - time.Nanosecond},
		{name: "after the pause", age: 12 * time.Hour, reorder: true},
		{name: "before the renewal window", age: 25*day - time.Nanosecond, reorder: true},
		{name: "in the renewal window", age: 25 * day, reorder: true, renew: true},
		{name: "at the last moment", age: 30*day - time.Nanosecond, reorder: true, renew: true},
		{name: "expired", age: 30 * day},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, clock := newMarket(t, kenartest.Config{Posts: rules})
			token := publishedPost(t, s)
			clock.Advance(tt.age)
			if tt.state != "" {
				if err := s.SetPostState(token, tt.state, ""); err != nil {
					t.Fatal(err)
				}
			}
			var offer struct{ Submit, Reorder, Renew struct{ Available bool } }
			decode(t, do(t, s, "GET", fmt.Sprintf(pricingPath, token), ""), &offer)
			for _, what := range []struct {
				path            string
				offered, wanted bool
			}{
				{publishPath, offer.Submit.Available, tt.submit},
				{reorderPath, offer.Reorder.Available, tt.reorder},
				{renewPath, offer.Renew.Available, tt.renew},
			} {
				if what.offered != what.wanted {
					t.Errorf("%s is offered: %v, want %v", what.path, what.offered, what.wanted)
				}
				id := uuid.NewString()
				w := pay(t, s, what.path, token, id)
				if what.wanted {
					wantOK(t, w)
					continue
				}
				wantError(t, w, 412, 9, "not possible for the post")
				wantError(t, do(t, s, "GET", fmt.Sprintf(transactionPath, id), ""), 404, 5, id)
			}
		})
	}
}

// Costs are strings, and what is not possible or costs nothing is left out.
func TestPricing(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{})
	s.AddPost(kenartest.Post{Token: "elsewhere", Category: "light", City: "karaj", State: "PAYMENT_REQ"})
	token := submitted(t, s)
	pricing := func(token string) string {
		return do(t, s, "GET", fmt.Sprintf(pricingPath, token), "").Body.String()
	}
	want := func(submit int) string {
		return fmt.Sprintf(`{"submit":{"available":true,"cost_rials":"%d"},"reorder":{},"renew":{"cost_rials":"7"}}`, submit)
	}
	if got := pricing(token); got != `{"submit":{"available":true,"cost_rials":"500000"},"reorder":{"cost_rials":"400000"},"renew":{"cost_rials":"350000"}}` {
		t.Errorf("at first: %s", got)
	}
	for i, m := range []struct{ category, city string }{{"", ""}, {"", "tehran"}, {"apartment-rent", ""}, {"apartment-rent", "tehran"}} {
		s.SetPrice(m.category, m.city, kenartest.Price{Submit: int64(i + 1), Renew: 7})
		if got := pricing(token); got != want(i+1) {
			t.Errorf("after the price of %+v: %s, want %s", m, got, want(i+1))
		}
	}
	s.SetPrice("", "", kenartest.Price{Submit: 100, Renew: 7})
	if got := pricing(token); got != want(4) {
		t.Errorf("a more general price took over: %s", got)
	}
	if got := pricing("elsewhere"); got != want(100) {
		t.Errorf("elsewhere: %s, want %s", got, want(100))
	}
	wantError(t, do(t, s, "GET", fmt.Sprintf(pricingPath, "unknown"), ""), 404, 5, "unknown")
}

// What is charged is the price of the moment, not the one that was read.
func TestPriceChange(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{})
	token := submitted(t, s)
	s.SetPrice("apartment-rent", "", kenartest.Price{Submit: 123_000})
	wantOK(t, pay(t, s, publishPath, token, id1))
	wantBody(t, do(t, s, "GET", balancePath, ""), `{"balance_rials":"9877000"}`)
	s.SetBalance("", 0)
	wantBody(t, do(t, s, "GET", balancePath, ""), `{}`)
}

func TestPaymentAnswers(t *testing.T) {
	s, clock := newMarket(t, kenartest.Config{Keys: []kenartest.Key{{Value: "k", App: "my-app"}}})
	s.SetBalance("my-app", 5_000_000)
	token := submitted(t, s)
	details := fmt.Sprintf(`{"id":%q,"extra_details":"order 7"}`, strings.ToUpper(id1))
	const common = `"app_slug":"my-app","created_at":"2026-03-21T10:00:00Z"`
	published := `{"transaction":{"id":"` + id1 + `","state":"TRANSACTION_STATE_COMPLETED",` +
		`"type":"TRANSACTION_TYPE_SUBMIT","cost_rials":"500000",` + common + `,"extra_details":"order 7"}}`
	wantBody(t, do(t, s, "POST", fmt.Sprintf(publishPath, token), details), published)
	wantBody(t, do(t, s, "GET", fmt.Sprintf(transactionPath, id1), ""), published)

	clock.Advance(25 * day)
	wantBody(t, pay(t, s, reorderPath, token, id2), `{"id":"`+id2+`","cost_rials":"400000"}`)
	id3 := uuid.NewString()
	wantBody(t, pay(t, s, renewPath, token, id3), `{"transaction":{"id":"`+id3+`","state":"TRANSACTION_STATE_COMPLETED",`+
		`"type":"TRANSACTION_TYPE_RENEW","cost_rials":"350000","app_slug":"my-app","created_at":"2026-04-15T10:00:00Z"}}`)
	if l, _ := s.Listing(token); !l.ExpiresAt.Equal(clock.Now().Add(30*day)) || !l.ReorderedAt.Equal(clock.Now()) {
		t.Errorf("renewed until %s, reordered at %s", l.ExpiresAt, l.ReorderedAt)
	}
}

func TestPaymentBody(t *testing.T) {
	for _, tt := range []struct{ name, body, fault string }{
		{"no id", `{"extra_details":"x"}`, "id: is missing"},
		{"empty id", `{"id":""}`, "id: \"\" is not a UUID of version 4"},
		{"no UUID", `{"id":"order-7"}`, "id: \"order-7\""},
		{"UUID of version 1", `{"id":"550e8400-e29b-11d4-a716-446655440000"}`, "version 4"},
		{"UUID of another variant", `{"id":"550e8400-e29b-41d4-c716-446655440000"}`, "version 4"},
		{"UUID in braces", `{"id":"{550e8400-e29b-41d4-a716-446655440000}"}`, "version 4"},
		{"UUID without dashes", `{"id":"550e8400e29b41d4a716446655440000"}`, "version 4"},
		{"no body", ``, "body is empty"},
	} {
		s, _ := newMarket(t, kenartest.Config{})
		token := submitted(t, s)
		w := do(t, s, "POST", fmt.Sprintf(publishPath, token), tt.body)
		wantError(t, w, 400, 3, tt.fault)
		wantState(t, s, token, kenartest.PostWaitingForPayment)
	}
}

// Which ids can be used again, by the state of their transaction.
func TestReusedID(t *testing.T) {
	tests := []struct {
		name  string
		state kenartest.TransactionState
		rules kenartest.PostRules
		fails bool
	}{
		{"completed", kenartest.TransactionCompleted, kenartest.PostRules{}, true},
		{"pending", kenartest.TransactionPending, kenartest.PostRules{}, true},
		{"refunded", kenartest.TransactionRefunded, kenartest.PostRules{}, true},
		{"failed", kenartest.TransactionFailed, kenartest.PostRules{}, false},
		{"failed and spent", kenartest.TransactionFailed, kenartest.PostRules{FailedIDsAreSpent: true}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newMarket(t, kenartest.Config{Posts: tt.rules})
			first, second := submitted(t, s), submitted(t, s)
			s.ScriptPayments(kenartest.Outcome{State: kenartest.TransactionPending})
			wantOK(t, pay(t, s, publishPath, first, id1))
			if tt.state != kenartest.TransactionPending {
				if err := s.ResolveTransaction(id1, tt.state); err != nil {
					t.Fatal(err)
				}
			}
			before := s.Books("")
			// The id is refused for whatever post and in whatever spelling.
			w := pay(t, s, publishPath, second, strings.ToUpper(id1))
			if !tt.fails {
				wantOK(t, w)
				wantState(t, s, second, kenartest.PostPublished)
				if b := s.Books(""); len(b.Transactions) != 1 || b.Transactions[0].Post != second {
					t.Errorf("transactions %+v, want the second alone", b.Transactions)
				}
				return
			}
			wantError(t, w, 409, 6, id1)
			wantState(t, s, second, kenartest.PostWaitingForPayment)
			if after := s.Books(""); after.Balance != before.Balance || len(after.Entries) != len(before.Entries) {
				t.Errorf("the balance went from %d to %d", before.Balance, after.Balance)
			}
		})
	}
}

// What a payment does, by its outcome: to the money, and to the post.
func TestOutcomes(t *testing.T) {
	const cost, had = 500_000, 10_000_000
	pending := kenartest.TransactionPending
	tests := []struct {
		name                     string
		outcome                  kenartest.Outcome
		at, later                kenartest.TransactionState // before and after one hour
		stateAt, stateLater      kenartest.PostState
		balanceAt, balanceLater  int64
		pendingAt, refundedLater int64
	}{
		{"completes", kenartest.Outcome{},
			kenartest.TransactionCompleted, kenartest.TransactionCompleted,
			kenartest.PostPublished, kenartest.PostPublished, had - cost, had - cost, 0, 0},
		{"fails", kenartest.Outcome{State: kenartest.TransactionFailed},
			kenartest.TransactionFailed, kenartest.TransactionFailed,
			kenartest.PostWaitingForPayment, kenartest.PostWaitingForPayment, had, had, 0, 0},
		{"completes later", kenartest.Outcome{State: pending, After: time.Hour},
			pending, kenartest.TransactionCompleted,
			kenartest.PostWaitingForPayment, kenartest.PostPublished, had - cost, had - cost, cost, 0},
		{"fails later", kenartest.Outcome{State: pending, Then: kenartest.TransactionFailed, After: time.Hour},
			pending, kenartest.TransactionFailed,
			kenartest.PostWaitingForPayment, kenartest.PostWaitingForPayment, had - cost, had, cost, 0},
		{"is refunded later", kenartest.Outcome{State: pending, Then: kenartest.TransactionRefunded, After: time.Hour},
			pending, kenartest.TransactionRefunded,
			kenartest.PostWaitingForPayment, kenartest.PostWaitingForPayment, had - cost, had, cost, cost},
		{"stays pending", kenartest.Outcome{State: pending},
			pending, pending,
			kenartest.PostWaitingForPayment, kenartest.PostWaitingForPayment, had - cost, had - cost, cost, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, clock := newMarket(t, kenartest.Config{})
			token := submitted(t, s)
			s.ScriptPayments(tt.outcome)
			var answer struct {
				Transaction struct{ State kenartest.TransactionState }
			}
			decode(t, pay(t, s, publishPath, token, id1), &answer)
			if answer.Transaction.State != tt.at {
				t.Errorf("answered %s, want %s", answer.Transaction.State, tt.at)
			}
			clock.Advance(time.Hour - 1)
			wantState(t, s, token, tt.stateAt)
			if b := s.Books(""); b.Balance != tt.balanceAt || b.Pending != tt.pendingAt {
				t.Errorf("at first balance %d, pending %d; want %d, %d", b.Balance, b.Pending, tt.balanceAt, tt.pendingAt)
			}
			clock.Advance(1)
			decode(t, do(t, s, "GET", fmt.Sprintf(transactionPath, id1), ""), &answer)
			if answer.Transaction.State != tt.later {
				t.Errorf("later in %s, want %s", answer.Transaction.State, tt.later)
			}
			wantState(t, s, token, tt.stateLater)
			if b := s.Books(""); b.Balance != tt.balanceLater || b.Refunded != tt.refundedLater {
				t.Errorf("later balance %d, refunded %d; want %d, %d", b.Balance, b.Refunded, tt.balanceLater, tt.refundedLater)
			}
		})
	}
}

// Only the id keeps a client from paying twice: while one payment is pending,
// another is taken as well, and both complete.
func TestDoublePayment(t *testing.T) {
	s, clock := newMarket(t, kenartest.Config{})
	token := submitted(t, s)
	pending := kenartest.Outcome{State: kenartest.TransactionPending, After: time.Minute}
	s.ScriptPayments(pending, pending)
	wantOK(t, pay(t, s, publishPath, token, id1))
	wantOK(t, pay(t, s, publishPath, token, id2))
	clock.Advance(time.Minute)
	if b := s.Books(""); b.Completed != 1_000_000 {
		t.Errorf("%d rials were spent, want twice 500000", b.Completed)
	}
	wantState(t, s, token, kenartest.PostPublished)
}

func TestResolveTransaction(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{})
	token := submitted(t, s)
	if err := s.ResolveTransaction(id1, kenartest.TransactionCompleted); err == nil || !strings.Contains(err.Error(), id1) {
		t.Errorf("an unknown transaction: %v", err)
	}
	s.ScriptPayments(kenartest.Outcome{State: kenartest.TransactionPending})
	wantOK(t, pay(t, s, publishPath, token, id1))
	for _, step := range []struct {
		to kenartest.TransactionState
		ok bool
	}{
		{kenartest.TransactionPending, false},
		{"TRANSACTION_STATE_LOST", false},
		{kenartest.TransactionCompleted, true},
		{kenartest.TransactionFailed, false},
		{kenartest.TransactionCompleted, false},
		{kenartest.TransactionRefunded, true},
		{kenartest.TransactionCompleted, false},
	} {
		if err := s.ResolveTransaction(id1, step.to); (err == nil) != step.ok {
			t.Errorf("into %s: %v, want success %v", step.to, err, step.ok)
		}
	}
	wantState(t, s, token, kenartest.PostPublished) // a refund does not end it
}

func TestShortBalance(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{})
	token := submitted(t, s)
	s.SetBalance("", 499_999)
	w := pay(t, s, publishPath, token, id1)
	wantError(t, w, 412, 9, "balance of 499999 rials is less than the cost of 500000 rials")
	if c := s.Calls(); c[len(c)-1].Verdict != kenartest.Refused {
		t.Errorf("verdict %s, want refused", c[len(c)-1].Verdict)
	}
	// The id was not used.
	s.SetBalance("", 500_000)
	wantOK(t, pay(t, s, publishPath, token, id1))
	wantBody(t, do(t, s, "GET", balancePath, ""), `{}`)
}

func TestUserPostsOnly(t *testing.T) {
	for _, only := range []bool{false, true} {
		s, _ := newMarket(t, kenartest.Config{Posts: kenartest.PostRules{UserPostsOnly: only}})
		wantOK(t, do(t, s, "POST", submitPath, flat(nil)))
		w := pay(t, s, publishPath, s.Submitted()[0].Token, id1)
		if only {
			wantError(t, w, 412, 9, "provider")
		} else {
			wantOK(t, w)
		}
		wantOK(t, pay(t, s, publishPath, submitted(t, s), id2))
	}
}

// A script that cannot be is a mistake of the test.
func TestImpossibleOutcomes(t *testing.T) {
	for _, o := range []kenartest.Outcome{
		{State: kenartest.TransactionRefunded},
		{State: kenartest.TransactionPending, Then: kenartest.TransactionPending},
		{State: kenartest.TransactionPending, After: -1},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was scripted", o)
				}
			}()
			kenartest.New(kenartest.Config{}).ScriptPayments(o)
		}()
	}
}
