package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Errors that a caller can add advice to.
var (
	// ErrNotUTF8 is returned for a document with bytes that are not UTF-8.
	ErrNotUTF8 = errors.New("is not valid UTF-8")

	// ErrTrailing is returned for a document that is followed by anything but
	// white space.
	ErrTrailing = errors.New("has something after the end of its JSON")
)

// Limits bound what is read of a document.
type Limits struct {
	Bytes int // the length of a document; 0 is no limit
	Depth int // how many values may be inside one another, the outermost included; 0 allows none
}

// ParseObject reads a document that is one JSON object. Beside an error, the
// node holds what was read before it; a value that was not read to its end has
// no Raw.
func ParseObject(data []byte, limits Limits) (Node, error) {
	var root Node
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return root, errors.New("is empty, must be a JSON object")
	case limits.Bytes > 0 && len(data) > limits.Bytes:
		return root, fmt.Errorf("has %d bytes, at most %d allowed", len(data), limits.Bytes)
	case !utf8.Valid(data):
		return root, ErrNotUTF8
	}
	p := parser{data: data, tokens: json.NewDecoder(bytes.NewReader(data)), maxDepth: limits.Depth}
	p.tokens.UseNumber()
	if err := p.value(&root, 1); err != nil {
		return root, err
	}
	if _, err := p.tokens.Token(); !errors.Is(err, io.EOF) {
		return root, ErrTrailing
	}
	if root.Kind != Object {
		return root, fmt.Errorf("is %s, must be an object", root.Kind)
	}
	return root, nil
}

// A parser fills nodes from tokens. What is JSON is for encoding/json to say.
type parser struct {
	data     []byte
	tokens   *json.Decoder
	maxDepth int
}

// token returns the next token, and where it begins in the document.
func (p *parser) token() (t json.Token, start int, err error) {
	before := p.end()
	t, err = p.tokens.Token()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, 0, fmt.Errorf("is not JSON: it ends too early, at byte %d", p.end())
	case err != nil:
		return nil, 0, fmt.Errorf("is not JSON: %w (byte %d)", err, p.end())
	}
	return t, p.end() - len(bytes.TrimLeft(p.data[before:p.end()], " \t\r\n:,")), nil
}

// end is where the last token ends in the document.
func (p *parser) end() int { return int(p.tokens.InputOffset()) }

func (p *parser) value(n *Node, depth int) error {
	if depth > p.maxDepth {
		return fmt.Errorf("is nested too deeply, at most %d levels are allowed", p.maxDepth)
	}
	t, start, err := p.token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case string:
		n.Kind, n.Text, n.Lossy = String, t, hasHalfPair(p.data[start:p.end()])
	case json.Number:
		n.Kind, n.Text = Number, t.String()
	case bool:
		n.Kind, n.Text = Boolean, strconv.FormatBool(t)
	case json.Delim:
		if t == '[' {
			err = p.items(n, depth)
		} else {
			err = p.members(n, depth)
		}
	}
	if err != nil {
		return err
	}
	n.Raw = p.data[start:p.end():p.end()]
	return nil
}

func (p *parser) items(n *Node, depth int) error {
	n.Kind = Array
	for p.tokens.More() {
		n.Items = append(n.Items, Node{})
		if err := p.value(&n.Items[len(n.Items)-1], depth+1); err != nil {
			return err
		}
	}
	_, _, err := p.token()
	return err
}

func (p *parser) members(n *Node, depth int) error {
	n.Kind = Object
	for p.tokens.More() {
		t, start, err := p.token()
		if err != nil {
			return err
		}
		name, _ := t.(string) // the decoder takes nothing else for a name
		n.Members = append(n.Members, Member{Name: name, LossyName: hasHalfPair(p.data[start:p.end()])})
		if err := p.value(&n.Members[len(n.Members)-1].Node, depth+1); err != nil {
			return err
		}
	}
	_, _, err := p.token()
	return err
}
