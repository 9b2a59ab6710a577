package template_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets/template"
)

func TestLoad(t *testing.T) {
	set, err := template.Load(os.DirFS("testdata/directory"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bazar.price-sheet", "sanj.car-check.v3"}, set.Types()); diff != "" {
		t.Errorf("types differ (-want +got):\n%s", diff)
	}
	for eventType, want := range map[string]bool{"bazar.price-sheet": true, "bazar": false, "": false, "README": false} {
		if got := set.Has(eventType); got != want {
			t.Errorf("Has(%q) = %v, want %v", eventType, got, want)
		}
	}
}

func TestNoTemplates(t *testing.T) {
	empty, err := template.Load(fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	for name, set := range map[string]*template.Set{"nil": nil, "empty": empty} {
		if set.Has("t") || len(set.Types()) > 0 {
			t.Errorf("a %s set has %q", name, set.Types())
		}
		_, err := set.Render(context.Background(), "t", []byte(`{}`))
		if err == nil || !strings.Contains(err.Error(), "no template t.jq") {
			t.Errorf("rendering with a %s set: %v", name, err)
		}
	}
}

// A mounted volume keeps its files behind symbolic links, beside directories
// and files of its own.
func TestLoadFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "..2026_08_18")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "t.jq"), []byte(`{widgets: []}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..2026_08_18", "t.jq"), filepath.Join(dir, "t.jq")); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".draft.jq"), []byte(`{`), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := template.Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"t"}, set.Types()); diff != "" {
		t.Errorf("types differ (-want +got):\n%s", diff)
	}
}

func TestLoadReportsEverything(t *testing.T) {
	_, err := template.Load(fstest.MapFS{
		"fine.jq":                    {Data: []byte(`{widgets: []}`)},
		"Upper.jq":                   {Data: []byte(`.`)},
		".jq":                        {Data: []byte(`{`)},
		"kenar.addon.attach.v1.jq":   {Data: []byte(`.`)},
		"directory.jq/inner.jq":      {Data: []byte(`.`)},
		"two.jq":                     {Data: []byte("# a comment with now in it\n{\n  \"now\": .now, text: \"now \\(now)\",\n  b: halt\n}\n")},
		"unclosed.jq":                {Data: []byte("{\n  widgets: [\n")},
		"large.jq":                   {Data: []byte(strings.Repeat(" ", template.MaxProgram) + ".")},
		"latin1.jq":                  {Data: []byte("{a:\n \"\xe9\"}")},
		"blank.jq":                   {Data: []byte("\n# nothing yet\n")},
		"zz-only-definitions-are.jq": {Data: []byte("def f: 1;")},
	})
	want := strings.Join([]string{
		`Upper.jq: the file name must be an event type (a-z, 0-9, ".", "_", "-", beginning with a letter or a digit) and ".jq"`,
		`blank.jq:1:1: the file holds no program; write one that yields an object, or delete the file`,
		`directory.jq: is not a regular file`,
		`kenar.addon.attach.v1.jq: event types that begin with "kenar." are the product's own; name the file after a type of yours`,
		`large.jq: is 65537 bytes long, at most 65536 allowed`,
		`latin1.jq:2:3: the file is not UTF-8 text`,
		`two.jq:3:29: now is not available in a template: rendering is repeatable, so there is no clock; take the time from the event`,
		`two.jq:4:6: halt is not available in a template: a template always yields one object; use error(…) to refuse an event`,
		`unclosed.jq:3:1: unexpected EOF`,
		`zz-only-definitions-are.jq:1:1: missing query (try ".")`,
	}, "\n")
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("error differs (-want +got):\n%s", diff)
	}
	var first *template.Error
	if !errors.As(err, &first) || first.File != "Upper.jq" || first.Line != 0 {
		t.Errorf("the first finding is %+v", first)
	}
}

func TestLoadUnreadable(t *testing.T) {
	_, err := template.Load(os.DirFS(filepath.Join(t.TempDir(), "missing")))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "read the directory of templates") {
		t.Errorf("got %v", err)
	}
}

