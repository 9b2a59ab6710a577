package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// MinServer is the oldest NATS server whose message schedules can be relied
// on: 2.14.3 mends batched schedules and the cancel header; servers before
// 2.12 drop the setting without a word and acknowledge schedules that never
// fire.
const MinServer = "2.14.3"

// How long things are kept.
const (
	dedupeWindow  = 10 * time.Minute    // ids of work; memory grows with rate × window
	deadDedupe    = 24 * time.Hour      // a dead letter is published once, also after long outages
	outcomeMaxAge = 30 * 24 * time.Hour // outcomes
	deadMaxAge    = 90 * 24 * time.Hour // dead letters
	callMaxAge    = 31 * 24 * time.Hour // call records; longer when a limit's window is longer
	maxAckPending = 4096                // deliveries under way per consumer, all workers together
	ledgerHistory = 8                   // records kept of a target; only the last one decides
)

// Topology is the set of streams and consumers that workers need.
type Topology struct {
	Replicas int           // of each stream: 1, 3 or 5; 0 means 1
	AckWait  time.Duration // after this without a sign of life an event goes to another worker
}

func (t Topology) streams() []jetstream.StreamConfig {
	var all []jetstream.StreamConfig
	add := func(c jetstream.StreamConfig) {
		c.Replicas = max(t.Replicas, 1)
		c.Storage = jetstream.FileStorage
		c.AllowDirect = false // reads must be the leader's: a mirror may lag behind the PubAck
		all = append(all, c)
	}
	add(jetstream.StreamConfig{
		Name: EventStream, Subjects: []string{EventSubjectPrefix + ">"},
		Description: "inbox: events as producers publish them",
		Retention:   jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, Duplicates: dedupeWindow,
	})
	for _, l := range Lanes() {
		for _, p := range []Priority{Urgent, Normal} {
			add(jetstream.StreamConfig{
				Name: l.Stream(p), Subjects: []string{fmt.Sprintf("kenar.work.%s.%s.>", l, p)},
				Description: "admitted work of permission " + string(l) + ", " + string(p),
				Retention:   jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, Duplicates: dedupeWindow,
			})
		}
	}
	add(jetstream.StreamConfig{
		Name: RetryStream, Subjects: []string{schedSubjectPrefix + ">", dueSubjectPrefix + ">"},
		Description: "scheduled retries; for workers only, since a schedule may publish to any subject of the stream",
		Retention:   jetstream.WorkQueuePolicy, AllowMsgSchedules: true,
	})
	add(jetstream.StreamConfig{
		Name: LedgerStream, Subjects: []string{targetSubjectPrefix + ">", callSubjectPrefix + ">", pauseSubjectPrefix + ">", spendSubjectPrefix + ">"},
		Description: "state, lock and history of each target; calls and pauses, for a limiter that forgot them; money spent by day",
		Retention:   jetstream.LimitsPolicy, MaxMsgsPerSubject: ledgerHistory, AllowMsgTTL: true,
	})
	add(jetstream.StreamConfig{
		Name: OutcomeStream, Subjects: []string{queuedSubjectPrefix + ">", finalSubjectPrefix + ">"},
		Description: "what became of each event",
		Retention:   jetstream.LimitsPolicy, MaxAge: outcomeMaxAge,
	})
	add(jetstream.StreamConfig{
		Name: DeadStream, Subjects: []string{deadSubjectPrefix + ">"},
		Description: "dead letters",
		Retention:   jetstream.LimitsPolicy, MaxAge: deadMaxAge, Duplicates: deadDedupe,
	})
	return all
}

// consumer is a durable consumer and its stream.
type consumer struct {
	stream string
	jetstream.ConsumerConfig
}

func (t Topology) consumers() []consumer {
	durable := func(name string) jetstream.ConsumerConfig {
		return jetstream.ConsumerConfig{
			Durable: name, AckPolicy: jetstream.AckExplicitPolicy, AckWait: t.AckWait,
			// Never given up by the server: a message past its deliveries
			// would stay in the stream for ever, unseen. Attempts are counted
			// in the ledger instead.
			MaxDeliver: -1, MaxAckPending: maxAckPending,
		}
	}
	all := []consumer{{EventStream, durable(admitConsumer)}}
	for _, l := range Lanes() {
		all = append(all,
			consumer{l.Stream(Urgent), durable(dispatchConsumer)},
			consumer{l.Stream(Normal), durable(dispatchConsumer)})
		due := durable(l.retryConsumer())
		due.FilterSubject = dueSubjectPrefix + string(l) + ".>"
		all = append(all, consumer{RetryStream, due})
	}
	return all
}

