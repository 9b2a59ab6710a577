package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// consumerSettings are those that a program may give for a durable pull
// consumer. They are named as the server names them.
var consumerSettings = []setting[jetstream.ConsumerConfig]{
	{"ack_policy", always,
		func(c jetstream.ConsumerConfig) string { return c.AckPolicy.String() },
		func(to *jetstream.ConsumerConfig, c jetstream.ConsumerConfig) { to.AckPolicy = c.AckPolicy }, nil},
	{"deliver_policy", always,
		func(c jetstream.ConsumerConfig) string { return c.DeliverPolicy.String() },
		func(to *jetstream.ConsumerConfig, c jetstream.ConsumerConfig) { to.DeliverPolicy = c.DeliverPolicy }, nil},
	{"ack_wait", always,
		func(c jetstream.ConsumerConfig) string { return c.AckWait.String() },
		func(to *jetstream.ConsumerConfig, c jetstream.ConsumerConfig) { to.AckWait = c.AckWait },
		// Somebody with longer calls may need the longer one.
		func(have, want jetstream.ConsumerConfig) bool { return have.AckWait >= want.AckWait }},
	{"max_deliver", always,
		func(c jetstream.ConsumerConfig) string { return fmt.Sprint(c.MaxDeliver) },
		func(to *jetstream.ConsumerConfig, c jetstream.ConsumerConfig) { to.MaxDeliver = c.MaxDeliver }, nil},
	{"max_ack_pending", always,
		func(c jetstream.ConsumerConfig) string { return fmt.Sprint(c.MaxAckPending) },
		func(to *jetstream.ConsumerConfig, c jetstream.ConsumerConfig) { to.MaxAckPending = c.MaxAckPending },
		func(have, want jetstream.ConsumerConfig) bool { return atLeast(have.MaxAckPending, want.MaxAckPending) }},
	{"filter_subject", always,
		func(c jetstream.ConsumerConfig) string {
			if len(c.FilterSubjects) > 0 {
				return fmt.Sprint(c.FilterSubjects)
			}
			return c.FilterSubject
		},
		func(to *jetstream.ConsumerConfig, c jetstream.ConsumerConfig) {
			to.FilterSubject, to.FilterSubjects = c.FilterSubject, c.FilterSubjects
		}, nil},
	// A waiting time for each delivery would take the place of the ack wait.
	{"backoff", always,
		func(c jetstream.ConsumerConfig) string {
			if len(c.BackOff) == 0 {
				return ""
			}
			return fmt.Sprint(c.BackOff)
		},
		func(to *jetstream.ConsumerConfig, c jetstream.ConsumerConfig) { to.BackOff = c.BackOff }, nil},
}

// Consumer makes a durable consumer of a stream what want says, as Stream does
// with streams. A longer ack_wait and a larger max_ack_pending stay.
func Consumer(ctx context.Context, js jetstream.JetStream, stream string, want jetstream.ConsumerConfig) (Change, error) {
	c := Change{Kind: "consumer", Stream: stream, Consumer: want.Durable}
	what := "consumer " + want.Durable + " of stream " + stream
	doing := "look at " + what
	cons, err := js.Consumer(ctx, stream, want.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		c.Result, doing = Created, "create "+what
		cons, err = js.CreateConsumer(ctx, stream, want)
		if errors.Is(err, jetstream.ErrConsumerExists) { // somebody was faster, who may want it otherwise
			cons, err = js.Consumer(ctx, stream, want.Durable)
		}
	}
	if err != nil {
		return c, answer(doing, nil, err)
	}
	have := cons.CachedInfo().Config
	mended, differ := mend(consumerSettings, have, want)
	if len(differ) == 0 {
		if c.Result == "" {
			c.Result = Found
		}
		return c, nil
	}
	c.Result, c.Settings = Updated, differ
	cons, err = js.UpdateConsumer(ctx, stream, mended)
	if err != nil {
		return c, answer("update "+what, differ, err)
	}
	if _, left := mend(consumerSettings, cons.CachedInfo().Config, want); len(left) > 0 {
		return c, &RefusedError{Doing: "update " + what, Settings: left}
	}
	return c, nil
}
