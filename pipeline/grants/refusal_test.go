package grants

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

var invalidGrant = &kenar.Error{Op: "refresh tokens", Status: 400, OAuthError: "invalid_grant"}

// ended returns whether a grant has, and whether its tokens are kept.
func (sc *scene) ended(id string) (ended, kept bool) {
	sc.t.Helper()
	e, err := sc.store.read(sc.t.Context(), id)
	must(sc.t, err)
	return e.Revoked != nil, len(e.Sealed) > 0
}

// refusedBy asserts that a grant has ended.
func refusedBy(t *testing.T, p *process, id string) {
	t.Helper()
	if _, err := p.Access(p.ctx, id, Need{Good: good}); !errors.Is(err, ErrRevoked) {
		t.Fatalf("access of %s: %v", id, err)
	}
}

// A server that says invalid_grant to everybody ends nobody's consent.
func TestRefusesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 6
		sc, server := withGrants(t, n)
		var said []string
		p := newProcess(t, sc.bucket, sc.keys, server.refresh, nil)
		p.cfg.Report = func(err error) { said = append(said, err.Error()) }
		server.fail(invalidGrant)
		refusedBy(t, p, user(0))
		refusedBy(t, p, user(1))
		refusedBy(t, p, user(1)) // it is not asked again
		for i := 2; i < n; i++ {
			u := unavailable(t, p, user(i))
			for _, want := range []string{"refuses everybody", "KENAR_APP", "KENAR_CLIENT_SECRET"} {
				if !strings.Contains(u.Error(), want) {
					t.Errorf("%s: %q does not say %q", user(i), u.Error(), want)
				}
			}
			if in := time.Until(u.RetryAt); in <= 0 || in > maxRetry {
				t.Errorf("%s: the next try is in %s", user(i), in)
			}
		}
		if got := server.count(); got != disbelievedAfter {
			t.Errorf("%d calls, want %d: the breaker is open", got, disbelievedAfter)
		}
		if len(said) != 1 || !strings.Contains(said[0], "refuses everybody") {
			t.Errorf("reported %q", said)
		}
		for range 5 { // probes, which fare no better
			time.Sleep(maxRetry)
			unavailable(t, p, user(5))
		}
		for i := range n {
			if ended, kept := sc.ended(user(i)); ended || !kept {
				t.Errorf("%s: ended %t, tokens kept %t", user(i), ended, kept)
			}
		}
		server.fail(nil)
		time.Sleep(maxRetry)
		for i := range n {
			if _, err := p.Access(p.ctx, user(i), Need{Good: good}); err != nil {
				t.Errorf("%s, after it was repaired: %v", user(i), err)
			}
		}
		if len(said) != 1 {
			t.Errorf("reported %q, want it once", said)
		}
	})
}

// They are all refused in the same moment: none ends behind the back of the
// third.
func TestRefusesEverybodyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 12
		sc, server := withGrants(t, n)
		server.hang(time.Second)
		server.fail(invalidGrant)
		p := newProcess(t, sc.bucket, sc.keys, server.refresh, nil)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				if _, err := p.Access(p.ctx, user(i), Need{Good: good}); err == nil {
					t.Errorf("%s was given an access token", user(i))
				}
			})
		}
		all.Wait()
		for i := range n {
			if ended, _ := sc.ended(user(i)); ended {
				t.Errorf("%s has ended", user(i))
			}
		}
	})
}

// Users go one by one, and others' refreshes succeed in between: the server is
// believed, and forgets nobody's tokens for a week.
func TestRefusalsBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc, server := withGrants(t, 5)
		p := newProcess(t, sc.bucket, sc.keys, server.refresh, nil)
		for i := range 4 {
			sc.issuer.revoke(user(i))
		}
		refusedBy(t, p, user(0))
		refusedBy(t, p, user(1))
		sc.works(p) // of another grant
		refusedBy(t, p, user(2))
		refusedBy(t, p, user(3))
		go p.KeepAlive(p.ctx)
		time.Sleep(keptFor - time.Minute)
		for i := range 4 {
			if ended, kept := sc.ended(user(i)); !ended || !kept {
				t.Errorf("%s, within a week: ended %t, tokens kept %t", user(i), ended, kept)
			}
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for i := range 4 {
			if ended, kept := sc.ended(user(i)); !ended || kept {
				t.Errorf("%s, after a week: ended %t, tokens kept %t", user(i), ended, kept)
			}
		}
		p.end()
		synctest.Wait()
	})
}

// What a grant was before it ended, it is again.
func TestRestore(t *testing.T) {
	t.Run("in doubt", func(t *testing.T) {
		e := &entry{Doubt: noon, RefusedAt: noon.Add(time.Second), Sealed: []byte("box"), SealedTo: []string{"age1"}}
		e.refuse(CodeLost, "lost", noon.Add(time.Hour))
		if !e.Doubt.IsZero() || e.Revoked == nil {
			t.Errorf("ended: %+v", e)
		}
		if !e.restore() || e.Revoked != nil || e.Doubt != noon || e.RefusedAt != noon.Add(time.Second) || len(e.Sealed) == 0 {
			t.Errorf("restored: %+v", e)
		}
	})
	t.Run("taken back meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sc, server := withGrants(t, 3)
			p := newProcess(t, sc.bucket, sc.keys, server.refresh, nil)
			server.fail(invalidGrant)
			refusedBy(t, p, user(0))
			refusedBy(t, p, user(1))
			must(t, sc.store.Revoke(t.Context(), user(0), "she called us"))
			if _, kept := sc.ended(user(0)); kept {
				t.Error("the tokens of a grant that was revoked are kept")
			}
			unavailable(t, p, user(2))
			if ended, _ := sc.ended(user(0)); !ended {
				t.Error("a grant that was taken back lives again")
			}
			if ended, _ := sc.ended(user(1)); ended {
				t.Error("the other one has ended")
			}
		})
	})
	t.Run("while NATS is away", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sc, server := withGrants(t, 3)
			p := newProcess(t, sc.bucket, sc.keys, server.refresh, nil)
			server.fail(invalidGrant)
			refusedBy(t, p, user(0))
			refusedBy(t, p, user(1))
			away := true
			sc.bucket.fault = func(key string) (bool, bool) { return false, away && key != user(2) }
			unavailable(t, p, user(2))
			if ended, _ := sc.ended(user(0)); !ended {
				t.Fatal("it was written nevertheless: the test proves nothing")
			}
			sc.bucket.mu.Lock()
			away = false
			sc.bucket.mu.Unlock()
			go p.KeepAlive(p.ctx)
			time.Sleep(tendEvery + time.Second)
			for i := range 2 {
				if ended, _ := sc.ended(user(i)); ended {
					t.Errorf("%s has ended for good", user(i))
				}
			}
			p.end()
			synctest.Wait()
		})
	})
}
