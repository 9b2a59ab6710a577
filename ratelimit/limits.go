package ratelimit

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AppKey is the key in Limits of the windows that every permission draws on,
// and the name under which the whole application is paused.
const AppKey = "app"

const (
	minEvery = time.Millisecond
	maxEvery = 366 * 24 * time.Hour
	maxLimit = 1_000_000
	maxGuard = time.Second
)

// Window allows Limit calls in every span of length Every, wherever it starts.
type Window struct {
	Limit   int           // calls; at least 1
	Every   time.Duration // length of the window; whole microseconds, 1ms to 366 days
	Reserve int           // tokens kept for urgent work; 0 to Limit-1
}

// Limits maps a permission to its windows. The windows under AppKey apply to
// every permission in addition to its own. The zero value limits nothing.
type Limits map[string][]Window

// ParseLimits reads limits as written in configuration:
//
//	ADD_ON_CREATE=100/168h reserve 10; GET_POST=10000/168h; app=60/1m,5000/24h
//
// An empty string means no limits. The error names every part that is wrong.
func ParseLimits(s string) (Limits, error) {
	limits := Limits{}
	var errs []error
	for entry := range strings.SplitSeq(s, ";") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		permission, list, found := strings.Cut(entry, "=")
		permission = strings.TrimSpace(permission)
		if !found {
			errs = append(errs, fmt.Errorf("%q has no \"=\"; write PERMISSION=100/168h", entry))
			continue
		}
		if _, twice := limits[permission]; twice {
			errs = append(errs, fmt.Errorf("%s is given twice; list its windows together, as in %s=60/1m,5000/24h", permission, permission))
			continue
		}
		limits[permission] = []Window{}
		for part := range strings.SplitSeq(list, ",") {
			w, err := parseWindow(part)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", permission, err))
				continue
			}
			limits[permission] = append(limits[permission], w)
		}
	}
	if len(errs) == 0 {
		errs = append(errs, limits.validate())
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("limits %q: %w", s, err)
	}
	return limits, nil
}

// parseWindow reads "100/168h" or "100/168h reserve 10".
func parseWindow(s string) (Window, error) {
	fields := strings.Fields(s)
	if len(fields) != 1 && (len(fields) != 3 || fields[1] != "reserve") {
		return Window{}, fmt.Errorf("window %q is not of the form 100/168h or 100/168h reserve 10", strings.TrimSpace(s))
	}
	count, every, found := strings.Cut(fields[0], "/")
	if !found {
		return Window{}, fmt.Errorf("window %q has no \"/\"; write calls/duration, as in 100/168h", fields[0])
	}
	var w Window
	var err error
	if w.Limit, err = strconv.Atoi(count); err != nil {
		return Window{}, fmt.Errorf("window %q: %q is not a whole number of calls", fields[0], count)
	}
	if w.Every, err = time.ParseDuration(every); err != nil {
		return Window{}, fmt.Errorf("window %q: %q is not a duration; use h, m and s, as in 168h for a week", fields[0], every)
	}
	if len(fields) == 3 {
		if w.Reserve, err = strconv.Atoi(fields[2]); err != nil {
			return Window{}, fmt.Errorf("window %q: the reserve %q is not a whole number of calls", fields[0], fields[2])
		}
	}
	return w, nil
}

// validate reports everything that is wrong with the limits.
func (l Limits) validate() error {
	var errs []error
	for _, permission := range l.permissions() {
		fail := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("%s: "+format, append([]any{permission}, args...)...))
		}
		if !validName(permission) {
			errs = append(errs, fmt.Errorf("permission %q: use 1 to 64 of A-Z a-z 0-9 _ . -", permission))
			continue
		}
		if len(l[permission]) == 0 {
			fail("no windows; leave the permission out to make it unlimited")
		}
		seen := map[time.Duration]bool{}
		for _, w := range l[permission] {
			switch {
			case w.Limit < 1 || w.Limit > maxLimit:
				fail("limit %d is not within 1 and %d", w.Limit, maxLimit)
			case w.Every < minEvery || w.Every > maxEvery:
				fail("window %s is not within %s and %s", w.Every, minEvery, shortDuration(maxEvery))
			case w.Every%time.Microsecond != 0:
				fail("window %s is not a whole number of microseconds", w.Every)
			case w.Reserve < 0 || w.Reserve >= w.Limit:
				fail("reserve %d of window %s is not within 0 and %d (the limit less one)", w.Reserve, shortDuration(w.Every), w.Limit-1)
			case seen[w.Every]:
				fail("window %s is given twice", shortDuration(w.Every))
			}
			seen[w.Every] = true
		}
	}
	return errors.Join(errs...)
}

// validName tells whether s can be a permission or an application: a name that
// needs no quoting in a Redis key, an ACL pattern or the syntax of ParseLimits.
func validName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

// permissions returns the keys in order, the application's windows last.
func (l Limits) permissions() []string {
	keys := slices.Sorted(maps.Keys(l))
	if i := slices.Index(keys, AppKey); i >= 0 {
		keys = append(slices.Delete(keys, i, i+1), AppKey)
	}
	return keys
}

// String writes the limits in the syntax of ParseLimits: permissions sorted,
// "app" last.
func (l Limits) String() string {
	var b strings.Builder
	for _, permission := range l.permissions() {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(permission)
		for i, w := range l[permission] {
			if i == 0 {
				b.WriteByte('=')
			} else {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%d/%s", w.Limit, shortDuration(w.Every))
			if w.Reserve > 0 {
				fmt.Fprintf(&b, " reserve %d", w.Reserve)
			}
		}
	}
	return b.String()
}

// Longest returns the length of the longest window, 0 when there is none. A
// Source must reach back that far.
func (l Limits) Longest() time.Duration {
	var longest time.Duration
	for _, windows := range l {
		for _, w := range windows {
			longest = max(longest, w.Every)
		}
	}
	return longest
}

// guard is how much later than Every after a call its token comes back. It pays
// for clocks that are both a little wrong, and for a server that counts by its own.
func (w Window) guard() time.Duration {
	return min(maxGuard, w.Every/1200).Round(time.Microsecond)
}

// shortDuration writes 168h instead of 168h0m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if rest, found := strings.CutSuffix(s, "m0s"); found {
		s = rest + "m"
	}
	if rest, found := strings.CutSuffix(s, "h0m"); found {
		s = rest + "h"
	}
	return s
}

// UnknownPause returns how long to pause after the attempt-th refusal in a row
// (counted from 1) that did not say when to come back: full jitter, that is a
// uniform draw from zero up to a ceiling that doubles from 15 minutes to 6 hours.
// The argument rand returns a number in [0, 1), as [math/rand/v2.Float64] does.
func UnknownPause(attempt int, rand func() float64) time.Duration {
	const first, last = 15 * time.Minute, 6 * time.Hour
	ceiling := last
	if doublings := max(attempt, 1) - 1; doublings < 5 {
		ceiling = min(last, first<<doublings)
	}
	return time.Duration(math.Round(rand() * float64(ceiling)))
}
