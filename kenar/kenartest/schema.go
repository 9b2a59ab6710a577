package kenartest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A violation is the first thing wrong with a body: where, and what. The
// place is put together on the way out of the document.
type violation struct {
	path    string
	message string
}

func violate(format string, args ...any) *violation {
	return &violation{message: fmt.Sprintf(format, args...)}
}

// in adds the enclosing field or index in front of the place.
func (v *violation) in(outer string) *violation {
	if v.path != "" && v.path[0] != '[' {
		outer += "."
	}
	v.path = outer + v.path
	return v
}

func (v *violation) String() string {
	if v.path == "" {
		return v.message
	}
	return v.path + ": " + v.message
}

// A schema says what a JSON value must be. Schemas are data, so that the
// tables of widgets read like the documents they come from; also is for the
// few rules that concern several fields.
type schema struct {
	kind   kind       // "" is any
	limit  int        // strings: most code points, 0 for any number
	enum   *enum      // strings: the allowed values, nil for any
	lo, hi int64      // numbers: the range. arrays: the count, hi 0 for no limit
	elem   *schema    // arrays, and objects used as maps
	fields []property // objects
	free   bool       // objects: any content
	real   bool       // numbers: any of them, whole or not
	also   func(checker, *node) *violation
}

type property struct {
	name     string
	schema   *schema
	required bool
}

// An enum is a set of names. Names are upper case and case matters.
type enum struct {
	what  string
	names func() map[string]bool
}

func text(limit int) *schema                { return &schema{kind: stringKind, limit: limit} }
func truth() *schema                        { return &schema{kind: boolKind} }
func oneOf(e *enum) *schema                 { return &schema{kind: stringKind, enum: e} }
func integer(lo, hi int64) *schema          { return &schema{kind: numberKind, lo: lo, hi: hi} }
func double() *schema                       { return &schema{kind: numberKind, real: true} }
func mapOf(elem *schema) *schema            { return &schema{kind: objectKind, elem: elem} }
func anyObject() *schema                    { return &schema{kind: objectKind, free: true} }
func object(p ...property) *schema          { return &schema{kind: objectKind, fields: p} }
func optional(n string, s *schema) property { return property{name: n, schema: s} }
func required(n string, s *schema) property { return property{name: n, schema: s, required: true} }

// list is an array of lo to hi elements; hi 0 is no limit.
func list(elem *schema, lo, hi int64) *schema {
	return &schema{kind: arrayKind, elem: elem, lo: lo, hi: hi}
}

// with adds a rule to s.
func (s *schema) with(rule func(checker, *node) *violation) *schema {
	s.also = rule
	return s
}

func (s *schema) property(name string) *property {
	for i := range s.fields {
		if names(name, s.fields[i].name) {
			return &s.fields[i]
		}
	}
	return nil
}

func set(values ...string) func() map[string]bool {
	m := make(map[string]bool, len(values))
	for _, v := range values {
		m[v] = true
	}
	return func() map[string]bool { return m }
}

// A checker holds values against schemas.
type checker struct {
	anyIcon bool // unknown icon names are accepted
}

// check returns the first violation, in the order of the schema, or nil.
func (c checker) check(s *schema, n *node) *violation {
	if s.kind != "" && n.kind != s.kind {
		return violate("is %s, want %s", n.kind, s.kind)
	}
	var v *violation
	switch s.kind {
	case stringKind:
		v = c.checkText(s, n)
	case numberKind:
		if !s.real {
			v = checkInteger(s, n)
		}
	case arrayKind:
		v = c.checkArray(s, n)
	case objectKind:
		v = c.checkObject(s, n)
	}
	if v == nil && s.also != nil {
		v = s.also(c, n)
	}
	return v
}

func (c checker) checkText(s *schema, n *node) *violation {
	// A character is a Unicode code point, not normalised: a ZWNJ counts.
	if count := utf8.RuneCountInString(n.text); s.limit > 0 && count > s.limit {
		return violate("%d characters, at most %d allowed", count, s.limit)
	}
	if s.enum == nil || (s.enum == icon || s.enum == legacyIcon) && c.anyIcon {
		return nil
	}
	if !s.enum.names()[n.text] {
		return violate("%s is not a known %s", quote(n.text), s.enum.what)
	}
	return nil
}

func checkInteger(s *schema, n *node) *violation {
	value, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32+1 {
			return violate("%s is not a 32-bit integer", quote(n.text))
		}
		value = int64(f)
	}
	if value < s.lo || value > s.hi {
		return violate("%d is outside %d..%d", value, s.lo, s.hi)
	}
	return nil
}

func (c checker) checkArray(s *schema, n *node) *violation {
	count := int64(len(n.items))
	switch {
	case count < s.lo && s.hi == 0:
		return violate("length %d, want at least %d", count, s.lo)
	case count < s.lo || s.hi > 0 && count > s.hi:
		return violate("length %d, want %d to %d", count, s.lo, s.hi)
	}
	for i := range n.items {
		if v := c.check(s.elem, &n.items[i]); v != nil {
			return v.in("[" + strconv.Itoa(i) + "]")
		}
	}
	return nil
}

func (c checker) checkObject(s *schema, n *node) *violation {
	if s.elem != nil {
		for i := range n.members {
			if v := c.check(s.elem, &n.members[i].value); v != nil {
				return v.in(n.members[i].name)
			}
		}
	}
	for i := range s.fields {
		p := &s.fields[i]
		value, twice := n.field(p.name)
		var v *violation
		switch {
		case twice:
			v = violate("is set twice, in snake_case and in camelCase")
		case value != nil:
			v = c.check(p.schema, value)
		case p.required:
			v = violate("is missing")
		}
		if v != nil {
			return v.in(p.name)
		}
	}
	return nil
}

// exactlyOne is the rule of a oneof: one of the named fields is set.
func exactlyOne(fields ...string) func(checker, *node) *violation {
	return func(_ checker, n *node) *violation {
		if got := n.present(fields); len(got) != 1 {
			return violate("has %d of %s, want exactly one", len(got), strings.Join(fields, ", "))
		}
		return nil
	}
}

// present lists which of fields are set in n.
func (n *node) present(fields []string) []string {
	return slices.DeleteFunc(slices.Clone(fields), func(name string) bool {
		found, _ := n.field(name)
		return found == nil
	})
}

// quote quotes a value for a message, shortened: what was sent may be long.
func quote(s string) string {
	const most = 64
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return strconv.Quote(s)
}
