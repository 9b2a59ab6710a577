package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// shy is a consent of sara's that does not let her posts be listed.
func (m *market) shy() map[string]any {
	m.t.Helper()
	m.consent("shy", "sara", time.Hour, slices.DeleteFunc(slices.Clone(saraScopes), func(s string) bool { return s == "USER_POSTS_GET" })...)
	return granted("shy")
}

// Where nobody can look, a person tells what became of a submission whose
// answer was lost, and a replay goes on from there.
func TestResolveListing(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	shy := m.shy()
	m.run(nil)
	for i, tt := range []struct {
		name  string
		fault kenartest.Fault
		data  map[string]any
		made  bool // whether the lost call made a post
		calls int  // submissions in all
		paid  int  // transactions in all
		state kenartest.PostState
	}{
		{"made", kenartest.Fault{LoseAnswer: true}, nil, true, 1, 1, kenartest.PostPublished},
		{"not made", kenartest.Fault{CloseEarly: true}, nil, false, 2, 1, kenartest.PostPublished},
		{"made, not to be published", kenartest.Fault{LoseAnswer: true}, map[string]any{"publish": false}, true, 1, 0, kenartest.PostWaitingForPayment},
		{"not made, not to be published", kenartest.Fault{CloseEarly: true}, map[string]any{"publish": false}, false, 2, 0, kenartest.PostWaitingForPayment},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			one, two, key := fmt.Sprintf("one%d", i), fmt.Sprintf("two%d", i), fmt.Sprintf("k%d", i)
			calls, paid := m.count(kenartest.SubmitUserPost), len(m.kenar.Books("").Transactions)
			tt.fault.Op = kenartest.SubmitUserPost
			m.kenar.Script(tt.fault)
			m.publish(submit(one, key, titled(one, tt.data), shy))
			m.wantDead(one, Ambiguous, "publisher listing resolve "+one+" --post-token TOKEN, or --not-created")
			m.publish(submit(two, key, titled(two), shy))
			m.wantDead(two, Ambiguous, "whether event "+one+" has made a post", "replay this one")
			m.wantDead(m.replay(one, false), Ambiguous, "resolve "+one)

			token := ""
			if posts := m.kenar.Submitted(); tt.made {
				token = posts[len(posts)-1].Token
			}
			must(t, m.client.ResolveListing(t.Context(), one, token))
			got := m.replayed(one)
			if got.Result != ResultAccepted || got.PostToken == "" || tt.made && got.PostToken != token {
				t.Fatalf("the replay ended %+v (%v)", got, got.Reason)
			}
			if post, _ := m.kenar.Listing(got.PostToken); post.State != tt.state {
				t.Errorf("the post is in %s, want %s", post.State, tt.state)
			}
			if n := m.count(kenartest.SubmitUserPost) - calls; n != tt.calls {
				t.Errorf("%d submissions, want %d", n, tt.calls)
			}
			if n := len(m.kenar.Books("").Transactions) - paid; n != tt.paid {
				t.Errorf("%d transactions, want %d", n, tt.paid)
			}
			m.wantDead(m.replay(two, false), Rejected, "has become post "+got.PostToken+" by event "+one)
			m.settled()
		})
	}
}

// What there is nothing to be said about is refused, with the reason.
func TestResolveListingRefused(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.consent("barred", "barbod", time.Hour, "SUBMIT_USER_POST", "PAYMENT_ALL_POSTS_PRICING_READ")
	m.kenar.BarUser("barbod", true)
	m.run(nil)
	m.shown("gPost")
	arrived, answer := make(chan struct{}), make(chan struct{})
	m.publish(submit("done", "k1", titled("done")), submit("barred", "k2", titled("barred"), granted("barred")),
		manage("button", TypeButton, "post/gPost", linkTo("https://shop.example")))
	done := m.final("done")
	m.publish(submit("other", "k1", titled("other")))
	for _, id := range []string{"other", "barred", "button"} {
		m.final(id)
	}
	m.kenar.SetFaultFunc(func(c kenartest.Call) (f kenartest.Fault, ok bool) {
		if c.Op == kenartest.SubmitUserPost {
			close(arrived)
			wait(t, answer)
		}
		return f, false
	})
	m.publish(submit("away", "k3", titled("away")))
	wait(t, arrived)
	for _, tt := range []struct{ id, token, says string }{
		{"nobody", "", `no event "nobody" was queued`},
		{"button", "", `"button" submits no listing`},
		{"done", "a/b", "a/b"},
		{"done", "gOther", "it is known already that listing/k1 has become post " + done.PostToken},
		{"done", "", "it is known already"},
		{"other", "gOther", "knows no submission of listing/k1 by event other"},
		{"barred", "gOther", "nothing is in doubt"},
		{"away", "gOther", "a call for it is under way"},
		{"away", "", "a call for it is under way"},
	} {
		if err := m.client.ResolveListing(t.Context(), tt.id, tt.token); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("resolve %s as %q: %v, want %q", tt.id, tt.token, err, tt.says)
		}
	}
	must(t, m.client.ResolveListing(t.Context(), "done", done.PostToken)) // as it is known
	close(answer)
	m.allAccepted(m.settled("away"), "away", "done")
}

// Posts that look like the one that was submitted: those from before it are
// told from it, of those that came with it only a person can say which it is.
func TestLookAlikes(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(nil)
	alike := func(token, id string) kenartest.Post {
		return kenartest.Post{Token: token, Owner: "sara", Category: "apartment-rent", City: "tehran", Title: titleOf(id)}
	}
	m.kenar.AddPost(alike("gBefore1", "e1"), alike("gBefore2", "e1"),
		kenartest.Post{Token: "gOthers1", Owner: "reza", Category: "apartment-rent", City: "tehran", Title: titleOf("e1")})
	m.kenar.Script(kenartest.Fault{Op: kenartest.SubmitUserPost, LoseAnswer: true})
	m.publish(submit("e1", "k1", titled("e1")))
	if got := m.final("e1"); got.Result != ResultAccepted || strings.HasPrefix(got.PostToken, "gBefore") {
		t.Errorf("ended %+v (%v)", got, got.Reason)
	}
	if got := m.stepNames("e1"); !slices.Contains(got, stepFound) {
		t.Errorf("steps %v", got)
	}

	m.kenar.SetFaultFunc(func(c kenartest.Call) (kenartest.Fault, bool) {
		if c.Op != kenartest.SubmitUserPost {
			return kenartest.Fault{}, false
		}
		m.kenar.AddPost(alike("gBeside1", "e2"))
		return kenartest.Fault{LoseAnswer: true}, true
	})
	m.publish(submit("e2", "k2", titled("e2")))
	m.wantDead("e2", Ambiguous, "2 new posts of the user look like it", "gBeside1", "resolve e2")
	m.kenar.ClearFaults()
	posts := m.kenar.Submitted()
	must(t, m.client.ResolveListing(t.Context(), "e2", posts[len(posts)-1].Token))
	if got := m.replayed("e2"); got.Result != ResultAccepted || got.PostToken != posts[len(posts)-1].Token {
		t.Errorf("the replay ended %+v (%v)", got, got.Reason)
	}
	m.settled()
}
