package ratelimit

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// maxBatch is the largest number of holds in one script: Lua spreads them over its
// stack.
const maxBatch = 1000

// settlement is a refund, or a commit when at is set, still to be delivered.
type settlement struct {
	permission string
	id         string
	at         time.Time
}

// outbox holds the settlements that Redis has not confirmed yet. It needs no
// bound of its own: while Redis is away no new hold is granted.
type outbox struct {
	mu      sync.Mutex
	pending []settlement
	ready   chan struct{} // capacity 1
	flushMu sync.Mutex    // one flush at a time
}

func (o *outbox) add(s ...settlement) {
	if len(s) == 0 {
		return
	}
	o.mu.Lock()
	o.pending = append(o.pending, s...)
	o.mu.Unlock()
	signal(o.ready)
}

// head returns the longest run at the front that one script can deliver.
func (o *outbox) head() []settlement {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for n < len(o.pending) && n < maxBatch &&
		o.pending[n].permission == o.pending[0].permission &&
		o.pending[n].at.IsZero() == o.pending[0].at.IsZero() {
		n++
	}
	return append([]settlement(nil), o.pending[:n]...)
}

func (o *outbox) drop(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending = append([]settlement(nil), o.pending[n:]...)
}

// flush delivers everything that is queued, in order. Both kinds may be delivered
// twice without harm, so a lost reply is simply repeated.
func (l *Limiter) flush(ctx context.Context) error {
	l.outbox.flushMu.Lock()
	defer l.outbox.flushMu.Unlock()
	for {
		batch := l.outbox.head()
		if len(batch) == 0 {
			return nil
		}
		if err := l.settle(ctx, batch); err != nil {
			return err
		}
		l.outbox.drop(len(batch))
	}
}

// settle delivers commits or refunds of one permission.
func (l *Limiter) settle(ctx context.Context, batch []settlement) error {
	permission, what, script := batch[0].permission, "refund", refundScript
	args := make([]any, 0, 2*len(batch))
	for _, s := range batch {
		args = append(args, s.id)
		if !s.at.IsZero() {
			args = append(args, s.at.UnixMicro())
		}
	}
	if !batch[0].at.IsZero() {
		what, script = "commit", commitScript
	}
	r, err := l.ask(ctx, script, permission, args...)
	if err != nil {
		return fmt.Errorf("%s %d holds of %s: %w", what, len(batch), permission, err)
	}
	if r.code != codeOK {
		return fmt.Errorf("%s %d holds of %s: state is %s; kept until it is rebuilt", what, len(batch), permission, r.code)
	}
	if what == "refund" && r.int(0) > 0 {
		// The announcement over pub/sub may be lost; those who wait here need none.
		l.each(func(b *Bucket) { b.bell.ring("", time.Time{}) })
	}
	return nil
}

// deliver flushes the outbox whenever something is queued, until ctx ends.
func (l *Limiter) deliver(ctx context.Context) {
	var retry backoff
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.outbox.ready:
		}
		for {
			attempt, cancel := context.WithTimeout(ctx, commandTime)
			err := l.flush(attempt)
			cancel()
			if err == nil {
				retry.reset()
				break
			}
			if !sleep(ctx, retry.next(), nil) {
				return
			}
		}
	}
}
