package kenar

import (
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
		`{"a":701234}`:                          {"a"},
		`{"a":"سند 987654"}`:                    {"a"},
		`{"a":"77 12"}`:                         nil,   // too short to tell
		`{"a":"data:image/ IRJC95R23KJ039206"}`: {"a"}, // no image
		`{"a":"data:image/jpeg;base64,IRJC95R23KJ039206 AA"}`: {"a"},
		`{"a":"data:image/IRJC95R23KJ039206;base64,AAAA"}`:    {"a"},
		`{"IRJC95R23KJ039206":1}`:                             {""},
		`{"VIN":"IRJC95R23KJ039206"}`:                         nil, // masked by its key
		`{"a":"data:image/jpeg;base64,IRJC95R23KJ039206AA"}`:  nil,
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

// However an identifier is spelled in a text, it goes, and all of it; what is
// around it stays.
func TestRedactSpellings(t *testing.T) {
	const car = `{"vin":"IRJC95R23KJ039206","chassis_number":"701234","engine_number":"K 55/é7","old_real_estate_id":"1234|56"}`
	tests := []struct{ name, text, want string }{
		{"as it is", "a IRJC95R23KJ039206 b", "a - b"},
		{"lower case, Persian and Arabic digits", "aباirjc۹۵r٢٣kj039206است", "aبا-است"},
		{"full-width letters and digits", "(ＩＲＪＣ９５Ｒ２３ＫＪ０３９２０６)", "(-)"},
		{"mathematical letters", "𝐈𝐑𝐉𝐂95R23KJ039206", "-"},
		{"letters in circles", "ⒾⓇⒿⒸ⑨⑤R23KJ039206!", "-!"},
		{"a Kelvin sign and a dotless i", "ıRJC95R23\u212aJ039206", "-"},
		{"accents", "ÍRJC95R2\u03013KJ039206", "-"},
		{"what is not seen", "I\u200bR\u200fJ\u00adC95R\ufeff23KJ\u0000039206", "-"},
		{"a longer word", "IRJC95R\u064023KJ039206", "-"},
		{"groups", "IRJC 95R_23—KJ/03.92\u22120\n6", "-"},
		{"percent-encoded", "https://x.ir/?q=a%20IRJC%39%35r23KJ039206%20b", "https://x.ir/?q=a%20-%20b"},
		{"Persian digits, encoded", "e=IRJC%DB%B9%DB%B5R23KJ039206&f=%DB%B9", "e=-&f=%DB%B9"},
		{"the blanks of a form", "?q=IRJC95R23+KJ039206+x", "?q=-+x"},
		{"encoded twice", "?next=%2F%3Fq%3DIRJC%25DB%25B95R23KJ039206%26a", "?next=%2F%3Fq%3D-%26a"},
		{"encodings of nothing stay", "%zz IRJC95R23KJ039206 100% %4", "%zz - 100% %4"},
		{"bytes that are no text stay", "\xffIRJC95R23KJ039206\xe2\x80", "\xff-\xe2\x80"},
		{"the identifier in groups", "K55E7, k 55 e7", "-, -"},
		{"both parts", "سند ۱۲۳۴|۵۶ است", "سند - است"},
		{"two in a row", "K55E7IRJC95R23KJ039206", "--"},
		{"nearly", "IRJC95R23KJ03920 IRJC95R23KJ039207", "IRJC95R23KJ03920 IRJC95R23KJ039207"},

		{"a number", "شاسی ۷۰۱۲۳۴.", "شاسی -."},
		{"a number in groups", "70 12-34", "-"},
		{"a number before another", "701234 1401, 701234/12", "- 1401, -/12"},
		{"a number, encoded", "?a=701%3234&b=1", "?a=-&b=1"},
		{"a longer number", "1701234 7012345 ۷۰۱۲۳۴۰", "1701234 7012345 ۷۰۱۲۳۴۰"},
		{"a longer number in groups", "1 70 12 34, 1-701-234", "1 70 12 34, 1-701-234"},
		{"thousands", "1,701,234 701,234", "1,701,234 701,234"},
		{"a decimal", "35.701234 701234.5", "35.701234 701234.5"},
		{"a longer number, encoded", "?a=1%3701234", "?a=1%3701234"},
		{"set free by another", "K55E7701234, K55E7701234K55E7", "--, ---"},
	}
	ids, err := FindIdentifiers([]byte(car))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := strings.ReplaceAll(tt.want, "-", Removed)
			if tt.want == tt.text {
				want = tt.text
			}
			if got := ids.Redact(tt.text); got != want {
				t.Errorf("%q\ngot  %q\nwant %q", tt.text, got, want)
			}
		})
	}
}

// Of two identifiers that overlap nothing is left: half of one is enough to
// guess the rest.
func TestRedactOverlaps(t *testing.T) {
	tests := []struct{ ids, text, want string }{
		{`{"chassis_number":"NAAN11FE","vin":"NAAN11FE8JK123456"}`, "(NAAN11FE8JK123456)", "(-)"},
		{`{"vin":"NAAN11FE8JK123456","chassis_number":"8JK123456"}`, "NAAN11FE8JK123456", "-"},
		{`{"vin":"NAAN11FE8JK123456","chassis_number":"FE8JK"}`, "NAAN11FE8JK123456 FE8JK", "- -"},
		{`{"vin":"ABCDEFG","chassis_number":"EFGHIJ","engine_number":"IJKLM"}`, "xABCDEFGHIJKLMx", "x-x"},
		{`{"vin":"ABABA"}`, "ABABABABAB", "-B"},
		{`{"vin":["ABCD7","70 12 34"]}`, "ABCD701234", "-"},
		{`{"vin":["ABCD70","701234"]}`, "ABCD70/701234", "-/-"},
		{`{"vin":"ABCDE|FGHIJ"}`, "ABCDE|FGHIJ, FGHIJ", "-, -"},
	}
	for _, tt := range tests {
		ids, err := FindIdentifiers([]byte(tt.ids))
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ReplaceAll(tt.want, "-", Removed)
		if got := ids.Redact(tt.text); got != want {
			t.Errorf("%s in %q:\ngot  %s\nwant %s", tt.ids, tt.text, got, want)
		}
	}
}

// What stands for a removed identifier is not one, even where it comes back
// under its key.
func TestRedactLeavesItsMarks(t *testing.T) {
	for _, value := range []string{Removed, unreadable + unreadable, "removed", "emove", "X" + Removed + "12"} {
		ids, err := FindIdentifiers([]byte(`{"vin":"` + value + `","engine_number":"124K2041"}`))
		if err != nil {
			t.Fatal(err)
		}
		const want = "removed " + Removed + " x"
		if got := ids.Redact("removed 124K2041 x"); got != want {
			t.Errorf("%q: got %q", value, got)
		}
	}
}

// A key that is an identifier as well still tells that its value is to be
// masked.
func TestRedactJSONMasksFirst(t *testing.T) {
	got, err := RedactJSON([]byte(`{"vin":["engine_number","access_token"],"engine_number":"124K2041","access_token":"secret"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"124K2041", "secret"} {
		if strings.Contains(string(got), leak) {
			t.Errorf("%s is left in %s", leak, got)
		}
	}
}

// Shown tells enough places to see what is wrong, and not a path of every one.
func TestShownStops(t *testing.T) {
	ids, err := FindIdentifiers([]byte(`{"vin":"124K2041"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ids.Shown([]byte("[" + strings.Repeat(`"124K2041",`, 5000) + "0]"))
	if err != nil || len(got) != maxShown || got[maxShown-1] != "[99]" {
		t.Errorf("%d paths, %v", len(got), err)
	}
}
