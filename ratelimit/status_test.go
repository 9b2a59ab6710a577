package ratelimit

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestStatus(t *testing.T) {
	l, setRedis, setOwn, start := week(t, "P=5/168h reserve 1,3/24h; Q=2/1h; app=9/1m", nil)
	b := l.Bucket("P")
	holds := reserve(t, b, 2)
	spend(t, b, "11", holds...)
	b.Commit(holds[0], start)
	b.Commit(holds[1], start.Add(time.Minute))
	delivered(t, l)
	later := start.Add(3 * time.Minute)
	setRedis(later)
	setOwn(later)
	reserve(t, b, 1)
	if err := l.Bucket("FREE").Pause(t.Context(), Pause{Until: later.Add(time.Hour), Reason: "429"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Bucket("Q").Pause(t.Context(), Pause{Until: later.Add(-time.Minute), Reason: "unknown", Probe: true}); err != nil {
		t.Fatal(err)
	}

	week, day := start.Add(168*time.Hour+time.Second), start.Add(24*time.Hour+time.Second)
	want := []Status{
		{Permission: "FREE", Known: true, PausedUntil: later.Add(time.Hour), PauseReason: "429"},
		{
			Permission: "P", Window: 24 * time.Hour, Limit: 3, Known: true, Spent: 2, Held: 1, Free: 0,
			NextReturn: day, Returns: []time.Time{day, day.Add(time.Minute)},
		},
		{
			Permission: "P", Window: 168 * time.Hour, Limit: 5, Reserve: 1, Known: true, Spent: 2, Held: 1, Free: 2,
			NextReturn: week, Returns: []time.Time{week, week.Add(time.Minute)},
		},
		{
			Permission: "Q", Window: time.Hour, Limit: 2, Known: true, Free: 2,
			PausedUntil: later.Add(-time.Minute), PauseReason: "unknown", HalfOpen: true,
		},
		{
			Permission: AppKey, Window: time.Minute, Limit: 9, Known: true, Spent: 0, Held: 1, Free: 8,
		},
	}
	got, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Microseconds are kept, and rounded up to an even one.
	if d := cmp.Diff(want, got, cmpopts.EquateApproxTime(2*time.Microsecond)); d != "" {
		t.Error(d)
	}
}

func TestStatusWithoutRedis(t *testing.T) {
	l, err := New(Config{Redis: newClosedClient(), App: "test", Call: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Status(t.Context()); err == nil {
		t.Error("Status without Redis is no error")
	}
}

// A limiter that grants nothing says so, and takes what it cannot stand by for
// unknown. Its limits it knows all the same.
func TestClosed(t *testing.T) {
	limits := Limits{"P": {{Limit: 5, Every: 168 * time.Hour}}}
	known := func(t *testing.T, l *Limiter, want bool) {
		t.Helper()
		all, err := l.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 1 || all[0].Limit != 5 || all[0].Known != want || !want && all[0].Free != 0 {
			t.Errorf("status %+v, want its counts known: %t", all, want)
		}
	}
	t.Run("the clocks are apart", func(t *testing.T) {
		l, setRedis, _, start := week(t, "P=5/168h", nil)
		known(t, l, true)
		if err := l.Closed(); err != nil {
			t.Errorf("closed: %v", err)
		}
		setRedis(start.Add(time.Minute))
		known(t, l, false)
		if err := l.Closed(); err == nil || !strings.Contains(err.Error(), "set both") {
			t.Errorf("closed: %v, want it to say what to do", err)
		}
		setRedis(start)
		known(t, l, true)
		if err := l.Closed(); err != nil {
			t.Errorf("closed again: %v", err)
		}
	})
	t.Run("Redis is away", func(t *testing.T) {
		l, err := New(Config{Redis: newClosedClient(), App: "test", Limits: limits, Call: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Status(t.Context()); err == nil {
			t.Error("Status without Redis is no error")
		}
		if err := l.Closed(); err == nil {
			t.Error("not closed")
		}
		if d := cmp.Diff(limits, l.Limits()); d != "" {
			t.Errorf("limits (-want +got):\n%s", d)
		}
		l.Limits()["P"][0].Limit = 1000
		if d := cmp.Diff(limits, l.Limits()); d != "" {
			t.Errorf("somebody changed the limits (-want +got):\n%s", d)
		}
	})
}

func TestEventString(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for want, e := range map[string]Event{
		"P paused until 2026-03-01T12:00:00Z: 429": {Kind: Paused, Permission: "P", Until: at, Reason: "429"},
		"P resumed":                 {Kind: Resumed, Permission: "P"},
		"rebuilt: 7 calls restored": {Kind: Rebuilt, Spends: 7},
		"rebuilding: missing state": {Kind: Rebuilding, Reason: "missing state"},
		"redis back":                {Kind: RedisBack},
		"clock off: this process is 3s ahead of Redis; set both clocks": {Kind: ClockOff, Skew: 3 * time.Second},
		"limits differ: following P=1/1h":                               {Kind: LimitsDiffer, Limits: Limits{"P": {{Limit: 1, Every: time.Hour}}}},
		"redis lost: connection lost":                                   {Kind: RedisLost, Err: errLost},
		"rebuilding: missing state: " + errNoSource.Error():             {Kind: Rebuilding, Reason: "missing state", Err: errNoSource},
	} {
		if got := e.String(); got != want {
			t.Errorf("String = %q, want %q", got, want)
		}
	}
}
