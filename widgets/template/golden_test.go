package template_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/template"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The formats of two imagined producers, one rendered to widgets and one to a
// valuation, each with one event.
func TestGolden(t *testing.T) {
	set, err := template.Load(os.DirFS("testdata/directory"))
	if err != nil {
		t.Fatal(err)
	}
	for _, eventType := range set.Types() {
		t.Run(eventType, func(t *testing.T) {
			event, err := os.ReadFile(filepath.Join("testdata", "events", eventType+".json"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := set.Render(t.Context(), eventType, event)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, eventType, got)

			var data struct{ Widgets json.RawMessage }
			if err := json.Unmarshal(got, &data); err != nil {
				t.Fatal(err)
			}
			if data.Widgets == nil {
				return
			}
			if _, _, err := (widgets.Decoder{}).Decode(data.Widgets); err != nil {
				t.Errorf("the widgets are not valid: %v", err)
			}
		})
	}
}

// golden compares JSON with the golden file of that name, which is indented for
// reading.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".json")
	if *update {
		var b bytes.Buffer
		if err := json.Indent(&b, got, "", "  "); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b.Bytes(), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run go test -update to write it)", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(compact.String(), string(got)); diff != "" {
		t.Errorf("%s differs (-golden +got):\n%s", path, diff)
	}
}
