package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// A shape is what a keyword of JSON Schema holds.
type shape uint8

const (
	ignored      shape = iota
	plain              // a value that restricts, such as a number
	remark             // a text for people
	subschema          // a schema
	subschemas         // a list of schemas
	namedSchemas       // schemas by name
	mixed              // a schema, a list of schemas or of names, or these by name
)

// shapeOf knows the keywords of draft 7 that are obeyed, and those that are shown.
func shapeOf(keyword string) shape {
	switch keyword {
	case "type", "enum", "const", "required", "pattern",
		"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
		"minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties":
		return plain
	case "title", "description":
		return remark
	case "enumNames":
		return plain
	case "not", "if", "then", "else", "contains", "propertyNames", "additionalProperties", "additionalItems":
		return subschema
	case "allOf", "anyOf", "oneOf":
		return subschemas
	case "properties", "patternProperties":
		return namedSchemas
	case "items", "dependencies":
		return mixed
	}
	return ignored
}

// jsonType is the name that JSON Schema has for a type of Kenar's.
func jsonType(name string) (standard string, known bool) {
	switch name {
	case "float":
		return "number", true
	case "string", "integer", "number", "boolean", "array", "object", "null":
		return name, true
	}
	return "", false
}

// translate is a schema of Kenar's as draft 7 has it: what is ignored is gone,
// types have their standard names, and choices stand where they apply. The
// order of everything is kept.
func translate(n *strictjson.Node, location []string) (*strictjson.Node, error) {
	switch n.Kind {
	case strictjson.Boolean: // a schema that everything or nothing satisfies
		return n, nil
	case strictjson.Object:
	default:
		return nil, unusable(location, "is %s, must be an object", n.Kind)
	}
	out := &strictjson.Node{Kind: strictjson.Object}
	for i := range n.Members {
		m := &n.Members[i]
		here := inside(location, m.Name)
		if m.Name == "$ref" {
			return nil, unusable(here, "refers to another schema, which is not supported; the schemas of categories stand alone")
		}
		v, err := translateKeyword(m.Name, &m.Node, here)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out.Members = append(out.Members, strictjson.Member{Name: m.Name, Node: *v})
		}
	}
	return settleChoices(out), nil
}

// translateKeyword is the value of a keyword, or nil when it says nothing.
func translateKeyword(keyword string, n *strictjson.Node, location []string) (*strictjson.Node, error) {
	if n.Kind == strictjson.Null && keyword != "const" {
		return nil, nil
	}
	switch shapeOf(keyword) {
	case plain:
		return translatePlain(keyword, n, location)
	case remark:
		if n.Kind == strictjson.String {
			return n, nil
		}
	case subschema:
		return translate(n, location)
	case subschemas:
		if n.Kind != strictjson.Array {
			return nil, unusable(location, "is %s, must be an array of schemas", n.Kind)
		}
		return translateList(n, location)
	case namedSchemas:
		if n.Kind != strictjson.Object {
			return nil, unusable(location, "is %s, must be an object of schemas by name", n.Kind)
		}
		return translateNamed(keyword, n, location)
	case mixed:
		switch {
		case n.Kind == strictjson.Array:
			return translateList(n, location)
		case keyword == "dependencies" && n.Kind == strictjson.Object:
			return translateNamed(keyword, n, location)
		}
		return translate(n, location)
	}
	return nil, nil
}

func translateList(n *strictjson.Node, location []string) (*strictjson.Node, error) {
	out := &strictjson.Node{Kind: strictjson.Array}
	for i := range n.Items {
		s, err := translate(&n.Items[i], inside(location, strconv.Itoa(i)))
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, *s)
	}
	return out, nil
}

func translateNamed(keyword string, n *strictjson.Node, location []string) (*strictjson.Node, error) {
	out := &strictjson.Node{Kind: strictjson.Object}
	for i := range n.Members {
		m := &n.Members[i]
		s, here := &m.Node, inside(location, m.Name)
		if keyword == "patternProperties" {
			if !isRegexp(m.Name) {
				return nil, unusable(here, "is not a regular expression as Go knows them (RE2)")
			}
		}
		if keyword != "dependencies" || m.Kind != strictjson.Array {
			var err error
			if s, err = translate(s, here); err != nil {
				return nil, err
			}
		}
		out.Members = append(out.Members, strictjson.Member{Name: m.Name, Node: *s})
	}
	return out, nil
}

