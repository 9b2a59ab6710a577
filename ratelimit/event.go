package ratelimit

import (
	"fmt"
	"sync"
	"time"
)

// EventKind is the kind of a change of state.
type EventKind string

// The changes that Config.Notify is told of.
const (
	// Rebuilding: state is missing or foreign; nothing is granted until Rebuilt. With
	// Err set the first attempt failed; it is repeated until one succeeds. First
	// tells the beginning from a loss.
	Rebuilding EventKind = "rebuilding"
	// Rebuilt: the state is complete again; Spends tells how many calls were
	// restored, 0 also when another replica did it. With First and calls restored,
	// Redis forgot them while this limiter was away.
	Rebuilt EventKind = "rebuilt"
	// RedisLost: Redis does not answer; nothing is granted until RedisBack.
	RedisLost EventKind = "redis lost"
	// RedisBack: Redis answers again.
	RedisBack EventKind = "redis back"
	// Paused: a permission, or the application (AppKey), is paused until Until.
	Paused EventKind = "paused"
	// Resumed: the pause of a permission or of the application is over.
	Resumed EventKind = "resumed"
	// ClockOff: the clock of this process is Skew ahead of the clock of Redis (negative:
	// behind); nothing is granted until ClockGood.
	ClockOff EventKind = "clock off"
	// ClockGood: the clocks agree again.
	ClockGood EventKind = "clock good"
	// LimitsDiffer: running limiters were configured with different limits; Limits
	// is what all of them follow, the strictest of each.
	LimitsDiffer EventKind = "limits differ"
	// LimitsAgree: after LimitsDiffer, all running limiters have the same limits again.
	LimitsAgree EventKind = "limits agree"
)

// Event is a change of state worth a log line. Fields that do not belong to the
// kind are zero.
type Event struct {
	Kind       EventKind
	Permission string        // Paused, Resumed
	Until      time.Time     // Paused
	Reason     string        // Paused, Rebuilding
	Skew       time.Duration // ClockOff
	Spends     int           // Rebuilt
	First      bool          // Rebuilding, Rebuilt: this limiter has not seen the state whole before
	Limits     Limits        // LimitsDiffer, LimitsAgree
	Err        error         // RedisLost, Rebuilding
}

// String returns a line for a log.
func (e Event) String() string {
	switch e.Kind {
	case Paused:
		return fmt.Sprintf("%s paused until %s: %s", e.Permission, e.Until.UTC().Format(time.RFC3339), e.Reason)
	case Resumed:
		return e.Permission + " resumed"
	case ClockOff:
		return fmt.Sprintf("clock off: this process is %s ahead of Redis; set both clocks", e.Skew)
	case Rebuilding:
		if e.Err != nil {
			return fmt.Sprintf("rebuilding: %s: %v", e.Reason, e.Err)
		}
		return "rebuilding: " + e.Reason
	case Rebuilt:
		return fmt.Sprintf("rebuilt: %d calls restored", e.Spends)
	case RedisLost:
		return fmt.Sprintf("redis lost: %v", e.Err)
	case LimitsDiffer, LimitsAgree:
		return fmt.Sprintf("%s: following %s", e.Kind, e.Limits)
	default:
		return string(e.Kind)
	}
}

// health remembers what was last said about Redis and the clocks, so that only
// changes are told.
type health struct {
	mu        sync.Mutex
	redisLost bool
	clockOff  bool
	differ    bool

	rebuilding   bool
	rebuildError bool
	whole        bool // the state was, once
}

func (h *health) change(field *bool, now bool) (changed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	changed = *field != now
	*field = now
	return changed
}

// noteRedis tells when Redis was lost or came back.
func (l *Limiter) noteRedis(err error) {
	if !l.health.change(&l.health.redisLost, err != nil) {
		return
	}
	if err != nil {
		l.notify(Event{Kind: RedisLost, Err: err})
	} else {
		l.notify(Event{Kind: RedisBack})
	}
}

// noteClock tells when the clocks came apart or together again.
func (l *Limiter) noteClock(off bool, skew time.Duration) {
	if !l.health.change(&l.health.clockOff, off) {
		return
	}
	if off {
		l.notify(Event{Kind: ClockOff, Skew: skew})
	} else {
		l.notify(Event{Kind: ClockGood})
	}
}

// first tells whether the state was never seen whole.
func (h *health) first() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.whole
}

// noteRebuild tells once that state is missing, and once why it cannot be rebuilt.
func (l *Limiter) noteRebuild(why string, err error) {
	first := l.health.first()
	if l.health.change(&l.health.rebuilding, true) {
		l.notify(Event{Kind: Rebuilding, Reason: why, First: first})
	}
	if err != nil && l.health.change(&l.health.rebuildError, true) {
		l.notify(Event{Kind: Rebuilding, Reason: why, Err: err, First: first})
	}
}

// noteRebuilt tells that the state is complete, if it was not.
func (l *Limiter) noteRebuilt(spends int) {
	first := l.health.change(&l.health.whole, true)
	l.health.change(&l.health.rebuildError, false)
	if l.health.change(&l.health.rebuilding, false) {
		l.notify(Event{Kind: Rebuilt, Spends: spends, First: first})
	}
}
