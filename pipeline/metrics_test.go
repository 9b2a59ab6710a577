package pipeline

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// scrape returns the counters and gauges of the given names, each as
// `name{label="value",…}` without the namespace.
func scrape(t *testing.T, reg prometheus.Gatherer, names ...string) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	must(t, err)
	all := make(map[string]float64)
	for _, f := range families {
		name := strings.TrimPrefix(f.GetName(), "kenar_")
		if !slices.Contains(names, name) {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, p := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", p.GetName(), p.GetValue()))
			}
			all[name+"{"+strings.Join(labels, ",")+"}"] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return all
}

// moved are those of all that are not 0.
func moved(all map[string]float64) map[string]float64 {
	maps.DeleteFunc(all, func(_ string, v float64) bool { return v == 0 })
	return all
}

// lint checks names, units and help texts of all that has a value.
func lint(t *testing.T, reg prometheus.Gatherer) {
	t.Helper()
	problems, err := testutil.GatherAndLint(reg)
	must(t, err)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// The list in the documentation is complete, with the labels of each, and lists
// nothing else.
func TestMetricsAreDocumented(t *testing.T) {
	docs, err := os.ReadFile("../docs/operating.md")
	must(t, err)
	documented := make(map[string][]string) // labels, by name
	for _, row := range regexp.MustCompile("(?m)^\\| `(kenar_[a-z_]+)` \\|([^|]*)\\|").FindAllStringSubmatch(string(docs), -1) {
		documented[row[1]] = regexp.MustCompile("[a-z_]+").FindAllString(row[2], -1)
	}
	descs := make(chan *prometheus.Desc, 100)
	newGauges(&Worker{}).Describe(descs)
	m, err := newMetrics(prometheus.NewRegistry())
	must(t, err)
	for _, c := range m.all() {
		c.Describe(descs)
	}
	close(descs)
	all := make(map[string][]string)
	desc := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)
	for d := range descs {
		parts := desc.FindStringSubmatch(d.String())
		if parts == nil {
			t.Fatalf("%s is not as expected", d)
		}
		all[parts[1]] = regexp.MustCompile("[a-z_]+").FindAllString(parts[2], -1)
	}
	if d := cmp.Diff(all, documented); d != "" {
		t.Errorf("docs/operating.md (-the code +the list):\n%s", d)
	}
}

