package pipeline

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/pipeline/provision"
)

// Create makes the streams and consumers that are missing and brings the
// others up to date. It needs the permissions of an administrator.
func (t Topology) Create(ctx context.Context, js jetstream.JetStream) error {
	return t.Setup(ctx, js, func(provision.Change) {})
}

// Setup is Create that tells of each stream and consumer what it did. It is
// also what an upgrade needs: the streams of a newer version are added, and
// settings that changed are updated, while workers run.
//
// What the server refuses does not keep it from the others: the error joins a
// *provision.RefusedError for each, which names the stream and its settings.
// With any other error, one of the way to the server, it stops.
func (t Topology) Setup(ctx context.Context, js jetstream.JetStream, tell func(provision.Change)) error {
	var problems []error
	refused := make(map[string]bool) // streams
	for _, want := range t.streams() {
		c, err := provision.Stream(ctx, js, want)
		if err == nil {
			tell(c)
			continue
		}
		problems = append(problems, explainJetStream(err))
		if _, ok := errors.AsType[*provision.RefusedError](err); !ok {
			return errors.Join(problems...)
		}
		refused[want.Name] = true
	}
	for _, want := range t.consumers() {
		if refused[want.stream] {
			continue // it may not exist, or not as the consumer needs it
		}
		c, err := provision.Consumer(ctx, js, want.stream, want.ConsumerConfig)
		if err == nil {
			tell(c)
			continue
		}
		problems = append(problems, explainJetStream(err))
		if _, ok := errors.AsType[*provision.RefusedError](err); !ok {
			break
		}
	}
	return errors.Join(problems...)
}
