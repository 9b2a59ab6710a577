package pipeline

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

const week = 7 * 24 * time.Hour

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func hours(h ...int) []time.Time {
	var all []time.Time
	for _, n := range h {
		all = append(all, noon.Add(time.Duration(n)*time.Hour))
	}
	return all
}

func TestETA(t *testing.T) {
	never := time.Time{}
	after := noon.Add
	weekly := Window{Permission: "ADD_ON_CREATE", Every: week, Limit: 3, Known: true}
	with := func(w Window, change func(*Window)) Window { change(&w); return w }
	full := with(weekly, func(w *Window) { w.Free = 3 })
	spent := with(weekly, func(w *Window) { w.Spent, w.Returns = 3, hours(1, 2, 30) })
	reserved := with(weekly, func(w *Window) { w.Limit, w.Reserve = 4, 2 })
	minutely := Window{Permission: "app", Every: time.Minute, Limit: 2, Known: true, Free: 2}

	tests := []struct {
		name     string
		position int
		urgent   bool
		windows  []Window
		want     time.Time
	}{
		{"no limit", 1_000_000, false, nil, noon},
		{"a free token", 1, false, []Window{full}, noon},
		{"the last free token", 3, false, []Window{full}, noon},
		{"the second round", 4, false, []Window{full}, after(week)},
		{"the third round", 7, false, []Window{full}, after(2 * week)},
		{"position 0 is the first", 0, false, []Window{full}, noon},
		{"a negative position is the first", -5, false, []Window{full}, noon},

		{"the first return", 1, false, []Window{spent}, after(time.Hour)},
		{"the second return", 2, false, []Window{spent}, after(2 * time.Hour)},
		{"the last return", 3, false, []Window{spent}, after(30 * time.Hour)},
		{"the first return again", 4, false, []Window{spent}, after(week + time.Hour)},
		{"the last return a year later", 3 + 3*52, false, []Window{spent}, after(52*week + 30*time.Hour)},

		{"half spent", 2, false, []Window{with(weekly, func(w *Window) { w.Free, w.Spent, w.Returns = 1, 2, hours(5, 6) })}, after(5 * time.Hour)},
		{"a held token leaves now", 1, false, []Window{with(weekly, func(w *Window) { w.Held, w.Spent, w.Returns = 1, 2, hours(5, 6) })}, noon},
		{"after the held one", 2, false, []Window{with(weekly, func(w *Window) { w.Held, w.Spent, w.Returns = 1, 2, hours(5, 6) })}, after(5 * time.Hour)},
		{"a return that is due", 1, false, []Window{with(weekly, func(w *Window) { w.Spent, w.Returns = 3, hours(0, 1, 2) })}, noon},

		{"normal work before the reserve", 2, false, []Window{with(reserved, func(w *Window) { w.Free = 4 })}, noon},
		{"normal work leaves the reserve", 3, false, []Window{with(reserved, func(w *Window) { w.Free = 4 })}, after(week)},
		{"urgent work uses the reserve", 4, true, []Window{with(reserved, func(w *Window) { w.Free = 4 })}, noon},
		{"only the reserve is free", 1, false, []Window{with(reserved, func(w *Window) { w.Free, w.Spent, w.Returns = 2, 2, hours(3, 4) })}, after(3 * time.Hour)},
		{"urgent work while only the reserve is free", 2, true, []Window{with(reserved, func(w *Window) { w.Free, w.Spent, w.Returns = 2, 2, hours(3, 4) })}, noon},
		{"the reserve is refilled first", 1, false, []Window{with(reserved, func(w *Window) { w.Spent, w.Returns = 4, hours(1, 2, 3, 4) })}, after(3 * time.Hour)},
		{"urgent work does not wait for that", 1, true, []Window{with(reserved, func(w *Window) { w.Spent, w.Returns = 4, hours(1, 2, 3, 4) })}, after(time.Hour)},
		{"a limit that was lowered", 1, false, []Window{with(weekly, func(w *Window) { w.Limit, w.Spent, w.Returns = 2, 4, hours(1, 2, 3, 4) })}, after(3 * time.Hour)},

		{"two windows, the later decides", 3, false, []Window{full, minutely}, after(time.Minute)},
		{"in any order", 3, false, []Window{minutely, full}, after(time.Minute)},
		{"two windows, the week is dry", 1, false, []Window{minutely, spent}, after(time.Hour)},

		{"paused", 1, false, []Window{with(full, func(w *Window) { w.PausedUntil = after(time.Hour) })}, after(time.Hour)},
		{"paused, and dry for longer", 3, false, []Window{with(spent, func(w *Window) { w.PausedUntil = after(time.Hour) })}, after(30 * time.Hour)},
		{"a pause that is over", 1, false, []Window{with(full, func(w *Window) { w.PausedUntil = after(-time.Hour) })}, noon},
		{"paused without a window", 9, false, []Window{{Permission: "ADD_ON_CREATE", Known: true, PausedUntil: after(time.Hour)}}, after(time.Hour)},
		{"the app is paused", 1, false, []Window{full, {Permission: "app", Known: true, PausedUntil: after(2 * time.Hour)}}, after(2 * time.Hour)},

		{"state unknown", 1, false, []Window{with(full, func(w *Window) { w.Known = false })}, never},
		{"one state unknown", 1, false, []Window{full, with(minutely, func(w *Window) { w.Known = false })}, never},
		{"a limit of zero", 1, false, []Window{{Every: week, Known: true}}, never},
		{"all of it in reserve", 1, false, []Window{with(weekly, func(w *Window) { w.Reserve, w.Free = 3, 3 })}, never},
		{"all of it in reserve, urgent", 1, true, []Window{with(weekly, func(w *Window) { w.Reserve, w.Free = 3, 3 })}, noon},
		{"counts that do not add up", 1, false, []Window{weekly}, never},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ETA(noon, tt.position, tt.urgent, tt.windows); !got.Equal(tt.want) {
				t.Errorf("ETA %s, want %s", got, tt.want)
			}
		})
	}
}

