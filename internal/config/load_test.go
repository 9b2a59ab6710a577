package config

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFlagBeatsEnvBeatsFileBeatsDefault(t *testing.T) {
	const none = ""
	tests := []struct {
		name, flag, env, file string
		want                  time.Duration
		source                string
	}{
		{"all", "4s", "3s", "2s", 4 * time.Second, "flag --kenar-timeout"},
		{"no flag", none, "3s", "2s", 3 * time.Second, "env KENAR_TIMEOUT"},
		{"file alone", none, none, "2s", 2 * time.Second, "worker.yaml:1"},
		{"nothing", none, none, none, 15 * time.Second, "default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// An empty value is the same as none, so each is always given.
			path := tempFile(t, "worker.yaml", "kenar_timeout: "+tt.file)
			c := load(t, []string{"KENAR_TIMEOUT=" + tt.env}, "--kenar-timeout", tt.flag, "--config", path)
			if c.KenarTimeout != tt.want {
				t.Errorf("KenarTimeout = %s, want %s", c.KenarTimeout, tt.want)
			}
			var b strings.Builder
			if err := c.Print(&b); err != nil {
				t.Fatal(err)
			}
			if line := lineOf(b.String(), "KENAR_TIMEOUT"); !strings.HasSuffix(line, tt.source) {
				t.Errorf("printed %q, want the source %s", line, tt.source)
			}
		})
	}
}

func TestFileKeysInEitherCase(t *testing.T) {
	path := tempFile(t, "c.yaml", `
# A file serves several programs and people.
kenar_app: alpha
CONCURRENCY: 3
require_grant: true
nats_auto_create: false
limits: app=60/1m
preflight: &mode "off"   # YAML reads a bare off as a word
log_level:
`)
	c := load(t, nil, "--config", path)
	no := false
	got := Config{KenarApp: c.KenarApp, Concurrency: c.Concurrency, RequireGrant: c.RequireGrant, NATSAutoCreate: c.NATSAutoCreate,
		Limits: c.Limits, Preflight: c.Preflight, LogLevel: c.LogLevel}
	want := Config{KenarApp: "alpha", Concurrency: 3, RequireGrant: true, NATSAutoCreate: &no, Limits: "app=60/1m", Preflight: "off", LogLevel: "info"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Config{}, Secret{}, origin{})); diff != "" {
		t.Errorf("loaded (-want +got):\n%s", diff)
	}
}

func TestBareBooleanFlag(t *testing.T) {
	c := load(t, nil, "--require-grant", "--nats-auto-create=false")
	if !c.RequireGrant || c.NATSAutoCreate == nil || *c.NATSAutoCreate {
		t.Errorf("RequireGrant = %t, NATSAutoCreate = %v, want true and false", c.RequireGrant, c.NATSAutoCreate)
	}
}

