package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a report. The deepest one needs four levels.
const maxDepth = 16

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

// A node is one JSON value. Unlike a map it keeps duplicate members, which are
// faults, and the order of all.
type node struct {
	kind    kind
	text    string // the characters of a string, the literal of a number
	members []member
	items   []node
}

type member struct {
	name string
	node
}

// isAbsent reports whether the node says nothing.
func (n *node) isAbsent() bool {
	return n.kind == kindNull || n.kind == kindString && n.text == ""
}

// parse reads a whole document.
func parse(data []byte) (node, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return node{}, errors.New("is empty, must be a JSON object")
	}
	if !utf8.Valid(data) {
		return node{}, errors.New("is not valid UTF-8; encode the report as UTF-8")
	}
	p := parser{json.NewDecoder(bytes.NewReader(data))}
	p.UseNumber()
	n, err := p.value(1)
	if err != nil {
		return node{}, err
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return node{}, errors.New("has something after the end of its JSON")
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

func (p parser) value(depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("is nested too deeply, at most %d levels are allowed", maxDepth)
	}
	t, err := p.token()
	if err != nil {
		return node{}, err
	}
	switch t := t.(type) {
	case string:
		return node{kind: kindString, text: t}, nil
	case json.Number:
		return node{kind: kindNumber, text: t.String()}, nil
	case bool:
		return node{kind: kindBoolean}, nil
	case json.Delim:
		if t == '[' {
			return p.array(depth)
		}
		return p.object(depth)
	}
	return node{}, nil
}

func (p parser) array(depth int) (node, error) {
	n := node{kind: kindArray}
	for p.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		n.items = append(n.items, item)
	}
	_, err := p.token()
	return n, err
}

func (p parser) object(depth int) (node, error) {
	n := node{kind: kindObject}
	for p.More() {
		key, err := p.token()
		if err != nil {
			return n, err
		}
		name, _ := key.(string) // the decoder takes nothing else for a key
		v, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		n.members = append(n.members, member{name, v})
	}
	_, err := p.token()
	return n, err
}
