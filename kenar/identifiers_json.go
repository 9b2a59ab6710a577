package kenar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

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
