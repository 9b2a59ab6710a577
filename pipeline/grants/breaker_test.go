package grants

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// An outage is a grant server that can fail in one way for a while.
type outage struct {
	issuer *issuer
	now    atomic.Int64 // calls under way
	most   atomic.Int64 // of them at the same time

	mu    sync.Mutex
	hangs time.Duration // before it answers, or fails
	err   error         // nil: it works
	calls int
}

func (o *outage) refresh(ctx context.Context, refresh, access string) (kenar.Tokens, error) {
	n := o.now.Add(1)
	defer o.now.Add(-1)
	o.most.Store(max(o.most.Load(), n))
	o.mu.Lock()
	hangs := o.hangs
	o.mu.Unlock()
	if hangs > 0 {
		select {
		case <-time.After(hangs):
		case <-ctx.Done():
		}
	}
	o.mu.Lock()
	o.calls++
	err := o.err
	o.mu.Unlock()
	if err != nil {
		return kenar.Tokens{}, err
	}
	return o.issuer.refresh(ctx, refresh, access)
}

func (o *outage) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

func (o *outage) hang(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hangs = d
}

func (o *outage) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.calls
}

var (
	noAnswer  = &kenar.Error{Op: "refresh tokens", Err: context.DeadlineExceeded}
	neverSent = &kenar.Error{Op: "refresh tokens", NeverSent: true}
)

// withGrants is a scene of n grants more, whose access tokens have ended.
func withGrants(t *testing.T, n int) (*scene, *outage) {
	t.Helper()
	sc := newScene(t)
	for i := range n {
		sc.put(user(i))
	}
	time.Sleep(time.Hour)
	return sc, &outage{issuer: sc.issuer}
}

func (sc *scene) puts() int {
	sc.bucket.mu.Lock()
	defer sc.bucket.mu.Unlock()
	return sc.bucket.puts
}

// unavailable asserts that a grant cannot be had for now, and returns until
// when.
func unavailable(t *testing.T, p *process, id string) UnavailableError {
	t.Helper()
	_, err := p.Access(p.ctx, id, Need{Good: good})
	u, ok := errors.AsType[*UnavailableError](err)
	if !ok || Permanent(err) {
		t.Fatalf("access of %s: %v", id, err)
	}
	return *u
}

// A caller waits for a refresh for so long and no longer. The refresh goes on,
// and Close waits for it.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc, server := withGrants(t, 0)
		const hangs = 10 * time.Second
		server.hang(hangs)
		p := newProcess(t, sc.bucket, sc.keys, server.refresh, nil)
		p.cfg.Wait = defaultWait
		start := time.Now()
		u := unavailable(t, p, "g")
		if took := time.Since(start); took != defaultWait {
			t.Errorf("waited %s, want %s", took, defaultWait)
		}
		if in := time.Until(u.RetryAt); in < comeBack || in > 2*comeBack {
			t.Errorf("the next try is in %s", in)
		}
		must(t, p.Close(t.Context()))
		if took := time.Since(start); took != hangs {
			t.Errorf("closed after %s, want %s", took, hangs)
		}
		sc.works(p)
		if n := server.count(); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

func TestWaitDefault(t *testing.T) {
	store := newStore(newMemory(), Keys{}, nil)
	refresh := func(context.Context, string, string) (kenar.Tokens, error) { return kenar.Tokens{}, nil }
	s, err := NewSource(Config{Store: store, Refresh: refresh})
	must(t, err)
	if s.cfg.Wait != 2*time.Second {
		t.Errorf("wait %s", s.cfg.Wait)
	}
	if _, err := NewSource(Config{Store: store, Refresh: refresh, Wait: -time.Second}); err == nil {
		t.Error("a negative wait was taken")
	}
}

// Which failures of three different grants in a row are the server's.
func TestBreakerOpens(t *testing.T) {
	tests := []struct {
		name string
		err  error
		ids  []string
		want bool
	}{
		{"no answer", noAnswer, []string{"user-0", "user-1", "user-2"}, true},
		{"never sent", neverSent, []string{"user-0", "user-1", "user-2"}, true},
		{"500", &kenar.Error{Op: "refresh tokens", Status: 500}, []string{"user-0", "user-1", "user-2"}, true},
		{"503", &kenar.Error{Op: "refresh tokens", Status: 503}, []string{"user-0", "user-1", "user-2"}, true},
		{"429", &kenar.Error{Op: "refresh tokens", Status: 429}, []string{"user-0", "user-1", "user-2"}, true},
		{"200 without tokens", &kenar.Error{Op: "refresh tokens", Status: 200, Err: kenar.ErrNoTokens}, []string{"user-0", "user-1", "user-2"}, true},
		{"an error of an unknown kind", errors.New("broken"), []string{"user-0", "user-1", "user-2"}, true},
		{"two grants", neverSent, []string{"user-0", "user-1", "user-0", "user-1"}, false},
		{"the app was refused", &kenar.Error{Op: "refresh tokens", Status: 401, OAuthError: "invalid_client"}, []string{"user-0", "user-1", "user-2"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc, server := withGrants(t, 4)
				sc.put("fresh")
				var said []error
				p := newProcess(t, sc.bucket, sc.keys, server.refresh, nil)
				p.cfg.Report = func(err error) { said = append(said, err) }
				server.fail(tt.err)
				for _, id := range tt.ids {
					unavailable(t, p, id)
					time.Sleep(maxRetry)
					sc.put("fresh")
				}
				// The last of them and its retries may be a while ago: the
				// breaker is looked at just after it was kept open.
				if tt.want {
					p.breaker.mu.Lock()
					p.breaker.retryAt = time.Now().Add(longestPause)
					p.breaker.mu.Unlock()
				}
				if opened := len(said) == 1 && errors.Is(said[0], errBroken); opened != tt.want {
					t.Errorf("reported %v", said)
				}
				puts, calls, start := sc.puts(), server.count(), time.Now()
				u := unavailable(t, p, "user-3")
				if got := server.count() == calls; got != tt.want {
					t.Errorf("open: %t, want %t", got, tt.want)
				}
				if !tt.want {
					return
				}
				if sc.puts() != puts || time.Since(start) > 0 {
					t.Errorf("open: %d writes, %s", sc.puts()-puts, time.Since(start))
				}
				if in := time.Until(u.RetryAt); in <= 0 || in > longestPause {
					t.Errorf("the next try is in %s", in)
				}
				if _, err := p.Access(p.ctx, "fresh", Need{Good: good}); err != nil {
					t.Errorf("a token that needs no refresh: %v", err)
				}
			})
		})
	}
}

