package kenar

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// vinHash is the hash that Kenar publishes for one VIN in three spellings
// (Kenar docs, masking).
const vinHash = "e0c01d18d946a4145892bba6a6f31d1c0bc16de04f3df3d3ccd3adfe63e838bf"

func hashOf(normalized string) string {
	sum := sha256.Sum256([]byte(normalized))
	return hex.EncodeToString(sum[:])
}

func TestMask(t *testing.T) {
	tests := []struct {
		name, key, value, want string
	}{
		{"published: upper case", "VIN", "IRJC95R23KJ039206", vinHash},
		{"published: lower case", "VIN", "IRJC95r23kj039206", vinHash},
		{"published: Persian digits", "VIN", "IRJC95r۲۳kj039206", vinHash},
		{"Arabic-Indic digits", "VIN", "IRJC95r٢٣kj٠٣٩٢٠٦", vinHash},
		{"both kinds of digits", "VIN", "IRJC۹۵R٢٣KJ039206", vinHash},
		{"white space around", "VIN", "\t IRJC95R23KJ039206\u00a0\r\n", vinHash},
		{"a hash stays", "VIN", vinHash, vinHash},
		{"a hash in upper case becomes Kenar's form", "VIN", " " + strings.ToUpper(vinHash), vinHash},
		{"the key in another case", "vin", "IRJC95R23KJ039206", vinHash},
		{"what is inside stays", "engine_number", "ab-12 /۳.x", hashOf("AB-12 /3.X")},
		{"chassis number", "chassis_number", "nas831", hashOf("NAS831")},
		{"real estate id", "real_estate_id", "۱۲۳۴۵۶۷۸۹۰۱۲۳۴۵۶", hashOf("1234567890123456")},
		{"all digits", "real_estate_id", "۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", hashOf("01234567890123456789")},
		{"document and page", "old_real_estate_id", "۱۲۳۴|۵۶", hashOf("1234|56")},
		{"document and page, each trimmed", "old_real_estate_id", " a12 | ٥ ", hashOf("A12|5")},
		{"hash of document and page", "old_real_estate_id", hashOf("1234|56"), hashOf("1234|56")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Mask(tt.key, tt.value)
			if err != nil || got != tt.want {
				t.Fatalf("got %q, %v; want %q", got, err, tt.want)
			}
			if again, err := Mask(tt.key, got); err != nil || again != got {
				t.Errorf("masked again: %q, %v; want %q", again, err, got)
			}
		})
	}
}

