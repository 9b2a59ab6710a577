package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// deadRecords returns the dead letters that a filter selects, by event id.
func (l *lab) deadRecords(f DeadFilter) map[string]DeadRecord {
	l.t.Helper()
	all := make(map[string]DeadRecord)
	must(l.t, l.client.DeadLetters(l.t.Context(), f, func(r DeadRecord) error {
		all[r.EventID] = r
		return nil
	}))
	return all
}

// replay publishes a dead letter again and returns its new id.
func (l *lab) replay(id string, force bool) string {
	l.t.Helper()
	r, ok := l.deadRecords(DeadFilter{IDs: []string{id}})[id]
	if !ok {
		l.t.Fatalf("no dead letter of %s", id)
	}
	p, err := l.client.Prepare(r, force)
	must(l.t, err)
	again, err := l.client.Replay(l.t.Context(), p)
	must(l.t, err)
	return again
}

func TestReplay(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	refused := func(id, target, text string, more ...map[string]any) {
		t.Helper()
		l.kenar.Script(kenartest.Fault{Status: 422, Body: `{"code":9,"message":"not now"}`, Target: target})
		l.publish(attach(id, target, text, more...))
		if got := l.final(id); got.Reason == nil || got.Reason.Code != Rejected {
			t.Fatalf("%s ended %+v", id, got)
		}
	}
	refused("a", "post/P1", "one")
	first := l.replay("a", false)
	if got := l.final(first); first != "a~1" || got.Result != ResultAccepted {
		t.Errorf("%s ended %+v", first, got)
	}
	if second := l.replay("a", false); second != "a~2" {
		t.Errorf("the second replay of a is %s", second)
	} else if got := l.final(second); got.Result != ResultUnchanged {
		t.Errorf("%s ended %+v", second, got)
	}

	// A replay keeps its place, and loses to what came later; forced it goes
	// last.
	refused("b", "post/P2", "old", revision(1))
	l.publish(attach("c", "post/P2", "new", revision(2)))
	l.final("c")
	if got := l.final(l.replay("b", false)); got.Result != ResultSuperseded || got.SupersededBy != "c" {
		t.Errorf("the replay of b ended %+v", got)
	}
	if got := l.final(l.replay("b", true)); got.Result != ResultAccepted {
		t.Errorf("the forced replay of b ended %+v", got)
	}
	refused("d", "post/P3", "old")
	l.publish(attach("e", "post/P3", "new"))
	l.final("e")
	if got := l.final(l.replay("d", false)); got.Result != ResultSuperseded {
		t.Errorf("the replay of d ended %+v", got)
	}

	// The replay of a replay counts on from the original.
	l.kenar.Script(kenartest.Fault{Status: 422, Body: `{}`, Target: "post/P3"})
	again := l.replay("d", true)
	if got := l.final(again); got.Result != ResultDead {
		t.Fatalf("%s ended %+v", again, got)
	}
	if third := l.replay(again, true); third != "d~3" {
		t.Errorf("the replay of %s is %s", again, third)
	} else if got := l.final(third); got.Result != ResultAccepted {
		t.Errorf("%s ended %+v", third, got)
	}
}

func TestReplayRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	l.publish(attach("bad", "post/P1", string(make([]byte, 60))))
	l.publish(attach("late", "post/P1", "one", map[string]any{"expiresat": "2020-01-01T00:00:00Z"}))
	l.publishRaw("kenar.events.post.P1", "", []byte("garbage"))
	l.drained() // at admission the outcome comes before the dead letter
	for id, want := range map[string]ReasonCode{"bad": InvalidWidgets, "late": Expired} {
		_, err := l.client.Prepare(l.deadRecords(DeadFilter{})[id], false)
		if r, ok := errors.AsType[*Reason](err); !ok || r.Code != want {
			t.Errorf("replay of %s: %v, want %s", id, err, want)
		}
	}
	all := l.deadRecords(DeadFilter{})
	if len(all) != 3 {
		t.Fatalf("dead letters %v", all)
	}
	for id, r := range all {
		if id == "bad" || id == "late" {
			continue
		}
		if _, err := l.client.Prepare(r, false); err == nil {
			t.Error("garbage can be replayed")
		}
		must(t, l.client.Drop(t.Context(), r))
	}
	for f, want := range map[string]DeadFilter{
		"by reason": {Reasons: []ReasonCode{Expired}}, "by id": {IDs: []string{"late"}},
		"by kind and key": {Kinds: []Kind{KindPost}, Key: "P1", Reasons: []ReasonCode{Expired, Forbidden}},
	} {
		if got := l.deadRecords(want); len(got) != 1 || got["late"].EventID == "" {
			t.Errorf("%s: %v", f, got)
		}
	}
	if got := l.deadRecords(DeadFilter{Since: time.Now().Add(time.Hour)}); len(got) != 0 {
		t.Errorf("of the future: %v", got)
	}
	if got := l.deadRecords(DeadFilter{}); len(got) != 2 {
		t.Errorf("after the drop: %v", got)
	}
}

// A replay is priced by targets, since of several versions one is sent, and
// behind what waits already.
func TestPriceOf(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	var replays []Replay
	for i := range 8 {
		replays = append(replays, Replay{Lane: PostCreate, Target: Target{KindPost, fmt.Sprint(i / 2)}})
	}
	replays = append(replays, Replay{Lane: PostDelete, Target: Target{KindPost, "1"}})
	s := Status{Workers: []WorkerStatus{{}}, Lanes: []LaneStatus{
		{Lane: PostCreate, WaitingNormal: 3, Windows: []Window{{Every: 7 * 24 * time.Hour, Limit: 5, Known: true, Spent: 0, Free: 5}}},
		{Lane: PostDelete},
	}}
	got := PriceOf(replays, s, now)
	if len(got) != 2 || got[0].Calls != 4 || !got[0].Done.Equal(now.Add(7*24*time.Hour)) || got[1].Calls != 1 || !got[1].Done.Equal(now) {
		t.Errorf("prices %+v", got)
	}
	s.Workers = nil
	if got := PriceOf(replays, s, now); !got[0].Done.IsZero() {
		t.Errorf("a date although no worker answered: %+v", got)
	}
}

// The queued outcome tells place and time.
func TestQueuedOutcome(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(func(s *settings) { s.limits = "ADD_ON_CREATE=2/1h" })
	for i := range 2 {
		l.publish(attach(fmt.Sprintf("e%d", i), fmt.Sprintf("post/P%d", i), "one"))
		l.final(fmt.Sprintf("e%d", i))
	}
	l.publish(attach("w1", "post/W1", "one"))
	l.queuedAt("w1")
	<-time.After(forecastFresh) // the forecast looks again only then
	l.publish(attach("w2", "post/W2", "one"))
	if w := l.queuedAt("w2"); w.Position != 2 || time.Until(w.ETA) < 50*time.Minute || time.Until(w.ETA) > 70*time.Minute {
		t.Errorf("w2: position %d, ETA in %s", w.Position, time.Until(w.ETA))
	}
	l.publish(attach("w3", "post/W3", "one", map[string]any{"priority": "urgent"}))
	if w := l.queuedAt("w3"); w.Position != 1 {
		t.Errorf("w3 is urgent: position %d", w.Position)
	}
}

func (l *lab) queuedAt(id string) OutcomeData {
	l.t.Helper()
	var e OutcomeEvent
	l.eventually("queued outcome of "+id, func() bool {
		m, err := l.stream(OutcomeStream).GetLastMsgForSubject(l.t.Context(), queuedSubjectPrefix+id)
		if err != nil {
			return false
		}
		must(l.t, json.Unmarshal(m.Data, &e))
		return true
	})
	return e.Data
}
