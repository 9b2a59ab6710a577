package listing_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
)

// A format is one of the published ones.
type format struct {
	verb   string // of the type kenar.listing.<verb>.v1
	schema func(*testing.T) *jsonschema.Schema
	cases  []dataCase
	decode func([]byte) error
}

const (
	postSubject = `^post/[A-Za-z0-9_-]{1,20}$`
	anyTarget   = `^(post/[A-Za-z0-9_-]{1,20}|business/[A-Za-z0-9_=:-]{1,128})$`
	newListing  = `^listing/[A-Za-z0-9_-]{1,64}$`
)

var formats = []format{
	{"submit", submitSchema, submissions, func(b []byte) error { _, err := listing.DecodeSubmission(b); return err }},
	{"edit", editSchema, edits, func(b []byte) error { _, err := listing.DecodeEdit(b); return err }},
	{"reorder", paymentSchema("reorder", "Moving a post to the top of the list"), payments, func(b []byte) error { _, err := listing.DecodePayment(b); return err }},
	{"renew", paymentSchema("renew", "Starting the life of a post afresh"), payments, func(b []byte) error { _, err := listing.DecodePayment(b); return err }},
	{"button", buttonSchema, buttons, func(b []byte) error { _, err := listing.DecodeButton(b); return err }},
	{"delete", deleteSchema, deletes, listing.DecodeDelete},
}

// eventSchema is the schema of an event with its data. What a Go type cannot
// say of the data is added by the caller.
func eventSchema[Data any](t *testing.T, verb, title, subject string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.For[event[Data]](&jsonschema.ForOptions{TypeSchemas: dataTypes})
	if err != nil {
		t.Fatal(err)
	}
	eventType := "kenar.listing." + verb + ".v1"
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.ID = "https://github.com/kenar-addons/kenar-addons/docs/schemas/" + eventType + ".schema.json"
	s.Title = title
	s.AdditionalProperties = nil // CloudEvents extensions
	p := s.Properties
	p["specversion"].Const = new(any("1.0"))
	p["type"].Const = new(any(eventType))
	p["id"].Pattern = `^[A-Za-z0-9_-]{1,64}$`
	p["source"].MinLength = new(1)
	p["subject"].Pattern = subject
	p["datacontenttype"].Const = new(any("application/json"))
	p["priority"].Enum = []any{"normal", "urgent"}
	p["time"].Format, p["expiresat"].Format = "date-time", "date-time"
	p["revision"].AnyOf = []*jsonschema.Schema{{Type: "integer", Minimum: new(0.0)}, {Type: "string", Pattern: `^[0-9]{1,20}$`}}
	p["grantid"].Pattern = `^[A-Za-z0-9_-]{1,64}$`
	return s
}

func submitSchema(t *testing.T) *jsonschema.Schema {
	s := eventSchema[submitData](t, "submit", "Submission of a listing", newListing)
	data := s.Properties["data"]
	general := data.Properties["general_data"]
	general.AnyOf = []*jsonschema.Schema{both("latitude", "longitude"), neither("latitude", "longitude")}
	refineVideo(general.Properties["video"])
	refineAction(data.Properties["button"].Properties["action"])
	data.Properties["button"].Properties["remove"].Const = new(any(false))
	absentIfNull(data.Properties["button"])
	absentIfNull(general)
	absentIfNull(data)

	data.AllOf = []*jsonschema.Schema{
		{
			If:   is("model", "user"),
			Then: &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{"landline_numbers": {MaxItems: new(0)}}},
		},
		{
			If:   is("publish", false),
			Then: neither("addon", "button"),
			Else: both("max_cost_rials"),
		},
	}
	return s
}

func editSchema(t *testing.T) *jsonschema.Schema {
	s := eventSchema[editData](t, "edit", "Edit of a listing", postSubject)
	data := s.Properties["data"]
	general, category := data.Properties["general_data"], data.Properties["category_data"]
	refineVideo(general.Properties["video"])
	category.PropertyNames = &jsonschema.Schema{Pattern: `^[A-Za-z0-9_-]{1,64}$`}
	notNull(general.Properties["images"])
	for _, name := range []string{"images", "district", "latitude", "longitude", "video"} {
		allowNull(general.Properties[name]) // the others cannot be cleared
	}
	general.DependentRequired = map[string][]string{"latitude": {"longitude"}, "longitude": {"latitude"}}
	places := func(kind string) *jsonschema.Schema {
		return &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{"latitude": {Type: kind}, "longitude": {Type: kind}}}
	}
	general.AnyOf = []*jsonschema.Schema{places("number"), places("null")}
	allowNull(general)
	allowNull(category)
	changes := func(name string) *jsonschema.Schema {
		return &jsonschema.Schema{
			Required:   []string{name},
			Properties: map[string]*jsonschema.Schema{name: {Type: "object", MinProperties: new(1)}},
		}
	}
	data.AnyOf = []*jsonschema.Schema{changes("general_data"), changes("category_data")}
	return s
}

func paymentSchema(verb, title string) func(*testing.T) *jsonschema.Schema {
	return func(t *testing.T) *jsonschema.Schema {
		s := eventSchema[paymentData](t, verb, title, postSubject)
		absentIfNull(s.Properties["data"])
		return s
	}
}

func buttonSchema(t *testing.T) *jsonschema.Schema {
	s := eventSchema[buttonData](t, "button", "The customized button of a post or a business", anyTarget)
	data := s.Properties["data"]
	refineAction(data.Properties["action"])
	absentIfNull(data)
	data.If = is("remove", true)
	data.Then = neither("type", "action")
	data.Else = both("type", "action")
	return s
}

