package cli

import (
	"fmt"
	"time"
)

// When tells a time to people as seen from now: on the clock of this machine
// and as a distance, as in "Thu 14:00 (in 3 d)". The zero time is "unknown".
func When(t, now time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return fmt.Sprintf("%s (%s)", Clock(t, now), Distance(t, now))
}

// Clock is t on the clock of this machine: with seconds when it is near, with
// the day when it is not today. A time to come is rounded up, so that waiting
// until then is waiting long enough.
func Clock(t, now time.Time) string { return clock(t, now, "Mon 15:04") }

// Day is Clock with the weekday in full, as in "Thursday 14:00".
func Day(t, now time.Time) string { return clock(t, now, "Monday 15:04") }

func clock(t, now time.Time, weekday string) string {
	t, now = t.Local(), now.Local()
	unit, near := time.Minute, t.Sub(now).Abs() < time.Hour
	if near {
		unit = time.Second
	}
	if up := t.Truncate(unit); t.After(now) && up.Before(t) {
		t = up.Add(unit)
	}
	days := daysBetween(now, t)
	switch {
	case near && days == 0:
		return t.Format(time.TimeOnly)
	case days == 0:
		return t.Format("15:04")
	case days > -7 && days < 7:
		return t.Format(weekday)
	}
	return t.Format("2006-01-02 15:04")
}

// daysBetween counts the midnights from a to b.
func daysBetween(a, b time.Time) int {
	day := func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	return int(day(b).Sub(day(a)) / (24 * time.Hour))
}

// Distance is how far t is from now, in the largest fitting unit: "in 3 h",
// "5 min ago", "now".
func Distance(t, now time.Time) string {
	d := t.Sub(now)
	text := Span(d.Abs())
	switch {
	case d.Abs() < time.Second:
		return "now"
	case d < 0:
		return text + " ago"
	}
	return "in " + text
}

// Span is a duration in the largest unit of which there are at least two, as
// in "90 s", "36 h", "7 d"; a shorter one is in tenths of a second or in
// milliseconds.
func Span(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if d >= 2*u.unit {
			return fmt.Sprintf("%d %s", d.Round(u.unit)/u.unit, u.name)
		}
	}
	if d >= time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d ms", d.Round(time.Millisecond)/time.Millisecond)
}
