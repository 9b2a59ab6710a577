package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// How often the leaders are asked, and how long their answer counts. A leader
// is elected anew within seconds; that alone is no reason to be unready.
const (
	leaderRest  = 3 * time.Second  // between two rounds, whoever wants to know
	leaderWait  = 2 * time.Second  // for one round
	leaderFresh = 10 * time.Second // an answer counts for so long
)

// needed are the streams without which no event moves: nothing is admitted
// without the first, and no call is made without the second.
func needed() []string { return []string{EventStream, LedgerStream} }

// leaders remembers which of the needed streams have a leader that answers. A
// connection to a server of a cluster says nothing of that: without a majority
// of the servers there is no leader, and whoever asks it gets no answer. It is
// safe for concurrent use, and asks at most once per leaderRest.
type leaders struct {
	now  func() time.Time
	turn chan struct{} // capacity 1: held by the round under way

	mu    sync.Mutex
	asked time.Time
	seen  map[string]leader
}

// A leader is what was last seen of the leader of one stream.
type leader struct {
	answered time.Time // with most of its servers; zero: never, or the stream is gone
	err      error     // of the last question; nil: it answered
}

// A streamLooker looks at streams. [jetstream.JetStream] is one.
type streamLooker interface {
	Stream(ctx context.Context, name string) (jetstream.Stream, error)
}

func newLeaders(now func() time.Time) *leaders {
	return &leaders{now: now, turn: make(chan struct{}, 1), seen: make(map[string]leader)}
}

// silent asks the leaders, unless that was done a moment ago, and says which do
// not answer: one problem for each. It takes no longer than ctx or leaderWait.
func (l *leaders) silent(ctx context.Context, js streamLooker) []string {
	select {
	case l.turn <- struct{}{}:
		l.ask(ctx, js)
		<-l.turn
	case <-ctx.Done(): // somebody else's round has not ended; what is known must do
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	var problems []string
	for _, stream := range needed() {
		if problem := l.seen[stream].problem(stream, now); problem != "" {
			problems = append(problems, problem)
		}
	}
	return problems
}

// ask makes a round, unless the last one was a moment ago.
func (l *leaders) ask(ctx context.Context, js streamLooker) {
	l.mu.Lock()
	again := l.asked.IsZero() || l.now().Sub(l.asked) >= leaderRest
	if again {
		l.asked = l.now()
	}
	l.mu.Unlock()
	if !again {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, leaderWait)
	defer cancel()
	var round sync.WaitGroup
	for _, stream := range needed() {
		round.Go(func() {
			s, err := js.Stream(ctx, stream)
			if err == nil {
				err = quorum(s.CachedInfo().Cluster)
			}
			l.note(stream, err)
		})
	}
	round.Wait()
}

// quorum says why a stream of a cluster takes no writes now. A leader that has
// lost the others goes on answering for a while, and so may a server without
// one.
func quorum(c *jetstream.ClusterInfo) error {
	if c == nil {
		return nil
	}
	if c.Leader == "" {
		return errors.New("it has no leader now")
	}
	servers, there := 1+len(c.Replicas), 1
	for _, r := range c.Replicas {
		if !r.Offline {
			there++
		}
	}
	if 2*there > servers {
		return nil
	}
	are := "are"
	if there == 1 {
		are = "is"
	}
	return fmt.Errorf("only %d of its %d servers %s there", there, servers, are)
}

func (l *leaders) note(stream string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.seen[stream]
	s.err = err
	switch {
	case err == nil:
		s.answered = l.now()
	case errors.Is(err, jetstream.ErrStreamNotFound):
		s.answered = time.Time{} // an answer, and it will not change by waiting
	}
	l.seen[stream] = s
}

// problem says what is wrong with the leader of a stream, "" when nothing is.
func (s leader) problem(stream string, now time.Time) string {
	switch {
	case errors.Is(s.err, jetstream.ErrStreamNotFound):
		return fmt.Sprintf("stream %s does not exist: restore it, or run worker setup as an administrator", stream)
	case !s.answered.IsZero() && now.Sub(s.answered) <= leaderFresh:
		return ""
	}
	since := "has not answered yet"
	if !s.answered.IsZero() {
		since = fmt.Sprintf("has not answered for %s", now.Sub(s.answered).Round(time.Second))
	}
	why := "most of the servers that hold it must run and reach each other"
	if s.err != nil && !errors.Is(s.err, context.DeadlineExceeded) {
		why += ": " + s.err.Error()
	}
	return fmt.Sprintf("the leader of stream %s %s: %s", stream, since, why)
}

// Unready says why this worker moves no event: it is not connected, has not
// opened its streams, or the leader of one that it cannot do without does not
// answer. It is empty when all is well. The leaders are asked at most once in a
// few seconds, however often this is called, and no longer than ctx lasts.
func (w *Worker) Unready(ctx context.Context) []string {
	switch {
	case !w.cfg.NATS.IsConnected():
		why := "NATS is away"
		if err := w.cfg.NATS.LastError(); err != nil {
			why += ": " + err.Error()
		}
		return []string{why}
	case !w.ready.Load():
		return []string{"the worker has not opened its streams, or stops; its log says more"}
	}
	return w.metrics.leaders.silent(ctx, w.js)
}
