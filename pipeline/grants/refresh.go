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
// process share one round; when ctx ends, it goes on for the others.
func (s *Source) renew(ctx context.Context, id string, due func(*entry, time.Time) bool) error {
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
		case e.RetryAt.After(now):
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
		return away(err)
	}
	if tokens.Current.Refresh == "" {
		return s.endWithoutRefresh(ctx, e)
	}
	start, began := s.now(), time.Now() // the latter is monotonic, whatever the wall clock does
	l := e.clone()
	l.Attempt++
	l.Lease = lease{Owner: s.owner, Until: start.Add(s.cfg.Timeout + LeaseSlack).UTC()}
	l.TriedAt, l.RetryAt = start.UTC(), time.Time{}
	if l.Doubt.IsZero() {
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
		if err := s.amend(ctx, l, func(x *entry) { x.Lease, x.Doubt = lease{}, e.Doubt }); err != nil {
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
		a := answer{grant: e.ID, generation: e.Generation, attempt: l.Attempt, at: start, tokens: fresh, old: tokens.Current}
		if err := s.keep(ctx, a); err != nil {
			return failed, err
		}
		s.step("stored", l.ID)
		return won, nil
	case kenar.IsInvalidGrant(cause):
		if err := s.refused(ctx, l, e.Doubt, tokens, start); err != nil {
			return away(err)
		}
		s.step("ended", l.ID)
		return again, nil
	case mayBeApplied(cause):
		return lost, s.miss(ctx, l, l.Doubt, err)
	default:
		return failed, s.miss(ctx, l, e.Doubt, err)
	}
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
	most := 5 * time.Minute
	if !doubt.IsZero() && now.Before(doubt.Add(kenar.TokenGrace)) {
		most = 10 * time.Second // the grace is short
	}
	u.RetryAt = now.Add(backoff(l.Fails, most)).UTC()
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

// backoff is how long to wait after some failures and one more: 1 s doubled
// with each, at most the given time, of which a random half is taken off.
func backoff(fails int, most time.Duration) time.Duration {
	d := min(time.Second<<min(fails, 16), most)
	return d/2 + rand.N(d/2+1)
}

// refused ends a grant whose refresh token the server does not take, unless
// the pair before it is still in its grace: a server that lost its newest
// writes knows that one.
func (s *Source) refused(ctx context.Context, l *entry, doubt time.Time, tokens sealed, at time.Time) error {
	to, err := s.store.keys.recipients()
	if err != nil {
		return err
	}
	var sealing error
	err = s.amend(ctx, l, func(x *entry) {
		if x.Pair != l.Pair { // an earlier attempt's answer came late, and is the better pair
			x.Lease, x.Doubt = lease{}, doubt
			return
		}
		if p := tokens.Previous; p != nil && p.Refresh != "" && s.now().Before(tokens.Until) {
			x.Attempt++
			x.Pair = x.Attempt
			x.Lease, x.Doubt, x.RefusedAt = lease{}, time.Time{}, at.UTC() // not to be used before it is refreshed
			sealing = x.keep(sealed{Current: *p}, to)
			return
		}
		switch {
		case doubt.IsZero():
			x.revoke(CodeRefused, "the grant server does not accept its refresh token (invalid_grant): the user took the consent back, or the token expired", s.now())
		case at.Before(doubt.Add(kenar.TokenGrace)):
			x.revoke(CodeRefused, fmt.Sprintf("the grant server does not accept its refresh token (invalid_grant), although the grace of a refresh begun at %s whose answer was lost was not over: the user took the consent back",
				doubt.Format(time.RFC3339)), s.now())
		default:
			x.revoke(CodeLost, fmt.Sprintf("the answer of a refresh begun at %s was lost, it could not be repeated within the %s for which the old tokens work, and now the grant server does not accept them (invalid_grant)",
				doubt.Format(time.RFC3339), kenar.TokenGrace), s.now())
		}
	})
	return errors.Join(err, sealing)
}

// endWithoutRefresh ends a grant that cannot be refreshed.
func (s *Source) endWithoutRefresh(ctx context.Context, e *entry) (result, error) {
	err := s.amend(ctx, e, func(x *entry) {
		x.revoke(CodeNoRefresh, "its access token has ended, and without consent to offline_access there is no refresh token", s.now())
	})
	if err != nil {
		return failed, &UnavailableError{Grant: e.ID, Doing: "end", Err: err}
	}
	return again, nil
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
