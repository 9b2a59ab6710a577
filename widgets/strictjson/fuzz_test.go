package strictjson_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// ParseObject takes the objects that encoding/json takes, in UTF-8 and within
// the limits, and no others; it reads the same out of them; and each node of the
// tree is what its own text says.
func FuzzParseObject(f *testing.F) {
	for _, s := range []string{
		`{}`, ` {"a":{"b":[null,"c",true]},"d":-1.5e+7} `, `{"a":1,"a":2,"\u0061":3}`, `{"a":"\ud83d\ude97"}`, `{"\ud83d":"\\\ude97"}`,
		`{"a":[[[[]]]]}`, `[]`, `{"a":1,}`, `{"a"}`, "{\"\xff\":1}", ``, `{} {}`, `{"a":01}`, `{"a":"\x"}`, `nul`, `{"a":1e999}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		document := bytes.Clone(data)
		limits := strictjson.Limits{Bytes: 1 << 12, Depth: 5}
		n, err := strictjson.ParseObject(data, limits)
		if !bytes.Equal(data, document) {
			t.Fatalf("the document was %s and is %s", document, data)
		}
		sound := json.Valid(data) && utf8.Valid(data) && len(data) <= limits.Bytes &&
			bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) && depth(data) <= limits.Depth
		if sound != (err == nil) {
			t.Fatalf("%s: %v", data, err)
		}
		if err != nil {
			if text := err.Error(); text == "" || !utf8.ValidString(text) {
				t.Errorf("%q: the error is %q", data, text)
			}
			return
		}
		if !bytes.Equal(n.Raw, bytes.Trim(data, " \t\r\n")) {
			t.Errorf("%s: the text of the whole is %s", data, n.Raw)
		}
		check(t, &n)
	})
}

// check holds a node against its own text and returns it as JSON.
func check(t *testing.T, n *strictjson.Node) string {
	t.Helper()
	var parts []string
	text := string(n.Raw)
	switch n.Kind {
	case strictjson.Object:
		for i := range n.Members {
			m := &n.Members[i]
			name, err := json.Marshal(m.Name)
			if err != nil {
				t.Fatal(err)
			}
			if m.LossyName && !strings.ContainsRune(m.Name, utf8.RuneError) {
				t.Errorf("%s: nothing in the name %q has been replaced", n.Raw, m.Name)
			}
			parts = append(parts, string(name)+":"+check(t, &m.Node))
		}
		text = "{" + strings.Join(parts, ",") + "}"
	case strictjson.Array:
		for i := range n.Items {
			parts = append(parts, check(t, &n.Items[i]))
		}
		text = "[" + strings.Join(parts, ",") + "]"
	case strictjson.String:
		if replaced := strings.Count(n.Text, "\ufffd") - meant(text); n.Lossy != (replaced > 0) {
			t.Errorf("%s: %d characters of %q are replaced, lossy: %t", n.Raw, replaced, n.Text, n.Lossy)
		}
		if decoded(t, n.Raw) != any(n.Text) {
			t.Errorf("%s: the text is %q", n.Raw, n.Text)
		}
	case strictjson.Null:
		if text != "null" {
			t.Errorf("%s is read as null", n.Raw)
		}
	default:
		if n.Text != text {
			t.Errorf("%s: the literal is %s", n.Raw, n.Text)
		}
	}
	if diff := cmp.Diff(decoded(t, n.Raw), decoded(t, []byte(text))); diff != "" {
		t.Errorf("%s: encoding/json reads it otherwise:\n%s", n.Raw, diff)
	}
	return text
}

var escapedReplacement = regexp.MustCompile(`(?i)\\ufffd`)

// meant is how many replacement characters a JSON string has on purpose.
func meant(raw string) int {
	raw = strings.ReplaceAll(raw, `\\`, " ")
	return strings.Count(raw, "\ufffd") + len(escapedReplacement.FindAllString(raw, -1))
}

func decoded(t *testing.T, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

// depth is how many values are inside one another in a valid document.
func depth(data []byte) (most int) {
	tokens := json.NewDecoder(bytes.NewReader(data))
	tokens.UseNumber() // or a number could be too large to be decoded
	for open := 0; ; {
		t, err := tokens.Token()
		if err != nil {
			return most
		}
		switch t {
		case json.Delim('}'), json.Delim(']'):
			open--
		case json.Delim('{'), json.Delim('['):
			open++
			most = max(most, open)
		default: // a scalar, or the name of a value that is as deep
			most = max(most, open+1)
		}
	}
}
