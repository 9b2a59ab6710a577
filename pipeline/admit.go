package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/pipeline/grants"
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
	grants   *consents // nil: none
	out      outcomes
	dead     deadLetters
	outcomes jetstream.Stream
	lanes    map[string]jetstream.Stream // by stream name
	forecast *forecaster
	metrics  *metrics
	spans    *spans
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
	ctx, end := a.spans.admit(ctx, m.Data(), meta.NumDelivered)
	defer func() { end(v) }()
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
		v = verdict{event: v.event}
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
	result Result // queued, superseded, dead, or "duplicate"; unchanged when it was only validated
	reason *Reason

	validated bool // and no more was asked for
}

// Results of admission that are in no outcome.
const (
	resultDuplicate Result = "duplicate"
	resultValidated Result = "validated" // in metrics, in the place of the outcome's
)

// admit does everything but the ack. Its error is always one of the
// infrastructure; what is wrong with the event is in the verdict.
func (a *admitter) admit(ctx context.Context, subject string, data []byte, meta *jetstream.MsgMetadata) (verdict, error) {
	seq := meta.Sequence.Stream
	e, err := DecodeMessage(subject, data)
	v := verdict{event: e.ID}
	// Given up before it is touched again: handling it may be what ended the
	// worker.
	if err == nil && meta.NumDelivered >= crashLoopAfter {
		if err = a.unlessQueued(ctx, e.ID, &Reason{Code: CrashLoop,
			Message: fmt.Sprintf("delivered %d times and never answered: handling it ended the worker each time", meta.NumDelivered)}); infrastructure(err) {
			return v, err
		}
	}
	var w *Work
	var warnings []widgets.Warning
	if err == nil {
		w, warnings, err = a.buildSafely(e, data)
	}
	if err == nil && expired(w, time.Now()) {
		r := expiry(w)
		if err = a.unlessQueued(ctx, e.ID, &r); infrastructure(err) {
			return v, err
		}
	}
	var grant grants.Info
	if err == nil && w.needsGrant() {
		if grant, err = a.grants.look(ctx, w); infrastructure(err) {
			return v, err
		}
		if r, ok := errors.AsType[*Reason](err); ok {
			if err = a.unlessQueued(ctx, e.ID, r); infrastructure(err) {
				return v, err
			}
		}
	}
	if err != nil {
		v.result, v.reason = ResultDead, asReason(InvalidEvent, err)
		if e.ValidateOnly && e.ID != "" {
			return a.validated(ctx, v, e.Target, warnings, seq)
		}
		return a.bury(ctx, v, subject, data, e, seq)
	}
	w.Version, w.AdmittedAt = e.Version(seq), time.Now().UTC()
	a.spans.carry(ctx, w)
	v.lane = w.Lane
	a.step("built")
	if e.ValidateOnly {
		v.result, v.reason = ResultUnchanged, &Reason{Code: ValidateOnly, Message: "the event is good; it was only to be validated, so no call is made"}
		return a.validated(ctx, v, e.Target, warnings, seq)
	}

	d := OutcomeData{EventID: e.ID, Result: ResultQueued, Lane: w.Lane, At: w.AdmittedAt, Warnings: warnings, InboxSeq: seq}
	d.Position, d.ETA = a.forecast.admitted(ctx, w.Lane, w.Priority)
	if grant.ID != "" { // else it was queued before, and its lane finds out what is wrong with its grant
		d.Warnings = append(d.Warnings, outlived(grant, d.ETA)...)
		if err := a.grants.expect(ctx, grant, d.ETA); infrastructure(consentError(err)) {
			return v, err
		}
	}
	claimed, err := a.claim(ctx, w, d)
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

// buildSafely makes work of an event. A bug that it meets is no reason to end
// the worker.
func (a *admitter) buildSafely(e Event, data []byte) (w *Work, warnings []widgets.Warning, err error) {
	defer func() {
		if bug := recover(); bug != nil {
			a.log.Error().Str("id", e.ID).Str("panic", fmt.Sprint(bug)).Bytes("stack", debug.Stack()).Msg("this is a bug, please report it")
			err = &Reason{Code: CrashLoop, Message: "handling the event fails inside the worker; its log has the details"}
		}
	}()
	return a.build.Build(e, data)
}

// infrastructure reports whether an error says nothing of the event.
func infrastructure(err error) bool {
	if err == nil {
		return false
	}
	_, ok := errors.AsType[*Reason](err)
	return !ok
}

// enqueue puts work into its lane, unless a newer version of the target is
// queued there: then it returns that one's event. The last message of a
// target is therefore its newest.
//
// Work that may be queued already, from before a crash, is never declared
// superseded: a call may be under way for it. It is published again and
// recognised by its message id, or else by the ledger at its turn. Nor is work
// that nothing newer stands for.
func (a *admitter) enqueue(ctx context.Context, w *Work, maybeQueued bool) (newer string, err error) {
	data, err := encode(w)
	if err != nil {
		return "", err
	}
	if maybeQueued || !w.Op.ordered() {
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

func wrap(err error, doing string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
