package ratelimit

import (
	"slices"
	"testing"
	"time"
)

func TestLimitsChangeAtTheNextStart(t *testing.T) {
	for _, tt := range []struct {
		name          string
		before, after string
		spent         int
		free          int // after the change
	}{
		{"raised", "P=5/168h", "P=8/168h", 5, 3},
		{"lowered", "P=5/168h", "P=3/168h", 2, 1},
		{"lowered below what is spent", "P=5/168h", "P=3/168h", 5, 0},
		{"longer window", "P=5/24h", "P=5/168h", 3, 2},
		{"shorter window", "P=5/168h", "P=5/24h", 3, 2},
		{"another window", "P=5/168h", "P=5/168h,4/24h", 3, 1},
		{"a window for the application", "P=5/168h", "P=5/168h; app=3/24h", 3, 0},
		{"a window fewer", "P=9/168h,4/24h", "P=9/168h", 4, 5},
		{"limited for the first time", "Q=1/1h", "P=5/168h; Q=1/1h", 3, 2},
		{"reserve", "P=5/168h", "P=5/168h reserve 2", 3, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onServers(t, func(t *testing.T, s *server) {
				source := &journal{}
				log := func(c *Config) { c.Source = source }
				old := s.limiter(tt.before, log)
				holds := reserve(t, old.Bucket("P"), tt.spent)
				source.record("P", time.Now(), holds...)
				spendAll(t, old.Bucket("P"), holds)
				if err := old.leave(t.Context()); err != nil {
					t.Fatal(err)
				}

				next := s.limiter(tt.after, log)
				got, wait, err := next.Bucket("P").Reserve(t.Context(), 100, false)
				if err != nil || len(got) != tt.free {
					t.Fatalf("with %s, after %d calls with %s: %d granted (%s, %v), want %d", tt.after, tt.spent, tt.before, len(got), wait, err, tt.free)
				}
				if tt.free == 0 && (wait.Reason != WaitQuota || wait.Until.Before(time.Now().Add(time.Hour))) {
					t.Errorf("Wait = %s, want the return date of a spent token", wait)
				}
			})
		})
	}
}

func spendAll(t *testing.T, b *Bucket, holds []Hold) {
	t.Helper()
	ok, err := b.Spend(t.Context(), holds...)
	if err != nil || slices.Contains(ok, false) {
		t.Fatalf("Spend = %v, %v", ok, err)
	}
}

func TestStricterLimitsWin(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		source := &journal{}
		var first, second recorder
		loose := s.limiter("P=10/168h; Q=5/1h; app=50/24h", func(c *Config) { c.Source, c.Notify = source, first.notify })
		stop := start(t, loose)
		spendAll(t, loose.Bucket("P"), reserve(t, loose.Bucket("P"), 2))

		strict := s.limiter("P=4/168h reserve 1; app=100/24h", func(c *Config) { c.Source, c.Notify = source, second.notify })
		stopStrict := start(t, strict)
		for _, l := range []*Limiter{loose, strict} {
			eventually(t, "the limits are agreed", func() bool {
				a := l.agreed.Load()
				return a.limits.String() == "P=4/168h reserve 1; Q=5/1h; app=50/24h"
			})
		}
		if holds, _, err := loose.Bucket("P").Reserve(t.Context(), 10, false); err != nil || len(holds) != 1 {
			t.Errorf("the replica with the loose limits got %d holds, %v; want 1: 4, less 2 spent, less 1 kept", len(holds), err)
		}
		if !strict.Bucket("Q").Limited() {
			t.Error("Q is unlimited for the replica that has no limit for it")
		}
		for _, r := range []*recorder{&first, &second} {
			eventually(t, "both say so", func() bool { return slices.Contains(r.kinds(), LimitsDiffer) })
		}

		stopStrict()
		eventually(t, "the loose limits apply once the strict replica has left", func() bool {
			return loose.agreed.Load().limits.String() == "P=10/168h; Q=5/1h; app=50/24h"
		})
		eventually(t, "they are said to agree", func() bool { return slices.Contains(first.kinds(), LimitsAgree) })
		holds, _, err := loose.Bucket("P").Reserve(t.Context(), 10, false)
		if err != nil || len(holds) != 7 {
			t.Errorf("then it got %d holds, %v; want 7 more", len(holds), err)
		}
		stop()
	})
}

func TestLooserReplicaIsToldOf(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		var events recorder
		strict := s.limiter("P=4/168h", func(c *Config) { c.Notify = events.notify })
		start(t, strict)
		loose := s.limiter("P=9/168h", nil)
		if got := loose.agreed.Load().limits.String(); got != "P=4/168h" {
			t.Errorf("the newcomer follows %s", got)
		}
		eventually(t, "the first replica says so", func() bool { return slices.Contains(events.kinds(), LimitsDiffer) })
	})
}

func TestSilentReplicaNoLongerCounts(t *testing.T) {
	s := newMini(t)
	now := time.Now()
	s.mini.SetTime(now)
	clock := func(c *Config) { c.Now = func() time.Time { return now } }
	s.limiter("P=4/168h", clock) // it crashes: it never leaves
	l := s.limiter("P=9/168h", clock)
	reserve(t, l.Bucket("P"), 4)
	refused(t, l.Bucket("P"), WaitQuota)

	now = now.Add(announceLife + time.Second)
	s.mini.SetTime(now)
	if _, err := l.join(t.Context()); err != nil {
		t.Fatal(err)
	}
	reserve(t, l.Bucket("P"), 9)
}

func TestWindowThatWasDroppedIsNotTrusted(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		source := &journal{}
		log := func(c *Config) { c.Source = source }
		use := func(limits string, n int) {
			l := s.limiter(limits, log)
			holds := reserve(t, l.Bucket("P"), n)
			source.record("P", time.Now(), holds...)
			spendAll(t, l.Bucket("P"), holds)
			if err := l.leave(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		use("P=10/168h", 2)
		use("P=10/24h", 3) // the window of a week does not see these
		l := s.limiter("P=10/168h", log)
		got, _, err := l.Bucket("P").Reserve(t.Context(), 100, false)
		if err != nil || len(got) != 5 {
			t.Errorf("%d granted, %v; want 10 less the 5 spent with either window", len(got), err)
		}
	})
}

func TestWaitersLearnOfRaisedLimits(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		old := s.limiter("P=1/168h", nil)
		stopOld := start(t, old)
		l := s.limiter("P=2/168h", nil)
		start(t, l)
		spendAll(t, l.Bucket("P"), reserve(t, l.Bucket("P"), 1))
		granted := waiting(t, l.Bucket("P"), false)
		stopOld()
		expect(t, granted, "the raised limit")
	})
}
