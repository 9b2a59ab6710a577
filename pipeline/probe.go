package pipeline

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// probeTarget is what probes are about. Nobody is this user: an id that Divar
// gives is not of this form.
var probeTarget = Target{Kind: KindUser, Key: "kenar-addons-probe"}

// A NoAnswerError says that a probe was published and nobody answered in time,
// and what there was to see then.
type NoAnswerError struct {
	EventID string
	Waited  time.Duration
	Inbox   int            // events that wait for admission, the probe's own with them
	Workers []WorkerStatus // those that tell their status
}

// Error tells what was seen.
func (e *NoAnswerError) Error() string {
	text := fmt.Sprintf("no worker answered event %s within %s: %d wait in the inbox, ", e.EventID, e.Waited, e.Inbox)
	if len(e.Workers) == 0 {
		return text + "and no worker tells its status"
	}
	text += fmt.Sprintf("and %d of the workers tell their status", len(e.Workers))
	for _, w := range e.Workers {
		if w.Store != "" {
			text += "; the store of one is in trouble: " + strings.ReplaceAll(w.Store, "\n", "; ")
		}
	}
	return text
}

// Probe publishes an event of its own that is only to be validated, and returns
// its final outcome and how long that took, from the publishing until it was
// read. It makes no call to Kenar, and none can come of it: the event asks for
// the removal of an add-on that does not exist, which needs no grant, and which
// even a worker that knows nothing of validating ends without a call.
//
// The error is a *NoAnswerError when nobody answered within the timeout. The
// event stays in the inbox then and is answered when a worker comes, which does
// no harm.
func (c *Client) Probe(ctx context.Context, timeout time.Duration) (OutcomeData, time.Duration, error) {
	id := "probe-" + rand.Text()
	raw, err := encode(map[string]any{
		"specversion": "1.0", "id": id, "source": "kenar-addons/probe", "type": TypeDetach, "subject": probeTarget.String(),
		"time": time.Now().UTC().Format(time.RFC3339Nano), "priority": Urgent, "validateonly": true, "data": struct{}{},
	})
	if err != nil {
		return OutcomeData{}, 0, fmt.Errorf("probe: %w", err)
	}
	e, err := DecodeEvent(raw)
	if err != nil {
		return OutcomeData{}, 0, fmt.Errorf("probe: %w", err)
	}
	s, err := c.js.Stream(ctx, OutcomeStream) // before anything is published
	if err != nil {
		return OutcomeData{}, 0, fmt.Errorf("probe: %w", explainStream(err, OutcomeStream))
	}
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := time.Now()
	if _, err := c.Publish(waiting, e, raw); err != nil {
		return OutcomeData{}, 0, fmt.Errorf("probe: %w", err)
	}
	var final OutcomeEvent
	err = tail(waiting, s, jetstream.OrderedConsumerConfig{FilterSubjects: []string{finalSubjectPrefix + id}, DeliverPolicy: jetstream.DeliverAllPolicy},
		func(m jetstream.Msg) error {
			if err := json.Unmarshal(m.Data(), &final); err != nil {
				return fmt.Errorf("read outcome on %s: %w", m.Subject(), err)
			}
			return ErrStop
		})
	took := time.Since(began)
	switch {
	case err == nil:
		return final.Data, took, nil
	case ctx.Err() != nil:
		return OutcomeData{}, took, ctx.Err()
	case waiting.Err() == nil || !errors.Is(err, context.DeadlineExceeded):
		return OutcomeData{}, took, fmt.Errorf("probe: %w", err)
	}
	silence := &NoAnswerError{EventID: id, Waited: timeout}
	if silence.Inbox, silence.Workers, err = c.lookAround(ctx); err != nil {
		return OutcomeData{}, took, fmt.Errorf("probe: nobody answered within %s; %w", timeout, err)
	}
	return OutcomeData{}, took, silence
}

// lookAround returns how many events wait for admission, and the workers that
// tell their status.
func (c *Client) lookAround(ctx context.Context) (inbox int, workers []WorkerStatus, err error) {
	s, err := c.js.Stream(ctx, EventStream)
	if err != nil {
		return 0, nil, fmt.Errorf("look at stream %s: %w", EventStream, explainStream(err, EventStream))
	}
	workers, err = c.workers(ctx)
	return int(s.CachedInfo().State.Msgs), workers, err
}
