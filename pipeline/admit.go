package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// An admitter moves events from the inbox to the lanes. It needs no quota:
// a bad event is answered at once, and whatever waits has been found good.
//
// Each step may be repeated after a crash at any point. In order: the queued
// outcome, which claims the event's id, work in the lane's stream
// (compare-and-set on the target's last message, so that the versions of a
// target are in order there), the ack.
type admitter struct {
	js       jetstream.JetStream
	build    Builder
	out      outcomes
	dead     deadLetters
	outcomes jetstream.Stream
	lanes    map[string]jetstream.Stream // by stream name
	forecast *forecaster
	metrics  *metrics
	log      zerolog.Logger
	step     func(string) // tests: where a process may be killed

	// suspects lets messages that were delivered often be handled one at a
	// time: if one of them kills the process, the others are innocent and get
	// their chance before it.
	suspects sync.Mutex
}

const (
	admitConcurrency = 16
	suspectAfter     = 5  // deliveries
	crashLoopAfter   = 12 // deliveries, all of which ended without an answer
)

// run admits until ctx ends. Messages under way are finished on work, which
// outlives ctx by the grace; those not begun are given back.
func (a *admitter) run(ctx, work context.Context, f *feed) error {
	queue := make(chan jetstream.Msg, f.most)
	var wg sync.WaitGroup
	for range admitConcurrency {
		wg.Go(func() {
			for m := range queue {
				if ctx.Err() != nil {
					_ = m.Nak() // it comes again after the ack wait anyway
				} else {
					a.handle(work, m)
				}
				f.release(m)
			}
		})
	}
	err := f.run(ctx, func(m jetstream.Msg) { queue <- m })
	close(queue)
	wg.Wait()
	return err
}

// handle admits one message and acknowledges it. While NATS is away it waits
// and tries again: giving the message back would count as a delivery.
func (a *admitter) handle(ctx context.Context, m jetstream.Msg) {
	meta, err := m.Metadata()
	if err != nil {
		a.log.Error().Err(err).Msg("message without metadata left in the inbox")
		return
	}
	if meta.NumDelivered >= suspectAfter {
		a.suspects.Lock()
		defer a.suspects.Unlock()
	}
	start := time.Now()
	var v verdict
	err = untilDone(ctx, a.log, "admit an event", func() error {
		v, err = a.admit(ctx, m.Subject(), m.Data(), meta)
		return err
	})
	if err == nil {
		a.step("admitted")
		// A lost ack only brings the message again, to be found claimed.
		err = m.Ack()
	}
	if err != nil {
		_ = m.Nak() // it comes again after the ack wait anyway
		return
	}
	a.metrics.admitted(v)
	ev := a.log.Info()
	if v.reason != nil {
		ev = a.log.Warn().Str("reason", string(v.reason.Code)).Str("field", v.reason.Field).Str("error", v.reason.Message)
	}
	ev.Str("id", v.event).Str("lane", string(v.lane)).Str("result", string(v.result)).
		Uint64("inbox_seq", meta.Sequence.Stream).Uint64("delivery", meta.NumDelivered).
		Dur("took", time.Since(start)).Msg("admitted")
}

// verdict is what admission made of a message, for logs and metrics.
type verdict struct {
	event  string
	lane   Lane
	result Result // queued, superseded, dead, or "duplicate"
	reason *Reason
}

const resultDuplicate Result = "duplicate"

// admit does everything but the ack. Its error is always one of the
// infrastructure; what is wrong with the event is in the verdict.
func (a *admitter) admit(ctx context.Context, subject string, data []byte, meta *jetstream.MsgMetadata) (verdict, error) {
	seq := meta.Sequence.Stream
	e, err := DecodeMessage(subject, data)
	v := verdict{event: e.ID}
	if meta.NumDelivered >= crashLoopAfter && err == nil {
		// Not when its id is claimed: then it was queued, and only the ack
		// was lost each time.
		if first, lookErr := a.first(ctx, e.ID); lookErr != nil {
			return v, lookErr
		} else if first != nil {
			meta.NumDelivered = 1
		}
	}
	if meta.NumDelivered >= crashLoopAfter && err == nil {
		err = &Reason{Code: CrashLoop, Message: fmt.Sprintf("delivered %d times and never answered: handling it ended the worker each time", meta.NumDelivered)}
	}
	var w *Work
	var warnings []widgets.Warning
	if err == nil {
		w, warnings, err = a.build.Build(e, data)
	}
	if err == nil && expired(w, time.Now()) {
		r := expiry(w)
		err = &r
	}
	if err != nil {
		v.result, v.reason = ResultDead, asReason(InvalidEvent, err)
		return a.bury(ctx, v, subject, data, e, seq)
	}
	w.Version, w.AdmittedAt = e.Version(seq), time.Now().UTC()
	v.lane = w.Lane
	a.step("built")

	d := OutcomeData{EventID: e.ID, Result: ResultQueued, Lane: w.Lane, At: w.AdmittedAt, Warnings: warnings, InboxSeq: seq}
	d.Position, d.ETA = a.forecast.admitted(ctx, w.Lane, w.Priority)
	claimed, err := a.claim(ctx, w.Target, d)
	if err != nil {
		return v, err
	}
	if claimed == claimLost {
		v.result = resultDuplicate
		return v, nil
	}
	a.step("claimed")
	newer, err := a.enqueue(ctx, w, claimed == claimBefore)
	if err != nil {
		return v, err
	}
	a.step("enqueued")
	if newer != "" {
		v.result = ResultSuperseded
		return v, a.out.final(ctx, w.Target, supersededFinal(w, newer, w.AdmittedAt).Data)
	}
	v.result = ResultQueued
	return v, nil
}

