package grants

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Progress is how far [Store.Reseal] is. Done counts all grants looked at.
type Progress struct {
	Done, Total int
	Resealed    int
	Skipped     int // sealed to the current recipients already, ended, or deleted meanwhile
	Failed      int // not opened: see the error at the end
}

// Reseal seals the tokens of all grants to the current recipients, and to no
// others: afterwards older identities are not needed any more. It can be
// repeated after it was interrupted, and while workers refresh. A grant that
// cannot be opened is left as it is and told in the error. progress is called
// after each grant; it may be nil.
func (s *Store) Reseal(ctx context.Context, progress func(Progress)) error {
	to, err := s.keys.recipients()
	if err != nil {
		return fmt.Errorf("reseal grants: %w", err)
	}
	ids, err := s.keys.identities()
	if err != nil {
		return fmt.Errorf("reseal grants: %w", err)
	}
	all, err := s.entries(ctx)
	if all == nil && err != nil {
		return err
	}
	failed := []error{err}
	p := Progress{Total: len(all)}
	for _, e := range all {
		changed, err := s.reseal(ctx, e.ID, to, ids)
		p.Done++
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("reseal grants: %w after %d of %d; run it again to go on", ctx.Err(), p.Done-1, p.Total)
		case err != nil:
			p.Failed++
			failed = append(failed, err)
		case changed:
			p.Resealed++
		default:
			p.Skipped++
		}
		if progress != nil {
			progress(p)
		}
	}
	return errors.Join(failed...)
}

// isGone reports whether err says that a grant was deleted.
func isGone(err error) bool {
	_, ok := errors.AsType[*MissingError](err)
	return ok
}

// reseal reports whether there was anything to do.
func (s *Store) reseal(ctx context.Context, id string, to Recipients, ids Identities) (changed bool, err error) {
	names := to.names()
	for range writesAtMost {
		e, err := s.read(ctx, id)
		if isGone(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if len(e.Sealed) == 0 || slices.Equal(e.SealedTo, names) {
			return false, nil
		}
		tokens, err := open(e, ids)
		if err != nil {
			return false, err
		}
		if err := e.keep(tokens, to); err != nil {
			return false, err
		}
		if err := s.write(ctx, e); !errors.Is(err, errConflict) {
			return err == nil, err
		}
	}
	return false, fmt.Errorf("reseal grant %s: %w", id, errBusy)
}
