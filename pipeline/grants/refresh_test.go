package grants

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

const good = 15 * time.Second

// A scene is one grant whose access token has just ended.
type scene struct {
	t      *testing.T
	bucket *memory
	issuer *issuer
	keys   Keys
	store  *Store
}

func newScene(t *testing.T) *scene {
	t.Helper()
	_, keys := newKeys(t, 1)
	sc := &scene{t: t, bucket: newMemory(), issuer: newIssuer(time.Now), keys: keys}
	sc.store = newStore(sc.bucket, keys, nil)
	sc.put("g")
	time.Sleep(time.Hour)
	return sc
}

func (sc *scene) put(id string) {
	sc.t.Helper()
	_, err := sc.store.Put(sc.t.Context(), sc.issuer.consent(id))
	must(sc.t, err)
}

func (sc *scene) process(step func(*process, string)) *process {
	return newProcess(sc.t, sc.bucket, sc.keys, sc.issuer.refresh, step)
}

// works asserts that a worker gets a token that Kenar takes.
func (sc *scene) works(p *process) string {
	sc.t.Helper()
	token, err := p.Access(p.ctx, "g", Need{Good: good})
	if err != nil {
		sc.t.Errorf("no access token: %v", err)
	} else if !sc.issuer.works(token.Secret()) {
		sc.t.Error("the access token that was returned is dead")
	}
	return token.Secret()
}

func (sc *scene) info() Info {
	sc.t.Helper()
	i, err := sc.store.Get(sc.t.Context(), "g")
	must(sc.t, err)
	return i
}

// die is a step at which a process is killed.
func die(at string) func(*process, string) {
	return func(p *process, step string) {
		if step == at {
			p.kill()
			runtime.Goexit()
		}
	}
}

// Every row is a place where a worker dies in a refresh. Another one must
// mend it, within the grace, and nobody may ever see a dead token.
func TestCrash(t *testing.T) {
	tests := []struct {
		dies    string
		doubt   bool          // what it leaves
		calls   int           // that reach the grant server until it is mended
		mended  time.Duration // at most, after the death
		revoked bool          // the user took the consent back
	}{
		{dies: "leased", doubt: true, calls: 1, mended: 30 * time.Second},
		{dies: "answered", doubt: true, calls: 2, mended: 30 * time.Second},
		{dies: "stored", calls: 1},
		{dies: "answered", doubt: true, calls: 2, mended: 30 * time.Second, revoked: true},
		{dies: "ended", calls: 1, revoked: true},
	}
	for _, tt := range tests {
		name := tt.dies
		if tt.revoked {
			name += ", revoked"
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := newScene(t)
				if tt.revoked {
					sc.issuer.revoke("g")
				}
				first, second := sc.process(die(tt.dies)), sc.process(nil)
				if _, err := first.Access(first.ctx, "g", Need{Good: good}); err == nil || Permanent(err) {
					t.Fatalf("the worker that died got %v", err)
				}
				if got := !sc.info().InDoubt.IsZero(); got != tt.doubt {
					t.Errorf("in doubt: %t, want %t", got, tt.doubt)
				}
				start := time.Now()
				if tt.revoked {
					if _, err := second.Access(second.ctx, "g", Need{Good: good}); !errors.Is(err, ErrRevoked) {
						t.Errorf("of a grant that was taken back: %v", err)
					}
				} else {
					sc.works(second)
				}
				if took := time.Since(start); took > tt.mended {
					t.Errorf("mended after %s, want at most %s", took, tt.mended)
				}
				if got := sc.issuer.count("g"); got != tt.calls {
					t.Errorf("%d calls of the grant server, want %d", got, tt.calls)
				}
				if i := sc.info(); !i.InDoubt.IsZero() {
					t.Errorf("still in doubt: %+v", i)
				}
			})
		})
	}
}

// Nobody asks for the grant: KeepAlive finishes what is in doubt within the
// grace.
func TestCrashWithoutWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		first, second := sc.process(die("answered")), sc.process(nil)
		_, _ = first.Access(first.ctx, "g", Need{Good: good})
		go second.KeepAlive(second.ctx)
		time.Sleep(kenar.TokenGrace)
		synctest.Wait()
		if i := sc.info(); !i.InDoubt.IsZero() || i.Revoked != nil {
			t.Errorf("after the grace: %+v", i)
		}
		time.Sleep(time.Minute)
		sc.works(second)
		second.end()
		synctest.Wait()
	})
}

