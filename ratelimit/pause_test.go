package ratelimit

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// passed waits for the end of a pause.
func passed(t *testing.T, until time.Time) {
	t.Helper()
	eventually(t, "the pause passes", func() bool { return time.Now().After(until.Add(2 * time.Millisecond)) })
}

// both runs a test with a limited and with an unlimited bucket.
func both(t *testing.T, f func(t *testing.T, limits string, s *server)) {
	onServers(t, func(t *testing.T, s *server) {
		for name, limits := range map[string]string{"limited": "P=50/168h; Q=50/168h", "unlimited": ""} {
			t.Run(name, func(t *testing.T) {
				s.wipe()
				f(t, limits, s)
			})
		}
	})
}

func TestPauseIsSeenByAll(t *testing.T) {
	both(t, func(t *testing.T, limits string, s *server) {
		var mine, theirs recorder
		a := s.limiter(limits, func(c *Config) { c.Notify = mine.notify })
		z := s.limiter(limits, func(c *Config) { c.Notify = theirs.notify })
		holds := reserve(t, z.Bucket("P"), 2)

		until := time.Now().Add(time.Hour)
		if err := a.Bucket("P").Pause(t.Context(), Pause{Until: until, Reason: "429 from the server"}); err != nil {
			t.Fatal(err)
		}
		z.Bucket("P").dropCache() // instead of waiting 250 ms
		wait := refused(t, z.Bucket("P"), WaitPause)
		if d := wait.Until.Sub(until).Abs(); d > 2*time.Second || !strings.Contains(wait.Detail, "429 from the server") {
			t.Errorf("Wait = %s, want until %s and the reason", wait, until)
		}
		// What was reserved before the pause is not sent, and its tokens are back.
		spend(t, z.Bucket("P"), "00", holds...)
		if limits != "" {
			counts(t, z, "P", 0, 0, 50)
		}
		reserve(t, z.Bucket("Q"), 1) // another permission goes on

		if s := status(t, z, "P"); s.PauseReason != "429 from the server" || s.PausedUntil.UnixMicro() != until.UnixMicro() || s.HalfOpen {
			t.Errorf("Status = %+v", s)
		}
		if err := a.Bucket("P").Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		z.Bucket("P").dropCache()
		spend(t, z.Bucket("P"), "1", reserve(t, z.Bucket("P"), 1)...)

		if kinds := mine.kinds(); !slices.Contains(kinds, Paused) || !slices.Contains(kinds, Resumed) {
			t.Errorf("the limiter that paused told of %v", kinds)
		}
		if kinds := theirs.kinds(); !slices.Contains(kinds, Paused) {
			t.Errorf("the other limiter told of %v", kinds)
		}
	})
}

func TestPauseOfTheApplication(t *testing.T) {
	both(t, func(t *testing.T, limits string, s *server) {
		l := s.limiter(limits, nil)
		if err := l.Bucket("P").Pause(t.Context(), Pause{Until: time.Now().Add(time.Hour), Reason: "day", App: true}); err != nil {
			t.Fatal(err)
		}
		refused(t, l.Bucket("P"), WaitPause)
		refused(t, l.Bucket("Q"), WaitPause)
		if s := status(t, l, AppKey); s.PauseReason != "day" || s.Window != 0 {
			t.Errorf("Status = %+v, want an entry of the application's own", s)
		}
		if err := l.Bucket("P").Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		refused(t, l.Bucket("P"), WaitPause) // it was not P that was paused
		if err := l.Bucket(AppKey).Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		reserve(t, l.Bucket("P"), 1)
	})
}