// Where calls and events go is told: what a call was wasted on, and what one
// was saved on.
func TestCounters(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.kenar.AddPost(kenartest.Post{Token: "GONE", State: "RETIRED"})
	reg := prometheus.NewPedanticRegistry()
	l.worker(func(s *settings) {
		s.cfg.Registry, s.cfg.Preflight = reg, PreflightWarn
		s.limits = "ADD_ON_CREATE=100/168h; GET_POST=1000/168h"
	})
	const addon = kenartest.CreatePostAddon
	fail := func(target string, status int, body string) {
		l.kenar.Script(kenartest.Fault{Op: addon, Target: "post/" + target, Status: status, Body: body})
	}
	steps := []struct {
		events []map[string]any // the last one's final outcome is waited for
		before func()
		moves  map[string]float64 // by how much
	}{
		{events: []map[string]any{attach("first", "post/P1", "one", revision(5))}},
		{events: []map[string]any{attach("same", "post/P1", "one", revision(6))},
			moves: map[string]float64{`calls_saved_total{lane="ADD_ON_CREATE",why="unchanged"}`: 1}},
		{events: []map[string]any{attach("old", "post/P1", "two", revision(1))},
			moves: map[string]float64{`calls_saved_total{lane="ADD_ON_CREATE",why="superseded"}`: 1}},
		{events: []map[string]any{attach("gone", "post/GONE", "one")},
			moves: map[string]float64{
				`calls_saved_total{lane="ADD_ON_CREATE",why="rejected"}`: 1,
				`dead_letters_total{reason="post_retired"}`:              1,
			}},
		{events: []map[string]any{attach("bad", "post/P1", strings.Repeat("x", 60))},
			moves: map[string]float64{
				`calls_saved_total{lane="",why="rejected"}`:    1,
				`dead_letters_total{reason="invalid_widgets"}`: 1,
			}},
		{events: []map[string]any{attach("check", "post/P1", strings.Repeat("x", 60), validateOnly())}}, // asked for no call
		{before: func() { fail("P2", 400, `{"code":3,"message":"no"}`) }, events: []map[string]any{attach("refused", "post/P2", "one")},
			moves: map[string]float64{
				`calls_wasted_total{lane="ADD_ON_CREATE",why="rejected"}`: 1,
				`dead_letters_total{reason="rejected"}`:                   1,
			}},
		{before: func() { fail("P3", 409, `{"code":6,"message":"there already"}`) }, events: []map[string]any{attach("there", "post/P3", "one")},
			moves: map[string]float64{
				`calls_wasted_total{lane="ADD_ON_CREATE",why="duplicate"}`: 1,
				`dead_letters_total{reason="rejected"}`:                    1,
			}},
		{before: func() { fail("P4", 503, "<html>") }, events: []map[string]any{attach("again", "post/P4", "one")},
			moves: map[string]float64{`retries_total{lane="ADD_ON_CREATE"}`: 1}},
		{before: func() {
			l.kenar.Script(kenartest.Fault{Op: addon, Target: "post/P5", Status: 429, Body: `{"code":8,"message":"slow down"}`, Header: map[string][]string{"Retry-After": {"1"}}})
		}, events: []map[string]any{attach("limited", "post/P5", "one")},
			moves: map[string]float64{
				`calls_wasted_total{lane="ADD_ON_CREATE",why="rejected"}`:        1,
				`pauses_total{permission="ADD_ON_CREATE",reason="rate_limited"}`: 1,
			}},
	}
	names := []string{"calls_saved_total", "calls_wasted_total", "dead_letters_total", "retries_total", "pauses_total"}
	want := make(map[string]float64)
	for _, s := range steps {
		if s.before != nil {
			s.before()
		}
		l.publish(s.events...)
		id := fmt.Sprint(s.events[len(s.events)-1]["id"])
		l.final(id)
		l.drained()
		for name, by := range s.moves {
			want[name] += by
		}
		var got map[string]float64
		patience := time.Now().Add(5 * time.Second) // the last words come after the ack
		l.eventually("the metrics after "+id, func() bool {
			got = moved(scrape(t, reg, names...))
			return cmp.Equal(want, got) || time.Now().After(patience)
		})
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("after %s (-want +got):\n%s", id, d)
			want = got
		}
	}
	lint(t, reg)
}

