package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// texts returns the title of each add-on call in order of arrival.
func (l *lab) texts(target string) []string {
	var all []string
	for _, c := range l.kenar.CallsFor(target) {
		if c.Op == kenartest.GetPost {
			continue
		}
		text := string(c.Op)
		if _, after, ok := strings.Cut(string(c.Body), `"text":"`); ok {
			text, _, _ = strings.Cut(after, `"`)
		}
		all = append(all, text)
	}
	return all
}

func revision(n int) map[string]any { return map[string]any{"revision": fmt.Sprint(n)} }

// Several results for one ad that wait together are worth one call: the
// newest goes in the place of the oldest.
func TestNewestInOldestPlace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		events []map[string]any
		sent   string // the id whose content is sent
	}{
		"by arrival": {[]map[string]any{
			attach("a", "post/P1", "one"), attach("b", "post/P1", "two"), attach("c", "post/P1", "three"),
		}, "c"},
		"by revision, shuffled": {[]map[string]any{
			attach("a", "post/P1", "one", revision(1)), attach("c", "post/P1", "three", revision(3)), attach("b", "post/P1", "two", revision(2)),
		}, "c"},
		"the newest is urgent": {[]map[string]any{
			attach("a", "post/P1", "one"), attach("b", "post/P1", "two", map[string]any{"priority": "urgent"}),
		}, "b"},
		"the newest is normal, the older urgent": {[]map[string]any{
			attach("a", "post/P1", "one", map[string]any{"priority": "urgent"}), attach("b", "post/P1", "two"),
		}, "b"},
		"a removal makes what is queued pointless": {[]map[string]any{
			attach("a", "post/P1", "one"), event("b", TypeDetach, "post/P1", map[string]any{}),
		}, "b"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kenartest.Config{})
			// Admitted while no lane runs: they wait together.
			l.queue(tt.events...)
			l.resume()
			for _, e := range tt.events {
				id := fmt.Sprint(e["id"])
				got := l.final(id)
				if id == tt.sent && got.Result != ResultAccepted || id != tt.sent && (got.Result != ResultSuperseded || got.SupersededBy == "" || got.SupersededBy == id) {
					t.Errorf("%s ended %s by %q", id, got.Result, got.SupersededBy)
				}
			}
			l.drained()
			if n := len(l.kenar.Calls()); n != 1 {
				t.Errorf("%d calls, want 1: %v", n, l.kenar.Calls())
			}
		})
	}
}

// queue admits events while all lanes are paused, and leaves them so.
func (l *lab) queue(events ...map[string]any) {
	l.t.Helper()
	w, stop := l.worker(nil)
	for _, lane := range Lanes() {
		must(l.t, w.cfg.Limiter.Bucket(string(lane)).Pause(l.t.Context(), testPause()))
	}
	l.publish(events...)
	l.eventually("everything is admitted", func() bool {
		s, err := l.js.Stream(l.t.Context(), EventStream)
		must(l.t, err)
		return s.CachedInfo().State.Msgs == 0
	})
	stop()
}

// resume runs a worker and ends the pause of all lanes.
func (l *lab) resume() {
	l.t.Helper()
	w, _ := l.worker(nil)
	for _, lane := range Lanes() {
		must(l.t, w.cfg.Limiter.Bucket(string(lane)).Resume(l.t.Context()))
	}
}

func testPause() ratelimit.Pause {
	return ratelimit.Pause{Until: time.Now().Add(time.Hour), Reason: "the test says so"}
}

// An older result that comes after a newer one was sent is never sent.
func TestNeverOlderAfterNewer(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	l.publish(attach("new", "post/P1", "new", revision(7)))
	l.final("new")
	l.publish(attach("old", "post/P1", "old", revision(6)))
	if got := l.final("old"); got.Result != ResultSuperseded || got.SupersededBy != "new" {
		t.Errorf("old ended %+v", got)
	}
	l.publish(attach("same", "post/P1", "new", revision(8)))
	if got := l.final("same"); got.Result != ResultUnchanged {
		t.Errorf("the same content again ended %+v", got)
	}
	l.publish(attach("between", "post/P1", "between", revision(7)))
	if got := l.final("between"); got.Result != ResultSuperseded {
		t.Errorf("an event older than an unchanged one ended %+v", got)
	}
	if got := l.texts("post/P1"); !slices.Equal(got, []string{"new"}) {
		t.Errorf("sent %q", got)
	}
}

