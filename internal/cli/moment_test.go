package cli

import (
	"testing"
	"time"
)

func TestMoments(t *testing.T) {
	now := time.Date(2026, 8, 19, 9, 30, 15, 0, time.Local) // a Wednesday
	day := 24 * time.Hour
	for _, c := range []struct {
		name                 string
		after                time.Duration
		clock, day, distance string
	}{
		{"now", 0, "09:30:15", "09:30:15", "now"},
		{"in a moment", 400 * time.Millisecond, "09:30:16", "09:30:16", "now"},
		{"just over a second", 1500 * time.Millisecond, "09:30:17", "09:30:17", "in 1.5 s"},
		{"seconds", 40 * time.Second, "09:30:55", "09:30:55", "in 40 s"},
		{"minutes", 5 * time.Minute, "09:35:15", "09:35:15", "in 5 min"},
		{"a minute to come is full", 3 * time.Hour, "12:31", "12:31", "in 3 h"},
		{"a minute that passed is cut", -3 * time.Hour, "06:30", "06:30", "3 h ago"},
		{"tomorrow", 20 * time.Hour, "Thu 05:31", "Thursday 05:31", "in 20 h"},
		{"near midnight", -10 * time.Hour, "Tue 23:30", "Tuesday 23:30", "10 h ago"},
		{"this week", 6 * day, "Tue 09:31", "Tuesday 09:31", "in 6 d"},
		{"a week", 7 * day, "2026-08-26 09:31", "2026-08-26 09:31", "in 7 d"},
		{"long ago", -40 * day, "2026-07-10 09:30", "2026-07-10 09:30", "40 d ago"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := now.Add(c.after)
			if got := Clock(at, now); got != c.clock {
				t.Errorf("Clock: %s, want %s", got, c.clock)
			}
			if got := Day(at, now); got != c.day {
				t.Errorf("Day: %s, want %s", got, c.day)
			}
			if got := Distance(at, now); got != c.distance {
				t.Errorf("Distance: %s, want %s", got, c.distance)
			}
			if got, want := When(at, now), c.clock+" ("+c.distance+")"; got != want {
				t.Errorf("When: %s, want %s", got, want)
			}
		})
	}
	if got := When(time.Time{}, now); got != "unknown" {
		t.Errorf("When of no time: %s", got)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "0 ms",
		1400 * time.Microsecond: "1 ms",
		time.Second:             "1.0 s",
		90 * time.Second:        "90 s",
		2 * time.Minute:         "2 min",
		90 * time.Minute:        "90 min",
		36 * time.Hour:          "36 h",
		168 * time.Hour:         "7 d",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%s): %s, want %s", d, got, want)
		}
	}
}