// A claimed says whose an id is.
type claimed int

const (
	claimLost   claimed = iota // another message's: this one is a duplicate
	claimNow                   // this message's
	claimBefore                // this message's, from before a crash or a lost answer
)

// claim publishes the queued outcome of an event, which takes its id: any
// other message with the same id is a duplicate from then on, whatever its
// body.
func (a *admitter) claim(ctx context.Context, t Target, d OutcomeData) (claimed, error) {
	err := a.out.claim(ctx, t, d)
	if err == nil {
		return claimNow, nil
	}
	if !isConflict(err) {
		return claimLost, err
	}
	first, err := a.first(ctx, d.EventID)
	if err != nil {
		return claimLost, err
	}
	if first != nil && first.Data.Result == ResultQueued && first.Data.InboxSeq == d.InboxSeq {
		return claimBefore, nil
	}
	return claimLost, nil
}

// first returns what was said of an id before: its final outcome if there is
// one, else the queued one, else nil.
func (a *admitter) first(ctx context.Context, id string) (*OutcomeEvent, error) {
	for _, subject := range []string{finalSubjectPrefix + id, queuedSubjectPrefix + id} {
		m, err := a.outcomes.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for an earlier outcome of %s: %w", id, err)
		}
		e := new(OutcomeEvent)
		if err := json.Unmarshal(m.Data, e); err != nil {
			return nil, fmt.Errorf("read the earlier outcome of %s: %w", id, err)
		}
		return e, nil
	}
	return nil, nil
}

// enqueue puts work into its lane, unless a newer version of the target is
// queued there: then it returns that one's event. The last message of a
// target is therefore its newest.
//
// Work that may be queued already, from before a crash, is never declared
// superseded: a call may be under way for it. It is published again and
// recognised by its message id, or else by the ledger at its turn.
func (a *admitter) enqueue(ctx context.Context, w *Work, maybeQueued bool) (newer string, err error) {
	data, err := encode(w)
	if err != nil {
		return "", err
	}
	if maybeQueued {
		_, err := a.js.Publish(ctx, w.Lane.workSubject(w.Priority, w.Target), data, jetstream.WithMsgID(w.ID))
		return "", wrap(err, "queue "+w.ID)
	}
	subject, stream := w.Lane.workSubject(w.Priority, w.Target), a.lanes[w.Lane.Stream(w.Priority)]
	var last uint64
	for {
		_, err := a.js.Publish(ctx, subject, data, jetstream.WithMsgID(w.ID), jetstream.WithExpectLastSequencePerSubject(last))
		if err == nil || !isConflict(err) {
			return "", wrap(err, "queue "+w.ID)
		}
		m, err := stream.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			last = 0 // it was finished meanwhile
			continue
		}
		if err != nil {
			return "", wrap(err, "queue "+w.ID)
		}
		if queued, err := decodeWork(m.Data); err == nil && queued.Version.Newer(w.Version) {
			return queued.ID, nil
		}
		last = m.Sequence
	}
}

// bury gives up an event that was never admitted. The final outcome of a
// usable id comes first: it claims the id, as the queued outcome would, so
// that no other message with it can be admitted meanwhile. The dead letter
// follows; after a crash in between, the message comes again.
func (a *admitter) bury(ctx context.Context, v verdict, subject string, data []byte, e Event, seq uint64) (verdict, error) {
	now := time.Now().UTC()
	id := e.ID
	if id == "" {
		id = "inbox:" + strconv.FormatUint(seq, 10) // no event can have this id
	} else {
		err := a.out.claimDead(ctx, e.Target, OutcomeData{EventID: id, Result: ResultDead, At: now, Reason: v.reason, InboxSeq: seq})
		if isConflict(err) {
			first, err := a.first(ctx, id)
			if err != nil {
				return v, err
			}
			if first == nil || first.Data.Result != ResultDead || first.Data.InboxSeq != seq {
				v.result, v.reason = resultDuplicate, nil
				return v, nil
			}
		} else if err != nil {
			return v, err
		}
		a.step("buried")
	}
	return v, a.dead.put(ctx, id, subject, e.Target, DeadData{Event: deadEvent(data), Reason: *v.reason, Version: e.Version(seq)}, now)
}

func wrap(err error, doing string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
