package kenartest_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

const week = 7 * 24 * time.Hour

// A limit holds in every window: what was spent comes back one window later,
// not before, and not all at once.
func TestLimitSlides(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{
		Now:    clock.Now,
		Limits: []kenartest.Limit{{Permission: "ADD_ON_CREATE", Calls: 2, Window: time.Hour}},
	})
	steps := []struct {
		after time.Duration
		want  int
	}{
		{0, 200},                           // at 0:00
		{20 * time.Minute, 200},            // at 0:20
		{39*time.Minute + 59e9, 429},       // at 0:59:59
		{time.Second, 429},                 // at 1:00: the first is free, but the refused one counts
		{59 * time.Minute, 429},            // at 1:59
		{time.Hour, 200},                   // at 2:59: only 1:59 is less than an hour ago
		{time.Hour - time.Nanosecond, 200}, // just within the hour of 2:59
		{0, 429},
	}
	for i, step := range steps {
		clock.Advance(step.after)
		if w := do(t, s, "POST", postV2+"p", title); w.Code != step.want {
			t.Errorf("step %d: got %d %s, want %d", i, w.Code, w.Body, step.want)
		}
	}
}

func TestLimitMessages(t *testing.T) {
	tests := []struct {
		limit kenartest.Limit
		want  string
	}{
		{kenartest.Limit{Permission: "app", Calls: 60, Window: time.Minute}, "rate limit exceeded: minutely limit of app (60 per minute)"},
		{kenartest.Limit{Permission: "app", Calls: 3, Window: time.Hour}, "hourly limit of app (3 per hour)"},
		{kenartest.Limit{Permission: "app", Calls: 5000, Window: 24 * time.Hour}, "daily quota of app (5000 per day)"},
		{kenartest.Limit{Permission: "ADD_ON_CREATE", Calls: 100, Window: week}, "weekly limit of ADD_ON_CREATE (100 per week)"},
		{kenartest.Limit{Permission: "ADD_ON_CREATE", Calls: 5, Window: 90 * time.Second}, "limit of ADD_ON_CREATE (5 per 1m30s)"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			clock := newClock()
			s := kenartest.New(kenartest.Config{Now: clock.Now, Limits: []kenartest.Limit{tt.limit}})
			for range tt.limit.Calls {
				wantOK(t, do(t, s, "POST", postV2+"p", title))
			}
			w := do(t, s, "POST", postV2+"p", title)
			wantError(t, w, http.StatusTooManyRequests, 8, tt.want)
			if after := w.Header().Values("Retry-After"); len(after) != 0 {
				t.Errorf("Retry-After %q, want none", after)
			}
		})
	}
}

// Of two limits gone over, the one that matters longer is named.
func TestLongestLimitIsNamed(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now, Limits: []kenartest.Limit{
		{Permission: "app", Calls: 2, Window: time.Minute},
		{Permission: "ADD_ON_CREATE", Calls: 1, Window: week},
		{Permission: "app", Calls: 1, Window: 24 * time.Hour},
	}})
	wantOK(t, do(t, s, "POST", postV2+"p", title))
	wantError(t, do(t, s, "POST", postV2+"p", title), 429, 8, "weekly limit of ADD_ON_CREATE")
	wantError(t, do(t, s, "GET", finder+"p", ""), 429, 8, "daily quota of app")
}

