package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A market is a lab in which sara has a business and the app has money.
type market struct {
	*consentLab
}

const (
	flatPrice = 500_000 // of publishing a flat in Tehran
	funds     = 10_000_000
)

// saraScopes are what sara allows the app.
var saraScopes = []string{
	"SUBMIT_USER_POST", "PAYMENT_ALL_POSTS_PRICING_READ", "PAYMENT_ALL_POSTS_RENEW", "PAYMENT_ALL_POSTS_REORDER",
	"EDIT_USER_POST", "DELETE_USER_POST", "USER_SET_CUSTOMIZED_BUTTON", "USER_POSTS_ADDON_CREATE", "USER_POSTS_GET",
	"USER_BUSINESSES_READ", "BUSINESS_CREATE_CUSTOMIZED_BUTTON.amlak",
}

func newMarket(t *testing.T) *market {
	t.Helper()
	m := &market{newConsentLab(t)}
	m.furnish()
	return m
}

// furnish gives sara her business and her consent, and the app its money.
func (m *market) furnish() {
	m.t.Helper()
	m.kenar.AddBusiness(kenartest.Business{Token: "amlak", Owner: "sara", Type: "REAL_ESTATE_BUSINESS", Name: "املاک امید"})
	m.kenar.SetBalance("", funds)
	m.kenar.SetPrice("apartment-rent", "tehran", kenartest.Price{Submit: flatPrice, Reorder: 200_000, Renew: 300_000})
	m.consent("sara", "sara", time.Hour, saraScopes...)
}

// run starts a worker whose waits are short.
func (m *market) run(change func(*settings)) func() {
	m.t.Helper()
	_, stop := m.consentLab.run(func(s *settings) {
		s.timing = defaultTiming(time.Second)
		s.timing.slack, s.timing.skew = time.Second, 100*time.Millisecond
		s.timing.recheck, s.timing.relook = 20*time.Millisecond, 20*time.Millisecond
		s.timing.place = 0 // every call of a listing is made
		if change != nil {
			change(s)
		}
	})
	return stop
}

// flat is the data of a submission that the simulator takes.
func flat(more ...map[string]any) map[string]any {
	d := map[string]any{
		"model": "user", "business_token": "amlak", "max_cost_rials": 600_000,
		"general_data": map[string]any{
			"category_slug": "apartment-rent", "title": "آپارتمان ۸۰ متری در گیشا", "description": "نورگیر و نوساز",
			"city": "tehran", "images": []string{}, "location_type": "LOCATION_TYPE_EMPTY", "hide_phone": false, "chat_enabled": true,
		},
		"category_fields": map[string]any{"size": 80, "rooms": "دو", "credit": 500_000_000, "rent": 12_000_000},
	}
	for _, m := range more {
		maps.Copy(d, m)
	}
	return d
}

func submit(id, key string, data map[string]any, more ...map[string]any) map[string]any {
	return event(id, TypeSubmit, "listing/"+key, data, append([]map[string]any{granted("sara")}, more...)...)
}

// books checks the simulator's money against the outcomes, which must tell of
// every rial.
func (m *market) books(outcomes ...OutcomeData) {
	m.t.Helper()
	b := m.kenar.Books("")
	must(m.t, b.Check())
	var told int64
	for _, o := range outcomes {
		if o.CostRials != nil {
			told += int64(*o.CostRials)
		}
	}
	if b.Completed != told {
		m.t.Errorf("%d rials are spent, the outcomes tell of %d", b.Completed, told)
	}
}

// count is how often an operation was called.
func (m *market) count(op kenartest.Op) (n int) {
	for _, c := range m.kenar.Calls() {
		if c.Op == op {
			n++
		}
	}
	return n
}

// stepNames are the steps of an event as its status tells them.
func (m *market) stepNames(id string) (names []string) {
	m.t.Helper()
	s, err := m.client.Listing(m.t.Context(), id)
	must(m.t, err)
	for _, step := range s.Steps {
		names = append(names, step.Name)
	}
	return names
}

