package pipeline

import (
	"fmt"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A worker dies at every step between an event and the end of all that follows
// it, and the next one goes on: each listing is submitted once, paid for once,
// and gets its add-on and its button.
func TestListingCrash(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.SetBalance("", 100*flatPrice)
	m.takenOver()
	var ids []string
	for i, tt := range []struct {
		step   string
		passes int64 // at each of them, of workers of their own
		fault  kenartest.Fault
	}{
		{step: "built", passes: 1},
		{step: "claimed", passes: 1},
		{step: "enqueued", passes: 1},
		{step: "admitted", passes: 1},
		// The submission is first, the payment second, then the follow-ups.
		{step: "ahead", passes: 2},
		{step: "prepared", passes: 2},
		{step: "intent", passes: 2},
		{step: "recorded", passes: 1},
		{step: "spent", passes: 2},
		{step: "called", passes: 2},
		{step: "owned", passes: 1},
		{step: "created", passes: 1},
		{step: "transaction", passes: 1},
		{step: "paid", passes: 1},
		{step: "followed", passes: 3},
		{step: "settled", passes: 1},
		{step: "outcome", passes: 1},
		{step: "acked", passes: 2},
		{step: "settled", passes: 1, fault: kenartest.Fault{Op: kenartest.SubmitUserPost, Status: 503}},
		{step: "parked", passes: 1, fault: kenartest.Fault{Op: kenartest.SubmitUserPost, LoseAnswer: true}},
		{step: "parked", passes: 1, fault: kenartest.Fault{Op: kenartest.PublishPost, LoseAnswer: true}},
		{step: "released", passes: 1, fault: kenartest.Fault{Op: kenartest.PublishPost, Status: 401, Body: `{"code":16}`}},
	} {
		for pass := range tt.passes {
			id := fmt.Sprintf("e%d-%d", i, pass)
			data := map[string]any{"model": "user"}
			if tt.fault.Op == "" && i%2 == 1 {
				data["model"] = "provider"
			} else if tt.fault.Op != "" {
				m.kenar.Script(tt.fault)
			}
			m.publish(submit(id, id, pictured(titled(id, followed(data)), byte(len(ids)))))
			ids = append(ids, id, id+"+addon", id+"+button")
			if !m.crash(tt.step, pass+1, ids...) {
				t.Errorf("no worker died at pass %d of step %s", pass+1, tt.step)
			}
		}
	}
	m.publish(submit("dear", "dear", titled("dear", pays(1))))
	if !m.crash("dead letter", 1, "dear") {
		t.Error("no worker died at a dead letter")
	}
	m.run(brisk)
	finals := m.settled(append(ids, "dear")...)
	m.allAccepted(finals, ids...)
	m.wantDead("dear", PaymentFailed, "more than the 1 allowed")
	if counted, spent := int64(m.counted()), m.kenar.Books("").Completed; counted != spent {
		t.Errorf("%d rials are counted, %d were spent", counted, spent)
	}
	if n := len(m.kenar.Submitted()); n != len(ids)/3+1 {
		t.Errorf("%d posts, want %d", n, len(ids)/3+1)
	}
}
