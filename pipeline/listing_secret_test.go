package pipeline

import (
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Neither a token or key nor an identifier in clear text is in anything that a
// worker says of a listing: in no message of any stream, among them those that
// are gone afterwards, nor in the log.
func TestListingSecrets(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	log := new(lockedBuffer)
	var mu sync.Mutex
	said := make(map[string]string) // by subject
	for _, subject := range []string{"kenar.work.>", "kenar.retry.>", "kenar.ledger.>", "kenar.outcomes.>", "kenar.dead.>", "kenar.events.post.>"} {
		_, err := m.nc.Subscribe(subject, func(msg *nats.Msg) {
			mu.Lock()
			defer mu.Unlock()
			said[msg.Subject] += string(msg.Data)
		})
		must(t, err)
	}
	must(t, m.nc.Flush())
	m.run(func(s *settings) { s.cfg.Log = zerolog.New(log).Level(zerolog.TraceLevel) })
	const persian = "irjc95r۲۳kj۰۳۹۲۰۶"
	token := m.kenar.Grant("sara", saraScopes...).Access
	with := func(id string, addon map[string]any, more ...map[string]any) map[string]any {
		return titled(id, append([]map[string]any{{"addon": addon}}, more...)...)
	}
	title := []any{map[string]any{"title_row": map[string]any{"text": "کارشناسی شد"}}}
	m.kenar.Script(
		kenartest.Fault{Op: kenartest.SubmitUserPost, Status: 503, Body: "Bearer " + token + " test-key"},
		kenartest.Fault{Op: kenartest.PublishPost, Status: 401, Body: `{"code":16,"message":"bad token ` + token + `"}`},
		kenartest.Fault{Op: kenartest.GetPricing, Status: 500, Body: "x-api-key: test-key, " + token},
	)
	m.publish(
		submit("good", "good", with("good", map[string]any{"widgets": title, "semantic": map[string]any{"VIN": persian}})),
		submit("shows", "shows", with("shows", map[string]any{
			"widgets":  []any{map[string]any{"title_row": map[string]any{"text": "شاسی " + carVIN}}},
			"semantic": map[string]any{"VIN": carVIN}})),
		submit("link", "link", with("link", map[string]any{"widgets": title, "semantic": map[string]any{"VIN": carVIN}},
			map[string]any{"button": linkTo("https://shop.example/" + carVIN)})),
		submit("field", "field", titled("field", map[string]any{"category_fields": map[string]any{
			"size": 80, "rooms": "دو", "credit": 1, "rent": 2, "chassis_number": carVIN}})),
		submit("key", "key", titled("key", map[string]any{"category_fields": map[string]any{"access_token": token}})),
		submit("dear", "dear", with("dear", map[string]any{"widgets": title, "semantic": map[string]any{"chassis_number": carVIN}}, pays(1))),
	)
	for id, want := range map[string]Result{"good": ResultAccepted, "good+addon": ResultAccepted,
		"shows": ResultDead, "link": ResultDead, "field": ResultDead, "key": ResultDead, "dear": ResultDead} {
		if got := m.final(id); got.Result != want {
			t.Errorf("%s ended %+v (%v)", id, got, got.Reason)
		}
	}
	m.wantDead("shows", InvalidWidgets, "data.addon.widgets[0].title_row.text")
	m.wantDead("link", InvalidEvent, "data.button.")
	m.settled()
	sent := ""
	for _, c := range m.kenar.Calls() {
		if c.Op == kenartest.CreatePostAddon {
			sent += string(c.Body)
		}
	}
	if !strings.Contains(sent, `"VIN":"`+carHash+`"`) {
		t.Errorf("the add-on was sent as %s", sent)
	}
	secrets := []string{carVIN, strings.ToLower(carVIN), persian, "ory_at_", "ory_rt_", testSecret, "test-key", "AGE-SECRET-KEY"}
	m.nowhere(log.String(), secrets...)
	must(t, m.nc.Flush())
	mu.Lock()
	defer mu.Unlock()
	for _, proof := range []string{"kenar.work.SUBMIT_USER_POST.normal.listing.good", "kenar.work.PUBLISH_USER_POST.normal.listing.good",
		"kenar.dead.payment_failed.listing.dear", "kenar.ledger.target.listing.good"} {
		if said[proof] == "" {
			t.Errorf("nothing was said on %s", proof)
		}
	}
	for subject, text := range said {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s holds %s: %s", subject, s, text)
			}
		}
	}
}
