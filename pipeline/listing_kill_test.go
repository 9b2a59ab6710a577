package pipeline

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// listingKills are steps at which a worker process is killed: around all that
// changes something at Kenar, and around what tells of it.
var listingKills = []string{"enqueued", "ahead", "intent", "spent", "called", "called", "owned", "created", "transaction", "paid", "followed", "settled", "outcome", "acked"}

func keysOf(t testing.TB, identity string) grants.Keys {
	t.Helper()
	ids, err := grants.ParseIdentities(identity)
	must(t, err)
	return grants.Keys{Identities: func() (grants.Identities, error) { return ids, nil }}
}

// listingVictim lets a worker process act for users.
func listingVictim(t testing.TB, s *settings, identity string) {
	s.cfg.Grants = &Grants{Keys: keysOf(t, identity), Refresh: oauthOf(t, os.Getenv("KENAR_TEST_KENAR")).Refresh}
	s.timing.timeout = time.Second
	s.timing.recheck, s.timing.relook, s.timing.patience = 20*time.Millisecond, 20*time.Millisecond, time.Hour
	s.cfg.Timeout = s.timing.timeout
}

// Worker processes are killed while several listings of both models are under
// way, with images and with an add-on and a button to follow, and any call may
// fail or lose its answer. Each listing is submitted once and paid for once.
func TestListingKill(t *testing.T) {
	t.Parallel()
	m := &market{newConsentLab(t)}
	m.app = "kill"
	id, err := age.GenerateX25519Identity()
	must(t, err)
	m.keys = keysOf(t, id.String())
	m.store, err = grants.NewStore(t.Context(), m.js, m.keys, nil)
	must(t, err)
	m.furnish()
	m.kenar.SetBalance("", 100*flatPrice)
	m.takenOver()
	m.kenar.SetFaultFunc(func(c kenartest.Call) (kenartest.Fault, bool) {
		switch x := rand.Float64(); {
		case c.Op == kenartest.IssueTokens:
		case x < 0.03:
			return kenartest.Fault{Status: 502, Body: "<html>oops</html>"}, true
		case x < 0.08:
			return kenartest.Fault{LoseAnswer: true}, true
		case x < 0.10:
			return kenartest.Fault{CloseEarly: true}, true
		}
		return kenartest.Fault{}, false
	})
	var ids []string
	publish := func() {
		id := fmt.Sprintf("e%d", len(ids)/3)
		model := []string{"user", "provider"}[len(ids)%2]
		m.publish(submit(id, id, pictured(titled(id, followed(map[string]any{"model": model})), byte(len(ids)))))
		ids = append(ids, id, id+"+addon", id+"+button")
	}
	open := func() int {
		s, err := m.js.Stream(t.Context(), OutcomeStream)
		must(t, err)
		info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(finalSubjectPrefix+">"))
		must(t, err)
		return len(ids) - len(info.State.Subjects)
	}
	kills := 0
	for _, step := range listingKills {
		publish()
		if m.victim(fmt.Sprintf("%s:%d", step, 1+rand.IntN(2)), open, "KENAR_TEST_IDENTITY="+id.String()) {
			kills++
		}
	}
	if kills < len(listingKills)/2 {
		t.Errorf("only %d workers were killed at their step", kills)
	}
	m.run(brisk)
	m.allAccepted(m.settled(ids...), ids...)
	if n := len(m.kenar.Submitted()); n != len(ids)/3 {
		t.Errorf("%d posts, want %d", n, len(ids)/3)
	}
	t.Logf("%d listings, %d workers killed, %d calls", len(ids)/3, kills, m.kenar.Count())
}
