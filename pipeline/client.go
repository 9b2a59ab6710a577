package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// A Client is the side of producers and operators: it publishes events, and
// looks at what became of them. It needs NATS alone.
type Client struct {
	nc    *nats.Conn
	js    jetstream.JetStream
	build Builder
}

// NewClient makes a client. The builder checks events before they are
// published; use the settings of the workers.
func NewClient(nc *nats.Conn, build Builder) (*Client, error) {
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(publishWait))
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return &Client{nc: nc, js: js, build: build}, nil
}

// Validate checks an event as admission would, without NATS. It returns the
// event, what would be changed on the way, and as error the *Reason a dead
// letter would give.
func (b Builder) Validate(raw []byte) (Event, []widgets.Warning, error) {
	e, err := DecodeEvent(raw)
	if err != nil {
		return e, nil, err
	}
	_, warnings, err := b.Build(e, raw)
	return e, warnings, err
}

// Publish puts a valid event into the inbox and returns when JetStream has
// stored it. Publishing the same id again within the time of deduplication
// reports a duplicate; later ones are recognised at admission.
func (c *Client) Publish(ctx context.Context, e Event, raw []byte) (duplicate bool, err error) {
	ack, err := c.js.Publish(ctx, EventSubjectPrefix+e.Target.subject(), raw, jetstream.WithMsgID(e.ID), jetstream.WithExpectStream(EventStream))
	if err != nil {
		return false, fmt.Errorf("publish %s: %w", e.ID, explainPublish(err))
	}
	return ack.Duplicate, nil
}

func explainPublish(err error) error {
	if errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders) {
		return fmt.Errorf("%w: no stream takes it: it has no leader (most of its servers must run and reach each other), or nobody has created the streams yet, as worker setup or a worker does", err)
	}
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == codeInsufficientResources {
		return fmt.Errorf("%w: the store of NATS is full; nothing was stored", err)
	}
	return explainJetStream(err)
}

// codeInsufficientResources is what a server without room answers.
const codeInsufficientResources jetstream.ErrorCode = 10023

// Outcomes calls fn with the outcome events that are kept, oldest first: all,
// or those of the given ids. With follow it goes on with new ones until ctx
// ends or fn returns ErrStop; with ids it also ends when each has its final
// outcome.
func (c *Client) Outcomes(ctx context.Context, ids []string, follow bool, fn func(OutcomeEvent) error) error {
	s, err := c.js.Stream(ctx, OutcomeStream)
	if err != nil {
		return fmt.Errorf("read outcomes: %w", explainStream(err, OutcomeStream))
	}
	open := make(map[string]bool, len(ids))
	cfg := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy}
	for _, id := range ids {
		if !isEventID(id) {
			return fmt.Errorf("read outcomes: %s is not an event id", quote(id))
		}
		open[id] = true
		cfg.FilterSubjects = append(cfg.FilterSubjects, queuedSubjectPrefix+id, finalSubjectPrefix+id)
	}
	one := func(m jetstream.Msg) error {
		var e OutcomeEvent
		if err := json.Unmarshal(m.Data(), &e); err != nil {
			return fmt.Errorf("read outcome on %s: %w", m.Subject(), err)
		}
		if err := fn(e); err != nil {
			return err
		}
		if strings.HasPrefix(m.Subject(), finalSubjectPrefix) {
			delete(open, e.Data.EventID)
		}
		if follow && len(ids) > 0 && len(open) == 0 {
			return ErrStop
		}
		return nil
	}
	if !follow {
		return browse(ctx, s, cfg, one)
	}
	return tail(ctx, s, cfg, one)
}

// tail reads messages in order and waits for more until ctx ends or fn
// returns ErrStop.
func tail(ctx context.Context, s jetstream.Stream, cfg jetstream.OrderedConsumerConfig, fn func(jetstream.Msg) error) error {
	cons, err := s.OrderedConsumer(ctx, cfg)
	if err != nil {
		return fmt.Errorf("follow stream %s: %w", s.CachedInfo().Config.Name, explainJetStream(err))
	}
	it, err := cons.Messages()
	if err != nil {
		return fmt.Errorf("follow stream %s: %w", s.CachedInfo().Config.Name, explainJetStream(err))
	}
	defer it.Stop()
	defer context.AfterFunc(ctx, it.Stop)()
	for {
		m, err := it.Next()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, jetstream.ErrNoHeartbeat) {
			continue // the consumer heals itself
		}
		if err != nil {
			return fmt.Errorf("follow stream %s: %w", s.CachedInfo().Config.Name, err)
		}
		if err := fn(m); errors.Is(err, ErrStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Final returns the final outcome of an event, nil when it has none yet.
func (c *Client) Final(ctx context.Context, id string) (*OutcomeEvent, error) {
	if !isEventID(id) {
		return nil, fmt.Errorf("read outcome: %s is not an event id", quote(id))
	}
	s, err := c.js.Stream(ctx, OutcomeStream)
	if err != nil {
		return nil, fmt.Errorf("read outcome of %s: %w", id, explainStream(err, OutcomeStream))
	}
	m, err := s.GetLastMsgForSubject(ctx, finalSubjectPrefix+id)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read outcome of %s: %w", id, err)
	}
	e := new(OutcomeEvent)
	return e, json.Unmarshal(m.Data, e)
}

func explainStream(err error, stream string) error {
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("stream %s does not exist: no worker has run here yet", stream)
	}
	return explainJetStream(err)
}