// A newer result that Kenar refuses does not take the older one with it, and
// one that may have been applied makes "unchanged" impossible.
func TestRefusedNewerDoubtfulNewer(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(func(s *settings) { s.cfg.MaxAttempts = 1 })
	l.publish(attach("a", "post/P1", "one", revision(1)))
	l.final("a")
	l.kenar.Script(kenartest.Fault{Status: 400, Body: `{"code":3,"message":"no"}`})
	l.publish(attach("c", "post/P1", "three", revision(3)))
	if got := l.final("c"); got.Result != ResultDead || got.Reason.Code != Rejected {
		t.Fatalf("c ended %+v", got)
	}
	l.publish(attach("b", "post/P1", "two", revision(2)))
	if got := l.final("b"); got.Result != ResultAccepted {
		t.Errorf("b, older than the refused c, ended %+v", got)
	}
	l.kenar.Script(kenartest.Fault{LoseAnswer: true})
	l.publish(attach("d", "post/P1", "four", revision(4)))
	if got := l.final("d"); got.Result != ResultDead || got.Reason.Code != AttemptsExhausted {
		t.Fatalf("d ended %+v", got)
	}
	l.publish(attach("e", "post/P1", "two", revision(5)))
	if got := l.final("e"); got.Result != ResultAccepted {
		t.Errorf("e has the content of b, but d may have been applied in between; it ended %+v", got)
	}
}

func TestSameIDAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	l.publish(attach("a", "post/P1", "one"))
	l.final("a")
	// Past the deduplication of the inbox, which is by header.
	again := func(subject, body string) {
		t.Helper()
		_, err := l.js.Publish(t.Context(), subject, []byte(body), jetstream.WithMsgID(fmt.Sprint(time.Now().UnixNano())))
		must(t, err)
	}
	again("kenar.events.post.P1", `{"specversion":"1.0","id":"a","source":"s","type":"kenar.addon.attach.v1","subject":"post/P1","data":{"widgets":[{"title_row":{"text":"other"}}]}}`)
	again("kenar.events.post.P2", `{"specversion":"1.0","id":"a","source":"s","type":"kenar.addon.attach.v1","subject":"post/P2","data":{"widgets":[{"title_row":{"text":"other"}}]}}`)
	again("kenar.events.post.P2", `{"specversion":"1.0","id":"a","source":"s","type":"what.is.this","subject":"post/P2","data":{}}`)
	l.drained()
	l.publish(event("bad", "what.is.this", "post/P1", map[string]any{}))
	if got := l.final("bad"); got.Reason == nil || got.Reason.Code != UnknownType {
		t.Errorf("bad ended %+v", got)
	}
	again("kenar.events.post.P2", `{"specversion":"1.0","id":"bad","source":"s","type":"kenar.addon.attach.v1","subject":"post/P2","data":{"widgets":[{"title_row":{"text":"other"}}]}}`)
	l.drained()
	if n := len(l.kenar.Calls()); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	if d := l.dead(); len(d) != 1 {
		t.Errorf("dead letters %v, want that of bad only", d)
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	l.publish(attach("late", "post/P1", "one", map[string]any{"expiresat": "2020-01-01T00:00:00Z"}))
	if got := l.final("late"); got.Result != ResultDead || got.Reason.Code != Expired {
		t.Errorf("ended %+v", got)
	}
	if n := l.kenar.Count(); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// The id of a user add-on is the only handle for its removal: it is kept, and
// told in the outcome.
func TestUserAddon(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	l.publish(event("gone", TypeDetach, "user/u0", map[string]any{}))
	if got := l.final("gone"); got.Result != ResultDead || got.Reason.Field != "data.addon_id" {
		t.Errorf("removal of an unknown add-on ended %+v", got)
	}
	l.publish(attach("make", "user/u1", "one"))
	made := l.final("make")
	if made.Result != ResultAccepted || made.AddonID == "" {
		t.Fatalf("make ended %+v", made)
	}
	l.publish(event("take", TypeDetach, "user/u1", map[string]any{}))
	if got := l.final("take"); got.Result != ResultAccepted || got.Lane != UserDelete {
		t.Errorf("take ended %+v", got)
	}
	if calls := l.kenar.CallsFor("addon/" + made.AddonID); len(calls) != 1 || calls[0].Status != 200 {
		t.Errorf("removals of %s: %v", made.AddonID, calls)
	}
}

// A retry is carried out by the stream, survives the worker, and its history
// is told.
func TestRetryOutlivesWorker(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	slow := func(s *settings) { s.cfg.Backoff = Backoff{Min: time.Second, Max: time.Second} }
	_, stop := l.worker(slow)
	l.kenar.Script(kenartest.Fault{Status: 503, Body: "<html>down</html>", ContentType: "text/html"})
	l.publish(attach("a", "post/P1", "one"))
	l.eventually("the first call", func() bool { return l.kenar.Count() == 1 })
	l.eventually("the retry is scheduled", func() bool {
		s, err := l.js.Stream(t.Context(), RetryStream)
		must(t, err)
		return s.CachedInfo().State.Msgs == 1
	})
	stop()
	l.worker(slow)
	if got := l.final("a"); got.Result != ResultAccepted || got.Attempts != 2 {
		t.Errorf("ended %+v", got)
	}
}

// The post check saves the call for a post that is gone, and an unknown one
// where it is required; it costs nothing of the lane's budget.
func TestPostCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mode   Preflight
		post   string
		result Result
		reason ReasonCode
		calls  int // to the add-on endpoint
	}{
		{PreflightOff, "unknown", ResultAccepted, "", 1},
		{PreflightWarn, "there", ResultAccepted, "", 1},
		{PreflightWarn, "unknown", ResultAccepted, "", 1},
		{PreflightWarn, "retired", ResultDead, PostRetired, 0},
		{PreflightRequire, "there", ResultAccepted, "", 1},
		{PreflightRequire, "unknown", ResultDead, PostNotFound, 0},
		{PreflightRequire, "retired", ResultDead, PostRetired, 0},
	}
	for _, tt := range tests {
		t.Run(string(tt.mode)+" "+tt.post, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kenartest.Config{})
			l.kenar.AddPost(kenartest.Post{Token: "there"}, kenartest.Post{Token: "retired", State: "RETIRED"})
			l.worker(func(s *settings) {
				s.limits, s.cfg.Preflight = "ADD_ON_CREATE=100/168h; GET_POST=10000/168h", tt.mode
				s.timing = defaultTiming(s.cfg.Timeout)
				s.timing.recheck, s.timing.patience = time.Hour, 0
			})
			l.publish(attach("a", "post/"+tt.post, "one"))
			got := l.final("a")
			if got.Result != tt.result || got.Reason != nil && got.Reason.Code != tt.reason {
				t.Errorf("ended %+v", got)
			}
			if n := len(l.texts("post/" + tt.post)); n != tt.calls {
				t.Errorf("%d calls, want %d", n, tt.calls)
			}
		})
	}
}

