package kenartest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// AppWide is the Permission of a [Limit] that counts every call of an app.
const AppWide = "app"

// A Limit allows so many calls in any window of the given length, wherever it
// starts. It applies to every app on its own and counts all arrivals made
// with one of the app's keys, also those that are refused, by the limit
// itself or otherwise.
type Limit struct {
	Permission string // such as "ADD_ON_CREATE", or AppWide
	Calls      int
	Window     time.Duration
}

// String names the limit for people, in the words of Kenar's documents for
// the two they name: the minutely limit and the daily quota.
func (l Limit) String() string {
	name, unit := "limit", l.Window.String()
	switch l.Window {
	case time.Minute:
		name, unit = "minutely limit", "minute"
	case time.Hour:
		name, unit = "hourly limit", "hour"
	case 24 * time.Hour:
		name, unit = "daily quota", "day"
	case 7 * 24 * time.Hour:
		name, unit = "weekly limit", "week"
	}
	return fmt.Sprintf("%s of %s (%d per %s)", name, l.Permission, l.Calls, unit)
}

// RetryAfter is how a 429 tells when to come back. Kenar documents no such
// header, so the zero value sends none.
type RetryAfter int

// The forms of Retry-After.
const (
	NoRetryAfter RetryAfter = iota
	RetryAfterSeconds
	RetryAfterDate
)

// A limiter keeps, for every app and limit, the times of the last arrivals,
// as many as the limit allows: there is room for one more exactly when the
// oldest of them has left the window.
type limiter struct {
	limits []Limit
	recent map[string][]ring // by app, one per limit
}

type ring struct {
	times []time.Time
	next  int // where the oldest is once the ring is full
}

// excess is a limit that a call went over, and when there will be room.
type excess struct {
	limit Limit
	until time.Time
}

// arrive counts an arrival against every limit that applies. Of several
// limits gone over it returns the one that takes longest to have room again,
// and nil when there is none.
func (l *limiter) arrive(app, permission string, now time.Time) *excess {
	if len(l.limits) == 0 {
		return nil
	}
	rings := l.recent[app]
	if rings == nil {
		rings = make([]ring, len(l.limits))
		l.recent[app] = rings
	}
	var worst *excess
	for i, limit := range l.limits {
		if limit.Permission != AppWide && limit.Permission != permission {
			continue
		}
		room := rings[i].push(now, limit)
		until := rings[i].oldest(limit).Add(limit.Window)
		if !room && (worst == nil || until.After(worst.until)) {
			worst = &excess{limit, until}
		}
	}
	return worst
}

// push adds an arrival and reports whether there was room for it.
func (r *ring) push(now time.Time, limit Limit) bool {
	if len(r.times) < limit.Calls {
		r.times = append(r.times, now)
		return true
	}
	room := now.Sub(r.times[r.next]) >= limit.Window
	r.times[r.next] = now
	r.next = (r.next + 1) % len(r.times)
	return room
}

func (r *ring) oldest(limit Limit) time.Time {
	if len(r.times) < limit.Calls {
		return r.times[0]
	}
	return r.times[r.next]
}

// answer is the 429 for a call over the limit.
func (e *excess) answer(form RetryAfter, now time.Time) answer {
	a := resourceExhausted.because("rate limit exceeded: %s", e.limit)
	switch form {
	case RetryAfterSeconds:
		// Rounded up: coming back early would be one call too many again.
		seconds := (e.until.Sub(now) + time.Second - 1) / time.Second
		a.header = http.Header{"Retry-After": {strconv.FormatInt(int64(seconds), 10)}}
	case RetryAfterDate:
		date := e.until.Add(time.Second - 1).UTC().Format(http.TimeFormat)
		a.header = http.Header{"Retry-After": {date}}
	}
	return a
}
