package ratelimit

import (
	"context"
	"sync"
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

// yield waits until there are no urgent callers. The channel it returns is closed when
// one comes.
func (l *line) yield(ctx context.Context) (overtaken <-chan struct{}, err error) {
	for {
		l.mu.Lock()
		urgent, changed := l.urgent, l.changed
		l.mu.Unlock()
		if urgent == 0 {
			return changed, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
