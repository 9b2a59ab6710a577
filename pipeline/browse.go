package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// browse reads the messages that a stream holds now, in order, and returns
// after the last; what is published meanwhile is not waited for. Nothing is
// acknowledged or removed. fn may end it early with ErrStop.
func browse(ctx context.Context, s jetstream.Stream, cfg jetstream.OrderedConsumerConfig, fn func(jetstream.Msg) error) error {
	cons, err := s.OrderedConsumer(ctx, cfg)
	if err != nil {
		return fmt.Errorf("browse stream %s: %w", s.CachedInfo().Config.Name, explainJetStream(err))
	}
	if info := cons.CachedInfo(); info != nil && info.NumPending == 0 && info.Delivered.Consumer == 0 {
		return nil
	}
	for patience := time.Now().Add(2 * browseWait); ; {
		more, err := browseBatch(ctx, s, cons, fn)
		switch {
		case errors.Is(err, nats.ErrNoResponders) && time.Now().Before(patience):
			sleep(ctx, 100*time.Millisecond) // a new consumer of a cluster that has no leader yet
		case err != nil || !more:
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// browseBatch handles one batch and reports whether there is more.
func browseBatch(ctx context.Context, s jetstream.Stream, cons jetstream.Consumer, fn func(jetstream.Msg) error) (more bool, err error) {
	name := s.CachedInfo().Config.Name
	ctx, cancel := context.WithTimeout(ctx, browseWait)
	defer cancel() // also ends the pull when the last message came before the batch was full
	batch, err := cons.Fetch(500, jetstream.FetchContext(ctx))
	if err != nil {
		return false, fmt.Errorf("browse stream %s: %w", name, explainJetStream(err))
	}
	for m := range batch.Messages() {
		meta, err := m.Metadata()
		if err != nil {
			return false, fmt.Errorf("browse stream %s: %w", name, err)
		}
		if err := fn(m); errors.Is(err, ErrStop) {
			return false, nil
		} else if err != nil {
			return false, err
		}
		if meta.NumPending == 0 {
			return false, nil
		}
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return false, fmt.Errorf("browse stream %s: %w", name, explainJetStream(err))
	}
	return true, nil
}

// browseWait is for one batch; an ordered consumer that lost its place starts
// again after it.
const browseWait = 5 * time.Second

// ErrStop is returned by a callback to end a reading before the last message.
var ErrStop = errors.New("stop")
