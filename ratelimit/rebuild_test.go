package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFirstStartIsFull(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		var events recorder
		l := s.stranger("P=5/168h", func(c *Config) { c.Source, c.Notify = &journal{}, events.notify })
		refused(t, l.Bucket("P"), WaitRebuild) // a missing key is no full bucket
		start(t, l)
		holds, err := l.Bucket("P").Acquire(t.Context(), 9, false)
		if err != nil || len(holds) != 5 {
			t.Fatalf("Acquire = %d holds, %v", len(holds), err)
		}
		// A token can be had a moment before Notify was told.
		want := []EventKind{Rebuilding, Rebuilt}
		tick, limit := time.Tick(time.Millisecond), time.After(5*time.Second)
		for !slices.Equal(events.kinds(), want) {
			select {
			case <-tick:
			case <-limit:
				t.Fatalf("told of %v, want %v", events.kinds(), want)
			}
		}
	})
}

// A beginning is told from a loss: only the latter is worth a warning.
func TestFirst(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		source := &journal{}
		var events recorder
		l := s.stranger("P=5/168h", func(c *Config) { c.Source, c.Notify = source, events.notify })
		rebuild := func(want error) {
			t.Helper()
			if err := l.rebuild(t.Context(), source); !errors.Is(err, want) {
				t.Fatalf("rebuild = %v, want %v", err, want)
			}
		}
		source.err = errors.New("the log does not exist yet")
		rebuild(source.err)
		source.err = nil
		rebuild(nil)
		s.wipe()
		rebuild(nil)

		// Another limiter finds all well when it starts, and sees a loss later.
		var others recorder
		l = s.stranger("P=5/168h", func(c *Config) { c.Source, c.Notify = source, others.notify })
		rebuild(nil)
		s.wipe()
		rebuild(nil)

		for name, c := range map[string]struct {
			got  []Event
			want []string
		}{
			"from the beginning": {events.events, []string{"rebuilding first", "rebuilding first", "rebuilt first", "rebuilding", "rebuilt"}},
			"joined later":       {others.events, []string{"rebuilding", "rebuilt"}},
		} {
			var got []string
			for _, e := range c.got {
				text := string(e.Kind)
				if e.First {
					text += " first"
				}
				got = append(got, text)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: told of %q, want %q", name, got, c.want)
			}
		}
	})
}

func TestWithoutSource(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		var events recorder
		l := s.stranger("P=5/168h", func(c *Config) { c.Notify = events.notify })
		if err := l.rebuild(t.Context(), nil); !errors.Is(err, errNoSource) {
			t.Fatalf("rebuild = %v, want %v", err, errNoSource)
		}
		refused(t, l.Bucket("P"), WaitRebuild)
		if s := status(t, l, "P"); s.Known || s.Free != 0 {
			t.Errorf("Status = %+v, want nothing to be known", s)
		}
		if err := l.Fill(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds := reserve(t, l.Bucket("P"), 5)
		spend(t, l.Bucket("P"), "11111", holds...)
		if err := l.Fill(t.Context()); err != nil { // leaves alone what is there
			t.Fatal(err)
		}
		refused(t, l.Bucket("P"), WaitQuota)
		if want := []EventKind{Rebuilding, Rebuilding, Rebuilt}; !slices.Equal(events.kinds(), want) {
			t.Errorf("told of %v, want %v", events.kinds(), want)
		}
	})
}

