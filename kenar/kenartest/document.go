package kenartest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxDepth bounds how deep a body may nest; protobuf's JSON parsers have such
// a bound too. The deepest documented body needs ten levels.
const maxDepth = 100

// kind says what a JSON value is; its text is for messages.
type kind string

const (
	objectKind kind = "an object"
	arrayKind  kind = "an array"
	stringKind kind = "a string"
	numberKind kind = "a number"
	boolKind   kind = "a boolean"
	nullKind   kind = "null"
)

// A node is one value of a parsed JSON document. Unlike what encoding/json
// makes of a document it keeps the order of fields, the literals of numbers
// and the source text, and it has no duplicate fields.
type node struct {
	kind    kind
	raw     json.RawMessage // the value as it was sent
	text    string          // of a string, or the literal of a number
	truth   bool
	members []member // of an object
	items   []node   // of an array
}

type member struct {
	name  string
	value node
}

// parse reads one JSON document. Its errors are meant for the sender.
func parse(body []byte) (*node, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("the body is empty, want a JSON object")
	}
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not valid UTF-8")
	}
	// The token reader below is lax about some errors; this is not.
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return nil, fmt.Errorf("the body is not JSON: %w", err)
	}
	p := parser{body: body, dec: json.NewDecoder(bytes.NewReader(body))}
	p.dec.UseNumber()
	n, err := p.value(0)
	if err != nil {
		return nil, fmt.Errorf("the body is not acceptable JSON: %w", err)
	}
	return &n, nil
}

type parser struct {
	body []byte
	dec  *json.Decoder
}

// value reads the next value. The document is known to be valid JSON, so that
// only depth and duplicate fields are left to object to.
func (p *parser) value(depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	start := p.dec.InputOffset()
	for bytes.IndexByte([]byte(" \t\r\n,:"), p.body[start]) >= 0 {
		start++
	}
	token, err := p.next()
	if err != nil {
		return node{}, err
	}
	var n node
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			n, err = p.object(depth)
		} else {
			n, err = p.array(depth)
		}
		if err != nil {
			return node{}, err
		}
	case string:
		n = node{kind: stringKind, text: token}
	case json.Number:
		n = node{kind: numberKind, text: token.String()}
	case bool:
		n = node{kind: boolKind, truth: token}
	default:
		n = node{kind: nullKind}
	}
	n.raw = p.body[start:p.dec.InputOffset()]
	return n, nil
}

func (p *parser) object(depth int) (node, error) {
	n := node{kind: objectKind}
	seen := make(map[string]bool)
	for p.dec.More() {
		token, err := p.next()
		if err != nil {
			return node{}, err
		}
		name, _ := token.(string)
		if seen[name] {
			return node{}, fmt.Errorf("the field %s is set twice", quote(name))
		}
		seen[name] = true
		value, err := p.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		n.members = append(n.members, member{name, value})
	}
	_, err := p.next()
	return n, err
}

func (p *parser) array(depth int) (node, error) {
	n := node{kind: arrayKind}
	for p.dec.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		n.items = append(n.items, item)
	}
	_, err := p.next()
	return n, err
}

func (p *parser) next() (json.Token, error) {
	token, err := p.dec.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return token, err
}

// field finds a field by its snake_case name. The lowerCamelCase spelling is
// accepted too, as every protobuf JSON parser does (Kenar docs, the sample of
// widgets/score_row). A null field counts as absent: n is nil then. A field
// set in both spellings is reported as twice.
func (n *node) field(name string) (found *node, twice bool) {
	if n == nil {
		return nil, false
	}
	for i := range n.members {
		m := &n.members[i]
		if m.value.kind == nullKind || !names(m.name, name) {
			continue
		}
		if found != nil {
			return found, true
		}
		found = &m.value
	}
	return found, false
}

// names reports whether given is name, in snake_case or in lowerCamelCase.
func names(given, name string) bool {
	if given == name {
		return true
	}
	i, up := 0, false
	for j := range len(name) {
		c := name[j]
		if c == '_' {
			up = true
			continue
		}
		if up && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		up = false
		if i >= len(given) || given[i] != c {
			return false
		}
		i++
	}
	return i == len(given)
}

// strings is an object of strings as a map; nil for anything else.
func (n *node) strings() map[string]string {
	if n == nil || n.kind != objectKind {
		return nil
	}
	m := make(map[string]string, len(n.members))
	for i := range n.members {
		m[n.members[i].name] = n.members[i].value.text
	}
	return m
}

// string is the text of a string or a number; "" for what is absent.
func (n *node) string() string {
	if n == nil {
		return ""
	}
	return n.text
}

// list is an array of strings; nil for what is absent.
func (n *node) list() []string {
	if n == nil {
		return nil
	}
	texts := make([]string, 0, len(n.items))
	for i := range n.items {
		texts = append(texts, n.items[i].text)
	}
	return texts
}
