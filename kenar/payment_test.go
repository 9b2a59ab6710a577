package kenar

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPaymentFaults(t *testing.T) {
	const must = " is not a UUID of version 4 in lower case, such as 550e8400-e29b-41d4-a716-446655440000"
	for id, shown := range map[string]string{
		"":                                      `""`,
		"550e8400-e29b-11d4-a716-446655440000":  `"550e8400-e29b-11d4-a716-446655440000"`, // version 1
		"550e8400-e29b-41d4-c716-446655440000":  `"550e8400-e29b-41d4-c716-446655440000"`, // another variant
		"550E8400-E29B-41D4-A716-446655440000":  `"550E8400-E29B-41D4-A716-446655440000"`,
		"550e8400e29b41d4a716446655440000":      `"550e8400e29b41d4a716446655440000"`,
		"{550e8400-e29b-41d4-a716-446655440000": `"{550e8400-e29b-41d4-a716-446655440000"`,
		"550e8400-e29b-41d4-a716-44665544000/":  `"550e8400-e29b-41d4-a716-44665544000/"`,
	} {
		wantFaults(t, Payment{ID: id}, []string{"id: transaction id " + shown + must})
	}
	wantFaults(t, Payment{ID: paymentID, ExtraDetails: "\xff"}, []string{"extra_details: is not valid UTF-8"})
	for _, id := range []string{paymentID, "00000000-0000-4000-8000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"} {
		if err := ValidTransactionID(id); err != nil {
			t.Error(err)
		}
	}
}

// paid calls a paid operation for what it says about the transaction.
var paid = map[Operation]func(t *testing.T, c *Client) (id string, cost Rials, err error){
	OpPublishPost: func(t *testing.T, c *Client) (string, Rials, error) {
		tr, err := c.PublishPost(t.Context(), "AZir15UU", "", Payment{ID: paymentID})
		return tr.ID, tr.CostRials, err
	},
	OpRenewPost: func(t *testing.T, c *Client) (string, Rials, error) {
		tr, err := c.RenewPost(t.Context(), "AZir15UU", "", Payment{ID: paymentID})
		return tr.ID, tr.CostRials, err
	},
	OpReorderPost: func(t *testing.T, c *Client) (string, Rials, error) {
		r, err := c.ReorderPost(t.Context(), "AZir15UU", "", Payment{ID: paymentID})
		return r.ID, r.CostRials, err
	},
}

// TestPaid: an answer counts only if it is about the payment that was made.
func TestPaid(t *testing.T) {
	tests := []struct {
		name, fields string // of the transaction, or of the answer of a reordering
		cost         Rials
		ok           bool
	}{
		{"amount in quotes", `"id":"` + paymentID + `","cost_rials":"400000"`, 400000, true},
		{"amount as a number", `"id":"` + paymentID + `","cost_rials":400000`, 400000, true},
		{"no amount", `"id":"` + paymentID + `"`, 0, true},
		{"another id", `"id":"550e8400-e29b-41d4-a716-446655440001","cost_rials":"1"`, 0, false},
		{"no id", `"cost_rials":"1"`, 0, false},
		{"id of another type", `"id":5,"cost_rials":"1"`, 0, false},
		{"amount that is none", `"id":"` + paymentID + `","cost_rials":"a lot"`, 0, false},
		{"amount with a fraction", `"id":"` + paymentID + `","cost_rials":1.5`, 0, false},
		{"negative amount", `"id":"` + paymentID + `","cost_rials":"-1"`, 0, false},
	}
	for op, call := range paid {
		for _, tt := range tests {
			t.Run(string(op)+"/"+tt.name, func(t *testing.T) {
				body := `{"transaction":{` + tt.fields + `}}`
				if op == OpReorderPost {
					body = `{` + tt.fields + `}`
				}
				s := serveWire(t, reply(answerOf(200, body)))
				id, cost, err := call(t, newTestClient(t, s.url, Config{}))
				if tt.ok {
					if err != nil || id != paymentID || cost != tt.cost {
						t.Errorf("got %s, %d, %v; want %s and %d", id, cost, err, paymentID, tt.cost)
					}
					return
				}
				if e := wantError(t, err); !errors.Is(err, ErrMalformed) || e.Status != 200 || id != "" || cost != 0 {
					t.Errorf("got %q, %d, %v; want ErrMalformed with status 200", id, cost, err)
				}
			})
		}
	}
}

