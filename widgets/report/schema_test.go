package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/kenar-addons/kenar-addons/internal/golden"
)

// An event is the CloudEvent that a report travels in.
type event[Data any] struct {
	SpecVersion     string `json:"specversion" jsonschema:"The version of CloudEvents."`
	ID              string `json:"id" jsonschema:"Unique for each event, the key of idempotency: the same id again is a duplicate."`
	Source          string `json:"source" jsonschema:"Who sends it, a URI reference."`
	Type            string `json:"type" jsonschema:"The kind of report."`
	Subject         string `json:"subject" jsonschema:"The target: the ad, the business or the user that the add-on goes to."`
	Time            string `json:"time,omitempty" jsonschema:"When the event came to be, in RFC 3339."`
	DataContentType string `json:"datacontenttype,omitempty" jsonschema:"The type of data."`
	Priority        string `json:"priority,omitempty" jsonschema:"Urgent work leaves first."`
	Revision        any    `json:"revision,omitempty" jsonschema:"The producer's own order of the results for a target, an unsigned 64-bit decimal."`
	ExpiresAt       string `json:"expiresat,omitempty" jsonschema:"RFC 3339; the add-on is not sent after that."`
	GrantID         string `json:"grantid,omitempty" jsonschema:"The user's grant to act with."`
	ValidateOnly    any    `json:"validateonly,omitempty" jsonschema:"true: the event is checked as at its admission, told of, and not sent."`
	TraceParent     string `json:"traceparent,omitempty" jsonschema:"W3C trace context."`
	Data            Data   `json:"data" jsonschema:"The report."`
}

type inspectionData struct {
	Inspection Inspection `json:"inspection" jsonschema:"What the inspection found."`
}

type valuationData struct {
	Valuation Valuation `json:"valuation" jsonschema:"What the valuation came to."`
}

const (
	inspectionType = "kenar.inspection.completed.v1"
	valuationType  = "kenar.valuation.completed.v1"
)

// eventSchema is the schema of the event of a report. The Go types give the
// fields and their descriptions; what a type cannot say is added here from the
// constants that the decoder checks by.
func eventSchema[Data any](t *testing.T, eventType, title string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.For[event[Data]](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[time.Time](): {
			Type:    "string",
			Pattern: `^(|2[0-9]{3}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?)$`,
		},
		reflect.TypeFor[Verdict]():         names(verdicts),
		reflect.TypeFor[Status]():          names(statuses),
		reflect.TypeFor[Currency]():        {Type: "string", Enum: values(currencies)},
		reflect.TypeFor[Year]():            {AnyOf: []*jsonschema.Schema{wholeFrom(1300, 1500), wholeFrom(1900, 2100), {Type: "string", Pattern: `^([0-9۰-۹٠-٩]{4})?$`}}},
		reflect.TypeFor[Price]():           {AnyOf: []*jsonschema.Schema{wholeFrom(1, float64(maxPrice)), {Type: "string", Pattern: `^0*[1-9][0-9]{0,14}$`}}},
		reflect.TypeFor[Confidence]():      {AnyOf: []*jsonschema.Schema{wholeFrom(0, 100), names(levels)}},
		reflect.TypeFor[OldRealEstateID](): oldDeed(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.ID = "https://github.com/kenar-addons/kenar-addons/docs/schemas/" + eventType + ".schema.json"
	s.Title = title
	s.AdditionalProperties = nil // CloudEvents extensions
	p := s.Properties
	p["specversion"].Const = new(any("1.0"))
	p["type"].Const = new(any(eventType))
	p["id"].Pattern = `^[A-Za-z0-9_-]{1,64}$`
	p["source"].MinLength = new(1)
	p["subject"].Pattern = `^(post/[A-Za-z0-9_-]{1,20}|(business|user)/[A-Za-z0-9_=:-]{1,128})$`
	p["datacontenttype"].Const = new(any("application/json"))
	p["priority"].Enum = []any{"normal", "urgent"}
	p["time"].Format, p["expiresat"].Format = "date-time", "date-time"
	p["revision"].AnyOf = []*jsonschema.Schema{{Type: "integer", Minimum: new(0.0)}, {Type: "string", Pattern: `^[0-9]{1,20}$`}}
	p["validateonly"].Enum = []any{true, false, "true", "false"}

	refine(p["data"])
	return s
}

// refine adds the limits of the fields of a report, by their names, and lets
// null stand for an absent one.
func refine(s *jsonschema.Schema) {
	for name, p := range s.Properties {
		switch name {
		case "score":
			p.Minimum, p.Maximum = new(0.0), new(float64(maxScore))
		case "comparables":
			p.Minimum, p.Maximum = new(0.0), new(float64(maxComparables))
		case "sections":
			p.MaxItems = new(maxSections)
		case "facts":
			p.MaxItems = new(maxFacts)
		case "images":
			p.MaxItems = new(maxImages)
		case "report_url":
			p.Pattern, p.MaxLength = `^([Hh][Tt][Tt][Pp][Ss]?://\S+)?$`, new(maxLink)
		case "url":
			p.Pattern, p.MaxLength = `^([Hh][Tt][Tt][Pp][Ss]://\S+)?$`, new(maxLink)
		case "data":
			p.ContentEncoding = "base64"
			p.Pattern = `^(/9j/|iVBORw0KGgo)[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$|^$`
		case "color":
			p.MaxLength = new(maxColor)
		case "brand_model":
			p.MaxLength = new(maxBrandModel)
		case "vin":
			p.Pattern = hashablePattern
		case "chassis_number", "engine_number", "real_estate_id":
			p.Type, p.Types = "", []string{"string", "integer"}
			p.Pattern = hashablePattern
		}
		if p.Items != nil {
			p.MinItems = nil
			refine(p.Items)
		}
		if p.Properties != nil {
			refine(p)
		}
		if !slices.Contains(s.Required, name) {
			allowNull(p)
		}
	}
	has := func(names ...string) bool {
		for _, n := range names {
			if s.Properties[n] == nil {
				return false
			}
		}
		return true
	}
	switch {
	case has("vehicle", "property"):
		s.Not = both("vehicle", "property")
	case has("score", "grade", "note"):
		s.AnyOf = []*jsonschema.Schema{withField("score"), withField("grade"), withField("status"), withField("note")}
		s.Not = both("score", "grade")
	case has("score", "grade"):
		s.Not = both("score", "grade")
	case has("url", "data"):
		s.OneOf = []*jsonschema.Schema{withField("url"), withField("data")}
	}
	for _, name := range []string{"title", "value"} {
		if slices.Contains(s.Required, name) {
			s.Properties[name].MinLength = new(1)
		}
	}
}

// hashablePattern is what an identifier may consist of: Latin letters, digits
// of all three kinds and ASCII punctuation.
const hashablePattern = `^\s*[!-~۰-۹٠-٩ ]{0,64}\s*$`

// withField is a schema of objects that have a field, and not as good as absent.
func withField(field string) *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:       "object",
		Required:   []string{field},
		Properties: map[string]*jsonschema.Schema{field: {Not: &jsonschema.Schema{Enum: []any{nil, ""}}}},
	}
}

