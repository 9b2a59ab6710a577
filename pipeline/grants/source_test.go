package grants

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// In what order a grant is found wanting, and whether that is final.
func TestAccess(t *testing.T) {
	tests := []struct {
		name      string
		change    func(*scene)
		id        string
		need      Need
		want      error // nil: an access token
		permanent bool
		text      string
		calls     int
	}{
		{name: "good", need: Need{Good: good}},
		{name: "good, scope granted", need: Need{Scopes: []string{"POST_ADDON_CREATE.AZ", "USER_ADDON_CREATE"}, Good: good}},
		{name: "good for less than the call", need: Need{Good: 59*time.Minute + 59*time.Second}, calls: 1, want: errUnavailable, text: "a fresh one works until"},
		{name: "near its end", change: func(*scene) { time.Sleep(59*time.Minute + 50*time.Second) }, need: Need{Good: good}, calls: 1},
		{name: "missing", id: "other", want: ErrMissing, permanent: true, text: "other"},
		{name: "no id", id: "a b", want: ErrMissing, permanent: true},
		{name: "revoked", change: func(sc *scene) { must(sc.t, sc.store.Revoke(sc.t.Context(), "g", "she called us")) }, want: ErrRevoked, permanent: true, text: "she called us"},
		{name: "scope missing", need: Need{Scopes: []string{"POST_ADDON_CREATE.AZ", "USER_POSTS_ADDON_CREATE"}}, want: ErrScope, permanent: true, text: "POST_ADDON_CREATE.AZ or USER_POSTS_ADDON_CREATE"},
		{name: "scope missing before a refresh is tried", change: func(*scene) { time.Sleep(2 * time.Hour) }, need: Need{Scopes: []string{"SUBMIT_USER_POST"}}, want: ErrScope, permanent: true},
		{name: "taken back at Divar", change: func(sc *scene) { time.Sleep(2 * time.Hour); sc.issuer.revoke("g") }, want: ErrRevoked, permanent: true, text: "invalid_grant", calls: 1},
		{name: "sealed to a lost identity", change: func(sc *scene) { *sc = sc.withKeys() }, want: ErrWrongIdentity, text: "GRANT_IDENTITY"},
		{name: "no refresh token", change: func(sc *scene) {
			c := sc.issuer.consent("g")
			c.Tokens.Refresh = ""
			_, err := sc.store.Put(sc.t.Context(), c)
			must(sc.t, err)
			time.Sleep(time.Hour)
		}, want: ErrRevoked, permanent: true, text: "offline_access"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := newScene(t)
				sc.put("g") // afresh
				if tt.change != nil {
					tt.change(sc)
				}
				if tt.id == "" {
					tt.id = "g"
				}
				p := sc.process(nil)
				token, err := p.Access(p.ctx, tt.id, tt.need)
				switch {
				case tt.want == nil && (err != nil || !sc.issuer.works(token.Secret())):
					t.Errorf("token %v, error %v", token, err)
				case errors.Is(tt.want, errUnavailable):
					if _, ok := errors.AsType[*UnavailableError](err); !ok {
						t.Errorf("got %v", err)
					}
				case tt.want != nil && !errors.Is(err, tt.want):
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if Permanent(err) != tt.permanent {
					t.Errorf("permanent: %t of %v", Permanent(err), err)
				}
				if err != nil && !strings.Contains(err.Error(), tt.text) {
					t.Errorf("error %q does not say %q", err, tt.text)
				}
				if got := sc.issuer.count("g"); got != tt.calls {
					t.Errorf("%d refreshes, want %d", got, tt.calls)
				}
			})
		})
	}
}

// errUnavailable stands for any *UnavailableError.
var errUnavailable = errors.New("unavailable")

// withKeys is the scene for whoever has another identity.
func (sc *scene) withKeys() scene {
	_, keys := newKeys(sc.t, 1)
	other := *sc
	other.keys, other.store = keys, newStore(sc.bucket, keys, nil)
	return other
}

// Dozens of events of one user on eight workers cause one refresh.
func TestOneRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		slow := func(ctx context.Context, refresh, access string) (kenar.Tokens, error) {
			time.Sleep(3 * time.Second)
			return sc.issuer.refresh(ctx, refresh, access)
		}
		var all sync.WaitGroup
		start := time.Now()
		for range 8 {
			p := newProcess(t, sc.bucket, sc.keys, slow, nil)
			for range 30 {
				all.Go(func() { sc.works(p) })
			}
		}
		all.Wait()
		if got := sc.issuer.count("g"); got != 1 {
			t.Errorf("%d refreshes, want 1", got)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("the last had its token after %s: they must be woken by the change", took)
		}
	})
}

// A caller who goes away does not end the refresh for the others.
func TestCallerGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		p := newProcess(t, sc.bucket, sc.keys, func(ctx context.Context, refresh, access string) (kenar.Tokens, error) {
			time.Sleep(5 * time.Second)
			return sc.issuer.refresh(ctx, refresh, access)
		}, nil)
		ctx, cancel := context.WithTimeout(p.ctx, time.Second)
		defer cancel()
		if _, err := p.Access(ctx, "g", Need{Good: good}); !errors.Is(err, context.DeadlineExceeded) || Permanent(err) {
			t.Errorf("got %v", err)
		}
		must(t, p.Close(t.Context())) // waits for what is under way
		sc.works(p)                   // what is fresh can be had, also from a Source that is closed
		if got := sc.issuer.count("g"); got != 1 {
			t.Errorf("%d refreshes, want 1", got)
		}
		time.Sleep(time.Hour)
		if _, err := p.Access(p.ctx, "g", Need{Good: good}); !errors.Is(err, errClosed) {
			t.Errorf("a closed source refreshes: %v", err)
		}
	})
}

