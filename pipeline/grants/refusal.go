package grants

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// disbelievedAfter is of how many different grants in a row invalid_grant is
// too many: users end their consents one by one.
const disbelievedAfter = 3

// errEverybody: invalid_grant is not believed.
var errEverybody = errors.New("the grant server refuses everybody (invalid_grant), which is not believed: check KENAR_APP, KENAR_CLIENT_SECRET and the grant server")

// refusals are what a Source remembers of invalid_grant. A server that has
// lost its data, or takes the app for another, says it of every grant. It is
// safe for concurrent use.
type refusals struct {
	turn chan struct{} // held while a refusal is dealt with: a grant must not end after its row was disbelieved

	mu    sync.Mutex
	row   map[string]uint64 // grants refused since the last success, with their generations
	wrong map[string]uint64 // of those: must live again
}

func newRefusals() *refusals {
	return &refusals{turn: make(chan struct{}, 1), row: make(map[string]uint64), wrong: make(map[string]uint64)}
}

// add notes a refusal, and returns whether to believe it. first is true for
// the one with which belief ends.
func (r *refusals) add(e *entry) (believed, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.row[e.ID]
	before := len(r.row)
	r.row[e.ID] = e.Generation
	if len(r.row) < disbelievedAfter {
		return true, false
	}
	for id, generation := range r.row {
		r.wrong[id] = generation
	}
	return false, !known && before == disbelievedAfter-1
}

// success ends the row: the server knows grants.
func (r *refusals) success() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.row)
}

// disbelieved are the grants that must live again.
func (r *refusals) disbelieved() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make(map[string]uint64, len(r.wrong))
	for id, generation := range r.wrong {
		all[id] = generation
	}
	return all
}

func (r *refusals) restored(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.wrong, id)
}

// An ending is what an attempt knew that was answered with invalid_grant.
type ending struct {
	doubt  time.Time // of the entry before the attempt
	tokens sealed
	at     time.Time // when the attempt began
}

// refused deals with invalid_grant for l's attempt. It returns nil when the
// entry changed; otherwise the grant is as it was.
func (s *Source) refused(ctx context.Context, l *entry, p pass, known ending) error {
	select {
	case s.refusals.turn <- struct{}{}:
	case <-ctx.Done():
		return &UnavailableError{Grant: l.ID, Doing: "refresh", Err: ctx.Err()}
	}
	defer func() { <-s.refusals.turn }()
	believed, first := s.refusals.add(l)
	if !believed {
		p.distrust(errEverybody)
		if first {
			s.report(fmt.Errorf("%d different grants in a row: %w", disbelievedAfter, errEverybody))
		}
		s.report(s.restore(ctx))
		return s.miss(ctx, l, known.doubt, errEverybody)
	}
	p.answered()
	if err := s.end(ctx, l, known); err != nil {
		return &UnavailableError{Grant: l.ID, Doing: "refresh", Err: err}
	}
	return nil
}

// end ends a grant whose refresh token the server does not take, unless the
// pair before it is still in its grace: a server that lost its newest writes
// knows that one.
func (s *Source) end(ctx context.Context, l *entry, known ending) error {
	doubt, at := known.doubt, known.at
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
		if p := known.tokens.Previous; p != nil && p.Refresh != "" && s.now().Before(known.tokens.Until) {
			x.Attempt++
			x.Pair = x.Attempt
			x.Lease, x.Doubt, x.RefusedAt = lease{}, time.Time{}, at.UTC() // not to be used before it is refreshed
			sealing = x.keep(sealed{Current: *p}, to)
			return
		}
		x.Doubt = doubt
		switch {
		case doubt.IsZero():
			x.refuse(CodeRefused, "the grant server does not accept its refresh token (invalid_grant): the user took the consent back, or the token expired", s.now())
		case at.Before(doubt.Add(kenar.TokenGrace)):
			x.refuse(CodeRefused, fmt.Sprintf("the grant server does not accept its refresh token (invalid_grant), although the grace of a refresh begun at %s whose answer was lost was not over: the user took the consent back",
				doubt.Format(time.RFC3339)), s.now())
		default:
			x.refuse(CodeLost, fmt.Sprintf("the answer of a refresh begun at %s was lost, it could not be repeated within the %s for which the old tokens work, and now the grant server does not accept them (invalid_grant)",
				doubt.Format(time.RFC3339), kenar.TokenGrace), s.now())
		}
	})
	return errors.Join(err, sealing)
}

// restore makes the grants live again that ended by refusals which are not
// believed any more. Those it cannot write stay for the next call.
func (s *Source) restore(ctx context.Context) error {
	var errs []error
	for id, generation := range s.refusals.disbelieved() {
		err := s.store.change(ctx, id, func(e *entry) bool {
			return e.Generation == generation && e.restore()
		})
		if err != nil && !errors.Is(err, ErrMissing) {
			errs = append(errs, fmt.Errorf("let grant %s live again, whose end is not believed: %w", id, err))
			continue
		}
		s.refusals.restored(id)
	}
	return errors.Join(errs...)
}

// drop forgets the tokens of an ended grant when their time is over.
func (s *Source) drop(ctx context.Context, id string) error {
	return s.store.change(ctx, id, func(e *entry) bool { return e.Kept != nil && e.Kept.over(s.now()) && e.drop() })
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
