package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// results are the ways in which events end.
var results = []pipeline.Result{pipeline.ResultAccepted, pipeline.ResultUnchanged, pipeline.ResultSuperseded, pipeline.ResultDead}

// summary counts events and calls.
func (s *story) summary(ctx context.Context) error {
	status, err := s.client.Status(ctx)
	if err != nil {
		return err
	}
	counts := make(map[pipeline.Result]int)
	events, saved := 0, 0
	s.mu.Lock()
	for _, c := range s.chapters {
		if c.sample.File == "" || c.final == nil {
			continue
		}
		events++
		counts[c.final.Result]++
		if c.final.Result != pipeline.ResultAccepted && c.final.Attempts == 0 {
			saved++ // ended without a call
		}
	}
	s.mu.Unlock()
	var ways []string
	for _, r := range results {
		ways = append(ways, fmt.Sprintf("%d %s", counts[r], r))
	}
	calls, ofLane, looks := s.calls()
	s.print("\n%s\n", s.colors.Bold(fmt.Sprintf("%d events: %s.", events, strings.Join(ways, ", "))))
	s.print("%d calls made, %d of them with %s; %d saved on events that needed none. %d posts looked up beforehand.\n",
		calls, ofLane, pipeline.PostCreate, saved, looks)
	if w := window(status, pipeline.PostCreate); w != nil && w.Known {
		line := fmt.Sprintf("%d of %d tokens of %s are free", w.Free, w.Limit, w.Permission)
		if len(w.Returns) > 0 {
			line += ", the next one returns at " + cli.When(w.Returns[0], s.app.now())
		}
		s.print("%s.\n", line)
	}
	return nil
}

// calls counts what the simulator received: calls of add-ons, those of the
// lane with the small quota, and looks at posts.
func (s *story) calls() (all, ofLane, looks int) {
	for _, c := range s.kenar.Calls() {
		switch {
		case c.Op == kenartest.GetPost:
			looks++
			continue
		case c.Permission == string(pipeline.PostCreate):
			ofLane++
		}
		all++
	}
	return all, ofLane, looks
}

// broken lists the promises that were not kept: of each sample how it ends, and
// of the worker that the quota holds in every window.
func (s *story) broken(k *kenartest.Server) (all []string) {
	s.mu.Lock()
	for id, c := range s.chapters {
		if c.sample.File == "" || c.final == nil {
			continue
		}
		if d := c.sample.Want.Differs(*c.final); d != "" {
			all = append(all, fmt.Sprintf("%s did not end as it should: %s", id, d))
		}
	}
	s.mu.Unlock()
	slices.Sort(all)
	if n := k.Max(string(pipeline.PostCreate), demoWindow); n > demoCalls {
		all = append(all, fmt.Sprintf("%d calls of %s reached Kenar within %s, allowed are %d", n, pipeline.PostCreate, demoWindow, demoCalls))
	}
	return all
}
