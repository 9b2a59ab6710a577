package grants

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/kenar-addons/kenar-addons/kenar"
)

const (
	// opensAfter is of how many different grants in a row the refresh fails
	// until that is held to be the grant server's fault. One grant alone may
	// be broken itself.
	opensAfter = 3

	// Between two probes passes the shortest pause and a random part of what
	// is left of a time that is doubled with each, up to the longest.
	shortestPause = time.Second
	longestPause  = time.Minute

	// probeEnds is when to come back while a probe is under way.
	probeEnds = 3 * time.Second
)

// errBroken: the grant server is asked by one probe at a time.
var errBroken = errors.New("the grant server is not asked now")

// A breaker keeps a grant server that fails from being asked by every grant:
// while it is open, one refresh at a time is let through as a probe. It is
// safe for concurrent use.
type breaker struct {
	now     func() time.Time
	closing <-chan struct{}
	probe   chan struct{} // holds the probe under way

	mu      sync.Mutex
	failing map[string]bool // grants whose refresh failed since the last answer
	open    error           // why; nil: closed
	pause   *backoff.ExponentialBackOff
	retryAt time.Time // the next probe's time
}

func newBreaker(now func() time.Time, closing <-chan struct{}) *breaker {
	return &breaker{
		now: now, closing: closing, probe: make(chan struct{}, 1), failing: make(map[string]bool),
		pause: backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(2*shortestPause),
			backoff.WithMultiplier(2),
			backoff.WithRandomizationFactor(0), // that of trip is the full one
			backoff.WithMaxInterval(longestPause),
			backoff.WithMaxElapsedTime(0),
		),
	}
}

// blocked returns why a refresh would not be let through now, or nil.
func (b *breaker) blocked(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil || (len(b.probe) == 0 && !b.waits()) {
		return nil
	}
	return b.refusal(id)
}

// waits reports whether it is too early for a probe. A time further ahead
// than any pause is that of a clock that was put back. b.mu is held.
func (b *breaker) waits() bool { return ahead(b.retryAt, b.now(), longestPause) }

// refusal is what whoever is not let through is told. b.mu is held.
func (b *breaker) refusal(id string) error {
	at := b.retryAt
	if !b.waits() {
		at = b.now().Add(probeEnds) // a probe is under way
	}
	return &UnavailableError{Grant: id, Doing: "refresh", RetryAt: at.UTC(), Err: b.open}
}

// A pass lets one refresh through.
type pass struct {
	breaker *breaker
	grant   string
	probe   bool // while the breaker was open
}

// enter lets a refresh through, or returns why not. An urgent one does not
// wait for the time of the next probe, only for the end of the one under way.
func (b *breaker) enter(ctx context.Context, id string, urgent bool) (pass, error) {
	if !urgent {
		return b.tryEnter(id)
	}
	b.mu.Lock()
	closed := b.open == nil
	b.mu.Unlock()
	if closed {
		return pass{breaker: b, grant: id}, nil
	}
	select {
	case b.probe <- struct{}{}:
		return pass{b, id, true}, nil
	case <-b.closing:
		return pass{}, &UnavailableError{Grant: id, Doing: "refresh", Err: errClosed}
	case <-ctx.Done():
		return pass{}, &UnavailableError{Grant: id, Doing: "refresh", Err: ctx.Err()}
	}
}

func (b *breaker) tryEnter(id string) (pass, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.open == nil:
		return pass{breaker: b, grant: id}, nil
	case b.waits():
		return pass{}, b.refusal(id)
	}
	select {
	case b.probe <- struct{}{}:
		return pass{b, id, true}, nil
	default:
		return pass{}, b.refusal(id)
	}
}

// leave must be called when the refresh has ended, whatever came of it.
func (p pass) leave() {
	if p.probe {
		<-p.breaker.probe
	}
}

// answered closes the breaker.
func (p pass) answered() {
	b := p.breaker
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open, b.retryAt = nil, time.Time{}
	clear(b.failing)
	b.pause.Reset()
}

// failed counts a refresh that had no answer, or one of a server in trouble.
// It returns what is to be reported: that the breaker opened.
func (p pass) failed(cause error) error {
	b := p.breaker
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failing[p.grant] = true
	if b.open == nil && len(b.failing) < opensAfter {
		return nil
	}
	opened := b.open == nil
	// Of the cause the text alone: what errors.Is finds in it is another
	// grant's affair.
	p.trip(fmt.Errorf("%w: the refreshes of %d different grants in a row have failed, last: %s", errBroken, len(b.failing), cause.Error()))
	if !opened {
		return nil
	}
	return b.open
}

// distrust opens the breaker because the answer is not believed.
func (p pass) distrust(why error) {
	p.breaker.mu.Lock()
	defer p.breaker.mu.Unlock()
	p.trip(fmt.Errorf("%w: %w", errBroken, why))
}

// trip opens the breaker, and keeps it open for longer with each probe. The
// refreshes that began before it opened say nothing new. Its mutex is held.
func (p pass) trip(why error) {
	b := p.breaker
	if b.open != nil && !p.probe {
		return
	}
	b.open = why
	most := b.pause.NextBackOff()
	b.retryAt = b.now().Add(shortestPause + rand.N(most-shortestPause+1))
}

// serverFailed reports whether a refresh failed for no reason of the grant's:
// it had no answer, or one that a server in trouble gives, or one without
// tokens.
func serverFailed(err error) bool {
	e, ok := errors.AsType[*kenar.Error](err)
	return !ok || e.NeverSent || e.Status == http.StatusTooManyRequests || kenar.TokensLost(err)
}
