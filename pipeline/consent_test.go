package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// A consentLab has users who consent, a grant server, and a store of grants.
type consentLab struct {
	*lab
	keys  grants.Keys
	oauth *kenar.OAuth
	store *grants.Store
}

const (
	testApp    = "shop"
	testSecret = "client-secret-1"
	testBack   = "https://shop.example/back"
)

func newConsentLab(t *testing.T) *consentLab {
	t.Helper()
	l := &consentLab{lab: newLab(t, kenartest.Config{
		Clients: []kenartest.Client{{ID: testApp, Secrets: []string{testSecret}, RedirectURIs: []string{testBack}}},
	})}
	id, err := age.GenerateX25519Identity()
	must(t, err)
	ids, err := grants.ParseIdentities(id.String())
	must(t, err)
	l.keys = grants.Keys{Identities: func() (grants.Identities, error) { return ids, nil }}
	l.oauth, err = kenar.NewOAuth(kenar.OAuthConfig{
		URL: l.kenarURL, ClientID: testApp, ClientSecret: func() string { return testSecret }, RedirectURI: testBack, Timeout: 2 * time.Second,
	})
	must(t, err)
	t.Cleanup(l.oauth.CloseIdleConnections)
	l.create(grants.Topology{Replicas: l.replicas}.Create)
	l.store, err = grants.NewStore(t.Context(), l.js, l.keys, nil)
	must(t, err)
	return l
}

// run starts a worker that uses grants.
func (l *consentLab) run(change func(*settings)) (*Worker, func()) {
	l.t.Helper()
	return l.worker(func(s *settings) {
		s.cfg.Grants = &Grants{Keys: l.keys, Refresh: l.oauth.Refresh}
		s.limits = "ADD_ON_CREATE=1000/168h"
		if change != nil {
			change(s)
		}
	})
}

// consent lets a user give scopes, and stores the grant as of an age: the
// access token of one older than an hour is dead.
func (l *consentLab) consent(id, user string, life time.Duration, scopes ...string) kenartest.Tokens {
	l.t.Helper()
	got := l.kenar.Grant(user, append(scopes, kenar.ScopeOfflineAccess)...)
	_, err := l.store.Put(l.t.Context(), grants.Consent{ID: id, UserID: user,
		Tokens: kenar.Tokens{Access: got.Access, Refresh: got.Refresh, Scope: scopes, ExpiresIn: life}})
	must(l.t, err)
	return got
}

func granted(id string) map[string]any { return map[string]any{"grantid": id} }

// bearers are the grants in whose name add-ons were created, as the simulator
// names them.
func (l *consentLab) bearers() (all []string) {
	for _, c := range l.kenar.Calls() {
		if c.Op == kenartest.CreatePostAddon {
			all = append(all, c.Grant)
		}
	}
	return all
}

// spent is how many calls were made for a token, whatever came of them.
func (l *consentLab) spent() (n int) {
	for _, c := range l.kenar.Calls() {
		if c.Op == kenartest.CreatePostAddon {
			n++
		}
	}
	return n
}

// A call is made with the access token of its user; a token near its end is
// refreshed first, once for all events that wait for it.
func TestGrants(t *testing.T) {
	t.Parallel()
	l := newConsentLab(t)
	l.consent("fresh", "user-a", time.Hour, "POST_ADDON_CREATE.P1")
	l.consent("old", "user-b", 10*time.Second, "USER_POSTS_ADDON_CREATE")
	l.run(func(s *settings) { s.cfg.Concurrency = 16 })
	l.publish(attach("one", "post/P1", "one", granted("fresh")))
	const n = 30
	for i := range n {
		l.publish(attach(fmt.Sprintf("b%d", i), fmt.Sprintf("post/B%d", i), "one", granted("old")))
	}
	if got := l.final("one"); got.Result != ResultAccepted {
		t.Errorf("ended %+v", got)
	}
	for i := range n {
		if got := l.final(fmt.Sprintf("b%d", i)); got.Result != ResultAccepted || got.Attempts != 1 {
			t.Errorf("b%d ended %+v", i, got)
		}
	}
	if a, b := l.kenar.Refreshes("user-a"), l.kenar.Refreshes("user-b"); a != 0 || b != 1 {
		t.Errorf("refreshed %d and %d times, want 0 and 1", a, b)
	}
	if got := l.bearers(); slices.Contains(got, "") || l.spent() != n+1 {
		t.Errorf("%d calls, in the name of %q", l.spent(), got)
	}
}

