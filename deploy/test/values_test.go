package charttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/norwoodj/helm-docs/pkg/document"
	"github.com/norwoodj/helm-docs/pkg/helm"
	"github.com/spf13/viper"

	"github.com/kenar-addons/kenar-addons/pipeline"
)

// Wrong values are refused before anything is installed, with what is wrong and, where
// that is not plain, what to do.
func TestRefusedValues(t *testing.T) {
	refusals{
		// Typos, wherever they are.
		{"replicaCoutn: 3", "additional properties 'replicaCoutn' not allowed"},
		{"kenar: {apikey: {existingSecret: x}}", "at '/kenar': additional properties 'apikey' not allowed"},
		{"nats: {creds: {existingSecrets: x}}", "at '/nats/creds': additional properties 'existingSecrets' not allowed"},
		{"networkPolicy: {redis: {port: [1]}}", "at '/networkPolicy/redis': additional properties 'port' not allowed"},
		{"monitoring: {prometheusRule: {disabled: [KenarLanePause]}}", "at '/monitoring/prometheusRule/disabled/0': value must be one of"},
		{"extraEnv: [{name: A, valeu: b}]", "additional properties 'valeu' not allowed"},
		// Types and ranges.
		{"replicaCount: two", "at '/replicaCount': got string, want integer"},
		{"replicaCount: -1", "minimum: got -1, want 0"},
		{"concurrency: 1001", "maximum: got 1,001, want 1,000"},
		{"nats: {replicas: 2}", "at '/nats/replicas': value must be one of 1, 3, 5"},
		{"preflight: 'on'", "at '/preflight': value must be one of 'off', 'warn', 'require'"},
		{"preflight: off", "at '/preflight': value must be one of 'off', 'warn', 'require'"}, // YAML reads false
		{"image: {tag: latest}", "at '/image/tag': 'not' failed"},
		{"image: {digest: 'sha256:12'}", "at '/image/digest': 'sha256:12' does not match pattern"},
		{"networkPolicy: {kenar: {cidrs: []}}", "at '/networkPolicy/kenar/cidrs': minItems: got 0, want 1"},
		{"embedded: {persistence: {accessModes: [ReadWriteMany]}}", "value must be one of 'ReadWriteOnce', 'ReadWriteOncePod'"},
		{"nats: {url: 'http://nats:4222'}", "at '/nats/url': 'http://nats:4222' does not match pattern"},
		{"probes: {readiness: {periodSeconds: 0}}", "minimum: got 0, want 1"},
		// What is missing, or does not go together.
		{"kenar: {app: ''}", "kenar.app: not set; set it to the slug"},
		{"kenar: {apiKey: {existingSecret: ''}}", "kenar.apiKey.existingSecret: not set"},
		{"kenar: {apiKey: {value: x}}", "kenar.apiKey: has both existingSecret and value"},
		{"kenar: {clientSecret: {existingSecret: x}}", "kenar.redirectURI: not set, and Kenar wants it"},
		{"nats: {url: ''}", "nats.url: not set; set it to your servers"},
		{"redis: {url: {existingSecret: ''}}", "workers that count calls each for itself would exceed the quota"},
		{"embedded: {enabled: true}", "nats: set together with embedded.enabled"},
		{"embedded: {enabled: true}", "redis.url: set together with embedded.enabled"},
		{"{embedded: {enabled: true}, replay: {enabled: true}}", "replay.enabled: not with embedded.enabled"},
		{"{embedded: {enabled: true}, autoscaling: {hpa: {enabled: true}}}", "autoscaling: not with embedded.enabled"},
		{"kenar: {timeout: 15}", "at '/kenar/timeout': got number, want string"},
		{"kenar: {timeout: fifteen}", `kenar.timeout: is "fifteen"; want a duration such as 30s`},
		{"kenar: {timeout: 2m}", "kenar.timeout: is 2m; want 1s to 1m"},
		{"shutdownGrace: 10s", "shutdownGrace: is 10s; want at least kenar.timeout, which is 15s"},
		{"terminationGracePeriodSeconds: 34", "terminationGracePeriodSeconds: is 34; want at least 35, which is shutdownGrace (25s) and"},
		{"retries: {backoffMin: 2h}", "retries.backoffMin: is 2h; want at most retries.backoffMax, which is 1h"},
		{"limits: {ADD_ON_CREATE: 100}", "at '/limits/ADD_ON_CREATE': got number"},
		{"limits: {ADD_ON_CREATE: 100 a week}", `limits.ADD_ON_CREATE: is "100 a week"; want calls/window`},
		{"limits: {ADD_ON_CREATE: 100/7d}", `limits.ADD_ON_CREATE: is "100/7d"`},
		{"limits: {ADD_ON_CREATE: null}", "limits.ADD_ON_CREATE: not set; set it to what Kenar grants your app, such as 100/168h, or to unlimited"},
		{"limits: {ADD_ONCREATE: 100/168h}", "invalid propertyName 'ADD_ONCREATE'"},
		{"limits: {App: 60/1m}", "value must be one of 'ADD_ON_CREATE', 'BUSINESS_ADDON_CREATE'"},
		{"kenar: {baseURL: 'http://kenar.example'}", "kenar.baseURL: is \"http://kenar.example\"; want an https URL"},
		{"templates: {files: {Report.JQ: .}}", `templates.files: "Report.JQ" is no name of a template`},
		{"templates: {files: {kenar.x.jq: .}}", `templates.files: "kenar.x.jq" is no name of a template`},
		{"templates: {files: {a.jq: .}, existingConfigMap: x}", "templates: has both files and existingConfigMap"},
		{"monitoring: {serviceMonitor: {enabled: true}, podMonitor: {enabled: true}}", "every worker would be scraped twice"},
		{"autoscaling: {keda: {enabled: true}, hpa: {enabled: true}}", "would fight over the number of workers"},
		{"autoscaling: {keda: {enabled: true}}", "autoscaling.keda.prometheusAddress: not set"},
		{"autoscaling: {hpa: {enabled: true}}", "which monitoring.prometheusRule records; enable that"},
		{"autoscaling: {minReplicas: 5}", "autoscaling.minReplicas: is 5; want at most autoscaling.maxReplicas, which is 4"},
		{"extraEnv: [{name: KENAR_API_KEY, value: x}]", "extraEnv: KENAR_API_KEY is set by this chart"},
		{"extraEnv: [{name: REDIS_URL_FILE, value: x}]", "extraEnv: REDIS_URL_FILE is set by this chart"},
		{"extraEnv: [{name: LOG_LEVEL, value: debug}]", "extraEnv: LOG_LEVEL is set by this chart"},
	}.test(t)
}

