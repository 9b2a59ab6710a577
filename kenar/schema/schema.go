package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// maxSchema bounds a schema, in bytes. The longest lists of choices, those of
// car models, need a tenth of it.
const maxSchema = 1 << 20

// A Schema is the submit schema of one category. Parse makes it; the zero value
// is not usable.
type Schema struct {
	fields   []Field
	index    map[string]int // of fields, by name
	known    map[string]bool
	open     bool // the schema itself says what becomes of unlisted fields
	compiled *jsonschema.Schema
	hash     string
}

// Parse reads the answer of Kenar's submit-schema operation,
// {"schema": {…}}, or the schema alone. A schema that no fields can be held
// against is an error that names the place.
func Parse(doc []byte) (*Schema, error) {
	n, err := parse(doc, maxSchema)
	if err != nil {
		return nil, refuse("the document", err)
	}
	if inner := member(n, "schema"); inner != nil && member(n, "properties") == nil {
		n = inner
	}
	s, err := build(n)
	if p := (*problem)(nil); errors.As(err, &p) {
		return nil, refuse(path("schema", n, p.location), p)
	}
	return s, err
}

func refuse(place string, err error) error {
	return fmt.Errorf("submit schema: %s: %w; the fields of this category cannot be checked until Kenar sends a usable schema", place, err)
}

func build(n *strictjson.Node) (*Schema, error) {
	if err := inspect(n); err != nil {
		return nil, err
	}
	root, err := translate(n, nil)
	if err != nil {
		return nil, err
	}
	if t := member(root, "type"); t != nil && t.Text != "object" {
		return nil, unusable([]string{"type"}, "is not object, but the fields of a post are one")
	}
	if member(root, "properties") == nil {
		return nil, unusable(nil, "has no properties, which list the fields")
	}
	compiled, err := compile(decoded(root))
	if err != nil {
		return nil, err
	}
	hash, err := hashOf(n)
	if err != nil {
		return nil, err
	}
	s := &Schema{
		fields:   fieldsOf(root),
		known:    map[string]bool{},
		open:     member(root, "additionalProperties") != nil || member(root, "patternProperties") != nil,
		compiled: compiled,
		hash:     hash,
	}
	s.index = make(map[string]int, len(s.fields))
	for i, f := range s.fields {
		s.index[f.Name] = i
		s.known[f.Name] = true
	}
	listNames(root, s.known)
	return s, nil
}

// inspect finds what would be lost or could not be computed with.
func inspect(n *strictjson.Node) error {
	var first error
	walk(n, nil, func(location []string, n *strictjson.Node) {
		if first != nil {
			return
		}
		if name, twice := duplicate(n); twice {
			first = unusable(inside(location, name), "is given twice in one object")
		}
		if n.Kind == strictjson.Number && !bearable(n.Text) {
			first = unusable(location, "is %s, at most %d digits and an exponent of at most %d are taken", quote(n.Text), maxDigits, maxExponent)
		}
	})
	return first
}

// duplicate is the first name that an object has twice.
func duplicate(n *strictjson.Node) (name string, twice bool) {
	seen := make(map[string]bool, len(n.Members))
	for _, m := range n.Members {
		if seen[m.Name] {
			return m.Name, true
		}
		seen[m.Name] = true
	}
	return "", false
}

// listNames collects the fields that any part of a schema speaks of. Those of
// an alternative or a condition are fields too, though not of every post.
func listNames(n *strictjson.Node, names map[string]bool) {
	if properties := member(n, "properties"); properties != nil {
		for i := range properties.Members {
			names[properties.Members[i].Name] = true
		}
	}
	for i := range n.Members {
		switch m := &n.Members[i]; m.Name {
		case "allOf", "anyOf", "oneOf":
			for i := range m.Items {
				listNames(&m.Items[i], names)
			}
		case "if", "then", "else":
			listNames(&m.Node, names)
		case "dependencies":
			for i := range m.Members {
				listNames(&m.Members[i].Node, names)
			}
		}
	}
}

// resource is the name under which the library keeps a schema. Nothing is found
// there.
const resource = "kenar:submit-schema"

func compile(schema any) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.UseLoader(noLoader{})
	if err := c.AddResource(resource, schema); err != nil {
		return nil, unusable(nil, "cannot be compiled: %v", err)
	}
	compiled, err := c.Compile(resource)
	if invalid := (*jsonschema.SchemaValidationError)(nil); errors.As(err, &invalid) {
		if cause := (*jsonschema.ValidationError)(nil); errors.As(invalid.Err, &cause) {
			for len(cause.Causes) > 0 {
				cause = cause.Causes[0]
			}
			english := message.NewPrinter(language.English)
			return nil, unusable(cause.InstanceLocation, "is not JSON Schema: %s", cause.ErrorKind.LocalizedString(english))
		}
	}
	if err != nil {
		return nil, unusable(nil, "cannot be compiled: %v", err)
	}
	return compiled, nil
}

// noLoader keeps the library from reading files: a schema has no references.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s: schemas are not loaded", url)
}

// Hash identifies the schema's content: equal for two documents that differ
// only in white space, in the order of members or in the wrapper, and with all
// likelihood for no others. It is made of 64 hexadecimal digits.
func (s *Schema) Hash() string { return s.hash }

func hashOf(n *strictjson.Node) (string, error) {
	canonical, err := json.Marshal(decoded(n)) // sorts the members
	if err != nil {
		return "", unusable(nil, "cannot be encoded: %v", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}
