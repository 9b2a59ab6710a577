package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

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
func (a *admitter) claim(ctx context.Context, w *Work, d OutcomeData) (claimed, error) {
	err := a.out.claim(ctx, w, d)
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

// unlessQueued returns the reason to give an event up, or nil when its id was
// claimed for the queue: then it may be queued already, only its ack was
// lost, and its lane decides.
func (a *admitter) unlessQueued(ctx context.Context, id string, r *Reason) error {
	first, err := a.first(ctx, id)
	if err != nil {
		return err
	}
	if first != nil && first.Data.Result == ResultQueued {
		return nil
	}
	return r
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
		err := a.out.claimFinal(ctx, e.Target, OutcomeData{EventID: id, Result: ResultDead, At: now, Reason: v.reason, InboxSeq: seq})
		if isConflict(err) {
			first, err := a.first(ctx, id)
			if err != nil {
				return v, err
			}
			switch {
			case first == nil || first.Data.InboxSeq != seq:
				v.result, v.reason = resultDuplicate, nil
				return v, nil
			case first.Data.Result == ResultQueued:
				// Claimed by this very message when it was still found good,
				// by a worker with other rules.
				err = a.out.final(ctx, e.Target, OutcomeData{EventID: id, Result: ResultDead, At: now, Reason: v.reason, InboxSeq: seq})
				if err != nil {
					return v, err
				}
			}
		} else if err != nil {
			return v, err
		}
		a.step("buried")
	}
	return v, a.dead.put(ctx, id, subject, e.Target, DeadData{Event: a.build.keep(e, data, v.reason), Reason: *v.reason, Version: e.Version(seq)}, now)
}
