package ratelimit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAcquireEndsWithItsContext(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		b := s.limiter("P=1/168h", nil).Bucket("P")
		spend(t, b, "1", reserve(t, b, 1)...)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		holds, err := b.Acquire(ctx, 1, false)
		if !errors.Is(err, context.DeadlineExceeded) || len(holds) != 0 {
			t.Fatalf("Acquire = %d holds, %v", len(holds), err)
		}
		if !strings.Contains(err.Error(), "quota (P 1/168h)") {
			t.Errorf("the error does not say what was waited for: %v", err)
		}
	})
}

// waiting starts an Acquire and returns when it is asleep, or in line.
func waiting(t *testing.T, b *Bucket, urgent bool) (granted chan []Hold) {
	t.Helper()
	granted = make(chan []Hold, 1)
	b.bell.mu.Lock()
	before := len(b.bell.listeners)
	b.bell.mu.Unlock()
	go func() {
		holds, _ := b.Acquire(t.Context(), 1, urgent)
		granted <- holds
	}()
	eventually(t, "the caller waits", func() bool {
		b.bell.mu.Lock()
		defer b.bell.mu.Unlock()
		return len(b.bell.listeners) > before
	})
	return granted
}

func expect(t *testing.T, granted chan []Hold, what string) []Hold {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	select {
	case holds := <-granted:
		if len(holds) == 0 {
			t.Fatalf("%s granted nothing", what)
		}
		return holds
	case <-deadline.C:
		t.Fatalf("%s granted nothing within 10 s", what)
	}
	return nil
}

func TestWokenByRefund(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		for _, tt := range []struct {
			name      string
			hints     bool // the waiting limiter listens
			elsewhere bool // the refund is made by another replica
		}{
			{"here", true, false},
			{"elsewhere", true, true},
		} {
			t.Run(tt.name, func(t *testing.T) {
				s.wipe()
				here, there := s.limiter("P=1/168h", nil), s.limiter("P=1/168h", nil)
				start(t, here)
				start(t, there)
				taker := here
				if tt.elsewhere {
					taker = there
				}
				holds := reserve(t, taker.Bucket("P"), 1)
				spend(t, taker.Bucket("P"), "1", holds...)
				granted := waiting(t, here.Bucket("P"), false)
				taker.Bucket("P").Refund(holds...)
				expect(t, granted, "a refund")
			})
		}
	})
}

func TestWokenByCommit(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		// The worst case is an hour away, the exact date is not.
		slow := func(c *Config) { c.Call = time.Hour }
		here, there := s.limiter("P=1/200ms", slow), s.limiter("P=1/200ms", slow)
		start(t, here)
		start(t, there)
		holds := reserve(t, there.Bucket("P"), 1)
		spend(t, there.Bucket("P"), "1", holds...)
		granted := waiting(t, here.Bucket("P"), false)
		at := time.Now()
		there.Bucket("P").Commit(holds[0], at)
		expect(t, granted, "a commit")
		if d := time.Since(at); d < 200*time.Millisecond {
			t.Errorf("the token was back %s after the call", d)
		}
	})
}

func TestWokenByResume(t *testing.T) {
	both(t, func(t *testing.T, limits string, s *server) {
		here, there := s.limiter(limits, nil), s.limiter(limits, nil)
		start(t, here)
		if err := there.Bucket("P").Pause(t.Context(), Pause{Until: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		granted := waiting(t, here.Bucket("P"), true)
		if err := there.Bucket("P").Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect(t, granted, "a resume")
	})
}

func TestUrgentFirst(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=1/168h", nil)
		start(t, l)
		b := l.Bucket("P")
		holds := reserve(t, b, 1)
		spend(t, b, "1", holds...)
		normal := waiting(t, b, false)
		urgent := waiting(t, b, true)
		b.Refund(holds...)
		holds = expect(t, urgent, "the urgent caller")
		select {
		case <-normal:
			t.Fatal("the normal caller got a token too")
		default:
		}
		b.Refund(holds...)
		expect(t, normal, "the normal caller")
	})
}

func TestUrgentFirstAcrossReplicas(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		here, there := s.limiter("P=1/168h", nil), s.limiter("P=1/168h", nil)
		start(t, here)
		start(t, there)
		holds := reserve(t, here.Bucket("P"), 1)
		normal := waiting(t, here.Bucket("P"), false)
		urgent := waiting(t, there.Bucket("P"), true)
		here.Bucket("P").Refund(holds...)
		expect(t, urgent, "the urgent caller")
		select {
		case <-normal:
			t.Fatal("the normal caller got a token too")
		default:
		}
		there.Bucket("P").Refund(holds...)
	})
}

