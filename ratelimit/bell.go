package ratelimit

import (
	"sync"
	"time"
)

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