// While the server hangs, one refresh at a time is tried, less and less often.
// The first answer lets everybody in again.
func TestProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 20
		sc, server := withGrants(t, n)
		server.hang(30 * time.Second) // longer than the timeout
		server.fail(noAnswer)
		p := newProcess(t, sc.bucket, sc.keys, server.refresh, nil)
		p.cfg.Wait = defaultWait
		event := func(id string) bool {
			_, err := p.Access(p.ctx, id, Need{Good: good})
			u, ok := errors.AsType[*UnavailableError](err)
			if err != nil && !ok {
				t.Errorf("%s: %v", id, err)
			} else if err != nil {
				time.Sleep(max(time.Until(u.RetryAt), time.Second))
			}
			return err == nil
		}
		for i := range opensAfter {
			event(user(i))
		}
		time.Sleep(time.Minute)
		calls := server.count()
		server.most.Store(0)
		down := time.Now()
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				for !event(user(i)) {
					continue
				}
			})
		}
		time.Sleep(time.Hour)
		if got := server.most.Load(); got != 1 {
			t.Errorf("%d refreshes at the same time, want 1", got)
		}
		// A probe takes 15 s, and the pause after it half a minute on average.
		if got := server.count() - calls; got < 40 || got > 240 {
			t.Errorf("%d probes in %s", got, time.Since(down))
		}
		server.fail(nil)
		server.hang(0)
		all.Wait()
		if took := time.Since(down) - time.Hour; took > 2*time.Minute+maxRetry {
			t.Errorf("everybody was served %s after the outage", took)
		}
		must(t, p.Close(t.Context()))
	})
}

// The pause between probes is a random part of a growing time.
func TestProbePause(t *testing.T) {
	now := noon
	b := newBreaker(func() time.Time { return now }, nil)
	for i := range opensAfter {
		_ = pass{breaker: b, grant: user(i)}.failed(noAnswer)
	}
	first := b.retryAt
	_ = pass{breaker: b, grant: "late"}.failed(noAnswer) // it began before
	if b.retryAt != first {
		t.Error("a refresh that was under way has moved the next probe")
	}
	for i, most := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		most *= time.Second
		if d := b.retryAt.Sub(now); d < shortestPause || d > most {
			t.Errorf("pause %d is %s, want 1s to %s", i, d, most)
		}
		now = b.retryAt
		p, err := b.enter(t.Context(), "g", false)
		must(t, err)
		if _, err := b.enter(t.Context(), "h", false); !errors.Is(err, errBroken) {
			t.Errorf("a second probe: %v", err)
		}
		_ = p.failed(noAnswer)
		p.leave()
	}
	p := pass{breaker: b, grant: "g"}
	p.answered()
	if err := b.blocked("g"); err != nil {
		t.Errorf("after an answer: %v", err)
	}
	now = now.Add(-24 * time.Hour) // put back while it was open
	b.open, b.retryAt = errBroken, noon.Add(time.Hour)
	if err := b.blocked("g"); err != nil {
		t.Errorf("blocked by a time of another day: %v", err)
	}
}

// What is in doubt is finished within its grace, breaker or not.
func TestInDoubtIsProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc, server := withGrants(t, 5)
		for i := range 5 {
			first := sc.process(die("answered"))
			_, _ = first.Access(first.ctx, user(i), Need{Good: good})
		}
		p := newProcess(t, sc.bucket, sc.keys, server.refresh, nil)
		server.hang(time.Second)
		for i := range opensAfter {
			_ = pass{breaker: p.breaker, grant: fmt.Sprint(i)}.failed(noAnswer)
		}
		p.breaker.retryAt = time.Now().Add(longestPause)
		go p.KeepAlive(p.ctx)
		time.Sleep(55 * time.Second) // its lease, the next look, and a second for each
		for i := range 5 {
			if info, err := sc.store.Get(t.Context(), user(i)); err != nil || !info.InDoubt.IsZero() {
				t.Errorf("%s is in doubt since %s, error %v", user(i), info.InDoubt, err)
			}
		}
		p.end()
		synctest.Wait()
	})
}
