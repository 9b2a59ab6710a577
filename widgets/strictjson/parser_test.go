package strictjson_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

var limits = strictjson.Limits{Depth: 4}

// A document comes out as it is: every member in its place, every value in its
// own spelling.
func TestParseObject(t *testing.T) {
	const doc = ` {"b" : [ 1.50, true ,null ],"a":"\u0633\t","b":{ } , "\u0061":-1e+2, "":[]} `
	got, err := strictjson.ParseObject([]byte(doc), limits)
	if err != nil {
		t.Fatal(err)
	}
	want := strictjson.Node{Kind: strictjson.Object, Raw: []byte(strings.TrimSpace(doc)), Members: []strictjson.Member{
		{Name: "b", Node: strictjson.Node{Kind: strictjson.Array, Raw: []byte(`[ 1.50, true ,null ]`), Items: []strictjson.Node{
			{Kind: strictjson.Number, Text: "1.50", Raw: []byte("1.50")},
			{Kind: strictjson.Boolean, Text: "true", Raw: []byte("true")},
			{Kind: strictjson.Null, Raw: []byte("null")},
		}}},
		{Name: "a", Node: strictjson.Node{Kind: strictjson.String, Text: "س\t", Raw: []byte(`"\u0633\t"`)}},
		{Name: "b", Node: strictjson.Node{Kind: strictjson.Object, Raw: []byte(`{ }`)}},
		{Name: "a", Node: strictjson.Node{Kind: strictjson.Number, Text: "-1e+2", Raw: []byte("-1e+2")}},
		{Name: "", Node: strictjson.Node{Kind: strictjson.Array, Raw: []byte("[]")}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Raw is a part of the document, and what is appended to it does not overwrite
// the rest.
func TestRawIsClipped(t *testing.T) {
	doc := []byte(`{"a":1,"b":2}`)
	n, err := strictjson.ParseObject(doc, limits)
	if err != nil {
		t.Fatal(err)
	}
	if &n.Members[0].Raw[0] != &doc[5] {
		t.Error("Raw is a copy")
	}
	_ = append(n.Members[0].Raw, "00"...)
	if string(doc) != `{"a":1,"b":2}` {
		t.Errorf("the document is now %s", doc)
	}
}

// Halves of surrogate pairs are told apart from whole ones, from what is only
// spelled like them, and from a replacement character that was meant.
func TestLossy(t *testing.T) {
	for raw, want := range map[string]bool{
		`"a"`:                   false,
		`"\u0633"`:              false,
		`"\ud83d\ude97"`:        false,
		`"\uD83D\uDE97\ud83d"`:  true,
		`"\ud83d"`:              true,
		`"\ude97"`:              true,
		`"\ude97\ud83d"`:        true,
		`"\ud83d \ude97"`:       true,
		`"\ud83d\\ude97"`:       true,
		`"\ud83d\n"`:            true,
		`"\ud83d\u0633"`:        true,
		`"\\ud83d"`:             false,
		`"\\\ud83d"`:            true,
		`"\\\\ud83d"`:           false,
		`"\"\ud83d\ude97\""`:    false,
		`"\ufffd ` + "\ufffd\"": false,
	} {
		n, err := strictjson.ParseObject([]byte(`{`+raw+`:`+raw+`}`), limits)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if m := n.Members[0]; m.LossyName != want || m.Lossy != want {
			t.Errorf("%s: lossy as a name: %t, as a value: %t; want %t", raw, m.LossyName, m.Lossy, want)
		}
	}
}

// TestErrors: what cannot be read as a whole. An error goes on where the name
// of the document ends.
func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		limits    strictjson.Limits
		want      string
	}{
		{"nothing", "", limits, "is empty, must be a JSON object"},
		{"white space", " \n", strictjson.Limits{Bytes: 1, Depth: 1}, "is empty, must be a JSON object"},
		{"too long", `{"a":1}`, strictjson.Limits{Bytes: 6, Depth: 2}, "has 7 bytes, at most 6 allowed"},
		{"not UTF-8", "{\"a\":\"\xff\"}", limits, "is not valid UTF-8"},
		{"a half pair in UTF-8", "{\"a\":\"\xed\xa0\xbd\"}", limits, "is not valid UTF-8"},
		{"too deep", `{"a":[[[1]]]}`, limits, "is nested too deeply, at most 4 levels are allowed"},
		{"too deep, and cut off there", `{"a":[[[`, strictjson.Limits{Depth: 3}, "is nested too deeply, at most 3 levels are allowed"},
		{"a bomb", strings.Repeat(`{"a":`, 1<<20), limits, "is nested too deeply, at most 4 levels are allowed"},
		{"no depth", `{}`, strictjson.Limits{}, "is nested too deeply, at most 0 levels are allowed"},
		{"cut off", `{"a":`, limits, "is not JSON: it ends too early, at byte 5"},
		{"cut off in a string", `{"a":"b`, limits, "is not JSON: it ends too early, at byte 5"},
		{"cut off behind a value", `{"a":1`, limits, "is not JSON: it ends too early, at byte 6"},
		{"no JSON", `{"a":b}`, limits, "is not JSON: invalid character 'b' looking for beginning of value (byte 5)"},
		{"a comma too many", `{"a":1,}`, limits, "is not JSON: invalid character '}' looking for beginning of object key string (byte 7)"},
		{"brackets that do not match", `{"a":[1}}`, limits, "is not JSON: invalid character '}' after array element (byte 7)"},
		{"trailing", `{"a":1} {}`, limits, "has something after the end of its JSON"},
		{"trailing rubbish", `{"a":1}}`, limits, "has something after the end of its JSON"},
		{"a list", `[{}]`, limits, "is an array, must be an object"},
		{"a text", `"{}"`, limits, "is a string, must be an object"},
		{"a number", `1`, limits, "is a number, must be an object"},
		{"a boolean", `true`, limits, "is a boolean, must be an object"},
		{"null", `null`, limits, "is null, must be an object"},
		{"trailing, and no object", `[] []`, limits, "has something after the end of its JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := strictjson.ParseObject([]byte(tt.doc), tt.limits)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if utf8 := strings.Contains(tt.want, "UTF-8"); errors.Is(err, strictjson.ErrNotUTF8) != utf8 {
				t.Errorf("ErrNotUTF8: %t, want %t", !utf8, utf8)
			}
			if trailing := strings.Contains(tt.want, "after the end"); errors.Is(err, strictjson.ErrTrailing) != trailing {
				t.Errorf("ErrTrailing: %t, want %t", !trailing, trailing)
			}
		})
	}
}