// greedy sends n events one after the other, each as early as every window
// allows, and returns when they leave. It knows no formula: it keeps the
// calls in each window and looks whether there is room.
func greedy(n int, urgent bool, windows []Window) []time.Time {
	type bucket struct {
		Window
		out  []time.Time // return dates, those of its own calls too
		held int         // rights to call now, beyond what is free
	}
	start := noon
	buckets := make([]*bucket, 0, len(windows))
	for _, w := range windows {
		if w.PausedUntil.After(start) {
			start = w.PausedUntil
		}
		if w.Every > 0 {
			buckets = append(buckets, &bucket{Window: w, out: slices.Clone(w.Returns), held: w.Held})
		}
	}
	now := start
	var left []time.Time
	for range n {
		for {
			var next time.Time // when a window that has no room changes
			for _, b := range buckets {
				b.out = slices.DeleteFunc(b.out, func(t time.Time) bool { return !t.After(now) })
				usable := b.Limit
				if !urgent {
					usable -= b.Reserve
				}
				if b.held > 0 || len(b.out) < usable {
					continue
				}
				if first := slices.MinFunc(b.out, time.Time.Compare); first.After(next) {
					next = first
				}
			}
			if next.IsZero() {
				break
			}
			now = next
		}
		for _, b := range buckets {
			if b.held > 0 {
				b.held--
			}
			b.out = append(b.out, now.Add(b.Every))
		}
		left = append(left, now)
	}
	return left
}

// randomWindow has a state that a limiter can be in: nothing held beyond what
// normal work may take, returns within one window.
func randomWindow(rng *rand.Rand, permission string, every time.Duration) Window {
	w := Window{Permission: permission, Every: every, Limit: 1 + rng.IntN(8), Known: true}
	if rng.IntN(2) == 0 {
		w.Reserve = rng.IntN(w.Limit)
	}
	w.Spent = rng.IntN(w.Limit + 1)
	w.Held = rng.IntN(min(w.Limit-w.Spent, w.Limit-w.Reserve) + 1)
	w.Free = w.Limit - w.Spent - w.Held
	for range w.Spent {
		w.Returns = append(w.Returns, noon.Add(1+time.Duration(rng.Int64N(int64(every)))))
	}
	slices.SortFunc(w.Returns, time.Time.Compare)
	return w
}