func translatePlain(keyword string, n *strictjson.Node, location []string) (*strictjson.Node, error) {
	switch {
	case keyword == "type" && n.Kind == strictjson.Array:
		out := &strictjson.Node{Kind: strictjson.Array}
		for i := range n.Items {
			t, err := translateType(&n.Items[i], inside(location, strconv.Itoa(i)))
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(out.Items, func(known strictjson.Node) bool { return known.Text == t.Text }) {
				out.Items = append(out.Items, *t)
			}
		}
		return out, nil
	case keyword == "type":
		return translateType(n, location)
	case keyword == "pattern" && n.Kind == strictjson.String:
		if !isRegexp(n.Text) {
			return nil, nil // better not obeyed than the category lost
		}
	case keyword == "required" && n.Kind == strictjson.Array:
		names, _ := distinct(n, nil)
		return names, nil
	case keyword == "enum" && n.Kind != strictjson.Array:
		return nil, unusable(location, "is %s, must be an array of choices", n.Kind)
	case keyword == "enumNames" && n.Kind != strictjson.Array:
		return nil, nil
	}
	return n, nil
}

func isRegexp(s string) bool {
	_, err := regexp.Compile(s)
	return err == nil
}

func translateType(n *strictjson.Node, location []string) (*strictjson.Node, error) {
	if n.Kind != strictjson.String {
		return nil, unusable(location, "is %s, must be the name of a type", n.Kind)
	}
	standard, known := jsonType(n.Text)
	if !known {
		return nil, unusable(location, "is %s, must be one of string, integer, float, number, boolean, array, object, null", quote(n.Text))
	}
	return &strictjson.Node{Kind: strictjson.String, Text: standard}, nil
}

// settleChoices puts the choices of a list's items, when they stand beside
// "items", inside it, and leaves each choice there once. A choice that is no
// array could never equal a list, so nothing else can have been meant.
func settleChoices(s *strictjson.Node) *strictjson.Node {
	enum, names := member(s, "enum"), member(s, "enumNames")
	if enum == nil {
		return s
	}
	enum, names = distinct(enum, names)
	rest := slices.DeleteFunc(slices.Clone(s.Members), func(m strictjson.Member) bool {
		return m.Name == "enum" || m.Name == "enumNames"
	})
	choices := []strictjson.Member{{Name: "enum", Node: *enum}, {Name: "enumNames", Node: *names}}
	t, items := member(s, "type"), member(s, "items")
	isArray := func(n strictjson.Node) bool { return n.Kind == strictjson.Array }
	switch {
	case len(enum.Items) == 0:
		return &strictjson.Node{Kind: strictjson.Object, Members: rest}
	case t == nil || t.Text != "array" || slices.ContainsFunc(enum.Items, isArray):
		return &strictjson.Node{Kind: strictjson.Object, Members: append(rest, choices...)}
	case items == nil:
		items = &strictjson.Node{Kind: strictjson.Object}
	case items.Kind != strictjson.Object || member(items, "enum") != nil:
		return &strictjson.Node{Kind: strictjson.Object, Members: rest}
	}
	rest = slices.DeleteFunc(rest, func(m strictjson.Member) bool { return m.Name == "items" })
	items = &strictjson.Node{Kind: strictjson.Object, Members: slices.Concat(items.Members, choices)}
	return &strictjson.Node{Kind: strictjson.Object, Members: append(rest, strictjson.Member{Name: "items", Node: *items})}
}

// distinct is the choices and their titles without repeated ones. The titles
// are as many as the choices; one that is missing is the choice itself.
func distinct(enum, names *strictjson.Node) (choices, titles *strictjson.Node) {
	choices, titles = &strictjson.Node{Kind: strictjson.Array}, &strictjson.Node{Kind: strictjson.Array}
	seen := make(map[string]bool, len(enum.Items))
	for i, c := range enum.Items {
		if id := strconv.Itoa(int(c.Kind)) + c.Text; c.Kind < strictjson.Array {
			if seen[id] {
				continue
			}
			seen[id] = true
		}
		title := c
		if names != nil && i < len(names.Items) && names.Items[i].Kind == strictjson.String && names.Items[i].Text != "" {
			title = names.Items[i]
		}
		choices.Items, titles.Items = append(choices.Items, c), append(titles.Items, title)
	}
	return choices, titles
}

// A problem is what makes a schema unusable, and where.
type problem struct {
	location []string
	message  string
}

func (p *problem) Error() string { return p.message }

func unusable(location []string, format string, args ...any) error {
	return &problem{location, fmt.Sprintf(format, args...)}
}
