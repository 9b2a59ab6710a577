package ratelimit

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestLifeOfAToken(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=3/168h", nil)
		b := l.Bucket("P")

		holds := reserve(t, b, 2)
		counts(t, l, "P", 0, 2, 1)

		spend(t, b, "11", holds...)
		counts(t, l, "P", 2, 0, 1)
		worst := status(t, l, "P").NextReturn

		at := time.Now()
		b.Commit(holds[0], at)
		b.Refund(holds[1])
		delivered(t, l)
		counts(t, l, "P", 1, 0, 2)

		got := status(t, l, "P").NextReturn
		want := at.Add(168*time.Hour + time.Second)
		if d := got.Sub(want); d < 0 || d > 100*time.Millisecond {
			t.Errorf("a token committed at %s returns %s after the date it should", at, d)
		}
		if !got.Before(worst) {
			t.Errorf("the exact date %s is not before the worst case %s", got, worst)
		}
	})
}

func TestAllWindowsOrNone(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=10/168h; Q=10/168h; app=3/24h", nil)
		reserve(t, l.Bucket("P"), 2)
		reserve(t, l.Bucket("Q"), 1)

		wait := refused(t, l.Bucket("Q"), WaitQuota)
		if !strings.Contains(wait.Detail, "app 3/24h") {
			t.Errorf("Wait = %s, want the window of the application to be named", wait)
		}
		counts(t, l, "Q", 0, 1, 9) // nothing was taken from the window that had room
		counts(t, l, AppKey, 0, 3, 0)

		holds, _, err := l.Bucket("OTHER").Reserve(t.Context(), 1, true)
		if err != nil || len(holds) != 0 {
			t.Errorf("a permission without windows took %d holds (%v) although the application has none left", len(holds), err)
		}
	})
}

func TestFewerThanAskedFor(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		b := s.limiter("P=100/168h", nil).Bucket("P")
		holds, _, err := b.Reserve(t.Context(), 150, false)
		if err != nil || len(holds) != 100 {
			t.Fatalf("Reserve(150) of 100 = %d holds, %v", len(holds), err)
		}
		ids := map[string]bool{}
		for _, h := range holds {
			ids[h.ID] = true
		}
		if len(ids) != 100 {
			t.Errorf("%d different ids among 100 holds", len(ids))
		}
		spend(t, b, strings.Repeat("1", 100), holds...)
		refused(t, b, WaitQuota)
	})
}

func TestConcurrentReserve(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		b := s.limiter("P=100/168h; app=1000/1h", nil).Bucket("P")
		var granted atomic.Int64
		var wg sync.WaitGroup
		for range 150 {
			wg.Go(func() {
				holds, _, err := b.Reserve(t.Context(), 1, false)
				if err != nil {
					t.Error(err)
				}
				granted.Add(int64(len(holds)))
			})
		}
		wg.Wait()
		if granted.Load() != 100 {
			t.Errorf("150 callers were granted %d of 100 tokens", granted.Load())
		}
	})
}

func TestHoldReturnsByItself(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=1/168h", func(c *Config) { c.Hold = 200 * time.Millisecond })
		b := l.Bucket("P")
		first := reserve(t, b, 1)
		wait := refused(t, b, WaitQuota)
		if d := time.Until(wait.Until); d <= 0 || d > 300*time.Millisecond {
			t.Errorf("the hold of 200ms returns in %s", d)
		}
		holds, err := b.Acquire(t.Context(), 1, false)
		if err != nil || len(holds) != 1 {
			t.Fatalf("Acquire = %d holds, %v", len(holds), err)
		}
		spend(t, b, "0", first...) // its token belongs to another call by now
		spend(t, b, "1", holds...)
		delivered(t, l)
		counts(t, l, "P", 1, 0, 0) // the refused hold did not take the other one's token along
	})
}

func TestReserveForUrgentWork(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		b := s.limiter("P=5/168h reserve 2", nil).Bucket("P")
		holds, _, err := b.Reserve(t.Context(), 5, false)
		if err != nil || len(holds) != 3 {
			t.Fatalf("normal work got %d holds, %v; want 3, with 2 of 5 kept back", len(holds), err)
		}
		if more, wait, err := b.Reserve(t.Context(), 1, false); len(more) != 0 || wait.Reason != WaitQuota || err != nil {
			t.Fatalf("normal work got %d holds, %s, %v; want to wait", len(more), wait, err)
		}
		if holds, _, err = b.Reserve(t.Context(), 5, true); err != nil || len(holds) != 2 {
			t.Fatalf("urgent work got %d holds, %v; want the 2 kept for it", len(holds), err)
		}
	})
}

