// Package calls is what the simulated Kenar of the cluster test writes down, and those
// who judge the test read.
package calls

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Permission is the one whose calls are limited and counted.
const Permission = "ADD_ON_CREATE"

// A Call is one arrival at Kenar.
type Call struct {
	At         time.Time `json:"at"` // when it was judged
	Permission string    `json:"permission"`
	Target     string    `json:"target"` // post/<token>
	Create     bool      `json:"create"` // it creates the add-on of a post
	Applied    bool      `json:"applied"`
	Status     int       `json:"status"`
	Verdict    string    `json:"verdict"`
}

// Token is the post that event n is about, and the event's id too.
func Token(n int) string { return fmt.Sprintf("e2e-%03d", n) }

// A Limit allows so many calls in any window, wherever it starts. It is a flag.Value of
// the form 10/5s.
type Limit struct {
	Calls  int
	Window time.Duration
}

// String returns the form that Set takes, and an empty string for the zero value.
func (l *Limit) String() string {
	if *l == (Limit{}) {
		return ""
	}
	return fmt.Sprintf("%d/%s", l.Calls, l.Window)
}

// Set reads a limit such as 10/5s.
func (l *Limit) Set(text string) error {
	count, window, ok := strings.Cut(text, "/")
	n, err := strconv.Atoi(count)
	d, windowErr := time.ParseDuration(window)
	if !ok || err != nil || windowErr != nil || n < 1 || d <= 0 {
		return errors.New("want calls/window, such as 10/5s")
	}
	*l = Limit{Calls: n, Window: d}
	return nil
}

// Most returns the largest number of times within any window of the given length. Two
// that are exactly one window apart do not share one.
func Most(times []time.Time, window time.Duration) int {
	times = slices.Clone(times)
	slices.SortFunc(times, time.Time.Compare)
	most, first := 0, 0
	for last, t := range times {
		for t.Sub(times[first]) >= window {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}