// A post in review cannot be read yet: it is looked up again and again, its
// event gives way to others and to newer ones, and is sent once the post is
// there.
func TestPostInReview(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.kenar.AddPost(kenartest.Post{Token: "there"})
	l.worker(func(s *settings) {
		s.limits, s.cfg.Preflight, s.cfg.Concurrency = "ADD_ON_CREATE=100/168h; GET_POST=10000/168h", PreflightRequire, 1
		s.timing = defaultTiming(s.cfg.Timeout)
		s.timing.recheck, s.timing.patience = 100*time.Millisecond, time.Hour
	})
	l.publish(attach("early", "post/later", "one"), attach("never", "post/gone", "one"))
	l.publish(attach("other", "post/there", "one"))
	if got := l.final("other"); got.Result != ResultAccepted {
		t.Errorf("another event ended %+v", got)
	}
	l.eventually("the post is looked up again", func() bool { return l.looked("later") >= 3 })
	l.publish(attach("newer", "post/later", "two"))
	l.eventually("the newer is looked at", func() bool { return l.looked("later") >= 5 })
	l.kenar.AddPost(kenartest.Post{Token: "later"})
	if got := l.final("newer"); got.Result != ResultAccepted || got.Attempts != 1 {
		t.Errorf("ended %+v", got)
	}
	if got := l.final("early"); got.Result != ResultSuperseded || got.SupersededBy != "newer" {
		t.Errorf("the older ended %+v", got)
	}
	if got := l.texts("post/later"); !slices.Equal(got, []string{"two"}) {
		t.Errorf("sent %q", got)
	}
}

// With PREFLIGHT=require a key that may not look posts up sends nothing: the
// lane says why, and goes on when the key may.
func TestCheckForbidden(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.kenar.AddPost(kenartest.Post{Token: "there"})
	l.kenar.Script(kenartest.Fault{Op: kenartest.GetPost, Status: 403, Body: `{"code":7,"message":"no permission"}`})
	w, _ := l.worker(func(s *settings) {
		s.limits, s.cfg.Preflight = "ADD_ON_CREATE=100/168h; GET_POST=10000/168h", PreflightRequire
	})
	bucket := w.cfg.Limiter.Bucket(string(PostCreate))
	l.publish(attach("a", "post/there", "one"))
	l.eventually("the lane is paused", func() bool {
		all, err := w.cfg.Limiter.Status(t.Context())
		must(t, err)
		return slices.ContainsFunc(all, func(s ratelimit.Status) bool {
			return s.Permission == string(PostCreate) && strings.Contains(s.PauseReason, "GET_POST")
		})
	})
	if n := len(l.texts("post/there")); n != 0 {
		t.Errorf("%d calls were made", n)
	}
	must(t, bucket.Resume(t.Context()))
	if got := l.final("a"); got.Result != ResultAccepted || got.Attempts != 1 {
		t.Errorf("ended %+v", got)
	}
}

// A token that Kenar does not even look up is like one that it does not know:
// it is asked for again, at last a dead letter, and in nobody's way.
func TestPostCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.kenar.AddPost(kenartest.Post{Token: "there"})
	l.kenar.Script(kenartest.Fault{Op: kenartest.GetPost, Target: "post/odd", Status: 400, Body: `{"code":3,"message":"bad token"}`, Times: -1})
	l.worker(func(s *settings) {
		s.limits, s.cfg.Preflight = "ADD_ON_CREATE=100/168h; GET_POST=10000/168h", PreflightRequire
		s.timing = defaultTiming(s.cfg.Timeout)
		s.timing.recheck, s.timing.patience = 50*time.Millisecond, 300*time.Millisecond
	})
	l.publish(attach("odd", "post/odd", "one"), attach("good", "post/there", "one"))
	if got := l.final("good"); got.Result != ResultAccepted {
		t.Errorf("ended %+v", got)
	}
	if got := l.final("odd"); got.Result != ResultDead || got.Reason.Code != PostNotFound || !strings.Contains(got.Reason.Message, "bad token") {
		t.Errorf("ended %+v", got)
	}
	if n := l.looked("odd"); n < 2 {
		t.Errorf("looked %d times", n)
	}
}

// looked is how often a post was looked up.
func (l *lab) looked(post string) (n int) {
	for _, c := range l.kenar.CallsFor("post/" + post) {
		if c.Op == kenartest.GetPost {
			n++
		}
	}
	return n
}
