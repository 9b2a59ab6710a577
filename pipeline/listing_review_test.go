package pipeline

import (
	"slices"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A user may be barred after it was asked whether they are. Nothing was made
// then, and when they may submit again a replay does.
func TestListingBarredLate(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(nil)
	m.before(kenartest.SubmitUserPost, func() { m.kenar.BarUser("sara", true) })
	m.publish(submit("e1", "k1", titled("e1")))
	m.wantDead("e1", Forbidden, "may not submit posts")
	m.wantDead(m.replay("e1", false), Rejected, "has barred them")
	m.kenar.BarUser("sara", false)
	if got := m.replayed("e1"); got.Result != ResultAccepted {
		t.Errorf("the replay ended %+v (%v)", got, got.Reason)
	}
	m.settled()
}

// An add-on and a button that follow a listing wait for its publication,
// whatever the check of other posts is set to.
func TestFollowUpsWaitForReview(t *testing.T) {
	t.Parallel()
	for _, mode := range []Preflight{PreflightOff, PreflightRequire} {
		t.Run(string(mode), func(t *testing.T) {
			m := newMarket(t).under(kenartest.PostRules{ReviewDelay: 500 * time.Millisecond})
			m.run(func(s *settings) { s.cfg.Preflight = mode })
			m.publish(submit("e1", "k1", titled("e1", followed())))
			finals := m.settled("e1", "e1+addon", "e1+button")
			m.allAccepted(finals, "e1", "e1+addon", "e1+button")
			post, _ := m.kenar.Listing(finals["e1"].PostToken)
			for _, c := range m.kenar.CallsFor("post/" + post.Token) {
				if late := c.Op == kenartest.CreatePostAddon || c.Op == kenartest.SetPostButton; late && c.At.Before(post.PublishedAt) {
					t.Errorf("%s came %s before the publication", c.Op, post.PublishedAt.Sub(c.At))
				}
			}
			if b, _ := m.kenar.Button("post/" + post.Token); string(b.Action) != `{"open_direct_link":"https://shop.example/`+post.Token+`"}` {
				t.Errorf("the button does %s", b.Action)
			}
		})
	}
}

// A post that is refused in review ends what follows it, with Divar's reason,
// where that may be asked. Elsewhere it waits: the user may mend the post.
func TestRefusedInReview(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.SetReview(func(kenartest.Listing) string { return "عکس واقعی نیست" })
	shy := m.shy()
	m.run(nil)
	m.publish(submit("e1", "k1", titled("e1", followed())), submit("e2", "k2", titled("e2", followed()), shy))
	m.allAccepted(map[string]OutcomeData{"e1": m.final("e1"), "e2": m.final("e2")}, "e1", "e2")
	m.wantDead("e1+addon", Rejected, "Divar refused post", "عکس واقعی نیست")
	m.wantDead("e1+button", Rejected, "عکس واقعی نیست")
	token := m.final("e2").PostToken
	m.eventually("the other post is looked up again and again", func() bool { return m.looked(token) >= 6 })
	must(t, m.kenar.SetPostState(token, kenartest.PostPublished, ""))
	m.allAccepted(m.settled("e2+addon", "e2+button"), "e2+addon", "e2+button")
	for _, c := range m.kenar.Calls() {
		if c.Op == kenartest.GetUserPost && c.Target == "post/"+token {
			t.Error("the post was asked for, which the grant does not allow")
		}
	}
	// When Divar has published it after all, a replay goes on.
	post := m.final("e1").PostToken
	must(t, m.kenar.SetPostState(post, kenartest.PostPublished, ""))
	if got := m.replayed("e1+addon"); got.Result != ResultAccepted {
		t.Errorf("the replay ended %+v (%v)", got, got.Reason)
	}
	m.settled()
	if ops := m.opsOf(post); slices.Contains(ops, kenartest.SetPostButton) {
		t.Errorf("calls %v", ops)
	}
}

func (m *market) opsOf(post string) (ops []kenartest.Op) {
	for _, c := range m.kenar.CallsFor("post/" + post) {
		ops = append(ops, c.Op)
	}
	return ops
}
