package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	for {
		batch, err := cons.Fetch(500, jetstream.FetchMaxWait(2*time.Second))
		if err != nil {
			return fmt.Errorf("browse stream %s: %w", s.CachedInfo().Config.Name, explainJetStream(err))
		}
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return fmt.Errorf("browse stream %s: %w", s.CachedInfo().Config.Name, err)
			}
			if err := fn(m); errors.Is(err, ErrStop) {
				return nil
			} else if err != nil {
				return err
			}
			if meta.NumPending == 0 {
				return nil
			}
		}
		if err := batch.Error(); err != nil {
			return fmt.Errorf("browse stream %s: %w", s.CachedInfo().Config.Name, explainJetStream(err))
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// ErrStop is returned by a callback to end a reading before the last message.
var ErrStop = errors.New("stop")