// TestMaskRefuses: no hash is better than one that matches nothing. The value
// is not in the error.
func TestMaskRefuses(t *testing.T) {
	tests := []struct {
		name, key, value, want string
	}{
		{"another key", "color", "red", `mask "color": only these keys are masked: VIN, old_real_estate_id, chassis_number, engine_number, real_estate_id`},
		{"empty", "VIN", "", "VIN cannot be hashed: it is empty, or a part of it is"},
		{"white space", "VIN", " \u00a0\t", "VIN cannot be hashed: it is empty, or a part of it is"},
		{"Persian letter", "engine_number", "12ب345", "engine_number cannot be hashed: character 3 is U+0628: only Latin letters, digits and ASCII punctuation are allowed"},
		{"direction mark", "VIN", "IRJC95\u200f", "VIN cannot be hashed: character 7 is U+200F: only Latin letters, digits and ASCII punctuation are allowed"},
		{"letter with accent", "VIN", "É1", "VIN cannot be hashed: character 1 is U+00C9: only Latin letters, digits and ASCII punctuation are allowed"},
		{"full-width digit", "VIN", "1１", "VIN cannot be hashed: character 2 is U+FF11: only Latin letters, digits and ASCII punctuation are allowed"},
		{"line break inside", "VIN", "1\n2", "VIN cannot be hashed: character 2 is U+000A: only Latin letters, digits and ASCII punctuation are allowed"},
		{"not UTF-8", "VIN", "IRJC\xff", "VIN cannot be hashed: character 5 is U+FFFD: only Latin letters, digits and ASCII punctuation are allowed"},
		{"no page", "old_real_estate_id", "1234", "old_real_estate_id has 1 parts: it must be the document number and the page number with | between them"},
		{"too many parts", "old_real_estate_id", "1|2|3", "old_real_estate_id has 3 parts: it must be the document number and the page number with | between them"},
		{"empty page", "old_real_estate_id", "1234| ", "old_real_estate_id cannot be hashed: it is empty, or a part of it is"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Mask(tt.key, tt.value)
			if err == nil || err.Error() != tt.want || got != "" {
				t.Errorf("got  %q, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestSensitive(t *testing.T) {
	for _, key := range []string{"VIN", "vin", "Vin", "chassis_number", "engine_number", "real_estate_id", "old_real_estate_id", "ENGINE_NUMBER"} {
		if !Sensitive(key) {
			t.Errorf("%s is not sensitive", key)
		}
	}
	for _, key := range []string{"", "color", "vin_verified", "VIN ", "real_estate", "status"} {
		if Sensitive(key) {
			t.Errorf("%q is sensitive", key)
		}
	}
}

func TestMaskJSON(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a value", `{"VIN":"IRJC95R23KJ039206"}`, `{"VIN":"` + vinHash + `"}`},
		{"white space and order stay", " {\r\n\t\"b\" : [ 1 , 2 ] ,\n \"VIN\"\t:\n\"IRJC95R23KJ039206\" , \"a\":1e2 }\n",
			" {\r\n\t\"b\" : [ 1 , 2 ] ,\n \"VIN\"\t:\n\"" + vinHash + "\" , \"a\":1e2 }\n"},
		{"at any depth", `{"data":{"semantic":{"VIN":"IRJC95R23KJ039206"}},"list":[{"vin":"IRJC95r23kj039206"},[{"VIN":"IRJC95r۲۳kj039206"}]]}`,
			`{"data":{"semantic":{"VIN":"` + vinHash + `"}},"list":[{"vin":"` + vinHash + `"},[{"VIN":"` + vinHash + `"}]]}`},
		{"every duplicate", `{"VIN":"IRJC95R23KJ039206","VIN":"` + vinHash + `"}`, `{"VIN":"` + vinHash + `","VIN":"` + vinHash + `"}`},
		{"escapes", `{"V\u0049N":"IRJC95R\u06f2\u06F3KJ039206","x":"\u003c<"}`, `{"V\u0049N":"` + vinHash + `","x":"\u003c<"}`},
		{"numbers", `{"engine_number":12300,"chassis_number":1.23E4}`, `{"engine_number":"` + hashOf("12300") + `","chassis_number":"` + hashOf("12300") + `"}`},
		{"two parts", `{"old_real_estate_id":"12|3"}`, `{"old_real_estate_id":"` + hashOf("12|3") + `"}`},
		{"what has no hash", `{"VIN":"","engine_number":"شماره","old_real_estate_id":"12","real_estate_id":1e999}`,
			`{"VIN":"•••","engine_number":"•••","old_real_estate_id":"•••","real_estate_id":"•••"}`},
		{"nested values", `{"old_real_estate_id":{"document_number":"12","page_number":[3,{"VIN":"x"}]},"a":"b"}`,
			`{"old_real_estate_id":{"document_number":"•••","page_number":["•••",{"VIN":"•••"}]},"a":"b"}`},
		{"what identifies nothing", `{"VIN":null,"engine_number":true,"chassis_number":{},"real_estate_id":[false]}`,
			`{"VIN":null,"engine_number":true,"chassis_number":{},"real_estate_id":[false]}`},
		{"values that look like keys", `["VIN","IRJC95R23KJ039206",{"a":"VIN"}]`, `["VIN","IRJC95R23KJ039206",{"a":"VIN"}]`},
		{"a scalar", ` "VIN" `, ` "VIN" `},
		{"bytes that are no text", "{\"VIN\":\"\xff\",\"a\":\"\xff\"}", "{\"VIN\":\"•••\",\"a\":\"\xff\"}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := MaskJSON([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			again, err := MaskJSON(got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), string(again)); diff != "" {
				t.Errorf("masked again (-once +twice):\n%s", diff)
			}
		})
	}
}

func TestMaskJSONRefuses(t *testing.T) {
	for _, in := range []string{``, ` `, `{`, `{"VIN":}`, `{"VIN":"a"`, `{"VIN":"a"} {}`, `{'VIN':1}`, `VIN`, "{\"VIN\":\"a\nb\"}", strings.Repeat("[", 1<<20)} {
		if got, err := MaskJSON([]byte(in)); err == nil || got != nil {
			t.Errorf("%.20q: got %.20q, %v; want an error", in, got, err)
		}
	}
}

// TestMaskedStaysRefused: an event whose identifier is wrong must not become
// a right one by having been kept.
func TestMaskedStaysRefused(t *testing.T) {
	kept, err := MaskJSON([]byte(`{"VIN":"شاسی"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := DecodeSemantic(kept); err == nil {
		t.Errorf("%s was accepted as %v", kept, got)
	}
}

// FuzzMaskJSON: the result is the same document but for the sensitive values,
// none of which is readable, and masking it again changes nothing.
func FuzzMaskJSON(f *testing.F) {
	for _, seed := range []string{
		`{"VIN":"IRJC95r۲۳kj039206","a":[1,{"engine_number":12.50}],"old_real_estate_id":{"x":["1"]}}`,
		`{"old_real_estate_id":"1|2","V\u0049N":"\ud800","vin":null}`,
		`[[],{},"",0,-0,1e5,true,null]`, `{"VIN":1e-999999999}`, `{"VIN":[{}]}`, ` 1 `, `{"a":"b"}x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := MaskJSON(in)
		if (err == nil) != json.Valid(in) {
			t.Fatalf("error %v for a document that is valid: %v", err, json.Valid(in))
		}
		if err != nil {
			return
		}
		if before, after := skeleton(t, in, false), skeleton(t, out, true); before != after {
			t.Errorf("the document changed:\nfrom %s\nto   %s", before, after)
		}
		again, err := MaskJSON(out)
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("masked once:  %s\nmasked twice: %s, %v", out, again, err)
		}
	})
}

