package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// Many events for few keys come at once, in any order, to two workers: each
// key becomes one post, and the others say why they have none.
func TestOnePostPerKey(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.SetBalance("", 100*flatPrice)
	m.run(nil)
	m.run(nil)
	const keys, each = 6, 5
	var ids []string
	var wg sync.WaitGroup
	for k := range keys {
		for i := range each {
			id, key := fmt.Sprintf("k%d-%d", k, i), fmt.Sprintf("key%d", k)
			data, more := titled(key), map[string]any{}
			switch k % 3 {
			case 1: // other content
				data["max_cost_rials"] = 600_000 + i
				data["category_fields"] = map[string]any{"size": 80 + i, "rooms": "دو", "credit": 1, "rent": 2}
			case 2: // other models, in the order of another clock
				data["model"] = []string{"user", "provider"}[i%2]
				more = revision(each - i)
			}
			ids = append(ids, id)
			raw, err := encode(submit(id, key, data, more))
			must(t, err)
			wg.Go(func() {
				if _, err := m.js.Publish(t.Context(), "kenar.events.listing."+key, raw); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	finals := m.settled(ids...)
	accepted := make(map[string]string)
	for _, id := range ids {
		key, _, _ := strings.Cut(id, "-")
		switch f := finals[id]; f.Result {
		case ResultAccepted:
			if other, twice := accepted[key]; twice {
				t.Errorf("%s and %s were both accepted", other, id)
			}
			accepted[key] = id
		case ResultSuperseded:
			if by, _, _ := strings.Cut(f.SupersededBy, "-"); by != key || f.SupersededBy == id {
				t.Errorf("%s was superseded by %q", id, f.SupersededBy)
			}
		case ResultDead:
			if f.Reason.Code == Rejected && !strings.Contains(f.Reason.Message, "has become post") ||
				f.Reason.Code == Ambiguous && !strings.Contains(f.Reason.Message, "not known yet") ||
				f.Reason.Code != Rejected && f.Reason.Code != Ambiguous {
				t.Errorf("%s ended %+v (%v)", id, f, f.Reason)
			}
		default:
			t.Errorf("%s ended %+v", id, f)
		}
	}
	if n := len(m.kenar.Submitted()); n != keys || len(accepted) != keys {
		t.Errorf("%d posts, of %v, want %d", n, accepted, keys)
	}
}

// waiting publishes events while a lane of the worker is paused, and resumes it
// when all of them wait there.
func (m *market) waiting(w *Worker, lane Lane, events ...map[string]any) {
	m.t.Helper()
	must(m.t, w.cfg.Limiter.Bucket(string(lane)).Pause(m.t.Context(), testPause()))
	for _, e := range events {
		m.publish(e)
		m.queuedAt(fmt.Sprint(e["id"]))
	}
	must(m.t, w.cfg.Limiter.Bucket(string(lane)).Resume(m.t.Context()))
}

// Of events for one key that wait together the newest is submitted; one that
// comes after a post was made is refused.
func TestNewestListing(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	w, _ := m.consentLab.run(nil)
	m.waiting(w, UserListingSubmit,
		submit("b", "k1", titled("b"), revision(2)), submit("a", "k1", titled("a"), revision(1)), submit("c", "k1", titled("c"), revision(3)))
	if got := m.final("c"); got.Result != ResultAccepted {
		t.Errorf("the newest ended %+v (%v)", got, got.Reason)
	}
	for _, id := range []string{"a", "b"} {
		if got := m.final(id); got.Result != ResultSuperseded || got.SupersededBy == "" {
			t.Errorf("%s ended %+v", id, got)
		}
	}
	m.publish(submit("d", "k1", titled("d"), revision(4)))
	m.wantDead("d", Rejected, "has become post", "by event c", "use another key")
	if got := m.kenar.Submitted(); len(got) != 1 || got[0].Title != titleOf("c") {
		t.Errorf("posts %+v", got)
	}
	m.settled()
}

// Without a business in the event it is the grant's, or the only one that the
// user has; of several one must be named.
func TestListingBusiness(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(nil)
	scopes := slices.DeleteFunc(slices.Clone(saraScopes), func(s string) bool { return s == "USER_BUSINESSES_READ" })
	m.consentOf("of-one", scopes, "amlak")
	m.consentOf("of-two", scopes, "amlak", "mashin")
	m.consentOf("of-none", scopes)
	anyone := func(id string) map[string]any {
		d := titled(id)
		delete(d, "business_token")
		return d
	}
	m.publish(submit("asked", "asked", anyone("asked")), submit("known", "known", anyone("known"), granted("of-one")))
	m.allAccepted(m.settled("asked", "known"), "asked", "known")
	for _, post := range m.kenar.Submitted() {
		if post.Business != "amlak" {
			t.Errorf("%s is a post of business %q", post.Title, post.Business)
		}
	}
	if n := m.count(kenartest.GetUserBusinesses); n != 1 {
		t.Errorf("asked %d times for businesses, want once: one grant names its own", n)
	}
	m.kenar.AddBusiness(kenartest.Business{Token: "mashin", Owner: "sara", Type: "CAR_BUSINESS", Name: "نمایشگاه"})
	for id, tt := range map[string]struct{ grant, says string }{
		"several":       {"sara", "2 businesses of grant sara are known, not one: name the business"},
		"several-known": {"of-two", "2 businesses of grant of-two are known, not one"},
		"none":          {"of-none", "0 businesses of grant of-none are known, not one"},
	} {
		m.publish(submit(id, id, anyone(id), granted(tt.grant)))
		if got := m.wantDead(id, InvalidEvent, tt.says); got.Reason.Field != "data.business_token" {
			t.Errorf("%s is dead by %q", id, got.Reason.Field)
		}
	}
	m.settled()
}

// consentOf is a consent of sara's that names businesses.
func (m *market) consentOf(id string, scopes []string, businesses ...string) {
	m.t.Helper()
	got := m.kenar.Grant("sara", scopes...)
	_, err := m.store.Put(m.t.Context(), grants.Consent{ID: id, UserID: "sara", Businesses: businesses,
		Tokens: kenar.Tokens{Access: got.Access, Scope: scopes, ExpiresIn: time.Hour}})
	must(m.t, err)
}