// All workers are away for longer than the grace.
func TestGraceIsOver(t *testing.T) {
	for _, applied := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			sc := newScene(t)
			step := "leased"
			if applied {
				step = "answered"
			}
			first, second := sc.process(die(step)), sc.process(nil)
			_, _ = first.Access(first.ctx, "g", Need{Good: good})
			time.Sleep(time.Hour)
			if !applied {
				sc.works(second) // it was never applied: one more try is worth it
				return
			}
			_, err := second.Access(second.ctx, "g", Need{Good: good})
			r, ok := errors.AsType[*RevokedError](err)
			if !ok || r.Code != CodeLost || !strings.Contains(r.Message, "lost") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A worker is stopped within a refresh for longer than its lease.
func TestStopped(t *testing.T) {
	stop := func(at string, d time.Duration) func(*process, string) {
		return func(_ *process, step string) {
			if step == at {
				time.Sleep(d)
			}
		}
	}
	t.Run("before it sends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sc := newScene(t)
			var once sync.Once
			first := sc.process(func(_ *process, step string) {
				if step == "leased" {
					once.Do(func() { time.Sleep(time.Minute) })
				}
			})
			second := sc.process(nil)
			got := make(chan string)
			go func() { got <- sc.works(first) }()
			synctest.Wait()
			token := sc.works(second)
			if late := <-got; late != token || sc.issuer.count("g") != 1 {
				t.Errorf("two refreshes: %d calls", sc.issuer.count("g"))
			}
		})
	})
	t.Run("with an answer in hand", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sc := newScene(t)
			first, second := sc.process(stop("answered", 5*time.Minute)), sc.process(nil)
			got := make(chan string)
			go func() { got <- sc.works(first) }()
			synctest.Wait()
			token := sc.works(second) // within the grace
			if late := <-got; late != token {
				t.Error("the answer of the earlier attempt replaced the newer pair")
			}
			sc.works(second)
		})
	})
	t.Run("with the only answer in hand", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sc := newScene(t)
			first, second := sc.process(stop("answered", 30*time.Minute)), sc.process(nil)
			got := make(chan string)
			go func() { got <- sc.works(first) }()
			time.Sleep(5 * time.Minute)
			if _, err := second.Access(second.ctx, "g", Need{Good: good}); !errors.Is(err, ErrRevoked) {
				t.Fatalf("after the grace: %v", err)
			}
			<-got // the grant lives again
			sc.works(second)
		})
	})
	t.Run("while another has leased", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sc := newScene(t)
			first := sc.process(stop("answered", 40*time.Second))
			second := sc.process(func(p *process, step string) {
				if step == "answered" { // applied: what the first holds lives for the grace only
					time.Sleep(20 * time.Second)
					p.kill()
					runtime.Goexit()
				}
			})
			third := sc.process(nil)
			got := make(chan string)
			go func() { got <- sc.works(first) }()
			synctest.Wait()
			_, _ = second.Access(second.ctx, "g", Need{Good: good})
			<-got
			if sc.info().InDoubt.IsZero() {
				t.Error("a later attempt is open, and the pair is not in doubt")
			}
			time.Sleep(time.Minute)
			sc.works(third)
			time.Sleep(5 * time.Minute)
			sc.works(third)
		})
	})
}

// The answer of the grant server is lost, or there is none.
func TestLostAnswer(t *testing.T) {
	lost := &kenar.Error{Op: "refresh tokens", Err: context.DeadlineExceeded}
	tests := []struct {
		name      string
		err       error
		applied   bool
		times     int
		wantCalls int
		wantErr   bool // of the first Access
	}{
		{"applied, once", lost, true, 1, 2, false},
		{"applied, twice", lost, true, 2, 3, false},
		{"not applied, for long", lost, false, 3, 1, true},
		{"a gateway gave up", &kenar.Error{Op: "refresh tokens", Status: 502}, true, 1, 2, false},
		{"an error of an unknown kind", errors.New("broken"), true, 1, 2, false},
		{"never sent", &kenar.Error{Op: "refresh tokens", NeverSent: true}, false, 1, 1, true},
		{"the app was refused", &kenar.Error{Op: "refresh tokens", Status: 401, OAuthError: "invalid_client"}, false, 1, 1, true},
		{"too many requests", &kenar.Error{Op: "refresh tokens", Status: 429}, false, 1, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := newScene(t)
				left := tt.times
				p := newProcess(t, sc.bucket, sc.keys, func(ctx context.Context, refresh, access string) (kenar.Tokens, error) {
					if left--; left < 0 {
						return sc.issuer.refresh(ctx, refresh, access)
					}
					if tt.applied {
						_, _ = sc.issuer.refresh(ctx, refresh, access)
					}
					return kenar.Tokens{}, tt.err
				}, nil)
				_, err := p.Access(p.ctx, "g", Need{Good: good})
				if (err != nil) != tt.wantErr || Permanent(err) {
					t.Fatalf("got %v", err)
				}
				if u, ok := errors.AsType[*UnavailableError](err); ok {
					if _, err := p.Access(p.ctx, "g", Need{Good: good}); err == nil {
						t.Error("tried again before its time")
					}
					time.Sleep(time.Until(u.RetryAt) + time.Millisecond)
				}
				sc.works(p)
				if got := sc.issuer.count("g"); got != tt.wantCalls {
					t.Errorf("%d calls reached the grant server, want %d", got, tt.wantCalls)
				}
				if i := sc.info(); !i.InDoubt.IsZero() || i.Fails != 0 {
					t.Errorf("in doubt since %s, %d fails", i.InDoubt, i.Fails)
				}
			})
		})
	}
}

