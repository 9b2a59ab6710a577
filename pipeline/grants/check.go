package grants

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check tries whether the identities open the grants, before any work is
// done. It changes nothing. With the wrong identity it fails with
// ErrWrongIdentity. Grants whose entries are damaged are no reason to fail:
// it returns their ids, sorted.
func (s *Store) Check(ctx context.Context) (damaged []string, err error) {
	ids, err := s.keys.identities()
	if err != nil {
		return nil, fmt.Errorf("check the identity of grants: %w", err)
	}
	all, broken, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	for id := range broken {
		damaged = append(damaged, id)
	}
	var closed []string
	for _, e := range all {
		if e.Revoked != nil {
			continue // nobody will open it
		}
		switch _, err := open(e, ids); {
		case errors.Is(err, ErrWrongIdentity):
			closed = append(closed, e.ID)
		case err != nil:
			damaged = append(damaged, e.ID)
		}
	}
	if n := len(closed); n > 0 {
		return nil, fmt.Errorf("check the identity of grants: %d of %d grants, first %s: %w; add the identity they were sealed with to GRANT_IDENTITY, after the newest",
			n, len(all), closed[0], ErrWrongIdentity)
	}
	slices.Sort(damaged)
	return damaged, nil
}

// entries reads all grants by id. Damaged ones are told in the error; the
// others are returned nevertheless.
func (s *Store) entries(ctx context.Context) ([]*entry, error) {
	all, damaged, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	return all, joined(damaged)
}

// look reads all grants by id, and what is wrong with the damaged ones.
func (s *Store) look(ctx context.Context) (all []*entry, damaged map[string]error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, err := s.kv.watch(ctx, "")
	if err != nil {
		return nil, nil, fmt.Errorf("list grants: %w", err)
	}
	byID := make(map[string]*entry)
	damaged = make(map[string]error)
	for c := range changes {
		if c.present {
			return sorted(byID), damaged, nil
		}
		delete(byID, c.key)
		delete(damaged, c.key)
		if c.value == nil {
			continue
		}
		e, err := decodeEntry(c.key, c.record)
		if err != nil {
			damaged[c.key] = err
			continue
		}
		byID[c.key] = e
	}
	return nil, nil, fmt.Errorf("list grants: %w", watchEnd(ctx.Err()))
}

// watchEnd is why a watch ended.
func watchEnd(err error) error {
	if err != nil {
		return err
	}
	return errors.New("the connection to NATS was lost; try again")
}

func sorted(byID map[string]*entry) []*entry {
	all := make([]*entry, 0, len(byID))
	for _, e := range byID {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *entry) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func joined(errs map[string]error) error {
	var all []error
	for _, err := range errs {
		all = append(all, err)
	}
	slices.SortFunc(all, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(all...)
}
