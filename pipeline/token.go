package pipeline

import (
	"context"
	"time"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// A token is a hold, and whether it may be one of those kept for urgent work.
type token struct {
	ratelimit.Hold
	urgent bool
}

// reserve takes what tokens there are now.
func (d *dispatcher) reserve(ctx context.Context, n int, urgent bool) []token {
	holds, _, err := d.bucket.Reserve(ctx, n, urgent)
	if err != nil {
		return nil // Acquire waits until Redis is back
	}
	return tokensOf(holds, urgent)
}

func tokensOf(holds []ratelimit.Hold, urgent bool) []token {
	ts := make([]token, len(holds))
	for i, h := range holds {
		ts[i] = token{h, urgent}
	}
	return ts
}

// awaitToken blocks until the bucket gives a token. Meanwhile it looks
// through what is in hand: what needs no call ends now instead of at its
// turn. It returns without a token when there is nothing left to send, when
// urgent work came that may take what normal work may not, or when ctx ends.
func (d *dispatcher) awaitToken(ctx, work context.Context, n, urgent int) []token {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	if urgent > 0 {
		n = urgent
	}
	got := make(chan []token, 1)
	go func() {
		holds, _ := d.bucket.Acquire(waiting, n, urgent > 0) // fails only when its context ends
		got <- tokensOf(holds, urgent > 0)
	}()
	for {
		select {
		case tokens := <-got:
			return tokens
		default:
		}
		if x := d.unscreened(); x != nil {
			d.screen(work, x)
			continue
		}
		if n, u, _ := d.startable(); n == 0 || (u > 0) != (urgent > 0) {
			cancel()
			return <-got
		}
		select {
		case tokens := <-got:
			return tokens
		case <-d.changed:
		}
	}
}

// spareTime is how much of a hold's life must be left for another event.
const spareTime = 3 * time.Second

// keepSpare keeps an unused token for the next event.
func (d *dispatcher) keepSpare(t token) {
	if !d.bucket.Limited() {
		if t.Probe {
			d.bucket.Refund(t.Hold) // else its right to probe stays taken
		}
		return
	}
	d.mu.Lock()
	d.spare = append(d.spare, t)
	d.mu.Unlock()
	wake(d.changed)
}

// takeSpare returns up to n spare tokens that any event may have and that are
// still good. All others go back, to be taken again by whoever may.
func (d *dispatcher) takeSpare(n int) []token {
	d.mu.Lock()
	defer d.mu.Unlock()
	var good, rest []token
	for _, t := range d.spare {
		if len(good) < n && !t.urgent && time.Until(t.Expires) > spareTime {
			good = append(good, t)
		} else {
			rest = append(rest, t)
		}
	}
	d.spare = rest
	d.refundLocked()
	return good
}

// refundSpare gives all spare tokens back: nothing here can use them.
func (d *dispatcher) refundSpare() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refundLocked()
}

func (d *dispatcher) refundLocked() {
	for _, t := range d.spare {
		d.bucket.Refund(t.Hold)
	}
	d.spare = nil
}