func TestSpendTwiceAndRefundTwice(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=2/168h", nil)
		b := l.Bucket("P")
		holds := reserve(t, b, 1)
		spend(t, b, "1", holds...)
		spend(t, b, "1", holds...) // the reply may have been lost
		counts(t, l, "P", 1, 0, 1)
		b.Refund(holds...)
		b.Refund(holds...)
		delivered(t, l)
		counts(t, l, "P", 0, 0, 2)
		spend(t, b, "0", holds...)
	})
}

func TestCommitCountsWhatRedisForgot(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=2/168h", nil)
		b := l.Bucket("P")
		b.Commit(Hold{ID: "from-before"}, time.Now())
		delivered(t, l)
		counts(t, l, "P", 1, 0, 1)
	})
}

func TestCommitWithoutDateIsNoRefund(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=2/168h", nil)
		holds := reserve(t, l.Bucket("P"), 1)
		spend(t, l.Bucket("P"), "1", holds...)
		l.Bucket("P").Commit(holds[0], time.Time{})
		delivered(t, l)
		counts(t, l, "P", 1, 0, 1)
	})
}

func TestReturnAfterTheWindow(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		const every = 400 * time.Millisecond
		l := s.limiter("P=2/400ms", func(c *Config) { c.Call = 50 * time.Millisecond })
		start(t, l)
		b := l.Bucket("P")
		var left []time.Time
		for len(left) < 10 {
			holds, err := b.Acquire(t.Context(), 2, false)
			if err != nil {
				t.Fatal(err)
			}
			ok, err := b.Spend(t.Context(), holds...)
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range holds {
				if ok[i] {
					now := time.Now()
					left = append(left, now)
					b.Commit(h, now)
				}
			}
		}
		for i := 2; i < len(left); i++ {
			if d := left[i].Sub(left[i-2]); d < every {
				t.Errorf("calls %d and %d are %s apart: three within %s", i-2, i, d, every)
			}
		}
		if took := left[9].Sub(left[0]); took > 4*every+time.Second {
			t.Errorf("10 calls at 2 per %s took %s", every, took)
		}
	})
}

// lossy is a go-redis hook that runs the command and then loses its reply, or
// loses the command itself.
type lossy struct {
	replies, commands atomic.Int64 // still to lose, of scripts
	seen              atomic.Int64 // commands sent
}

var errLost = errors.New("connection lost")

func (h *lossy) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h *lossy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.seen.Add(1)
		if !strings.HasPrefix(cmd.Name(), "eval") {
			return next(ctx, cmd)
		}
		if h.commands.Load() > 0 {
			h.commands.Add(-1)
			cmd.SetErr(errLost)
			return errLost
		}
		err := next(ctx, cmd)
		if err == nil && h.replies.Load() > 0 {
			h.replies.Add(-1)
			cmd.SetErr(errLost)
			return errLost
		}
		return err
	}
}

func (h *lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.seen.Add(1)
		return next(ctx, cmds)
	}
}

// lossyLimiter returns a limiter whose commands go through a hook.
func lossyLimiter(s *server, limits string, change func(*Config)) (*Limiter, *lossy) {
	h := &lossy{}
	l := s.limiter(limits, func(c *Config) {
		c.Redis.AddHook(h)
		if change != nil {
			change(c)
		}
	})
	return l, h
}

func TestLostReplies(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		t.Run("of Reserve", func(t *testing.T) {
			l, h := lossyLimiter(s, "P=5/168h", nil)
			h.replies.Store(1)
			holds := reserve(t, l.Bucket("P"), 3)
			counts(t, l, "P", 0, 3, 2) // asked twice, taken once
			spend(t, l.Bucket("P"), "111", holds...)
			l.Bucket("P").Refund(holds...)
			delivered(t, l)
		})
		t.Run("of Reserve, for good", func(t *testing.T) {
			l, h := lossyLimiter(s, "P=5/168h", nil)
			h.replies.Store(2)
			if _, _, err := l.Bucket("P").Reserve(t.Context(), 3, false); !errors.Is(err, errLost) {
				t.Fatalf("Reserve = %v, want %v", err, errLost)
			}
			delivered(t, l)
			counts(t, l, "P", 0, 0, 5) // what was taken unknown to the caller is back
		})
		t.Run("of Spend", func(t *testing.T) {
			l, h := lossyLimiter(s, "P=5/168h", nil)
			b := l.Bucket("P")
			holds := reserve(t, b, 2)
			h.replies.Store(1)
			if ok, err := b.Spend(t.Context(), holds...); !errors.Is(err, errLost) || ok[0] || ok[1] {
				t.Fatalf("Spend = %v, %v; want no and %v", ok, err, errLost)
			}
			delivered(t, l)
			counts(t, l, "P", 0, 0, 5) // no call was made, so nothing stays spent
		})
		t.Run("of Commit and Refund", func(t *testing.T) {
			l, h := lossyLimiter(s, "P=5/168h", nil)
			b := l.Bucket("P")
			holds := reserve(t, b, 2)
			spend(t, b, "11", holds...)
			b.Commit(holds[0], time.Now())
			b.Refund(holds[1])
			h.replies.Store(1)
			if err := l.flush(t.Context()); !errors.Is(err, errLost) {
				t.Fatalf("flush = %v, want %v", err, errLost)
			}
			delivered(t, l)
			counts(t, l, "P", 1, 0, 4)
		})
	})
}

