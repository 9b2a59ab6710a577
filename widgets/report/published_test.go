package report_test

import (
	"encoding/json"
	"testing"

	"github.com/kenar-addons/kenar-addons/widgets/report"
)

// The published schemas take every report that the decoder takes, as far as
// there are examples of them, and refuse what is wrong where a schema can tell.
func TestPublishedSchemas(t *testing.T) {
	for _, kind := range []string{"inspection", "valuation"} {
		validate := report.Validator(t, kind)
		for name, data := range reports(t, kind) {
			if err := validate(data); err != nil {
				t.Errorf("the schema refuses the %s %s: %v", kind, name, err)
			}
		}
		for _, tt := range wrong {
			if tt.kind == kind && json.Valid([]byte(tt.in)) && (validate([]byte(tt.in)) != nil) != tt.schema {
				t.Errorf("the schema refuses the %s %q: %v, want %v", kind, tt.name, !tt.schema, tt.schema)
			}
		}
	}
	for _, data := range []string{
		`{"overall":{"score":80.0},"vehicle":{"year":"","vin":null,"color":null}}`,
		`{"verdict":"","summary":"خوب","sections":null,"inspected_at":null,"images":[{"url":"https://a.example/1","data":null}]}`,
		`{"sections":[{"title":"a","score":null,"grade":"","status":"ok"}],"property":{"old_real_estate_id":"12345|6"}}`,
	} {
		if _, err := report.DecodeInspection([]byte(data)); err != nil {
			t.Errorf("%s: %v", data, err)
		}
		if err := report.Validator(t, "inspection")([]byte(data)); err != nil {
			t.Errorf("the schema refuses %s: %v", data, err)
		}
	}
}
