package pipeline

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// under is a market in which Kenar's posts and payments have other rules.
func (m *market) under(rules kenartest.PostRules) *market {
	m.t.Helper()
	m.kenar.Close()
	var err error
	m.kenar, err = kenartest.Start(kenartest.Config{Posts: rules,
		Clients: []kenartest.Client{{ID: testApp, Secrets: []string{testSecret}, RedirectURIs: []string{testBack}}}})
	must(m.t, err)
	m.t.Cleanup(m.kenar.Close)
	m.kenarURL = m.kenar.URL()
	m.oauth = oauthOf(m.t, m.kenarURL)
	m.t.Cleanup(m.oauth.CloseIdleConnections)
	m.furnish()
	return m
}

func oauthOf(t testing.TB, url string) *kenar.OAuth {
	t.Helper()
	o, err := kenar.NewOAuth(kenar.OAuthConfig{
		URL: url, ClientID: testApp, ClientSecret: func() string { return testSecret }, RedirectURI: testBack, Timeout: 2 * time.Second,
	})
	must(t, err)
	return o
}

// titled is the data of a submission whose post can be told from all others.
func titled(id string, more ...map[string]any) map[string]any {
	d := flat(more...)
	general, _ := d["general_data"].(map[string]any)
	general = maps.Clone(general)
	general["title"] = titleOf(id)
	d["general_data"] = general
	return d
}

func titleOf(id string) string { return "آپارتمان " + id }

// pictured is data with an image of its own.
func pictured(d map[string]any, image byte) map[string]any {
	general, _ := d["general_data"].(map[string]any)
	general["images"] = []string{tinyJPEG(image)}
	return d
}

// followed is a submission with all that may follow it.
func followed(more ...map[string]any) map[string]any {
	d := map[string]any{
		"addon":  map[string]any{"widgets": []any{map[string]any{"title_row": map[string]any{"text": "کارشناسی شد"}}}},
		"button": linkTo("https://shop.example/{post_token}"),
	}
	for _, m := range more {
		maps.Copy(d, m)
	}
	return d
}

func linkTo(url string) map[string]any {
	return map[string]any{"type": "EXTERNAL_PRODUCT_STORE", "action": map[string]any{"open_direct_link": url}}
}

// manage is an event about a post, in sara's name.
func manage(id, typ, target string, data map[string]any, more ...map[string]any) map[string]any {
	return event(id, typ, target, data, append([]map[string]any{granted("sara")}, more...)...)
}

func pays(most int) map[string]any { return map[string]any{"max_cost_rials": most} }

// shown adds a published post of sara's that can be reordered and renewed.
func (m *market) shown(token string) {
	now := time.Now()
	m.kenar.AddPost(kenartest.Post{Token: token, Owner: "sara", Category: "apartment-rent", City: "tehran", Title: "آپارتمان",
		PublishedAt: now.Add(-48 * time.Hour), ExpiresAt: now.Add(time.Hour)})
}

// replayed replays a dead letter and returns how that ended.
func (m *market) replayed(id string) OutcomeData {
	m.t.Helper()
	return m.final(m.replay(id, false))
}

// settled waits for the end of events, and checks what must hold of all that
// ever happened here: one final outcome for each event, a dead letter for
// those that died, no two posts of one event, no post paid for twice, every
// rial told, and nothing left in a queue. It returns all final outcomes.
func (m *market) settled(ids ...string) map[string]OutcomeData {
	m.t.Helper()
	for _, id := range ids {
		m.final(id)
	}
	m.drained()
	finals := m.finals()
	dead := m.dead()
	for id, f := range finals {
		if _, buried := dead[id]; buried != (f.Result == ResultDead) {
			m.t.Errorf("%s ended %s, dead letter: %t", id, f.Result, buried)
		}
	}
	m.oneEach()
	m.told(finals)
	return finals
}

// oneEach checks that no title was submitted twice, and no post published
// twice.
func (m *market) oneEach() {
	m.t.Helper()
	titles, paid := make(map[string]int), make(map[string]int)
	for _, post := range m.kenar.Submitted() {
		if titles[post.Title]++; titles[post.Title] > 1 {
			m.t.Errorf("%d posts with the title %q", titles[post.Title], post.Title)
		}
	}
	for _, tx := range m.kenar.Books("").Transactions {
		if tx.State != kenartest.TransactionCompleted || tx.Type != kenartest.TransactionSubmit {
			continue
		}
		if paid[tx.Post]++; paid[tx.Post] > 1 {
			m.t.Errorf("post %s was paid for %d times", tx.Post, paid[tx.Post])
		}
	}
}

