package calls

import (
	"testing"
	"time"
)

func TestLimit(t *testing.T) {
	for text, want := range map[string]Limit{
		"10/5s": {10, 5 * time.Second}, "1/1h0m0s": {1, time.Hour},
		"": {}, "10": {}, "0/5s": {}, "10/0s": {}, "10/-5s": {}, "x/5s": {}, "10/5": {},
	} {
		var got Limit
		err := got.Set(text)
		if got != want || (err == nil) != (want != Limit{}) {
			t.Errorf("%q: limit %+v and error %v, want %+v", text, got, err, want)
		}
		if err == nil && got.String() != text {
			t.Errorf("%q: shown as %q", text, got.String())
		}
	}
}

// A window is half open, and its calls need not be in order.
func TestMost(t *testing.T) {
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		seconds []int
		want    int
	}{
		"none":             {nil, 0},
		"a window apart":   {[]int{0, 5, 10}, 1},
		"within":           {[]int{0, 4, 9}, 2},
		"across two grids": {[]int{0, 4, 5, 6, 8, 20}, 4},
		"out of order":     {[]int{8, 0, 6, 4, 20, 5}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			var times []time.Time
			for _, s := range tt.seconds {
				times = append(times, start.Add(time.Duration(s)*time.Second))
			}
			if got := Most(times, 5*time.Second); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}