// An event becomes a published post, paid for once, of either model.
func TestListing(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"user", "provider"} {
		t.Run(model, func(t *testing.T) {
			m := newMarket(t)
			m.run(nil)
			data := flat(map[string]any{"model": model, "extra_details": "flat 7"})
			general, _ := data["general_data"].(map[string]any)
			general["images"] = []string{tinyJPEG(1), tinyJPEG(2)}
			m.publish(submit("e1", "flat-7", data))
			got := m.final("e1")
			if got.Result != ResultAccepted || got.PostToken == "" || got.Transaction == "" || got.CostRials == nil || *got.CostRials != flatPrice {
				t.Fatalf("ended %+v", got)
			}
			post, ok := m.kenar.Listing(got.PostToken)
			if !ok || post.State != kenartest.PostState(kenar.PostPublished) || len(post.Images) != 2 || post.Provider != (model == "provider") {
				t.Errorf("the post is %+v", post)
			}
			m.books(got)
			if b := m.kenar.Books(""); len(b.Transactions) != 1 || b.Transactions[0].ID != got.Transaction {
				t.Errorf("transactions %+v", b.Transactions)
			}
			want := []string{stepChecked, stepUploaded, stepSubmitted, stepPriced, stepPaid}
			if steps := m.stepNames("e1"); !slices.Equal(steps, want) {
				t.Errorf("steps %v, want %v", steps, want)
			}
			m.drained()
		})
	}
}

// What cannot become a post says why, and costs nothing.
func TestListingRefused(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.consent("barred", "barbod", time.Hour, "SUBMIT_USER_POST", "PAYMENT_ALL_POSTS_PRICING_READ")
	m.kenar.BarUser("barbod", true)
	m.consent("narrow", "sara", time.Hour, "SUBMIT_USER_POST")
	m.run(nil)
	for _, tt := range []struct {
		id    string
		event map[string]any
		code  ReasonCode
		says  string
	}{
		{"no-grant", event("no-grant", TypeSubmit, "listing/k1", flat()), GrantMissing, "names no grant"},
		{"narrow", submit("narrow", "k2", flat(), granted("narrow")), Forbidden, "PAYMENT_ALL_POSTS_PRICING_READ"},
		{"barred", submit("barred", "k3", flat(), granted("barred")), Rejected, "may not submit"},
		{"fields", submit("fields", "k4", flat(map[string]any{"category_fields": map[string]any{"size": "big"}})), InvalidEvent, "category_fields.size"},
		{"dear", submit("dear", "k5", flat(map[string]any{"max_cost_rials": 499_999})), PaymentFailed, "costs 500000 rials, more than the 499999"},
		{"about", event("about", TypeSubmit, "post/P1", flat(), granted("sara")), InvalidEvent, "is about listing/"},
		{"category", submit("category", "k6", flat(map[string]any{"general_data": map[string]any{
			"category_slug": "no-such", "title": "عنوان", "description": "متن", "city": "tehran", "images": []string{},
			"location_type": "LOCATION_TYPE_EMPTY", "hide_phone": false, "chat_enabled": true}})), Rejected, "submit schema of no-such"},
		{"image", submit("image", "k7", flat(map[string]any{"general_data": map[string]any{
			"category_slug": "apartment-rent", "title": "عنوان", "description": "متن", "city": "tehran", "images": []string{"https://elsewhere.example/a.jpg"},
			"location_type": "LOCATION_TYPE_EMPTY", "hide_phone": false, "chat_enabled": true}})), InvalidEvent, "no host is allowed"},
		{"addon", submit("addon", "k8", flat(map[string]any{"addon": map[string]any{"widgets": []any{map[string]any{"title_row": map[string]any{"text": strings.Repeat("x", 60)}}}}})), InvalidWidgets, "title_row"},
	} {
		m.publish(tt.event)
		got := m.final(tt.id)
		if got.Result != ResultDead || got.Reason.Code != tt.code || !strings.Contains(got.Reason.Error(), tt.says) {
			t.Errorf("%s ended %+v (%v), want %s and %q", tt.id, got, got.Reason, tt.code, tt.says)
		}
	}
	if n := m.kenar.Books("").Completed; n != 0 {
		t.Errorf("%d rials were spent", n)
	}
	m.drained()
}

