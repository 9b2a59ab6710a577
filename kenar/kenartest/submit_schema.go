package kenartest

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// schemaFiles are submit schemas to start with, one per category: an
// apartment for rent, a car, a phone, a service. Their form is documented,
// their fields are inventions that look like the real ones.
//
//go:embed schemas/*.json
var schemaFiles embed.FS

// A submitSchema is what a category's fields must be: the part of JSON Schema
// that Kenar uses, with its own type float (Kenar docs, post/submit_post).
type submitSchema struct {
	raw        json.RawMessage
	Properties map[string]*submitField
	Required   []string
}

type submitField struct {
	Type      string
	Enum      []string
	EnumNames []string
	Items     *submitField // of an array
}

// SetSubmitSchema sets the submit schema of a category, or with nil removes
// the category. It panics when the schema is not one: a mistake of the
// program.
func (s *Server) SetSubmitSchema(category string, schema json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if schema == nil {
		delete(s.schemas, category)
		return
	}
	s.schemas[category] = mustParseSubmitSchema(category, schema)
}

func mustParseSubmitSchema(category string, raw json.RawMessage) *submitSchema {
	parsed := &submitSchema{raw: slices.Clone(raw)}
	if err := json.Unmarshal(raw, parsed); err != nil {
		panic(fmt.Sprintf("kenartest: submit schema of %s: %v", category, err))
	}
	for name, f := range parsed.Properties {
		if f == nil || !f.valid() {
			panic(fmt.Sprintf("kenartest: submit schema of %s: %s has no known type, or names that do not match its enum", category, name))
		}
	}
	for _, name := range parsed.Required {
		if parsed.Properties[name] == nil {
			panic(fmt.Sprintf("kenartest: submit schema of %s: %s is required and not a property", category, name))
		}
	}
	return parsed
}

func (f *submitField) valid() bool {
	if f.EnumNames != nil && len(f.EnumNames) != len(f.Enum) {
		return false
	}
	switch f.Type {
	case "string", "integer", "float", "boolean":
		return true
	case "array":
		return f.Items != nil && f.Items.valid()
	}
	return false
}

// defaultSubmitSchemas are those of schemaFiles, by category.
var defaultSubmitSchemas = sync.OnceValue(func() map[string]*submitSchema {
	files, err := schemaFiles.ReadDir("schemas")
	if err != nil {
		panic(fmt.Sprintf("kenartest: reading the embedded submit schemas: %v", err))
	}
	schemas := make(map[string]*submitSchema, len(files))
	for _, file := range files {
		raw, err := schemaFiles.ReadFile(path.Join("schemas", file.Name()))
		if err != nil {
			panic(fmt.Sprintf("kenartest: reading the embedded submit schema %s: %v", file.Name(), err))
		}
		category := strings.TrimSuffix(file.Name(), ".json")
		schemas[category] = mustParseSubmitSchema(category, raw)
	}
	return schemas
})

func (s *Server) getSubmitSchema(req *request) answer {
	schema := s.schemas[req.id]
	if schema == nil {
		return notFound.because("no category %s", quote(req.id))
	}
	return success(struct {
		Schema json.RawMessage `json:"schema"`
	}{schema.raw})
}

// check holds category_fields against the schema. A field that the schema does
// not have is ignored, as JSON Schema does by default; null is absent.
func (s *submitSchema) check(fields *node) *violation {
	for _, name := range s.Required {
		if fields.exactly(name) == nil {
			return violate("is missing").in(name)
		}
	}
	for i := range fields.members {
		m := &fields.members[i]
		if f := s.Properties[m.name]; f != nil && m.value.kind != nullKind {
			if v := f.check(&m.value); v != nil {
				return v.in(m.name)
			}
		}
	}
	return nil
}

// check holds one value against its type and its choices.
func (f *submitField) check(n *node) *violation {
	want := map[string]kind{"string": stringKind, "integer": numberKind, "float": numberKind,
		"boolean": boolKind, "array": arrayKind}[f.Type]
	if n.kind != want {
		return violate("is %s, want %s", n.kind, want)
	}
	if f.Type == "integer" && !isWhole(n.text) {
		return violate("%s is not a whole number", quote(n.text))
	}
	if f.Enum != nil && n.kind == stringKind && !slices.Contains(f.Enum, n.text) {
		return violate("%s is not one of the %d values of the submit schema", quote(n.text), len(f.Enum))
	}
	for i := range n.items {
		if v := f.Items.check(&n.items[i]); v != nil {
			return v.in("[" + strconv.Itoa(i) + "]")
		}
	}
	return nil
}

func isWhole(number string) bool {
	f, err := strconv.ParseFloat(number, 64)
	return err == nil && f == math.Trunc(f)
}

// exactly finds a member of a free object by its very name: unlike fields,
// which field finds, its names are data. A null is absent.
func (n *node) exactly(name string) *node {
	if n == nil {
		return nil
	}
	for i := range n.members {
		if m := &n.members[i]; m.name == name && m.value.kind != nullKind {
			return &m.value
		}
	}
	return nil
}
