package pipeline

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// A Window is the state of one limit as a forecast needs it.
type Window struct {
	Permission string        `json:"permission"` // "app" for a limit of the whole app
	Every      time.Duration `json:"every_ns"`
	Limit      int           `json:"limit"`
	Reserve    int           `json:"reserve,omitempty"` // for urgent work only
	Known      bool          `json:"known"`             // false: the limiter is being rebuilt
	Spent      int           `json:"spent"`
	Held       int           `json:"held"`
	Free       int           `json:"free"`
	Returns    []time.Time   `json:"returns,omitempty"` // of spent tokens, earliest first

	PausedUntil time.Time `json:"paused_until,omitzero"`
	PauseReason string    `json:"pause_reason,omitempty"`
	HalfOpen    bool      `json:"half_open,omitempty"` // one probe decides
}

func windowsOf(all []ratelimit.Status, permission string) []Window {
	var ws []Window
	for _, s := range all {
		if s.Permission != permission && s.Permission != ratelimit.AppKey {
			continue
		}
		ws = append(ws, Window{
			Permission: s.Permission, Every: s.Window, Limit: s.Limit, Reserve: s.Reserve, Known: s.Known,
			Spent: s.Spent, Held: s.Held, Free: s.Free, Returns: s.Returns,
			PausedUntil: s.PausedUntil, PauseReason: s.PauseReason, HalfOpen: s.HalfOpen,
		})
	}
	return ws
}

// ETA forecasts when the work at a position (1 is next) gets its token, if
// all that is ahead of it takes one. Zero means that nobody can say.
//
// A window gives its free tokens now and the others on their dates; after
// that each of them again one window later. Where several windows apply, the
// latest decides; from the second round on the truth may be later still.
func ETA(now time.Time, position int, urgent bool, windows []Window) time.Time {
	for _, w := range windows {
		if w.PausedUntil.After(now) {
			now = w.PausedUntil // nothing leaves before
		}
	}
	eta := now
	for _, w := range windows {
		if w.Every == 0 {
			continue // a pause without a window
		}
		if !w.Known {
			return time.Time{}
		}
		usable := w.Limit
		free := w.Free
		if !urgent {
			usable -= w.Reserve
			free -= w.Reserve
		}
		if usable <= 0 {
			return time.Time{}
		}
		dates := make([]time.Time, 0, usable)
		for range min(max(free, 0)+w.Held, usable) { // what is held leaves now too
			dates = append(dates, now)
		}
		// With a reserve in use the earliest returns refill it first.
		late := w.Returns[max(len(w.Returns)-(usable-len(dates)), 0):]
		dates = append(dates, late...)
		for i, at := range dates { // what leaves after a pause comes back the later for it
			if at.Before(now) {
				dates[i] = now
			}
		}
		slices.SortFunc(dates, time.Time.Compare)
		if len(dates) == 0 {
			return time.Time{}
		}
		i := max(position, 1) - 1
		at := dates[i%len(dates)].Add(time.Duration(i/len(dates)) * w.Every)
		if at.After(eta) {
			eta = at
		}
	}
	return eta
}

// A forecaster tells admitted events their place and time. It asks the
// streams and the limiter now and then, not for each event: it is a forecast.
type forecaster struct {
	queues  queues
	limiter *ratelimit.Limiter
	now     func() time.Time

	mu    sync.Mutex
	lanes map[Lane]*laneForecast
}

// A laneForecast is a lane as it was a moment ago, and what was admitted since.
type laneForecast struct {
	at             time.Time
	urgent, normal int
	windows        []Window
	known          bool // windows are
}

const (
	forecastFresh = 250 * time.Millisecond
	askTimeout    = 300 * time.Millisecond // for the limiter and the streams together
)

// admitted returns the position of work that is about to be put into a lane,
// and its ETA, zero when it is unknown.
func (f *forecaster) admitted(ctx context.Context, l Lane, p Priority) (position int, eta time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.lanes[l]
	if s == nil {
		s = new(laneForecast)
		f.lanes[l] = s
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	now := f.now()
	if now.Sub(s.at) > forecastFresh {
		if u, n, err := f.queues.waiting(ctx, l); err == nil {
			s.urgent, s.normal = int(u), int(n)
		}
		all, err := f.limiter.Status(ctx)
		s.at, s.known, s.windows = f.now(), err == nil, windowsOf(all, string(l))
	}
	if p == Urgent {
		s.urgent++
	} else {
		s.normal++
	}
	position = s.urgent
	if p != Urgent {
		position += s.normal
	}
	if !s.known {
		return position, time.Time{}
	}
	return position, ETA(now, position, p == Urgent, s.windows).UTC().Truncate(time.Second)
}