// The app's balance, and the day's cap.
func TestListingMoney(t *testing.T) {
	t.Parallel()
	t.Run("balance too small, then a replay", func(t *testing.T) {
		m := newMarket(t)
		m.kenar.SetBalance("", flatPrice-1)
		m.run(nil)
		m.publish(submit("e1", "flat-7", flat()))
		got := m.final("e1")
		if got.Result != ResultDead || got.Reason.Code != InsufficientBalance || got.PostToken == "" {
			t.Fatalf("ended %+v", got)
		}
		m.kenar.SetBalance("", funds)
		again := m.final(m.replay("e1", false))
		if again.Result != ResultAccepted || again.PostToken != got.PostToken {
			t.Errorf("the replay ended %+v, want it to publish %s", again, got.PostToken)
		}
		if n := len(m.kenar.Submitted()); n != 1 {
			t.Errorf("%d posts", n)
		}
		m.books(again)
	})
	t.Run("the cap of the day", func(t *testing.T) {
		m := newMarket(t)
		m.run(func(s *settings) { s.cfg.SpendCap = 2*flatPrice + 1 })
		for i := range 3 {
			m.publish(submit(fmt.Sprintf("e%d", i), fmt.Sprintf("flat-%d", i), flat()))
			if i < 2 { // else the third might pause the lane before they are paid
				m.final(fmt.Sprintf("e%d", i))
			}
		}
		m.eventually("two are paid and the lane is paused", func() bool {
			s, err := m.client.Status(t.Context())
			must(t, err)
			for _, l := range s.Lanes {
				if l.Lane == ListingPublish && strings.Contains(l.PausedWhy, "SPEND_CAP_RIALS") {
					return len(m.kenar.Books("").Transactions) == 2
				}
			}
			return false
		})
	})
}

// A transaction may be pending, fail, or be refunded.
func TestListingTransactions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		outcomes []kenartest.Outcome
		result   Result
		code     ReasonCode
		made     int
	}{
		{"pending, then completed", []kenartest.Outcome{{State: kenartest.TransactionState(kenar.TransactionPending), After: 100 * time.Millisecond}}, ResultAccepted, "", 1},
		{"failed, then another", []kenartest.Outcome{{State: kenartest.TransactionState(kenar.TransactionFailed)}}, ResultAccepted, "", 2},
		{"pending, then failed, then another", []kenartest.Outcome{{State: kenartest.TransactionState(kenar.TransactionPending),
			Then: kenartest.TransactionState(kenar.TransactionFailed), After: 100 * time.Millisecond}}, ResultAccepted, "", 2},
		{"pending, then refunded", []kenartest.Outcome{{State: kenartest.TransactionState(kenar.TransactionPending),
			Then: kenartest.TransactionState(kenar.TransactionRefunded), After: 100 * time.Millisecond}}, ResultDead, PaymentFailed, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMarket(t)
			m.kenar.ScriptPayments(tt.outcomes...)
			m.run(nil)
			m.publish(submit("e1", "flat-7", flat()))
			got := m.final("e1")
			if got.Result != tt.result || tt.code != "" && got.Reason.Code != tt.code {
				t.Fatalf("ended %+v (%v)", got, got.Reason)
			}
			if made := m.kenar.Books("").Transactions; len(made) != tt.made {
				t.Errorf("transactions %+v, want %d", made, tt.made)
			}
			m.books(got)
		})
	}
}

// The answer to every call may be lost: after it was carried out, or before.
func TestListingLostAnswers(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.SetBalance("", 100*flatPrice)
	m.run(nil)
	var all []OutcomeData
	for _, lose := range []kenartest.Fault{{LoseAnswer: true}, {CloseEarly: true}, {Status: 503}} {
		for _, op := range listingOps {
			t.Run(fmt.Sprintf("%s/%s", op, faultName(lose)), func(t *testing.T) {
				id := fmt.Sprintf("e%d", len(all))
				data := flat()
				general, _ := data["general_data"].(map[string]any)
				general["images"] = []string{tinyJPEG(byte(len(all)))}
				general["title"] = "آپارتمان " + id
				lose.Op = op
				m.kenar.Script(lose)
				m.publish(submit(id, id, data))
				got := m.final(id)
				all = append(all, got)
				if got.Result != ResultAccepted {
					t.Fatalf("ended %+v (%v)", got, got.Reason)
				}
				if n := len(m.kenar.Submitted()); n != len(all) {
					t.Errorf("%d posts, want %d", n, len(all))
				}
				m.books(all...)
				if op != kenartest.GetSubmitSchema && len(m.kenar.PendingFaults()) > 0 { // which is remembered
					t.Error("the call was never made")
				}
				m.kenar.ClearFaults()
			})
		}
	}
}

// listingOps are the calls that a submission of a user with an image makes.
var listingOps = []kenartest.Op{
	kenartest.CanSubmit, kenartest.GetSubmitSchema, kenartest.GetUserPosts, kenartest.GetUploadURLs, kenartest.UploadPostImage,
	kenartest.SubmitUserPost, kenartest.GetPricing, kenartest.GetBalance, kenartest.PublishPost,
}

func faultName(f kenartest.Fault) string {
	switch {
	case f.LoseAnswer:
		return "answer lost"
	case f.CloseEarly:
		return "connection lost"
	}
	return fmt.Sprintf("status %d", f.Status)
}