func both(a, b string) *jsonschema.Schema {
	return &jsonschema.Schema{AllOf: []*jsonschema.Schema{withField(a), withField(b)}}
}

func allowNull(p *jsonschema.Schema) {
	switch {
	case p.AnyOf != nil:
		p.AnyOf = append(p.AnyOf, &jsonschema.Schema{Type: "null"})
	case p.Type != "":
		p.Types, p.Type = []string{"null", p.Type}, ""
	case !slices.Contains(p.Types, "null"):
		p.Types = append([]string{"null"}, p.Types...)
	}
	if p.Enum != nil {
		p.Enum = append(p.Enum, nil)
	}
}

func values(names []string) []any {
	var all []any
	for _, n := range names {
		all = append(all, n)
	}
	return all
}

// names is one of some names, or nothing.
func names(of []string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: append(values(of), "")}
}

func wholeFrom(least, most float64) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Minimum: &least, Maximum: &most}
}

func oldDeed() *jsonschema.Schema {
	part := func() *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "integer"}, Pattern: `^[^|]+$`}
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{
			Type:                 "object",
			Properties:           map[string]*jsonschema.Schema{"document_number": part(), "page_number": part()},
			Required:             []string{"document_number", "page_number"},
			AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
		},
		{Type: "string", Pattern: `^\s*([^|]+\|[^|]+|[0-9a-fA-F]{64})?\s*$`},
	}}
}

func schemas(t *testing.T) map[string]*jsonschema.Schema {
	return map[string]*jsonschema.Schema{
		inspectionType: eventSchema[inspectionData](t, inspectionType, "A completed inspection"),
		valuationType:  eventSchema[valuationData](t, valuationType, "A completed valuation"),
	}
}

// The published schemas are those of the Go types.
func TestSchemas(t *testing.T) {
	for eventType, s := range schemas(t) {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		golden.File(t, "../../docs/schemas/"+eventType+".schema.json", b.Bytes())
	}
}

// Validator returns a function that holds a report against the published
// schema of its event, for the tests from outside the package.
func Validator(t *testing.T, kind string) func(data []byte) error {
	t.Helper()
	path := filepath.Join("..", "..", "docs", "schemas", "kenar."+kind+".completed.v1.schema.json")
	published, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run go test -update to write it)", err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(published, &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return func(data []byte) error {
		event, err := json.Marshal(map[string]any{
			"specversion": "1.0", "id": "report-1", "source": "https://inspection.example",
			"type": "kenar." + kind + ".completed.v1", "subject": "post/AZir15UU",
			"data": map[string]json.RawMessage{kind: data},
		})
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(event, &v); err != nil {
			t.Fatal(err)
		}
		return resolved.Validate(v)
	}
}
