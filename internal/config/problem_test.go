package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kenar-addons/kenar-addons/internal/golden"
)

// The texts are part of the contract: each names the setting, where its value
// came from, the value and what is allowed.
func TestBadValues(t *testing.T) {
	const https = "want https: keys and access tokens travel with the requests; plain http is allowed only to a loopback host, such as http://127.0.0.1:8080"
	tests := []struct{ name, value, want string }{
		{"MAX_ATTEMPTS", "0", "want a whole number of at least 1"},
		{"MAX_ATTEMPTS", "six", "want a whole number of at least 1"},
		{"SPEND_CAP_RIALS", "-1", "want a whole number of rials without separators, or 0"},
		{"SPEND_CAP_RIALS", "5,000,000", "want a whole number of rials without separators, or 0"},
		{"SPEND_CAP_RIALS", "1e7", "want a whole number of rials without separators, or 0"},
		{"CONCURRENCY", "1001", "want a whole number from 1 to 1000"},
		{"NATS_REPLICAS", "2", "want 1, 3 or 5"},
		{"BACKOFF_MIN", "0s", "want a duration above zero, such as 30s or 1h30m"},
		{"BACKOFF_MAX", "-1h", "want a duration above zero, such as 30s or 1h30m"},
		{"SHUTDOWN_GRACE", "25", "want a duration above zero, such as 30s or 1h30m"},
		{"KENAR_TIMEOUT", "999ms", "want a duration from 1s to 1m, such as 1s"},
		{"KENAR_TIMEOUT", "61s", "want a duration from 1s to 1m, such as 1s"},
		{"BACKOFF_MIN", "2h", "want at most BACKOFF_MAX, which is 1h"},
		{"PREFLIGHT", "yes", "want one of off, warn, require"},
		{"LOG_LEVEL", "INFO", "want one of trace, debug, info, warn, error"},
		{"LOG_FORMAT", "text", "want one of json, console"},
		{"REQUIRE_GRANT", "maybe", "want true or false"},
		{"NATS_AUTO_CREATE", "maybe", "want true or false"},
		{"KENAR_APP", "My_App", "want the app's slug: 1 to 63 lower-case letters, digits and hyphens, not starting with a hyphen"},
		{"KENAR_APP", strings.Repeat("a", 64), "want the app's slug: 1 to 63 lower-case letters, digits and hyphens, not starting with a hyphen"},
		{"KENAR_BASE_URL", "http://open-api.divar.ir", https},
		{"KENAR_OAUTH_URL", "http://10.0.0.7", https},
		{"KENAR_IMAGE_URL", "divar.ir", "want a URL such as https://example.org"},
		{"KENAR_LEGACY_URL", "ftp://api.divar.ir", "want a URL such as https://example.org"},
		{"KENAR_REDIRECT_URI", "https://example.org/cb?x=1", "want a URL without user, query and fragment, such as https://example.org"},
		{"KENAR_BUSINESS_ADDON_PATH", "/v1/business", "want a path that starts with / and holds {business_token} once, such as /v1/open-platform/addons/business/{business_token}"},
		{"KENAR_BUSINESS_ADDON_PATH", "v1/{business_token}", "want a path that starts with / and holds {business_token} once, such as /v1/open-platform/addons/business/{business_token}"},
		{"ADMIN_ADDR", "9090", "want host:port with a port from 0 to 65535, such as 127.0.0.1:9090"},
		{"EMBEDDED_NATS_ADDR", "localhost:nats", "want host:port with a port from 0 to 65535, such as 127.0.0.1:9090"},
		{"NATS_CREDS", "/nowhere/creds", "want a file that can be read: no such file or directory"},
		{"NATS_CA", "/", "want a file that can be read: is a directory"},
		{"GRANT_RECIPIENT", "ssh-ed25519 AAAA", "want an age public key, age1…"},
	}
	for _, tt := range tests {
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			_, err := Load(nil, []string{tt.name + "=" + tt.value}, Demo, nil)
			want := tt.name + ` "` + tt.value + `" (env ` + tt.name + "): " + tt.want
			if err == nil || err.Error() != want {
				t.Errorf("Load:\n got %v\nwant %s", err, want)
			}
		})
	}
}

