package kenar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Identifiers are the identifiers of a vehicle or a property that a document
// holds in clear text under the keys that are masked. They are kept to find
// the same values elsewhere, in a text that would show them to everybody. The
// zero value holds none.
type Identifiers struct {
	values []identifier
}

// An identifier is a value as it is searched for.
type identifier struct {
	text   []rune // normalised, without what people put between the parts
	number bool   // digits only: it must not be part of a longer number

	whole  string // the value, normalised
	hash   string // what is sent for it; empty for a part of a value
	hashed bool   // the value is its hash already
}

// The shortest identifiers that are searched for. A shorter one occurs in
// texts by chance.
const (
	minIdentifier = 5
	minNumber     = 6
)

// Removed stands in a document for an identifier that stood in a text. A text
// with it must not be sent: its reader would wonder.
const Removed = "•••removed•••"

// FindIdentifiers returns the identifiers that JSON documents hold at whatever
// depth.
func FindIdentifiers(docs ...[]byte) (Identifiers, error) {
	var ids Identifiers
	for _, doc := range docs {
		err := walkStrings(doc, func(s docString) {
			if s.key != "" {
				ids.add(s.key, s.text)
			}
		})
		if err != nil {
			return ids, err
		}
	}
	return ids, nil
}

func (ids *Identifiers) add(key, value string) {
	parts := strings.Split(value, "|")
	for _, part := range parts {
		id := identifier{number: true, whole: normalize(part)}
		id.hashed = isHash(id.whole)
		if len(parts) == 1 && !id.hashed {
			id.hash, _ = Mask(key, part) // else it has none
		}
		for _, r := range id.whole {
			if between(r) {
				continue
			}
			id.text = append(id.text, r)
			id.number = id.number && isDigit(r)
		}
		if n := len(id.text); n >= minNumber || n >= minIdentifier && !id.number {
			ids.values = append(ids.values, id)
		}
	}
}

// Shown returns the paths of the strings of a JSON document, such as
// widgets[2].title_row.text, in which an identifier or its hash can be read.
// Case, the kind of digits, and blanks and dashes within do not matter.
func (ids Identifiers) Shown(doc []byte) ([]string, error) {
	var paths []string
	if len(ids.values) == 0 {
		return nil, nil
	}
	err := walkStrings(doc, func(s docString) {
		if s.key == "" && len(ids.find(s.text)) > 0 {
			paths = append(paths, s.path())
		}
	})
	return paths, err
}

// Redact replaces every identifier in a text by [Removed].
func (ids Identifiers) Redact(text string) string {
	found := ids.find(text)
	if len(found) == 0 {
		return text
	}
	var b strings.Builder
	done := 0
	for _, f := range found {
		if f.hashed || f.start < done {
			continue
		}
		b.WriteString(text[done:f.start])
		b.WriteString(Removed)
		done = f.end
	}
	b.WriteString(text[done:])
	return b.String()
}

// redactJSON is Redact for every string of a valid JSON document, but those
// under the keys that are masked, which are left as they are. A string that is
// nothing but an identifier becomes its hash, as it would under its key: some
// producer has another name for it.
func (ids Identifiers) redactJSON(doc []byte) ([]byte, error) {
	if len(ids.values) == 0 {
		return doc, nil
	}
	var out []byte
	done := 0
	err := walkStrings(doc, func(s docString) {
		if s.key != "" {
			return
		}
		clean := ids.hashOf(s.text)
		if clean == "" {
			clean = ids.Redact(s.text)
		}
		if clean == s.text {
			return
		}
		quoted, err := encode(clean, nil)
		if err != nil {
			quoted = []byte(`"` + Removed + `"`)
		}
		out = append(append(out, doc[done:s.start]...), quoted...)
		done = s.end
	})
	return append(out, doc[done:]...), err
}

// hashOf returns what is sent for a text that is an identifier, and "" when
// it is none.
func (ids Identifiers) hashOf(text string) string {
	normal := normalize(text)
	for _, id := range ids.values {
		if id.hash != "" && id.whole == normal {
			return id.hash
		}
	}
	return ""
}

// A span is a part of a text, in bytes.
type span struct {
	start, end int
	hashed     bool // of a hash
}

// find returns where identifiers stand in a text, in order.
func (ids Identifiers) find(text string) []span {
	if len(ids.values) == 0 || strings.HasPrefix(text, "data:image/") {
		return nil // letters of an image mean nothing
	}
	var compact []rune // the text as identifiers are
	var at []span      // where each of its runes stands
	for i, r := range text {
		if n := normalRune(r); !between(n) {
			compact = append(compact, n)
			at = append(at, span{start: i, end: i + len(string(r))})
		}
	}
	var found []span
	for _, id := range ids.values {
		for from := 0; ; {
			i := indexRunes(compact[from:], id.text)
			if i < 0 {
				break
			}
			start, end := from+i, from+i+len(id.text)
			from = start + 1
			if id.number && (start > 0 && isDigit(compact[start-1]) || end < len(compact) && isDigit(compact[end])) {
				continue
			}
			found = append(found, span{at[start].start, at[end-1].end, id.hashed})
			from = end
		}
	}
	slices.SortFunc(found, func(a, b span) int { return a.start - b.start })
	return found
}

func indexRunes(s, sub []rune) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if slices.Equal(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// between reports whether people may write r between the parts of an
// identifier without meaning another one.
func between(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Pd, r) || r == '_' || r == '/' || r == '.'
}

// A docString is a string or number of a JSON document, or a key.
type docString struct {
	text       string
	start, end int    // of the token in the document
	key        string // under which values are masked; "": under no such key
	path       func() string
}

// walkStrings shows every string, number and key of a JSON document in order.
func walkStrings(doc []byte, visit func(docString)) error {
	var valid json.RawMessage
	if err := json.Unmarshal(doc, &valid); err != nil {
		return fmt.Errorf("look for identifiers: %w", err)
	}
	w := docWalker{doc: doc, tokens: json.NewDecoder(bytes.NewReader(doc)), visit: visit}
	w.tokens.UseNumber()
	return w.value("")
}

type docWalker struct {
	doc    []byte
	tokens *json.Decoder
	visit  func(docString)
	steps  []string
}

func (w *docWalker) value(key string) error {
	before := int(w.tokens.InputOffset())
	t, err := w.tokens.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		return w.composite(t, key)
	case string:
		w.show(before, t, key)
	case json.Number:
		text := t.String()
		if plain, err := decimal(text); err == nil {
			text = plain
		}
		w.show(before, text, key)
	}
	return nil
}

func (w *docWalker) composite(open json.Delim, key string) error {
	for i := 0; w.tokens.More(); i++ {
		step, inner := "["+strconv.Itoa(i)+"]", key
		if open == '{' {
			before := int(w.tokens.InputOffset())
			t, err := w.tokens.Token()
			if err != nil {
				return err
			}
			name, _ := t.(string)
			step = "." + name
			if key == "" && Sensitive(name) {
				inner = name
			}
			w.show(before, name, "")
		}
		w.steps = append(w.steps, step)
		if err := w.value(inner); err != nil {
			return err
		}
		w.steps = w.steps[:len(w.steps)-1]
	}
	_, err := w.tokens.Token()
	return err
}

// show calls visit for the token that was just read. before is where the one
// before it ended.
func (w *docWalker) show(before int, text, key string) {
	end := int(w.tokens.InputOffset())
	token := bytes.TrimLeft(w.doc[before:end], " \t\r\n:,")
	w.visit(docString{text: text, start: end - len(token), end: end, key: key,
		path: func() string { return strings.TrimPrefix(strings.Join(w.steps, ""), ".") }})
}
