package pipeline

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// keyRefused is the pause of a lane whose key is the suspect, and appLimit that
// of a limit of the whole app. Both are as the pipeline makes them.
func keyRefused(until time.Time) ratelimit.Pause {
	return ratelimit.Pause{Until: until, Probe: true, Reason: "Kenar refuses the API key"}
}

func appLimit(until time.Time) ratelimit.Pause {
	return ratelimit.Pause{Until: until, Probe: true, App: true, Reason: "429: daily limit exceeded"}
}

// A lane that was paused for hours sends again when its pause is ended, one
// event first; the others follow when that one was accepted. A restart does not
// bring the pause back.
func TestResume(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pause func(time.Time) ratelimit.Pause
		ask   []string
		scope string
	}{
		"the lane's own":             {keyRefused, []string{"ADD_ON_CREATE"}, "ADD_ON_CREATE"},
		"all":                        {keyRefused, nil, "ADD_ON_CREATE"},
		"the app's":                  {appLimit, []string{"app"}, "app"},
		"the app's, asked by a lane": {appLimit, []string{"ADD_ON_CREATE"}, "app"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kenartest.Config{})
			w, stop := l.worker(func(s *settings) { s.limits = "ADD_ON_CREATE=100/168h" })
			began := time.Now().Add(-time.Second)
			p := tt.pause(began.Add(3 * time.Hour))
			w.pauseLane(t, PostCreate, p)
			l.publish(attach("a", "post/P1", "one"), attach("b", "post/P2", "two"))
			l.eventually("both wait", func() bool {
				s, err := l.client.Status(t.Context())
				must(t, err)
				return s.Lanes[0].Waiting() == 2
			})
			want := []EndedPause{{Scope: tt.scope, Until: p.Until, Reason: p.Reason, Probe: true}}
			sameTime := cmpopts.EquateApproxTime(time.Millisecond)

			for _, dryRun := range []bool{true, false} {
				got, err := l.client.Resume(t.Context(), tt.ask, dryRun)
				must(t, err)
				if len(got) != 1 || got[0].Since.Before(began) || got[0].Since.After(time.Now().Add(time.Second)) {
					t.Fatalf("dry run %t: ended %+v, want one that began just now", dryRun, got)
				}
				if diff := cmp.Diff(want, got, sameTime, cmpopts.IgnoreFields(EndedPause{}, "Since")); diff != "" {
					t.Errorf("dry run %t: -want +got:\n%s", dryRun, diff)
				}
				if dryRun && l.kenar.Count() != 0 {
					t.Fatal("a dry run ended the pause")
				}
			}
			for _, id := range []string{"a", "b"} {
				if got := l.final(id); got.Result != ResultAccepted {
					t.Errorf("%s ended %+v", id, got)
				}
			}
			got, err := l.client.Resume(t.Context(), tt.ask, false)
			if err != nil || len(got) != 0 {
				t.Errorf("once more: ended %+v, %v; want nothing to end", got, err)
			}

			stop()
			l.worker(func(s *settings) { s.limits = "ADD_ON_CREATE=100/168h" })
			l.publish(attach("c", "post/P3", "three"))
			if got := l.final("c"); got.Result != ResultAccepted {
				t.Errorf("after a restart: %+v", got)
			}
		})
	}
}

// When the cause is not gone, one call shows it, and the lane is paused again.
func TestResumeTooEarly(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	w, _ := l.worker(func(s *settings) { s.limits = "ADD_ON_CREATE=100/168h" })
	w.pauseLane(t, PostCreate, keyRefused(time.Now().Add(3*time.Hour)))
	l.kenar.Script(kenartest.Fault{Status: 429, Header: map[string][]string{"Retry-After": {"3600"}}, Times: 8})
	for _, id := range []string{"a", "b", "c", "d"} {
		l.publish(attach(id, "post/"+strings.ToUpper(id), "one"))
	}
	_, err := l.client.Resume(t.Context(), []string{"ADD_ON_CREATE"}, false)
	must(t, err)
	l.eventually("the lane is paused again", func() bool {
		s, err := l.client.Status(t.Context())
		must(t, err)
		return s.Lanes[0].PausedUntil.After(time.Now()) && strings.HasPrefix(s.Lanes[0].PausedWhy, "429")
	})
	if n := l.kenar.Count(); n != 1 {
		t.Errorf("%d calls found out, want 1", n)
	}
}

