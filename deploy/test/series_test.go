package charttest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// metric is the name of a series, of ours or of a process, and the character after it.
var metric = regexp.MustCompile(`\b((?:kenar|process|go)[_:][a-z0-9_:]+|up)\b(.?)`)

func withoutStrings(expr string) string {
	return regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expr, `""`)
}

// A registry keeps what a worker registers.
type registry []prometheus.Collector

func (r *registry) Register(c prometheus.Collector) error {
	*r = append(*r, c)
	return nil
}

func (r *registry) MustRegister(all ...prometheus.Collector) { *r = append(*r, all...) }
func (r *registry) Unregister(prometheus.Collector) bool     { return false }

// series are the labels of each series: of those that a worker has registered, which has
// not come to connect to anything, and of a few that come with any process.
func series(t *testing.T) map[string][]string {
	t.Helper()
	nc, err := nats.Connect("nats://127.0.0.1:1", nats.RetryOnFailedConnect(true))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() {
		if err := rdb.Close(); err != nil {
			t.Error(err)
		}
	})
	limiter, err := ratelimit.New(ratelimit.Config{Redis: rdb, App: "shop", Call: time.Minute, Limits: ratelimit.Limits{}})
	if err != nil {
		t.Fatal(err)
	}
	client, err := kenar.New(kenar.Config{APIKey: func() string { return "key" }})
	if err != nil {
		t.Fatal(err)
	}
	var all registry
	if _, err := pipeline.NewWorker(pipeline.Config{App: "shop", NATS: nc, Client: client, Limiter: limiter, Registry: &all}); err != nil {
		t.Fatal(err)
	}
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		for _, c := range all {
			c.Describe(descs)
		}
	}()
	known := map[string][]string{"up": nil, "process_resident_memory_bytes": nil, "process_cpu_seconds_total": nil}
	desc := regexp.MustCompile(`^Desc\{fqName: "([^"]+)".*variableLabels: \{([^}]*)\}\}$`)
	for d := range descs {
		m := desc.FindStringSubmatch(d.String())
		if m == nil {
			t.Fatalf("cannot read %s", d)
		}
		known[m[1]] = strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' })
	}
	if len(known) < 25 {
		t.Fatalf("%d series, want all", len(known))
	}
	return known
}

// values are those of labels that alerts look for, as the worker writes them.
func values() map[string][]string {
	return map[string][]string{
		"class": {
			string(pipeline.ClassAccepted), string(pipeline.ClassRateLimited), string(pipeline.ClassAuth),
			string(pipeline.ClassForbidden), string(pipeline.ClassPermanent),
		},
		"permission": {ratelimit.AppKey},
		"priority":   {string(pipeline.Urgent), string(pipeline.Normal)},
		"reason":     {string(pipeline.ClassAuth), string(pipeline.ClassCapped)},
		"result":     {string(pipeline.ResultDead), string(pipeline.ResultSuperseded), string(pipeline.ResultUnchanged)},
	}
}

var (
	selector = regexp.MustCompile(`([a-z][a-z0-9_:]*)?\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`(\w+) *(?:=~|!~|!=|=) *"([^"]*)"`)
	grouping = regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`)
	// The label that label_replace makes is followed by what it becomes and where from.
	replaced = regexp.MustCompile(`"(\w+)", "[^"]*", "\w*", "[^"]*"\)`)
	named    = regexp.MustCompile(`\$labels\.(\w+)`)
)

// made are the labels by which an expression groups, and those that it makes.
func made(expr string) []string {
	var all []string
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		all = append(all, strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	for _, m := range replaced.FindAllStringSubmatch(expr, -1) {
		all = append(all, m[1])
	}
	return all
}

// Alerts and dashboard look at series that there are, by labels that these have and for
// values that these take.
func TestSeriesExist(t *testing.T) {
	known, written := series(t), values()
	target := []string{"job", "namespace", "pod", "instance"} // of what is scraped
	all, _ := rules(t)
	for _, r := range all {
		if r.Record != "" {
			known[r.Record] = made(r.Expr)
		}
	}
	look := func(where, expr string) {
		there := slices.Clone(target)
		for _, m := range replaced.FindAllStringSubmatch(expr, -1) {
			there = append(there, m[1])
		}
		for _, m := range metric.FindAllStringSubmatch(withoutStrings(expr), -1) {
			name, histogram := strings.CutSuffix(m[1], "_bucket")
			labels, ok := known[name]
			if !ok {
				t.Errorf("%s looks at %s, which nothing exports", where, name)
			}
			there = append(there, labels...)
			if histogram {
				there = append(there, "le")
			}
		}
		for _, s := range selector.FindAllStringSubmatch(expr, -1) {
			for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
				label, value := m[1], m[2]
				switch {
				case label == "__name__":
					continue
				case slices.Contains(target, label):
					continue
				case !slices.Contains(known[s[1]], label):
					t.Errorf("%s looks at label %s of %s, which has %q", where, label, s[1], known[s[1]])
				}
				for one := range strings.SplitSeq(value, "|") {
					if !slices.Contains(written[label], one) {
						t.Errorf("%s looks for %s=%q, want one of %q", where, label, one, written[label])
					}
				}
			}
		}
		for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
			for _, label := range made(m[0]) {
				if !slices.Contains(there, label) {
					t.Errorf("%s groups by %s; its series have %q", where, label, there)
				}
			}
		}
	}
	for _, r := range all {
		look(r.Alert+r.Record, r.Expr)
		for _, text := range slices.Sorted(maps.Values(r.Annotations)) {
			for _, m := range named.FindAllStringSubmatch(text, -1) {
				if !slices.Contains(made(r.Expr), m[1]) {
					t.Errorf("%s tells of label %s; its expression leaves %q", r.Alert, m[1], made(r.Expr))
				}
			}
		}
	}
	for _, p := range dashboard(t).Panels {
		for _, target := range p.Targets {
			look("panel "+p.Title, target.Expr)
		}
	}
}
