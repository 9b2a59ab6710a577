package pipeline

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// patience is a timeout of calls that no call of these tests comes near.
const patience = 20 * time.Second

// What never reached Kenar is no attempt: one event alone outlives any outage
// of the way there, and its token comes back each time.
func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	l := newClassLab(t, patience)
	l.well()
	l.kenar.Refuse()
	l.client.CloseIdleConnections() // else the first call goes out on a dead one, and nobody knows how far
	id, target := l.send("")
	l.down(5)
	must(t, l.kenar.Accept())
	if got := l.final(id); got.Result != ResultAccepted || got.Attempts != 1 {
		t.Errorf("outcome %+v", got)
	}
	l.tokens(2) // of the two events that arrived
	if calls := l.kenar.CallsFor(target); len(calls) != 1 {
		t.Errorf("calls %v", calls)
	}
}

// down waits until the lane is down and has been probed some times.
func (l *classLab) down(probes int) {
	l.t.Helper()
	l.eventually("the lane is down and is probed", func() bool {
		for _, d := range l.w.parts.Load().dispatchers {
			d.health.mu.Lock()
			failures := d.health.failures
			d.health.mu.Unlock()
			if failures >= probes {
				return true
			}
		}
		return false
	})
}

// An event that was given up without having reached Kenar does not stand in
// the way of an older one of its target.
func TestNeverSentIsNotNewer(t *testing.T) {
	t.Parallel()
	l := newClassLab(t, patience)
	l.kenar.Refuse()
	soon := time.Now().Add(1500 * time.Millisecond).UTC().Format(time.RFC3339Nano)
	l.publish(attach("new", "post/AZir15UU", "دوم", map[string]any{"revision": "2", "expiresat": soon}))
	if got := l.final("new"); got.Result != ResultDead || got.Reason.Code != Expired {
		t.Fatalf("outcome of the newer one: %+v", got)
	}
	must(t, l.kenar.Accept())
	l.publish(attach("old", "post/AZir15UU", "اول", map[string]any{"revision": "1"}))
	if got := l.final("old"); got.Result != ResultAccepted {
		t.Errorf("outcome of the older one: %+v, want accepted: nothing newer was ever sent", got)
	}
}

// Three refusals of different users in a row: the key is the suspect. The
// third event does not die of it.
func TestForbiddenInARow(t *testing.T) {
	t.Parallel()
	l := newClassLab(t, patience)
	l.kenar.Script(kenartest.Fault{Status: 403, Body: `{"code":7,"message":"permission denied"}`, Times: 3})
	for range 2 {
		id, _ := l.send("")
		if got := l.final(id); got.Result != ResultDead || got.Reason.Code != Forbidden {
			t.Errorf("outcome of %s: %+v", id, got)
		}
	}
	id, target := l.send("")
	l.liftPause(PostCreate, target, classCase{pause: 450 * time.Second, because: "3 refusals (403) in a row"})
	if got := l.final(id); got.Result != ResultAccepted || got.Attempts != 1 {
		t.Errorf("outcome %+v", got)
	}
	l.tokens(4)
	if n := len(l.dead()); n != 2 {
		t.Errorf("%d dead letters, want 2", n)
	}
}

// crowd is how many events are out when an outage begins.
const crowd = 8

