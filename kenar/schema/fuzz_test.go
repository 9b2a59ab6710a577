package schema_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	independent "github.com/google/jsonschema-go/jsonschema"

	"github.com/kenar-addons/kenar-addons/kenar/schema"
)

// standard is the schema of a category as another implementation of JSON Schema
// takes it.
func standard(t testing.TB, category string) *independent.Resolved {
	t.Helper()
	doc := bytes.ReplaceAll(document(t, category), []byte(`"float"`), []byte(`"number"`))
	var answer struct{ Schema json.RawMessage }
	if err := json.Unmarshal(doc, &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Schema == nil {
		answer.Schema = doc
	}
	s := new(independent.Schema)
	if err := json.Unmarshal(answer.Schema, s); err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Properties {
		if p.Type == "array" && p.Enum != nil {
			p.Items.Enum, p.Enum = p.Enum, nil
		}
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// longNumber is a number that a float64 may round, as the other implementation
// does.
var longNumber = regexp.MustCompile(`[0-9]{15}|[0-9.][eE]`)

// ownRule recognises the faults of which the schemas know nothing.
var ownRule = regexp.MustCompile(`is given twice|is not a field of this category|is still the placeholder|^category_fields: `)

// Fields pass here when they satisfy the schema in the eyes of another
// implementation; and when they do not pass here although they do there, it is
// for one of the rules that come on top.
func FuzzValidate(f *testing.F) {
	for i, fields := range []string{
		`{"size":100,"rooms":"دو","rent":15000000,"credit":50000000,"elevator":"دارد","suitable_for":["زوج"],"year":1400}`,
		`{"brand_model":"Peugeot 206 5","year":"1400","usage":92000,"color":"سفید","price":650000000,"engine_volume":1.6,"insurance_months":6}`,
		`{"brand_model":"Apple iPhone 13","status":"نو","price":35000000,"screen":6.1,"accessories":["جعبه"]}`,
		`{"service_type":"نظافت","on_site":true,"coverage":["تهران"],"licence":"12345","about":"ده سال کارشناسی","experience":null}`,
	} {
		f.Add(uint8(i), fields)
		f.Add(uint8(i), strings.Replace(fields, `"`, `"x`, 1))
		f.Add(uint8(i), strings.Replace(fields, `:"`, `:"<fill in`, 1))
		f.Add(uint8(i), strings.Replace(fields, `0`, `0.5`, 1))
	}
	var ours []*schema.Schema
	var theirs []*independent.Resolved
	for _, category := range categories {
		ours = append(ours, parse(f, document(f, category)))
		theirs = append(theirs, standard(f, category))
	}
	f.Fuzz(func(t *testing.T, category uint8, fields string) {
		i := int(category) % len(categories)
		err := ours[i].Validate([]byte(fields))
		all := texts(t, err)
		var v any
		if json.Unmarshal([]byte(fields), &v) != nil || longNumber.MatchString(fields) {
			return
		}
		other := theirs[i].Validate(v)
		if err == nil && other != nil {
			t.Errorf("%s: %s passes, but %v", categories[i], fields, other)
		}
		if err != nil && other == nil && !slices.ContainsFunc(all, ownRule.MatchString) {
			t.Errorf("%s: %s is refused for %q, but satisfies the schema", categories[i], fields, all)
		}
	})
}

// Whatever a schema and fields are, nothing panics, and what passes has every
// required field, and values of the types and among the choices of the schema.
func FuzzParse(f *testing.F) {
	for _, category := range categories {
		f.Add(string(document(f, category)), `{"size":1}`)
	}
	f.Add(`{"schema":{"properties":{"a":{"type":"float"},"b":{"enum":["x",1]}},"required":["a"]}}`, `{"a":1.5,"b":"x"}`)
	f.Add(`{"properties":{"a":{"type":["array","null"],"items":[{"type":"integer"}]}},"additionalProperties":{"type":"boolean"}}`, `{"a":[1],"z":true}`)
	f.Add(`{"properties":{},"anyOf":[{"required":["a"]},{"not":{}}],"dependencies":{"a":["b"]},"patternProperties":{"^a":{"const":null}}}`, `{"a":null,"b":0}`)
	f.Add(`{"properties":{"a":{"minLength":2,"uniqueItems":true,"contains":{"maximum":3},"propertyNames":{"pattern":"x"}}}}`, `{"a":[1,[2],{"x":{}}]}`)
	f.Fuzz(func(t *testing.T, doc, fields string) {
		s, err := schema.Parse([]byte(doc))
		if err != nil {
			return
		}
		skeleton := s.Skeleton()
		if !json.Valid(skeleton) {
			t.Fatalf("the skeleton of %s is not JSON: %s", doc, skeleton)
		}
		if len(s.Fields()) > 0 && s.Validate(skeleton) == nil {
			t.Errorf("the skeleton of %s passes: %s", doc, skeleton)
		}
		if again := parse(t, []byte(" "+doc+"\n")); again.Hash() != s.Hash() {
			t.Errorf("%s has two hashes", doc)
		}
		if err := s.Validate([]byte(fields)); err != nil {
			texts(t, err)
			return
		}
		var given map[string]any
		if err := json.Unmarshal([]byte(fields), &given); err != nil {
			return // a number that is too large for a float64
		}
		if problem := contradiction(t, doc, given); problem != "" {
			t.Errorf("%s passes %s, although %s", doc, fields, problem)
		}
	})
}

// contradiction holds fields against the documented keywords of a schema, in
// the plainest way there is.
func contradiction(t *testing.T, doc string, given map[string]any) string {
	t.Helper()
	type rules struct {
		Properties map[string]json.RawMessage
		Required   []string
	}
	var answer struct {
		rules
		Schema *rules
	}
	if err := json.Unmarshal([]byte(doc), &answer); err != nil {
		return "" // Properties is not what stands there but PROPERTIES, or the like
	}
	r := answer.rules
	if answer.Schema != nil && r.Properties == nil {
		r = *answer.Schema
	}
	for _, name := range r.Required {
		if _, ok := given[name]; !ok {
			return name + " is missing"
		}
	}
	for name, v := range given {
		var field struct {
			Type string
			Enum []string
		}
		if json.Unmarshal(r.Properties[name], &field) != nil {
			continue // says more than can be judged here
		}
		text, isText := v.(string)
		_, isNumber := v.(float64)
		_, isBool := v.(bool)
		_, isList := v.([]any)
		switch field.Type {
		case "string":
			if !isText {
				return name + " is no string"
			}
		case "integer", "float", "number":
			if !isNumber {
				return name + " is no number"
			}
		case "boolean":
			if !isBool {
				return name + " is no boolean"
			}
		case "array":
			if !isList {
				return name + " is no array"
			}
			continue
		}
		if isText && len(field.Enum) > 0 && !slices.Contains(field.Enum, text) {
			return name + " is no choice"
		}
	}
	return ""
}