func TestGoodValues(t *testing.T) {
	for _, kv := range []string{
		"NATS_URL=nats://a:4222, tls://user:pw@b:4222",
		"REDIS_URL=rediss://:pw@r:6379/0?addr=r2:6379",
		"KENAR_BASE_URL=http://localhost:8080", "KENAR_BASE_URL=http://[::1]:8080", "KENAR_BASE_URL=http://127.0.0.2",
		"KENAR_TIMEOUT=1s", "KENAR_TIMEOUT=1m", "BACKOFF_MIN=1h", "CONCURRENCY=1000", "MAX_ATTEMPTS=1", "SPEND_CAP_RIALS=0", "SPEND_CAP_RIALS=9223372036854775807",
		"KENAR_APP=0", "KENAR_APP=" + strings.Repeat("a", 63),
		"ADMIN_ADDR=:0", "ADMIN_ADDR=[::1]:9090",
		"KENAR_BUSINESS_ADDON_PATH=/v1/{business_token}/x",
		"GRANT_IDENTITY=# newest\nAGE-SECRET-KEY-1X\nAGE-SECRET-KEY-1Y", "GRANT_RECIPIENT=age1xyz",
	} {
		t.Run(kv, func(t *testing.T) {
			if _, err := Load(nil, []string{kv}, Demo, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// Everything is reported in one go, flags, variables and file alike.
func TestAllProblemsAtOnce(t *testing.T) {
	dir := t.TempDir()
	empty := tempFile(t, "empty", "\n")
	path := tempFile(t, "worker.yaml", `kenar_timout: 10s
backoff_min: 2h
KENAR_APP: [a, b]
kenar_app: one
kenar-legacy-url: https://api.divar.ir
timeout: 3s
max_attempts: 0
concurrency: 4
CONCURRENCY: 5
nonsense: 1
KENAR_API_KEY=tz9Qx7Lw: oops
`)
	environ := []string{
		"KENAR_API_KEY=tz9Qx7Lw",
		"KENAR_API_KEY_FILE=" + empty,
		"KENAR_CLIENT_SECRET_FILE=" + empty,
		"GRANT_IDENTITY=tz9Qx7Lw",
		"GRANT_RECIPIENT=AGE-SECRET-KEY-1tz9Qx7Lw",
		"REDIS_URL=http://:tz9Qx7Lw@redis:6379",
		"NATS_CREDS=" + tempFile(t, "creds", "seed"),
		"NATS_REPLICAS=3",
		"ADMIN_ADDR=here",
	}
	args := []string{"--config", path, "--kenar-base-url", "http://kenar.example", "--preflight=never"}
	_, err := Load(flags(t, Worker, args...), environ, Worker, nil)
	if err == nil {
		t.Fatal("no error")
	}
	text := strings.NewReplacer(filepath.Dir(path)+"/", "", filepath.Dir(empty)+"/", "", filepath.Dir(environ[6][len("NATS_CREDS="):])+"/", "", dir, "").Replace(err.Error())
	if strings.Contains(text, "tz9Qx7Lw") {
		t.Errorf("a secret is in the error:\n%s", text)
	}
	golden.File(t, "testdata/problems.golden", text+"\n")
}

func TestSecretsOnTheCommandLine(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"secret", []string{"--kenar-api-key", "tz9Qx7Lw"},
			"KENAR_API_KEY (flag --kenar-api-key): a secret is not taken from the command line, which others can read; use --kenar-api-key-file, or the variable KENAR_API_KEY or KENAR_API_KEY_FILE"},
		{"password in a URL", []string{"--nats-url=nats://me:tz9Qx7Lw@n:4222", "--kenar-api-key-file=" + tempFile(t, "key", "k")},
			`NATS_URL "nats://***@n:4222" (flag --nats-url): a user or a password is not taken from the command line, which others can read; use --nats-url-file, or the variable NATS_URL`},
		{"password in a query", []string{"--redis-url=redis://r?password=tz9Qx7Lw", "--kenar-api-key-file=" + tempFile(t, "key", "k")},
			`REDIS_URL "redis://r?***" (flag --redis-url): a user or a password is not taken from the command line, which others can read; use --redis-url-file, or the variable REDIS_URL`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(flags(t, Worker, tt.args...), nil, Worker, nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("Load:\n got %v\nwant %s", err, tt.want)
			}
		})
	}
	if c := load(t, nil, "--nats-url", "nats://n:4222"); c.NATSURL.Reveal() != "nats://n:4222" {
		t.Errorf("NATSURL = %s: a URL without a password is welcome", c.NATSURL)
	}
}

func TestBadFiles(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"no YAML", "\nkenar_api_key: tz9Qx7Lw: x", "not valid YAML near line 2"},
		{"secret taken for an anchor", "kenar_api_key: *tz9Qx7Lw", "not valid YAML"},
		{"list", "- kenar_app", "line 1: want a map of settings"},
		{"shell syntax", "\nKENAR_API_KEY=tz9Qx7Lw\n", "line 2: want a map of settings"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := tempFile(t, "c.yaml", tt.content)
			_, err := Load(flags(t, Demo, "--config", path), nil, Demo, nil)
			if err == nil || !strings.Contains(err.Error(), "--config") || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load: %v, want --config, the path and %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "tz9Qx7Lw") {
				t.Errorf("a secret is in the error: %v", err)
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		_, err := Load(flags(t, Demo, "--config", "/nowhere.yaml"), nil, Demo, nil)
		want := `--config "/nowhere.yaml": want a file that can be read: no such file or directory`
		if err == nil || err.Error() != want {
			t.Errorf("Load: %v, want %s", err, want)
		}
	})
	for _, content := range []string{"", "# nothing\n", "---\n", "null"} {
		if _, err := Load(flags(t, Demo, "--config", tempFile(t, "c.yaml", content)), nil, Demo, nil); err != nil {
			t.Errorf("Load of the file %q: %v", content, err)
		}
	}
}

// FuzzFile: no file makes Load panic, and no error shows a secret of the file.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{"", "\nlimits: x", ": x", "\n- a", " # note", "\n<<: {a: b}", "\nkenar_timeout: &a [1]\nx: *a", "\"", "\n  x: y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rest string) {
		const canary = "tz9Qx7Lw"
		doc := &document{path: "c.yaml", names: []string{"KENAR_API_KEY", "LIMITS"}}
		values, err := doc.Unmarshal([]byte("kenar_api_key: " + canary + rest))
		for name, v := range values {
			if _, ok := v.(string); !ok || doc.lines[name] < 1 {
				t.Errorf("%s = %v (%T) in line %d, want a string in a line", name, v, v, doc.lines[name])
			}
		}
		for _, err := range append(doc.problems, err) {
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("error shows the secret: %v", err)
			}
		}
	})
}
