package pipeline

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

func validateOnly() map[string]any { return map[string]any{"validateonly": true} }

// An event that is only to be validated is checked as any other, told of, and
// leaves nothing behind: no call, no queued work, no dead letter.
func TestValidateOnly(t *testing.T) {
	t.Parallel()
	l := newConsentLab(t)
	l.consent("good", "user-a", time.Hour, "POST_ADDON_CREATE.P1")
	l.run(func(s *settings) { s.cfg.Builder.RequireGrant = true })
	tests := map[string]struct {
		event  map[string]any
		result Result
		reason ReasonCode
		field  string
		lane   Lane
	}{
		"good":                  {attach("a1", "post/P1", "one", validateOnly(), granted("good")), ResultUnchanged, ValidateOnly, "", PostCreate},
		"good, said as text":    {attach("a2", "post/P1", "one", granted("good"), map[string]any{"validateonly": "true"}), ResultUnchanged, ValidateOnly, "", PostCreate},
		"a removal":             {event("a3", TypeDetach, "user/u1", map[string]any{}, validateOnly()), ResultUnchanged, ValidateOnly, "", UserDelete},
		"a bad envelope":        {attach("b1", "post/P1", "one", validateOnly(), map[string]any{"priority": "soon"}), ResultDead, InvalidEvent, "priority", ""},
		"bad widgets":           {attach("b2", "post/P1", strings.Repeat("x", 60), validateOnly(), granted("good")), ResultDead, InvalidWidgets, "widgets[0].title_row.text", ""},
		"an unknown type":       {event("b3", "what.is.this", "post/P1", map[string]any{}, validateOnly()), ResultDead, UnknownType, "type", ""},
		"expired":               {attach("b4", "post/P1", "one", validateOnly(), granted("good"), map[string]any{"expiresat": "2020-01-01T00:00:00Z"}), ResultDead, Expired, "expiresat", ""},
		"no grant":              {attach("b5", "post/P1", "one", validateOnly()), ResultDead, GrantMissing, "grantid", ""},
		"an unknown grant":      {attach("b6", "post/P1", "one", validateOnly(), granted("nobody")), ResultDead, GrantMissing, "grantid", ""},
		"the scope is not his":  {attach("b7", "post/P2", "one", validateOnly(), granted("good")), ResultDead, Forbidden, "grantid", ""},
		"another NATS subject":  {attach("b8", "post/P1", "one", validateOnly(), granted("good")), ResultDead, InvalidEvent, "subject", ""},
		"only to be sent after": {attach("c1", "post/P1", "sent", granted("good")), ResultAccepted, "", "", PostCreate},
	}
	for name, tt := range tests {
		if name == "another NATS subject" {
			raw, err := encode(tt.event)
			must(t, err)
			l.publishRaw("kenar.events.post.P3", "b8", raw)
		} else {
			l.publish(tt.event)
		}
	}
	for name, tt := range tests {
		id, _ := tt.event["id"].(string)
		got := l.final(id)
		var r Reason
		if got.Reason != nil {
			r = *got.Reason
		}
		if got.Result != tt.result || r.Code != tt.reason || r.Field != tt.field || got.Lane != tt.lane {
			t.Errorf("%s: ended %+v, reason %+v", name, got, r)
		}
	}
	l.drained()
	if d := l.dead(); len(d) > 0 {
		t.Errorf("dead letters %v", d)
	}
	if got := l.texts("post/P1"); len(got) != 1 || got[0] != "sent" {
		t.Errorf("sent %q", got)
	}
	for _, o := range l.outcomesOf("a1") {
		if o.Result == ResultQueued {
			t.Errorf("it was queued: %+v", o)
		}
	}
}

// outcomesOf are all outcomes of an event.
func (l *lab) outcomesOf(id string) (all []OutcomeData) {
	l.t.Helper()
	must(l.t, l.client.Outcomes(l.t.Context(), []string{id}, false, func(e OutcomeEvent) error {
		all = append(all, e.Data)
		return nil
	}))
	return all
}

// Its id is taken like any other: what comes later with the same one is a
// duplicate, and it is one of what came before.
func TestValidateOnlyTakesItsID(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	again := func(e map[string]any) {
		t.Helper()
		raw, err := encode(e)
		must(t, err)
		l.publishRaw("kenar.events.post.P1", "", raw) // past the deduplication of the inbox
	}
	l.publish(attach("a", "post/P1", "one", validateOnly()), attach("b", "post/P1", "two"))
	l.final("a")
	l.final("b")
	again(attach("a", "post/P1", "one"))
	again(attach("a", "post/P1", strings.Repeat("x", 60), validateOnly()))
	again(attach("b", "post/P1", "two", validateOnly()))
	l.drained()
	if got := l.final("b"); got.Result != ResultAccepted {
		t.Errorf("b ended %+v", got)
	}
	if got := l.texts("post/P1"); len(got) != 1 {
		t.Errorf("sent %q", got)
	}
	if got := l.outcomesOf("a"); len(got) != 1 || got[0].Result != ResultUnchanged {
		t.Errorf("outcomes of a: %+v", got)
	}
}

// Without an id nobody can be told, so the letter is kept as that of any
// other event.
func TestValidateOnlyWithoutID(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	l.publishRaw("kenar.events.post.P1", "", []byte(`{"specversion":"1.0","id":"a b","source":"s","type":"kenar.addon.attach.v1","subject":"post/P1","validateonly":true,"data":{}}`))
	l.drained()
	if d := l.dead(); len(d) != 1 {
		t.Errorf("dead letters %v, want one", d)
	}
}

// A worker that ends between the outcome and the ack leaves a message that the
// next one finds answered.
func TestValidateOnlyAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	w, _ := l.worker(nil)
	l.eventually("the worker has its parts", func() bool { return w.parts.Load() != nil })
	a := w.parts.Load().admitter
	for _, text := range []string{"one", strings.Repeat("x", 60)} {
		raw, err := encode(attach("e"+text[:1], "post/P1", text, validateOnly()))
		must(t, err)
		meta := &jetstream.MsgMetadata{NumDelivered: 1, Sequence: jetstream.SequencePair{Stream: 1000 + uint64(len(text))}}
		first, err := a.admit(t.Context(), "kenar.events.post.P1", raw, meta)
		must(t, err)
		second, err := a.admit(t.Context(), "kenar.events.post.P1", raw, meta)
		must(t, err)
		if first.result != second.result || first.reason.Code != second.reason.Code || second.result == resultDuplicate {
			t.Errorf("%s: first %+v, again %+v", text, first, second)
		}
		if n := len(l.outcomesOf(first.event)); n != 1 {
			t.Errorf("%d outcomes", n)
		}
	}
}