// Everything that is wrong is told at once.
func TestAllFaultsAtOnce(t *testing.T) {
	_, _, err := release{}.render()
	if err == nil {
		t.Fatal("the chart can be installed without any value")
	}
	for _, want := range []string{"kenar.app: not set", "kenar.apiKey.existingSecret: not set", "nats.url: not set", "redis.url.existingSecret: not set"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
}

// Values that look odd and are right.
func TestTakenValues(t *testing.T) {
	taken{
		"global: {anything: {goes: here}}",
		"limits: {GET_POST: null, EDIT_POST: '100/1h reserve 10, 1000/24h', app: 60/1m}",
		"limits: {ADD_ON_CREATE: unlimited}",
		"{kenar: {timeout: 59.5s}, shutdownGrace: 1m30s, terminationGracePeriodSeconds: 100}",
		"kenar: {baseURL: 'http://127.0.0.1:8080'}",
		"nats: {url: 'tls://a:4222,tls://b:4222'}",
		"redis: {url: {existingSecret: '', value: 'redis://valkey:6379/0'}}",
		"strategy: {type: Recreate, rollingUpdate: null}",
		"strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}",
		"podDisruptionBudget: {maxUnavailable: 50%}",
		"podDisruptionBudget: {enabled: false, maxUnavailable: 0}",
	}.test(t)
}

// Values, schema and templates speak of the same things.
func TestSchemaMatchesValues(t *testing.T) {
	c := chartOf(t)
	var schema map[string]any
	if err := json.Unmarshal(c.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	resolve := func(node any) map[string]any {
		m, _ := node.(map[string]any)
		if ref, ok := m["$ref"].(string); ok {
			m, _ = at(schema, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...).(map[string]any)
		}
		return m
	}
	var walk func(path string, values map[string]any, node map[string]any)
	walk = func(path string, values map[string]any, node map[string]any) {
		described, _ := node["properties"].(map[string]any)
		if described == nil {
			return // open: it goes to Kubernetes as it is
		}
		if node["additionalProperties"] != false {
			t.Errorf("%s: the schema lets typos through", path)
		}
		for key, value := range values {
			if described[key] == nil {
				t.Errorf("%s.%s is a value, and not in the schema", path, key)
			}
			if inner, ok := value.(map[string]any); ok {
				walk(path+"."+key, inner, resolve(described[key]))
			}
		}
		if strings.HasPrefix(path, ".probes.") || strings.HasSuffix(strings.ToLower(path), "resources") {
			return // of Kubernetes, with more fields than have defaults
		}
		for key := range described {
			if _, ok := values[key]; !ok {
				t.Errorf("%s.%s is in the schema, and has no default", path, key)
			}
		}
	}
	walk("", c.Values, schema)

	var templates strings.Builder
	for _, f := range c.Templates {
		templates.Write(f.Data)
	}
	for key, value := range c.Values {
		if key == "global" {
			continue
		}
		if !regexp.MustCompile(`(\.Values|\$v)\.` + key + `\b`).MatchString(templates.String()) {
			t.Errorf("%s is a value that no template uses", key)
		}
		inner, _ := value.(map[string]any)
		for part := range inner {
			if key == "nats" && (part == "admin" || part == "publisher") {
				continue // by the name of a role
			}
			if key == "podSecurityContext" || key == "securityContext" || key == "resources" || key == "limits" || key == "strategy" {
				continue // used as a whole
			}
			if !regexp.MustCompile(`\.` + part + `\b`).MatchString(templates.String()) {
				t.Errorf("%s.%s is a value that no template uses", key, part)
			}
		}
	}
}

// Limits are those of permissions that workers count calls by, and alerts that can be left
// out those that there are.
func TestSchemaMatchesSources(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(chartOf(t).Schema, &schema); err != nil {
		t.Fatal(err)
	}
	names := func(def string) (all []string) {
		enum, _ := at(schema, "$defs", def, "enum").([]any)
		for _, name := range enum {
			all = append(all, name.(string))
		}
		return all
	}
	if diff := cmp.Diff(pipeline.PauseScopes(), names("permission")); diff != "" {
		t.Errorf("permissions of the worker (-) and of the schema (+):\n%s", diff)
	}
	var alerts []string
	all, _ := rules(t)
	for _, r := range all {
		if r.Alert != "" {
			alerts = append(alerts, r.Alert)
		}
	}
	if diff := cmp.Diff(alerts, names("alert")); diff != "" {
		t.Errorf("alerts (-) and those of the schema (+):\n%s", diff)
	}
}

// README.md is what helm-docs makes of the comments in values.yaml.
func TestReadme(t *testing.T) {
	temp := t.TempDir()
	for _, file := range []string{"Chart.yaml", "values.yaml", "README.md.gotmpl"} {
		text, err := os.ReadFile(filepath.Join(chartDir, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(temp, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// What its command line would set.
	viper.Set("values-file", "values.yaml")
	viper.Set("output-file", "README.md")
	viper.Set("sort-values-order", document.FileSortOrder)
	viper.Set("ignore-non-descriptions", false)
	info, err := helm.ParseChartInformation(temp, helm.ChartValuesDocumentationParsingConfig{})
	if err != nil {
		t.Fatal(err)
	}
	document.PrintDocumentation(info, temp, []string{"README.md.gotmpl"}, false, "1.14.2", "flat-square", nil, true)
	want, err := os.ReadFile(filepath.Join(temp, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, filepath.Join(chartDir, "README.md"), want)

	// Every value is explained.
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \|.*\|\s*\|$`).FindAllStringSubmatch(string(want), -1) {
		t.Errorf("values.yaml does not explain %s", m[1])
	}
	if n := bytes.Count(want, []byte("\n| ")); n < 100 {
		t.Errorf("%d values in README.md, want all", n)
	}
}

// The values in docs/kubernetes.md can be installed.
func TestDocumentedValues(t *testing.T) {
	doc, err := os.ReadFile("../../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n# (kenar[a-z-]*\\.yaml)\n(.*?)```").FindAllStringSubmatch(string(doc), -1)
	if len(blocks) == 0 {
		t.Fatal("docs/kubernetes.md has no values")
	}
	for _, b := range blocks {
		if _, _, err := (release{values: parse(t, b[2])}).render(); err != nil {
			t.Errorf("%s: %v", b[1], err)
		}
	}
	for _, m := range regexp.MustCompile("`((?:[a-z][A-Za-z]*)(?:\\.[a-zA-Z]+)+)`").FindAllStringSubmatch(string(doc), -1) {
		path := strings.Split(m[1], ".")
		top := chartOf(t).Values
		if _, ours := top[path[0]]; !ours || strings.HasSuffix(m[1], ".yaml") {
			continue
		}
		if !slices.Contains(slices.Collect(maps.Keys(paths("", top))), m[1]) {
			t.Errorf("docs/kubernetes.md speaks of the value %s, which is not there", m[1])
		}
	}
}

// paths are the names of all values, "a.b.c" each.
func paths(prefix string, values map[string]any) map[string]bool {
	all := make(map[string]bool)
	for key, value := range values {
		name := fmt.Sprintf("%s%s", prefix, key)
		all[name] = true
		if inner, ok := value.(map[string]any); ok {
			maps.Copy(all, paths(name+".", inner))
		}
	}
	return all
}
