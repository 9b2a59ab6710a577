package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"
)

// statusSubject is where workers answer what only they know.
const statusSubject = "kenar.worker.status"

// A WorkerStatus is one worker's view of its lanes.
type WorkerStatus struct {
	Worker  string       `json:"worker"`
	App     string       `json:"app"`
	Version string       `json:"version"`
	Started time.Time    `json:"started"`
	Lanes   []WorkerLane `json:"lanes"`
	Error   string       `json:"error,omitempty"` // why the windows are unknown
	Store   string       `json:"store,omitempty"` // what is wrong with the store in this worker's process; a restart is needed
}

// A WorkerLane is one lane as a worker sees it.
type WorkerLane struct {
	Lane        Lane      `json:"lane"`
	InHand      int       `json:"in_hand"`   // pulled, and waiting for a token
	InFlight    int       `json:"in_flight"` // calls
	Windows     []Window  `json:"windows,omitempty"`
	OutageSince time.Time `json:"outage_since,omitzero"`
	NextProbe   time.Time `json:"next_probe,omitzero"`
}

// serveStatus is the service of the micro convention: on one endpoint every
// worker answers for itself what only it knows, on the other one of them ends
// pauses for all.
func (w *Worker) serveStatus(p *parts) (micro.Service, error) {
	started := time.Now().UTC()
	svc, err := micro.AddService(w.cfg.NATS, micro.Config{
		Name: "kenar-worker", Version: w.cfg.Version, Description: "kenar-addons worker of app " + w.cfg.App,
		QueueGroupDisabled: true,
	})
	if err != nil {
		return nil, err
	}
	err = svc.AddEndpoint("status", micro.HandlerFunc(func(r micro.Request) {
		s := w.status(p)
		s.Worker, s.Started = svc.Info().ID, started
		_ = r.RespondJSON(s) // whoever asked went away
	}), micro.WithEndpointSubject(statusSubject))
	if err != nil {
		return svc, err
	}
	failed := func(err error) { w.cfg.Log.Warn().Err(err).Msg("a request of a publisher failed") }
	for _, e := range []struct {
		name, subject string
		handler       micro.Handler
	}{
		{"resume", resumeSubject, serve(failed, resumeTime, w.resumeAsked)},
		{"resolve", resolveSubject, serve(failed, resolveTime, w.resolveListing)},
		{"schema", schemaSubject, serve(failed, w.timing.timeout+resolveTime, func(ctx context.Context, q schemaRequest) (CategorySchema, error) {
			return p.schemas.describe(ctx, q.Category)
		})},
	} {
		err = svc.AddEndpoint(e.name, e.handler, micro.WithEndpointSubject(e.subject), micro.WithEndpointQueueGroup(workerQueue))
		if err != nil {
			return svc, err
		}
	}
	return svc, nil
}

func (w *Worker) status(p *parts) WorkerStatus {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	s := WorkerStatus{App: w.cfg.App, Version: w.cfg.Version}
	all, err := w.cfg.Limiter.Status(ctx)
	if err != nil {
		s.Error = "the limiter does not answer: " + err.Error()
	}
	if w.cfg.Store != nil {
		if err := w.cfg.Store(); err != nil {
			s.Store = err.Error()
		}
	}
	for _, d := range p.dispatchers {
		l := WorkerLane{Lane: d.lane, Windows: windowsOf(all, string(d.lane))}
		l.InHand, l.InFlight = d.inHand()
		l.OutageSince, l.NextProbe = d.health.outage()
		s.Lanes = append(s.Lanes, l)
	}
	return s
}

// A LaneStatus is one lane as a whole: what waits, and when it leaves.
type LaneStatus struct {
	Lane          Lane      `json:"lane"`
	WaitingUrgent int       `json:"waiting_urgent"`
	WaitingNormal int       `json:"waiting_normal"`
	Retries       int       `json:"retries"` // scheduled or due
	InFlight      int       `json:"in_flight"`
	Windows       []Window  `json:"windows,omitempty"`
	NextToken     time.Time `json:"next_token,omitzero"` // when work may leave next; absent without limits or when unknown
	LastETA       time.Time `json:"last_eta,omitzero"`   // when the last waiting event gets its token
	PausedUntil   time.Time `json:"paused_until,omitzero"`
	PausedWhy     string    `json:"paused_why,omitempty"`
	OutageSince   time.Time `json:"outage_since,omitzero"`
	NextProbe     time.Time `json:"next_probe,omitzero"`
}

