package pipeline

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func rev(revision, seq uint64) Version { return Version{Revision: &revision, Seq: seq} }
func bare(seq uint64) Version          { return Version{Seq: seq} }

func (v Version) String() string {
	if v.Revision == nil {
		return fmt.Sprintf("(seq %d)", v.Seq)
	}
	return fmt.Sprintf("(rev %d, seq %d)", *v.Revision, v.Seq)
}

func TestNewer(t *testing.T) {
	tests := []struct {
		v, o Version
		want bool
	}{
		{bare(2), bare(1), true},
		{bare(1), bare(2), false},
		{bare(1), bare(1), false},
		{rev(2, 1), rev(1, 9), true}, // the producer's order beats that of arrival
		{rev(1, 9), rev(2, 1), false},
		{rev(1, 2), rev(1, 1), true}, // equal revisions: the later one corrects the earlier
		{rev(1, 1), rev(1, 2), false},
		{rev(1, 1), rev(1, 1), false},
		{rev(1<<64-1, 1), rev(0, 2), true},
		{rev(9, 1), bare(2), false}, // one without a revision: arrival
		{bare(2), rev(9, 1), true},
		{rev(0, 2), bare(1), true},
		{bare(1), rev(0, 2), false},
		{rev(5, 3), bare(3), false}, // a replay keeps the place of its original
		{bare(3), rev(5, 3), false},
		{bare(1), Version{}, true},
		{Version{}, Version{}, false},
	}
	for _, tt := range tests {
		if got := tt.v.Newer(tt.o); got != tt.want {
			t.Errorf("%s newer than %s: %t, want %t", tt.v, tt.o, got, tt.want)
		}
	}
}

// The reason why marks are three: each of these is newer than the one before,
// round and round.
func TestNewerIsNotTransitive(t *testing.T) {
	circle := []Version{rev(5, 1), bare(2), rev(3, 3)}
	for i, v := range circle {
		next := circle[(i+1)%len(circle)]
		if !next.Newer(v) {
			t.Errorf("%s is not newer than %s", next, v)
		}
		if v.Newer(next) {
			t.Errorf("%s is newer than %s", v, next)
		}
	}
	// Whatever two of them were attempted, the third is passed.
	for i := range circle {
		var m Marks
		for _, j := range []int{i + 1, i + 2} {
			m = m.Raise(fmt.Sprint(j%3), circle[j%3])
		}
		if by := m.Passed(fmt.Sprint(i), circle[i]); by != fmt.Sprint((i+1)%3) {
			t.Errorf("%s is passed by event %q, want %d", circle[i], by, (i+1)%3)
		}
	}
}

func TestPassed(t *testing.T) {
	type attempt struct {
		event string
		v     Version
	}
	tests := []struct {
		name      string
		attempted []attempt
		event     string
		v         Version
		by        string
	}{
		{"nothing was attempted", nil, "e1", bare(1), ""},
		{"the first again", []attempt{{"e1", bare(1)}}, "e1", bare(1), ""},
		{"a newer one", []attempt{{"e1", bare(1)}}, "e2", bare(2), ""},
		{"an older one", []attempt{{"e2", bare(2)}}, "e1", bare(1), "e2"},
		{"an older one, after a newer one came back", []attempt{{"e2", bare(2)}, {"e1", bare(1)}}, "e1", bare(1), "e2"},
		{"arrived later, but an older revision", []attempt{{"e1", rev(2, 1)}}, "e2", rev(1, 2), "e1"},
		{"arrived later, with no revision", []attempt{{"e1", rev(2, 1)}}, "e2", bare(2), ""},
		{"the highest revision is not the latest arrival", []attempt{{"e1", rev(9, 1)}, {"e2", bare(2)}}, "e3", rev(8, 3), "e1"},
		{"a high revision from before one without", []attempt{{"e2", bare(2)}}, "e1", rev(9, 1), "e2"},
		{"its own mark", []attempt{{"e1", bare(3)}}, "e1", bare(2), ""},
		{"the place of its original", []attempt{{"e1", bare(3)}}, "e1~1", bare(3), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m Marks
			for _, a := range tt.attempted {
				m = m.Raise(a.event, a.v)
			}
			if by := m.Passed(tt.event, tt.v); by != tt.by {
				t.Errorf("passed by %q, want %q", by, tt.by)
			}
		})
	}
}

// Marks forget most of what was attempted, and must judge as if they did not:
// an event is passed exactly when something newer was attempted.
func TestMarksRememberEverything(t *testing.T) {
	const seed = 20260102
	rng := rand.New(rand.NewPCG(seed, seed))
	for round := range 3000 {
		events := make([]Version, 1+rng.IntN(12))
		for i := range events {
			// Few values, so that equal revisions and replays of the same place
			// happen.
			events[i] = bare(1 + rng.Uint64N(10))
			if rng.IntN(2) == 0 {
				events[i] = rev(rng.Uint64N(4), events[i].Seq)
			}
		}
		var m Marks
		attempted := make(map[int]bool)
		for _, i := range rng.Perm(len(events)) {
			for j, v := range events {
				newer := false
				for a := range attempted {
					newer = newer || a != j && events[a].Newer(v)
				}
				if by := m.Passed(fmt.Sprint(j), v); (by != "") != newer {
					t.Fatalf("round %d: %s is passed by %q, newer was attempted: %t\nattempted %v of %v\nmarks %s",
						round, v, by, newer, attempted, events, must1(json.Marshal(m)))
				}
			}
			m = m.Raise(fmt.Sprint(i), events[i])
			attempted[i] = true
			if by := m.Passed(fmt.Sprint(i), events[i]); by == fmt.Sprint(i) {
				t.Fatalf("round %d: %s is passed by its own mark", round, events[i])
			}
		}
	}
}

// The order that follows: of events of one target that are sent unless
// passed, none is sent after a newer one, however they are shuffled.
func TestNeverStale(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		var m Marks
		var sent []Version
		for i := range 10 {
			v := bare(1 + rng.Uint64N(50))
			if rng.IntN(3) > 0 {
				v = rev(rng.Uint64N(5), v.Seq)
			}
			if m.Passed(fmt.Sprint(i), v) != "" {
				continue
			}
			for _, s := range sent {
				if s.Newer(v) {
					t.Fatalf("%s is sent after %s", v, s)
				}
			}
			m = m.Raise(fmt.Sprint(i), v)
			sent = append(sent, v)
		}
	}
}

// A worker that takes a target over reads the marks from the ledger.
func TestMarksSurviveTheLedger(t *testing.T) {
	m := Marks{}.Raise("e1", rev(1<<64-1, 1)).Raise("e2", bare(2)).Raise("e3", rev(3, 3))
	before := m
	var got Marks
	if err := json.Unmarshal(must1(json.Marshal(m)), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	// Raising is by value: the marks from before an attempt stay as they were.
	m.Raise("e4", rev(1<<64-1, 9))
	if diff := cmp.Diff(before, m); diff != "" {
		t.Errorf("raised in place (-before +after):\n%s", diff)
	}
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