// A pause that the answers to several calls ask for is one; the next one, with
// another end, is another, and the app's is no lane's.
func TestPausesAreCountedOnce(t *testing.T) {
	reg := prometheus.NewRegistry()
	m, err := newMetrics(reg)
	must(t, err)
	first := ratelimit.Pause{Until: noon}
	second := ratelimit.Pause{Until: noon.Add(time.Minute)}
	for range 3 {
		m.paused(PostCreate, ClassAuth, first)
		m.paused(UserCreate, ClassForbidden, first)
	}
	m.paused(PostCreate, ClassRateLimited, second)
	m.paused(PostCreate, ClassRateLimited, ratelimit.Pause{Until: noon, App: true})
	want := map[string]float64{
		`pauses_total{permission="ADD_ON_CREATE",reason="auth"}`:          1,
		`pauses_total{permission="ADD_ON_CREATE",reason="rate_limited"}`:  1,
		`pauses_total{permission="USER_ADDON_CREATE",reason="forbidden"}`: 1,
		`pauses_total{permission="app",reason="rate_limited"}`:            1,
	}
	if d := cmp.Diff(want, moved(scrape(t, reg, "pauses_total"))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestWasted(t *testing.T) {
	for status, want := range map[int]string{
		0: "", 200: "", 302: "", 400: whyRejected, 401: whyRejected, 403: whyRejected, 404: whyRejected,
		408: "", 409: whyDuplicate, 412: whyRejected, 422: whyRejected, 429: whyRejected, 500: "", 503: "",
	} {
		if got := wasted(status); got != want {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
	}
}

// An event that had calls, or that ended the worker, is no call saved.
func TestSaved(t *testing.T) {
	final := func(r Result, code ReasonCode, attempts int) Final {
		f := Final{Data: OutcomeData{Result: r, Attempts: attempts}}
		if code != "" {
			f.Data.Reason = &Reason{Code: code}
		}
		return f
	}
	for name, tt := range map[string]struct {
		class Class
		final Final
		want  string
	}{
		"accepted":                  {ClassAccepted, final(ResultAccepted, "", 1), ""},
		"in the place of another":   {ClassAccepted, final(ResultSuperseded, "", 0), whySuperseded},
		"expired":                   {ClassRefused, final(ResultDead, Expired, 0), whyRejected},
		"expired after a call":      {ClassRefused, final(ResultDead, Expired, 1), ""},
		"exhausted":                 {ClassRefused, final(ResultDead, AttemptsExhausted, 6), ""},
		"ended the worker":          {ClassRefused, final(ResultDead, CrashLoop, 0), ""},
		"refused by Kenar":          {ClassPermanent, final(ResultDead, Rejected, 1), ""},
		"told once more, as before": {ClassRepeated, final(ResultDead, Expired, 0), ""},
	} {
		if got := saved(Outcome{Class: tt.class}, tt.final); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// What waits is told with its age and with the time until it has left, as
// publisher status tells it.
func TestBacklogGauges(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	hold, gate := make(chan struct{}), make(chan struct{})
	reg := prometheus.NewPedanticRegistry()
	_, stop := l.worker(func(s *settings) {
		s.limits, s.cfg.Registry, s.cfg.Version = "ADD_ON_CREATE=1/1h", reg, "1.2.3"
		s.cfg.Backoff = Backoff{Min: time.Hour, Max: time.Hour, Rand: func() float64 { return 1 }}
		s.step = func(step string) {
			select {
			case <-hold:
				if step == "built" {
					<-gate
				}
			default:
			}
		}
	})
	const lane = `{lane="ADD_ON_CREATE"`
	names := []string{"events_waiting_oldest_seconds", "drain_seconds", "inbox_waiting", "nats_up", "build_info"}
	none := scrape(t, reg, names...)
	if len(none) != 3*len(Lanes())+3 {
		t.Errorf("of %d lanes there are %v", len(Lanes()), none)
	}
	for name, v := range none {
		if want := map[string]float64{"nats_up{}": 1, `build_info{version="1.2.3"}`: 1}[name]; v != want {
			t.Errorf("before any event %s is %v, want %v", name, v, want)
		}
	}

	// One is called and fails, one waits for its token, one is not admitted.
	l.kenar.Script(kenartest.Fault{Status: 503})
	l.publish(attach("fails", "post/P1", "one"))
	l.eventually("the retry is scheduled", func() bool { return scrape(t, reg, "retries_total")[`retries_total`+lane+`}`] == 1 })
	l.publish(attach("waits", "post/P2", "one"))
	l.queuedAt("waits")
	close(hold)
	l.publish(attach("unseen", "post/P3", "one"))
	l.eventually("it is in the inbox", func() bool { return scrape(t, reg, names...)["inbox_waiting{}"] == 1 })
	var before, after map[string]float64
	oldest := "events_waiting_oldest_seconds" + lane + `,priority="normal"}`
	before = scrape(t, reg, names...)
	l.eventually("it grows older", func() bool {
		after = scrape(t, reg, names...)
		return after[oldest] > before[oldest]
	})
	if before[oldest] <= 0 || before[oldest] > 60 {
		t.Errorf("the oldest waits for %v s", before[oldest])
	}
	if v := after[`events_waiting_oldest_seconds`+lane+`,priority="urgent"}`]; v != 0 {
		t.Errorf("an urgent one waits for %v s, there is none", v)
	}
	// The token comes back an hour after the call, and an hour later again: the
	// second is the retry's.
	if v := after["drain_seconds"+lane+"}"]; v < 7000 || v > 7300 {
		t.Errorf("drained in %v s, want two hours", v)
	}
	s, err := l.client.Status(t.Context())
	must(t, err)
	i := slices.IndexFunc(s.Lanes, func(x LaneStatus) bool { return x.Lane == PostCreate })
	if told := time.Until(s.Lanes[i].LastETA).Seconds(); told < after["drain_seconds"+lane+"}"]-60 || told > after["drain_seconds"+lane+"}"]+60 {
		t.Errorf("status tells %v s, the metric %v s", told, after["drain_seconds"+lane+"}"])
	}
	lint(t, reg)
	close(gate)
	stop() // and closes its connection
	ended := scrape(t, reg, names...)
	if d := cmp.Diff(map[string]float64{"nats_up{}": 0, `build_info{version="1.2.3"}`: 1}, ended); d != "" {
		t.Errorf("without NATS (-want +got):\n%s", d)
	}
}
