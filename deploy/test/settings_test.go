package charttest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	corev1 "k8s.io/api/core/v1"

	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// settings are those of the ConfigMap.
func settings(t *testing.T, all []object) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for _, o := range all {
		if o.template == "configmap.yaml" && !strings.HasSuffix(o.name(), "-templates") {
			data, _ := at(o.tree, "data").(map[string]any)
			for name, value := range data {
				out[name], _ = value.(string)
			}
		}
	}
	if len(out) == 0 {
		t.Fatal("there are no settings")
	}
	return out
}

// worker is the container of the worker.
func worker(t *testing.T, all []object) corev1.Container {
	t.Helper()
	for _, o := range all {
		if o.kind() == "Deployment" || o.kind() == "StatefulSet" {
			return o.pod(t).Spec.Containers[0]
		}
	}
	t.Fatal("there is no worker")
	return corev1.Container{}
}

// A worker starts with the variables of its pod and the files behind them, and
// nothing it is given is unknown to it.
func TestWorkerTakesItsSettings(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{
		"api-key": "key", "client-secret": "secret", "grant-identity": identity.String(),
		"redis-url": "redis://user:password@valkey:6379/0", "nats-url": "nats://user:password@nats:4222",
		"nats.creds": "creds", "nats-ca.crt": "ca",
	}
	for name, values := range cases(t) {
		t.Run(name, func(t *testing.T) {
			all := release{values: values}.installed(t)
			dir := t.TempDir()
			for file, text := range contents {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			env := settings(t, all)
			for _, e := range worker(t, all).Env {
				if e.ValueFrom == nil {
					env[e.Name] = strings.Replace(e.Value, "/etc/kenar/secrets", dir, 1)
				}
			}
			if _, given := env["TEMPLATES"]; given {
				env["TEMPLATES"] = dir
			}
			var environ []string
			for _, name := range slices.Sorted(maps.Keys(env)) {
				environ = append(environ, name+"="+env[name])
			}
			cfg, err := config.Load(nil, environ, config.Worker, map[string]func(string) error{
				"LIMITS": func(text string) error { _, err := ratelimit.ParseLimits(text); return err },
			})
			if err != nil {
				t.Fatal(err)
			}
			if w := cfg.Warnings(); len(w) > 0 {
				t.Errorf("the worker warns: %s", strings.Join(w, "; "))
			}
			if cfg.Embedded() != (name == "embedded") || cfg.EmbeddedRedis() != (name == "embedded") || cfg.AutoCreate() != (name == "embedded") {
				t.Errorf("embedded NATS %t, Redis %t, creates streams %t", cfg.Embedded(), cfg.EmbeddedRedis(), cfg.AutoCreate())
			}
			known := make(map[string]bool)
			for _, s := range config.Table() {
				known[s.Name] = true
				known[s.Name+"_FILE"] = s.FileName() != ""
			}
			for name := range settings(t, all) {
				if !known[name] && !strings.HasPrefix(name, "OTEL_") {
					t.Errorf("the ConfigMap has %s, which is no setting", name)
				}
			}
		})
	}
}

// The jobs start with what they are given, too.
func TestJobsTakeTheirSettings(t *testing.T) {
	programs := map[string]config.Program{"setup": config.Setup, "probe": config.Publisher, "replay": config.Publisher}
	dir := t.TempDir()
	for file, text := range map[string]string{"nats-url": "nats://user:password@nats:4222", "nats.creds": "creds", "nats-ca.crt": "ca"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[string]bool)
	for name, values := range cases(t) {
		for _, o := range (release{values: values}).installed(t) {
			if o.pod(t) == nil {
				continue
			}
			c := o.pod(t).Spec.Containers[0]
			program, ok := programs[c.Name]
			if !ok {
				continue
			}
			seen[c.Name] = true
			var environ []string
			for _, e := range c.Env {
				environ = append(environ, e.Name+"="+strings.Replace(e.Value, "/etc/kenar/secrets", dir, 1))
			}
			cfg, err := config.Load(nil, environ, program, nil)
			if err != nil {
				t.Errorf("%s: %s: %v", name, o, err)
			} else if cfg.Embedded() {
				t.Errorf("%s: %s has no NATS_URL", name, o)
			}
		}
	}
	if len(seen) != len(programs) {
		t.Errorf("only %v were looked at", seen)
	}
}

// What the chart does not set is what the worker does by itself, and what it sets by
// default is the same. The exceptions are what a cluster needs.
func TestDefaultsAgree(t *testing.T) {
	have := settings(t, release{values: minimal(t, "{}")}.installed(t))
	deliberate := map[string]string{
		"KENAR_APP":        "no two apps are called default",
		"ADMIN_ADDR":       "the kubelet and Prometheus are not on loopback",
		"LOG_FORMAT":       "no terminal",
		"NATS_REPLICAS":    "in a cluster of Kubernetes, NATS is one too",
		"NATS_AUTO_CREATE": "workers have no rights to",
		"NATS_URL":         "not embedded",
	}
	for _, s := range config.Table() {
		value, set := have[s.Name]
		if _, ok := deliberate[s.Name]; ok || !set {
			continue
		}
		if value != s.Default {
			t.Errorf("%s is %q by default, and %q in a worker", s.Name, value, s.Default)
		}
	}
}

// What is said to be unlimited is so for the worker too, which has limits by default.
func TestUnlimited(t *testing.T) {
	env := settings(t, release{values: minimal(t, "limits: {ADD_ON_CREATE: unlimited, GET_POST: null}")}.installed(t))
	cfg, err := config.Load(nil, []string{"KENAR_API_KEY=key", "LIMITS=" + env["LIMITS"]}, config.Worker, nil)
	if err != nil {
		t.Fatal(err)
	}
	limits, err := ratelimit.ParseLimits(cfg.Limits)
	if err != nil || len(limits) > 0 {
		t.Errorf("the worker has limits %s: %v", limits, err)
	}
}

// Every setting of a worker can be set by a value, and is refused in extraEnv, so that
// there is one place for it.
func TestEverySettingHasAValue(t *testing.T) {
	given := make(map[string]bool)
	for _, values := range cases(t) {
		all := release{values: values}.installed(t)
		for name := range settings(t, all) {
			given[name] = true
		}
		for _, e := range worker(t, all).Env {
			given[strings.TrimSuffix(e.Name, "_FILE")] = true
		}
	}
	notHere := map[string]string{
		"EMBEDDED_NATS_ADDR": "loopback, where the containers of the pod are",
	}
	for _, s := range config.Table() {
		if s.Programs&config.Worker == 0 || notHere[s.Name] != "" {
			continue
		}
		if !given[s.Name] {
			t.Errorf("no value sets %s", s.Name)
		}
		_, _, err := release{values: minimal(t, "extraEnv: [{name: "+s.Name+", value: x}]")}.render()
		if err == nil {
			t.Errorf("extraEnv may set %s, beside the value for it", s.Name)
		}
	}
}

// A program gets the secrets of its role, and no others.
func TestSecretsByRole(t *testing.T) {
	all := release{values: cases(t)["full"]}.installed(t)
	for name, want := range map[string][]string{
		"Deployment/kenar-addons":     {"kenar-keys/api.key", "kenar-keys/client-secret", "kenar-grants/grant-identity", "valkey/redis-url", "nats-url/nats-url", "nats-worker/nats.creds", "nats-ca/ca.crt"},
		"Job/kenar-addons-setup":      {"nats-admin-url/nats-url", "nats-admin/nats.creds", "nats-ca/ca.crt"},
		"CronJob/kenar-addons-replay": {"nats-operator-url/nats-url", "nats-operator/nats.creds", "nats-ca/ca.crt"},
		"Pod/kenar-addons-probe":      {"nats-operator-url/nats-url", "nats-operator/nats.creds", "nats-ca/ca.crt"},
	} {
		kind, object, _ := strings.Cut(name, "/")
		var got []string
		for _, v := range find(t, all, kind, object).pod(t).Spec.Volumes {
			if v.Projected == nil {
				continue
			}
			for _, s := range v.Projected.Sources {
				got = append(got, s.Secret.Name+"/"+s.Secret.Items[0].Key)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
}
