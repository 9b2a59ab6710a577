package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// listedAs has Kenar list what was submitted under another title.
func (m *market) listedAs(title string) {
	m.kenar.SetFaultFunc(func(c kenartest.Call) (f kenartest.Fault, ok bool) {
		if c.Op != kenartest.GetUserPosts {
			return f, false
		}
		posts := []map[string]string{}
		for _, p := range m.kenar.Submitted() {
			posts = append(posts, map[string]string{"token": p.Token, "title": title, "category": p.Category})
		}
		body, err := encode(map[string]any{"posts": posts})
		return kenartest.Fault{Body: string(body)}, err == nil
	})
}

// A post whose submission lost its answer is found by its title, whatever Divar
// has made of blanks, marks, letters and digits, and no second one is made.
func TestFoundByTitle(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(nil)
	for i, tt := range []struct{ name, title, listed string }{
		{"as it is", "نوساز", "آپارتمان نوساز"},
		{"a blank more", "نوساز  گیشا", "آپارتمان نوساز گیشا"},
		{"letters and digits of another keyboard", "۸۰ متري", "آپارتمان 80 متری"},
		{"marks left out", "گیشا - (نوساز!)", "آپارتمان گیشا، نوساز"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			id := fmt.Sprintf("e%d", i)
			m.listedAs(tt.listed)
			m.kenar.Script(kenartest.Fault{Op: kenartest.SubmitUserPost, LoseAnswer: true})
			m.publish(submit(id, id, titled(tt.title)))
			if got := m.final(id); got.Result != ResultAccepted {
				t.Errorf("ended %+v (%v)", got, got.Reason)
			}
			if steps := m.stepNames(id); !slices.Contains(steps, stepFound) {
				t.Errorf("steps %v, want one that has found the post", steps)
			}
			if n := len(m.kenar.Submitted()); n != i+1 {
				t.Errorf("%d posts of %d submissions", n, i+1)
			}
		})
	}
	m.t = t
	m.settled()
}

// While a replay leaves the post that it may have made the time to be listed,
// the event is replayed once more: that one does not look before the time is
// over, and takes the post for its own.
func TestReplaysLookTogether(t *testing.T) {
	t.Parallel()
	const listed = time.Second
	m := newMarket(t)
	m.run(func(s *settings) { s.timing.relook = 2 * listed })
	m.kenar.Script(kenartest.Fault{Op: kenartest.CanSubmit, Body: `{"can_submit":false}`})
	m.publish(submit("e1", "k1", titled("e1")))
	m.wantDead("e1", Rejected)

	m.kenar.SetFaultFunc(func(c kenartest.Call) (kenartest.Fault, bool) {
		return kenartest.Fault{Body: `{"posts":[]}`}, c.Op == kenartest.GetUserPosts &&
			slices.ContainsFunc(m.kenar.Submitted(), func(p kenartest.Listing) bool { return time.Since(p.SubmittedAt) < listed })
	})
	m.kenar.Script(kenartest.Fault{Op: kenartest.SubmitUserPost, LoseAnswer: true})
	one := m.replay("e1", false)
	m.eventually("the first replay has looked before and after its call", func() bool { return m.count(kenartest.GetUserPosts) >= 2 })
	two := m.replay("e1", false)
	finals := m.settled(one, two)
	if finals[one].Result != ResultAccepted && finals[two].Result != ResultAccepted {
		t.Errorf("ended %+v", finals)
	}
	if n := len(m.kenar.Submitted()); n != 1 {
		t.Errorf("%d posts of one event", n)
	}
}

// What follows a listing becomes an event of its own, with as many bytes as it
// came with: signs that JSON may escape do not make it too large.
func TestLargeFollowUp(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(nil)
	f := followed()
	addon, _ := f["addon"].(map[string]any)
	notes := strings.Repeat("<&>", MaxEventSize/12)
	addon["notes"] = notes
	raw, err := encode(submit("e1", "k1", titled("e1", f)))
	must(t, err)
	m.publishRaw("kenar.events.listing.k1", "e1", raw)
	finals := m.settled("e1", "e1+addon", "e1+button")
	m.allAccepted(finals, "e1", "e1+addon", "e1+button")
	m.kenar.Settle()
	if got, _ := m.kenar.Attached("post/" + finals["e1"].PostToken); got.Notes != notes {
		t.Errorf("the add-on has notes of %d bytes, want %d", len(got.Notes), len(notes))
	}
}

// That the user has not allowed what is to follow a listing is told at
// admission, before anything is submitted or paid for; without it the listing
// needs no such consent.
func TestFollowUpScopes(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(nil)
	for _, tt := range []struct{ follows, scope string }{
		{"addon", "USER_POSTS_ADDON_CREATE"},
		{"button", "USER_SET_CUSTOMIZED_BUTTON"},
	} {
		t.Run(tt.follows, func(t *testing.T) {
			m.t = t
			without := "no-" + tt.follows
			m.consent(without, "sara", time.Hour, slices.DeleteFunc(slices.Clone(saraScopes), func(s string) bool { return s == tt.scope })...)
			calls := m.kenar.Count()
			data := titled(tt.follows, map[string]any{tt.follows: followed()[tt.follows]})
			m.publish(submit(tt.follows, tt.follows, data, granted(without)))
			if got := m.wantDead(tt.follows, Forbidden, "consent to "+tt.scope); got.Reason.Field != "grantid" {
				t.Errorf("dead by %q, want grantid", got.Reason.Field)
			}
			if n := m.kenar.Count() - calls; n != 0 {
				t.Errorf("%d calls were made", n)
			}
			m.publish(submit(without, without, titled(without), granted(without)))
			m.allAccepted(m.settled(without), without)
		})
	}
}

// The dead letter of a payment that was refunded names the transaction, which
// its owner can look up in Kenar's panel.
func TestRefundTold(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.ScriptPayments(kenartest.Outcome{State: kenartest.TransactionPending, After: 100 * time.Millisecond, Then: kenartest.TransactionRefunded})
	m.run(nil)
	m.publish(submit("e1", "k1", titled("e1")))
	got := m.wantDead("e1", PaymentFailed, "was refunded")
	made := m.kenar.Books("").Transactions
	if len(made) != 1 || got.Transaction != made[0].ID || got.PostToken != made[0].Post {
		t.Errorf("ended %+v, the transactions are %+v", got, made)
	}
	m.settled()
}

// A price that is above the cap of a whole day can never be paid: the event
// does not wait for midnight, nor do cheaper ones behind it.
func TestDearerThanCap(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	const cheap = 1000
	m.kenar.SetPrice("apartment-rent", "karaj", kenartest.Price{Submit: cheap})
	w, _ := m.consentLab.run(func(s *settings) { s.cfg.SpendCap = flatPrice - 1 })
	elsewhere := titled("cheap")
	general, _ := elsewhere["general_data"].(map[string]any)
	general["city"] = "karaj"
	m.waiting(w, ListingPublish, submit("dear", "k1", titled("dear")), submit("cheap", "k2", elsewhere))
	finals := m.settled("dear", "cheap")
	got := m.wantDead("dear", PaymentFailed, "costs 500000 rials", "more than may be spent in a whole day (SPEND_CAP_RIALS, 499999)")
	if got.PostToken == "" {
		t.Errorf("the dead letter does not name the post that was submitted: %+v", got)
	}
	m.allAccepted(finals, "cheap")
	if n := m.counted(); n != cheap {
		t.Errorf("%d rials are counted for the day, want %d", n, cheap)
	}
	if why := m.pausedWhy(ListingPublish); why != "" {
		t.Errorf("the lane is paused: %s", why)
	}
}