// What is at the bounds is taken.
func TestLimits(t *testing.T) {
	doc := `{"a":[{}]}`
	if _, err := strictjson.ParseObject([]byte(doc), strictjson.Limits{Bytes: len(doc), Depth: 3}); err != nil {
		t.Error(err)
	}
}

// What was read before an error is there, and what was cut off has no Raw.
func TestReadBeforeError(t *testing.T) {
	for _, doc := range []string{`{"a":1,"a":{"b":"c","d":[true,[`, `{"a":1,"a":{"b":"c","d":[true,[2]]}}`} {
		n, err := strictjson.ParseObject([]byte(doc), limits)
		if err == nil {
			t.Fatalf("%s: no error", doc)
		}
		cutOff := strictjson.Node{Kind: strictjson.Array}
		if strings.Contains(doc, "2") { // which is too deep
			cutOff.Items = make([]strictjson.Node, 1)
		}
		want := strictjson.Node{Kind: strictjson.Object, Members: []strictjson.Member{
			{Name: "a", Node: strictjson.Node{Kind: strictjson.Number, Text: "1", Raw: []byte("1")}},
			{Name: "a", Node: strictjson.Node{Kind: strictjson.Object, Members: []strictjson.Member{
				{Name: "b", Node: strictjson.Node{Kind: strictjson.String, Text: "c", Raw: []byte(`"c"`)}},
				{Name: "d", Node: strictjson.Node{Kind: strictjson.Array, Items: []strictjson.Node{
					{Kind: strictjson.Boolean, Text: "true", Raw: []byte("true")}, cutOff,
				}}},
			}}},
		}}
		if diff := cmp.Diff(want, n); diff != "" {
			t.Errorf("%s (-want +got):\n%s", doc, diff)
		}
	}
}