func deleteSchema(t *testing.T) *jsonschema.Schema {
	return eventSchema[deleteData](t, "delete", "Removal of a post for good", postSubject)
}

// refineVideo: a source, or the names of what was uploaded before.
func refineVideo(s *jsonschema.Schema) {
	absentIfNull(s)
	s.AnyOf = []*jsonschema.Schema{
		{AllOf: []*jsonschema.Schema{both("source"), neither("name", "thumbnail_name")}},
		{AllOf: []*jsonschema.Schema{both("name", "thumbnail_name"), neither("source")}},
	}
}

// refineAction: exactly one kind.
func refineAction(s *jsonschema.Schema) {
	s.MinProperties, s.MaxProperties = new(1), new(1)
}

// both is a schema of objects that have some fields, which are not null.
func both(names ...string) *jsonschema.Schema {
	s := &jsonschema.Schema{Required: names, Properties: make(map[string]*jsonschema.Schema)}
	for _, name := range names {
		s.Properties[name] = &jsonschema.Schema{Not: &jsonschema.Schema{Type: "null"}}
	}
	return s
}

// neither is a schema of objects of which some fields are absent or null.
func neither(names ...string) *jsonschema.Schema {
	s := &jsonschema.Schema{Properties: make(map[string]*jsonschema.Schema)}
	for _, name := range names {
		s.Properties[name] = &jsonschema.Schema{Type: "null"}
	}
	return s
}

// is is a schema of objects that have a field with one value.
func is(name string, value any) *jsonschema.Schema {
	return &jsonschema.Schema{Required: []string{name}, Properties: map[string]*jsonschema.Schema{name: {Const: &value}}}
}

// absentIfNull lets null stand for an absent field of an object, and for no
// other value.
func absentIfNull(s *jsonschema.Schema) {
	for name, p := range s.Properties {
		notNull(p)
		if !slices.Contains(s.Required, name) {
			allowNull(p)
		}
	}
}

// notNull undoes that a slice may be null.
func notNull(p *jsonschema.Schema) {
	if slices.Equal(p.Types, []string{"null", "array"}) {
		p.Type, p.Types = "array", nil
	}
}

func allowNull(p *jsonschema.Schema) {
	if p.Type != "" {
		p.Types, p.Type = []string{"null", p.Type}, ""
	}
	if p.Enum != nil {
		p.Enum = append(p.Enum, nil)
	}
	if p.Const != nil {
		p.Enum, p.Const = []any{*p.Const, nil}, nil
	}
	if p.AnyOf != nil {
		p.AnyOf = append(p.AnyOf, &jsonschema.Schema{Type: "null"})
	}
}

// TestSchemas: the published schemas are those of the types.
func TestSchemas(t *testing.T) {
	for _, f := range formats {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(f.schema(t)); err != nil {
			t.Fatal(err)
		}
		golden.File(t, f.path(), b.Bytes())
	}
}

func (f format) path() string {
	return filepath.Join("..", "..", "docs", "schemas", "kenar.listing."+f.verb+".v1.schema.json")
}

// resolved reads the published schema of a format.
func (f format) resolved(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	doc, err := os.ReadFile(f.path())
	if err != nil {
		t.Fatalf("%v (run go test -update to write it)", err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(doc, &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// event is an event of a format with some data.
func (f format) event(data any) map[string]any {
	subject := "post/AZir15UU"
	if f.verb == "submit" {
		subject = "listing/order-17"
	}
	return map[string]any{
		"specversion": "1.0", "id": "listing-1", "source": "https://listings.example",
		"type": "kenar.listing." + f.verb + ".v1", "subject": subject, "data": data,
	}
}

// TestPublishedSchemas: they take what is decoded, and refuse what is not as
// far as a schema can know.
func TestPublishedSchemas(t *testing.T) {
	for _, f := range formats {
		published := f.resolved(t)
		for _, tt := range f.cases {
			var data any
			if json.Unmarshal([]byte(tt.data), &data) != nil {
				continue // a schema is asked only about JSON
			}
			switch err := published.Validate(f.event(data)); {
			case err != nil && (tt.faults == nil || tt.blind):
				t.Errorf("%s: %q is refused: %v", f.verb, tt.name, err)
			case err == nil && tt.faults != nil && !tt.blind:
				t.Errorf("%s: %q is not refused, because of %v", f.verb, tt.name, tt.faults)
			}
		}
	}
}

// TestSchemasHaveAllFields: the fields that the decoder knows are those of the
// schema.
func TestSchemasHaveAllFields(t *testing.T) {
	for _, f := range formats {
		data := f.schema(t).Properties["data"]
		for _, in := range []struct {
			object string
			schema *jsonschema.Schema
			data   string
		}{
			{"data", data, `{"qqqqqqqqqqqq": 1}`},
			{"data.general_data", data.Properties["general_data"], `{"general_data": {"qqqqqqqqqqqq": 1}}`},
		} {
			if in.schema == nil {
				continue
			}
			want := slices.Sorted(slices.Values(in.schema.PropertyOrder))
			_, known, _ := strings.Cut(f.decode([]byte(in.data)).Error(), in.object+".qqqqqqqqqqqq: is not a known field; known are ")
			known, _, _ = strings.Cut(known, ";")
			got := strings.Split(known, ", ")
			if known == "" {
				got = nil
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of %s (-schema +decoder):\n%s", in.object, f.verb, diff)
			}
		}
	}
}