// The ways to lose state. Each leaves Redis without something it had.
var losses = map[string]func(t *testing.T, s *server, l *Limiter){
	"everything": func(_ *testing.T, s *server, _ *Limiter) { s.wipe() },
	"one window": func(t *testing.T, _ *server, l *Limiter) {
		drop(t, l, l.agreed.Load().draws("P")[0].key)
	},
	"a window of the application": func(t *testing.T, _ *server, l *Limiter) {
		drop(t, l, l.agreed.Load().draws(AppKey)[0].key)
	},
	"meta": func(t *testing.T, _ *server, l *Limiter) { drop(t, l, l.keys.meta()) },
	"the server": func(t *testing.T, _ *server, l *Limiter) { // as a restart looks from here
		if err := l.cfg.Redis.HSet(t.Context(), l.keys.meta(), "run", "0123456789abcdef").Err(); err != nil {
			t.Fatal(err)
		}
	},
	"a stale replica": func(t *testing.T, _ *server, l *Limiter) { // some spends never arrived there
		ctx := t.Context()
		for _, w := range l.agreed.Load().windows {
			if err := l.cfg.Redis.ZRemRangeByRank(ctx, w.key, 1, 2).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.cfg.Redis.HSet(ctx, l.keys.meta(), "run", "0123456789abcdef").Err(); err != nil {
			t.Fatal(err)
		}
	},
}

func drop(t *testing.T, l *Limiter, key string) {
	t.Helper()
	if n, err := l.cfg.Redis.Del(t.Context(), key).Result(); err != nil || n != 1 {
		t.Fatalf("delete %s: %d, %v", key, n, err)
	}
}

func TestLoss(t *testing.T) {
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, s *server) {
				source := &journal{}
				l := s.limiter("P=5/168h; app=100/24h", func(c *Config) { c.Source = source })
				b := l.Bucket("P")

				spentBefore := reserve(t, b, 2)
				source.record("P", time.Now(), spentBefore...)
				spend(t, b, "11", spentBefore...)
				recorded := reserve(t, b, 1) // the intent is on record, but not spent yet
				source.record("P", time.Now(), recorded...)
				unrecorded := reserve(t, b, 1)

				lose(t, s, l)
				refused(t, b, WaitRebuild)
				if err := l.rebuild(t.Context(), source); err != nil {
					t.Fatal(err)
				}
				// The recorded call counts, whether as spent or still as held.
				if st := status(t, l, "P"); st.Spent < 2 || st.Spent+st.Held < 3 {
					t.Fatalf("Status = %+v, want 3 taken", st)
				}
				// A hold that the rebuild did not count is void, unless it was not lost.
				ok, err := b.Spend(t.Context(), unrecorded...)
				if err != nil {
					t.Fatal(err)
				}
				if ok[0] && name == "everything" {
					t.Error("a hold from before the loss was spent although nothing knows of it")
				}
				delivered(t, l)
				holds, _, err := b.Reserve(t.Context(), 5, true)
				if want := 5 - 3 - boolArg(ok[0]); err != nil || len(holds) != want {
					t.Errorf("after the rebuild Reserve = %d holds, %v; want %d of 5", len(holds), err, want)
				}
				spend(t, b, "1", recorded...)
			})
		})
	}
}

func TestHoldAcrossARebuild(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		source := &journal{}
		l := s.limiter("P=5/168h", func(c *Config) { c.Source = source })
		b := l.Bucket("P")
		counted, late := reserve(t, b, 1), reserve(t, b, 1)
		s.wipe()
		source.record("P", time.Now(), counted...)
		if err := l.rebuild(t.Context(), source); err != nil {
			t.Fatal(err)
		}
		source.record("P", time.Now(), late...) // too late to be counted
		spend(t, b, "1", counted...)
		spend(t, b, "0", late...)
		delivered(t, l)
		counts(t, l, "P", 1, 0, 4)
	})
}

func TestRefundDuringALossIsKept(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		source := &journal{}
		l := s.limiter("P=5/168h", func(c *Config) { c.Source = source })
		b := l.Bucket("P")
		holds := reserve(t, b, 2)
		source.record("P", time.Now(), holds...)
		s.wipe()
		b.Refund(holds[0]) // its intent is still in the source
		if err := l.flush(t.Context()); err == nil {
			t.Fatal("a refund was delivered to a state that is lost")
		}
		if err := l.rebuild(t.Context(), source); err != nil {
			t.Fatal(err)
		}
		counts(t, l, "P", 2, 0, 3)
		delivered(t, l)
		counts(t, l, "P", 1, 0, 4)
	})
}

func TestLossDuringRebuild(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, s *server, l *Limiter){
		"everything": losses["everything"],
		"one window": losses["one window"],
		"the server": func(t *testing.T, _ *server, l *Limiter) { drop(t, l, l.keys.lock()) },
	} {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, s *server) {
				source := &journal{}
				l := s.limiter("P=2000/168h; app=5000/24h", func(c *Config) { c.Source = source })
				var holds []Hold
				for i := range 1200 { // more than one step
					holds = append(holds, Hold{ID: fmt.Sprint("id-", i)})
				}
				source.record("P", time.Now(), holds...)
				s.wipe()

				half := &interrupted{journal: source, after: 700, then: func() { lose(t, s, l) }}
				if err := l.rebuild(t.Context(), half); !errors.Is(err, errFenced) {
					t.Fatalf("rebuild with a loss in the middle = %v, want %v", err, errFenced)
				}
				refused(t, l.Bucket("P"), WaitRebuild)
				if err := l.rebuild(t.Context(), source); err != nil {
					t.Fatal(err)
				}
				counts(t, l, "P", 1200, 0, 800)
			})
		})
	}
}

// interrupted is a Source during whose reading something happens.
type interrupted struct {
	*journal
	after int
	then  func()
}

func (i *interrupted) Spent(ctx context.Context, since time.Time, yield func(Spend) error) error {
	n := 0
	return i.journal.Spent(ctx, since, func(s Spend) error {
		if n++; n == i.after {
			i.then()
		}
		return yield(s)
	})
}