// What only the user can mend is told at admission, and costs no call.
func TestGrantRefused(t *testing.T) {
	t.Parallel()
	l := newConsentLab(t)
	l.consent("other", "user-a", time.Hour, "POST_ADDON_CREATE.P9")
	l.consent("gone", "user-b", time.Hour, "USER_POSTS_ADDON_CREATE")
	must(t, l.store.Revoke(t.Context(), "gone", "the user said so"))
	l.consent("expired", "user-c", time.Second, "USER_POSTS_ADDON_CREATE")
	l.kenar.Revoke("user-c")
	l.run(nil)
	tests := map[string]struct {
		code    ReasonCode
		message string
	}{
		"nobody":  {GrantMissing, "not known"},
		"other":   {Forbidden, "POST_ADDON_CREATE.P1 or USER_POSTS_ADDON_CREATE"},
		"gone":    {GrantRevoked, "the user said so"},
		"expired": {GrantRevoked, "consent again"},
	}
	for id := range tests {
		l.publish(attach(id, "post/P1", id, granted(id)))
	}
	for id, want := range tests {
		got := l.final(id)
		if got.Result != ResultDead || got.Reason.Code != want.code || !strings.Contains(got.Reason.Message, want.message) || got.Reason.Field != "grantid" {
			t.Errorf("%s ended %+v", id, got)
		}
	}
	if n := l.spent(); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

// While the grant server is away, the events that need it wait; the others go
// on, and no attempts are used.
func TestGrantServerAway(t *testing.T) {
	t.Parallel()
	l := newConsentLab(t)
	l.consent("old", "user-a", time.Second, "USER_POSTS_ADDON_CREATE")
	l.consent("fresh", "user-b", time.Hour, "USER_POSTS_ADDON_CREATE")
	l.kenar.Script(kenartest.Fault{Op: kenartest.IssueTokens, Status: 503, Body: "<html>", Times: 2})
	l.run(func(s *settings) { s.cfg.Concurrency = 1 })
	for i := range 5 {
		l.publish(attach(fmt.Sprintf("w%d", i), fmt.Sprintf("post/W%d", i), "one", granted("old")))
	}
	l.publish(attach("other", "post/P1", "one", granted("fresh")), attach("none", "post/P2", "one"))
	for _, id := range []string{"other", "none", "w0", "w4"} {
		if got := l.final(id); got.Result != ResultAccepted || got.Attempts != 1 {
			t.Errorf("%s ended %+v", id, got)
		}
	}
}

// A 401 may be the fault of the access token alone: one refresh and one more
// call. A fresh token that is refused as well makes the key the suspect.
func TestUnauthorizedGrant(t *testing.T) {
	t.Parallel()
	for _, key := range []bool{false, true} {
		t.Run(fmt.Sprintf("key at fault: %t", key), func(t *testing.T) {
			t.Parallel()
			l := newConsentLab(t)
			tokens := l.consent("g1", "user-a", time.Hour, "USER_POSTS_ADDON_CREATE")
			w, _ := l.run(nil)
			times := 1
			if key {
				times = -1
			}
			l.kenar.Script(kenartest.Fault{Op: kenartest.CreatePostAddon, Status: 401, Body: `{"code":16,"message":"invalid credentials"}`, Times: times})
			l.publish(attach("e", "post/P1", "one", granted("g1")))
			paused := func() string {
				all, err := w.cfg.Limiter.Status(t.Context())
				must(t, err)
				for _, s := range all {
					if !s.PausedUntil.IsZero() {
						return s.PauseReason
					}
				}
				return ""
			}
			if key {
				l.eventually("the lane is paused", func() bool { return strings.Contains(paused(), "KENAR_API_KEY") })
				if n := l.spent(); n != 2 {
					t.Errorf("%d calls before the pause, want 2", n)
				}
			} else {
				if got := l.final("e"); got.Result != ResultAccepted || got.Attempts != 1 {
					t.Errorf("ended %+v", got)
				}
				if why := paused(); why != "" {
					t.Errorf("one stale access token pauses the lane: %s", why)
				}
			}
			if n := l.kenar.Refreshes("user-a"); n != 1 {
				t.Errorf("%d refreshes, want 1", n)
			}
			for _, c := range l.kenar.Calls() {
				if strings.Contains(string(c.Body), tokens.Access) {
					t.Errorf("the access token is on record in a body of %s", c.Op)
				}
			}
		})
	}
}

// Events beyond the life of their grant are warned of, and who waits for a
// grant can be counted.
func TestGrantOutlived(t *testing.T) {
	t.Parallel()
	l := newConsentLab(t)
	l.consent("g1", "user-a", time.Hour, "USER_POSTS_ADDON_CREATE")
	l.run(func(s *settings) { s.limits = "ADD_ON_CREATE=1/1000h" })
	l.publish(attach("first", "post/P1", "one", granted("g1")))
	l.final("first")
	l.publish(attach("waits", "post/P2", "one", granted("g1")), attach("other", "post/P3", "one"))
	l.queuedAt("other")
	got := l.queuedAt("waits")
	if len(got.Warnings) != 1 || got.Warnings[0].Path != "grantid" || !strings.Contains(got.Warnings[0].Message, "g1 ends at") {
		t.Errorf("warnings %q", got.Warnings)
	}
	count, err := l.client.GrantsWaiting(t.Context())
	must(t, err)
	if len(count) != 1 || count["g1"] != 1 {
		t.Errorf("waiting: %v", count)
	}
}

// An event that a worker with grants had claimed when it died comes to one
// without: it is queued as it was promised, and its lane tells what is wrong.
func TestGrantClaimedBefore(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	claim, err := encode(OutcomeEvent{SpecVersion: "1.0", ID: "e.queued", Type: typeQueued,
		Data: OutcomeData{EventID: "e", Result: ResultQueued, Lane: PostCreate, InboxSeq: 1}})
	must(t, err)
	_, err = l.js.Publish(t.Context(), queuedSubjectPrefix+"e", claim)
	must(t, err)
	l.publish(attach("e", "post/P1", "one", granted("g1")))
	l.worker(nil)
	if got := l.final("e"); got.Result != ResultDead || got.Reason.Code != GrantMissing || got.Lane != PostCreate {
		t.Errorf("ended %+v", got)
	}
	l.drained()
}

// A worker with the wrong identity says so and touches nothing.
func TestWrongIdentity(t *testing.T) {
	t.Parallel()
	l := newConsentLab(t)
	l.consent("g1", "user-a", time.Hour, "USER_POSTS_ADDON_CREATE")
	before, err := l.store.Get(t.Context(), "g1")
	must(t, err)
	wrong, err := age.GenerateX25519Identity()
	must(t, err)
	ids, err := grants.ParseIdentities(wrong.String())
	must(t, err)
	quiet := &quietTB{TB: t}
	_, run := l.build(quiet, func(s *settings) {
		s.cfg.Grants = &Grants{Refresh: l.oauth.Refresh, Keys: grants.Keys{Identities: func() (grants.Identities, error) { return ids, nil }}}
	})
	run(t.Context())
	if !strings.Contains(quiet.said, "GRANT_IDENTITY") || strings.Contains(quiet.said, "AGE-SECRET") {
		t.Errorf("the worker said %q", quiet.said)
	}
	after, err := l.store.Get(t.Context(), "g1")
	must(t, err)
	if after.Revision != before.Revision {
		t.Error("the grant was changed")
	}
}

// quietTB keeps what fails.
type quietTB struct {
	testing.TB
	said string
}

func (q *quietTB) Errorf(format string, args ...any) { q.said += fmt.Sprintf(format, args...) }

// After a story with everything in it that touches a secret, none can be read
// in the log, in any stream, the store of grants among them, or in a metric.
func TestGrantsStaySecret(t *testing.T) {
	t.Parallel()
	l := newConsentLab(t)
	first := l.consent("good", "user-a", time.Hour, "USER_POSTS_ADDON_CREATE")
	if !strings.HasPrefix(first.Access, "ory_at_") || !strings.HasPrefix(first.Refresh, "ory_rt_") {
		t.Fatal("the simulator's tokens look otherwise now: this test would find none")
	}
	l.consent("old", "user-b", time.Second, "USER_POSTS_ADDON_CREATE")
	l.consent("ended", "user-c", time.Second, "USER_POSTS_ADDON_CREATE")
	l.kenar.Revoke("user-c")
	l.kenar.Script(
		kenartest.Fault{Op: kenartest.IssueTokens, LoseAnswer: true},
		kenartest.Fault{Op: kenartest.IssueTokens, Status: 400, Body: `{"error":"invalid_request","error_description":"bad ` + first.Refresh + `"}`},
		kenartest.Fault{Op: kenartest.CreatePostAddon, Target: "post/P1", Status: 401, Body: `{"code":16,"message":"invalid token ` + first.Access + `"}`},
		kenartest.Fault{Op: kenartest.CreatePostAddon, Target: "post/P4", Status: 400, Body: `{"code":3,"message":"bad: Bearer ` + first.Access + ` test-key"}`},
	)
	log, reg := new(lockedBuffer), prometheus.NewRegistry()
	l.run(func(s *settings) {
		s.cfg.Log = zerolog.New(log).Level(zerolog.TraceLevel)
		s.cfg.Registry = reg
	})
	l.publish(attach("a", "post/P1", "one", granted("good")), attach("b", "post/P2", "one", granted("old")),
		attach("c", "post/P3", "one", granted("ended")), attach("d", "post/P4", "one", granted("good")),
		attach("e", "post/P5", "one", map[string]any{"access_token": first.Access}))
	for id, want := range map[string]Result{"a": ResultAccepted, "b": ResultAccepted, "c": ResultDead, "d": ResultDead, "e": ResultDead} {
		if got := l.final(id); got.Result != want {
			t.Errorf("%s ended %+v", id, got)
		}
	}
	l.drained()
	places := map[string]string{"the log": log.String()}
	for s := range l.js.ListStreams(t.Context()).Info() {
		if s.Config.Retention == jetstream.WorkQueuePolicy {
			continue // all are empty
		}
		must(t, browse(t.Context(), l.stream(s.Config.Name), jetstream.OrderedConsumerConfig{}, func(m jetstream.Msg) error {
			places[m.Subject()] += fmt.Sprint(m.Headers(), string(m.Data()))
			return nil
		}))
	}
	families, err := reg.Gather()
	must(t, err)
	for _, f := range families {
		places["the metrics"] += f.String()
	}
	for _, proof := range []string{"$KV.KENAR_GRANTS.good", "kenar.outcomes.final.a", "kenar.ledger.target.post.P1"} {
		if places[proof] == "" {
			t.Errorf("%s was not looked at, of %d places", proof, len(places))
		}
	}
	if m := places["the metrics"]; !strings.Contains(m, "kenar_grant_refreshes_total") {
		t.Errorf("the metrics do not tell of refreshes: %s", m)
	}
	for place, text := range places {
		for _, secret := range []string{"ory_at_", "ory_rt_", testSecret, "test-key", "AGE-SECRET-KEY"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s…: %s", place, secret, text)
			}
		}
	}
}
