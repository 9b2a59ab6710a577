package pipeline

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// A backlog is all work that waits, as the streams tell it at one time. What
// did not answer is missing.
type backlog struct {
	inbox   int                      // events not admitted; -1: unknown
	queues  map[string]streamBacklog // by name of the stream
	retries map[Lane]int             // scheduled or due; nil: unknown
}

// A streamBacklog is what waits in one stream.
type streamBacklog struct {
	waiting int
	oldest  time.Time // when the oldest was stored; of no meaning without any
}

func unknownBacklog() backlog {
	return backlog{inbox: -1, queues: make(map[string]streamBacklog)}
}

// complete reports whether everything answered.
func (b backlog) complete() bool {
	return b.inbox >= 0 && b.retries != nil && len(b.queues) == 2*len(Lanes())
}

// lookAtBacklog asks the streams, all at the same time: one question each for
// the inbox and the retries, and two for each lane. Messages are not read.
func (w *Worker) lookAtBacklog(ctx context.Context, p *parts) backlog {
	b := unknownBacklog()
	var mu sync.Mutex
	var asking sync.WaitGroup
	ask := func(question func(context.Context) (func(), error)) {
		asking.Go(func() {
			if answer, err := question(ctx); err == nil { // else it is missing
				mu.Lock()
				defer mu.Unlock()
				answer()
			}
		})
	}
	ask(func(ctx context.Context) (func(), error) {
		info, err := p.inbox.Info(ctx)
		return func() { b.inbox = int(info.NumPending) + info.NumAckPending }, err
	})
	// Retries of all lanes are in one stream, which has one subject for each
	// target. There are few of them: most events need none.
	ask(func(ctx context.Context) (func(), error) {
		info, err := p.retry.Info(ctx, jetstream.WithSubjectFilter(">"))
		return func() { b.retries = retriesOf(info.State.Subjects) }, err
	})
	for _, d := range p.dispatchers {
		for _, pr := range []Priority{Urgent, Normal} {
			name := d.lane.Stream(pr)
			ask(func(ctx context.Context) (func(), error) {
				info, err := p.queues.streams[name].Info(ctx)
				return func() { b.queues[name] = streamBacklog{int(info.State.Msgs), info.State.FirstTime} }, err
			})
		}
	}
	asking.Wait()
	return b
}

// retriesOf counts retries by lane. subjects are those of their stream.
func retriesOf(subjects map[string]uint64) map[Lane]int {
	n := make(map[Lane]int)
	for subject, messages := range subjects {
		for _, prefix := range []string{schedSubjectPrefix, dueSubjectPrefix} {
			if rest, ok := strings.CutPrefix(subject, prefix); ok {
				lane, _, _ := strings.Cut(rest, ".")
				n[Lane(lane)] += int(messages)
			}
		}
	}
	return n
}

// tellBacklog tells a backlog as gauges. limits is the state of the limiter,
// if it is known.
func (g *gauges) tellBacklog(b backlog, limits []ratelimit.Status, known bool, now time.Time, tell func(*prometheus.Desc, float64, ...string)) {
	if b.inbox >= 0 {
		tell(g.inbox, float64(b.inbox))
	}
	for _, l := range Lanes() {
		total, complete := b.retries[l], b.retries != nil
		for _, p := range []Priority{Urgent, Normal} {
			q, ok := b.queues[l.Stream(p)]
			if complete = complete && ok; !ok {
				continue
			}
			total += q.waiting
			tell(g.waiting, float64(q.waiting), string(l), string(p))
			age := time.Duration(0)
			if q.waiting > 0 {
				age = max(now.Sub(q.oldest), 0) // the clock of NATS may be ahead
			}
			tell(g.oldest, age.Seconds(), string(l), string(p))
		}
		switch {
		case !complete:
		case total == 0:
			tell(g.drain, 0, string(l))
		case known:
			if eta := ETA(now, total, false, windowsOf(limits, string(l))); !eta.IsZero() {
				tell(g.drain, max(eta.Sub(now), 0).Seconds(), string(l))
			}
		}
	}
}