// skeleton lists the tokens of a document with "?" for strings and numbers
// under sensitive keys. It finds those on its own, by a stack of open objects
// and arrays. If masked, these values must be unreadable.
func skeleton(t *testing.T, doc []byte, masked bool) string {
	type level struct{ object, sensitive, atValue, secretValue bool }
	var out strings.Builder
	stack := []level{{}}
	tokens := json.NewDecoder(bytes.NewReader(doc))
	tokens.UseNumber()
	for {
		token, err := tokens.Token()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		top := &stack[len(stack)-1]
		if d, ok := token.(json.Delim); ok {
			out.WriteString(d.String())
			if d == '}' || d == ']' {
				stack = stack[:len(stack)-1]
				continue
			}
			secret := top.sensitive || top.atValue && top.secretValue
			top.atValue = false
			stack = append(stack, level{object: d == '{', sensitive: secret})
			continue
		}
		text, _ := json.Marshal(token)
		if top.object && !top.atValue {
			name, _ := token.(string)
			top.atValue, top.secretValue = true, Sensitive(name)
			out.Write(text)
			out.WriteByte(':')
			continue
		}
		secret := top.sensitive || top.atValue && top.secretValue
		top.atValue = false
		switch token.(type) {
		case string, json.Number:
			if secret {
				s, _ := token.(string)
				if masked && s != unreadable && !isHash(strings.ToUpper(s)) {
					t.Errorf("%s is readable in %s", text, doc)
				}
				text = []byte("?")
			}
		}
		out.Write(text)
		out.WriteByte(' ')
	}
}