// Kenar answers 401: one refresh per token, whoever noticed, and a token
// fetched for that reason that is refused as well makes the key the suspect.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		a, b := sc.process(nil), sc.process(nil)
		refused := func(p *process, token string, want bool) {
			t.Helper()
			fresh, err := p.Refused(p.ctx, "g", token)
			if err != nil || fresh != want {
				t.Errorf("fresh %t, error %v; want %t", fresh, err, want)
			}
		}
		calls := func(want int) {
			t.Helper()
			if got := sc.issuer.count("g"); got != want {
				t.Errorf("%d refreshes, want %d", got, want)
			}
		}
		first := sc.works(a)
		calls(1)
		refused(a, first, false)
		refused(b, first, false)
		calls(1) // by the next Access, not before
		second := sc.works(b)
		if again := sc.works(a); again != second || second == first {
			t.Error("not one new token for both")
		}
		calls(2)
		refused(a, first, false) // no longer the current one: nothing happens
		if sc.works(a) != second {
			t.Error("the refusal of an old token cost a refresh")
		}
		refused(a, second, true)
		if sc.works(b) != second {
			t.Error("a fresh token was refreshed although another would fare no better")
		}
		calls(2)
		time.Sleep(freshFor)
		refused(b, second, false)
		sc.works(b)
		calls(3)
	})
}

// The age identity is rotated while workers run.
func TestKeysChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		older, keys := newKeys(t, 1)
		current := older
		keys.Identities = func() (Identities, error) { return current, nil }
		sc.keys, sc.store = keys, newStore(sc.bucket, keys, nil)
		sc.put("g")
		p := sc.process(nil)
		sc.works(p)
		newer, _ := newKeys(t, 1)
		both := append(newer.list(), older.list()...)
		current = Identities{&both}
		sc.works(p)
		time.Sleep(time.Hour)
		sc.works(p) // refreshed, and sealed to the newest
		current = newer
		sc.works(sc.process(nil))
	})
}

// Grants with waiting work outlive their refresh tokens; others end in peace.
func TestKeepAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		sc.put("idle")
		must(t, sc.store.Revoke(t.Context(), "idle", "for now"))
		sc.put("idle")
		a, b := sc.process(nil), sc.process(nil)
		must(t, sc.store.Expect(t.Context(), "g", time.Now().Add(110*24*time.Hour)))
		sc.put("g") // a new consent is kept alive like the one before
		go a.KeepAlive(a.ctx)
		go b.KeepAlive(b.ctx)
		state := func(id string) State {
			t.Helper()
			e, err := sc.store.read(t.Context(), id)
			must(t, err)
			return e.State // as it is stored
		}
		time.Sleep(22 * 24 * time.Hour)
		if state("g") != StateActive || state("idle") != StateActive || sc.issuer.count("g") != 0 {
			t.Errorf("after 22 days: %s, %s, %d refreshes", state("g"), state("idle"), sc.issuer.count("g"))
		}
		time.Sleep(2 * 24 * time.Hour)
		if state("g") != StateActive || state("idle") != StateExpiring || sc.issuer.count("g") != 1 || sc.issuer.count("idle") != 0 {
			t.Errorf("after 24 days: %s, %s, %d and %d refreshes", state("g"), state("idle"), sc.issuer.count("g"), sc.issuer.count("idle"))
		}
		if got, want := a.Counts(), (Counts{Active: 1, Expiring: 1}); got != want {
			t.Errorf("after 24 days: %+v, want %+v", got, want)
		}
		time.Sleep(76 * 24 * time.Hour)
		if got := sc.issuer.count("g"); got < 4 || got > 5 {
			t.Errorf("%d refreshes in 100 days, want one each 23 days", got)
		}
		sc.works(a)
		a.end()
		b.end()
		synctest.Wait()
	})
}

// While the grant server is away, a grant near its end is tried once a day.
func TestKeepAliveWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		var tries atomic.Int64
		p := newProcess(t, sc.bucket, sc.keys, func(context.Context, string, string) (kenar.Tokens, error) {
			tries.Add(1)
			return kenar.Tokens{}, &kenar.Error{Op: "refresh tokens", NeverSent: true, Err: errors.New("connection refused")}
		}, nil)
		must(t, sc.store.Expect(t.Context(), "g", time.Now().Add(60*24*time.Hour)))
		go p.KeepAlive(p.ctx)
		time.Sleep(29 * 24 * time.Hour)
		synctest.Wait()
		if n := tries.Load(); n < 5 || n > 7 {
			t.Errorf("%d tries in the last 6 days, want one a day", n)
		}
		if i := sc.info(); i.Revoked != nil || !i.InDoubt.IsZero() {
			t.Errorf("an outage ended the grant: %+v", i)
		}
		p.end()
		synctest.Wait()
	})
}
