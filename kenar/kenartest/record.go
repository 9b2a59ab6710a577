package kenartest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A record is the memory of all arrivals. It has a lock of its own, which is
// the last to be taken.
type record struct {
	mu       sync.Mutex
	count    int
	calls    []Call                 // none when nothing is to be recorded
	arrivals map[string][]time.Time // by permission; "" is all of them
	changed  chan struct{}          // closed by the next arrival; nil while nobody waits
}

// add puts a call on record and gives it its number.
func (r *record) add(c *Call, keep bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	c.Seq = r.count
	if keep {
		r.calls = append(r.calls, *c)
	}
	if c.Op != AuthorizeApp && c.Op != IssueTokens && c.Op != UploadImage {
		r.arrivals[""] = append(r.arrivals[""], c.At)
	}
	if c.Permission != "" {
		r.arrivals[c.Permission] = append(r.arrivals[c.Permission], c.At)
	}
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// Calls returns all calls so far in the order in which they were judged; none
// with [Config.NoRecord].
func (s *Server) Calls() []Call {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	return slices.Clone(s.record.calls)
}

// CallsFor returns the calls about one target, written as in [Call].
func (s *Server) CallsFor(target string) []Call {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	var calls []Call
	for _, c := range s.record.calls {
		if c.Target == target {
			calls = append(calls, c)
		}
	}
	return calls
}

// Count returns the number of arrivals so far, also with [Config.NoRecord].
func (s *Server) Count() int {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	return s.record.count
}

// WaitCalls returns as soon as n calls are on record, with all of them. When
// ctx ends first it returns what there is and an error.
func (s *Server) WaitCalls(ctx context.Context, n int) ([]Call, error) {
	for {
		calls, count, changed := s.record.snapshot(n)
		if count >= n {
			return calls, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return calls, fmt.Errorf("waiting for %d calls, %d arrived: %w", n, count, context.Cause(ctx))
		}
	}
}

// snapshot returns the calls so far, and when there are fewer than n a
// channel that is closed by the next one.
func (r *record) snapshot(n int) ([]Call, int, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count < n && r.changed == nil {
		r.changed = make(chan struct{})
	}
	return slices.Clone(r.calls), r.count, r.changed
}

// Max returns the largest number of arrivals in any window of the given
// length, wherever it starts. Arrivals exactly one window apart do not share
// one. Counted are the calls of the operations that need permission, whatever
// their verdict, and all arrivals when permission is empty or AppWide, except
// those at the OAuth server and the image service. It works with [Config.NoRecord] too.
func (s *Server) Max(permission string, window time.Duration) int {
	if permission == AppWide {
		permission = ""
	}
	s.record.mu.Lock()
	times := slices.Clone(s.record.arrivals[permission])
	s.record.mu.Unlock()

	slices.SortFunc(times, time.Time.Compare) // an injected clock may step back
	most, first := 0, 0
	for last, t := range times {
		for t.Sub(times[first]) >= window {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}
