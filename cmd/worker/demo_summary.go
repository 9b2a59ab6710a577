package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kenar-addons/kenar-addons/examples"
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
		if c.name == "" || c.final == nil {
			continue
		}
		events++
		counts[c.final.Result]++
		if c.final.Result != pipeline.ResultAccepted && c.final.Attempts == 0 && c.final.PostToken == "" {
			saved++ // ended without a call
		}
	}
	s.mu.Unlock()
	var ways []string
	for _, r := range results {
		ways = append(ways, fmt.Sprintf("%d %s", counts[r], r))
	}
	calls := s.calls()
	s.print("\n%s\n", s.colors.Bold(fmt.Sprintf("%d events: %s.", events, strings.Join(ways, ", "))))
	s.print("%d calls made for add-ons, %d of them with %s; %d saved on events that needed none.\n", calls.addons, calls.ofLane, pipeline.PostCreate, saved)
	s.print("Before them %s looked up, %s uploaded, and %s refreshed.\n",
		cli.Count(calls.looks, "post was", "posts were"), cli.Count(calls.pictures, "picture", "pictures"), cli.Count(s.refreshes(), "grant", "grants"))
	s.print("Listings took %s besides, for posts, their pictures and their money.\n", cli.Count(calls.listings, "call", "calls"))
	if w := window(status, pipeline.PostCreate); w != nil && w.Known {
		line := fmt.Sprintf("%d of %d tokens of %s are free", w.Free, w.Limit, w.Permission)
		if len(w.Returns) > 0 {
			line += ", the next one returns at " + cli.When(w.Returns[0], s.app.now())
		}
		s.print("%s.\n", line)
	}
	return nil
}

// A tally counts what the simulator received.
type tally struct {
	addons   int // calls that make or remove add-ons
	ofLane   int // those of the lane with the small quota
	looks    int // posts that were looked up
	pictures int // uploaded for add-ons
	listings int // calls for listings, their pictures and their money
}

// addonCalls are those for add-ons beside those with PostCreate, accountCalls
// those for tokens and about users.
var (
	addonCalls = []kenartest.Op{
		kenartest.CreateBusinessAddon, kenartest.CreateUserAddon, kenartest.CreateUserAddonV1, kenartest.DeletePostAddon, kenartest.DeleteUserAddon,
	}
	accountCalls = []kenartest.Op{kenartest.AuthorizeApp, kenartest.IssueTokens, kenartest.GetUser, kenartest.GetUserBusinesses}
)

func (s *story) calls() (n tally) {
	looked := make(map[string]bool) // two that follow one listing may both look
	for _, c := range s.kenar.Calls() {
		switch {
		case c.Op == kenartest.GetPost:
			looked[c.Target] = true
		case c.Op == kenartest.UploadImage:
			n.pictures++
		case c.Permission == string(pipeline.PostCreate):
			n.ofLane++
			n.addons++
		case slices.Contains(addonCalls, c.Op):
			n.addons++
		case !slices.Contains(accountCalls, c.Op):
			n.listings++
		}
	}
	n.looks = len(looked)
	return n
}

// refreshes counts those of all users, who may have several grants.
func (s *story) refreshes() (n int) {
	counted := make(map[string]bool)
	for _, g := range examples.Grants() {
		if !counted[g.User] {
			counted[g.User] = true
			n += s.kenar.Refreshes(g.User)
		}
	}
	return n
}

// broken lists the promises that were not kept: of each sample how it ends, and
// of the worker that the quota holds in every window.
func (s *story) broken(k *kenartest.Server) (all []string) {
	s.mu.Lock()
	for id, c := range s.chapters {
		if c.name == "" || c.final == nil {
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
