package pipeline

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Two listings of one user with the same title and category (a dealer with two
// of the same car): the answer to the first is lost and nothing was made, while
// the second one's post appears. It stays the second one's.
func TestListingTwins(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.cfg.Backoff = Backoff{Min: time.Second, Max: time.Second} })
	m.kenar.Script(kenartest.Fault{Op: kenartest.SubmitUserPost, CloseEarly: true})
	m.publish(submit("e1", "k1", titled("same")))
	m.eventually("the first is lost", func() bool { return m.count(kenartest.SubmitUserPost) == 1 })
	m.publish(submit("e2", "k2", titled("same")))
	one, two := m.final("e1"), m.final("e2")
	if one.Result != ResultAccepted || two.Result != ResultAccepted || one.PostToken == two.PostToken {
		t.Errorf("e1 %+v (%v), e2 %+v (%v)", one, one.Reason, two, two.Reason)
	}
}

// A post that another listing has taken for its own while the answer was on its
// way is that one's: this one is submitted once more.
func TestListingTakenByTwin(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	var once sync.Once
	m.run(func(s *settings) {
		s.step = func(step string) {
			if step != "called" {
				return
			}
			once.Do(func() {
				l, err := NewLedger(context.Background(), m.js, 0)
				if err == nil {
					_, err = l.claimPost(context.Background(), "twin", m.kenar.Submitted()[0].Token)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
	})
	m.publish(submit("e1", "k1", titled("same")))
	got := m.final("e1")
	posts := m.kenar.Submitted()
	if got.Result != ResultAccepted || len(posts) != 2 || got.PostToken != posts[1].Token {
		t.Errorf("ended %+v (%v), want it to be the second of %d posts", got, got.Reason, len(posts))
	}
	m.books(got)
	m.drained()
}

// Two edits of one post that fail in turns use up their attempts.
func TestEditsFailInTurns(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.shown("gPost")
	m.kenar.Script(kenartest.Fault{Op: kenartest.EditPost, Status: 500, Times: -1})
	m.run(func(s *settings) { s.cfg.MaxAttempts = 3 })
	m.publish(edit("a", "gPost", map[string]any{"title": "الف"}), edit("b", "gPost", map[string]any{"description": "ب"}))
	m.eventually("both are given up, or many more calls than attempts", func() bool {
		return m.count(kenartest.EditPost) > 20 || len(m.dead()) == 2
	})
	if n := m.count(kenartest.EditPost); n > 6 {
		t.Errorf("%d calls for two edits of 3 attempts each", n)
	}
	m.kenar.ClearFaults()
}

// Edits of one post that cannot be prepared are given up in time, however many
// take turns.
func TestEditsUnprepared(t *testing.T) {
	t.Parallel()
	images := edit("a", "gPost", map[string]any{"images": []string{tinyJPEG(1)}})
	video := edit("b", "gPost", map[string]any{"video": map[string]any{"source": "data:video/mp4;base64,AAAAGGZ0eXBtcDQyAAAAAG1wNDJpc29t", "duration": 3}})
	for name, edits := range map[string][]map[string]any{"one": {images}, "two": {images, video}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t)
			m.shown("gPost")
			m.kenar.Script(kenartest.Fault{Op: kenartest.GetUploadURLs, Status: 500, Times: -1})
			m.run(func(s *settings) { s.timing.patience = time.Second })
			m.publish(edits...)
			for _, e := range edits {
				m.wantDead(fmt.Sprint(e["id"]), AttemptsExhausted, "could not be prepared")
			}
		})
	}
}

// An event expires while it is not known whether it was paid: that is found
// out, and told.
func TestListingExpiresInDoubt(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.cfg.Backoff = Backoff{Min: 3 * time.Second, Max: 3 * time.Second} })
	m.kenar.Script(kenartest.Fault{Op: kenartest.PublishPost, LoseAnswer: true})
	m.publish(submit("e1", "k1", titled("e1"), map[string]any{"expiresat": time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339Nano)}))
	if got := m.final("e1"); got.CostRials == nil {
		t.Errorf("%+v (%v) does not tell what was paid", got, got.Reason)
	}
	m.settled("e1")
}