// NATS goes away when the new pair is to be stored: it is kept in memory.
func TestNATSAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		away := false
		sc.bucket.fault = func(string) (bool, bool) { return false, away }
		p := sc.process(func(_ *process, step string) {
			if step == "answered" {
				sc.bucket.mu.Lock()
				away = true
				sc.bucket.mu.Unlock()
			}
		})
		if _, err := p.Access(p.ctx, "g", Need{Good: good}); !errors.Is(err, errAway) || Permanent(err) {
			t.Fatalf("got %v", err)
		}
		time.Sleep(time.Hour / 2)
		sc.bucket.mu.Lock()
		away = false
		sc.bucket.mu.Unlock()
		must(t, p.Close(t.Context()))
		sc.works(sc.process(nil))
		if got := sc.issuer.count("g"); got != 1 {
			t.Errorf("%d calls, want 1: the pair was in memory", got)
		}
	})
}

// The grant server forgets its last write, as after a failover: the pair
// before still works, and the grant lives.
func TestServerForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		p := sc.process(nil)
		token := sc.works(p)
		sc.issuer.mu.Lock()
		for _, i := range sc.issuer.pairs {
			if i.access == token {
				delete(sc.issuer.pairs, i.refresh)
				delete(sc.issuer.byToken, i.access)
			} else {
				i.until = time.Time{}
			}
		}
		sc.issuer.mu.Unlock()
		_, err := p.Refused(p.ctx, "g", token)
		must(t, err)
		sc.works(p)
	})
}

// A new consent, a deletion or a revocation while a refresh is under way: the
// answer of the refresh changes nothing.
func TestChangedMeanwhile(t *testing.T) {
	tests := map[string]struct {
		change func(*scene) error
		want   error
	}{
		"new consent": {func(sc *scene) error { sc.put("g"); return nil }, nil},
		"deleted":     {func(sc *scene) error { return sc.store.Delete(sc.t.Context(), "g") }, ErrMissing},
		"deleted and given anew": {func(sc *scene) error {
			must(sc.t, sc.store.Delete(sc.t.Context(), "g"))
			sc.put("g")
			return nil
		}, nil},
		"revoked":  {func(sc *scene) error { return sc.store.Revoke(sc.t.Context(), "g", "the user said so") }, ErrRevoked},
		"resealed": {func(sc *scene) error { return sc.store.Reseal(sc.t.Context(), nil) }, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := newScene(t)
				before := sc.info()
				p := sc.process(func(_ *process, step string) {
					if step == "answered" {
						must(t, tt.change(sc))
					}
				})
				token, err := p.Access(p.ctx, "g", Need{Good: good})
				if !errors.Is(err, tt.want) {
					t.Fatalf("got %v, want %v", err, tt.want)
				}
				if tt.want != nil {
					return
				}
				if !sc.issuer.works(token.Secret()) {
					t.Error("the token is dead")
				}
				time.Sleep(10 * time.Minute)
				sc.works(p)
				if i := sc.info(); strings.Contains(name, "consent") && i.Generation <= before.Generation {
					t.Errorf("generation %d after %d", i.Generation, before.Generation)
				}
			})
		})
	}
}

// A pair that was refreshed early and is in doubt works for the grace for
// certain, and no longer, whatever its expiry says.
func TestInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		sc.put("g") // good for an hour
		p := newProcess(t, sc.bucket, sc.keys, func(ctx context.Context, refresh, access string) (kenar.Tokens, error) {
			_, _ = sc.issuer.refresh(ctx, refresh, access)
			return kenar.Tokens{}, &kenar.Error{Op: "refresh tokens", Status: 503}
		}, nil)
		early := func(e *entry, _ time.Time) bool { return e.Pair == 0 }
		if err := p.renew(p.ctx, "g", nil, early); err == nil || Permanent(err) {
			t.Fatalf("while the server is away: %v", err)
		}
		sc.works(p) // the old token, in its grace
		time.Sleep(kenar.TokenGrace)
		for range 2 { // the first tries the server, the second is too early for that
			if token, err := p.Access(p.ctx, "g", Need{Good: good}); err == nil || Permanent(err) {
				t.Errorf("%v, error %v: it is not known to work any more", token, err)
			}
		}
	})
}
