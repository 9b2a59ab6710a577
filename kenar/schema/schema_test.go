package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar/schema"
	"github.com/kenar-addons/kenar-addons/widgets"
)

var categories = []string{"apartment-rent", "car", "phone", "service"}

// document is the schema of a category as Kenar would answer it.
func document(t testing.TB, category string) []byte {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("testdata", "schemas", category+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func parse(t testing.TB, doc []byte) *schema.Schema {
	t.Helper()
	s, err := schema.Parse(doc)
	if err != nil {
		t.Fatalf("Parse(%s): %v", doc, err)
	}
	return s
}

// texts are the faults in an error, nil for none.
func texts(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var faults widgets.Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		t.Fatalf("error %#v is no Faults", err)
	}
	var all []string
	for _, f := range faults {
		all = append(all, f.String())
	}
	return all
}

// The fields and the skeleton of a category are what its golden files say, and
// a skeleton names every field and is refused at each of them until it is
// filled in.
func TestCategories(t *testing.T) {
	for _, category := range categories {
		t.Run(category, func(t *testing.T) {
			s := parse(t, document(t, category))
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := e.Encode(s.Fields()); err != nil {
				t.Fatal(err)
			}
			golden.File(t, "testdata/golden/"+category+".fields.json", b.Bytes())
			golden.File(t, "testdata/golden/"+category+".skeleton.json", s.Skeleton())

			var members map[string]any
			if err := json.Unmarshal(s.Skeleton(), &members); err != nil {
				t.Fatal(err)
			}
			refused := texts(t, s.Validate(s.Skeleton()))
			if len(refused) != len(s.Fields()) || len(members) != len(s.Fields()) {
				t.Errorf("%d members, %d faults %q, want one for each of %d fields", len(members), len(refused), refused, len(s.Fields()))
			}
		})
	}
}

// Posts as they should be.
func TestValid(t *testing.T) {
	for _, tt := range []struct{ category, fields string }{
		{"apartment-rent", `{"size":100,"rooms":"دو","rent":15000000,"credit":50000000,"elevator":"دارد"}`},
		{"apartment-rent", `{"size":1e2,"rooms":"پنج یا بیشتر","rent":0,"credit":0.0,"suitable_for":["زوج","مجرد"],"rebuilt":false,"floor":"-1"}`},
		{"car", `{"brand_model":"Peugeot 206 5","year":"1400","usage":92000,"color":"نقره\u200cای","price":650000000,"engine_volume":1.6,"insurance_months":6,"exchange":true}`},
		{"phone", `{"brand_model":"Apple iPhone 13","status":"در حد نو","price":35000000,"screen":6,"accessories":["جعبه","شارژر"],"internal_storage":"128"}`},
		{"service", `{"service_type":"کارشناسی خودرو","on_site":true,"coverage":["تهران","کرج"],"licence":"123456","about":"ده سال کارشناسی خودرو در محل"}`},
	} {
		if err := parse(t, document(t, tt.category)).Validate([]byte(tt.fields)); err != nil {
			t.Errorf("%s: %s: %v", tt.category, tt.fields, err)
		}
	}
}

// Hashes follow what a schema says and not how it is written.
func TestHash(t *testing.T) {
	base := `{"schema":{"properties":{"a":{"type":"integer","title":"الف"},"b":{"type":"float"}},"required":["a"]}}`
	for _, tt := range []struct {
		name, doc string
		same      bool
	}{
		{"itself", base, true},
		{"bare", `{"properties":{"a":{"type":"integer","title":"الف"},"b":{"type":"float"}},"required":["a"]}`, true},
		{"other order and white space", `{ "schema" : {"required":["a"],"properties":{"b":{"type":"float"},"a":{"title":"\u0627لف","type":"integer"}}}}`, true},
		{"other title", `{"schema":{"properties":{"a":{"type":"integer","title":"ب"},"b":{"type":"float"}},"required":["a"]}}`, false},
		{"other requirement", `{"schema":{"properties":{"a":{"type":"integer","title":"الف"},"b":{"type":"float"}},"required":["b"]}}`, false},
	} {
		want, got := parse(t, []byte(base)).Hash(), parse(t, []byte(tt.doc)).Hash()
		if len(got) != 64 || (got == want) != tt.same {
			t.Errorf("%s: hash %s of %s, the same as %s: want %v", tt.name, got, tt.doc, want, tt.same)
		}
	}
}

// The caller may do what it likes with the fields it got.
func TestFieldsAreCopies(t *testing.T) {
	s := parse(t, document(t, "apartment-rent"))
	f := s.Fields()
	f[1].Choices[0].Title, f[0].Limits[0], f[0].Name = "x", "x", "x"
	if diff := cmp.Diff(parse(t, document(t, "apartment-rent")).Fields(), s.Fields()); diff != "" {
		t.Errorf("the schema's fields have changed (-want +got):\n%s", diff)
	}
}

func BenchmarkParse(b *testing.B) {
	doc := document(b, "car")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := schema.Parse(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	s := parse(b, document(b, "car"))
	fields := []byte(`{"brand_model":"Peugeot 206 5","year":"1400","usage":92000,"color":"سفید","price":650000000}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Validate(fields); err != nil {
			b.Fatal(err)
		}
	}
}