// The same for a grant that is revoked meanwhile: the look-up of a transaction
// needs none.
func TestListingRevokedInDoubt(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.cfg.Backoff = Backoff{Min: time.Second, Max: time.Second} })
	m.kenar.Script(kenartest.Fault{Op: kenartest.PublishPost, LoseAnswer: true})
	m.publish(submit("e1", "k1", titled("e1")))
	m.eventually("it is paid", func() bool { return m.count(kenartest.PublishPost) == 1 })
	must(t, m.store.Revoke(t.Context(), "sara", "the user said so"))
	if got := m.final("e1"); got.CostRials == nil {
		t.Errorf("%+v (%v) does not tell what was paid", got, got.Reason)
	}
	m.settled("e1")
}

// A deletion whose answer was lost has succeeded when Kenar answers 404 to its
// repetition.
func TestDeletedAndGone(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(nil)
	m.shown("gPost")
	m.kenar.SetFaultFunc(func(c kenartest.Call) (kenartest.Fault, bool) {
		if c.Op == kenartest.DeletePost && m.count(kenartest.DeletePost) > 0 {
			return kenartest.Fault{Status: 404, Body: `{"code":5,"message":"no post"}`}, true
		}
		return kenartest.Fault{LoseAnswer: true}, c.Op == kenartest.DeletePost
	})
	m.publish(manage("e1", TypeDelete, "post/gPost", map[string]any{}))
	got := m.final("e1")
	if got.Result != ResultAccepted {
		t.Errorf("%+v (%v)", got, got.Reason)
	}
}

// A submission whose answer was lost expires: what was made is told.
func TestSubmissionExpiresInDoubt(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.cfg.Backoff = Backoff{Min: 3 * time.Second, Max: 3 * time.Second} })
	m.kenar.Script(kenartest.Fault{Op: kenartest.SubmitUserPost, LoseAnswer: true})
	m.publish(submit("e1", "k1", titled("e1"), map[string]any{"expiresat": time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339Nano)}))
	got := m.final("e1")
	if got.PostToken == "" {
		t.Errorf("%+v (%v) does not tell of the post", got, got.Reason)
	}
}

// The same while the transaction is pending for longer than that:
// no busy loop, and told in the end.
func TestListingExpiresPending(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.ScriptPayments(kenartest.Outcome{State: kenartest.TransactionPending, After: 4 * time.Second})
	m.run(nil)
	m.publish(submit("e1", "k1", titled("e1"), map[string]any{"expiresat": time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339Nano)}))
	got := m.final("e1")
	if n := m.count(kenartest.GetTransaction); n > 200 {
		t.Errorf("%d looks", n)
	}
	m.drained()
	if got.CostRials == nil || int64(*got.CostRials) != m.kenar.Books("").Completed {
		t.Errorf("%+v (%v) does not tell what was paid", got, got.Reason)
	}
}

// As TestListingTwins with pending payments: no post is paid for twice.
func TestListingTwinsPay(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.run(func(s *settings) { s.cfg.Backoff = Backoff{Min: time.Second, Max: time.Second} })
	pending := kenartest.Outcome{State: kenartest.TransactionPending, After: 3 * time.Second}
	m.kenar.ScriptPayments(pending, pending)
	m.kenar.Script(kenartest.Fault{Op: kenartest.SubmitUserPost, CloseEarly: true})
	m.publish(submit("e1", "k1", titled("same")))
	m.eventually("the first is lost", func() bool { return m.count(kenartest.SubmitUserPost) == 1 })
	m.publish(submit("e2", "k2", titled("same")))
	one, two := m.final("e1"), m.final("e2")
	if one.Result != ResultAccepted || two.Result != ResultAccepted {
		t.Errorf("e1 %+v (%v), e2 %+v (%v)", one, one.Reason, two, two.Reason)
	}
	if b := m.kenar.Books(""); len(b.Transactions) > 1 && b.Transactions[0].Post == b.Transactions[1].Post {
		t.Errorf("post %s was paid for twice: %d rials", b.Transactions[0].Post, b.Completed)
	}
}