// Another lane's pause is left alone.
func TestResumeOneLane(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	w, _ := l.worker(nil)
	until := time.Now().Add(time.Hour)
	w.pauseLane(t, PostCreate, keyRefused(until))
	w.pauseLane(t, UserCreate, keyRefused(until))
	scopes := func(ask ...string) (ended []string) {
		t.Helper()
		all, err := l.client.Resume(t.Context(), ask, false)
		must(t, err)
		for _, p := range all {
			ended = append(ended, p.Scope)
		}
		return ended
	}
	if diff := cmp.Diff([]string{"USER_ADDON_CREATE"}, scopes("USER_ADDON_CREATE", "ADD_ON_DELETE")); diff != "" {
		t.Errorf("ended -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ADD_ON_CREATE"}, scopes()); diff != "" {
		t.Errorf("ended -want +got:\n%s", diff)
	}
}

// A pause of which only one of the two knows is ended there too: in the ledger,
// or the next start would bring it back; in the limiter, which is what stops.
func TestResumeWithHalfTheRecords(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*testing.T, *Worker, *Ledger){
		"the limiter forgot": func(t *testing.T, w *Worker, _ *Ledger) {
			must(t, w.cfg.Limiter.Bucket(string(PostCreate)).Resume(t.Context()))
		},
		"the ledger was not reached": func(t *testing.T, _ *Worker, l *Ledger) {
			must(t, l.keepPause(t.Context(), PostCreate, ratelimit.Pause{}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kenartest.Config{})
			w, _ := l.worker(nil)
			ledger := w.pauseLane(t, PostCreate, keyRefused(time.Now().Add(time.Hour)))
			forget(t, w, ledger)
			for n := range 2 {
				got, err := l.client.Resume(t.Context(), nil, false)
				must(t, err)
				if want := 1 - n; len(got) != want {
					t.Errorf("request %d ended %+v, want %d", n+1, got, want)
				}
			}
		})
	}
}

func TestResumeIsRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	if _, err := l.client.Resume(t.Context(), nil, false); err == nil || !strings.Contains(err.Error(), "no worker answers") {
		t.Errorf("without a worker: %v", err)
	}
	l.worker(nil)
	if _, err := l.client.Resume(t.Context(), []string{"POST"}, false); err == nil || !strings.Contains(err.Error(), `"POST" cannot be paused; use ADD_ON_CREATE, `) {
		t.Errorf("an unknown lane: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.client.Resume(ended, nil, false); err != context.Canceled { //nolint:errorlint // as it is
		t.Errorf("given up: %v", err)
	}
	m, err := l.nc.Request(resumeSubject, []byte("ADD_ON_CREATE"), 5*time.Second)
	must(t, err)
	if text := m.Header.Get("Nats-Service-Error"); !strings.Contains(text, "is not JSON") {
		t.Errorf("what is not a request: %q", text)
	}
}

// Of several workers one answers.
func TestResumeIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	w, _ := l.worker(nil)
	l.worker(nil)
	w.pauseLane(t, PostCreate, keyRefused(time.Now().Add(time.Hour)))
	inbox := l.nc.NewRespInbox()
	sub, err := l.nc.SubscribeSync(inbox)
	must(t, err)
	must(t, l.nc.PublishRequest(resumeSubject, inbox, []byte(`{}`)))
	first, err := sub.NextMsg(10 * time.Second)
	must(t, err)
	var r resumeResponse
	must(t, json.Unmarshal(first.Data, &r))
	if len(r.Pauses) != 1 {
		t.Errorf("answer %s", first.Data)
	}
	if m, err := sub.NextMsg(200 * time.Millisecond); err == nil {
		t.Errorf("a second answer: %s", m.Data)
	}
}

// pauseLane pauses as an answer of Kenar does, and returns the ledger.
func (w *Worker) pauseLane(t *testing.T, lane Lane, p ratelimit.Pause) *Ledger {
	t.Helper()
	l, err := NewLedger(t.Context(), w.js, w.cfg.Longest)
	must(t, err)
	must(t, l.keepPause(t.Context(), lane, p))
	must(t, w.cfg.Limiter.Bucket(string(lane)).Pause(t.Context(), p))
	return l
}