// A Status is the whole pipeline as a publisher sees it.
type Status struct {
	Inbox   int            `json:"inbox"` // events not admitted yet
	Dead    int            `json:"dead"`  // dead letters kept
	Lanes   []LaneStatus   `json:"lanes"`
	Workers []WorkerStatus `json:"workers"` // those that answered
}

// Waiting is all work of a lane that has not ended.
func (l LaneStatus) Waiting() int { return l.WaitingUrgent + l.WaitingNormal + l.Retries }

// Status gathers the state of streams and workers. Workers that do not answer
// in time are missing; without any, tokens and pauses are unknown.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	workers, err := c.workers(ctx)
	if err != nil {
		return s, err
	}
	s.Workers = workers
	count := func(stream, filter string) (int, error) {
		str, err := c.js.Stream(ctx, stream)
		if err != nil {
			return 0, fmt.Errorf("look at stream %s: %w", stream, explainStream(err, stream))
		}
		if filter == "" {
			return int(str.CachedInfo().State.Msgs), nil
		}
		info, err := str.Info(ctx, jetstream.WithSubjectFilter(filter))
		if err != nil {
			return 0, fmt.Errorf("look at stream %s: %w", stream, explainJetStream(err))
		}
		n := 0
		for _, k := range info.State.Subjects {
			n += int(k)
		}
		return n, nil
	}
	if s.Inbox, err = count(EventStream, ""); err != nil {
		return s, err
	}
	if s.Dead, err = count(DeadStream, ""); err != nil {
		return s, err
	}
	for _, l := range Lanes() {
		ls := LaneStatus{Lane: l}
		if ls.WaitingUrgent, err = count(l.Stream(Urgent), ""); err != nil {
			return s, err
		}
		if ls.WaitingNormal, err = count(l.Stream(Normal), ""); err != nil {
			return s, err
		}
		for _, prefix := range []string{schedSubjectPrefix, dueSubjectPrefix} {
			n, err := count(RetryStream, prefix+string(l)+".>")
			if err != nil {
				return s, err
			}
			ls.Retries += n
		}
		ls.merge(workers, time.Now())
		s.Lanes = append(s.Lanes, ls)
	}
	return s, nil
}

// merge adds what the workers know of a lane.
func (l *LaneStatus) merge(workers []WorkerStatus, now time.Time) {
	known := false
	for _, w := range workers {
		i := slices.IndexFunc(w.Lanes, func(x WorkerLane) bool { return x.Lane == l.Lane })
		if i < 0 {
			continue
		}
		x := w.Lanes[i]
		l.InFlight += x.InFlight
		if w.Error == "" && !known {
			l.Windows, known = x.Windows, true
		}
		if !x.OutageSince.IsZero() && (l.OutageSince.IsZero() || x.OutageSince.Before(l.OutageSince)) {
			l.OutageSince, l.NextProbe = x.OutageSince, x.NextProbe
		}
	}
	if !known {
		return
	}
	limited := false
	for _, w := range l.Windows {
		limited = limited || w.Every > 0
		if w.PausedUntil.After(l.PausedUntil) {
			l.PausedUntil, l.PausedWhy = w.PausedUntil, w.PauseReason
		}
	}
	if limited {
		l.NextToken = ETA(now, 1, false, l.Windows)
	}
	if n := l.Waiting(); n > 0 {
		l.LastETA = ETA(now, n, false, l.Windows)
	}
}

// workers asks all workers and takes the answers that come before it is quiet.
func (c *Client) workers(ctx context.Context) ([]WorkerStatus, error) {
	inbox := c.nc.NewRespInbox()
	sub, err := c.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("ask the workers: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }() // the connection is gone
	if err := c.nc.PublishRequest(statusSubject, inbox, nil); err != nil {
		return nil, fmt.Errorf("ask the workers: %w", err)
	}
	var all []WorkerStatus
	for wait := time.Second; ; wait = 250 * time.Millisecond {
		quiet, cancel := context.WithTimeout(ctx, wait)
		m, err := sub.NextMsgWithContext(quiet)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrNoResponders):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("ask the workers: %w", err)
		}
		var s WorkerStatus
		if err := json.Unmarshal(m.Data, &s); err != nil {
			return nil, fmt.Errorf("read the answer of a worker: %w", err)
		}
		all = append(all, s)
	}
}
