package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kenar-addons/kenar-addons/examples"
	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// A story follows the sample events on their way and tells of each when it has
// ended, in one line with its details below.
type story struct {
	app     *app
	colors  cli.Colors
	kenar   *kenartest.Server
	client  *pipeline.Client
	started time.Time

	mu       sync.Mutex
	chapters map[string]*chapter // by event id
	ended    chan struct{}       // signalled when a chapter has
	strange  bool                // whether to tell of events that are no samples
}

func newStory(a *app, k *kenartest.Server, c *pipeline.Client) *story {
	return &story{
		app: a, colors: cli.ColorsOf(a.out), kenar: k, client: c, started: a.now(),
		chapters: make(map[string]*chapter), ended: make(chan struct{}, 1),
	}
}

func (s *story) print(format string, args ...any) { _, _ = fmt.Fprintf(s.app.out, format, args...) }

func (s *story) intro(limits string) {
	s.print("A worker with an embedded NATS and Redis, and a simulated Kenar at %s.\nLimits: %s\n", s.kenar.URL(), limits)
	s.consents()
}

// follow takes in the outcomes as they are published, until ctx ends.
func (s *story) follow(ctx context.Context) error {
	err := s.client.Outcomes(ctx, nil, true, func(e pipeline.OutcomeEvent) error {
		s.take(e)
		return nil
	})
	if errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

func (s *story) take(e pipeline.OutcomeEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := e.Data
	c, ours := s.chapters[d.EventID]
	if !ours {
		c = &chapter{target: e.Subject}
		s.chapters[d.EventID] = c
	}
	if c.target == "" { // of what follows a listing, it was not known before
		c.target = e.Subject
	}
	if d.Result == pipeline.ResultQueued {
		c.queued = &d
		return
	}
	c.final = &d
	if c.name != "" || s.strange {
		s.tell(c)
	}
	select {
	case s.ended <- struct{}{}:
	default:
	}
}

// live goes on to tell of whatever is published from now on.
func (s *story) live() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strange = true
}

// round says what there is to see in a round, and plays it.
func (s *story) round(ctx context.Context, round int) error {
	if err := s.announce(ctx, round); err != nil {
		return err
	}
	return s.play(ctx, round)
}

// play publishes the samples of a round and waits until all have ended, and
// with them what follows them.
func (s *story) play(ctx context.Context, round int) error {
	for _, sample := range examples.Samples() {
		if sample.Round != round {
			continue
		}
		if err := s.publish(ctx, sample); err != nil {
			return err
		}
	}
	for s.open() > 0 {
		select {
		case <-s.ended:
		case <-ctx.Done():
			return fmt.Errorf("%s still open", cli.Count(s.open(), "event is", "events are"))
		}
	}
	return nil
}

// announce says what there is to see in a round.
func (s *story) announce(ctx context.Context, round int) error {
	status, err := s.client.Status(ctx)
	if err != nil {
		return err
	}
	line := "nothing has been called yet"
	if w := window(status, pipeline.PostCreate); w != nil && w.Known && w.Spent > 0 {
		line = fmt.Sprintf("%d of %d calls of %s are used", w.Spent, w.Limit, w.Permission)
		if w.Free == 0 && len(w.Returns) > 0 {
			line += ", the next one is free at " + cli.When(w.Returns[0], s.app.now())
		}
	}
	s.print("\n%s\n\n", s.colors.Bold(fmt.Sprintf("Round %d: %s.", round, line)))
	return nil
}

// window is the first window of a lane's own permission, nil when there is
// none or nobody knows.
func window(s pipeline.Status, lane pipeline.Lane) *pipeline.Window {
	for _, l := range s.Lanes {
		for _, w := range l.Windows {
			if l.Lane == lane && w.Permission == string(lane) && w.Every > 0 {
				return &w
			}
		}
	}
	return nil
}

// publish publishes a sample as any producer would: without looking at it, so
// that the worker has to find out what is wrong with the bad ones.
func (s *story) publish(ctx context.Context, sample examples.Sample) error {
	raw, err := sample.Read()
	if err != nil {
		return err
	}
	e, err := pipeline.DecodeEvent(raw)
	if err != nil {
		return fmt.Errorf("publish %s: %w", sample.File, err)
	}
	s.mu.Lock()
	c := s.begin(e.ID, sample.Name(), e.GrantID)
	c.sample, c.target, c.published = sample, e.Target.String(), s.app.now()
	s.known(c)
	for _, follows := range sample.Follows {
		f := s.begin(e.ID+"+"+follows, sample.Name()+"+"+follows, e.GrantID)
		f.sample.Want = examples.Outcome{Result: pipeline.ResultAccepted}
		s.known(f)
	}
	s.mu.Unlock()
	_, err = s.client.Publish(ctx, e, raw)
	return err
}

// begin finds or begins the chapter of a sample, or of what follows one.
func (s *story) begin(id, name, grant string) *chapter {
	c, there := s.chapters[id]
	if !there {
		c = &chapter{}
		s.chapters[id] = c
	}
	c.name, c.grant = name, grant
	return c
}

// known tells of a chapter that has ended in an earlier run on the same data.
func (s *story) known(c *chapter) {
	if c.final != nil {
		c.duplicate = true
		s.tell(c)
	}
}

// open counts the samples that were published and have not ended.
func (s *story) open() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.chapters {
		if c.name != "" && c.final == nil {
			n++
		}
	}
	return n
}
