package pipeline

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// What waits longest leaves first, also when more keeps coming while the
// lane looks through what it has.
func TestOldestFirst(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	w, _ := l.worker(func(s *settings) { s.limits = "ADD_ON_CREATE=100/168h"; s.cfg.Concurrency = 1 })
	bucket := w.cfg.Limiter.Bucket(string(PostCreate))
	must(t, bucket.Pause(t.Context(), testPause()))
	const n = 24
	for i := range n {
		id := fmt.Sprintf("e%02d", i)
		l.publish(attach(id, fmt.Sprintf("post/P%02d", i), "one"))
		l.queuedAt(id) // in order
	}
	// A token that comes while an event is looked at goes to the next one.
	l.eventually("all are looked through", func() bool { return w.parts.Load().dispatchers[0].lookedThrough() >= n })
	must(t, bucket.Resume(t.Context()))
	_, err := l.kenar.WaitCalls(t.Context(), n)
	must(t, err)
	var got []string
	for _, c := range l.kenar.Calls() {
		got = append(got, c.Target)
	}
	if !slices.IsSorted(got) {
		t.Errorf("calls in the order %v", got)
	}
}

// The newest in the oldest's place must itself be newer than everything that
// was attempted: with and without revisions, newer is not transitive.
func TestNewestIsNotStale(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	_, stop := l.worker(nil)
	l.publish(attach("r5", "post/P1", "five", revision(5)))
	l.final("r5")
	stop()
	l.queue(attach("bare", "post/P1", "bare"))
	l.queue(attach("r4", "post/P1", "four", revision(4)))
	l.resume()
	l.final("bare")
	if got := l.final("r4"); got.Result != ResultSuperseded {
		t.Errorf("r4 ended %+v", got)
	}
	if got := l.texts("post/P1"); slices.Contains(got, "four") {
		t.Errorf("revision 4 was sent after 5: %q", got)
	}
}

// Events that always fail must not keep the others of their lane from being
// tried, whatever it is that Kenar answers.
func TestTroubleDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 401, 403} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kenartest.Config{})
			l.kenar.SetFaultFunc(func(c kenartest.Call) (kenartest.Fault, bool) {
				return kenartest.Fault{Status: status, Body: `{}`}, strings.Contains(c.Target, "bad")
			})
			w, _ := l.worker(func(s *settings) { s.cfg.MaxAttempts, s.cfg.Concurrency = 3, 1 })
			bucket := w.cfg.Limiter.Bucket(string(PostCreate))
			must(t, bucket.Pause(t.Context(), testPause()))
			for i := range 4 {
				l.publish(attach(fmt.Sprintf("bad%d", i), fmt.Sprintf("post/bad%d", i), "one"))
			}
			for i := range 4 {
				l.publish(attach(fmt.Sprintf("good%d", i), fmt.Sprintf("post/good%d", i), "one"))
			}
			l.eventually("all wait", func() bool {
				ready, _ := w.parts.Load().dispatchers[0].inHand()
				return ready == 8
			})
			must(t, bucket.Resume(t.Context()))
			for i := range 4 {
				id := fmt.Sprintf("good%d", i)
				l.eventually("outcome of "+id, func() bool {
					// An operator who ends each pause at once: what is left is
					// the order of the events.
					must(t, bucket.Resume(t.Context()))
					f, err := l.client.Final(t.Context(), id)
					must(t, err)
					return f != nil && f.Data.Result == ResultAccepted
				})
			}
		})
	}
}

// While Kenar is down the check of the post is not repeated for each event.
func TestOutageSparesTheCheck(t *testing.T) {
	t.Parallel()
	for _, mode := range []Preflight{PreflightWarn, PreflightRequire} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kenartest.Config{})
			w, _ := l.worker(func(s *settings) {
				s.limits, s.cfg.Preflight, s.cfg.Concurrency = "GET_POST=10000/168h; ADD_ON_CREATE=100/168h", mode, 4
			})
			for i := range 20 {
				l.kenar.AddPost(kenartest.Post{Token: fmt.Sprintf("P%d", i)})
			}
			l.kenar.SetDown(true)
			for i := range 20 {
				l.publish(attach(fmt.Sprintf("e%d", i), fmt.Sprintf("post/P%d", i), "one"))
			}
			l.eventually("four probes failed", func() bool {
				h := w.parts.Load().dispatchers[0].health
				h.mu.Lock()
				defer h.mu.Unlock()
				return h.failures >= 4
			})
			if n := l.kenar.Count(); n > 4+4+2 { // in flight at first, then one at a time
				t.Errorf("%d calls during the outage", n)
			}
			l.kenar.SetDown(false)
			for i := range 20 {
				if got := l.final(fmt.Sprintf("e%d", i)); got.Result != ResultAccepted || got.Attempts != 1 {
					t.Errorf("e%d ended %+v", i, got)
				}
			}
		})
	}
}

// Refusals of calls that were out together are one pause, not many in a row.
func TestBurstOfRefusalsIsOnePause(t *testing.T) {
	at := time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)
	h := newHealth(func() time.Time { return at }, func(int) time.Duration { return time.Minute })
	var rows []int
	refuse := func() time.Time {
		return h.pause(func(row int) time.Duration {
			rows = append(rows, row)
			return time.Duration(row) * 10 * time.Minute
		})
	}
	first := refuse()
	for range 15 {
		if again := refuse(); !again.Equal(first) {
			t.Fatalf("paused until %s and %s", first, again)
		}
	}
	at = first
	if second := refuse(); second.Sub(first) != 20*time.Minute || !slices.Equal(rows, []int{1, 2}) {
		t.Errorf("the pause after it takes %s, pauses counted %v", second.Sub(first), rows)
	}
}

// Work kept waiting by due retries still lets urgent work have the tokens
// that are kept for it.
func TestReserveForUrgent(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(func(s *settings) { s.limits, s.cfg.Concurrency = "ADD_ON_CREATE=4/168h reserve 2", 1 })
	for i := range 4 {
		l.publish(attach(fmt.Sprintf("n%d", i), fmt.Sprintf("post/N%d", i), "one"))
	}
	_, err := l.kenar.WaitCalls(t.Context(), 2)
	must(t, err)
	for i := range 2 {
		id := fmt.Sprintf("u%d", i)
		l.publish(attach(id, fmt.Sprintf("post/U%d", i), "one", map[string]any{"priority": "urgent"}))
		if got := l.final(id); got.Result != ResultAccepted {
			t.Errorf("%s ended %+v", id, got)
		}
	}
	if n := l.kenar.Count(); n != 4 {
		t.Errorf("%d calls, want two normal and two urgent", n)
	}
}

// lookedThrough is how many events in hand were looked at and need a token.
func (d *dispatcher) lookedThrough() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, row := range d.ready {
		for _, x := range row {
			if x.screened {
				n++
			}
		}
	}
	return n
}
