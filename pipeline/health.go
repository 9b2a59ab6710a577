package pipeline

import (
	"math"
	"sync"
	"time"
)

// outageAfter different targets in a row must fail before a lane is taken to
// be down rather than its events to be bad; the same number of refusals from
// different grants makes the key the suspect.
const outageAfter = 3

// health judges a lane by the row of its last results. It is a breaker: open
// during an outage, half open while one probe is out. It is safe for
// concurrent use.
type health struct {
	now   func() time.Time
	delay func(failures int) time.Duration // until the next probe, with jitter

	mu        sync.Mutex
	failing   map[Target]bool // in a row
	forbidden map[string]bool // identities refused in a row
	pauses    int             // in a row
	rest      time.Time       // end of the last pause
	accepted  int             // calls answered well, ever
	accused   map[string]int  // events refused, and accepted at that time
	opened    time.Time       // zero: closed
	failures  int             // of the outage and its probes
	next      time.Time       // of the next probe
	probing   bool
	outages   int  // so far; tells the probes of this one from late ones of another
	idle      bool // nothing is in hand that could probe
}

func newHealth(now func() time.Time, delay func(int) time.Duration) *health {
	return &health{now: now, delay: delay, failing: make(map[Target]bool), forbidden: make(map[string]bool), accused: make(map[string]int)}
}

// A permit is the right to make one call. The zero permit is one of a closed
// breaker, and needs no end.
type permit struct{ probe int } // number of the outage it probes, 0: none

// allow says whether a call may start now: yes while closed; one at a time
// while open, and only when a probe is due. Otherwise it says when to ask
// again, zero meaning after the probe that is out has ended. Each permit must
// be ended, after the result of its call is known.
func (h *health) allow() (p permit, ok bool, again time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.opened.IsZero():
		return permit{}, true, time.Time{}
	case h.probing:
		return permit{}, false, time.Time{}
	case h.now().Before(h.next):
		return permit{}, false, h.next
	}
	h.probing = true
	return permit{h.outages}, true, time.Time{}
}

// peek returns how many calls could start now, and when to ask again if none.
func (h *health) peek() (n int, again time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.opened.IsZero():
		return math.MaxInt, time.Time{}
	case h.probing:
		return 0, time.Time{}
	case h.now().Before(h.next):
		return 0, h.next
	}
	return 1, time.Time{}
}

// end says that an allowed call has its result, or was not made.
func (h *health) end(p permit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.probe != 0 && p.probe == h.outages {
		h.probing = false
	}
}

// failed records a retryable failure and reports whether it is an outage.
func (h *health) failed(t Target) (outage bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.forbidden)
	h.failing[t] = true
	if h.opened.IsZero() && len(h.failing) < outageAfter {
		return false
	}
	h.open()
	return true
}

// trip says that Kenar is down, known from elsewhere than a call of this lane.
func (h *health) trip() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open()
}

func (h *health) open() {
	now := h.now()
	if h.opened.IsZero() {
		h.opened, h.failures, h.probing = now, 0, false
		h.outages++
	}
	if !now.Before(h.next) { // calls that were out together count once
		h.failures++
		h.next = now.Add(h.delay(h.failures))
	}
}

// answered records that Kenar answered with a judgement, whatever it was: it
// is not down.
func (h *health) answered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.close()
	clear(h.forbidden)
	h.pauses, h.rest = 0, time.Time{}
	h.accepted++
}

func (h *health) close() {
	clear(h.failing)
	h.opened, h.next, h.failures = time.Time{}, time.Time{}, 0
}

// refused records a 403 and reports whether it makes the key the suspect:
// several in a row, each for another identity.
func (h *health) refused(identity string) (suspicious bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.close()
	h.forbidden[identity] = true
	return len(h.forbidden) >= outageAfter
}

// pause records an answer that stops the lane, and returns the end of the
// pause. draw gives its length for the row-th pause in a row; answers that
// come during a pause belong to calls that were out together, and count once.
func (h *health) pause(draw func(row int) time.Duration) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.close()
	now := h.now()
	if !now.Before(h.rest) {
		h.pauses++
		h.rest = now.Add(draw(h.pauses))
	}
	return h.rest
}

// culprit reports whether an event that Kenar refused was refused before
// while others were accepted in between: then the event is the trouble, not
// the key.
func (h *health) culprit(event string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, before := h.accused[event]
	if len(h.accused) >= mostAccused {
		clear(h.accused)
	}
	h.accused[event] = h.accepted
	return before && h.accepted > at
}

// mostAccused bounds the memory of culprit; losing it costs one more pause.
const mostAccused = 1000

// watch says whether the lane has anything in hand, whose calls could show that
// an outage is over.
func (h *health) watch(busy bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.idle = !busy
}

// outage returns since when the lane is down and when the next probe is due,
// zero when it is not. One whose next probe is overdue because nothing is left
// to make it with is not told: nobody knows whether Kenar is still down. The
// breaker stays open all the same, and what comes next is the probe.
func (h *health) outage() (since, probe time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.idle && !h.probing && !h.now().Before(h.next) {
		return time.Time{}, time.Time{}
	}
	return h.opened, h.next
}
