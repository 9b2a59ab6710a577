package grants

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A damaged entry concerns its own grant only: its user is asked again, and
// everybody else is served.
func TestDamagedGrant(t *testing.T) {
	edit := func(f func(e *entry)) func(*testing.T, []byte, []byte) []byte {
		return func(t *testing.T, value, _ []byte) []byte {
			e := new(entry)
			must(t, json.Unmarshal(value, e))
			f(e)
			data, err := json.Marshal(e)
			must(t, err)
			return data
		}
	}
	tests := map[string]func(t *testing.T, value, other []byte) []byte{
		"not JSON":       func(*testing.T, []byte, []byte) []byte { return []byte("{") },
		"cut off":        func(_ *testing.T, value, _ []byte) []byte { return value[:len(value)/2] },
		"empty object":   func(*testing.T, []byte, []byte) []byte { return []byte("{}") },
		"another type":   func(*testing.T, []byte, []byte) []byte { return []byte(`{"id":7}`) },
		"of another id":  func(_ *testing.T, _, other []byte) []byte { return other },
		"no seal":        edit(func(e *entry) { e.Sealed = nil }),
		"head of seal":   edit(func(e *entry) { e.Sealed[0] ^= 1 }),
		"key in seal":    edit(func(e *entry) { e.Sealed[100] ^= 1 }),
		"text in seal":   edit(func(e *entry) { e.Sealed[len(e.Sealed)-1] ^= 1 }),
		"seal cut off":   edit(func(e *entry) { e.Sealed = e.Sealed[:len(e.Sealed)-20] }),
		"seal of before": edit(func(e *entry) { e.Generation++ }),
		"no recipients":  edit(func(e *entry) { e.SealedTo, e.Sealed[100] = nil, e.Sealed[100]^1 }),
		"no recipient's": edit(func(e *entry) { e.SealedTo, e.Sealed[100] = []string{"age1x"}, e.Sealed[100]^1 }),
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := newScene(t)
				sc.put("g")
				sc.put("sara")
				r := sc.bucket.records["sara"]
				value := damage(t, r.value, sc.bucket.records["g"].value)
				_, err := sc.bucket.put(t.Context(), "sara", value, r.revision)
				must(t, err)

				checks(t, sc.store, "sara")
				p := sc.process(nil)
				_, err = p.Access(p.ctx, "sara", Need{Good: good})
				d, ok := errors.AsType[*DamagedError](err)
				if !ok || d.Grant != "sara" || !errors.Is(err, ErrMissing) || !Permanent(err) {
					t.Fatalf("access: %v", err)
				}
				if !strings.Contains(err.Error(), "grant sara cannot be read: delete it and ask the user for consent again") {
					t.Errorf("access: %v", err)
				}
				if _, err := p.Refused(p.ctx, "sara", "any"); !errors.Is(err, ErrMissing) {
					t.Errorf("refused: %v", err)
				}
				go p.KeepAlive(p.ctx)
				time.Sleep(time.Minute)
				sc.works(p)
				sc.put("sara")
				checks(t, sc.store)
				if _, err := p.Access(p.ctx, "sara", Need{Good: good}); err != nil {
					t.Errorf("given anew: %v", err)
				}
				p.end()
				synctest.Wait()
			})
		})
	}
}

// A wrong identity is told from damage, also beside it.
func TestWrongIdentityBesideDamage(t *testing.T) {
	_, keys := newKeys(t, 1)
	_, others := newKeys(t, 1)
	b := newMemory()
	for id, k := range map[string]Keys{"g": keys, "h": others} {
		_, err := newStore(b, k, nil).Put(t.Context(), consent(id))
		must(t, err)
	}
	_, err := b.put(t.Context(), "d", []byte("{"), 0)
	must(t, err)
	s := newStore(b, keys, nil)
	if damaged, err := s.Check(t.Context()); !errors.Is(err, ErrWrongIdentity) || !strings.Contains(err.Error(), "1 of 2 grants, first h") {
		t.Errorf("check: damaged %q, error %v", damaged, err)
	}
	must(t, s.Revoke(t.Context(), "h", "gone"))
	checks(t, s, "d")
}
