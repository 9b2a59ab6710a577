package ratelimit

import (
	"context"
	"fmt"
	"time"
)

const (
	// recheck bounds a sleep: hints may be lost and clocks be set.
	recheck = 15 * time.Minute
	// urgentLead is how much later than urgent work other work wakes up, in all
	// replicas, so that it does not take the token both were waiting for.
	urgentLead = 5 * time.Millisecond
)

// Acquire is Reserve that blocks until there is at least one hold; it returns
// at most n. It fails only when ctx ends. Urgent callers go first. Run must be
// running for a wait to end early or for lost state to be rebuilt.
func (b *Bucket) Acquire(ctx context.Context, n int, urgent bool) ([]Hold, error) {
	if n < 1 {
		return nil, fmt.Errorf("ratelimit: acquire %s: %d holds; ask for 1 or more", b.permission, n)
	}
	leave, err := b.line.enter(ctx, urgent)
	if err != nil {
		return nil, fmt.Errorf("ratelimit: acquire %s: in line behind other callers: %w", b.permission, err)
	}
	defer leave()

	rings := b.bell.listen() // before asking, so that nothing is missed in between
	defer b.bell.stop(rings)
	var retry backoff
	for {
		var overtaken <-chan struct{}
		if !urgent {
			if overtaken, err = b.line.yield(ctx); err != nil {
				return nil, fmt.Errorf("ratelimit: acquire %s: behind urgent callers: %w", b.permission, err)
			}
		}
		rings.clear()
		holds, wait, err := b.try(ctx, min(n, maxBatch), urgent)
		if len(holds) > 0 {
			return holds, nil
		}
		reason := wait.String()
		switch {
		case err != nil:
			reason = err.Error()
			wait = Wait{Until: b.l.cfg.Now().Add(retry.next())}
		case wait.Reason == WaitClock || wait.Reason == WaitRebuild || wait.Reason == WaitLimits:
			wait.Until = b.l.cfg.Now().Add(retry.next())
		default:
			retry.reset()
		}
		if err := b.sleep(ctx, wait, rings, overtaken); err != nil {
			return nil, fmt.Errorf("ratelimit: acquire %s: %s: %w", b.permission, reason, err)
		}
	}
}

// sleep waits for the date, for a hint that there may be something before, or for
// urgent callers to overtake (nil: this one is urgent).
func (b *Bucket) sleep(ctx context.Context, w Wait, rings *listener, overtaken <-chan struct{}) error {
	until := w.Until
	for {
		d := max(until.Sub(b.l.cfg.Now()), time.Millisecond)
		if overtaken != nil {
			d += urgentLead
		}
		timer := time.NewTimer(min(d, recheck))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
			return nil
		case <-overtaken:
			timer.Stop()
			return nil
		case <-rings.rung:
			timer.Stop()
			if hint, found := rings.hint(w.scope); found && hint.Before(until) {
				until = hint
			}
		}
	}
}
