package pipeline

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// refusedKey is Kenar's answer to a call for which the API key lacks the
// permission.
func refusedKey(op kenartest.Op) kenartest.Fault {
	return kenartest.Fault{Op: op, Status: 403, Body: `{"code":7,"message":"no permission"}`, Times: -1}
}

// pausedWhy is why a lane is paused, "" when it is not.
func (m *market) pausedWhy(lane Lane) string {
	m.t.Helper()
	s, err := m.client.Status(m.t.Context())
	must(m.t, err)
	for _, l := range s.Lanes {
		if l.Lane == lane {
			return l.PausedWhy
		}
	}
	m.t.Fatalf("the status has no lane %s", lane)
	return ""
}

// Images beyond the budget of their uploads wait for it. Those that Divar has
// are not uploaded once more.
func TestUploadsBeyondBudget(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) {
		s.limits = "UPLOAD_POST_IMAGE=1/300ms" // and one of them to ask where to
		s.timing.place = uploadPlaceFresh
	})
	data := titled("e1")
	general, _ := data["general_data"].(map[string]any)
	general["images"] = []string{tinyJPEG(1), tinyJPEG(2), tinyJPEG(3)}
	m.publish(submit("e1", "k1", data))
	m.allAccepted(m.settled("e1"), "e1")
	if n := m.count(kenartest.UploadPostImage); n != 3 {
		t.Errorf("%d uploads of 3 images", n)
	}
}

// A limit of the whole app is over when one call shows it, and until then no
// other may be made. Where something is asked before the scarce call, what is
// asked is that one.
func TestAppLimitEndsAhead(t *testing.T) {
	t.Parallel()
	listing := func(id string) map[string]any { return submit(id, id, titled(id)) }
	addon := func(id string) map[string]any { return attach(id, "post/"+id, "one") }
	set := func(lane Lane) func(*market, *Worker) {
		return func(m *market, w *Worker) { w.pauseLane(m.t, lane, appLimit(time.Now())) }
	}
	for _, tt := range []struct {
		name  string
		limit func(*market, *Worker)
		event func(id string) map[string]any
	}{
		{"met by a submission", func(m *market, w *Worker) {
			m.kenar.Script(kenartest.Fault{Op: kenartest.SubmitUserPost, Status: 429, Header: http.Header{"Retry-After": {"1"}},
				Body: `{"code":8,"message":"minute limit of the app"}`})
			m.publish(listing("first"))
			m.eventually("the app is paused", func() bool { return strings.Contains(pausedBecause(m.t, w), "minute limit") })
		}, listing},
		{"before submissions", set(UserListingSubmit), listing},
		{"before add-ons whose posts are looked up", set(PostCreate), addon},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t)
			w, _ := m.consentLab.run(func(s *settings) { s.cfg.Preflight = PreflightRequire })
			tt.limit(m, w)
			var ids []string
			for i := range 6 {
				id := fmt.Sprintf("e%d", i)
				ids = append(ids, id)
				m.shown(id)
				m.publish(tt.event(id))
			}
			m.eventually("one of them is accepted", func() bool {
				return slices.ContainsFunc(ids, func(id string) bool {
					got, err := m.client.Final(t.Context(), id)
					must(t, err)
					return got != nil && got.Data.Result == ResultAccepted
				})
			})
			if why := pausedBecause(t, w); why != "" {
				t.Errorf("still paused: %s", why)
			}
		})
	}
}

// An upload that the API key may not make is a dead letter that says which
// permission is missing, and is not tried again.
func TestUploadForbidden(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(nil)
	m.kenar.Script(refusedKey(kenartest.UploadPostImage))
	m.publish(submit("e1", "k1", pictured(titled("e1"), 1)))
	m.wantDead("e1", Forbidden, "cannot upload data.general_data.images[0]", "needs permission UPLOAD_POST_IMAGE")
	if n := m.count(kenartest.UploadPostImage); n != 1 {
		t.Errorf("uploaded %d times, want once", n)
	}
}

// An add-on that follows a listing waits for its publication, but not for ever
// for a look that the API key may not take.
func TestFollowUpForbidden(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.timing.patience = 200 * time.Millisecond })
	m.kenar.Script(refusedKey(kenartest.GetPost))
	m.publish(submit("e1", "k1", titled("e1", followed())))
	m.wantDead("e1+addon", AttemptsExhausted, "could not be prepared", "get post: Kenar answered 403")
	m.wantDead("e1+button", AttemptsExhausted, "could not be prepared")
	m.allAccepted(m.settled("e1"), "e1")
}

// What is asked before a call may fail for good after something else was
// answered: that is no progress, and the event ends.
func TestListingNeverPrepared(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.timing.patience = 200 * time.Millisecond })
	m.kenar.Script(kenartest.Fault{Op: kenartest.GetSubmitSchema, Status: 500, Times: -1})
	m.publish(submit("e1", "k1", titled("e1")))
	m.wantDead("e1", AttemptsExhausted, "could not be prepared", "submit schema")
	if n := m.count(kenartest.CanSubmit); n < 2 {
		t.Errorf("it was asked %d times whether the user may submit, want every time", n)
	}
}

