package grants

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// An answer is a new pair that is not stored yet.
type answer struct {
	grant      string
	generation uint64    // of the consent it belongs to
	attempt    uint64    // the number of the attempt that brought it
	at         time.Time // when that began: its tokens live from then at the earliest
	tokens     kenar.Tokens
	old        pair // that it replaces
}

// String shows whose it is, not the tokens.
func (a answer) String() string {
	return fmt.Sprintf("{answer of attempt %d for grant %s}", a.attempt, a.grant)
}

// Format prints String, whatever the verb.
func (a answer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

// pair is the answer as it is stored. A server that sends no refresh token
// has not replaced the old one.
func (a answer) pair() pair {
	p := pair{Access: a.tokens.Access, Refresh: a.tokens.Refresh, AccessExpiry: a.at.Add(a.tokens.ExpiresIn).UTC()}
	if p.Refresh == "" {
		p.Refresh, p.RefreshExpiry = a.old.Refresh, a.old.RefreshExpiry
	} else {
		p.RefreshExpiry = a.at.Add(kenar.RefreshTokenLife).UTC()
	}
	return p
}

// keep stores an answer, and remembers it in memory when that fails.
func (s *Source) keep(ctx context.Context, a answer) error {
	s.mu.Lock()
	s.unsaved[a.grant] = &a
	s.mu.Unlock()
	// A pair that is not stored is a grant that may be lost: who waits for it
	// does not matter.
	if err := s.flush(context.WithoutCancel(ctx), a.grant); err != nil {
		return &UnavailableError{Grant: a.grant, Doing: "store the new tokens of", Err: err}
	}
	return nil
}

// flush stores what an earlier attempt for the grant brought, if anything.
func (s *Source) flush(ctx context.Context, id string) error {
	s.mu.Lock()
	a, ok := s.unsaved[id]
	s.mu.Unlock()
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeFor)
	defer cancel()
	for err := s.save(ctx, *a); err != nil; {
		select {
		case <-time.After(time.Second):
		case <-s.closing:
			return err // Close tries once more
		case <-ctx.Done():
			return err
		}
		if next := s.save(ctx, *a); ctx.Err() == nil || next == nil {
			err = next // else it says no more than that the time is over
		}
	}
	s.saved(*a)
	return nil
}

// holds reports whether there is an answer for the grant that is not stored.
func (s *Source) holds(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsaved[id] != nil
}

// saved forgets an answer that was stored, but not one that came after it.
func (s *Source) saved(a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.unsaved[a.grant]; now != nil && now.generation == a.generation && now.attempt == a.attempt {
		delete(s.unsaved, a.grant)
	}
}

// flushAll stores everything that is not stored yet.
func (s *Source) flushAll(ctx context.Context) error {
	s.mu.Lock()
	ids := make([]string, 0, len(s.unsaved))
	for id := range s.unsaved {
		ids = append(ids, id)
	}
	s.mu.Unlock()
	var errs []error
	for _, id := range ids {
		if err := s.flush(ctx, id); err != nil {
			errs = append(errs, fmt.Errorf("store the new tokens of grant %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// save writes an answer, unless the grant has something newer, or ended for
// another reason than that this very answer was missing.
func (s *Source) save(ctx context.Context, a answer) error {
	to, err := s.store.keys.recipients()
	if err != nil {
		return err
	}
	var sealing error
	err = s.store.change(ctx, a.grant, func(e *entry) bool {
		switch {
		case e.Generation != a.generation, e.Pair >= a.attempt:
			return false
		case e.Revoked != nil && e.Revoked.Code != CodeLost:
			return false
		}
		previous := a.old
		if e.Revoked == nil {
			if tokens, err := s.open(e); err == nil {
				previous = tokens.Current // an earlier attempt's, if its answer came late
			}
		}
		e.Pair, e.RefreshedAt, e.Revoked, e.Kept = a.attempt, a.at.UTC(), nil, nil
		e.Forced, e.RefusedAt = !e.RefusedAt.IsZero(), time.Time{}
		e.Fails, e.RetryAt = 0, time.Time{}
		if a.tokens.Scope != nil {
			e.Scopes = a.tokens.Scope
		}
		if e.Attempt == a.attempt {
			e.Lease, e.Doubt = lease{}, time.Time{}
		}
		// Else a later attempt has begun with the pair that this one
		// replaces, and may have replaced this one's: it stays in doubt.
		sealing = e.keep(sealed{Current: a.pair(), Previous: &previous, Until: a.at.Add(kenar.TokenGrace).UTC()}, to)
		return sealing == nil
	})
	if errors.Is(err, ErrMissing) {
		return nil // deleted meanwhile: the tokens belong to nobody
	}
	return errors.Join(err, sealing)
}