func TestLimitScope(t *testing.T) {
	limits := []kenartest.Limit{
		{Permission: "ADD_ON_CREATE", Calls: 1, Window: week},
		{Permission: kenartest.AppWide, Calls: 3, Window: time.Minute},
	}
	keys := []kenartest.Key{
		{Value: "k", App: "a"}, {Value: "k2", App: "a"}, {Value: "other", App: "b"},
		{Value: "reader", App: "a", Permissions: []string{"GET_POST"}},
	}
	invalid := `{"widgets":[]}`
	type call struct {
		method, path, body, key string
		want                    int
	}
	tests := []struct {
		name  string
		calls []call
	}{
		{"generations share a permission", []call{
			{"POST", postV2, title, "k", 200}, {"POST", postV1, titleV1, "k", 429}, {"POST", postV1SDK, titleV1, "k", 429}}},
		{"keys of an app share its limits", []call{
			{"POST", postV2, title, "k", 200}, {"POST", postV2, title, "k2", 429}}},
		{"apps do not", []call{
			{"POST", postV2, title, "k", 200}, {"POST", postV2, title, "other", 200}}},
		{"refused bodies count", []call{
			{"POST", postV2, invalid, "k", 400}, {"POST", postV2, title, "k", 429}}},
		{"refused permissions count", []call{
			{"POST", postV2, title, "reader", 403}, {"POST", postV2, title, "k", 429}}},
		{"unknown keys do not", []call{
			{"POST", postV2, title, "unknown", 401}, {"POST", postV2, title, "k", 200}}},
		{"other permissions do not", []call{
			{"DELETE", postV1, "", "k", 200}, {"POST", postV2, title, "k", 200}, {"DELETE", postV1, "", "k", 200}}},
		{"everything counts for the app", []call{
			{"GET", finder, "", "k", 404}, {"DELETE", postV1, "", "k", 200}, {"GET", "/elsewhere/", "", "k", 404}, {"POST", postV2, title, "k", 429}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := newClock()
			s := kenartest.New(kenartest.Config{Keys: keys, Limits: limits, Now: clock.Now})
			for i, c := range tt.calls {
				if w := do(t, s, c.method, c.path+"p", c.body, apiKey(c.key)); w.Code != c.want {
					t.Errorf("call %d: got %d %s, want %d", i, w.Code, w.Body, c.want)
				}
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		name string
		form kenartest.RetryAfter
		want string
	}{
		{"seconds", kenartest.RetryAfterSeconds, "60"},
		{"date", kenartest.RetryAfterDate, "Sat, 21 Mar 2026 10:01:01 GMT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := newClock()
			clock.Advance(500 * time.Millisecond)
			s := kenartest.New(kenartest.Config{Now: clock.Now, RetryAfter: tt.form,
				Limits: []kenartest.Limit{{Permission: "app", Calls: 1, Window: time.Minute}}})
			wantOK(t, do(t, s, "POST", postV2+"p", title))
			w := do(t, s, "POST", postV2+"p", title)
			if got := w.Header().Get("Retry-After"); w.Code != 429 || got != tt.want {
				t.Errorf("got %d, Retry-After %q, want 429, %q", w.Code, got, tt.want)
			}
			// Whoever comes back when told to finds room.
			clock.Advance(time.Minute)
			wantOK(t, do(t, s, "POST", postV2+"p", title))
		})
	}
}

// Calls at random times: a call is let through exactly when fewer than the
// limit arrived in the window before it, counted the slow way.
func TestLimitIsExact(t *testing.T) {
	const calls, window = 5, 10 * time.Second
	rng := rand.New(rand.NewPCG(1, 2))
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now,
		Limits: []kenartest.Limit{{Permission: "app", Calls: calls, Window: window}}})
	var arrivals []time.Time
	refused := 0
	for i := range 2000 {
		clock.Advance(time.Duration(rng.IntN(5000)) * time.Millisecond)
		now, within := clock.Now(), 0
		for _, at := range arrivals {
			if now.Sub(at) < window {
				within++
			}
		}
		arrivals = append(arrivals, now)
		want := http.StatusOK
		if within >= calls {
			want = http.StatusTooManyRequests
			refused++
		}
		if w := do(t, s, "POST", postV2+"p", title); w.Code != want {
			t.Fatalf("call %d: got %d with %d calls in the window, want %d", i, w.Code, within, want)
		}
	}
	if refused == 0 || refused == len(arrivals) {
		t.Errorf("%d of %d calls refused: nothing was tested", refused, len(arrivals))
	}
}
