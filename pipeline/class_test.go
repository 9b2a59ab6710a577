package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// The facts of the client, and what the pipeline makes of them.
func TestClassify(t *testing.T) {
	status := func(n int) error { return &kenar.Error{Op: "create post add-on", Status: n} }
	says := func(n int, message string) error { return &kenar.Error{Status: n, Message: message} }
	unsent := func(err error) error { return &kenar.Error{NeverSent: true, Err: err} }
	tests := []struct {
		name  string
		err   error
		class Class
		// applied: Kenar may have carried the call out; unsent: the token of
		// the call can go back.
		applied, unsent bool
	}{
		{"success", nil, ClassAccepted, true, false},
		{"taken without an id", &kenar.Error{Status: 200, Err: kenar.ErrNoID}, ClassAccepted, true, false},
		{"taken with an odd answer", &kenar.Error{Status: 201, Err: kenar.ErrMalformed}, ClassAccepted, true, false},
		{"299", status(299), ClassAccepted, true, false},

		{"no answer", &kenar.Error{Err: io.ErrUnexpectedEOF}, ClassRetryable, true, false},
		{"timeout", &kenar.Error{Err: context.DeadlineExceeded}, ClassRetryable, true, false},
		{"never connected", unsent(errors.New("connection refused")), ClassRetryable, false, true},
		{"what no call can be made of", unsent(fmt.Errorf("%w: the body is empty", kenar.ErrInvalid)), ClassPermanent, false, true},
		{"a key that cannot be sent", unsent(fmt.Errorf("%w: it is empty", kenar.ErrAPIKey)), ClassRetryable, false, true},
		{"cancelled before it was sent", unsent(context.Canceled), ClassRetryable, false, true},
		{"an error of another kind", errors.New("disk full"), ClassRetryable, true, false},
		{"wrapped", fmt.Errorf("call: %w", status(404)), ClassPermanent, false, false},
		{"408", status(408), ClassRetryable, true, false},
		{"500", status(500), ClassRetryable, true, false},
		{"502", status(502), ClassRetryable, true, false},
		{"503", status(503), ClassRetryable, true, false},
		{"504", status(504), ClassRetryable, true, false},
		{"599", status(599), ClassRetryable, true, false},

		{"429", status(429), ClassRateLimited, false, false},
		{"429, whatever it says", says(429, "could not retrieve app from db"), ClassRateLimited, false, false},

		{"401", status(401), ClassAuth, false, false},
		{"412 of an unknown key", says(412, "could not retrieve app from db"), ClassAuth, false, false},
		{"412 of anything else", says(412, "message delivery failed"), ClassPermanent, false, false},
		{"412 without words", status(412), ClassPermanent, false, false},
		{"the words with another status", says(400, "could not retrieve app from db"), ClassPermanent, false, false},

		{"403", status(403), ClassForbidden, false, false},

		{"300", status(300), ClassOutage, false, false},
		{"302", status(302), ClassOutage, false, false},
		{"400", status(400), ClassPermanent, false, false},
		{"404", status(404), ClassPermanent, false, false},
		{"405", status(405), ClassPermanent, false, false},
		{"409", status(409), ClassPermanent, false, false},
		{"413", status(413), ClassPermanent, false, false},
		{"422", status(422), ClassPermanent, false, false},
		{"451", status(451), ClassPermanent, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := classify(tt.err); got != tt.class {
				t.Errorf("class %s, want %s", got, tt.class)
			}
			if got := mayBeApplied(tt.err); got != tt.applied {
				t.Errorf("may be applied: %t, want %t", got, tt.applied)
			}
			if got := neverSent(tt.err); got != tt.unsent {
				t.Errorf("never sent: %t, want %t", got, tt.unsent)
			}
		})
	}
}

// No status that Kenar could answer is without a class, and only one that
// leaves doubt about the effect is tried again.
func TestClassifyEveryStatus(t *testing.T) {
	for s := 200; s <= 999; s++ {
		err := &kenar.Error{Status: s}
		switch c := classify(err); {
		case (c == ClassOutage) != (s >= 300 && s < 400 || s == 407):
			t.Errorf("%d is %s", s, c)
		case (c == ClassRetryable) != (s == 408 || s >= 500):
			t.Errorf("%d is %s", s, c)
		case mayBeApplied(err) != (c == ClassAccepted || c == ClassRetryable):
			t.Errorf("%d, %s: may be applied is %t", s, c, mayBeApplied(err))
		}
	}
}

