package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
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
func translate(n *node, location []string) (*node, error) {
	switch n.kind {
	case kindBoolean: // a schema that everything or nothing satisfies
		return n, nil
	case kindObject:
	default:
		return nil, unusable(location, "is %s, must be an object", n.kind)
	}
	out := &node{kind: kindObject}
	for _, m := range n.members {
		here := inside(location, m.name)
		if m.name == "$ref" {
			return nil, unusable(here, "refers to another schema, which is not supported; the schemas of categories stand alone")
		}
		v, err := translateKeyword(m.name, m.node, here)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out.members = append(out.members, member{m.name, v})
		}
	}
	return settleChoices(out), nil
}

// translateKeyword is the value of a keyword, or nil when it says nothing.
func translateKeyword(keyword string, n *node, location []string) (*node, error) {
	if n.kind == kindNull && keyword != "const" {
		return nil, nil
	}
	switch shapeOf(keyword) {
	case plain:
		return translatePlain(keyword, n, location)
	case remark:
		if n.kind == kindString {
			return n, nil
		}
	case subschema:
		return translate(n, location)
	case subschemas:
		if n.kind != kindArray {
			return nil, unusable(location, "is %s, must be an array of schemas", n.kind)
		}
		return translateList(n, location)
	case namedSchemas:
		if n.kind != kindObject {
			return nil, unusable(location, "is %s, must be an object of schemas by name", n.kind)
		}
		return translateNamed(keyword, n, location)
	case mixed:
		switch {
		case n.kind == kindArray:
			return translateList(n, location)
		case keyword == "dependencies" && n.kind == kindObject:
			return translateNamed(keyword, n, location)
		}
		return translate(n, location)
	}
	return nil, nil
}

func translateList(n *node, location []string) (*node, error) {
	out := &node{kind: kindArray}
	for i, item := range n.items {
		s, err := translate(item, inside(location, strconv.Itoa(i)))
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, s)
	}
	return out, nil
}

func translateNamed(keyword string, n *node, location []string) (*node, error) {
	out := &node{kind: kindObject}
	for _, m := range n.members {
		s, here := m.node, inside(location, m.name)
		if keyword == "patternProperties" {
			if !isRegexp(m.name) {
				return nil, unusable(here, "is not a regular expression as Go knows them (RE2)")
			}
		}
		if keyword != "dependencies" || m.kind != kindArray {
			var err error
			if s, err = translate(m.node, here); err != nil {
				return nil, err
			}
		}
		out.members = append(out.members, member{m.name, s})
	}
	return out, nil
}

func translatePlain(keyword string, n *node, location []string) (*node, error) {
	switch {
	case keyword == "type" && n.kind == kindArray:
		out := &node{kind: kindArray}
		for i, item := range n.items {
			t, err := translateType(item, inside(location, strconv.Itoa(i)))
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(out.items, t.same) {
				out.items = append(out.items, t)
			}
		}
		return out, nil
	case keyword == "type":
		return translateType(n, location)
	case keyword == "pattern" && n.kind == kindString:
		if !isRegexp(n.text) {
			return nil, nil // better not obeyed than the category lost
		}
	case keyword == "required" && n.kind == kindArray:
		names, _ := distinct(n, nil)
		return names, nil
	case keyword == "enum" && n.kind != kindArray:
		return nil, unusable(location, "is %s, must be an array of choices", n.kind)
	case keyword == "enumNames" && n.kind != kindArray:
		return nil, nil
	}
	return n, nil
}

func isRegexp(s string) bool {
	_, err := regexp.Compile(s)
	return err == nil
}

func translateType(n *node, location []string) (*node, error) {
	if n.kind != kindString {
		return nil, unusable(location, "is %s, must be the name of a type", n.kind)
	}
	standard, known := jsonType(n.text)
	if !known {
		return nil, unusable(location, "is %s, must be one of string, integer, float, number, boolean, array, object, null", quote(n.text))
	}
	return &node{kind: kindString, text: standard}, nil
}

// settleChoices puts the choices of a list's items, when they stand beside
// "items", inside it, and leaves each choice there once. A choice that is no
// array could never equal a list, so nothing else can have been meant.
func settleChoices(s *node) *node {
	enum, names := s.member("enum"), s.member("enumNames")
	if enum == nil {
		return s
	}
	enum, names = distinct(enum, names)
	rest := slices.DeleteFunc(slices.Clone(s.members), func(m member) bool {
		return m.name == "enum" || m.name == "enumNames"
	})
	choices := []member{{"enum", enum}, {"enumNames", names}}
	t, items := s.member("type"), s.member("items")
	isArray := func(n *node) bool { return n.kind == kindArray }
	switch {
	case len(enum.items) == 0:
		return &node{kind: kindObject, members: rest}
	case t == nil || t.text != "array" || slices.ContainsFunc(enum.items, isArray):
		return &node{kind: kindObject, members: append(rest, choices...)}
	case items == nil:
		items = &node{kind: kindObject}
	case items.kind != kindObject || items.member("enum") != nil:
		return &node{kind: kindObject, members: rest}
	}
	rest = slices.DeleteFunc(rest, func(m member) bool { return m.name == "items" })
	items = &node{kind: kindObject, members: slices.Concat(items.members, choices)}
	return &node{kind: kindObject, members: append(rest, member{"items", items})}
}

// distinct is the choices and their titles without repeated ones. The titles
// are as many as the choices; one that is missing is the choice itself.
func distinct(enum, names *node) (choices, titles *node) {
	choices, titles = &node{kind: kindArray}, &node{kind: kindArray}
	seen := make(map[string]bool, len(enum.items))
	for i, c := range enum.items {
		if id := strconv.Itoa(int(c.kind)) + c.text; c.kind < kindArray {
			if seen[id] {
				continue
			}
			seen[id] = true
		}
		title := c
		if names != nil && i < len(names.items) && names.items[i].kind == kindString && names.items[i].text != "" {
			title = names.items[i]
		}
		choices.items, titles.items = append(choices.items, c), append(titles.items, title)
	}
	return choices, titles
}

// same reports whether two scalars are the same value, spelled the same.
func (n *node) same(m *node) bool { return n.kind == m.kind && n.text == m.text }

// A problem is what makes a schema unusable, and where.
type problem struct {
	location []string
	message  string
}

func (p *problem) Error() string { return p.message }

func unusable(location []string, format string, args ...any) error {
	return &problem{location, fmt.Sprintf(format, args...)}
}
