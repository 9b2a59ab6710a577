package pipeline

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A bug that one event meets makes that event a dead letter; the lane goes on.
func TestPanic(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"prepared", "ahead"} {
		t.Run(step, func(t *testing.T) { t.Parallel(); panicAt(t, step) })
	}
}

func panicAt(t *testing.T, at string) {
	l := newLab(t, kenartest.Config{})
	var met atomic.Bool
	l.worker(func(s *settings) {
		s.step = func(step string) {
			if step == at && met.CompareAndSwap(false, true) {
				panic("a bug")
			}
		}
	})
	l.publish(event("bug", TypeAttach, "post/P1", illustratedData("one", tinyJPEG(1))))
	if got := l.final("bug"); got.Result != ResultDead || got.Reason.Code != CrashLoop {
		t.Errorf("ended %+v", got)
	}
	l.publish(attach("well", "post/P2", "one"))
	if got := l.final("well"); got.Result != ResultAccepted {
		t.Errorf("the event beside it ended %+v", got)
	}
	l.drained()
}

// A worker that was stopped or starved between the intent and the call must
// not send: its lease may be over before the call would be. Its token goes
// back, and the event is sent later.
func TestTooLateToSend(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	var starved atomic.Bool
	w, _ := l.worker(func(s *settings) {
		s.limits = "ADD_ON_CREATE=100/168h"
		s.timing = timing{timeout: time.Second, slack: time.Second, skew: 200 * time.Millisecond}
		s.step = func(step string) {
			if step == "recorded" && starved.CompareAndSwap(false, true) {
				<-time.After(time.Second) // the machine is somewhere else
			}
		}
	})
	l.publish(attach("a", "post/P1", "one"))
	if got := l.final("a"); got.Result != ResultAccepted || got.Attempts != 1 {
		t.Errorf("ended %+v", got)
	}
	if !starved.Load() || l.kenar.Count() != 1 {
		t.Errorf("starved: %t, %d calls", starved.Load(), l.kenar.Count())
	}
	l.eventually("one token is spent and none is held", func() bool {
		all, err := w.cfg.Limiter.Status(t.Context())
		must(t, err)
		return len(all) == 1 && all[0].Spent == 1 && all[0].Held == 0
	})
}

// An event that ended the worker each time it was handled is given up, but
// not one that was queued and whose ack was lost each time.
func TestCrashLoopAtAdmission(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	w, _ := l.worker(nil)
	a := w.parts.Load().admitter
	admit := func(id string, delivered, seq uint64) verdict {
		t.Helper()
		raw, err := encode(attach(id, "post/P1", "one"))
		must(t, err)
		v, err := a.admit(t.Context(), "kenar.events.post.P1", raw, &jetstream.MsgMetadata{
			NumDelivered: delivered, Sequence: jetstream.SequencePair{Stream: seq},
		})
		must(t, err)
		return v
	}
	if v := admit("poison", crashLoopAfter, 1001); v.result != ResultDead || v.reason.Code != CrashLoop {
		t.Errorf("poison: %+v", v)
	}
	if v := admit("poison", crashLoopAfter+1, 1001); v.result != ResultDead {
		t.Errorf("poison again: %+v", v)
	}
	if v := admit("poison", 1, 1003); v.result != resultDuplicate {
		t.Errorf("another message with the id of poison: %+v", v)
	}
	if v := admit("fine", 1, 1002); v.result != ResultQueued {
		t.Errorf("fine: %+v", v)
	}
	if v := admit("fine", crashLoopAfter, 1002); v.result != ResultQueued {
		t.Errorf("fine, its ack lost often: %+v", v)
	}
	if got := l.final("fine"); got.Result != ResultAccepted {
		t.Errorf("fine ended %+v", got)
	}
	l.drained()
	if d := l.dead(); len(d) != 1 || d["poison"].Reason.Code != CrashLoop {
		t.Errorf("dead letters %v", fmt.Sprint(d))
	}
	if n := l.kenar.Count(); n != 1 {
		t.Errorf("%d calls", n)
	}
}
