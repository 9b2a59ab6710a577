package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/report"
)

// build makes the add-on of a report of a kind, "inspection" or "valuation".
func build(kind string, data []byte) (report.AddOn, []widgets.Warning, error) {
	if kind == "valuation" {
		v, err := report.DecodeValuation(data)
		if err != nil {
			return report.AddOn{}, nil, err
		}
		return v.AddOn()
	}
	in, err := report.DecodeInspection(data)
	if err != nil {
		return report.AddOn{}, nil, err
	}
	return in.AddOn()
}

// reports are the realistic reports of a kind by name.
func reports(t testing.TB, kind string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", kind+"s", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %ss: %v", kind, err)
	}
	all := make(map[string][]byte)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = data
	}
	return all
}

// Each report becomes exactly the add-on of its golden file, and the decoder
// of package widgets has nothing to say about it.
func TestGolden(t *testing.T) {
	for _, kind := range []string{"inspection", "valuation"} {
		for name, data := range reports(t, kind) {
			t.Run(kind+"/"+name, func(t *testing.T) {
				addOn, warnings, err := build(kind, data)
				if err != nil {
					t.Fatal(err)
				}
				got, err := indented(struct {
					Widgets  widgets.List      `json:"widgets"`
					Semantic map[string]string `json:"semantic"`
					Warnings []widgets.Warning `json:"warnings"`
				}{addOn.Widgets, addOn.Semantic, warnings})
				if err != nil {
					t.Fatal(err)
				}
				golden.File(t, filepath.Join("testdata", "golden", kind+"s", name+".json"), got)
				accept(t, addOn.Widgets)
			})
		}
	}
}

// accept decodes a list as it would be sent.
func accept(t *testing.T, list widgets.List) {
	t.Helper()
	data, err := list.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	decoded, warnings, err := widgets.Decoder{ImageSources: true}.Decode(data)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("the add-on %s is refused: error %v, warnings %v", data, err, warnings)
	}
	if diff := cmp.Diff(list, decoded); diff != "" {
		t.Errorf("changed by encoding and decoding:\n%s", diff)
	}
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escapeMarks(b.Bytes()), nil
}

// escapeMarks makes the direction marks of a JSON document visible.
func escapeMarks(data []byte) []byte {
	return bytes.ReplaceAll(data, []byte("\u200f"), []byte(`\u200f`))
}
