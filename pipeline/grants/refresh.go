package grants

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// errClosed: the process is about to end.
var errClosed = errors.New("the worker is stopping")

// triesInPlace is how many tries, of all workers together, are waited for when
// answers are lost. After that, callers are told at once.
const triesInPlace = 3

// renew refreshes a grant for as long as it is due. All callers in this
// process share one round; when ctx ends or a caller's patience does, it goes
// on without that one. nil is the patience that has no end.
func (s *Source) renew(ctx context.Context, id string, patience <-chan time.Time, due func(*entry, time.Time) bool) error {
	round := s.flight.DoChan(id, func() (any, error) {
		if !s.begin() {
			return nil, &UnavailableError{Grant: id, Doing: "refresh", Err: errClosed}
		}
		defer s.running.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightLimit)
		defer cancel()
		return nil, s.round(ctx, id, due)
	})
	select {
	case r := <-round:
		return r.Err
	case <-patience:
		return &UnavailableError{Grant: id, Doing: "wait for the refresh of", RetryAt: s.now().Add(comeBack + rand.N(comeBack)).UTC(),
			Err: fmt.Errorf("it takes longer than %s, and goes on", s.cfg.Wait)}
	case <-ctx.Done():
		return &UnavailableError{Grant: id, Doing: "wait for the refresh of", Err: ctx.Err()}
	}
}

// round tries until the grant is no longer due: by an attempt of its own or
// another worker's, or because it ended.
func (s *Source) round(ctx context.Context, id string, due func(*entry, time.Time) bool) error {
	for {
		if err := s.flush(ctx, id); err != nil {
			return &UnavailableError{Grant: id, Doing: "store the new tokens of", Err: err}
		}
		e, err := s.load(ctx, id)
		if err != nil {
			return err
		}
		now := s.now()
		switch {
		case !due(e, now):
			return nil
		case e.leased(now) && e.Lease.Owner != s.owner:
			if err := s.await(ctx, e, e.Lease.Until.Add(skew)); err != nil {
				return err
			}
			continue
		case e.waits(now):
			if e.Doubt.IsZero() || e.Fails >= triesInPlace {
				return &UnavailableError{Grant: id, Doing: "refresh", RetryAt: e.RetryAt}
			}
			if err := s.await(ctx, e, e.RetryAt); err != nil {
				return err
			}
			continue
		}
		switch r, err := s.try(ctx, e); r {
		case won:
			return nil
		case failed:
			return err
		case lost:
			if e.Fails+1 >= triesInPlace {
				return err
			}
		}
	}
}

// A result is what became of one attempt.
type result int

const (
	again  result = iota // the entry changed: look again
	won                  // there is a new pair
	lost                 // it may have been applied
	failed               // it was not
)

// try makes one attempt: lease, call, keep.
func (s *Source) try(ctx context.Context, e *entry) (result, error) {
	away := func(err error) (result, error) {
		return failed, &UnavailableError{Grant: e.ID, Doing: "refresh", Err: err}
	}
	if _, err := s.store.keys.recipients(); err != nil {
		return away(err) // the new pair could not be stored
	}
	tokens, err := s.open(e)
	if err != nil {
		return failed, err
	}
	if tokens.Current.Refresh == "" {
		return s.endWithoutRefresh(ctx, e)
	}
	pass, err := s.breaker.enter(ctx, e.ID, inGrace(e.Doubt, s.now()))
	if err != nil {
		return failed, err
	}
	defer pass.leave()
	start, began := s.now(), time.Now() // the latter is monotonic, whatever the wall clock does
	doubt := e.Doubt
	if doubt.After(start) { // by a clock that was ahead
		doubt = start.UTC()
	}
	l := e.clone()
	l.Attempt++
	l.Lease = lease{Owner: s.owner, Until: start.Add(s.cfg.Timeout + LeaseSlack).UTC()}
	l.TriedAt, l.RetryAt = start.UTC(), time.Time{}
	if l.Doubt = doubt; doubt.IsZero() {
		l.Doubt = start.UTC()
	}
	if err := s.store.write(ctx, l); errors.Is(err, errConflict) {
		return again, nil
	} else if err != nil {
		return away(err)
	}
	s.step("leased", l.ID)
	if late := max(time.Since(began), s.now().Sub(start)); late > sendBy {
		// The process was stopped or starved. Another worker may begin
		// before the call would end.
		if err := s.amend(ctx, l, func(x *entry) { x.Lease, x.Doubt = lease{}, doubt }); err != nil {
			return away(err)
		}
		return again, nil
	}
	call, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	fresh, cause := s.cfg.Refresh(call, tokens.Current.Refresh, tokens.Current.Access)
	cancel()
	if cause == nil && (fresh.Access == "" || fresh.ExpiresIn <= 0) {
		cause = errors.New("the answer holds no access token that lives")
	}
	err = scrub(cause, tokens.Current.Refresh, tokens.Current.Access, fresh.Access, fresh.Refresh)
	s.step("answered", l.ID)
	switch {
	case err == nil:
		pass.answered()
		s.refusals.success()
		a := answer{grant: e.ID, generation: e.Generation, attempt: l.Attempt, at: start, tokens: fresh, old: tokens.Current}
		if err := s.keep(ctx, a); err != nil {
			return failed, err
		}
		s.step("stored", l.ID)
		return won, nil
	case kenar.IsInvalidGrant(cause):
		if err := s.refused(ctx, l, pass, ending{doubt: doubt, tokens: tokens, at: start}); err != nil {
			return failed, err
		}
		s.step("ended", l.ID)
		return again, nil
	}
	switch {
	case ctx.Err() != nil: // the time of this round is over: it says nothing of the server
	case serverFailed(cause):
		s.report(pass.failed(err))
	default:
		pass.answered()
	}
	if mayBeApplied(cause) {
		return lost, s.miss(ctx, l, l.Doubt, err)
	}
	return failed, s.miss(ctx, l, doubt, err)
}

