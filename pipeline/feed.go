package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
)

// publishWait is for one answer of JetStream.
const publishWait = 5 * time.Second

// A feed pulls messages of one consumer ahead of their handling, up to a
// limit, and tells the server that they are in hand until they are released:
// a message may wait here for days without being delivered twice.
type feed struct {
	cons    jetstream.Consumer
	most    int // messages in hand
	ackWait time.Duration
	log     zerolog.Logger

	mu    sync.Mutex
	held  map[jetstream.Msg]struct{}
	freed chan struct{} // has room again
}

func newFeed(cons jetstream.Consumer, most int, ackWait time.Duration, log zerolog.Logger) *feed {
	return &feed{
		cons: cons, most: most, ackWait: ackWait, log: log,
		held: make(map[jetstream.Msg]struct{}), freed: make(chan struct{}, 1),
	}
}

// run pulls until ctx ends. take must not block. A consumer that cannot be
// reached is tried again with backoff; the first failure and the recovery are
// logged.
func (f *feed) run(ctx context.Context, take func(jetstream.Msg)) error {
	retry := infrastructureBackoff()
	down := false
	for {
		n := f.room(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err := f.fetch(ctx, n, take)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			if down {
				f.log.Info().Msg("pulling again")
			}
			down = false
			retry.Reset()
			continue
		}
		if !down {
			f.log.Warn().Err(err).Msg("cannot pull; trying again with backoff")
		}
		down = true
		sleep(ctx, retry.NextBackOff())
	}
}

// fetch makes one long poll. It costs nothing while there is nothing.
func (f *feed) fetch(ctx context.Context, n int, take func(jetstream.Msg)) error {
	batch, err := f.cons.Fetch(n, jetstream.FetchContext(ctx))
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		f.mu.Lock()
		f.held[m] = struct{}{}
		f.mu.Unlock()
		take(m)
	}
	return batch.Error()
}

// room waits until at least a quarter of the limit is free and returns how
// many messages may be pulled: pulling one at a time would cost a round trip
// for each.
func (f *feed) room(ctx context.Context) int {
	for {
		f.mu.Lock()
		n := f.most - len(f.held)
		f.mu.Unlock()
		if n >= max(f.most/4, 1) {
			return n
		}
		select {
		case <-f.freed:
		case <-ctx.Done():
			return 0
		}
	}
}

// release takes a message out of the hand, after it was acknowledged or given
// back.
func (f *feed) release(m jetstream.Msg) {
	f.mu.Lock()
	delete(f.held, m)
	f.mu.Unlock()
	wake(f.freed)
}

// keep says for all messages in hand that they are still worked on, well
// before the server would deliver them to another worker. It returns when ctx
// ends.
func (f *feed) keep(ctx context.Context) {
	tick := time.NewTicker(f.ackWait / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		f.mu.Lock()
		msgs := slices.Collect(maps.Keys(f.held))
		f.mu.Unlock()
		for _, m := range msgs {
			_ = m.InProgress() // acknowledged meanwhile, or NATS is away: then it is delivered again
		}
	}
}

// wake wakes whoever waits on a channel of capacity one.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// infrastructureBackoff paces attempts to reach NATS or Redis. It never gives
// up: an outage must not cost an event.
func infrastructureBackoff() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(50*time.Millisecond),
		backoff.WithMaxInterval(5*time.Second),
		backoff.WithMaxElapsedTime(0),
	)
}

// untilDone repeats fn until it succeeds or ctx ends. A conflict is an answer,
// and so is a permanent error: they are returned at once.
func untilDone(ctx context.Context, log zerolog.Logger, doing string, fn func() error) error {
	retry := infrastructureBackoff()
	for tries := 0; ; tries++ {
		err := fn()
		if err == nil || errors.Is(err, errConflict) {
			return err
		}
		if permanent, ok := errors.AsType[*backoff.PermanentError](err); ok {
			return permanent.Err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if tries == 0 {
			log.Warn().Err(err).Msg("cannot " + doing + "; trying again with backoff")
		}
		sleep(ctx, retry.NextBackOff())
	}
}

// sleep waits, or returns early when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// doubleAck acknowledges and waits until the server has stored it. A message
// that someone else acknowledged, or that is gone, is as good as acknowledged.
func doubleAck(ctx context.Context, m jetstream.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	err := m.DoubleAck(ctx)
	if errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return nil
	}
	return err
}
