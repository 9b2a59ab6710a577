package grants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

func consent(id string) Consent {
	return Consent{ID: id, UserID: "divar-1", Businesses: []string{"xYzAbC123"}, Tokens: kenar.Tokens{
		Access: "ory_at_" + tokenMark, Refresh: "ory_rt_" + tokenMark, Scope: []string{"USER_ADDON_CREATE"}, ExpiresIn: time.Hour,
	}}
}

func TestStore(t *testing.T) {
	bothBuckets(t, func(t *testing.T, b kv) {
		ctx := t.Context()
		_, keys := newKeys(t, 1)
		publisher := newStore(b, Keys{Recipients: keys.recipients}, atNoon)
		if _, err := publisher.Get(ctx, "g"); !errors.Is(err, ErrMissing) {
			t.Errorf("of an empty store: %v", err)
		}
		put, err := publisher.Put(ctx, consent("g"))
		must(t, err)
		want := Info{
			ID: "g", UserID: "divar-1", Scopes: []string{"USER_ADDON_CREATE"}, Businesses: []string{"xYzAbC123"},
			State: StateActive, Generation: put.Generation, CreatedAt: noon, AccessExpiry: noon.Add(time.Hour),
			RefreshExpiry: noon.Add(30 * 24 * time.Hour), SealedTo: put.SealedTo, Revision: put.Revision,
		}
		got, err := publisher.Get(ctx, "g")
		must(t, err)
		if d := cmp.Diff(want, got); d != "" || len(got.SealedTo) != 1 {
			t.Errorf("after put (-want +got):\n%s", d)
		}

		must(t, publisher.Revoke(ctx, "g", "she called us"))
		must(t, publisher.Revoke(ctx, "g", "another reason"))
		got, err = publisher.Get(ctx, "g")
		must(t, err)
		if d := cmp.Diff(&Revocation{Code: CodeRevoked, Message: "she called us", At: noon}, got.Revoked); d != "" || got.State != StateRevoked {
			t.Errorf("revoked (-want +got):\n%s", d)
		}
		if e, err := publisher.read(ctx, "g"); err != nil || e.Sealed != nil {
			t.Errorf("the tokens of a revoked grant are kept, or %v", err)
		}

		again, err := publisher.Put(ctx, consent("g"))
		must(t, err)
		if again.State != StateActive || again.Generation <= put.Generation {
			t.Errorf("a new consent in place of a revoked one: %+v", again)
		}
		must(t, publisher.Delete(ctx, "g"))
		if err := publisher.Delete(ctx, "g"); !errors.Is(err, ErrMissing) {
			t.Errorf("deleted twice: %v", err)
		}
		third, err := publisher.Put(ctx, consent("g"))
		must(t, err)
		if third.Generation <= again.Generation {
			t.Errorf("generation %d after a deletion, %d before: a late refresh could be mistaken", third.Generation, again.Generation)
		}
		if _, err := publisher.Put(ctx, consent("f")); err != nil {
			t.Error(err)
		}
		all, err := publisher.List(ctx)
		must(t, err)
		if ids := idsOf(all); !slices.Equal(ids, []string{"f", "g"}) {
			t.Errorf("list %v", ids)
		}
		for _, id := range []string{"", "a b", "a.b", ">", "*", strings.Repeat("x", 65)} {
			if _, err := publisher.Get(ctx, id); !errors.Is(err, ErrMissing) {
				t.Errorf("get %q: %v", id, err)
			}
			if err := publisher.Delete(ctx, id); !errors.Is(err, ErrMissing) {
				t.Errorf("delete %q: %v", id, err)
			}
		}
	})
}

func idsOf(all []Info) []string {
	var ids []string
	for _, i := range all {
		ids = append(ids, i.ID)
	}
	return ids
}

func TestPutRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*Consent)
		want   []string
	}{
		"id":            {func(c *Consent) { c.ID = "a b" }, []string{`"a b"`, "1 to 64"}},
		"no access":     {func(c *Consent) { c.Tokens.Access = "" }, []string{"access token has 0 bytes"}},
		"long access":   {func(c *Consent) { c.Tokens.Access = strings.Repeat("x", 8193) }, []string{"8193", "8192"}},
		"long refresh":  {func(c *Consent) { c.Tokens.Refresh = strings.Repeat("x", 8193) }, []string{"8193", "8192"}},
		"dead":          {func(c *Consent) { c.Tokens.ExpiresIn = 0 }, []string{"expires in 0s"}},
		"scope":         {func(c *Consent) { c.Tokens.Scope = []string{"A", "B C"} }, []string{"scopes[1]", `"B C"`}},
		"business":      {func(c *Consent) { c.Businesses = []string{""} }, []string{"businesses[0]"}},
		"many scopes":   {func(c *Consent) { c.Tokens.Scope = make([]string, 201) }, []string{"201", "200"}},
		"user id":       {func(c *Consent) { c.UserID = strings.Repeat("x", 257) }, []string{"257", "256"}},
		"all at once":   {func(c *Consent) { c.ID, c.Tokens.Access = "", "" }, []string{"id", "access token"}},
		"no recipients": {nil, []string{"GRANT_RECIPIENT"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, keys := newKeys(t, 1)
			c := consent("g")
			if tt.change == nil {
				keys = Keys{}
			} else {
				tt.change(&c)
			}
			b := newMemory()
			_, err := newStore(b, keys, nil).Put(t.Context(), c)
			if err == nil || len(b.records) > 0 {
				t.Fatalf("taken: %v", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
		})
	}
}

// The answer of a write is lost: the write is repeated, and recognised.
func TestOwnWrite(t *testing.T) {
	_, keys := newKeys(t, 1)
	b := newMemory()
	lost := true
	b.fault = func(string) (bool, bool) { defer func() { lost = false }(); return lost, false }
	if _, err := newStore(b, keys, nil).Put(t.Context(), consent("g")); err != nil || b.puts != 1 {
		t.Errorf("%d writes, error %v; want one that succeeded", b.puts, err)
	}
}

// Eight writers of one entry: nobody's change is lost.
func TestCompareAndSet(t *testing.T) {
	bothBuckets(t, func(t *testing.T, b kv) {
		_, keys := newKeys(t, 1)
		s := newStore(b, keys, nil)
		_, err := s.Put(t.Context(), consent("g"))
		must(t, err)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 5 {
					if err := s.change(t.Context(), "g", func(e *entry) bool { e.Fails++; return true }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if e, err := s.read(t.Context(), "g"); err != nil || e.Fails != 40 {
			t.Errorf("%d of 40 changes, error %v", e.Fails, err)
		}
	})
}

func TestAtRisk(t *testing.T) {
	_, keys := newKeys(t, 1)
	s := newStore(newMemory(), keys, atNoon)
	put := func(id string, age time.Duration, refresh string) {
		c := consent(id)
		c.At, c.Tokens.Refresh = noon.Add(-age), refresh
		_, err := s.Put(t.Context(), c)
		must(t, err)
	}
	const days = 24 * time.Hour
	put("new", 0, "r")
	put("old", 24*days, "r")
	put("older", 29*days, "r")
	put("without-refresh", 0, "")
	put("revoked", 29*days, "r")
	must(t, s.Revoke(t.Context(), "revoked", "gone"))
	got, err := s.AtRisk(t.Context(), noon, 7*days)
	must(t, err)
	if d := cmp.Diff([]string{"without-refresh", "older", "old"}, idsOf(got)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, i := range got {
		if i.State != StateExpiring {
			t.Errorf("%s is %s", i.ID, i.State)
		}
	}
}

// All grants move to the new key while others are changed and deleted, and an
// interrupted run is taken up where it ended.
func TestReseal(t *testing.T) {
	bothBuckets(t, func(t *testing.T, b kv) {
		older, _ := newKeys(t, 1)
		newer, _ := newKeys(t, 1)
		s := newStore(b, keysOf(older), nil)
		for i := range 10 {
			_, err := s.Put(t.Context(), consent(fmt.Sprintf("g%d", i)))
			must(t, err)
		}
		must(t, s.Revoke(t.Context(), "g9", "gone"))
		keys := append(newer.list(), older.list()...)
		s.keys = keysOf(Identities{&keys})

		ctx, stop := context.WithCancel(t.Context())
		err := s.Reseal(ctx, func(p Progress) {
			if p.Done == 4 {
				stop()
			}
		})
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "4 of 10") {
			t.Errorf("interrupted: %v", err)
		}
		var last Progress
		must(t, s.Reseal(t.Context(), func(p Progress) {
			if last = p; p.Done == 5 { // between two of them, and after the first look
				must(t, s.Delete(t.Context(), "g7"))
				must(t, s.Revoke(t.Context(), "g8", "gone"))
			}
		}))
		if d := cmp.Diff(Progress{Done: 10, Total: 10, Resealed: 3, Skipped: 7}, last); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		s.keys = keysOf(newer)
		checks(t, s)
		all, err := s.entries(t.Context())
		must(t, err)
		for _, e := range all {
			if e.Revoked == nil {
				tokens, err := open(e, newer)
				must(t, err)
				if tokens.Current.Access != consent("").Tokens.Access {
					t.Errorf("%s: the tokens have changed", e.ID)
				}
			}
		}
	})
}

// checks asserts that Check finds certain grants damaged, and no other fault.
func checks(t *testing.T, s *Store, damaged ...string) {
	t.Helper()
	got, err := s.Check(t.Context())
	if err != nil || !slices.Equal(got, damaged) {
		t.Errorf("check: damaged %q, error %v; want %q", got, err, damaged)
	}
}

func TestWrongIdentity(t *testing.T) {
	_, keys := newKeys(t, 1)
	b := newMemory()
	_, err := newStore(b, keys, nil).Put(t.Context(), consent("g"))
	must(t, err)
	before := b.records["g"].revision
	_, others := newKeys(t, 2)
	for name, s := range map[string]*Store{
		"another": newStore(b, others, nil),
		"none":    newStore(b, Keys{Recipients: keys.recipients}, nil),
	} {
		if _, err := s.Check(t.Context()); !errors.Is(err, ErrWrongIdentity) || !strings.Contains(err.Error(), "GRANT_IDENTITY") {
			t.Errorf("%s identity, check: %v", name, err)
		}
		if err := s.Reseal(t.Context(), nil); !errors.Is(err, ErrWrongIdentity) {
			t.Errorf("%s identity, reseal: %v", name, err)
		}
	}
	if b.records["g"].revision != before {
		t.Error("the entry was overwritten")
	}
	checks(t, newStore(b, keys, nil))
}

// A damaged entry hides no other, and can be deleted.
func TestDamaged(t *testing.T) {
	b := newMemory()
	_, keys := newKeys(t, 1)
	s := newStore(b, keys, nil)
	_, err := s.Put(t.Context(), consent("g"))
	must(t, err)
	for id, value := range map[string]string{"d1": "{", "d2": `{"id":"g"}`} {
		_, err := b.put(t.Context(), id, []byte(value), 0)
		must(t, err)
	}
	all, err := s.List(t.Context())
	if err == nil || !strings.Contains(err.Error(), "d1") || !strings.Contains(err.Error(), "d2") {
		t.Errorf("list: %v", err)
	}
	if !slices.Equal(idsOf(all), []string{"g"}) {
		t.Errorf("list %v", idsOf(all))
	}
	must(t, s.Delete(t.Context(), "d1"))
	must(t, s.Delete(t.Context(), "d2"))
	_, err = s.List(t.Context())
	must(t, err)
}

func TestTopology(t *testing.T) {
	ctx := t.Context()
	js := startJetStream(t)
	if _, err := NewStore(ctx, js, Keys{}, nil); err == nil || !strings.Contains(err.Error(), "NATS_AUTO_CREATE") {
		t.Errorf("without a bucket: %v", err)
	}
	if err := (Topology{}).Check(ctx, js); err == nil || !strings.Contains(err.Error(), "NATS_AUTO_CREATE") {
		t.Errorf("without a bucket: %v", err)
	}
	// As nats.go makes them.
	_, err := js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: Bucket, History: 5, TTL: time.Hour, MaxValueSize: 10})
	must(t, err)
	err = Topology{}.Check(ctx, js)
	for _, want := range []string{"history 1", "no TTL", "max value size", "allow_direct"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	must(t, Topology{}.Create(ctx, js))
	must(t, Topology{}.Check(ctx, js))
	must(t, Topology{}.Create(ctx, js))

	kv, err := js.KeyValue(ctx, Bucket)
	must(t, err)
	status, err := kv.Status(ctx)
	must(t, err)
	if status.History() != 1 || status.TTL() != 0 {
		t.Errorf("history %d, TTL %s", status.History(), status.TTL())
	}
}

// What a client of NATS without an identity sees: everything but the tokens.
func TestPlainPart(t *testing.T) {
	_, keys := newKeys(t, 1)
	b := newMemory()
	_, err := newStore(b, keys, atNoon).Put(t.Context(), consent("g"))
	must(t, err)
	var got map[string]any
	must(t, json.Unmarshal(b.records["g"].value, &got))
	want := map[string]any{
		"id": "g", "user_id": "divar-1", "scopes": []any{"USER_ADDON_CREATE"}, "businesses": []any{"xYzAbC123"},
		"generation": 1.0, "created_at": "2026-01-02T12:00:00Z", "state": "active",
		"access_expiry": "2026-01-02T13:00:00Z", "refresh_expiry": "2026-02-01T12:00:00Z",
	}
	varies := cmpopts.IgnoreMapEntries(func(k string, _ any) bool { return k == "sealed" || k == "sealed_to" || k == "write" })
	if d := cmp.Diff(want, got, varies); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
