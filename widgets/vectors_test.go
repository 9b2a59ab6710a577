package widgets_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// vectorsDir holds a collection of documented requests with the verdict of
// each. It lies beside the repository and need not be there.
const vectorsDir = "../../shared/kenar/vectors"

type vector struct {
	ID           string `json:"id"`
	File         string `json:"file"`
	Kind         string `json:"kind"`
	Operation    string `json:"operation"`
	Verdict      string `json:"verdict"`
	Field        string `json:"field"`
	Precondition string `json:"precondition"`
}

// ambiguous says what this package does where the sources disagree or are
// silent: the path of its fault, or of its warning after "~", or nothing when
// it takes the widgets as they are.
var ambiguous = map[string]string{
	"v1-post-legend-semantic-numbers":      "",
	"v1-open-web-page-url-key":             "",
	"v2-score-zero":                        "",
	"v2-semantic-path-leading-widget-name": "widgets[0].semantic_paths.a",
	"v2-event-row-with-action":             "~widgets[0].event_row.action",
	"business-docs-sample":                 "~widgets[1].event_row.action",
	"v2-selector-label":                    "~widgets[0].selector_row.label",
	"v2-action-two-kinds":                  "widgets[0].button_bar.action",
	"v2-empty-widgets":                     "widgets",
	"v2-semantic-spelling":                 "",
	"v2-semantic-sensitives-leftover":      "",
	"v2-semantic-raw-vin":                  "",
}

func TestVectors(t *testing.T) {
	var index struct {
		Entries []vector `json:"entries"`
	}
	data, err := os.ReadFile(filepath.Join(vectorsDir, "index.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no vectors at %s; TestCases covers the same ground", vectorsDir)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &index); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, v := range index.Entries {
		var run func(*testing.T, vector, []byte)
		switch {
		case v.Kind == "migration":
			run = testMigrationVector
		case v.Kind == "request" && strings.Contains(v.Operation, "addon"):
			run = testRequestVector
		default:
			continue // not about widgets
		}
		ran++
		t.Run(v.ID, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(vectorsDir, v.File))
			if err != nil {
				t.Fatal(err)
			}
			run(t, v, data)
		})
	}
	if ran == 0 {
		t.Errorf("%s lists no vector about widgets", vectorsDir)
	}
}

func testRequestVector(t *testing.T, v vector, body []byte) {
	var request struct {
		Widgets json.RawMessage `json:"widgets"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		request.Widgets = body // not JSON, which is for the decoder to say
	}
	var encoded json.Marshaler
	var warnings []widgets.Warning
	var err error
	var d widgets.Decoder
	if strings.Contains(v.Operation, "_v1.") {
		encoded, warnings, err = d.DecodeLegacy(request.Widgets)
	} else {
		encoded, warnings, err = d.Decode(request.Widgets)
	}

	want := strings.TrimSuffix(v.Field, ".")
	switch v.Verdict {
	case "accept":
		want = ""
	case "reject":
		if v.Precondition != "" || want != "" && !strings.HasPrefix(want, "widgets") {
			want = "" // the widgets are sound, something else is refused
		} else if want == "" {
			want = "widgets"
		}
	case "ambiguous":
		var known bool
		if want, known = ambiguous[v.ID]; !known {
			t.Fatal("an ambiguous vector that this test takes no position on")
		}
	}

	if path, ok := strings.CutPrefix(want, "~"); ok {
		if err != nil {
			t.Fatal(err)
		}
		if len(warnings) == 0 || warnings[0].Path != path {
			t.Errorf("warnings %v, want one of %s", warnings, path)
		}
		return
	}
	if want != "" {
		assertFault(t, err, want)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if v.Verdict != "accept" {
		return
	}
	out, err := encoded.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(normalized(t, request.Widgets), normalized(t, out)); diff != "" {
		t.Errorf("encoded differs (-given +encoded):\n%s", diff)
	}
}

func testMigrationVector(t *testing.T, _ vector, data []byte) {
	var v struct {
		V1 struct {
			Widgets json.RawMessage `json:"widgets"`
		} `json:"v1"`
		V2 struct {
			Widgets json.RawMessage `json:"widgets"`
		} `json:"v2"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	v1, v2 := v.V1.Widgets, v.V2.Widgets
	if v1 == nil { // one widget without its envelope
		var w struct{ V1, V2 json.RawMessage }
		if err := json.Unmarshal(data, &w); err != nil {
			t.Fatal(err)
		}
		v1 = []byte(`{"widget_list":[` + string(w.V1) + `]}`)
		v2 = []byte(`[` + string(w.V2) + `]`)
	}
	legacy, _, err := widgets.Decoder{}.DecodeLegacy(v1)
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := widgets.Migrate(legacy)
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(normalized(t, v2), normalized(t, out)); diff != "" {
		t.Errorf("migrated differs (-documented +migrated):\n%s", diff)
	}
}

// normalized is the value of a document without what means nothing in it:
// false, empty strings, and the spelling of hasDivider.
func normalized(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return withoutZeros(v)
}

func withoutZeros(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for name, member := range v {
			if member == false || member == "" {
				continue
			}
			if name == "hasDivider" {
				name = "has_divider"
			}
			m[name] = withoutZeros(member)
		}
		return m
	case []any:
		for i := range v {
			v[i] = withoutZeros(v[i])
		}
	}
	return v
}

// assertFault fails the test unless err is Faults with one at the path.
func assertFault(t *testing.T, err error, path string) {
	t.Helper()
	var faults widgets.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error %v, want a fault at %s", err, path)
	}
	for _, f := range faults {
		if f.Path == path {
			return
		}
	}
	t.Errorf("faults %v, want one at %s", faults, path)
}
