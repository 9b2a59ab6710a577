package kenar

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
)

func TestDecodeSemantic(t *testing.T) {
	warn := func(path, message string) []widgets.Warning {
		return []widgets.Warning{{Path: path, Message: message}}
	}
	tests := []struct {
		name, in string
		want     Semantic
		warnings []widgets.Warning
	}{
		{"nothing", ``, nil, nil},
		{"null", ` null `, nil, nil},
		{"empty", `{}`, Semantic{}, nil},
		{"own keys", `{"some key": "هر چه", "empty": ""}`, Semantic{"some key": "هر چه", "empty": ""}, nil},
		{"predefined", `{"inspection_result":"INSPECTION_APPROVED","ownership_result":"OWNERSHIP_DELEGATION_CONFIRMED"}`,
			Semantic{"inspection_result": "INSPECTION_APPROVED", "ownership_result": "OWNERSHIP_DELEGATION_CONFIRMED"}, nil},
		{"number", `{"year":1398}`, Semantic{"year": "1398"}, warn("semantic.year", "a number, sent as a string")},
		{"sensitive", `{"VIN":"IRJC95r۲۳kj039206"}`, Semantic{"VIN": vinHash}, nil},
		{"sensitive, hashed already", `{"VIN":"` + vinHash + `"}`, Semantic{"VIN": vinHash}, nil},
		{"sensitive, in another case", `{"vin":"IRJC95R23KJ039206"}`, Semantic{"VIN": vinHash}, warn("semantic.vin", "sent as VIN")},
		{"sensitive number is not repeated", `{"engine_number":12300}`, Semantic{"engine_number": hashOf("12300")},
			warn("semantic.engine_number", "a number, sent as a string")},
		{"Kenar's misspelling", `{"post_verifcation_result":"POST_INFORMATION_MATCHED"}`,
			Semantic{"post_verification_result": "POST_INFORMATION_MATCHED"},
			warn("semantic.post_verifcation_result", "sent as post_verification_result")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, warnings, err := DecodeSemantic([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.warnings, warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeSemanticFaults(t *testing.T) {
	tests := []struct {
		name, in string
		want     string // one fault a line
	}{
		{"syntax", `{"a":`, `semantic: is not valid JSON: unexpected end of JSON input`},
		{"more than one document", `{} {}`, `semantic: is not valid JSON: invalid character '{' after top-level value`},
		{"not UTF-8", "{\"a\":\"\xff\"}", `semantic: is not valid UTF-8`},
		{"an array", ` ["a"]`, `semantic: is an array: it must be an object of strings`},
		{"a string", `"a"`, `semantic: is a string: it must be an object of strings`},
		{"a number", `7`, `semantic: is a number: it must be an object of strings`},
		{"every wrong type, in order", `{"b":true,"n":null,"o":{"VIN":"x"},"a":["x"],"ok":"x"}`,
			"semantic.b: is a boolean: it must be a string\n" +
				"semantic.n: is null: it must be a string\n" +
				"semantic.o: is an object: it must be a string\n" +
				"semantic.a: is an array: it must be a string"},
		{"empty key", `{"":"x"}`, `semantic.: the key is empty`},
		{"duplicate", `{"a":"1","b":"2","a":"1"}`, `semantic.a: is given twice: remove one of the two`},
		{"duplicate of a faulty one", `{"a":true,"a":"1"}`,
			"semantic.a: is a boolean: it must be a string\nsemantic.a: is given twice: remove one of the two"},
		{"duplicate by spelling", `{"post_verification_result":"POST_INFORMATION_MATCHED","post_verifcation_result":"POST_INFORMATION_MATCHED"}`,
			`semantic.post_verifcation_result: is given twice: remove one of the two`},
		{"duplicate by case", `{"VIN":"a","vin":"b"}`, `semantic.vin: is given twice: remove one of the two`},
		{"duplicate by escape", `{"a":"1","\u0061":"1"}`, `semantic.a: is given twice: remove one of the two`},
		{"predefined key, other value", `{"status":"DONE","payment_method":"secure"}`,
			"semantic.status: is \"DONE\": allowed for this key: SUCCEEDED, FAILED, EXPIRED, PENDING\n" +
				"semantic.payment_method: is \"secure\": allowed for this key: SECURE"},
		{"sensitive value with other letters", `{"VIN":"شاسی"}`,
			`semantic.VIN: VIN cannot be hashed: character 1 is U+0634: only Latin letters, digits and ASCII punctuation are allowed`},
		{"huge number", `{"n":1e999999999}`, `semantic.n: is a number of more than 64 digits: write it as a string`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := DecodeSemantic([]byte(tt.in))
			var faults widgets.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("got %v, %v; want faults", got, err)
			}
			var lines []string
			for _, f := range faults {
				lines = append(lines, f.String())
			}
			if diff := cmp.Diff(tt.want, strings.Join(lines, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got != nil {
				t.Errorf("a faulty semantic gave %v", got)
			}
		})
	}
}

func TestPredefinedValues(t *testing.T) {
	for key, values := range predefined {
		for _, value := range values {
			in, _ := json.Marshal(map[string]string{key: value})
			if got, _, err := DecodeSemantic(in); err != nil || got[key] != value {
				t.Errorf("%s: %v, %v", in, got, err)
			}
			in, _ = json.Marshal(map[string]string{key: strings.ToLower(value)})
			if got, _, err := DecodeSemantic(in); err == nil {
				t.Errorf("%s was accepted as %v: values are case-sensitive", in, got)
			}
		}
	}
}

// FuzzDecodeSemantic: what is accepted is what was written, as strings,
// without identifiers in clear text, and is accepted again unchanged.
func FuzzDecodeSemantic(f *testing.F) {
	for _, seed := range []string{
		`{"VIN":"IRJC95r۲۳kj039206","year":1398,"a b":"\u200c"}`, `{"status":"PENDING","post_verifcation_result":"POST_INFORMATION_MATCHED"}`,
		`{"n":-12.50e-1,"m":1e999999999}`, `{"a":"1","a":"2"}`, `{"old_real_estate_id":" 1 | 2 ","engine_number":0.10}`, `null`, ``, `[]`, `{"":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, _, err := DecodeSemantic(in)
		if err != nil {
			var faults widgets.Faults
			if !errors.As(err, &faults) || len(faults) == 0 || got != nil {
				t.Fatalf("got %v with the error %v, want nil with faults", got, err)
			}
			for _, fault := range faults {
				if !strings.HasPrefix(fault.Path, "semantic") {
					t.Errorf("a fault of %q", fault.Path)
				}
			}
			return
		}
		if got == nil {
			return
		}
		var written map[string]any
		tokens := json.NewDecoder(strings.NewReader(string(in)))
		tokens.UseNumber()
		if err := tokens.Decode(&written); err != nil || len(written) != len(got) {
			t.Fatalf("%d members became %d: %v", len(written), len(got), err)
		}
		for key, value := range got {
			if !utf8.ValidString(key) || !utf8.ValidString(value) {
				t.Errorf("%q: %q is not valid UTF-8", key, value)
			}
			if Sensitive(key) {
				if !isHash(strings.ToUpper(value)) || value != strings.ToLower(value) {
					t.Errorf("%s is sent as %q", key, value)
				}
				continue
			}
			switch w := written[key].(type) {
			case string:
				if w != value {
					t.Errorf("%s: %q became %q", key, w, value)
				}
			case json.Number:
				was, ok1 := new(big.Rat).SetString(w.String())
				is, ok2 := new(big.Rat).SetString(value)
				if !ok1 || !ok2 || was.Cmp(is) != 0 || strings.ContainsAny(value, "eE+") {
					t.Errorf("%s: the number %s became %q", key, w, value)
				}
			}
		}
		encoded, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		again, warnings, err := DecodeSemantic(encoded)
		if err != nil || len(warnings) != 0 {
			t.Fatalf("%s is not accepted: %v, %v", encoded, warnings, err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("changed when decoded again (-once +twice):\n%s", diff)
		}
	})
}