func TestAttemptOf(t *testing.T) {
	base := Attempt{At: noon, DurationMS: 7}
	tests := []struct {
		name string
		err  error
		want Attempt
	}{
		{"success", nil, base},
		{"answer", &kenar.Error{Op: "op", Status: 502, Body: "<html>"},
			Attempt{At: noon, DurationMS: 7, HTTPStatus: 502, BodyExcerpt: "<html>", Error: "op: Kenar answered 502 Bad Gateway; repeat it later"}},
		{"stopped", context.Canceled, Attempt{At: noon, DurationMS: 7, Error: "the worker stopped during the call"}},
		{"other", errors.New("disk full"), Attempt{At: noon, DurationMS: 7, Error: "disk full"}},
		{"long", errors.New(strings.Repeat("ک", 400)), Attempt{At: noon, DurationMS: 7, Error: strings.Repeat("ک", 250) + "…"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, base.of(tt.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A classCase is a row of the table of classes: what Kenar answers, and what
// becomes of the event, its attempts, its tokens and its lane.
type classCase struct {
	name   string
	target string            // default: a post of its own
	faults []kenartest.Fault // one for each call; after them Kenar is well

	result   Result
	status   int
	attempts int        // that the outcome tells
	reason   ReasonCode // of the dead letter
	message  string     // in it

	calls   int  // that reached Kenar; each of them spends its token
	applied bool // the first one had its effect, though its answer was lost

	// pause is how long the lane is stopped, 0 for not at all. The event then
	// waits, and is accepted once the pause is lifted. whole stops the app.
	pause   time.Duration
	whole   bool
	because string // in the reason of the pause
}

func classCases() []classCase {
	fault := func(f kenartest.Fault) []kenartest.Fault { return []kenartest.Fault{f} }
	status := func(n int, body string) []kenartest.Fault {
		return fault(kenartest.Fault{Status: n, Body: body})
	}
	header := func(name, value string) http.Header { return http.Header{name: {value}} }
	const html = "<html><h1>502 Bad Gateway</h1></html>"

	accepted := func(c classCase) classCase {
		c.result, c.attempts, c.calls = ResultAccepted, 1, 1
		if c.status == 0 {
			c.status = 200
		}
		return c
	}
	retried := func(c classCase) classCase { // fails once, then succeeds
		c.result, c.attempts, c.calls, c.status = ResultAccepted, 2, 2, 200
		return c
	}
	exhausted := func(c classCase) classCase { // fails each time
		c.faults[0].Times = 3
		c.result, c.attempts, c.calls, c.reason = ResultDead, 3, 3, AttemptsExhausted
		return c
	}
	rejected := func(c classCase) classCase {
		c.result, c.attempts, c.calls, c.reason = ResultDead, 1, 1, Rejected
		return c
	}
	paused := func(c classCase) classCase { // no attempt, but the token is gone
		c.result, c.attempts, c.calls, c.status = ResultAccepted, 1, 2, 200
		return c
	}
	return []classCase{
		accepted(classCase{name: "200"}),
		accepted(classCase{name: "200 and HTML", faults: status(200, html)}),
		accepted(classCase{name: "200 and nothing", faults: fault(kenartest.Fault{Status: 200})}),
		accepted(classCase{name: "200, cut off", faults: fault(kenartest.Fault{Truncate: true}), applied: true}),
		accepted(classCase{name: "201", faults: status(201, `{"id":"x"}`), status: 201}),
		accepted(classCase{name: "204", faults: fault(kenartest.Fault{Status: 204}), status: 204}),
		accepted(classCase{name: "200 for a user, without an id", target: "user/u1", faults: status(200, `{}`)}),

		retried(classCase{name: "500", faults: status(500, `{"code":13,"message":"internal"}`)}),
		retried(classCase{name: "502 and HTML", faults: fault(kenartest.Fault{Status: 502, Body: html, ContentType: "text/html"})}),
		retried(classCase{name: "408", faults: status(408, ``)}),
		retried(classCase{name: "reset", faults: fault(kenartest.Fault{Reset: true})}),
		retried(classCase{name: "closed", faults: fault(kenartest.Fault{CloseEarly: true})}),
		retried(classCase{name: "no answer in time", faults: fault(kenartest.Fault{Hang: true})}),
		retried(classCase{name: "applied, answer lost", faults: fault(kenartest.Fault{LoseAnswer: true}), applied: true}),
		retried(classCase{name: "applied, no answer in time", faults: fault(kenartest.Fault{LoseAnswer: true, Hang: true}), applied: true}),

		exhausted(classCase{name: "503 each time", faults: status(503, ``), status: 503, message: "3 attempts failed, the last with: create post add-on: Kenar answered 503"}),
		exhausted(classCase{name: "no answer each time", faults: fault(kenartest.Fault{CloseEarly: true}), message: "no answer"}),

		rejected(classCase{name: "400", faults: status(400, `{"code":3,"message":"widgets[0]: bad"}`), status: 400, message: "Kenar answered 400: widgets[0]: bad"}),
		rejected(classCase{name: "404", faults: status(404, `{"code":5,"message":"no such business"}`), status: 404, message: "no such business"}),
		rejected(classCase{name: "409", faults: status(409, `{}`), status: 409, message: "409 Conflict"}),
		rejected(classCase{name: "412", faults: status(412, `{"code":9,"message":"restricted"}`), status: 412, message: "Kenar answered 412: restricted"}),
		rejected(classCase{name: "422", faults: status(422, html), status: 422, message: "422"}),
		// Not Kenar's word: the lane waits, and the event is sent again.
		paused(classCase{name: "redirect", faults: fault(kenartest.Fault{Status: 302, Header: header("Location", "/login")})}),
		paused(classCase{name: "407", faults: status(407, html)}),

		{name: "403", faults: status(403, `{"code":7,"message":"one or more widgets not allowed"}`), status: 403,
			result: ResultDead, attempts: 1, calls: 1, reason: Forbidden, message: "one or more widgets not allowed"},

		paused(classCase{name: "429, seconds", faults: fault(kenartest.Fault{Status: 429, Header: header("Retry-After", "300")}),
			pause: 5 * time.Minute, because: "429"}),
		paused(classCase{name: "429, a date", faults: fault(kenartest.Fault{Status: 429, Header: header("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))}),
			pause: time.Hour, because: "429"}),
		paused(classCase{name: "429, the minute", faults: status(429, `{"code":8,"message":"minutely limit exceeded"}`),
			pause: time.Minute, whole: true, because: "minutely limit exceeded"}),
		paused(classCase{name: "429, the minute and seconds", faults: fault(kenartest.Fault{Status: 429, Body: `{"message":"per minute"}`, Header: header("Retry-After", "120")}),
			pause: 2 * time.Minute, whole: true}),
		// Nobody says until when: half of the first quarter of an hour, since
		// the jitter of the test is a half.
		paused(classCase{name: "429, the day", faults: status(429, `{"message":"daily quota exceeded"}`),
			pause: 450 * time.Second, whole: true, because: "daily quota"}),
		paused(classCase{name: "429, no word", faults: status(429, html), pause: 450 * time.Second, because: "429"}),

		paused(classCase{name: "401", faults: status(401, `{"code":16,"message":"invalid API key"}`), pause: 450 * time.Second, because: "KENAR_API_KEY"}),
		paused(classCase{name: "412 of an unknown key", faults: status(412, `{"code":9,"message":"could not retrieve app from db"}`),
			pause: 450 * time.Second, because: "KENAR_API_KEY"}),
	}
}

// A classLab is a lab whose lanes never run dry, with three attempts and a
// jitter of a half.
type classLab struct {
	*lab
	limiter *ratelimit.Limiter
	client  *kenar.Client
	seq     int
	w       *Worker
}

func newClassLab(t *testing.T, timeout time.Duration) *classLab {
	l := newLab(t, kenartest.Config{})
	w, _ := l.worker(func(s *settings) {
		s.limits = "ADD_ON_CREATE=1000/168h; USER_ADDON_CREATE=1000/168h"
		s.cfg.MaxAttempts, s.cfg.Timeout = 3, timeout
		s.cfg.Backoff = Backoff{Min: 5 * time.Millisecond, Max: 20 * time.Millisecond, Rand: func() float64 { return 0.5 }}
	})
	return &classLab{lab: l, limiter: w.cfg.Limiter, client: w.cfg.Client, w: w}
}

// tokens returns how many tokens of all lanes are spent, once none is held
// and everything that goes back has gone.
func (l *classLab) tokens(want int) {
	l.t.Helper()
	var spent, held int
	defer func() {
		l.t.Helper()
		if l.t.Failed() {
			l.t.Logf("%d tokens are spent and %d held, %d should be spent", spent, held, want)
		}
	}()
	l.eventually(fmt.Sprintf("%d tokens are spent", want), func() bool {
		spent, held = 0, 0
		all, err := l.limiter.Status(l.t.Context())
		must(l.t, err)
		for _, s := range all {
			spent, held = spent+s.Spent, held+s.Held
		}
		return spent == want && held == 0
	})
}

// pause returns the pause of a lane or, with whole, of the app.
func (l *classLab) pause(lane Lane, whole bool) (until time.Time, why string) {
	l.t.Helper()
	scope := string(lane)
	if whole {
		scope = ratelimit.AppKey
	}
	all, err := l.limiter.Status(l.t.Context())
	must(l.t, err)
	for _, s := range all {
		if s.Permission == scope {
			return s.PausedUntil, s.PauseReason
		}
	}
	return time.Time{}, ""
}

// send publishes an event for a target of its own, or the one given.
func (l *classLab) send(target string) (id, to string) {
	l.t.Helper()
	l.seq++
	id = fmt.Sprintf("e%d", l.seq)
	if target == "" {
		target = fmt.Sprintf("post/P%d", l.seq)
	}
	l.publish(attach(id, target, "کارشناسی"))
	return id, target
}

// well fails unless an event leaves at once: the lane is neither paused nor
// broken, and later rows start with no failure on record.
func (l *classLab) well() {
	l.t.Helper()
	id, _ := l.send("")
	if got := l.final(id); got.Result != ResultAccepted || got.Attempts != 1 {
		l.t.Errorf("the event after it: %+v", got)
	}
}

// The table of classes, a row for each answer. The rows share a worker: each
// must leave its lane as it found it.
func TestClasses(t *testing.T) {
	t.Parallel()
	l := newClassLab(t, 500*time.Millisecond) // some rows wait for the timeout
	all := t
	spent := 0
	for _, tt := range classCases() {
		t.Run(tt.name, func(t *testing.T) {
			l.t = t
			defer func() { l.t = all }()
			target := tt.target
			if target == "" {
				target = fmt.Sprintf("post/P%d", l.seq+1)
			}
			for _, f := range tt.faults {
				f.Target = target
				l.kenar.Script(f)
			}
			id, _ := l.send(target)
			lane := PostCreate
			if strings.HasPrefix(target, "user/") {
				lane = UserCreate
			}
			if tt.pause > 0 {
				l.liftPause(lane, target, tt)
			}
			got := l.final(id)
			want := got
			want.EventID, want.Result, want.Lane, want.Attempts, want.HTTPStatus = id, tt.result, lane, tt.attempts, tt.status
			if want.Reason = nil; got.Reason != nil {
				want.Reason = &Reason{Code: tt.reason, Message: got.Reason.Message}
				if !strings.Contains(got.Reason.Message, tt.message) {
					t.Errorf("reason %q does not say %q", got.Reason.Message, tt.message)
				}
			}
			if got.At.IsZero() {
				t.Error("outcome without a time")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			l.wantDead(id, tt)
			calls := l.kenar.CallsFor(target)
			if len(calls) != tt.calls {
				t.Errorf("%d calls, want %d: %v", len(calls), tt.calls, calls)
			}
			if tt.applied && (len(calls) == 0 || !calls[0].Applied || !calls[0].Lost) {
				t.Errorf("the first call was to be applied and its answer lost: %v", calls)
			}
			if f := l.kenar.PendingFaults(); len(f) > 0 {
				t.Errorf("faults that no call met: %+v", f)
			}
			l.well()
			spent += tt.calls + 1
			l.tokens(spent)
		})
	}
	l.drained()
}

// liftPause waits until a lane is paused, checks how, and ends the pause.
func (l *classLab) liftPause(lane Lane, target string, tt classCase) {
	l.t.Helper()
	asked := time.Now()
	l.eventually("the lane is paused", func() bool {
		until, _ := l.pause(lane, tt.whole)
		return !until.IsZero()
	})
	until, why := l.pause(lane, tt.whole)
	// A date was written down when the table was made, in whole seconds.
	if d := until.Sub(asked); d < tt.pause-30*time.Second || d > tt.pause+2*time.Second {
		l.t.Errorf("paused for %s, want %s", d, tt.pause)
	}
	if !strings.Contains(why, tt.because) {
		l.t.Errorf("paused because of %q, want %q in it", why, tt.because)
	}
	if strings.Contains(why, "test-key") {
		l.t.Errorf("the reason of the pause holds the API key: %q", why)
	}
	if !tt.whole {
		if until, _ := l.pause(lane, true); !until.IsZero() {
			l.t.Error("the whole app is paused")
		}
	}
	if n := len(l.kenar.CallsFor(target)); n != 1 {
		l.t.Errorf("%d calls before the pause, want 1", n)
	}
	must(l.t, l.limiter.Bucket(string(lane)).Resume(l.t.Context()))
	must(l.t, l.limiter.Bucket(ratelimit.AppKey).Resume(l.t.Context()))
}

// wantDead checks the dead letter of an event, or that there is none.
func (l *classLab) wantDead(id string, tt classCase) {
	l.t.Helper()
	d, ok := l.dead()[id]
	if ok != (tt.result == ResultDead) {
		l.t.Fatalf("a dead letter: %t, result %s", ok, tt.result)
	}
	if !ok {
		return
	}
	if d.Reason.Code != tt.reason || !strings.Contains(d.Reason.Message, tt.message) || d.Lane != PostCreate {
		l.t.Errorf("dead letter of lane %s: %+v, want %s, %q", d.Lane, d.Reason, tt.reason, tt.message)
	}
	if len(d.Attempts) != tt.attempts {
		l.t.Errorf("%d attempts in the dead letter, want %d", len(d.Attempts), tt.attempts)
	}
	for _, a := range d.Attempts {
		if a.HTTPStatus != tt.status || a.Error == "" || a.At.IsZero() {
			l.t.Errorf("attempt %+v, want status %d, a time and an error", a, tt.status)
		}
	}
}
