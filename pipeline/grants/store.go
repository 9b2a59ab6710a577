package grants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// A Store keeps grants. It is safe for concurrent use.
type Store struct {
	kv   kv
	keys Keys
	now  func() time.Time
}

// NewStore opens the bucket, which must exist: see [Topology]. now is the
// clock; nil means time.Now.
func NewStore(ctx context.Context, js jetstream.JetStream, keys Keys, now func() time.Time) (*Store, error) {
	b, err := openBucket(ctx, js)
	if err != nil {
		return nil, err
	}
	return newStore(b, keys, now), nil
}

func newStore(b kv, keys Keys, now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	return &Store{kv: b, keys: keys, now: now}
}

// writesAtMost bounds how often a change is begun anew because another came
// first. Of that many at the same time at least one gets through each round.
const writesAtMost = 100

var errBusy = fmt.Errorf("others have changed it %d times meanwhile: look at what writes to bucket %s, and try again", writesAtMost, Bucket)

// Put stores a consent in place of any earlier one of that id, which is
// forgotten with its tokens. It needs recipients only.
func (s *Store) Put(ctx context.Context, c Consent) (Info, error) {
	if err := c.validate(); err != nil {
		return Info{}, err
	}
	to, err := s.keys.recipients()
	if err != nil {
		return Info{}, fmt.Errorf("put grant %s: %w", c.ID, err)
	}
	for range writesAtMost {
		r, err := s.kv.get(ctx, c.ID)
		if err != nil {
			return Info{}, fmt.Errorf("put grant %s: %w", c.ID, err)
		}
		e, err := c.entry(r.revision, to, s.now())
		if err != nil {
			return Info{}, fmt.Errorf("put grant %s: %w", c.ID, err)
		}
		if old, err := decodeEntry(c.ID, r); err == nil {
			e.NeededUntil = old.NeededUntil // its work waits for the new consent
		}
		switch err := s.write(ctx, e); {
		case err == nil:
			return e.info(s.now()), nil
		case !errors.Is(err, errConflict):
			return Info{}, err
		}
	}
	return Info{}, fmt.Errorf("put grant %s: %w", c.ID, errBusy)
}

// entry makes the first entry of a consent. Its generation is taken from the
// revision it replaces: so it is unlike that of any consent before, also of
// one that was deleted, and a refresh of that one under way cannot be
// mistaken for this one's.
func (c Consent) entry(revision uint64, to Recipients, now time.Time) (*entry, error) {
	at := c.At
	if at.IsZero() {
		at = now
	}
	p := pair{Access: c.Tokens.Access, Refresh: c.Tokens.Refresh, AccessExpiry: at.Add(c.Tokens.ExpiresIn).UTC()}
	if p.Refresh != "" {
		p.RefreshExpiry = at.Add(kenar.RefreshTokenLife).UTC()
	}
	e := &entry{
		ID: c.ID, UserID: c.UserID, Scopes: slices.Clone(c.Tokens.Scope), Businesses: slices.Clone(c.Businesses),
		Generation: revision + 1, CreatedAt: at.UTC(), rev: revision,
	}
	if err := e.keep(sealed{Current: p}, to); err != nil {
		return nil, err
	}
	return e, nil
}

// keep seals tokens into e, which must have its generation and pair already.
func (e *entry) keep(tokens sealed, to Recipients) error {
	tokens.Grant, tokens.Generation, tokens.Pair = e.ID, e.Generation, e.Pair
	box, err := seal(tokens, to)
	if err != nil {
		return err
	}
	e.Sealed, e.SealedTo = box, to.names()
	e.AccessExpiry, e.RefreshExpiry = tokens.Current.AccessExpiry, tokens.Current.RefreshExpiry
	return nil
}

// Get returns what may be shown of a grant. It fails with ErrMissing when
// there is none.
func (s *Store) Get(ctx context.Context, id string) (Info, error) {
	e, err := s.read(ctx, id)
	if err != nil {
		return Info{}, err
	}
	return e.info(s.now()), nil
}

// List returns all grants by id.
func (s *Store) List(ctx context.Context) ([]Info, error) {
	all, err := s.entries(ctx)
	infos := make([]Info, len(all))
	for i, e := range all {
		infos[i] = e.info(s.now())
	}
	return infos, err
}

