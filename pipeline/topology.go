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
	App      string        // whose streams they are; "" neither says nor asks
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
		// The server has no schedules where the new is refused, so this one
		// must go without limits: see keepsAll.
		Retention: jetstream.WorkQueuePolicy, AllowMsgSchedules: true,
	})
	var owner map[string]string
	if t.App != "" && t.App != UnnamedApp {
		owner = map[string]string{appKey: t.App}
	}
	add(jetstream.StreamConfig{
		Name: LedgerStream, Subjects: []string{targetSubjectPrefix + ">", callSubjectPrefix + ">", pauseSubjectPrefix + ">", spendSubjectPrefix + ">"},
		Description: "state, lock and history of each target; calls and pauses, for a limiter that forgot them; money spent by day",
		Retention:   jetstream.LimitsPolicy, MaxMsgsPerSubject: ledgerHistory, AllowMsgTTL: true,
		Discard: jetstream.DiscardNew, Metadata: owner,
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
		return fmt.Errorf("%w: no answer; the server is away, JetStream or the stream has no leader (most of its servers must run), or these credentials lack the permission (NATS answers that with silence)", err)
	case isLeaderless(err):
		return fmt.Errorf("%w: JetStream or the stream has no leader: most of its servers must run and reach each other", err)
	}
	return err
}

// isLeaderless reports whether a cluster answers that it cannot decide now.
func isLeaderless(err error) bool {
	const incomplete, unavailable, notLeader jetstream.ErrorCode = 10004, 10008, 10009
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == incomplete || api.ErrorCode == unavailable || api.ErrorCode == notLeader)
}
