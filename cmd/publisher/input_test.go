package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, input string
		want        []string // place, then the document or what is wrong with it
	}{
		{"one event", `{"id":1}`, []string{`f:1: {"id":1}`}},
		{"one event, indented", "\n\n{\n  \"id\": {\n\"a\":1}\n}\n", []string{"f:3: {\n  \"id\": {\n\"a\":1}\n}"}},
		{"a byte order mark", "\ufeff{}", []string{"f:1: {}"}},
		{"NDJSON", "{\"id\":1}\n{\"id\":2}\r\n\n{\"id\":3}", []string{`f:1: {"id":1}`, `f:2: {"id":2}`, `f:4: {"id":3}`}},
		{"events without a line of their own", `{"id":1}{"id":2}`, []string{`f:1: {"id":1}`, `f:1: {"id":2}`}},
		{"an array", "[\n{\"id\":1},\n\n{\"id\":2}\n]\n", []string{`f:2: [0] {"id":1}`, `f:4: [1] {"id":2}`}},
		{"values that are no objects", "7\n\"x\"", []string{"f:1: 7", `f:2: "x"`}},

		{"a bad line between good ones", "{\"id\":1}\n{\"id\"\n{\"id\":3}", []string{`f:1: {"id":1}`,
			"f:2: not JSON: invalid character '{' after object key, at character 1 of line 3", `f:3: {"id":3}`}},
		{"words", "hello\n", []string{"f:1: not JSON: invalid character 'h' looking for beginning of value, at character 1"}},
		{"cut short", `{"id":`, []string{"f:1: not JSON: the document ends too early"}},
		{"a bad element", `[{"id":1}, {"id":}]`, []string{`f:1: [0] {"id":1}`,
			"f:1: [1] not JSON: invalid character '}' looking for beginning of value, at character 7"}},
		{"an array that is not closed", `[{"id":1}`, []string{`f:1: [0] {"id":1}`, `f:1: [1] the array is not closed: "]" is missing`}},
		{"something after the array", "[{}]\n{}", []string{"f:1: [0] {}",
			"f:2: [1] there is something after the array; put all events into one array, or one on each line"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			docs, err := split("f", []byte(c.input))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range docs {
				text := string(d.raw)
				if d.err != nil {
					text = d.err.Error()
				}
				got = append(got, d.place()+" "+text)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSplitNothing(t *testing.T) {
	for input, want := range map[string]string{
		"": "f holds no event", " \n\t": "f holds no event", "\ufeff": "f holds no event",
		" [ ] ": "f holds no event: the array is empty",
	} {
		if docs, err := split("f", []byte(input)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v; want %s", input, docs, err, want)
		}
	}
}

// Whatever comes in, every document is a piece of it in order, stands on the
// line it says, and is either JSON or explained.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"{}", "[{},{}]", "{}\n{\n{}", "[", "[1,]", "{\"a\":\"\n\"}", "\ufeff{}", "nul\n{}", "[{}]x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, err := split("f", data)
		if (err == nil) == (len(docs) == 0) {
			t.Fatalf("%d documents and error %v", len(docs), err)
		}
		lines := bytes.Count(data, []byte("\n")) + 1
		rest, last := data, 1
		for _, d := range docs {
			if d.line < last || d.line > lines {
				t.Errorf("line %d after %d of %d", d.line, last, lines)
			}
			last = d.line
			if (d.err == nil) != json.Valid(d.raw) {
				t.Errorf("document %q with error %v", d.raw, d.err)
			}
			if d.err != nil {
				continue
			}
			_, after, found := bytes.Cut(rest, d.raw)
			if !found {
				t.Fatalf("document %q is not in the rest %q", d.raw, rest)
			}
			rest = after
		}
	})
}

func TestOneFile(t *testing.T) {
	if err := oneFile(nil, []string{"a"}); err != nil {
		t.Error(err)
	}
	if err := oneFile(nil, []string{"a", "b"}); err == nil || !strings.Contains(err.Error(), "2 were given") {
		t.Errorf("two files: %v", err)
	}
}