func TestLaterPauseWins(t *testing.T) {
	both(t, func(t *testing.T, limits string, s *server) {
		l := s.limiter(limits, nil)
		b := l.Bucket("P")
		late := time.Now().Add(2 * time.Hour)
		for _, p := range []Pause{
			{Until: time.Now().Add(time.Hour), Reason: "first"},
			{Until: late, Reason: "longest"},
			{Until: time.Now().Add(time.Minute), Reason: "shortest", Probe: true},
		} {
			if err := b.Pause(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		if s := status(t, l, "P"); s.PausedUntil.UnixMicro() != late.UnixMicro() || s.PauseReason != "longest" {
			t.Errorf("Status = %+v, want the longest pause", s)
		}
	})
}

func TestPauseEndsByItself(t *testing.T) {
	both(t, func(t *testing.T, limits string, s *server) {
		l := s.limiter(limits, nil)
		b := l.Bucket("P")
		until := time.Now().Add(150 * time.Millisecond)
		if err := b.Pause(t.Context(), Pause{Until: until}); err != nil {
			t.Fatal(err)
		}
		refused(t, b, WaitPause)
		holds, err := b.Acquire(t.Context(), 2, false)
		if err != nil || len(holds) != 2 || time.Now().Before(until) {
			t.Fatalf("Acquire = %d holds, %v, %s before the end", len(holds), err, time.Until(until))
		}
		spend(t, b, "11", holds...)
	})
}

func TestProbe(t *testing.T) {
	// halfOpen returns two replicas whose bucket is half-open, with a probe that was granted.
	halfOpen := func(t *testing.T, limits string, s *server, hold time.Duration) (a, z *Bucket, probe Hold) {
		short := func(c *Config) { c.Hold, c.Call = hold, 300*time.Millisecond }
		a, z = s.limiter(limits, short).Bucket("P"), s.limiter(limits, short).Bucket("P")
		until := time.Now().Add(20 * time.Millisecond)
		if err := a.Pause(t.Context(), Pause{Until: until, Reason: "unknown limit", Probe: true}); err != nil {
			t.Fatal(err)
		}
		passed(t, until)
		probe = reserve(t, a, 1)[0]
		if !probe.Probe {
			t.Error("the hold does not say that it is a probe")
		}
		refused(t, z, WaitProbe)
		refused(t, a, WaitProbe)
		return a, z, probe
	}

	both(t, func(t *testing.T, limits string, s *server) {
		t.Run("only one of a batch", func(t *testing.T) {
			l := s.limiter(limits, nil)
			if err := l.Bucket("B").Pause(t.Context(), Pause{Until: time.Now().Add(-time.Second), Probe: true}); err != nil {
				t.Fatal(err)
			}
			if holds, _, err := l.Bucket("B").Reserve(t.Context(), 10, true); len(holds) != 1 || err != nil {
				t.Errorf("Reserve(10) half-open = %d holds, %v; want 1", len(holds), err)
			}
			if s := status(t, l, "B"); !s.HalfOpen {
				t.Errorf("Status = %+v, want half-open", s)
			}
		})
		t.Run("succeeds", func(t *testing.T) {
			a, z, probe := halfOpen(t, limits, s, time.Minute)
			spend(t, a, "1", probe)
			a.Commit(probe, time.Now())
			delivered(t, a.l)
			refused(t, z, WaitProbe) // the verdict is still out
			if err := a.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			z.dropCache()
			spend(t, z, "111", reserve(t, z, 3)...)
		})
		t.Run("fails", func(t *testing.T) {
			a, z, probe := halfOpen(t, limits, s, time.Minute)
			spend(t, a, "1", probe)
			if err := a.Pause(t.Context(), Pause{Until: time.Now().Add(time.Hour), Probe: true}); err != nil {
				t.Fatal(err)
			}
			z.dropCache()
			refused(t, z, WaitPause)
			if err := a.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("is refunded", func(t *testing.T) {
			a, z, probe := halfOpen(t, limits, s, time.Minute)
			a.Refund(probe)
			delivered(t, a.l)
			if next := reserve(t, z, 1); !next[0].Probe {
				t.Error("the next hold is not a probe")
			}
			if err := a.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("holder dies before the call", func(t *testing.T) {
			_, z, _ := halfOpen(t, limits, s, 100*time.Millisecond)
			holds, err := z.Acquire(t.Context(), 5, true)
			if err != nil || len(holds) != 1 || !holds[0].Probe {
				t.Errorf("Acquire = %+v, %v; want the probe", holds, err)
			}
			if err := z.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("holder dies after Spend", func(t *testing.T) {
			a, z, probe := halfOpen(t, limits, s, time.Minute)
			spend(t, a, "1", probe)
			holds, err := z.Acquire(t.Context(), 5, true)
			if err != nil || len(holds) != 1 || !holds[0].Probe {
				t.Errorf("Acquire = %+v, %v; want the probe", holds, err)
			}
			if err := z.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("holds from before the pause", func(t *testing.T) {
			l := s.limiter(limits, nil)
			b := l.Bucket("P")
			old := reserve(t, b, 2)
			until := time.Now().Add(5 * time.Millisecond)
			if err := b.Pause(t.Context(), Pause{Until: until, Probe: true}); err != nil {
				t.Fatal(err)
			}
			passed(t, until)
			probe := reserve(t, b, 1)
			spend(t, b, "010", old[0], probe[0], old[1])
			if err := b.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// A lifted pause ends as if its time had come.
func TestLift(t *testing.T) {
	both(t, func(t *testing.T, limits string, s *server) {
		for name, p := range map[string]Pause{
			"without a probe":                {Reason: "the day's calls"},
			"with a probe":                   {Reason: "403 in a row", Probe: true},
			"of the application":             {Reason: "429", App: true},
			"of the application, to a probe": {Reason: "429", App: true, Probe: true},
		} {
			t.Run(name, func(t *testing.T) {
				l, other := s.limiter(limits, nil), s.limiter(limits, nil)
				start(t, other)
				scope := "P"
				if p.App {
					scope = AppKey
				}
				p.Until = time.Now().Add(time.Hour).Truncate(time.Millisecond)
				if err := l.Bucket("P").Pause(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				waiting := make(chan []Hold, 1)
				refused(t, other.Bucket("P"), WaitPause)
				go func() {
					holds, err := other.Bucket("P").Acquire(t.Context(), 2, false)
					if err != nil {
						t.Error(err)
					}
					waiting <- holds
				}()

				was, ok, err := l.Bucket(scope).Lift(t.Context())
				if d := was.Until.Sub(p.Until); err != nil || !ok || d < 0 || d > maxSkew {
					t.Fatalf("Lift = %+v, %t, %v; want the pause %+v", was, ok, err, p)
				}
				if was.Until = p.Until; was != p {
					t.Errorf("Lift = %+v, want the pause %+v", was, p)
				}
				holds := <-waiting // in another process, which hears of it
				if want := map[bool]int{false: 2, true: 1}[p.Probe]; len(holds) != want || holds[0].Probe != p.Probe {
					t.Fatalf("the waiting caller got %+v, want %d holds, a probe: %t", holds, want, p.Probe)
				}
				if p.Probe {
					l.Bucket("P").dropCache()
					refused(t, l.Bucket("P"), WaitProbe)
				}
				if _, ok, err := l.Bucket(scope).Lift(t.Context()); ok || err != nil {
					t.Errorf("Lift once more = %t, %v; want nothing to lift", ok, err)
				}
				if err := l.Bucket("P").Resume(t.Context()); err != nil { // the probe went well
					t.Fatal(err)
				}
				l.Bucket("P").dropCache()
				reserve(t, l.Bucket("P"), 2)
			})
		}
	})
}

func TestNothingToLift(t *testing.T) {
	both(t, func(t *testing.T, limits string, s *server) {
		l := s.limiter(limits, nil)
		if _, ok, err := l.Bucket("P").Lift(t.Context()); ok || err != nil {
			t.Errorf("Lift = %t, %v", ok, err)
		}
		// The application's pause is not the permission's.
		if err := l.Bucket("P").Pause(t.Context(), Pause{Until: time.Now().Add(time.Hour), App: true}); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := l.Bucket("P").Lift(t.Context()); ok || err != nil {
			t.Errorf("Lift = %t, %v", ok, err)
		}
		refused(t, l.Bucket("P"), WaitPause)
	})
}

// A caller whose clock is behind must not wait for the moment of the lifting.
func TestLiftedForASlowClock(t *testing.T) {
	both(t, func(t *testing.T, limits string, s *server) {
		behind := func() time.Time { return time.Now().Add(-3 * maxSkew / 4) }
		l, slow := s.limiter(limits, nil), s.limiter(limits, func(c *Config) { c.Now = behind })
		if err := l.Bucket("P").Pause(t.Context(), Pause{Until: time.Now().Add(time.Hour), Probe: true}); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := l.Bucket("P").Lift(t.Context()); !ok || err != nil {
			t.Fatalf("Lift = %t, %v", ok, err)
		}
		reserve(t, slow.Bucket("P"), 1)
	})
}

// What was lifted does not come back with the state.
func TestLiftedPauseIsNotRestored(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=5/168h", nil)
		if err := l.Bucket("P").Pause(t.Context(), Pause{Until: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := l.Bucket("P").Lift(t.Context()); !ok || err != nil {
			t.Fatalf("Lift = %t, %v", ok, err)
		}
		s.wipe()
		if err := l.Fill(t.Context()); err != nil {
			t.Fatal(err)
		}
		reserve(t, l.Bucket("P"), 1)
	})
}

func TestProbeOfTheApplicationIsResumedByAnyPermission(t *testing.T) {
	both(t, func(t *testing.T, limits string, s *server) {
		l := s.limiter(limits, nil)
		p := Pause{Until: time.Now().Add(-time.Millisecond), App: true, Probe: true, Reason: "unknown"}
		if err := l.Bucket("P").Pause(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		probe := reserve(t, l.Bucket("Q"), 1)
		refused(t, l.Bucket("P"), WaitProbe)
		spend(t, l.Bucket("Q"), "1", probe...)
		if err := l.Bucket("Q").Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		reserve(t, l.Bucket("P"), 2)
	})
}

func TestPauseReasonIsCut(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		b := s.limiter("", nil).Bucket("P")
		reason := "two words\nand a line" + strings.Repeat("ب", 500)
		if err := b.Pause(t.Context(), Pause{Until: time.Now().Add(time.Hour), Reason: reason}); err != nil {
			t.Fatal(err)
		}
		got := status(t, b.l, "P").PauseReason
		if len(got) > 310 || !strings.HasPrefix(got, "two words\nand a line") || !utf8.ValidString(got) {
			t.Errorf("%d bytes are kept: %q", len(got), got)
		}
	})
}

func TestPauseFromBeforeTime(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		b := s.limiter("P=1/1h", nil).Bucket("P")
		if err := b.Pause(t.Context(), Pause{Until: time.Unix(-5, 0)}); err != nil {
			t.Fatal(err)
		}
		reserve(t, b, 1) // it is over
	})
}

func TestPauseWithoutEnd(t *testing.T) {
	err := newMini(t).limiter("P=1/1h", nil).Bucket("P").Pause(t.Context(), Pause{Reason: "x"})
	if err == nil || !strings.Contains(err.Error(), "Until is zero") {
		t.Errorf("Pause = %v", err)
	}
}

func TestUnlimited(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		h := &lossy{}
		now := time.Now()
		l := s.limiter("P=1/168h", func(c *Config) {
			c.Redis.AddHook(h)
			c.Now = func() time.Time { return now }
		})
		b := l.Bucket("FREE")
		if b.Limited() || !l.Bucket("P").Limited() {
			t.Fatal("Limited is wrong")
		}
		before := h.seen.Load()
		for range 1000 {
			holds := reserve(t, b, 3)
			spend(t, b, "111", holds...)
			b.Commit(holds[0], now)
			b.Refund(holds[1:]...)
		}
		if n := h.seen.Load() - before; n != 1 {
			t.Errorf("1000 calls within a moment took %d commands, want 1", n)
		}
		if l.outbox.head() != nil {
			t.Error("Commit or Refund queued something")
		}

		// Another replica's pause is seen once the cache is 250 ms old.
		other := s.limiter("P=1/168h", nil)
		if err := other.Bucket("FREE").Pause(t.Context(), Pause{Until: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		holds := reserve(t, b, 1)
		now = now.Add(pauseCacheLife)
		spend(t, b, "0", holds...)
		refused(t, b, WaitPause)

		// Without Redis nothing is known, and nothing sent.
		now = now.Add(pauseCacheLife)
		if err := l.cfg.Redis.Close(); err != nil {
			t.Fatal(err)
		}
		if holds, _, err := b.Reserve(t.Context(), 1, true); err == nil || len(holds) != 0 {
			t.Errorf("Reserve without Redis = %d holds, %v", len(holds), err)
		}
		if ok, err := b.Spend(t.Context(), holds...); err == nil || ok[0] {
			t.Errorf("Spend without Redis = %v, %v", ok, err)
		}
	})
}

func TestUnknownPause(t *testing.T) {
	most := func() float64 { return 1 }
	for attempt, want := range map[int]time.Duration{
		-1: 15 * time.Minute, 0: 15 * time.Minute, 1: 15 * time.Minute, 2: 30 * time.Minute, 3: time.Hour,
		4: 2 * time.Hour, 5: 4 * time.Hour, 6: 6 * time.Hour, 7: 6 * time.Hour, 1 << 40: 6 * time.Hour,
	} {
		if got := UnknownPause(attempt, most); got != want {
			t.Errorf("the longest pause after refusal %d is %s, want %s", attempt, got, want)
		}
	}
	if got := UnknownPause(2, func() float64 { return 0.5 }); got != 15*time.Minute {
		t.Errorf("half of 30m is %s", got)
	}
	if got := UnknownPause(3, func() float64 { return 0 }); got != 0 {
		t.Errorf("the shortest pause is %s, want 0: the jitter is full", got)
	}
}