// One window, which is what a lane has unless configured otherwise: the
// forecast is what a bucket that sends as early as it may does.
func TestETAAgreesWithGreedyBucket(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 2000 {
		w := randomWindow(rng, "ADD_ON_CREATE", week)
		urgent := rng.IntN(2) == 0
		for i, want := range greedy(3*w.Limit+2, urgent, []Window{w}) {
			if got := ETA(noon, i+1, urgent, []Window{w}); !got.Equal(want) {
				t.Fatalf("round %d, position %d, urgent %t: ETA %s, leaves at %s\n%+v", round, i+1, urgent, got, want, w)
			}
		}
	}
}

// A pause shifts everything that is due within it, and the rounds after it,
// whether it is the lane's own or the app's, which may have no window.
func TestETAAgreesWithPausedBucket(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 1000 {
		w := randomWindow(rng, "ADD_ON_CREATE", week)
		w.Held = 0 // a pause takes the holds back
		w.Free = w.Limit - w.Spent
		until := noon.Add(time.Duration(rng.Int64N(int64(week))))
		windows := []Window{w, {Permission: ratelimit.AppKey, Known: true, PausedUntil: until}}
		if rng.IntN(2) == 0 {
			w.PausedUntil = until
			windows = []Window{w}
		}
		for i, want := range greedy(3*w.Limit+2, false, windows) {
			if got := ETA(noon, i+1, false, windows); !got.Equal(want) {
				t.Fatalf("round %d, position %d: ETA %s, leaves at %s\n%+v", round, i+1, got, want, windows)
			}
		}
	}
}

// With several windows the forecast takes each by itself: it is exact while
// no window is in its second round, and never too pessimistic.
func TestETAWithSeveralWindows(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 1000 {
		windows := []Window{
			randomWindow(rng, "ADD_ON_CREATE", week), randomWindow(rng, "app", 24*time.Hour), randomWindow(rng, "app", time.Minute),
		}
		first := 1 << 10 // positions in the first round of every window
		for _, w := range windows {
			first = min(first, w.Limit-w.Reserve)
		}
		previous := noon
		for i, leaves := range greedy(20, false, windows) {
			got := ETA(noon, i+1, false, windows)
			if got.After(leaves) || i < first && !got.Equal(leaves) {
				t.Fatalf("round %d, position %d: ETA %s, leaves at %s\n%+v", round, i+1, got, leaves, windows)
			}
			if got.Before(previous) {
				t.Fatalf("round %d: position %d leaves at %s, before the one ahead of it at %s\n%+v", round, i+1, got, previous, windows)
			}
			previous = got
		}
	}
}

// A lane waits for its own windows and those of the whole app.
func TestWindowsOf(t *testing.T) {
	all := []ratelimit.Status{
		{Permission: "ADD_ON_CREATE", Window: week, Limit: 100, Reserve: 5, Known: true, Spent: 2, Held: 1, Free: 97,
			Returns: hours(1, 2), PausedUntil: noon, PauseReason: "429", HalfOpen: true},
		{Permission: "GET_POST", Window: week, Limit: 10},
		{Permission: ratelimit.AppKey, Window: time.Minute, Limit: 60, Known: true, Free: 60},
	}
	want := []Window{
		{Permission: "ADD_ON_CREATE", Every: week, Limit: 100, Reserve: 5, Known: true, Spent: 2, Held: 1, Free: 97,
			Returns: hours(1, 2), PausedUntil: noon, PauseReason: "429", HalfOpen: true},
		{Permission: "app", Every: time.Minute, Limit: 60, Known: true, Free: 60},
	}
	if diff := cmp.Diff(want, windowsOf(all, "ADD_ON_CREATE")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := windowsOf(all[:2], "ADD_ON_DELETE"); got != nil {
		t.Errorf("windows of a lane without any: %+v", got)
	}
}
