package grants

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// tendEvery is how often grants are looked through, in memory. An attempt
	// that was left unfinished must be found well within the grace.
	tendEvery = 15 * time.Second

	tendAtOnce = 4              // refreshes in the background
	reviveRest = 24 * time.Hour // between tries to save a grant from its end
	rewatch    = 5 * time.Second
)

// KeepAlive does what nobody asks for in time, until ctx ends: it finishes
// refreshes that were left in doubt, refreshes grants whose refresh token
// dies within [ExpiringWithin] and that are expected to be needed, once a
// day, keeps the state of entries up to date, and forgets the tokens of grants
// that the server refused a week ago. Every worker runs it;
// leases see to it that each grant is refreshed by one.
func (s *Source) KeepAlive(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.tendAll(ctx); err != nil && ctx.Err() == nil {
			s.report(fmt.Errorf("keep grants alive: %w", err))
		}
		select {
		case <-time.After(rewatch):
		case <-ctx.Done():
		}
	}
}

func (s *Source) report(err error) {
	if err != nil && s.cfg.Report != nil {
		s.cfg.Report(err)
	}
}

// tendAll follows the bucket until the watch ends.
func (s *Source) tendAll(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, err := s.store.kv.watch(ctx, "")
	if err != nil {
		return err
	}
	// Not all workers look at the same time.
	tick := time.NewTicker(tendEvery - rand.N(tendEvery/4))
	defer tick.Stop()
	all := make(map[string]*entry)
	revoked := make(map[string]*kept) // nil: without tokens
	for {
		select {
		case c, ok := <-changes:
			if !ok {
				return watchEnd(ctx.Err())
			}
			if c.key == "" {
				continue
			}
			delete(all, c.key)
			delete(revoked, c.key)
			e, err := decodeEntry(c.key, c.record)
			switch {
			case c.value == nil || err != nil:
			case e.Revoked != nil:
				revoked[c.key] = e.Kept
			default:
				e.Sealed = nil // not needed here
				all[c.key] = e
			}
		case <-tick.C:
			s.count(all, len(revoked))
			s.report(s.flushAll(ctx))
			s.report(s.restore(ctx))
			s.tend(ctx, all)
			s.tidy(ctx, revoked)
		}
	}
}

// Counts are how many grants there are.
type Counts struct {
	Active, Expiring, Revoked int
	// AtRisk are those not revoked that die within ExpiringWithin, or whose
	// last refresh failed, while work may wait for them.
	AtRisk int
}

// Counts returns what [Source.KeepAlive] saw last, and zeros before it saw
// anything.
func (s *Source) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

func (s *Source) count(all map[string]*entry, revoked int) {
	c := Counts{Revoked: revoked}
	now := s.now()
	for _, e := range all {
		expiring := e.state(now) == StateExpiring
		if expiring {
			c.Expiring++
		} else {
			c.Active++
		}
		if (expiring || e.Fails > 0) && now.Before(e.NeededUntil) {
			c.AtRisk++
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts = c
}

// tend does what is due of some grants.
func (s *Source) tend(ctx context.Context, all map[string]*entry) {
	var g errgroup.Group
	g.SetLimit(tendAtOnce)
	for id, e := range all {
		now := s.now()
		switch {
		case unfinished(e, now):
			g.Go(func() error { s.revive(ctx, id, unfinished); return nil })
		case dying(e, now):
			g.Go(func() error { s.revive(ctx, id, dying); return nil })
		case e.State != e.state(now):
			g.Go(func() error { s.report(s.restate(ctx, id)); return nil })
		}
	}
	_ = g.Wait() // every error is reported where it occurs
}

// revive refreshes a grant that nobody waits for. That the grant server is not
// asked now was reported when that began.
func (s *Source) revive(ctx context.Context, id string, due func(*entry, time.Time) bool) {
	if err := s.renew(ctx, id, nil, due); !errors.Is(err, errBroken) {
		s.report(err)
	}
}

// tidy forgets the tokens of grants that ended long ago.
func (s *Source) tidy(ctx context.Context, revoked map[string]*kept) {
	for id, k := range revoked {
		if k != nil && k.over(s.now()) {
			s.report(s.drop(ctx, id))
		}
	}
}

// unfinished: a refresh was left in doubt, and may be tried again.
func unfinished(e *entry, now time.Time) bool {
	return !e.Doubt.IsZero() && !e.leased(now) && !e.waits(now)
}

// dying: the refresh token ends soon while work may wait, and nobody has tried
// today.
func dying(e *entry, now time.Time) bool {
	return !e.RefreshExpiry.IsZero() && now.Before(e.NeededUntil) && e.RefreshExpiry.Before(now.Add(ExpiringWithin)) &&
		!e.rests(now) && !e.waits(now) && !e.leased(now)
}

// restate writes the state that time has changed.
func (s *Source) restate(ctx context.Context, id string) error {
	return s.store.change(ctx, id, func(e *entry) bool { return e.State != e.state(s.now()) })
}