// What a program may not use is refused before any event, by name and place.
func TestRefusedPrograms(t *testing.T) {
	tests := []struct{ name, program, want string }{
		{"clock", `{a: now}`, "1:5: now is not available"},
		{"time zone", `{a: (0 | localtime)}`, "1:10: localtime is not available"},
		{"time zone in a format", `{a: (0 | strflocaltime("%H"))}`, "1:10: strflocaltime is not available"},
		{"environment function", `env`, "1:1: env is not available"},
		{"environment variable", `{a: $ENV.HOME}`, "1:5: $ENV is not available"},
		{"environment as a member", `{$ENV}`, "1:2: $ENV is not available"},
		{"further input", `[input]`, "1:2: input is not available"},
		{"further inputs", `[inputs]`, "1:2: inputs is not available"},
		{"messages", `debug`, "1:1: debug is not available"},
		{"messages with a text", `debug("x")`, "1:1: debug is not available"},
		{"standard error", `stderr`, "1:1: stderr is not available"},
		{"halt", `halt`, "1:1: halt is not available"},
		{"halt with an error", `"x" | halt_error(1)`, "1:7: halt_error is not available"},
		{"import", `import "os" as os; .`, "1:1: a template has no modules"},
		{"import of data", `import "f" as $f; .`, "1:1: a template has no modules"},
		{"include", `include "f"; .`, "1:1: a template has no modules"},
		{"module", `module {a: 1}; .`, "1:1: a template has no modules"},
		{"module metadata", `"f" | modulemeta`, "1:7: modulemeta is not available"},
		{"unknown function", `{a: foo(1)}`, "1:5: foo/1 is not defined"},
		{"wrong number of arguments", `[1] | map(.; 1)`, "1:7: map/2 is not defined; there is map/1"},
		{"not yet defined", `def f: g; def g: 1; {a: f}`, "1:8: g/0 is not defined"},
		{"out of scope", `(def f: 1; f) | f`, "1:17: f/0 is not defined"},
		{"unknown variable", `{a: $x}`, "1:5: variable not defined: $x"},
		{"unknown label", `{a: break $x}`, "label not defined: $x"},
		{"unknown format", `{a: @yaml}`, "1:5: @yaml is not a format"},
		{"interpreter's own function", `{a: _multiply(1; 2)}`, "1:5: _multiply: names that begin"},
		{"meter", `{a: $_meter}`, "1:5: $_meter: names that begin"},
		{"meter as a member", `{$_meter}`, "1:2: $_meter: names that begin"},
		{"meter bound", `. as $_meter | .`, "1:6: $_meter: names that begin"},
		{"meter bound in an object", `. as {$_meter} | .`, "1:7: $_meter: names that begin"},
		{"meter bound in a loop", `reduce . as [$_meter] (0; .)`, "1:14: $_meter: names that begin"},
		{"meter as a parameter", `def f($_meter): 1; f(1)`, "1:7: $_meter: names that begin"},
		{"charge redefined", `def _keep(m): .; .`, "1:5: _keep: names that begin"},
		{"computed pattern", `{a: test(.p)}`, "1:5: test needs its pattern written out"},
		{"composed pattern", `{a: test("a\(.p)")}`, "1:5: test needs its pattern written out"},
		{"pattern in an array", `{a: test(["a", "g"])}`, "1:5: test needs its pattern written out"},
		{"broken pattern", `{a: (.b | gsub("a"; "b") | gsub("("; "b"))}`, "1:28: gsub has a pattern that is not a regular expression"},
		{"unknown flag", `{a: test("a"; "x")}`, "1:5: test needs its flags"},
		{"computed flags", `{a: sub("a"; "b"; .f)}`, "1:5: sub needs its flags"},
		{"large index", `.[500000000] = 1`, "1:3: an array index of 500000000, at most 10000 allowed"},
		{"long number", `{a: ` + strings.Repeat("9", 101) + `}`, "1:5: a number of 101 digits, at most 100 allowed"},
		{"deep nesting", strings.Repeat("[", 2000) + strings.Repeat("]", 2000), "nests deeper than 1000"},
		{"stray token", "{\n  a: 1,\n  b 2\n}", "3:5: unexpected token"},
		{"unfinished text", `{a: "b`, "unterminated string literal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(tt.program)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "t.jq:") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