func TestManyWaitersCostNothing(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		const grants = 40
		cost := func(callers int) int64 {
			s.wipe()
			l, h := lossyLimiter(s, "P=5/100ms", func(c *Config) { c.Call = 10 * time.Millisecond })
			start(t, l)
			b := l.Bucket("P")
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			called := make(chan struct{}, callers)
			for range callers {
				wg.Go(func() {
					for {
						holds, err := b.Acquire(ctx, 1, false)
						if err != nil {
							return
						}
						if ok, err := b.Spend(ctx, holds...); err == nil && ok[0] {
							b.Commit(holds[0], time.Now())
							called <- struct{}{}
						}
					}
				})
			}
			before := h.seen.Load()
			for range grants {
				<-called
			}
			n := h.seen.Load() - before
			cancel()
			go func() { // whatever was granted after we stopped counting
				for range called {
				}
			}()
			wg.Wait()
			close(called)
			return n
		}
		few, many := cost(10), cost(2000)
		t.Logf("%d calls took %d commands with 10 callers waiting, %d with 2000", grants, few, many)
		if limit := int64(6 * grants); few > limit || many > limit {
			t.Errorf("%d calls took %d commands with 10 callers waiting, %d with 2000; want at most %d", grants, few, many, limit)
		}
	})
}

func TestEightReplicasWakeUpQuickly(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		// Other programs on the machine can only add to the time, so the best of a few
		// rounds tells.
		var best time.Duration
		for round := range 8 {
			p50, p99, commands := wakeUps(t, s)
			t.Logf("woken %s (p50), %s (p99) after the return date; %.1f commands per call by all replicas", p50, p99, commands)
			if round == 0 || p99 < best {
				best = p99
			}
			if best < 50*time.Millisecond {
				return
			}
			s.wipe()
		}
		t.Errorf("p99 of the time from return date to grant is %s, want less than 50ms", best)
	})
}

// wakeUps lets eight replicas compete for tokens and tells how long after its return
// date each was granted again.
func wakeUps(t *testing.T, s *server) (p50, p99 time.Duration, commandsPerCall float64) {
	const limit, every, grants = 4, 200 * time.Millisecond, 60
	type call struct{ granted, committed time.Time }
	calls := make(chan call, grants)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var hooks []*lossy
	var stops []func()
	for range 8 {
		l, h := lossyLimiter(s, "P=4/200ms", nil)
		hooks = append(hooks, h)
		stops = append(stops, start(t, l))
		b := l.Bucket("P")
		wg.Go(func() {
			for {
				holds, err := b.Acquire(ctx, 1, false)
				if err != nil {
					return
				}
				granted := time.Now()
				if ok, err := b.Spend(ctx, holds...); err != nil || !ok[0] {
					continue
				}
				at := time.Now()
				b.Commit(holds[0], at)
				select {
				case calls <- call{granted, at}:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	var all []call
	for len(all) < grants {
		all = append(all, <-calls)
	}
	cancel()
	wg.Wait()
	for _, stop := range stops {
		stop()
	}

	var granted, committed []time.Time
	for _, c := range all {
		granted, committed = append(granted, c.granted), append(committed, c.committed)
	}
	slices.SortFunc(granted, time.Time.Compare)
	slices.SortFunc(committed, time.Time.Compare)
	span := window{Window: Window{Every: every}}.span()
	var late []time.Duration
	for i := limit; i < grants; i++ {
		late = append(late, granted[i].Sub(committed[i-limit].Add(span)))
	}
	slices.Sort(late)
	if late[0] < 0 {
		t.Errorf("a token was granted %s before its return date", -late[0])
	}
	var commands int64
	for _, h := range hooks {
		commands += h.seen.Load()
	}
	return late[len(late)/2], late[len(late)*99/100], float64(commands) / grants
}

func TestBell(t *testing.T) {
	now := time.Now()
	var b bell
	l := b.listen()
	b.ring("P", now.Add(time.Hour))
	b.ring("P", now)
	b.ring(AppKey, now.Add(-time.Hour))
	<-l.rung
	if at, found := l.hint("P"); !found || !at.Equal(now) {
		t.Errorf("hint = %s, %t; want the earliest of the scope", at, found)
	}
	if _, found := l.hint("P"); found {
		t.Error("a hint is heard twice")
	}
	b.ring("", time.Time{})
	if at, found := l.hint("P"); !found || !at.IsZero() {
		t.Errorf("hint = %s, %t; want the one that is for all", at, found)
	}
	b.ring("P", now)
	l.clear()
	select {
	case <-l.rung:
		t.Error("a ring from before clear is heard")
	default:
	}
	b.stop(l)
	b.ring("P", now)
	if _, found := l.hint("P"); found {
		t.Error("a listener that stopped still hears")
	}
}

func TestSleepLooksAgainInAnyCase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := New(Config{Redis: newClosedClient(), App: "test", Call: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		b := l.Bucket("P")
		began := time.Now()
		far := Wait{Until: began.Add(72 * time.Hour), Reason: WaitQuota, scope: "P"}
		if err := b.sleep(t.Context(), far, b.bell.listen(), nil); err != nil || time.Since(began) != recheck {
			t.Errorf("slept %s, %v; want %s", time.Since(began), err, recheck)
		}

		// A hint about the future moves the date; one about another scope does not.
		began = time.Now()
		rings := b.bell.listen()
		b.bell.ring(AppKey, began.Add(time.Second))
		b.bell.ring("P", began.Add(time.Minute))
		if err := b.sleep(t.Context(), far, rings, make(chan struct{})); err != nil || time.Since(began) != time.Minute+urgentLead {
			t.Errorf("slept %s, %v; want a minute, and the lead of urgent work", time.Since(began), err)
		}
	})
}