// TestMayHaveBeenPaid: whatever does not prove the opposite says so. The status
// of a repeated id is not documented, so it may be any refusal.
func TestMayHaveBeenPaid(t *testing.T) {
	const doubt = "it may have been paid: look up the transaction " + paymentID + " before anything else"
	tests := []struct {
		name, answer string // "": none
		doubt        bool
	}{
		{"no answer", "", true},
		{"status line cut off", "HTTP/1.1 2", true},
		{"200 and nothing", answerOf(200, ``), true},
		{"200 and an empty object", answerOf(200, `{}`), true},
		{"200 and half an object", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"transaction\":{", true},
		{"200 of an edge server", answerOf(200, `<html>`), true},
		{"400", answerOf(400, `{"code":3}`), true},
		{"409", answerOf(409, `{"code":6,"message":"id was used"}`), true},
		{"412", answerOf(412, `{"code":9}`), true},
		{"500", answerOf(500, `{"code":13}`), true},
		{"502", answerOf(502, `<html>`), true},
		{"401", answerOf(401, `{"code":16}`), false},
		{"403", answerOf(403, `{"code":7}`), false},
		{"404", answerOf(404, `{"code":5}`), false},
		{"429", answerOf(429, `{"code":8}`), false},
		{"a redirect", answerOf(307, ``), false},
	}
	for op, call := range paid {
		for _, tt := range tests {
			s := serveWire(t, replyThenClose(tt.answer))
			_, _, err := call(t, newTestClient(t, s.url, Config{}))
			if got := strings.HasSuffix(wantError(t, err).Error(), "; "+doubt); got != tt.doubt {
				t.Errorf("%s, %s: %v; may have been paid is %v, want %v", op, tt.name, err, got, tt.doubt)
			}
		}
		s := serveWire(t, func(int, net.Conn) bool { return false })
		_, _, err := call(t, newTestClient(t, s.url, Config{APIKey: func() string { return "" }}))
		if e := wantError(t, err); !e.NeverSent || strings.Contains(err.Error(), doubt) {
			t.Errorf("%s, never sent: %v", op, err)
		}
	}
}

