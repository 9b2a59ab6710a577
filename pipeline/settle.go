package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
)

// A settler carries outcomes out. It is the only one that acknowledges or
// gives back the work of a lane. The order is dead letter, outcome, ack; the
// ledger was written before. A crash in between repeats the rest.
type settler struct {
	js       jetstream.JetStream
	out      outcomes
	dead     deadLetters
	retry    jetstream.Stream
	outcomes jetstream.Stream
	now      func() time.Time
	log      zerolog.Logger
	step     func(string)
}

// busyDelay is how long an event waits whose target is locked, or whose state
// cannot be read.
const busyDelay = time.Second

// settle waits while NATS is away; when the grace ends first, the message is
// delivered again and the ledger tells what is left to do.
func (s *settler) settle(ctx context.Context, x *delivery, o Outcome) {
	for _, f := range o.Finals {
		if err := untilDone(ctx, s.log, "publish an outcome", func() error { return s.final(ctx, f) }); err != nil {
			return
		}
	}
	for _, f := range o.Then {
		if err := untilDone(ctx, s.log, "publish what follows", func() error { return s.follow(ctx, f) }); err != nil {
			return
		}
		s.step("followed")
	}
	switch o.Next {
	case Hold:
		return
	case Later:
		_ = x.msg.NakWithDelay(max(busyDelay, o.At.Sub(s.now()))) // it comes again after the ack wait anyway
		return
	case Park:
		if err := untilDone(ctx, s.log, "schedule a retry", func() error { return s.park(ctx, x.work, o.At) }); err != nil {
			return
		}
		s.step("parked")
	case Done:
	}
	_ = untilDone(ctx, s.log, "acknowledge an event", func() error { return doubleAck(ctx, x.msg) }) // the grace is over
	s.step("acked")
}

// final tells how one event ended.
func (s *settler) final(ctx context.Context, f Final) error {
	w := f.Work
	if f.Data.Result == ResultDead {
		// Told before? The letter comes before the outcome, so then it was
		// written, and may have been dropped or replayed since.
		if _, err := s.outcomes.GetLastMsgForSubject(ctx, finalSubjectPrefix+w.ID); err == nil {
			return nil
		} else if !errors.Is(err, jetstream.ErrMsgNotFound) {
			return fmt.Errorf("look for the outcome of %s: %w", w.ID, err)
		}
		d := DeadData{Event: deadEvent(w.Event, redacted(w.Event)), Reason: *f.Data.Reason, Lane: w.Lane, Attempts: f.Dead, Version: w.Version}
		if err := s.dead.put(ctx, w.ID, EventSubjectPrefix+w.Target.subject(), w.Target, d, f.Data.At); err != nil {
			return err
		}
		s.step("dead letter")
	}
	if err := s.out.final(ctx, w.Target, f.Data); err != nil {
		return err
	}
	s.step("outcome")
	return nil
}

// park schedules the next attempt of an event. A target has one schedule: of
// two events the newer keeps it, and the older is superseded. The publish is
// a compare-and-set, so that nothing is replaced unseen.
func (s *settler) park(ctx context.Context, w *Work, at time.Time) error {
	data, err := encode(w)
	if err != nil {
		return err
	}
	sched := w.schedSubject()
	for {
		var last uint64
		m, err := s.retry.GetLastMsgForSubject(ctx, sched)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
		case err != nil:
			return fmt.Errorf("schedule the retry of %s: %w", w.ID, err)
		default:
			last = m.Sequence
			other, err := decodeWork(m.Data)
			if err != nil {
				return err
			}
			older, newer := other, w
			if other.Version.Newer(w.Version) {
				older, newer = w, other
			}
			if older.ID != newer.ID {
				if err := s.final(ctx, supersededFinal(older, newer.ID, s.now())); err != nil {
					return err
				}
			}
			if newer.ID != w.ID {
				return nil
			}
		}
		msg := nats.NewMsg(sched)
		msg.Data = data
		// Not jetstream.WithScheduleAt: it cuts the time to whole seconds and
		// so fires up to one early.
		msg.Header.Set("Nats-Schedule", "@at "+at.UTC().Format(time.RFC3339Nano))
		msg.Header.Set("Nats-Schedule-Target", w.dueSubject())
		_, err = s.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(last))
		if err == nil || !isConflict(err) {
			return wrap(err, "schedule the retry of "+w.ID)
		}
	}
}

// unreadable makes a dead letter of a queued message that this version cannot
// read. It has no outcome, since nobody can say whose it is.
func (s *settler) unreadable(ctx context.Context, m jetstream.Msg, l Lane, cause error) {
	meta, err := m.Metadata()
	if err != nil {
		s.log.Error().Err(err).Msg("message without metadata left in its stream")
		return
	}
	s.log.Error().Err(cause).Str("stream", meta.Stream).Uint64("seq", meta.Sequence.Stream).Msg("queued work cannot be read")
	id := meta.Stream + ":" + strconv.FormatUint(meta.Sequence.Stream, 10)
	d := DeadData{Event: blob(m.Data(), redacted(m.Data())), Lane: l, Reason: Reason{Code: InvalidEvent, Message: cause.Error()}}
	err = untilDone(ctx, s.log, "publish a dead letter", func() error {
		return s.dead.put(ctx, id, "", Target{}, d, s.now())
	})
	if err == nil {
		_ = untilDone(ctx, s.log, "acknowledge a message", func() error { return doubleAck(ctx, m) }) // the grace is over
	}
}
