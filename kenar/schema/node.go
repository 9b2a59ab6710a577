package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a document. Kenar's own schemas need five
// levels, and the fields of a post two.
const maxDepth = 32

type kind uint8

const (
	kindNull kind = iota
	kindBoolean
	kindNumber
	kindString
	kindArray
	kindObject
)

// String is the kind as a fault names it.
func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// A node is one JSON value. Unlike a map it keeps the order of members, in which
// a form is filled in, and the duplicates, which are faults.
type node struct {
	kind    kind
	text    string // the characters of a string, the literal of a number or boolean
	members []member
	items   []*node
}

type member struct {
	name string
	*node
}

// member is the value of a member, the last one as in encoding/json, or nil.
func (n *node) member(name string) *node {
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].name == name {
			return n.members[i].node
		}
	}
	return nil
}

// at is the value at a location inside n, or nil.
func (n *node) at(location []string) *node {
	for _, step := range location {
		switch n.kind {
		case kindObject:
			n = n.member(step)
		case kindArray:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.items) {
				return nil
			}
			n = n.items[i]
		default:
			return nil
		}
		if n == nil {
			return nil
		}
	}
	return n
}

// value is n as encoding/json decodes it into an any with UseNumber.
func (n *node) value() any {
	switch n.kind {
	case kindBoolean:
		return n.text == "true"
	case kindNumber:
		return json.Number(n.text)
	case kindString:
		return n.text
	case kindArray:
		items := make([]any, len(n.items))
		for i, item := range n.items {
			items[i] = item.value()
		}
		return items
	case kindObject:
		members := make(map[string]any, len(n.members))
		for _, m := range n.members {
			members[m.name] = m.value()
		}
		return members
	}
	return nil
}

// walk visits n and everything inside it, parents first.
func (n *node) walk(location []string, visit func(location []string, n *node)) {
	visit(location, n)
	for i, item := range n.items {
		item.walk(inside(location, strconv.Itoa(i)), visit)
	}
	for _, m := range n.members {
		m.walk(inside(location, m.name), visit)
	}
}

// inside is the location one step further; location itself is left alone.
func inside(location []string, step string) []string {
	return append(location[:len(location):len(location)], step)
}

// maxExponent and maxDigits bound numbers. They are compared exactly, as
// fractions, and 1e999999999 written out would fill the memory.
const (
	maxExponent = 308
	maxDigits   = 64
)

// bearable reports whether a number can be computed with.
func bearable(literal string) bool {
	if len(literal) > maxDigits {
		return false
	}
	_, exponent, has := strings.Cut(strings.ToLower(literal), "e")
	if !has {
		return true
	}
	n, err := strconv.Atoi(exponent)
	return err == nil && -maxExponent <= n && n <= maxExponent
}

// parse reads a whole document of at most limit bytes.
func parse(data []byte, limit int) (*node, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("is empty, must be a JSON object")
	case len(data) > limit:
		return nil, fmt.Errorf("has %d bytes, at most %d allowed", len(data), limit)
	case !utf8.Valid(data):
		return nil, errors.New("is not valid UTF-8; encode the text as UTF-8")
	}
	p := parser{json.NewDecoder(bytes.NewReader(data))}
	p.UseNumber()
	n, err := p.value(1)
	if err != nil {
		return nil, err
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has something after the end of its JSON; remove it")
	}
	if n.kind != kindObject {
		return nil, fmt.Errorf("is %s, must be an object", n.kind)
	}
	return n, nil
}

type parser struct{ *json.Decoder }

func (p parser) token() (json.Token, error) {
	t, err := p.Token()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("is not JSON: it ends too early, at byte %d", p.InputOffset())
	case err != nil:
		return nil, fmt.Errorf("is not JSON: %w (byte %d)", err, p.InputOffset())
	}
	return t, nil
}

func (p parser) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("is nested too deeply, at most %d levels are allowed", maxDepth)
	}
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case string:
		return &node{kind: kindString, text: t}, nil
	case json.Number:
		return &node{kind: kindNumber, text: t.String()}, nil
	case bool:
		return &node{kind: kindBoolean, text: strconv.FormatBool(t)}, nil
	case json.Delim:
		if t == '[' {
			return p.array(depth)
		}
		return p.object(depth)
	}
	return &node{}, nil
}

func (p parser) array(depth int) (*node, error) {
	n := &node{kind: kindArray}
	for p.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, err := p.token()
	return n, err
}

func (p parser) object(depth int) (*node, error) {
	n := &node{kind: kindObject}
	for p.More() {
		key, err := p.token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string) // the decoder takes nothing else for a key
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{name, v})
	}
	_, err := p.token()
	return n, err
}
