package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// workerQueue is the queue of workers that answer for all: one of them takes a
// request.
const workerQueue = "kenar-worker"

// askWorker asks one of the workers, and reads its answer. doing is for errors.
func (c *Client) askWorker(ctx context.Context, subject, doing string, wait time.Duration, question, answer any) error {
	data, err := encode(question)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	m, err := c.nc.RequestWithContext(waiting, subject, data)
	// In a cluster the news of a worker that just started takes a moment.
	for patience := time.Now().Add(time.Second); errors.Is(err, nats.ErrNoResponders) && time.Now().Before(patience); {
		sleep(waiting, 100*time.Millisecond)
		m, err = c.nc.RequestWithContext(waiting, subject, data)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%s: no worker answers: start one, or update those that run", doing)
	case err != nil:
		return fmt.Errorf("%s: %w", doing, explainJetStream(err))
	}
	if text := m.Header.Get(micro.ErrorHeader); text != "" {
		return fmt.Errorf("%s: the worker that was asked says: %s", doing, text)
	}
	if err := json.Unmarshal(m.Data, answer); err != nil {
		return fmt.Errorf("%s: read the answer of a worker: %w", doing, err)
	}
	return nil
}

// serve answers requests of askWorker with what handle returns. A *Reason is
// the fault of whoever asked.
func serve[Q, A any](log func(error), limit time.Duration, handle func(context.Context, Q) (A, error)) micro.Handler {
	return micro.HandlerFunc(func(r micro.Request) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		var q Q
		if err := json.Unmarshal(r.Data(), &q); err != nil {
			_ = r.Error("400", "the request is not JSON: "+err.Error(), nil) // whoever asked went away
			return
		}
		a, err := handle(ctx, q)
		if reason, ok := errors.AsType[*Reason](err); ok {
			_ = r.Error("400", reason.Message, nil)
			return
		}
		if err != nil {
			log(err)
			_ = r.Error("503", err.Error(), nil)
			return
		}
		data, err := encode(a) // as it is, where RespondJSON would escape what looks like HTML
		if err != nil {
			_ = r.Error("500", err.Error(), nil)
			return
		}
		_ = r.Respond(data)
	})
}
