package kenar

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIdentifiersShown(t *testing.T) {
	const car = `{"VIN":"IRJC95R23KJ039206","x":[{"engine_number":"۱۲۴K-2041"},{"chassis_number":701234}],
		"old_real_estate_id":{"document_number":"987654","page_number":"12"},"real_estate_id":"77"}`
	tests := map[string][]string{
		`{"a":"سالم"}`:                nil,
		`{"a":["IRJC95R23KJ039206"]}`: {"a[0]"},
		`{"a":{"b":[1,{"c":"شاسی irjc95r۲۳kj۰۳۹۲۰۶است"}]}}`: {"a.b[1].c"},
		`{"a":"IRJC 95R2-3KJ 039206"}`:                      {"a"},
		`{"a":"IRJC95R23KJ03920"}`:                          nil, // another one
		`{"a":"124k2041","b":"https://x.ir/?e=124K2041"}`:   {"a", "b"},
		`{"a":"کارکرد ۷۰۱۲۳۴ کیلومتر"}`:                     {"a"},
		`{"a":"۱۷۰۱۲۳۴ تومان","b":"7012345"}`:               nil, // a longer number
		`{"a":701234}`:                {"a"},
		`{"a":"سند 987654"}`:          {"a"},
		`{"a":"77 12"}`:               nil, // too short to tell
		`{"IRJC95R23KJ039206":1}`:     {""},
		`{"VIN":"IRJC95R23KJ039206"}`: nil, // masked by its key
		`{"a":"data:image/jpeg;base64,IRJC95R23KJ039206AA"}`: nil,
	}
	ids, err := FindIdentifiers([]byte(car))
	if err != nil {
		t.Fatal(err)
	}
	for doc, want := range tests {
		got, err := ids.Shown([]byte(doc))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", doc, err, diff)
		}
	}
	hashed, err := FindIdentifiers([]byte(`{"VIN":"e0c01d18d946a4145892bba6a6f31d1c0bc16de04f3df3d3ccd3adfe63e838bf"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := hashed.Shown([]byte(`{"a":"E0C01D18D946A4145892BBA6A6F31D1C0BC16DE04F3DF3D3CCD3ADFE63E838BF"}`))
	if diff := cmp.Diff([]string{"a"}, got); err != nil || diff != "" {
		t.Errorf("the hash itself: %v\n%s", err, diff)
	}
	if got, err := (Identifiers{}).Shown([]byte(car)); got != nil || err != nil {
		t.Errorf("without identifiers: %v, %v", got, err)
	}
}

// An identifier that is hashed by its key is hidden where a text repeats it,
// and what is hidden stays hidden when the document comes again.
func TestRedactJSONHidesRepetitions(t *testing.T) {
	const (
		vin  = "IRJC95R23KJ039206"
		hash = "e0c01d18d946a4145892bba6a6f31d1c0bc16de04f3df3d3ccd3adfe63e838bf"
	)
	doc := `{"semantic":{"vin":"` + vin + `"}, "notes":"خودرو irjc95r۲۳kj۰۳۹۲۰۶ \"سالم\" <b>", "n":[1.50,{"` + vin + ` ":null}], "chassis":" irjc95r23kj039206"}`
	got, err := RedactJSON([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"semantic":{"vin":"` + hash + `"}, "notes":"خودرو ` + Removed + ` \"سالم\" <b>", "n":[1.50,{"` + hash + `":null}], "chassis":"` + hash + `"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if again, err := RedactJSON(got); err != nil || string(again) != want {
		t.Errorf("again: %s, %v", again, err)
	}
}

func TestMaskJSONPair(t *testing.T) {
	hash, err := Mask("old_real_estate_id", "12345|6")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		`{"a":1,"old_real_estate_id": {"document_number":"۱۲۳۴۵","page_number":6} ,"b":"x"}`: `{"a":1,"old_real_estate_id": "` + hash + `" ,"b":"x"}`,
		`{"old_real_estate_id":{"document_number":"12345"}}`:                                 `{"old_real_estate_id":{"document_number":"•••"}}`,
		`{"old_real_estate_id":{"document_number":"1","page_number":"2","more":"3"}}`:        `{"old_real_estate_id":{"document_number":"•••","page_number":"•••","more":"•••"}}`,
		`{"old_real_estate_id":{"document_number":"1","page_number":["2"]}}`:                 `{"old_real_estate_id":{"document_number":"•••","page_number":["•••"]}}`,
		`{"real_estate_id":{"document_number":"1","page_number":"2"}}`:                       `{"real_estate_id":{"document_number":"•••","page_number":"•••"}}`,
		`[{"Old_Real_Estate_ID":{"page_number":"6","document_number":"12345"}}]`:             `[{"Old_Real_Estate_ID":"` + hash + `"}]`,
	}
	for doc, want := range tests {
		got, err := MaskJSON([]byte(doc))
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", doc, err, got, want)
		}
	}
}

func FuzzRedactJSON(f *testing.F) {
	f.Add(`{"VIN":"IRJC95R23KJ039206","a":"x IRJC95R23KJ039206 y"}`)
	f.Add(`{"engine_number":["AB-12 3",{"b":1e3}],"t":"ab123"}`)
	f.Add(`{"old_real_estate_id":{"document_number":1,"page_number":"2"}}`)
	f.Fuzz(func(t *testing.T, doc string) {
		ids, err := FindIdentifiers([]byte(doc))
		got, rerr := RedactJSON([]byte(doc))
		if (err == nil) != (rerr == nil) {
			t.Fatalf("find: %v, redact: %v", err, rerr)
		}
		if err != nil {
			return
		}
		ids.values = slices.DeleteFunc(ids.values, func(id identifier) bool { return id.hashed })
		if paths, err := ids.Shown(got); err != nil || len(paths) > 0 && !strings.Contains(doc, "•") && !strings.Contains(doc, `\u`) {
			t.Fatalf("%s\nstill shows an identifier at %q, %v", got, paths, err)
		}
		again, err := RedactJSON(got)
		if err != nil || string(again) != string(got) {
			t.Fatalf("again: %v\n%s\n%s", err, got, again)
		}
	})
}
