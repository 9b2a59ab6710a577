package pipeline

import (
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// A Backoff says how long to wait before an attempt is made again: full
// jitter over an exponentially growing range, so that events that failed
// together do not come back together.
type Backoff struct {
	Min, Max time.Duration
	Rand     func() float64 // in [0,1); nil: math/rand
}

// Delay returns the wait after the given number of failures, at least 1. It
// is between Min and the range of that failure: Min doubled for each failure,
// at most Max.
func (b Backoff) Delay(failures int) time.Duration {
	e := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(b.Min),
		backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(0), // the jitter below is the full one
		backoff.WithMaxInterval(b.Max),
		backoff.WithMaxElapsedTime(0),
	)
	most := b.Min
	for range min(max(failures, 1), 64) + 1 {
		most = e.NextBackOff()
	}
	return b.Min + time.Duration(b.rand()()*float64(max(most, b.Min)-b.Min))
}

func (b Backoff) rand() func() float64 {
	if b.Rand == nil {
		return rand.Float64
	}
	return b.Rand
}
