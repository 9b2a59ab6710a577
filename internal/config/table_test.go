package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/kenar-addons/kenar-addons/internal/golden"
)

func TestTableIsWhole(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range Table() {
		if seen[s.Name] || !regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`).MatchString(s.Name) {
			t.Errorf("%s: a name twice, or not in the form of a variable", s.Name)
		}
		seen[s.Name] = true
		if s.Help == "" || s.Programs == 0 {
			t.Errorf("%s: no help or no program", s.Name)
		}
		if s.Default != "" && s.Unset != "" {
			t.Errorf("%s: is never unset, because it has a default", s.Name)
		}
		var c Config
		if s.Default == "" {
			continue
		}
		if err := s.field.parse(&c, s.Default); err != nil {
			t.Errorf("%s: the default: %v", s.Name, err)
		}
		if got := s.field.show(&c); got != s.Default {
			t.Errorf("%s: the default %q is shown as %q", s.Name, s.Default, got)
		}
	}
	fields := 0
	for f := range reflect.TypeFor[Config]().Fields() {
		if f.IsExported() {
			fields++
		}
	}
	if fields != len(seen) {
		t.Errorf("%d settings for %d fields", len(seen), fields)
	}
}

func TestNames(t *testing.T) {
	type names struct{ Key, Flag, FileName, FileFlag string }
	want := map[string]names{
		"KENAR_TIMEOUT": {"kenar_timeout", "kenar-timeout", "", ""},
		"KENAR_API_KEY": {"kenar_api_key", "", "KENAR_API_KEY_FILE", "kenar-api-key-file"},
		"NATS_URL":      {"nats_url", "nats-url", "NATS_URL_FILE", "nats-url-file"},
	}
	for _, s := range Table() {
		if w, ok := want[s.Name]; ok {
			if got := (names{s.Key(), s.Flag(), s.FileName(), s.FileFlag()}); got != w {
				t.Errorf("%s: %+v, want %+v", s.Name, got, w)
			}
		}
	}
}

func TestUsage(t *testing.T) {
	for _, p := range []Program{Worker, Publisher} {
		t.Run(p.String(), func(t *testing.T) {
			fs := pflag.NewFlagSet(p.String(), pflag.ContinueOnError)
			fs.SortFlags = false
			Register(fs, p)
			golden.File(t, "testdata/usage-"+p.String()+".golden", fs.FlagUsagesWrapped(100))
		})
	}
}

func TestMarkdown(t *testing.T) { golden.File(t, "testdata/settings.golden.md", Markdown()) }

func TestPrint(t *testing.T) {
	c := load(t, []string{"NATS_URL=nats://me:pw@n1:4222,tls://n2:4222", "REDIS_URL=rediss://:pw@r:6379/1?addr=r2", "KENAR_API_KEY=k", "BACKOFF_MAX=90m"}, "--concurrency=2")
	c.KenarBaseURL = "http://127.0.0.1:1"
	var b strings.Builder
	if err := c.Print(&b); err != nil {
		t.Fatal(err)
	}
	golden.File(t, "testdata/print.golden", b.String())
}

// canary stands for every secret: it must not be seen anywhere.
const canary = "tz9Qx7Lw"

func TestSecretsAreNeverShown(t *testing.T) {
	c := load(t, []string{
		"NATS_URL=nats://" + canary + "@n:4222",
		"REDIS_URL=redis://r?password=" + canary,
		"KENAR_API_KEY=" + canary,
		"KENAR_CLIENT_SECRET=" + canary, "KENAR_REDIRECT_URI=https://example.org",
		"GRANT_IDENTITY=AGE-SECRET-KEY-1" + canary,
	})
	shown := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%T"} {
		shown[verb] = fmt.Sprintf(verb, c) + fmt.Sprintf(verb, &c) + fmt.Sprintf(verb, c.KenarAPIKey) + fmt.Sprintf(verb, &c.NATSURL)
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	shown["JSON"] = string(b)
	var p strings.Builder
	if err := c.Print(&p); err != nil {
		t.Fatal(err)
	}
	shown["Print"] = p.String()
	hex := fmt.Sprintf("%x", canary)
	for how, text := range shown {
		if strings.Contains(text, canary) || strings.Contains(strings.ToLower(text), hex) {
			t.Errorf("%s shows a secret: %s", how, text)
		}
	}
	if !strings.Contains(c.NATSURL.Reveal()+c.RedisURL.Reveal()+c.KenarAPIKey.Reveal(), canary) {
		t.Error("Reveal does not give the value")
	}
}

func TestMaskURL(t *testing.T) {
	tests := []struct{ url, want string }{
		{"", ""},
		{"nats://n:4222", "nats://n:4222"},
		{"nats://token@n:4222", "nats://***@n:4222"},
		{"redis://user:pw@r:6379/3", "redis://***@r:6379/3"},
		{"redis://r?password=pw", "redis://r?***"},
		{"a://x, b://u@y", "a://x,b://***@y"},
		{"user:pw@host", "***"},
		{"nats://us%zzer:pw@n", "***"},
	}
	for _, tt := range tests {
		if got := NewSecretURL(tt.url).String(); got != tt.want {
			t.Errorf("NewSecretURL(%q) is shown as %q, want %q", tt.url, got, tt.want)
		}
	}
}

func TestClosest(t *testing.T) {
	names := []string{"KENAR_API_KEY", "KENAR_APP", "KENAR_TIMEOUT", "LIMITS", "LOG_LEVEL"}
	tests := []struct{ word, want string }{
		{"kenar_apikey", "KENAR_API_KEY"},
		{"kenar-api-key", "KENAR_API_KEY"},
		{"KENAR_TIEMOUT", "KENAR_TIMEOUT"},
		{"timeout", "KENAR_TIMEOUT"},
		{"limit", "LIMITS"},
		{"app", ""},
		{"kenar_secret", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := closest(tt.word, names); got != tt.want {
			t.Errorf("closest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}

func FuzzDistance(f *testing.F) {
	f.Add("kenar_app", "kenar_pap")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)*len(b) > 1<<16 {
			t.Skip("slow and no different")
		}
		d := distance(a, b)
		if d != distance(b, a) {
			t.Errorf("distance(%q, %q) depends on the order", a, b)
		}
		if (d == 0) != (a == b) || d > max(len(a), len(b)) || d < max(len(a), len(b))-min(len(a), len(b)) {
			t.Errorf("distance(%q, %q) = %d", a, b, d)
		}
	})
}