// Without the permission to ask for the balance no payment can be made: that is
// found out by as many events as make the key the suspect, and the others wait
// for the permission.
func TestBalanceForbidden(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(nil)
	m.kenar.Script(refusedKey(kenartest.GetBalance))
	const lost = outageAfter - 1
	var ids []string
	for i := range lost + 4 {
		id := fmt.Sprintf("e%d", i)
		ids = append(ids, id)
		m.publish(submit(id, id, titled(id)))
	}
	m.eventually("the lane is paused", func() bool {
		return strings.Contains(m.pausedWhy(ListingPublish), "permission BALANCE_RETRIEVE")
	})
	m.kenar.ClearFaults()
	_, err := m.client.Resume(t.Context(), nil, false)
	must(t, err)
	dead := 0
	for id, f := range m.settled(ids...) {
		if f.Result == ResultDead {
			dead++
			m.wantDead(id, Forbidden, "cannot ask for the balance", "needs permission BALANCE_RETRIEVE")
		}
	}
	if dead != lost {
		t.Errorf("%d of %d events died of the missing permission, want %d", dead, len(ids), lost)
	}
}

// One user whose access token is refused whenever something is asked with it is
// told from a bad key by the others, whose calls are accepted meanwhile: the
// event dies, and its lane goes on.
func TestOneUserUnauthorized(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.consent("bad", "sara", time.Hour, saraScopes...)
	w, _ := m.consentLab.run(nil)
	// Only an event that names no business asks for one.
	m.kenar.Script(kenartest.Fault{Op: kenartest.GetUserBusinesses, Status: 401, Body: `{"code":16,"message":"this user is not known"}`, Times: -1})
	data := titled("bad")
	delete(data, "business_token")
	m.publish(submit("bad", "bad", data, granted("bad")))
	m.eventually("the lane is paused", func() bool { return strings.Contains(pausedBecause(t, w), "KENAR_API_KEY") })
	m.publish(submit("good", "good", titled("good")))
	m.eventually("both end, when each pause is ended by hand", func() bool {
		if pausedBecause(t, w) != "" {
			_, err := m.client.Resume(t.Context(), nil, false)
			must(t, err)
		}
		for _, id := range []string{"bad", "good"} {
			if got, err := m.client.Final(t.Context(), id); got == nil {
				must(t, err)
				return false
			}
		}
		return true
	})
	m.wantDead("bad", GrantRevoked, "this user is not known", "others are accepted", "ask the user for consent again")
	m.allAccepted(m.settled("good"), "good")
	if why := pausedBecause(t, w); why != "" {
		t.Errorf("a lane is still paused: %s", why)
	}
}

// The first 401 to a call with an access token is taken for the token's fault:
// it is refreshed, and the API key stays the one in use.
func TestStaleTokenSparesKey(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.SetKeys(kenartest.Key{Value: "key-good"})
	keys := &testKeys{all: []string{"key-good", "key-withdrawn"}}
	w, _ := m.consentLab.run(func(s *settings) { s.cfg.Keys = keys })
	m.kenar.Script(kenartest.Fault{Op: kenartest.CanSubmit, Status: 401, Body: `{"code":16,"message":"the access token has expired"}`})
	m.publish(submit("e1", "k1", titled("e1")))
	m.allAccepted(m.settled("e1"), "e1")
	if key := keys.Current(); key != "key-good" {
		t.Errorf("%s is in use now", key)
	}
	if why := pausedBecause(t, w); why != "" {
		t.Errorf("a lane is paused: %s", why)
	}
	if n := m.kenar.Refreshes("sara"); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

// Kenar fails once in a while, and answers in between: each time is the first,
// however short the patience with it is.
func TestListingBlips(t *testing.T) {
	t.Parallel()
	fails := func(op kenartest.Op) kenartest.Fault { return kenartest.Fault{Op: op, Status: 500} }
	impatient := func(s *settings) { s.timing.patience = 1 }
	t.Run("before the call", func(t *testing.T) {
		t.Parallel()
		m := newMarket(t)
		m.run(impatient)
		m.kenar.Script(fails(kenartest.CanSubmit), fails(kenartest.GetUserPosts), fails(kenartest.GetPricing), fails(kenartest.GetBalance))
		m.publish(submit("e1", "k1", titled("e1")))
		m.allAccepted(m.settled("e1"), "e1")
	})
	t.Run("while a payment is pending", func(t *testing.T) {
		t.Parallel()
		m := newMarket(t)
		m.kenar.ScriptPayments(kenartest.Outcome{State: kenartest.TransactionPending})
		m.run(impatient)
		m.publish(submit("e1", "k1", titled("e1")))
		for range 2 {
			m.kenar.Script(fails(kenartest.GetTransaction))
			m.eventually("a look fails, and another does not", func() bool {
				if f, err := m.client.Final(t.Context(), "e1"); f != nil {
					must(t, err)
					t.Fatalf("ended %+v (%v)", f.Data, f.Data.Reason)
				}
				all := m.kenar.CallsFor("transaction/" + m.pending())
				return len(m.kenar.PendingFaults()) == 0 && len(all) > 0 && all[len(all)-1].Status == 200
			})
		}
		must(t, m.kenar.ResolveTransaction(m.pending(), kenartest.TransactionCompleted))
		m.allAccepted(m.settled("e1"), "e1")
	})
}

// pending is the one transaction that was begun, "" while there is none.
func (m *market) pending() string {
	for _, tx := range m.kenar.Books("").Transactions {
		return tx.ID
	}
	return ""
}

// Kenar may say any time that uploads go elsewhere. What is remembered of the
// place costs no event its life.
func TestUploadsMove(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.timing.place = uploadPlaceFresh })
	for i, id := range []string{"before", "remembered", "after"} {
		if id == "after" {
			m.kenar.RotateUploads()
		}
		m.publish(submit(id, id, pictured(titled(id), byte(i))))
		m.allAccepted(m.settled(id), id)
	}
	if n := m.count(kenartest.GetUploadURLs); n != 2 {
		t.Errorf("it was asked %d times where to upload, want once for each place", n)
	}
}
