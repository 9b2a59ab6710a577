package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// queues looks into the lanes' streams.
type queues struct {
	streams map[string]jetstream.Stream // by name
	empty   *emptiness
}

// emptiness remembers which streams held nothing a moment ago: most lanes
// are, and a look into them would cost a round trip for each event.
type emptiness struct {
	mu   sync.Mutex
	seen map[string]emptySeen
}

type emptySeen struct {
	at    time.Time
	empty bool
}

// emptyFresh is how long a stream is believed to be empty. What comes within
// that time is found a little later, or gets a call of its own.
const emptyFresh = 500 * time.Millisecond

func openQueues(ctx context.Context, js jetstream.JetStream) (queues, error) {
	q := queues{streams: make(map[string]jetstream.Stream), empty: &emptiness{seen: make(map[string]emptySeen)}}
	for _, l := range Lanes() {
		for _, p := range []Priority{Urgent, Normal} {
			s, err := js.Stream(ctx, l.Stream(p))
			if err != nil {
				return q, fmt.Errorf("open stream %s: %w", l.Stream(p), explainJetStream(err))
			}
			q.streams[l.Stream(p)] = s
		}
	}
	return q, nil
}

// last returns the newest work queued for a target, nil when there is none.
// Admission keeps the versions of a target in order within one stream.
func (q queues) last(ctx context.Context, l Lane, p Priority, t Target) (*Work, error) {
	name := l.Stream(p)
	if empty, err := q.isEmpty(ctx, name); empty || err != nil {
		return nil, err
	}
	m, err := q.streams[name].GetLastMsgForSubject(ctx, l.workSubject(p, t))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for newer work of %s: %w", t, err)
	}
	w, err := decodeWork(m.Data)
	if err != nil {
		return nil, nil //nolint:nilerr // becomes a dead letter when its lane reaches it
	}
	return w, nil
}

// isEmpty reports whether a stream held no message just now.
func (q queues) isEmpty(ctx context.Context, name string) (bool, error) {
	q.empty.mu.Lock()
	defer q.empty.mu.Unlock()
	s := q.empty.seen[name]
	if time.Since(s.at) < emptyFresh {
		return s.empty, nil
	}
	info, err := q.streams[name].Info(ctx)
	if err != nil {
		return false, fmt.Errorf("look at stream %s: %w", name, err)
	}
	s = emptySeen{at: time.Now(), empty: info.State.Msgs == 0}
	q.empty.seen[name] = s
	return s.empty, nil
}

// waiting returns how many messages a lane holds, by priority.
func (q queues) waiting(ctx context.Context, l Lane) (urgent, normal uint64, err error) {
	for _, c := range []struct {
		p Priority
		n *uint64
	}{{Urgent, &urgent}, {Normal, &normal}} {
		info, err := q.streams[l.Stream(c.p)].Info(ctx)
		if err != nil {
			return 0, 0, fmt.Errorf("look at stream %s: %w", l.Stream(c.p), err)
		}
		*c.n = info.State.Msgs
	}
	return urgent, normal, nil
}
