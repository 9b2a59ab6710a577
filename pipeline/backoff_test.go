package pipeline

import (
	"testing"
	"testing/quick"
	"time"
)

// The range of each failure: its shortest and longest delay.
func TestBackoffRange(t *testing.T) {
	b := Backoff{Min: 30 * time.Second, Max: time.Hour}
	tests := []struct {
		failures int
		most     time.Duration
	}{
		{1, time.Minute},
		{2, 2 * time.Minute},
		{3, 4 * time.Minute},
		{4, 8 * time.Minute},
		{5, 16 * time.Minute},
		{6, 32 * time.Minute},
		{7, time.Hour},
		{8, time.Hour},
		{64, time.Hour},
		{1000, time.Hour},
		{-1, time.Minute}, // as after the first
		{0, time.Minute},
	}
	for _, tt := range tests {
		b.Rand = func() float64 { return 0 }
		if got := b.Delay(tt.failures); got != b.Min {
			t.Errorf("shortest delay after %d failures: %s, want %s", tt.failures, got, b.Min)
		}
		b.Rand = func() float64 { return 0.5 }
		if got, want := b.Delay(tt.failures), (b.Min+tt.most)/2; got != want {
			t.Errorf("middle delay after %d failures: %s, want %s", tt.failures, got, want)
		}
		b.Rand = func() float64 { return 1 - 1e-12 }
		if got := b.Delay(tt.failures); got > tt.most || tt.most-got > time.Millisecond {
			t.Errorf("longest delay after %d failures: %s, want just below %s", tt.failures, got, tt.most)
		}
	}
}

// Events that failed together come back apart.
func TestBackoffSpreads(t *testing.T) {
	b := Backoff{Min: 30 * time.Second, Max: time.Hour}
	const n = 2000
	var quarters [4]int
	for range n {
		d := b.Delay(7)
		quarters[min(int(4*(d-b.Min)/(b.Max-b.Min)), 3)]++
	}
	for i, got := range quarters {
		if got < n/8 || got > n/2 { // 500 expected; the odds against are below 1e-30
			t.Errorf("%d of %d delays in quarter %d of the range", got, n, i+1)
		}
	}
}

func TestBackoffStaysInBounds(t *testing.T) {
	if err := quick.Check(func(least, spread uint32, failures uint16, draw uint32) bool {
		b := Backoff{Min: time.Duration(least) * time.Microsecond}
		b.Max = b.Min + time.Duration(spread)*time.Microsecond
		b.Rand = func() float64 { return float64(draw) / (1 << 32) }
		for f := range int(failures % 1000) {
			if d := b.Delay(f); d < b.Min || d > b.Max {
				t.Logf("delay after %d failures: %s, want between %s and %s", f, d, b.Min, b.Max)
				return false
			}
		}
		return true
	}, &quick.Config{MaxCount: 30}); err != nil {
		t.Error(err)
	}
	// The ends of what can be configured.
	for _, b := range []Backoff{
		{Min: time.Nanosecond, Max: 1<<63 - 1},
		{Min: 1<<62 - 1, Max: 1<<63 - 1},
		{Min: time.Hour, Max: time.Hour},
		{Min: time.Hour, Max: time.Minute}, // Min wins
		{Min: 0, Max: time.Second},
	} {
		for _, failures := range []int{1, 2, 10, 63, 64, 65, 1000, 1 << 31} {
			if d := b.Delay(failures); d < b.Min || d > max(b.Min, b.Max) {
				t.Errorf("delay after %d failures: %s, want between %s and %s", failures, d, b.Min, b.Max)
			}
		}
	}
}

// A range is never shorter than that of fewer failures.
func TestBackoffGrows(t *testing.T) {
	b := Backoff{Min: 20 * time.Millisecond, Max: 7 * time.Second, Rand: func() float64 { return 0.999 }}
	for f := 1; f < 1000; f++ {
		if a, z := b.Delay(f), b.Delay(f+1); z < a {
			t.Fatalf("after %d failures %s, after one more %s", f, a, z)
		}
	}
}