// AtRisk returns the grants that die within the horizon from now unless they
// are refreshed or given anew, the first to die first. Those that ended are
// not among them.
func (s *Store) AtRisk(ctx context.Context, now time.Time, horizon time.Duration) ([]Info, error) {
	all, err := s.List(ctx)
	all = slices.DeleteFunc(all, func(i Info) bool {
		return i.Revoked != nil || i.End().After(now.Add(horizon))
	})
	slices.SortStableFunc(all, func(a, b Info) int { return a.End().Compare(b.End()) })
	return all, err
}

// Delete forgets a grant, also a damaged one. It fails with ErrMissing when
// there is none.
func (s *Store) Delete(ctx context.Context, id string) error {
	if !idPattern.MatchString(id) {
		return &MissingError{id}
	}
	for try := range writesAtMost {
		r, err := s.kv.get(ctx, id)
		switch {
		case err != nil:
			return fmt.Errorf("delete grant %s: %w", id, err)
		case r.value == nil && try > 0:
			return nil // somebody else was faster, or the answer of our own write was lost
		case r.value == nil:
			return &MissingError{id}
		}
		if err := s.kv.remove(ctx, id, r.revision); !errors.Is(err, errConflict) {
			if err != nil {
				return fmt.Errorf("delete grant %s: %w", id, err)
			}
			return nil
		}
	}
	return fmt.Errorf("delete grant %s: %w", id, errBusy)
}

// Revoke ends a grant: the user took the consent back. Why is told to whoever
// uses the grant and must hold no secret. A grant that ended before keeps its
// reason.
func (s *Store) Revoke(ctx context.Context, id, why string) error {
	return s.change(ctx, id, func(e *entry) bool {
		if e.Revoked != nil {
			return e.drop() // its end is certain now
		}
		e.revoke(CodeRevoked, why, s.now())
		return true
	})
}

// Expect says that work of a grant may wait until a time: until then the grant
// is kept alive (see [Source.KeepAlive]). It never shortens that time, and
// writes at most once a day for a grant.
func (s *Store) Expect(ctx context.Context, id string, until time.Time) error {
	return s.change(ctx, id, func(e *entry) bool {
		if !until.After(e.NeededUntil.Add(expectEvery)) {
			return false
		}
		e.NeededUntil = until.UTC()
		return true
	})
}

// expectEvery is how exact NeededUntil is.
const expectEvery = 24 * time.Hour

// change reads, changes and writes a grant until nobody else does at the same
// time. f returns whether there is anything to write.
func (s *Store) change(ctx context.Context, id string, f func(*entry) bool) error {
	for range writesAtMost {
		e, err := s.read(ctx, id)
		if err != nil {
			return err
		}
		if !f(e) {
			return nil
		}
		if err := s.write(ctx, e); !errors.Is(err, errConflict) {
			return err
		}
	}
	return fmt.Errorf("write grant %s: %w", id, errBusy)
}

// read returns a grant as the leader of the bucket has it. It fails with
// ErrMissing when there is none.
func (s *Store) read(ctx context.Context, id string) (*entry, error) {
	if !idPattern.MatchString(id) {
		return nil, &MissingError{id}
	}
	r, err := s.kv.get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read grant %s: %w", id, err)
	}
	if r.value == nil {
		return nil, &MissingError{id}
	}
	return decodeEntry(id, r)
}

// writeTries is how often a write is repeated whose answer was lost.
const writeTries = 3

// write replaces the entry if it still has the revision that e was read at,
// else it returns errConflict. It sets the new revision.
func (s *Store) write(ctx context.Context, e *entry) error {
	data, err := e.encode(s.now())
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		rev, err := s.kv.put(ctx, e.ID, data, e.rev)
		if errors.Is(err, errConflict) {
			// An earlier try of this very write may have been stored and its
			// answer lost. No two writes are of equal bytes.
			r, err := s.kv.get(ctx, e.ID)
			switch {
			case err != nil:
				return fmt.Errorf("write grant %s: %w", e.ID, err)
			case r.revision <= e.rev || !bytes.Equal(r.value, data):
				return errConflict
			}
			rev = r.revision
		} else if err != nil {
			if try < writeTries && ctx.Err() == nil {
				continue
			}
			return fmt.Errorf("write grant %s: %w", e.ID, err)
		}
		e.rev = rev
		return nil
	}
}