func TestRedisAway(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		var events recorder
		l, h := lossyLimiter(s, "P=5/168h", func(c *Config) { c.Notify = events.notify })
		b := l.Bucket("P")
		holds := reserve(t, b, 3)
		spend(t, b, "111", holds...)
		start(t, l)

		h.commands.Store(1 << 30)
		b.Refund(holds[0])
		b.Commit(holds[1], time.Now())
		if got, _, err := b.Reserve(t.Context(), 1, true); err == nil || len(got) != 0 {
			t.Fatalf("Reserve without Redis = %d holds, %v; want an error", len(got), err)
		}
		acquired := make(chan []Hold, 1)
		go func() {
			holds, _ := b.Acquire(t.Context(), 3, false)
			acquired <- holds
		}()
		eventually(t, "the loss of Redis is told", func() bool { return len(events.kinds()) > 2 })

		h.commands.Store(0)
		if got := <-acquired; len(got) == 0 {
			t.Fatal("Acquire did not outlast the outage")
		} else {
			b.Refund(got...)
		}
		eventually(t, "the refund and the commit are delivered", func() bool {
			s := status(t, l, "P")
			return s.Spent == 2 && s.Held == 0
		})
		// A command that failed during the outage may be told after one that
		// succeeded since: then the loss is told once more, and its end.
		told := events.kinds()
		end := []EventKind{RedisLost, RedisBack}
		for n := len(told); n > 4 && slices.Equal(told[n-2:], end); n = len(told) {
			told = told[:n-2]
		}
		if want := append([]EventKind{Rebuilding, Rebuilt}, end...); !slices.Equal(told, want) {
			t.Errorf("told of %v, want %v", told, want)
		}
	})
}

func TestRunDeliversWhatIsQueuedAtTheEnd(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l, h := lossyLimiter(s, "P=5/168h", nil)
		b := l.Bucket("P")
		holds := reserve(t, b, 1)
		stop := start(t, l)
		h.commands.Store(3)
		b.Refund(holds...)
		stop()
		if l.outbox.head() != nil {
			t.Error("the refund is still queued")
		}
	})
}

func TestScriptFlush(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=5/168h", nil)
		b := l.Bucket("P")
		for range 2 {
			if err := l.cfg.Redis.ScriptFlush(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			spend(t, b, "1", reserve(t, b, 1)...)
		}
		counts(t, l, "P", 2, 0, 3)
	})
}

func TestLargeBatch(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l := s.limiter("P=2500/168h; app=9000/24h", nil)
		b := l.Bucket("P")
		var holds []Hold
		for len(holds) < 2500 {
			more, wait, err := b.Reserve(t.Context(), 2500, false)
			if err != nil || len(more) == 0 {
				t.Fatalf("Reserve = %s, %v", wait, err)
			}
			holds = append(holds, more...)
		}
		spend(t, b, strings.Repeat("1", 2500), holds...)
		b.Refund(holds[:2000]...)
		delivered(t, l)
		counts(t, l, "P", 500, 0, 2000)
	})
}

func TestBurstIsOneReserveAndOneSpend(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		l, h := lossyLimiter(s, "P=100/168h; app=1000/1m,5000/24h", nil)
		b := l.Bucket("P")
		spend(t, b, "1", reserve(t, b, 1)...) // the scripts are loaded
		before := h.seen.Load()
		holds := reserve(t, b, 99)
		spend(t, b, strings.Repeat("1", 99), holds...)
		if n := h.seen.Load() - before; n != 2 {
			t.Errorf("a burst of 99 took %d commands, want 2", n)
		}
	})
}

func TestReserveNothing(t *testing.T) {
	b := newMini(t).limiter("P=5/168h", nil).Bucket("P")
	if _, _, err := b.Reserve(t.Context(), 0, false); err == nil || !strings.Contains(err.Error(), "0 holds") {
		t.Errorf("Reserve(0) = %v", err)
	}
	if _, err := b.Acquire(t.Context(), -1, false); err == nil || !strings.Contains(err.Error(), "-1 holds") {
		t.Errorf("Acquire(-1) = %v", err)
	}
	spend(t, b, "")
}
