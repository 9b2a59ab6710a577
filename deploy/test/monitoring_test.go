package charttest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// A rule is one of a PrometheusRule.
type rule struct {
	Alert       string            `json:"alert"`
	Record      string            `json:"record"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// rules are those of a release "kenar" in namespace "shop", and the file of them.
func rules(t *testing.T) ([]rule, []byte) {
	t.Helper()
	all := release{values: minimal(t, `{
		fullnameOverride: kenar, limits: {ADD_ON_CREATE: 100/168h reserve 10},
		monitoring: {prometheusRule: {enabled: true}}}`)}.installed(t)
	spec := at(find(t, all, "PrometheusRule", "kenar").tree, "spec")
	text, err := yaml.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []rule `json:"rules"`
		} `json:"groups"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var out []rule
	for _, g := range file.Groups {
		out = append(out, g.Rules...)
	}
	return out, text
}

// promtool runs the tool of Prometheus in a directory; check.sh sets where it is.
func promtool(t *testing.T, dir string, args ...string) {
	t.Helper()
	path := os.Getenv("PROMTOOL")
	if path == "" {
		t.Skip("PROMTOOL is not set: run check.sh, or set it to promtool of Prometheus 2.42 or later")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// Each alert fires when it should and not when it should not.
func TestAlerts(t *testing.T) {
	all, text := rules(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/alerts*.yaml")
	if err != nil || len(files) < 4 { // none at all would pass
		t.Fatalf("tests of alerts are %q: %v", files, err)
	}
	var cases strings.Builder
	for i, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cases.Write(text)
		file := filepath.Base(path)
		files[i] = file
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range all {
		if r.Alert != "" && !strings.Contains(cases.String(), `alertname="`+r.Alert+`",alertstate="firing"`) {
			t.Errorf("no test has %s fire", r.Alert)
		}
	}
	promtool(t, dir, "check", "rules", "rules.yaml")
	promtool(t, dir, append([]string{"test", "rules"}, files...)...)
}

// An alert says how bad it is, what it means, and where it is told what to do.
func TestAlertsAreExplained(t *testing.T) {
	all, _ := rules(t)
	var alerts []string
	for _, r := range all {
		if r.Alert == "" {
			continue
		}
		alerts = append(alerts, r.Alert)
		if s := r.Labels["severity"]; !slices.Contains([]string{"critical", "warning", "info"}, s) {
			t.Errorf("%s has severity %q", r.Alert, s)
		}
		if r.Labels["release"] != "kenar" || r.Labels["namespace"] != "shop" {
			t.Errorf("%s does not say whose it is: %v", r.Alert, r.Labels)
		}
		if r.Annotations["summary"] == "" || !strings.HasSuffix(r.Annotations["description"], ".") {
			t.Errorf("%s is not explained: %v", r.Alert, r.Annotations)
		}
		if want := "operating.md#" + strings.ToLower(r.Alert); !strings.HasSuffix(r.Annotations["runbook_url"], want) {
			t.Errorf("%s links to %s, want %s", r.Alert, r.Annotations["runbook_url"], want)
		}
	}
	if len(alerts) < 10 {
		t.Errorf("%d alerts, want all", len(alerts))
	}
	doc, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(doc), "\n## Alerts\n")
	if !found {
		t.Fatal("docs/operating.md has no section Alerts")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var pages []string
	for _, m := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(section, -1) {
		pages = append(pages, m[1])
	}
	if diff := cmp.Diff(alerts, pages); diff != "" {
		t.Errorf("alerts (-) and their pages in docs/operating.md (+):\n%s", diff)
	}
}

// Series of one release never take part in the alerts of another.
func TestRulesAreOfOneRelease(t *testing.T) {
	all, _ := rules(t)
	for _, r := range all {
		for _, m := range metric.FindAllStringSubmatch(withoutStrings(r.Expr), -1) {
			if m[2] != "{" {
				t.Errorf("%s%s: %s has no selector", r.Alert, r.Record, m[1])
			}
		}
		if n, of := strings.Count(r.Expr, `job="kenar",namespace="shop"`), strings.Count(r.Expr, "{"); n != of {
			t.Errorf("%s%s: %d of %d selectors are of the release:\n%s", r.Alert, r.Record, n, of, r.Expr)
		}
	}
}

type panel struct {
	ID      int    `json:"id"`
	Type    string `json:"type"`
	Title   string `json:"title"`
	GridPos struct{ X, Y, W, H int }
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
}

type board struct {
	Title  string  `json:"title"`
	UID    string  `json:"uid"`
	Panels []panel `json:"panels"`
}

func dashboard(t *testing.T) board {
	t.Helper()
	all := release{values: minimal(t, "{fullnameOverride: kenar, monitoring: {dashboard: {enabled: true}}}")}.installed(t)
	var b board
	if err := json.Unmarshal([]byte(str(find(t, all, "ConfigMap", "kenar-dashboard").tree, "data", "kenar.json")), &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// The dashboard is one that Grafana can show: queries that Prometheus takes, panels that
// do not lie on one another.
func TestDashboard(t *testing.T) {
	b := dashboard(t)
	if b.Title == "" || len(b.UID) > 40 || len(b.UID) == 0 { // Grafana takes 40 characters
		t.Errorf("title %q, uid %q", b.Title, b.UID)
	}
	type record struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var queries []record
	ids := make(map[int]bool)
	for i, p := range b.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have id %d", p.ID)
		}
		ids[p.ID] = true
		if p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %s is wider than the page", p.Title)
		}
		for _, q := range b.Panels[:i] {
			a, b := p.GridPos, q.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("panels %s and %s lie on one another", p.Title, q.Title)
			}
		}
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			if !strings.Contains(target.Expr, `job="$job",namespace="$namespace"`) {
				t.Errorf("panel %s is not of one release: %s", p.Title, target.Expr)
			}
			queries = append(queries, record{"panel", strings.NewReplacer("$__rate_interval", "5m", "$job", "kenar", "$namespace", "shop").Replace(target.Expr)})
		}
	}
	if len(queries) < 20 {
		t.Errorf("%d queries, want all", len(queries))
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": queries}}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "queries.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, dir, "check", "rules", "--lint=none", "queries.yaml")
}
