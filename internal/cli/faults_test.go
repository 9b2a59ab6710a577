package cli

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/examples"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/widgets"
)

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		reason pipeline.Reason
		want   []widgets.Fault
	}{
		{"without a field", pipeline.Reason{Message: "Kenar answered 400: a; b: c"},
			[]widgets.Fault{{Path: "", Message: "Kenar answered 400: a; b: c"}}},
		{"a single one", pipeline.Reason{Field: "id", Message: "is missing"},
			[]widgets.Fault{{Path: "id", Message: "is missing"}}},
		{"a single one with a semicolon", pipeline.Reason{Field: "data.x", Message: "is unknown; data has widgets and api"},
			[]widgets.Fault{{Path: "data.x", Message: "is unknown; data has widgets and api"}}},
		{"several", pipeline.Reason{Field: "id", Message: "id: is missing; widgets[0].title_row.text: 57 characters; allowed are 49; data.api: is unknown"},
			[]widgets.Fault{{Path: "id", Message: "is missing"}, {Path: "widgets[0].title_row.text", Message: "57 characters; allowed are 49"}, {Path: "data.api", Message: "is unknown"}}},
		{"what is quoted is no fault", pipeline.Reason{Field: "id", Message: `id: "x; time: \"; y: z" is not an id; time: is missing`},
			[]widgets.Fault{{Path: "id", Message: `"x; time: \"; y: z" is not an id`}, {Path: "time", Message: "is missing"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Faults(c.reason.Field, c.reason.Message)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The faults that admission joins are those that the widgets told.
func TestFaultsOfAnEvent(t *testing.T) {
	raw, err := examples.Files.ReadFile("09-invalid-widgets.json")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = pipeline.Builder{}.Validate(raw)
	var reason *pipeline.Reason
	if !errors.As(err, &reason) {
		t.Fatalf("not refused: %v", err)
	}
	var event struct {
		Data struct {
			Widgets json.RawMessage `json:"widgets"`
		} `json:"data"`
	}
	if err := json.Unmarshal(raw, &event); err != nil {
		t.Fatal(err)
	}
	var want widgets.Faults
	_, _, err = widgets.Decoder{}.Decode(event.Data.Widgets)
	if !errors.As(err, &want) {
		t.Fatalf("the widgets are good: %v", err)
	}
	if diff := cmp.Diff([]widgets.Fault(want), Faults(reason.Field, reason.Message)); diff != "" {
		t.Errorf("-told by widgets +taken apart:\n%s", diff)
	}
}

func FuzzFaults(f *testing.F) {
	f.Add("id", "id: is missing; time: is missing")
	f.Add("", `"; a: "`)
	f.Add("a", `a: \`)
	f.Fuzz(func(t *testing.T, field, message string) {
		faults := Faults(field, message)
		// Nothing gets lost: joined again the faults are the message, which for
		// a single one stands without its path.
		joined := widgets.Faults(faults).Error()
		if joined != message && !(len(faults) == 1 && faults[0] == widgets.Fault{Path: field, Message: message}) {
			t.Errorf("%q %q became %q", field, message, joined)
		}
	})
}
