package grants

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// Times further ahead than any worker writes count as over.
func TestAhead(t *testing.T) {
	longest := 45*time.Second + LeaseSlack
	tests := []struct {
		name string
		e    entry
		of   func(*entry, time.Time) bool
		want bool
	}{
		{"no lease", entry{}, (*entry).leased, false},
		{"lease", entry{Lease: lease{Until: noon.Add(time.Second)}}, (*entry).leased, true},
		{"lease of a clock behind", entry{Lease: lease{Until: noon.Add(-time.Second)}}, (*entry).leased, true},
		{"lease over", entry{Lease: lease{Until: noon.Add(-skew)}}, (*entry).leased, false},
		{"longest lease", entry{Lease: lease{Until: noon.Add(longest + skew)}}, (*entry).leased, true},
		{"lease too long", entry{Lease: lease{Until: noon.Add(longest + skew + 1)}}, (*entry).leased, false},
		{"no retry", entry{}, (*entry).waits, false},
		{"retry", entry{RetryAt: noon.Add(5 * time.Minute)}, (*entry).waits, true},
		{"retry now", entry{RetryAt: noon}, (*entry).waits, false},
		{"retry too late", entry{RetryAt: noon.Add(5*time.Minute + skew + 1)}, (*entry).waits, false},
		{"never tried", entry{}, (*entry).rests, false},
		{"tried today", entry{TriedAt: noon.Add(-time.Hour)}, (*entry).rests, true},
		{"tried yesterday", entry{TriedAt: noon.Add(-24 * time.Hour)}, (*entry).rests, false},
		{"tried by a clock ahead", entry{TriedAt: noon.Add(skew)}, (*entry).rests, true},
		{"tried in the future", entry{TriedAt: noon.Add(skew + 1)}, (*entry).rests, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.of(&tt.e, noon); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
	for since, want := range map[time.Duration]bool{0: true, time.Minute: true, kenar.TokenGrace: false, -time.Second: true, -time.Hour: false} {
		if got := inGrace(noon.Add(-since), noon); got != want {
			t.Errorf("in doubt for %s, in grace %t, want %t", since, got, want)
		}
	}
}

// A worker whose clock is an hour ahead begins a refresh, and dies or fails.
// The others finish it within its grace.
func TestClockAhead(t *testing.T) {
	tests := map[string]struct {
		die func(*process, string)
		err error
	}{
		"dies with the lease":   {die: die("answered")},
		"the server has failed": {err: &kenar.Error{Op: "refresh tokens", Status: 502}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc, server := withGrants(t, 0)
				server.fail(tt.err)
				first := newProcess(t, sc.bucket, sc.keys, server.refresh, tt.die)
				first.now = func() time.Time { return time.Now().Add(time.Hour) }
				first.breaker.now = first.now
				start := time.Now()
				if _, err := first.Access(first.ctx, "g", Need{Good: good}); err == nil || Permanent(err) {
					t.Fatalf("the first worker: %v", err)
				}
				if e, err := sc.store.read(t.Context(), "g"); err != nil || !e.Doubt.After(time.Now()) {
					t.Fatalf("in doubt since %s, error %v: the test proves nothing", e.Doubt, err)
				}
				first.end()
				server.fail(nil)
				second := sc.process(nil)
				go second.KeepAlive(second.ctx)
				sc.works(second)
				if took := time.Since(start); took >= kenar.TokenGrace {
					t.Errorf("it took %s", took)
				}
				if i := sc.info(); !i.InDoubt.IsZero() {
					t.Errorf("in doubt since %s", i.InDoubt)
				}
				second.end()
				synctest.Wait()
			})
		})
	}
}

// A grant was tried in the future: it is saved from its end nevertheless.
func TestTriedInTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := newScene(t)
		must(t, sc.store.Expect(t.Context(), "g", time.Now().Add(60*24*time.Hour)))
		must(t, sc.store.change(t.Context(), "g", func(e *entry) bool {
			e.TriedAt = time.Now().Add(10 * 365 * 24 * time.Hour)
			e.RetryAt = e.TriedAt
			return true
		}))
		p := sc.process(nil)
		go p.KeepAlive(p.ctx)
		time.Sleep(31 * 24 * time.Hour)
		if i := sc.info(); i.RefreshedAt.IsZero() || i.Revoked != nil {
			t.Errorf("the grant has died: %+v", i)
		}
		p.end()
		synctest.Wait()
	})
}
