package template_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/template"
)

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
			golden.JSON(t, "testdata/golden/"+eventType+".json", got)

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
