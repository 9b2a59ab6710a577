package ratelimit

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff paces retries while Redis or the Source is away: full jitter under a
// ceiling that doubles from 100 ms to 5 s.
type backoff struct{ attempt int }

func (b *backoff) next() time.Duration {
	const first, last = 100 * time.Millisecond, 5 * time.Second
	ceiling := last
	if b.attempt < 6 {
		ceiling = min(last, first<<b.attempt)
	}
	b.attempt++
	return rand.N(ceiling) + time.Millisecond
}

func (b *backoff) reset() { b.attempt = 0 }

// sleep waits for d, or until woken. It reports false when ctx has ended.
func sleep(ctx context.Context, d time.Duration, woken <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-woken:
	}
	return ctx.Err() == nil
}
