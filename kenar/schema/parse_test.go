package schema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar/schema"
)

// The accents of Kenar's schemas, as the fields they come out as.
func TestParseTakes(t *testing.T) {
	choices := func(values ...string) []schema.Choice {
		var all []schema.Choice
		for _, v := range values {
			all = append(all, schema.Choice{Value: v, Title: v})
		}
		return all
	}
	for _, tt := range []struct {
		name, doc string
		want      []schema.Field
	}{
		{"no fields", `{"schema":{"properties":{}}}`, nil},
		{"bare, in the order of the document", `{"properties":{"z":{"type":"string"},"a":{"type":"float"}}}`,
			[]schema.Field{{Name: "z", Type: "string"}, {Name: "a", Type: "float"}}},
		{"a field named schema", `{"properties":{"schema":{"type":"string"}},"schema":{}}`, []schema.Field{{Name: "schema", Type: "string"}}},
		{"fields named like keywords", `{"properties":{"type":{"type":"integer"},"enum":{"type":"boolean"},"$ref":{}}}`,
			[]schema.Field{{Name: "type", Type: "integer"}, {Name: "enum", Type: "boolean"}, {Name: "$ref"}}},
		{"standard name of float", `{"properties":{"a":{"type":"number"}}}`, []schema.Field{{Name: "a", Type: "float"}}},
		{"several types", `{"properties":{"a":{"type":["null","float","float"]}}}`, []schema.Field{{Name: "a", Type: "float"}}},
		{"too few titles", `{"properties":{"a":{"type":"string","enum":["x","y"],"enumNames":["ایکس"]}}}`,
			[]schema.Field{{Name: "a", Type: "string", Choices: []schema.Choice{{Value: "x", Title: "ایکس"}, {Value: "y", Title: "y"}}}}},
		{"a choice twice", `{"properties":{"a":{"enum":["x","y","x"],"enumNames":["1","2","3"]}}}`,
			[]schema.Field{{Name: "a", Choices: []schema.Choice{{Value: "x", Title: "1"}, {Value: "y", Title: "2"}}}}},
		{"choices of other kinds", `{"properties":{"a":{"enum":[1,true,null,"1"]}}}`,
			[]schema.Field{{Name: "a", Choices: []schema.Choice{{Value: json.Number("1"), Title: "1"}, {Value: true, Title: "true"}, {Value: nil, Title: "null"}, {Value: "1", Title: "1"}}}}},
		{"choices beside items", `{"properties":{"a":{"type":"array","items":{"type":"string"},"enum":["x"]}}}`,
			[]schema.Field{{Name: "a", Type: "array", Items: "string", Choices: choices("x")}}},
		{"choices inside items", `{"properties":{"a":{"type":"array","items":{"type":"string","enum":["x"]}}}}`,
			[]schema.Field{{Name: "a", Type: "array", Items: "string", Choices: choices("x")}}},
		{"choices of a list without items", `{"properties":{"a":{"type":"array","enum":["x"]}}}`,
			[]schema.Field{{Name: "a", Type: "array", Choices: choices("x")}}},
		{"nothing said in many words", `{"type":"object","required":null,"properties":{"a":{"type":"string","enum":[],"enumNames":null,"items":null,"title":3,"ui:widget":"x","format":"date","pattern":"(?=x)"}}}`,
			[]schema.Field{{Name: "a", Type: "string"}}},
		{"required twice, and one not listed", `{"properties":{"a":{"title":" كد\n پستي "}},"required":["b","a","a"]}`,
			[]schema.Field{{Name: "a", Title: "کد پستی", Required: true}, {Name: "b", Required: true}}},
		{"limits", `{"properties":{"a":{"type":"integer","minimum":1,"maximum":5,"multipleOf":2},"b":{"type":"array","maxItems":2,"uniqueItems":true,"items":{"type":"string","minLength":3}}}}`,
			[]schema.Field{
				{Name: "a", Type: "integer", Limits: []string{"at least 1", "at most 5", "a multiple of 2"}},
				{Name: "b", Type: "array", Items: "string", Limits: []string{"at most 2 items", "no item twice", "each item at least 3 characters"}},
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, parse(t, []byte(tt.doc)).Fields()); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be a schema is refused with the place.
func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"nothing", ` `, "the document: is empty, must be a JSON object"},
		{"cut off", `{"schema":{`, "the document: is not JSON: it ends too early, at byte 11"},
		{"a page", `<html>`, "the document: is not JSON: invalid character '<' looking for beginning of value (byte 0)"},
		{"trailing", `{"properties":{}} {}`, "the document: has something after the end of its JSON; remove it"},
		{"a list", `[]`, "the document: is an array, must be an object"},
		{"not UTF-8", "{\"properties\":{\"\xff\":{}}}", "the document: is not valid UTF-8; encode the text as UTF-8"},
		{"large", `{"properties":{}` + strings.Repeat(" ", 1<<20) + `}`, "the document: has 1048593 bytes, at most 1048576 allowed"},
		{"deep", strings.Repeat(`{"properties":`, 33) + `1` + strings.Repeat(`}`, 33), "the document: is nested too deeply, at most 32 levels are allowed"},
		{"an error message", `{"code":5,"message":"not found"}`, "schema: has no properties, which list the fields"},
		{"an empty one", `{"schema":{}}`, "schema: has no properties, which list the fields"},
		{"a text", `{"schema":"x"}`, "schema: is a string, must be an object"},
		{"always", `{"schema":true}`, "schema: has no properties, which list the fields"},
		{"a list of fields", `{"schema":{"type":"array","properties":{}}}`, "schema.type: is not object, but the fields of a post are one"},
		{"properties in a list", `{"properties":[]}`, "schema.properties: is an array, must be an object of schemas by name"},
		{"unknown type", `{"properties":{"price":{"type":"money"}}}`, `schema.properties.price.type: is "money", must be one of string, integer, float, number, boolean, array, object, null`},
		{"type of a wrong kind", `{"properties":{"price":{"type":["string",1]}}}`, "schema.properties.price.type[1]: is a number, must be the name of a type"},
		{"field of a wrong kind", `{"properties":{"کد":"string"}}`, `schema.properties["کد"]: is a string, must be an object`},
		{"choices of a wrong kind", `{"properties":{"a":{"enum":{"x":"y"}}}}`, "schema.properties.a.enum: is an object, must be an array of choices"},
		{"items of a wrong kind", `{"properties":{"a":{"items":"string"}}}`, "schema.properties.a.items: is a string, must be an object"},
		{"twice", `{"properties":{"a":{"type":"string"},"a":{"type":"integer"}}}`, "schema.properties.a: is given twice in one object"},
		{"a reference", `{"properties":{"a":{"$ref":"#/definitions/a"}}}`, "schema.properties.a.$ref: refers to another schema, which is not supported; the schemas of categories stand alone"},
		{"a limit in words", `{"properties":{"a":{"minimum":"ten"}}}`, "schema.properties.a.minimum: is not JSON Schema: got string, want number"},
		{"a number out of reach", `{"properties":{"a":{"minimum":1e999999999}}}`, `schema.properties.a.minimum: is "1e999999999", at most 64 digits and an exponent of at most 308 are taken`},
		{"a multiple of nothing", `{"properties":{"a":{"multipleOf":0}}}`, "schema.properties.a.multipleOf: is not JSON Schema: exclusiveMinimum: got 0, want 0"},
		{"required in words", `{"properties":{},"required":"a"}`, "schema.required: is not JSON Schema: got string, want array"},
		{"alternatives of a wrong kind", `{"properties":{},"anyOf":{}}`, "schema.anyOf: is an object, must be an array of schemas"},
		{"inside an alternative", `{"properties":{},"anyOf":[{},{"type":"x"}]}`, `schema.anyOf[1].type: is "x", must be one of string, integer, float, number, boolean, array, object, null`},
		{"a pattern of names", `{"properties":{},"patternProperties":{"(?=x)":{}}}`, `schema.patternProperties["(?=x)"]: is not a regular expression as Go knows them (RE2)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := schema.Parse([]byte(tt.doc))
			if err == nil {
				t.Fatalf("taken, with the fields %v", s.Fields())
			}
			want := "submit schema: " + tt.want + "; the fields of this category cannot be checked until Kenar sends a usable schema"
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
