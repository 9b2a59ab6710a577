package ratelimit

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// week is a limiter on a miniredis whose clock the test sets, and its own.
func week(t *testing.T, limits string, change func(*Config)) (l *Limiter, setRedis, setOwn func(time.Time), start time.Time) {
	s := newMini(t)
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	own := start
	s.mini.SetTime(start)
	l = s.limiter(limits, func(c *Config) {
		c.Now = func() time.Time { return own }
		if change != nil {
			change(c)
		}
	})
	return l, s.mini.SetTime, func(at time.Time) { own = at }, start
}

func TestClocksApart(t *testing.T) {
	for _, tt := range []struct {
		ahead time.Duration // of this process
		ok    bool
	}{
		{0, true}, {1900 * time.Millisecond, true}, {-1900 * time.Millisecond, true},
		{3 * time.Second, false}, {-3 * time.Second, false}, {time.Hour, false}, {-24 * time.Hour, false},
	} {
		t.Run(tt.ahead.String(), func(t *testing.T) {
			var events recorder
			l, _, setOwn, start := week(t, "P=5/168h", func(c *Config) { c.Notify = events.notify })
			b := l.Bucket("P")
			before := reserve(t, b, 1)
			before[0].Expires = time.Time{} // leave the judgement to Redis
			setOwn(start.Add(tt.ahead))
			if tt.ok {
				spend(t, b, "1", before...)
				reserve(t, b, 1)
				return
			}
			wait := refused(t, b, WaitClock)
			if !strings.Contains(wait.Detail, "set both clocks") {
				t.Errorf("Wait = %s, does not say what to do", wait)
			}
			spend(t, b, "0", before...)
			setOwn(start)
			counts(t, l, "P", 0, 0, 5) // the refused call's token is back
			reserve(t, b, 1)
			if kinds := events.kinds(); !slices.Equal(kinds[2:], []EventKind{ClockOff, ClockGood}) {
				t.Errorf("told of %v", kinds)
			}
		})
	}
}

func TestReleaseByTheEarlierClockStampByTheLater(t *testing.T) {
	const span = 168*time.Hour + time.Second // with the guard
	for _, tt := range []struct {
		name                 string
		spentOwn, spentRedis time.Duration // the clocks at Commit, relative to the truth
		freeOwn, freeRedis   time.Duration // the clocks when asking again
		back                 time.Duration // when the token is back, by the truth
	}{
		{"all right", 0, 0, 0, 0, span},
		{"own clock ahead at commit", 1500 * time.Millisecond, 0, 0, 0, span + 1500*time.Millisecond},
		{"own clock behind at commit", -1500 * time.Millisecond, 0, 0, 0, span},
		{"redis ahead at commit", 0, 1500 * time.Millisecond, 0, 0, span + 1500*time.Millisecond},
		{"redis behind at commit", 0, -1500 * time.Millisecond, 0, 0, span},
		{"own clock ahead when asking", 0, 0, 1500 * time.Millisecond, 0, span},
		{"redis ahead when asking", 0, 0, 0, 1500 * time.Millisecond, span},
		{"own clock behind when asking", 0, 0, -1500 * time.Millisecond, 0, span + 1500*time.Millisecond},
		{"redis set back a day in between", 0, 0, -24 * time.Hour, -24 * time.Hour, span + 24*time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, setRedis, setOwn, truth := week(t, "P=1/168h", nil)
			b := l.Bucket("P")
			set := func(at time.Time, own, redis time.Duration) {
				setOwn(at.Add(own))
				setRedis(at.Add(redis))
			}
			set(truth, tt.spentOwn, tt.spentRedis)
			holds := reserve(t, b, 1)
			spend(t, b, "1", holds...)
			b.Commit(holds[0], truth.Add(tt.spentOwn))
			delivered(t, l)

			set(truth.Add(tt.back-time.Millisecond), tt.freeOwn, tt.freeRedis)
			wait := refused(t, b, WaitQuota)
			if left := wait.Until.Sub(truth.Add(tt.back + tt.freeOwn)).Abs(); left > time.Millisecond {
				t.Errorf("the caller is told to wait %s wrong", left)
			}
			set(truth.Add(tt.back+time.Millisecond), tt.freeOwn, tt.freeRedis)
			reserve(t, b, 1)
		})
	}
}

func TestCommitDeliveredLate(t *testing.T) {
	l, setRedis, setOwn, start := week(t, "P=1/168h", nil)
	b := l.Bucket("P")
	holds := reserve(t, b, 1)
	spend(t, b, "1", holds...)
	at := start.Add(300 * time.Millisecond)
	setRedis(start.Add(6 * time.Hour)) // Redis was away that long
	setOwn(start.Add(6 * time.Hour))
	b.Commit(holds[0], at)
	delivered(t, l)
	if got, want := status(t, l, "P").NextReturn, at.Add(168*time.Hour+time.Second); got.Sub(want).Abs() > time.Millisecond {
		t.Errorf("the token returns %s, want %s: counted from the call, not the delivery", got, want)
	}
}

func TestGuard(t *testing.T) {
	for every, want := range map[time.Duration]time.Duration{
		time.Minute: 50 * time.Millisecond, time.Hour: time.Second, 168 * time.Hour: time.Second, 12 * time.Second: 10 * time.Millisecond,
	} {
		if got := (Window{Every: every}).guard(); got != want {
			t.Errorf("guard of %s = %s, want %s", every, got, want)
		}
	}
}