// mayBeApplied reports whether a refresh that failed may have replaced the
// pair.
func mayBeApplied(err error) bool {
	_, known := errors.AsType[*kenar.Error](err)
	return !known || kenar.TokensLost(err)
}

// amend changes the entry if l's attempt is still the last that began.
func (s *Source) amend(ctx context.Context, l *entry, f func(*entry)) error {
	err := s.store.change(ctx, l.ID, func(x *entry) bool {
		if x.Generation != l.Generation || x.Attempt != l.Attempt || x.Revoked != nil {
			return false
		}
		f(x)
		return true
	})
	if errors.Is(err, ErrMissing) {
		return nil // deleted meanwhile: nothing is left to change
	}
	return err
}

// miss notes that an attempt brought nothing, and returns what to tell.
func (s *Source) miss(ctx context.Context, l *entry, doubt time.Time, cause error) error {
	u := &UnavailableError{Grant: l.ID, Doing: "refresh", Err: cause}
	now := s.now()
	most := maxRetry
	if inGrace(doubt, now) {
		most = 10 * time.Second // the grace is short
	}
	u.RetryAt = now.Add(delay(l.Fails, most)).UTC()
	// Left as it is when it cannot be written: the lease ends by itself.
	if err := s.amend(ctx, l, func(x *entry) {
		x.Lease, x.Doubt, x.RetryAt = lease{}, doubt, u.RetryAt
		x.Fails++
	}); err != nil {
		u.Err = errors.Join(cause, err)
	}
	s.step("missed", l.ID)
	return u
}

// delay is how long to wait after some failures and one more: 1 s doubled
// with each, at most the given time, of which a random half is taken off.
func delay(fails int, most time.Duration) time.Duration {
	d := min(time.Second<<min(fails, 16), most)
	return d/2 + rand.N(d/2+1)
}

// await returns when the entry changed, at a time, or with an error when ctx
// ends or the Source is closed.
func (s *Source) await(ctx context.Context, e *entry, until time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, err := s.store.kv.watch(ctx, e.ID)
	if err != nil {
		changes = nil // the time alone will do
	}
	// Not all who wait come at once.
	timer := time.NewTimer(until.Sub(s.now()) + rand.N(250*time.Millisecond))
	defer timer.Stop()
	for {
		select {
		case c, ok := <-changes:
			if !ok {
				changes = nil
			} else if c.key == e.ID && c.revision > e.rev {
				return nil
			}
		case <-timer.C:
			return nil
		case <-s.closing:
			return &UnavailableError{Grant: e.ID, Doing: "refresh", Err: errClosed}
		case <-ctx.Done():
			return &UnavailableError{Grant: e.ID, Doing: "refresh", Err: ctx.Err()}
		}
	}
}
