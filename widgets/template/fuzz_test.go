package template_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/widgets/template"
)

// FuzzProgram: a program is refused with its place, or renders any event to an
// error or to one object within the limits, the same each time, which is what
// the interpreter alone makes of it.
func FuzzProgram(f *testing.F) {
	const event = `{"type": "t", "data": {"s": "یک two", "n": 12.50, "a": [1, null, {"b": true}]}}`
	for _, program := range []string{
		`.`, `{a: .data.a[1:]}`, `.data.a[2].b |= not`, `{a: [.. | strings]}`, `{a: (.data.s | gsub("\\w"; "x"))}`,
		`def f($x; g): {x: $x, g: [g]}; f(1; range(3))`, `.data | with_entries(.key += "x")`, `{a: ("x" * 1e9)}`,
		`reduce range(99) as $i (.; {a: ., b: .})`, `{a: (try error("x") catch .)}`, `{"a\(.data.n)": @json "\(.data)"}`,
		`. as {data: {$s, a: [$x]}} ?// $s | {$s, $x}`, `label $out | {a: 1}, break $out`, `{a: now}`, `{`, `{a: (.data.a - [1] | del(.[0]))}`,
	} {
		f.Add(program, event)
	}
	f.Fuzz(func(t *testing.T, program, event string) {
		set, err := load(program)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "t.jq:") || strings.Contains(err.Error(), "_meter") != strings.Contains(program, "_meter") {
				t.Errorf("refused with %v", err)
			}
			return
		}
		start := time.Now()
		got, err := set.Render(t.Context(), "t", json.RawMessage(event))
		if elapsed := time.Since(start); elapsed > 5*time.Second {
			t.Errorf("took %v", elapsed)
		}
		if err != nil {
			var e *template.Error
			if !errors.As(err, &e) || e.File != "t.jq" || len([]rune(e.Message)) > 300 || strings.Contains(e.Message, "broke down") {
				t.Errorf("failed with %v", err)
			}
			return
		}
		if len(got) > template.MaxOutput || !json.Valid(got) || got[0] != '{' {
			t.Errorf("yields %d bytes: %.100s", len(got), got)
		}
		set.SetMaxTime(time.Minute)
		again, err := set.Render(t.Context(), "t", json.RawMessage(event))
		if err != nil || string(again) != string(got) {
			t.Errorf("the second time yields %s, %v; first %s", again, err, got)
		}
		if differs(program) {
			return
		}
		if want, err := interpret(program, event); err != nil || want != string(got) {
			t.Errorf("yields  %s\nthe interpreter alone %s, %v", got, want, err)
		}
	})
}

// differs reports whether a program may use something that means a little else
// than in the interpreter: the words of some errors, and replacements that yield
// several texts.
func differs(program string) bool {
	return strings.Contains(program, "catch") || strings.Contains(program, "sub(")
}

// FuzzEvent: the templates of testdata render any event to an error that shows
// nothing of it, or to one object.
func FuzzEvent(f *testing.F) {
	set, err := template.Load(os.DirFS("testdata/directory"))
	if err != nil {
		f.Fatal(err)
	}
	for _, eventType := range set.Types() {
		event, err := os.ReadFile(filepath.Join("testdata", "events", eventType+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(event)
	}
	f.Add([]byte(`{"data": {"state": "FINAL", "sections": [{"code": 1, "points": 1e400, "max": 0}]}}`))
	f.Add([]byte(`{"data": {"sheet": {"rows": [{"percentile": "10", "samples": "many"}], "vehicle": "NAAM01CA8BE123456"}}}`))
	f.Fuzz(func(t *testing.T, event []byte) {
		for _, eventType := range set.Types() {
			got, err := set.Render(t.Context(), eventType, event)
			if err == nil && (len(got) > template.MaxOutput || got[0] != '{') {
				t.Errorf("%s yields %d bytes: %.100s", eventType, len(got), got)
			}
			if err != nil && strings.Contains(err.Error(), "NAAM01") {
				t.Errorf("%s shows an identifier: %v", eventType, err)
			}
		}
	})
}
