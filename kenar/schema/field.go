package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets/persian"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// A Field is one of the fields a category asks for.
type Field struct {
	// Name is the key in category_fields.
	Name string `json:"name"`
	// Title is what the field is called on Divar, most often in Persian. It is
	// empty when the schema gives none.
	Title string `json:"title,omitempty"`
	// Description is the schema's explanation, if any.
	Description string `json:"description,omitempty"`
	// Type is Kenar's name for the type: string, integer, float, boolean or
	// array; also object, for one that Kenar's docs do not mention. It is empty
	// when any value may stand there, and the first one when there are several.
	Type string `json:"type,omitempty"`
	// Items is the type of an array's items, as far as it is known.
	Items string `json:"items,omitempty"`
	// Required tells whether every post of the category must have the field.
	Required bool `json:"required"`
	// Choices are the only values allowed, for the field or for each of an
	// array's items; nil when there is no such list.
	Choices []Choice `json:"choices,omitempty"`
	// Limits are the bounds of the value in words, such as "at least 20"; for an
	// array those of its length and of its items.
	Limits []string `json:"limits,omitempty"`
}

// A Choice is one of the values that a field may have.
type Choice struct {
	// Value is what is sent: a string, json.Number or bool, or any other JSON
	// value as encoding/json decodes it.
	Value any `json:"value"`
	// Title is what is shown for it, the value itself when the schema gives
	// none.
	Title string `json:"title"`
}

// Fields lists the fields in the order of the schema, which is that of Divar's
// own form. Those that only some posts can have, because an alternative or a
// condition of the schema mentions them, are not among them.
func (s *Schema) Fields() []Field {
	fields := slices.Clone(s.fields)
	for i := range fields {
		fields[i].Choices = slices.Clone(fields[i].Choices)
		fields[i].Limits = slices.Clone(fields[i].Limits)
	}
	return fields
}

func fieldsOf(root *strictjson.Node) []Field {
	var required []string
	if n := member(root, "required"); n != nil {
		for _, name := range n.Items {
			required = append(required, name.Text)
		}
	}
	var fields []Field
	listed := map[string]bool{}
	properties := member(root, "properties").Members
	for i := range properties {
		m := &properties[i]
		f := fieldOf(m.Name, &m.Node)
		f.Required = slices.Contains(required, m.Name)
		fields = append(fields, f)
		listed[m.Name] = true
	}
	for _, name := range required { // a field of which nothing else is said
		if !listed[name] {
			fields = append(fields, Field{Name: name, Required: true})
		}
	}
	return fields
}

func fieldOf(name string, n *strictjson.Node) Field {
	f := Field{
		Name:        name,
		Title:       label(member(n, "title")),
		Description: label(member(n, "description")),
		Type:        typeName(member(n, "type")),
		Choices:     choicesOf(n),
		Limits:      limitsOf(n),
	}
	if items := member(n, "items"); items != nil && f.Type == "array" {
		f.Items = typeName(member(items, "type"))
		if f.Choices == nil {
			f.Choices = choicesOf(items)
		}
		for _, l := range limitsOf(items) {
			f.Limits = append(f.Limits, "each item "+l)
		}
	}
	return f
}

// label is a text of the schema on one line.
func label(n *strictjson.Node) string {
	if n == nil {
		return ""
	}
	return strings.Join(strings.Fields(persian.Fold(n.Text)), " ")
}

func typeName(n *strictjson.Node) string {
	switch {
	case n == nil:
		return ""
	case n.Kind == strictjson.Array:
		for i := range n.Items {
			if n.Items[i].Text != "null" {
				return typeName(&n.Items[i])
			}
		}
		return ""
	case n.Text == "number":
		return "float"
	}
	return n.Text
}

func choicesOf(n *strictjson.Node) []Choice {
	enum, titles := member(n, "enum"), member(n, "enumNames")
	if enum == nil {
		return nil
	}
	choices := make([]Choice, len(enum.Items))
	for i := range enum.Items {
		choices[i] = Choice{Value: decoded(&enum.Items[i]), Title: label(&titles.Items[i])}
		if choices[i].Title == "" {
			choices[i].Title = show(choices[i].Value)
		}
	}
	return choices
}

func limitsOf(n *strictjson.Node) []string {
	var limits []string
	for _, l := range []struct{ keyword, words, unit string }{
		{"minimum", "at least ", ""},
		{"exclusiveMinimum", "more than ", ""},
		{"maximum", "at most ", ""},
		{"exclusiveMaximum", "less than ", ""},
		{"multipleOf", "a multiple of ", ""},
		{"minLength", "at least ", " character"},
		{"maxLength", "at most ", " character"},
		{"minItems", "at least ", " item"},
		{"maxItems", "at most ", " item"},
		{"pattern", "matching the regular expression ", ""},
	} {
		v := member(n, l.keyword)
		if v == nil {
			continue
		}
		if l.unit != "" && v.Text != "1" {
			l.unit += "s"
		}
		limits = append(limits, l.words+v.Text+l.unit)
	}
	if v := member(n, "uniqueItems"); v != nil && v.Text == "true" {
		limits = append(limits, "no item twice")
	}
	return limits
}

// show is a value of a choice or a field for a message.
func show(v any) string {
	if s, ok := v.(string); ok {
		return quote(s)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 64
	if short, cut := persian.Shorten(string(text), most); cut {
		return short
	}
	return string(text)
}