// Check says everything in which the streams and consumers differ from what
// workers need, without changing them.
func (t Topology) Check(ctx context.Context, js jetstream.JetStream) error {
	var problems []error
	for _, want := range t.streams() {
		s, err := js.Stream(ctx, want.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			problems = append(problems, fmt.Errorf("stream %s is missing: run worker setup as an administrator, or start one worker with NATS_AUTO_CREATE=true", want.Name))
			continue
		}
		if err != nil {
			return fmt.Errorf("look at stream %s: %w", want.Name, explainJetStream(err))
		}
		problems = append(problems, differs(want, s.CachedInfo().Config))
	}
	for _, c := range t.consumers() {
		got, err := js.Consumer(ctx, c.stream, c.Durable)
		if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
			problems = append(problems, fmt.Errorf("consumer %s of stream %s is missing", c.Durable, c.stream))
			continue
		}
		if err != nil {
			return fmt.Errorf("look at consumer %s of stream %s: %w", c.Durable, c.stream, explainJetStream(err))
		}
		if have := got.CachedInfo().Config; have.AckWait < c.AckWait || have.MaxDeliver != c.MaxDeliver || have.FilterSubject != c.FilterSubject {
			problems = append(problems, fmt.Errorf("consumer %s of stream %s has ack wait %s, max deliver %d, filter %q; needed are %s or more, %d, %q",
				c.Durable, c.stream, have.AckWait, have.MaxDeliver, have.FilterSubject, c.AckWait, c.MaxDeliver, c.FilterSubject))
		}
	}
	return errors.Join(problems...)
}

// differs names the settings of a stream on which a guarantee rests.
func differs(want, have jetstream.StreamConfig) error {
	var bad []string
	note := func(ok bool, what string) {
		if !ok {
			bad = append(bad, what)
		}
	}
	note(have.Retention == want.Retention, "retention "+want.Retention.String())
	note(have.Storage == want.Storage, "file storage")
	note(have.AllowMsgSchedules == want.AllowMsgSchedules, fmt.Sprintf("message schedules %t", want.AllowMsgSchedules))
	note(have.AllowMsgTTL || !want.AllowMsgTTL, "message TTLs")
	note(want.MaxMsgsPerSubject == 0 || have.MaxMsgsPerSubject >= want.MaxMsgsPerSubject, fmt.Sprintf("max messages per subject %d or more", want.MaxMsgsPerSubject))
	note(strings.Join(have.Subjects, " ") == strings.Join(want.Subjects, " "), "subjects "+strings.Join(want.Subjects, " "))
	note(!have.AllowDirect, "no direct reads (allow_direct false)")
	if len(bad) == 0 {
		return nil
	}
	return fmt.Errorf("stream %s must have %s", want.Name, strings.Join(bad, ", "))
}

// CheckServer refuses a NATS server that is too old, or takes only small
// messages.
func CheckServer(nc *nats.Conn) error {
	v := nc.ConnectedServerVersion()
	if v == "" {
		return nats.ErrConnectionClosed
	}
	if older(v, MinServer) {
		return fmt.Errorf("NATS server is %s, at least %s is needed: older ones lose or misfire scheduled retries", v, MinServer)
	}
	if most := nc.MaxPayload(); most < MaxMessage {
		return fmt.Errorf("NATS server takes messages of at most %d bytes, %d are needed: raise its max_payload", most, MaxMessage)
	}
	return nil
}

// older compares dotted versions; a pre-release counts as its release.
func older(v, than string) bool {
	part := func(s string, i int) int {
		s, _, _ = strings.Cut(s, "-")
		if p := strings.Split(s, "."); i < len(p) {
			n, _ := strconv.Atoi(p[i])
			return n
		}
		return 0
	}
	for i := range 3 {
		if a, b := part(v, i), part(than, i); a != b {
			return a < b
		}
	}
	return false
}

// explainJetStream adds what to do to errors that are hard to read.
func explainJetStream(err error) error {
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("%w: turn JetStream on for this server and account", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return fmt.Errorf("%w: no answer; the server is away, or these credentials lack the permission (NATS answers that with silence)", err)
	}
	return err
}