func TestAutoCreate(t *testing.T) {
	const external = "NATS_URL=nats://nats.example:4222"
	tests := []struct {
		name    string
		environ []string
		want    bool
	}{
		{"embedded", nil, true},
		{"embedded, not wanted", []string{"NATS_AUTO_CREATE=false"}, false},
		{"external", []string{external}, false},
		{"external, wanted", []string{external, "NATS_AUTO_CREATE=true"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := load(t, tt.environ).AutoCreate(); got != tt.want {
				t.Errorf("AutoCreate() = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestSecretSources(t *testing.T) {
	keyFile := tempFile(t, "key", "  key-from-file \n")
	tests := []struct {
		name    string
		environ []string
		args    []string
		want    string
	}{
		{"variable", []string{"KENAR_API_KEY=key-from-env"}, nil, "key-from-env"},
		{"file in a variable", []string{"KENAR_API_KEY_FILE=" + keyFile}, nil, "key-from-file"},
		{"file in a flag", nil, []string{"--kenar-api-key-file", keyFile}, "key-from-file"},
		{"flag beats variable", []string{"KENAR_API_KEY_FILE=/nowhere"}, []string{"--kenar-api-key-file", keyFile}, "key-from-file"},
		{"file in the file", nil, []string{"--config", tempFile(t, "c.yaml", "kenar_api_key_file: "+keyFile)}, "key-from-file"},
		{"value in the file", nil, []string{"--config", tempFile(t, "c.yaml", "kenar_api_key: 0123")}, "0123"}, // not a number
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Load(flags(t, Worker, tt.args...), tt.environ, Worker, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.KenarAPIKey.Reveal(); got != tt.want {
				t.Errorf("KenarAPIKey = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestURLsLoseTheSlashAtTheEnd(t *testing.T) {
	c := load(t, []string{"KENAR_BASE_URL=http://127.0.0.1:8080/kenar/"})
	if c.KenarBaseURL != "http://127.0.0.1:8080/kenar" {
		t.Errorf("KenarBaseURL = %q", c.KenarBaseURL)
	}
}

func TestPublisherIgnoresTheWorkersSettings(t *testing.T) {
	path := tempFile(t, "shared.yaml", "concurrency: 0\nkenar_timeout: never\ndata_dir: /srv/data\n")
	c, err := Load(flags(t, Publisher, "--config", path), []string{"REDIS_URL=nonsense"}, Publisher, nil)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	if c.DataDir != "/srv/data" || c.KenarTimeout != 15*time.Second {
		t.Errorf("DataDir = %q, KenarTimeout = %s, want the file's and the default", c.DataDir, c.KenarTimeout)
	}
	if w := c.Warnings(); len(w) != 0 {
		t.Errorf("warnings of what the publisher does not use: %q", w)
	}
}

func TestDemoRequiresNothing(t *testing.T) {
	if _, err := Load(nil, nil, Demo, nil); err != nil {
		t.Errorf("Load for a demo: %v", err)
	}
	_, err := Load(nil, nil, Worker, nil)
	var p *Problem
	if !errors.As(err, &p) || p.Setting != "KENAR_API_KEY" {
		t.Errorf("Load for a worker: %v, want a problem of KENAR_API_KEY", err)
	}
}

func TestChecksOfTheCaller(t *testing.T) {
	var saw string
	checks := map[string]func(string) error{"LIMITS": func(text string) error {
		saw = text
		if strings.Contains(text, "=") {
			return nil
		}
		return errors.New("want PERMISSION=calls/window")
	}}
	if _, err := Load(nil, nil, Demo, checks); err != nil || !strings.HasPrefix(saw, "ADD_ON_CREATE=") {
		t.Errorf("Load: %v, with a check of %q; want one of the default", err, saw)
	}
	_, err := Load(nil, []string{"LIMITS=many", "CONCURRENCY=0"}, Demo, checks)
	want := `LIMITS "many" (env LIMITS): want PERMISSION=calls/window
CONCURRENCY "0" (env CONCURRENCY): want a whole number from 1 to 1000`
	if err == nil || err.Error() != want {
		t.Errorf("Load: %v\nwant: %s", err, want)
	}
	if _, err := Load(nil, []string{"LIMITS=many"}, Publisher, checks); err != nil {
		t.Errorf("a check ran for a program without the setting: %v", err)
	}
	checks["LIMIT"] = checks["LIMITS"]
	if _, err := Load(nil, nil, Demo, checks); err == nil || !strings.Contains(err.Error(), "no such setting") {
		t.Errorf("Load with a check of LIMIT: %v, want a complaint", err)
	}
}

func TestWarnings(t *testing.T) {
	tests := []struct {
		name    string
		environ []string
		want    []string // one fragment per warning
	}{
		{"nothing odd", nil, nil},
		{"slip of the pen", []string{"KENAR_APIKEY=hush", "KENAR_TIMOUT=3s"}, []string{"KENAR_APIKEY is not used; did you mean KENAR_API_KEY?", "KENAR_TIMOUT is not used; did you mean KENAR_TIMEOUT?"}},
		{"somebody else's variables", []string{"KENAR_ADDONS_SERVICE_HOST=10.0.0.1", "KENAR_ADDONS_PORT_9090_TCP=x", "NATS_PORT=1", "KENA_APP=x"}, nil},
		{"limiter not shared", []string{"NATS_URL=nats://n:4222"}, []string{"run no second one, or set REDIS_URL"}},
		{"grace below the timeout", []string{"KENAR_TIMEOUT=30s"}, []string{"SHUTDOWN_GRACE 25s is shorter than KENAR_TIMEOUT 30s"}},
		{"token in the clear", []string{"EMBEDDED_NATS_ADDR=:4222"}, []string{"EMBEDDED_NATS_ADDR :4222 can be reached from other machines"}},
		{"address not used", []string{"NATS_URL=nats://n:4222", "REDIS_URL=redis://r", "EMBEDDED_NATS_ADDR=:4222"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := load(t, tt.environ).Warnings()
			ok := slices.EqualFunc(got, tt.want, strings.Contains)
			if !ok {
				t.Errorf("Warnings() = %q, want %q", got, tt.want)
			}
			if strings.Contains(strings.Join(got, ""), "hush") {
				t.Error("a warning shows the value of a variable")
			}
		})
	}
}

// lineOf is the line of text that starts with a name.
func lineOf(text, name string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, name+" ") {
			return strings.TrimRight(line, "\n")
		}
	}
	return ""
}

// A key that no header can carry is told at once, and not shown.
func TestLoadKeyThatCannotBeSent(t *testing.T) {
	for _, key := range []string{"کلید", "good\nby\u00a0hand", "nul\x00", "new-key کهنه"} {
		_, err := Load(nil, []string{"KENAR_API_KEY=" + key}, Worker, nil)
		if err == nil || !strings.Contains(err.Error(), "only visible ASCII") || strings.Contains(err.Error(), key) {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

// While a key is rotated, both are good.
func TestLoadSeveralKeys(t *testing.T) {
	for _, keys := range []string{"one", "new old", "new\nold", "new\r\n\told"} {
		cfg, err := Load(nil, []string{"KENAR_API_KEY=" + keys}, Worker, nil)
		if err != nil || cfg.KenarAPIKey.Reveal() != keys {
			t.Errorf("keys %q: %v", keys, err)
		}
	}
}
