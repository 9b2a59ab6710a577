package listing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of the data. Widgets, which may be part of a
// submission, are allowed half of it.
const maxDepth = 64

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

// A node is one JSON value.
type node struct {
	kind    kind
	raw     []byte // as it stands in the document
	text    string // the characters of a string
	members []member
	items   []node
}

// A member of an object. Of several with one name only the first is kept.
type member struct {
	name string
	node
}

// canonical is the value in the one form that encoding/json leaves as it is, so
// that what is kept as JSON on the way comes back as the same bytes.
func (n *node) canonical() json.RawMessage {
	var compact, escaped bytes.Buffer
	_ = json.Compact(&compact, n.raw) // cannot fail: it has been parsed
	json.HTMLEscape(&escaped, compact.Bytes())
	return escaped.Bytes()
}

// A place is where a value stands in a document. Most are never told, so they
// become texts only when they are.
type place struct {
	in    *place
	name  string // of a member, or of the document where in is nil
	item  bool
	index int // of an item
}

func (p *place) String() string {
	switch {
	case p.in == nil:
		return p.name
	case p.item:
		return item(p.in.String(), p.index)
	}
	return join(p.in.String(), p.name)
}

// parse reads the whole of a document. Names that are given twice and text that
// is not Unicode are faults at their places; the error is about a document that
// cannot be read.
func parse(f *findings, root string, data []byte) (node, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return node{}, errors.New("is empty, must be a JSON object")
	}
	if !utf8.Valid(data) {
		return node{}, errors.New("is not valid UTF-8: encode the event as UTF-8")
	}
	p := parser{Decoder: json.NewDecoder(bytes.NewReader(data)), data: data, findings: f}
	p.UseNumber()
	n, err := p.value(&place{name: root}, 1)
	if err != nil {
		return node{}, err
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return node{}, errors.New("has something after the end of its JSON")
	}
	return n, nil
}

type parser struct {
	*json.Decoder
	*findings
	data []byte
}

// token returns the next token and where it begins.
func (p parser) token() (t json.Token, start int, err error) {
	before := int(p.InputOffset())
	t, err = p.Token()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, 0, fmt.Errorf("is not JSON: it ends too early, at byte %d", p.InputOffset())
	case err != nil:
		return nil, 0, fmt.Errorf("is not JSON: %w (byte %d)", err, p.InputOffset())
	}
	rest := p.data[before:p.InputOffset()]
	return t, int(p.InputOffset()) - len(bytes.TrimLeft(rest, " \t\r\n:,")), nil
}

func (p parser) value(at *place, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("is nested too deeply, at most %d levels are allowed", maxDepth)
	}
	t, start, err := p.token()
	if err != nil {
		return node{}, err
	}
	var n node
	switch t := t.(type) {
	case string:
		n = node{kind: kindString, text: t}
		if hasHalfPair(p.data[start:p.InputOffset()]) {
			p.fault(at.String(), `holds half of a surrogate pair, such as \ud83d alone, which is not valid Unicode`)
		}
	case json.Number:
		n = node{kind: kindNumber}
	case bool:
		n = node{kind: kindBoolean}
	case json.Delim:
		if t == '[' {
			n, err = p.array(at, depth)
		} else {
			n, err = p.object(at, depth)
		}
	}
	n.raw = p.data[start:p.InputOffset()]
	return n, err
}

func (p parser) array(at *place, depth int) (node, error) {
	n := node{kind: kindArray}
	for p.More() {
		v, err := p.value(&place{in: at, item: true, index: len(n.items)}, depth+1)
		if err != nil {
			return n, err
		}
		n.items = append(n.items, v)
	}
	_, _, err := p.token()
	return n, err
}

func (p parser) object(at *place, depth int) (node, error) {
	n := node{kind: kindObject}
	seen := make(map[string]bool)
	for p.More() {
		t, start, err := p.token()
		if err != nil {
			return n, err
		}
		name, _ := t.(string) // the decoder takes nothing else for a name
		inside := &place{in: at, name: name}
		if hasHalfPair(p.data[start:p.InputOffset()]) {
			p.fault(inside.String(), "has a name with half of a surrogate pair, which is not valid Unicode")
		}
		v, err := p.value(inside, depth+1)
		if err != nil {
			return n, err
		}
		if seen[name] {
			p.fault(inside.String(), "is given twice in one object; remove one of the two")
			continue
		}
		seen[name] = true
		n.members = append(n.members, member{name, v})
	}
	_, _, err := p.token()
	return n, err
}

// hasHalfPair reports whether a JSON string escapes one half of a surrogate
// pair without the other. encoding/json puts a replacement character there, and
// other readers what they like.
func hasHalfPair(raw []byte) bool {
	unit := func(i int) rune { // the UTF-16 code unit that an escape at i stands for
		if len(raw) < i+6 || raw[i] != '\\' || raw[i+1] != 'u' {
			return 0
		}
		n, _ := strconv.ParseUint(string(raw[i+2:i+6]), 16, 16)
		return rune(n)
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if c := unit(i); utf16.IsSurrogate(c) {
			if utf16.DecodeRune(c, unit(i+6)) == utf8.RuneError {
				return true
			}
			i += 10
		}
		i++ // what is escaped begins nothing
	}
	return false
}
