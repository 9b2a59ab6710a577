package ratelimit

import (
	"context"
	"sync"
	"time"
)

// line orders the callers of Acquire in this process. The front of each line alone asks
// Redis, so what waiting costs does not depend on how many wait. Whoever is not
// urgent stays back while urgent callers are there: what they wait for is not
// free for anyone.
type line struct {
	urgentFront chan struct{} // capacity 1: taken by the caller at the front
	normalFront chan struct{}

	mu      sync.Mutex
	urgent  int           // urgent callers, waiting in line or at the front
	changed chan struct{} // closed when the first comes or the last goes
}

func newLine() line {
	return line{urgentFront: make(chan struct{}, 1), normalFront: make(chan struct{}, 1), changed: make(chan struct{})}
}

// enter waits to be at the front; the function it returns lets the next one in.
func (l *line) enter(ctx context.Context, urgent bool) (leave func(), err error) {
	front := l.normalFront
	if urgent {
		front = l.urgentFront
		l.count(+1)
	}
	select {
	case front <- struct{}{}:
		return func() {
			<-front
			if urgent {
				l.count(-1)
			}
		}, nil
	case <-ctx.Done():
		if urgent {
			l.count(-1)
		}
		return nil, ctx.Err()
	}
}

func (l *line) count(d int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.urgent > 0
	l.urgent += d
	if before != (l.urgent > 0) {
		close(l.changed)
		l.changed = make(chan struct{})
	}
}

// change returns a channel that is closed when urgent callers come or are gone.
func (l *line) change() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// yield waits until there are no urgent callers.
func (l *line) yield(ctx context.Context) error {
	for {
		l.mu.Lock()
		urgent, changed := l.urgent, l.changed
		l.mu.Unlock()
		if urgent == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// bell wakes the callers of Acquire that are asleep. The zero value is ready for use.
type bell struct {
	mu        sync.Mutex
	listeners map[*listener]struct{}
}

// listener collects the rings that one caller has not heard yet.
type listener struct {
	rung  chan struct{} // capacity 1
	mu    sync.Mutex
	hints map[string]time.Time // by scope, the earliest
}

func (b *bell) listen() *listener {
	l := &listener{rung: make(chan struct{}, 1), hints: map[string]time.Time{}}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listeners == nil {
		b.listeners = map[*listener]struct{}{}
	}
	b.listeners[l] = struct{}{}
	return l
}

func (b *bell) stop(l *listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.listeners, l)
}

// ring tells that from a time on it may be worth asking again, because something
// changed in a scope: a permission, AppKey, or "" for everything. The zero
// time: now.
func (b *bell) ring(scope string, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for l := range b.listeners {
		l.mu.Lock()
		if old, found := l.hints[scope]; !found || at.Before(old) {
			l.hints[scope] = at
		}
		l.mu.Unlock()
		signal(l.rung)
	}
}

// hint returns the earliest time that matters to someone waiting in a scope ("":
// all of them do), and forgets what it has returned.
func (l *listener) hint(scope string) (at time.Time, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for of, t := range l.hints {
		if (scope == "" || of == "" || of == scope) && (!found || t.Before(at)) {
			at, found = t, true
		}
	}
	clear(l.hints)
	return at, found
}

// clear forgets all rings: the state is about to be read.
func (l *listener) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.hints)
	select {
	case <-l.rung:
	default:
	}
}