// TestPaymentIsRefused: no call is made with a payment that could be made twice.
func TestPaymentIsRefused(t *testing.T) {
	s := serveWire(t, reply(okAnswer))
	c := newTestClient(t, s.url, Config{})
	for _, call := range []func(postToken string, p Payment) error{
		func(token string, p Payment) error { _, err := c.PublishPost(t.Context(), token, "", p); return err },
		func(token string, p Payment) error { _, err := c.RenewPost(t.Context(), token, "", p); return err },
		func(token string, p Payment) error { _, err := c.ReorderPost(t.Context(), token, "", p); return err },
	} {
		for _, err := range []error{call("AZir15UU", Payment{}), call("AZir15UU", Payment{ID: "1"}), call("../x", Payment{ID: paymentID})} {
			if e := wantError(t, err); !e.NeverSent || !errors.Is(err, ErrInvalid) {
				t.Errorf("%v, want ErrInvalid", err)
			}
		}
	}
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestTransaction(t *testing.T) {
	tests := []struct {
		name, body string
		want       Transaction
		malformed  bool
	}{
		{"as documented", `{"transaction":{"id":"` + paymentID + `","state":"TRANSACTION_STATE_COMPLETED","type":"TRANSACTION_TYPE_SUBMIT",` +
			`"cost_rials":"100000","app_slug":"my-app","created_at":"2024-11-03T12:00:00Z","extra_details":"x"}}`,
			Transaction{paymentID, TransactionCompleted, TransactionSubmit, 100000, "my-app", time.Date(2024, 11, 3, 12, 0, 0, 0, time.UTC), "x"}, false},
		{"what is zero is left out", `{"transaction":{"id":"` + paymentID + `"}}`, Transaction{ID: paymentID, State: TransactionPending}, false},
		{"a state and a type that came later", `{"transaction":{"id":"` + paymentID + `","state":"TRANSACTION_STATE_DISPUTED","type":"TRANSACTION_TYPE_BOOST"}}`,
			Transaction{ID: paymentID, State: "TRANSACTION_STATE_DISPUTED", Type: "TRANSACTION_TYPE_BOOST"}, false},
		{"a state of another type", `{"transaction":{"id":"` + paymentID + `","state":1}}`, Transaction{}, true},
		{"a date that is none", `{"transaction":{"id":"` + paymentID + `","created_at":"yesterday","extra_details":"x"}}`,
			Transaction{ID: paymentID, State: TransactionPending, ExtraDetails: "x"}, false},
		{"details of another type", `{"transaction":{"id":"` + paymentID + `","extra_details":{}}}`, Transaction{}, true},
		{"another transaction", `{"transaction":{"id":"550e8400-e29b-41d4-a716-446655440001"}}`, Transaction{}, true},
		{"none", `{}`, Transaction{}, true},
		{"null", `{"transaction":null}`, Transaction{}, true},
		{"no object", `[]`, Transaction{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, reply(answerOf(200, tt.body)))
			got, err := newTestClient(t, s.url, Config{}).Transaction(t.Context(), paymentID)
			if diff := cmp.Diff(tt.want, got); diff != "" || errors.Is(err, ErrMalformed) != tt.malformed || (err != nil) != tt.malformed {
				t.Errorf("error %v, want malformed: %v (-want +got):\n%s", err, tt.malformed, diff)
			}
			if TransactionUnknown(err) {
				t.Errorf("%v is taken for Kenar not knowing the transaction", err)
			}
		})
	}
}

// TestTransactionUnknown: only Kenar can say that there is none.
func TestTransactionUnknown(t *testing.T) {
	tests := []struct {
		name, answer string
		want         bool
	}{
		{"Kenar's 404", answerOf(404, `{"code":5,"message":"transaction not found"}`), true},
		{"404 of an edge server", answerOf(404, `<html>`), false},
		{"404 with another code", answerOf(404, `{"code":12}`), false},
		{"code 5 in another status", answerOf(400, `{"code":5}`), false},
		{"no answer", "", false},
	}
	for _, tt := range tests {
		s := serveWire(t, replyThenClose(tt.answer))
		_, err := newTestClient(t, s.url, Config{}).Transaction(t.Context(), paymentID)
		if got := TransactionUnknown(err); got != tt.want {
			t.Errorf("%s: %v, want %v: %v", tt.name, got, tt.want, err)
		}
	}
	s := serveWire(t, reply(answerOf(404, `{"code":5}`)))
	_, err := newTestClient(t, s.url, Config{}).GetPost(t.Context(), "AZir15UU")
	if TransactionUnknown(err) || TransactionUnknown(nil) || TransactionUnknown(errors.New("x")) {
		t.Error("an error of another operation is taken for one about a transaction")
	}
}