// told checks the simulator's books against the outcomes.
func (m *market) told(finals map[string]OutcomeData) {
	m.t.Helper()
	b := m.kenar.Books("")
	must(m.t, b.Check())
	outcomes := make(map[string]int64)
	for id, f := range finals {
		if f.CostRials == nil {
			continue
		}
		if _, twice := outcomes[f.Transaction]; twice {
			m.t.Errorf("%s tells of transaction %s, as another does", id, f.Transaction)
		}
		outcomes[f.Transaction] = int64(*f.CostRials)
	}
	for _, tx := range b.Transactions {
		if tx.State != kenartest.TransactionCompleted {
			continue
		}
		if rials, ok := outcomes[tx.ID]; !ok || rials != tx.CostRials {
			m.t.Errorf("transaction %s of %d rials is told as one of %d (%t)", tx.ID, tx.CostRials, rials, ok)
		}
		delete(outcomes, tx.ID)
	}
	if len(outcomes) > 0 {
		m.t.Errorf("the outcomes tell of transactions that there are not: %v", outcomes)
	}
}

// allAccepted checks how events ended.
func (m *market) allAccepted(finals map[string]OutcomeData, ids ...string) {
	m.t.Helper()
	for _, id := range ids {
		if f := finals[id]; f.Result != ResultAccepted {
			m.t.Errorf("%s ended %+v (%v)", id, f, f.Reason)
		}
	}
}

// wantDead waits for the end of an event, which must be a dead letter that
// says something.
func (m *market) wantDead(id string, code ReasonCode, says ...string) OutcomeData {
	m.t.Helper()
	got := m.final(id)
	if got.Result != ResultDead || got.Reason.Code != code {
		m.t.Fatalf("%s ended %+v (%v), want dead of %s", id, got, got.Reason, code)
	}
	for _, s := range says {
		if !strings.Contains(got.Reason.Error(), s) {
			m.t.Errorf("%s is dead since %q, which does not say %q", id, got.Reason, s)
		}
	}
	return got
}

// entry is what the ledger knows of an event's listing, payment or post.
func (m *market) entry(l Lane, target, root string) Entry {
	m.t.Helper()
	t, err := ParseTarget(target)
	must(m.t, err)
	stream, err := m.js.Stream(m.t.Context(), LedgerStream)
	must(m.t, err)
	e, _, err := (&Ledger{js: m.js, stream: stream}).Read(m.t.Context(), l.place(t, root))
	must(m.t, err)
	return e
}

// takenOver makes the streams so that brisk workers take over from dead ones.
func (m *market) takenOver() {
	m.t.Helper()
	var s settings
	brisk(&s)
	m.create(Topology{Replicas: m.replicas, AckWait: s.timing.ackWait()}.Create)
}

// brisk lets the events of a dead worker be taken over soon.
func brisk(s *settings) {
	s.timing = defaultTiming(500 * time.Millisecond)
	s.timing.slack, s.timing.skew = 600*time.Millisecond, 100*time.Millisecond
	s.timing.recheck, s.timing.relook = 20*time.Millisecond, 20*time.Millisecond
	s.cfg.Timeout, s.cfg.MaxAttempts = s.timing.timeout, 20
}

// crash runs a worker that dies at the n-th pass of a step: from then on
// nothing it does reaches NATS, nor begins a call. It reports whether it came
// to that, or all events ended before.
func (m *market) crash(step string, n int64, ids ...string) (died bool) {
	m.t.Helper()
	var w *Worker
	var passes atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	w, run := m.build(m.t, func(s *settings) {
		s.cfg.Grants = &Grants{Keys: m.keys, Refresh: m.oauth.Refresh}
		s.limits = "ADD_ON_CREATE=10000/168h"
		brisk(s)
		s.cfg.Grace, s.cfg.AutoCreate = time.Nanosecond, false
		s.step = func(at string) {
			if at == step && passes.Add(1) == n {
				w.cfg.NATS.Close()
				cancel()
			}
			if ctx.Err() != nil {
				runtime.Goexit()
			}
		}
	})
	ended := make(chan struct{})
	go func() { defer close(ended); run(ctx) }()
	defer func() { cancel(); <-ended }()
	m.eventually(fmt.Sprintf("the worker dies at pass %d of step %s, or has nothing to do", n, step), func() bool {
		if ctx.Err() != nil {
			died = true
			return true
		}
		return !slices.ContainsFunc(ids, func(id string) bool {
			got, err := m.client.Final(m.t.Context(), id)
			must(m.t, err)
			return got == nil
		})
	})
	return died
}
