package widgets_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// Every v2 widget is valid as built, encodes as its golden file has it, and
// decodes from there to itself.
func TestGoldenV2(t *testing.T) {
	seen := map[string]int{}
	for _, w := range specimens() {
		seen[w.Name()]++
		name := fmt.Sprintf("%s-%d", w.Name(), seen[w.Name()])
		t.Run(name, func(t *testing.T) {
			list := widgets.List{w}
			if err := (widgets.Decoder{}).Validate(list); err != nil {
				t.Error(err)
			}
			data, err := list.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			golden.JSON(t, "testdata/golden/v2/"+name+".json", data)
			decoded, warnings, err := widgets.Decoder{}.Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			if len(warnings) > 0 {
				t.Errorf("warnings of a canonical encoding: %v", warnings)
			}
			if diff := cmp.Diff(list, decoded); diff != "" {
				t.Errorf("decoded differs (-built +decoded):\n%s", diff)
			}
		})
	}
	if len(seen) != 10 {
		t.Errorf("%d kinds of widgets have a golden file, want all 10", len(seen))
	}
}

// The same for v1, and what Migrate makes of each widget.
func TestGoldenV1(t *testing.T) {
	type element struct {
		WidgetType string `json:"widget_type"`
	}
	seen := map[string]int{}
	for _, w := range legacySpecimens() {
		list := widgets.LegacyList{w}
		data, err := list.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var envelope struct {
			WidgetList []element `json:"widget_list"`
		}
		if err := json.Unmarshal(data, &envelope); err != nil {
			t.Fatal(err)
		}
		widgetType := envelope.WidgetList[0].WidgetType
		seen[widgetType]++
		name := fmt.Sprintf("%s-%d", widgetType, seen[widgetType])
		t.Run(name, func(t *testing.T) {
			if err := (widgets.Decoder{}).ValidateLegacy(list); err != nil {
				t.Error(err)
			}
			golden.JSON(t, "testdata/golden/v1/"+name+".json", data)
			decoded, warnings, err := widgets.Decoder{}.DecodeLegacy(data)
			if err != nil {
				t.Fatal(err)
			}
			if len(warnings) > 0 {
				t.Errorf("warnings of a canonical encoding: %v", warnings)
			}
			if diff := cmp.Diff(list, decoded); diff != "" {
				t.Errorf("decoded differs (-built +decoded):\n%s", diff)
			}

			migrated, warnings, err := widgets.Migrate(list)
			if err != nil {
				t.Fatal(err)
			}
			report, err := json.Marshal(struct {
				Widgets  widgets.List      `json:"widgets"`
				Warnings []widgets.Warning `json:"warnings"`
			}{migrated, warnings})
			if err != nil {
				t.Fatal(err)
			}
			golden.JSON(t, "testdata/golden/migrated/"+name+".json", report)
		})
	}
	if len(seen) != 11 {
		t.Errorf("%d types of v1 widgets have a golden file, want all 11", len(seen))
	}
}