// Kenar is down for everyone, and for longer than all events together have
// attempts. No event dies, one call at a time finds out, and all leave when it
// is back.
func TestOutageBurnsNothing(t *testing.T) {
	t.Parallel()
	l := newClassLab(t, patience)
	const lasts = 20 * time.Millisecond // each call, at Kenar
	var arrived atomic.Int32
	all, back := make(chan struct{}), make(chan struct{})
	l.kenar.SetFaultFunc(func(kenartest.Call) (f kenartest.Fault, ok bool) {
		if arrived.Add(1) == crowd {
			close(all)
		}
		wait(t, all) // so that they fail together
		select {
		case <-back:
			return f, false
		default:
			return kenartest.Fault{Status: 503, Body: "<html>", Delay: lasts}, true
		}
	})
	var ids []string
	for range crowd {
		id, _ := l.send("")
		ids = append(ids, id)
	}
	const probes = 3*crowd + 1 // more than all attempts
	l.eventually("more calls failed than there are attempts", func() bool { return l.kenar.Count() >= crowd+probes })
	if dead := l.dead(); len(dead) != 0 {
		t.Errorf("events died of the outage: %v", dead)
	}
	for i, calls := crowd, l.kenar.Calls(); i+1 < len(calls); i++ {
		if gap := calls[i+1].At.Sub(calls[i].At); gap < lasts {
			t.Errorf("probe %d came %s after the one before, which took %s", i-crowd+2, gap, lasts)
		}
	}
	close(back)
	attempts := 0
	for _, id := range ids {
		got := l.final(id)
		if got.Result != ResultAccepted {
			t.Errorf("outcome of %s: %+v", id, got)
		}
		attempts += got.Attempts
	}
	// Each was sent once, and the first two failures could have been the
	// events' own.
	if attempts != crowd+2 {
		t.Errorf("%d attempts were used in all, want %d", attempts, crowd+2)
	}
	l.tokens(l.kenar.Count())
	l.drained()
}

// Calls that were out when a lane broke down end while a probe is out. They
// do not let another one out beside it.
func TestOutageOneProbeAtATime(t *testing.T) {
	t.Parallel()
	l := newClassLab(t, patience)
	var arrived atomic.Int32
	all, late, answer := make(chan struct{}), make(chan struct{}), make(chan struct{})
	l.kenar.SetFaultFunc(func(kenartest.Call) (kenartest.Fault, bool) {
		failure := kenartest.Fault{Status: 503}
		switch n := arrived.Add(1); {
		case n == crowd:
			close(all)
			return failure, true
		case n < outageAfter: // with the one above they open the breaker
			wait(t, all)
			return failure, true
		case n < crowd: // still out by then
			wait(t, late)
			return failure, true
		}
		wait(t, answer) // a probe
		return kenartest.Fault{}, false
	})
	var ids []string
	for range crowd {
		id, _ := l.send("")
		ids = append(ids, id)
	}
	// A probe may come before the late ones have ended, or only after that.
	l.arrivals(&arrived, crowd+1)
	close(late)
	l.arrivals(&arrived, crowd+2)
	if n := arrived.Load() - crowd; n > 1 {
		t.Errorf("%d probes are out at once", n)
	}
	close(answer)
	for _, id := range ids {
		if got := l.final(id); got.Result != ResultAccepted {
			t.Errorf("outcome of %s: %+v", id, got)
		}
	}
}

// arrivals waits until n calls have arrived, or for several times the longest
// delay until a probe is due.
func (l *classLab) arrivals(arrived *atomic.Int32, n int32) {
	ctx, cancel := context.WithTimeout(l.t.Context(), 300*time.Millisecond)
	defer cancel()
	for tick := time.Tick(5 * time.Millisecond); ctx.Err() == nil && arrived.Load() < n; {
		select {
		case <-tick:
		case <-ctx.Done():
		}
	}
}

// wait waits for a channel to be closed, or for the end of the test.
func wait(t *testing.T, c <-chan struct{}) {
	select {
	case <-c:
	case <-t.Context().Done():
	}
}

// The outage of a lane whose last event ended meanwhile is told no longer, in
// the metrics and in the status.
func TestOutageOfAnIdleLane(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.kenar.Refuse()
	reg := prometheus.NewPedanticRegistry()
	l.worker(func(s *settings) { s.cfg.Registry = reg })
	const name = `outage_start_timestamp_seconds{lane="ADD_ON_CREATE"}`
	down := func() bool { return scrape(t, reg, "outage_start_timestamp_seconds")[name] > 0 }
	l.publish(attach("brief", "post/P1", "one", map[string]any{"expiresat": time.Now().Add(3 * time.Second).UTC().Format(time.RFC3339Nano)}))
	l.eventually("the lane is down", down)
	if got := l.final("brief"); got.Result != ResultDead || got.Reason.Code != Expired {
		t.Errorf("outcome %+v", got)
	}
	l.eventually("nobody tells of the outage", func() bool {
		s, err := l.client.Status(t.Context())
		must(t, err)
		told := slices.ContainsFunc(s.Lanes, func(x LaneStatus) bool { return !x.OutageSince.IsZero() })
		return !told && !down()
	})
}