func TestSpentDuringRebuild(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		// A rebuild that read the source before a second loss must not open the window
		// with what it knows, when others have rebuilt, and spent, in between.
		source := &journal{}
		slow := s.limiter("P=3/168h", func(c *Config) { c.Source = source })
		quick := s.limiter("P=3/168h", func(c *Config) { c.Source = source })
		s.wipe()
		once := true
		stale := &journal{}
		stale.before = func() {
			if !once {
				return
			}
			once = false
			s.wipe()
			if err := quick.rebuild(t.Context(), source); err != nil {
				t.Fatal(err)
			}
			holds := reserve(t, quick.Bucket("P"), 3)
			source.record("P", time.Now(), holds...)
			spend(t, quick.Bucket("P"), "111", holds...)
			s.wipe()
		}
		if err := slow.rebuild(t.Context(), stale); !errors.Is(err, errFenced) {
			t.Fatalf("rebuild = %v, want %v", err, errFenced)
		}
		if err := slow.rebuild(t.Context(), source); err != nil {
			t.Fatal(err)
		}
		refused(t, slow.Bucket("P"), WaitQuota)
	})
}

func TestTwoRebuilders(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		source := &journal{}
		first := s.stranger("P=3/168h", func(c *Config) { c.Source = source })
		second := s.stranger("P=3/168h", func(c *Config) { c.Source = source })
		source.before = func() {
			source.before = nil
			if err := second.rebuild(t.Context(), source); !errors.Is(err, errBusy) {
				t.Errorf("a second rebuild = %v, want %v", err, errBusy)
			}
		}
		if err := first.rebuild(t.Context(), source); err != nil {
			t.Fatal(err)
		}
		reserve(t, second.Bucket("P"), 3)
	})
}

func TestSourceFails(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		source := &journal{err: errors.New("log is away")}
		l := s.stranger("P=3/168h", func(c *Config) { c.Source = source })
		err := l.rebuild(t.Context(), source)
		if !errors.Is(err, source.err) || !strings.Contains(err.Error(), "what was spent since") {
			t.Fatalf("rebuild = %v", err)
		}
		refused(t, l.Bucket("P"), WaitRebuild)
		source.err = nil
		if err := l.rebuild(t.Context(), source); err != nil { // at once: the lock was let go
			t.Fatal(err)
		}
		source.spends = append(source.spends, Spend{ID: "!x", Permission: "P", At: time.Now()})
		s.wipe()
		if err := l.rebuild(t.Context(), source); err == nil || !strings.Contains(err.Error(), `"!x"`) {
			t.Fatalf("rebuild from a source with a strange id = %v", err)
		}
	})
}

func TestRebuildKeepsWhatRedisKnows(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		source := &journal{}
		l := s.limiter("P=5/168h; app=9/24h", func(c *Config) { c.Source = source })
		b := l.Bucket("P")
		holds := reserve(t, b, 1)
		source.record("P", time.Now(), holds...)
		spend(t, b, "1", holds...)
		b.Commit(holds[0], time.Now())
		delivered(t, l)
		exact := status(t, l, "P").NextReturn
		drop(t, l, l.keys.meta())
		if err := l.rebuild(t.Context(), source); err != nil {
			t.Fatal(err)
		}
		if got := status(t, l, "P").NextReturn; !got.Equal(exact) {
			t.Errorf("the date of a committed token moved from %s to %s", exact, got)
		}
	})
}

func TestOtherReplicasRestorePauses(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		// The replica that notices the loss knows nothing of the pause.
		knows := s.limiter("P=5/168h", nil)
		if err := knows.Bucket("FREE").Pause(t.Context(), Pause{Until: time.Now().Add(time.Hour), Reason: "429"}); err != nil {
			t.Fatal(err)
		}
		start(t, knows)
		other := s.limiter("P=5/168h", nil)
		s.wipe()
		if _, err := other.join(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the pause is back", func() bool {
			other.Bucket("FREE").dropCache()
			_, wait, err := other.Bucket("FREE").Reserve(t.Context(), 1, true)
			return err == nil && wait.Reason == WaitPause
		})
	})
}

func TestPausesSurviveALoss(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=5/168h", nil)
		until := time.Now().Add(time.Hour)
		if err := l.Bucket("P").Pause(t.Context(), Pause{Until: until, Reason: "429", Probe: true}); err != nil {
			t.Fatal(err)
		}
		s.wipe()
		if err := l.rebuild(t.Context(), nothingSpent{}); err != nil {
			t.Fatal(err)
		}
		refused(t, l.Bucket("P"), WaitPause)
		if s := status(t, l, "P"); s.PausedUntil.UnixMicro() != until.UnixMicro() || s.PauseReason != "429" {
			t.Errorf("Status = %+v", s)
		}
	})
}

func TestRunRecovers(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		source := &journal{}
		l := s.limiter("P=5/168h", func(c *Config) { c.Source = source })
		start(t, l)
		b := l.Bucket("P")
		holds := reserve(t, b, 2)
		source.record("P", time.Now(), holds...)
		spend(t, b, "11", holds...)
		s.wipe()
		more, err := b.Acquire(t.Context(), 5, false)
		if err != nil || len(more) != 3 {
			t.Fatalf("after the loss Acquire = %d holds, %v; want 3", len(more), err)
		}
	})
}