func TestTransactions(t *testing.T) {
	two := []Transaction{
		{ID: "a", State: TransactionRefunded, Type: TransactionRenew, CostRials: 5},
		{ID: "b", State: TransactionPending},
	}
	tests := []struct {
		name, body string
		want       TransactionPage
		malformed  bool
	}{
		{"a page", `{"transactions":[{"id":"a","state":"TRANSACTION_STATE_REFUNDED","type":"TRANSACTION_TYPE_RENEW","cost_rials":5},{"id":"b"}],"next_page_token":"p2"}`,
			TransactionPage{two, "p2"}, false},
		{"the last page", `{}`, TransactionPage{}, false},
		{"one without id", `{"transactions":[{"id":"a"},{}]}`, TransactionPage{}, true},
		{"one with an amount that is none", `{"transactions":[{"id":"a","cost_rials":"x"}]}`, TransactionPage{}, true},
		{"no list", `{"transactions":{}}`, TransactionPage{}, true},
		{"not JSON", `<html>`, TransactionPage{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, reply(answerOf(200, tt.body)))
			got, err := newTestClient(t, s.url, Config{}).Transactions(t.Context(), Page{})
			if diff := cmp.Diff(tt.want, got); diff != "" || errors.Is(err, ErrMalformed) != tt.malformed || (err != nil) != tt.malformed {
				t.Errorf("error %v, want malformed: %v (-want +got):\n%s", err, tt.malformed, diff)
			}
			if first, _, _ := strings.Cut(s.seen()[0], "\r\n"); first != "GET /experimental/open-platform/transactions HTTP/1.1" {
				t.Errorf("asked for the first page by %s", first)
			}
		})
	}
	c := newTestClient(t, "http://kenar.test", Config{})
	for _, page := range []Page{{Size: -1}, {Size: 101}, {Token: strings.Repeat("x", 2049)}} {
		_, err := c.Transactions(t.Context(), page)
		if e := wantError(t, err); !e.NeverSent || !errors.Is(err, ErrInvalid) {
			t.Errorf("size %d, %d bytes of token: %v, want ErrInvalid", page.Size, len(page.Token), err)
		}
	}
}

func TestPostPricing(t *testing.T) {
	tests := []struct {
		name, body string
		want       Pricing
		malformed  bool
	}{
		{"as documented", `{"reorder":{"cost_rials":"400000","available":true},"submit":{"cost_rials":"500000","available":false},"renew":{"cost_rials":350000,"available":true}}`,
			Pricing{Submit: Price{false, 500000}, Reorder: Price{true, 400000}, Renew: Price{true, 350000}}, false},
		{"what is not possible is left out", `{"submit":{"cost_rials":"500000"}}`, Pricing{Submit: Price{false, 500000}}, false},
		{"free", `{"submit":{"available":true}}`, Pricing{Submit: Price{Available: true}}, false},
		{"nothing", `{}`, Pricing{}, false},
		{"null", `{"submit":null}`, Pricing{}, false},
		{"an amount that is none", `{"submit":{"available":true,"cost_rials":"free"}}`, Pricing{}, true},
		{"a negative amount", `{"renew":{"available":true,"cost_rials":"-1"}}`, Pricing{}, true},
		{"an amount beyond int64", `{"submit":{"available":true,"cost_rials":"9223372036854775808"}}`, Pricing{}, true},
		{"available of another type", `{"submit":{"available":"true"}}`, Pricing{}, true},
		{"a price of another type", `{"submit":"500000"}`, Pricing{}, true},
		{"no object", `null`, Pricing{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, reply(answerOf(200, tt.body)))
			got, err := newTestClient(t, s.url, Config{}).PostPricing(t.Context(), "AZir15UU", "")
			if got != tt.want || errors.Is(err, ErrMalformed) != tt.malformed || (err != nil) != tt.malformed {
				t.Errorf("got %+v, %v; want %+v, malformed: %v", got, err, tt.want, tt.malformed)
			}
		})
	}
}

func TestBalance(t *testing.T) {
	tests := []struct {
		body string
		want Rials
		ok   bool
	}{
		{`{"balance_rials":"150000"}`, 150000, true},
		{`{"balance_rials":150000}`, 150000, true},
		{`{"balance_rials":"-1"}`, -1, true},
		{`{}`, 0, true}, // zero values are left out
		{`{"balance_rials":"1.5"}`, 0, false},
		{`{"balance_rials":[]}`, 0, false},
		{`150000`, 0, false},
	}
	for _, tt := range tests {
		s := serveWire(t, reply(answerOf(200, tt.body)))
		got, err := newTestClient(t, s.url, Config{}).Balance(t.Context())
		if got != tt.want || (err == nil) != tt.ok || errors.Is(err, ErrMalformed) == tt.ok {
			t.Errorf("%s: %d, %v; want %d, ok: %v", tt.body, got, err, tt.want, tt.ok)
		}
	}
}
