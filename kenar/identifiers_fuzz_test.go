package kenar

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzRedact: no identifier is left, what is left was there, and there is
// nothing to do a second time.
func FuzzRedact(f *testing.F) {
	f.Add("IRJC95R23KJ039206", "701234", "x irjc95r۲۳kj۰۳۹۲۰۶701234 y 701234 12")
	f.Add("NAAN11FE", "NAAN11FE8JK123456", "NAAN11FE8JK123456")
	f.Add("ABCD1|70 1234", "emoved", "ABCD%31701234%2C•••removed•••%2541BCD1")
	f.Add("111111", "11111111", "11 11 11 111111 11111111 ½11111⒒")
	f.Add("•••AB", "\xff\xff\xff\xff\xff", "%e2\xff\xff\xff\xff\xff%80%a2•••AB")
	f.Add("ssßﬁﷺ", "12%41BC", "SSßfiﷺ 12%41bc data:image/png;base64,AA==")
	f.Fuzz(func(t *testing.T, one, two, text string) {
		doc, err := json.Marshal([]map[string]string{{"vin": one}, {"engine_number": two}})
		if err != nil {
			t.Fatal(err)
		}
		ids, err := FindIdentifiers(doc)
		if err != nil {
			t.Fatal(err)
		}
		got := ids.Redact(text)
		if again := ids.Redact(got); again != got {
			t.Errorf("once %q, twice %q", got, again)
		}
		var left search
		if left.clear(ids, got); len(left.spans) > 0 {
			t.Errorf("%q still shows an identifier at %v", got, left.spans)
		}
		if strings.Contains(text, "•") {
			return // which marks are new cannot be told
		}
		kept := strings.Split(got, Removed)
		rest, ok := strings.CutPrefix(text, kept[0])
		for _, part := range kept[1:] {
			_, after, found := strings.Cut(rest, part)
			rest, ok = after, ok && found
		}
		if last := kept[len(kept)-1]; !ok || !strings.HasSuffix(text, last) {
			t.Fatalf("%q became %q, which changes more than identifiers", text, got)
		}
	})
}

// FuzzRedactJSON: the document stays the same but for the strings that show an
// identifier, none of which is left, and redacting it again changes nothing.
func FuzzRedactJSON(f *testing.F) {
	f.Add(`{"VIN":"IRJC95R23KJ039206","a":"x IRJC95R23KJ039206 y"}`)
	f.Add(`{"engine_number":["AB-12 3",{"b":1e3}],"t":"ab123"}`)
	f.Add(`{"old_real_estate_id":{"document_number":1,"page_number":"2"}}`)
	f.Add(`{"vin":"engine_number", "engine_number" : "ABC12" , "\u0061bc12":["a%62c12\u003c"]}`)
	f.Add(`[{"vin":701234.0,"x":"701234"},701234,-7.01234e5,1701234,"70 12 34"]`)
	f.Add(`{"vin":"e0c01d18d946a4145892bba6a6f31d1c0bc16de04f3df3d3ccd3adfe63e838bf","engine_number":"e0c01d"}`)
	f.Fuzz(func(t *testing.T, doc string) {
		ids, err := FindIdentifiers([]byte(doc))
		got, rerr := RedactJSON([]byte(doc))
		if (err == nil) != (rerr == nil) {
			t.Fatalf("find: %v, redact: %v", err, rerr)
		}
		if err != nil {
			return
		}
		ids.hashes = automaton{} // they may be shown
		if paths, err := ids.Shown(got); err != nil || len(paths) > 0 {
			t.Fatalf("%s\nstill shows an identifier at %q, %v", got, paths, err)
		}
		for name, redact := range map[string]func([]byte) ([]byte, error){"the same": ids.RedactJSON, "new": RedactJSON} {
			if again, err := redact(got); err != nil || string(again) != string(got) {
				t.Fatalf("again, with %s identifiers: %v\n%s\n%s", name, err, got, again)
			}
		}
		masked, err := MaskJSON([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		got, err = ids.redactJSON(masked)
		if err != nil {
			t.Fatal(err)
		}
		sameButShown(t, ids, masked, got)
	})
}

// sameButShown checks that a document differs from another in strings that
// show an identifier only, and in every one of them.
func sameButShown(t *testing.T, ids Identifiers, before, after []byte) {
	t.Helper()
	tokens := func(doc []byte) (all []docString) {
		if err := walkStrings(doc, func(s docString) { all = append(all, s) }); err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		return all
	}
	was, is := tokens(before), tokens(after)
	if len(was) != len(is) {
		t.Fatalf("%d strings became %d:\n%s\n%s", len(was), len(is), before, after)
	}
	wasDone, isDone := 0, 0
	for i := range was {
		if string(before[wasDone:was[i].start]) != string(after[isDone:is[i].start]) {
			t.Fatalf("what is between the strings changed:\n%s\n%s", before, after)
		}
		wasDone, isDone = was[i].end, is[i].end
		var found search
		found.clear(ids, was[i].text)
		_, whole := ids.masked[normalize(was[i].text)]
		shown := was[i].key == "" && (whole || len(found.spans) > 0)
		old, now := before[was[i].start:wasDone], after[is[i].start:isDone]
		if shown == (string(old) == string(now)) {
			t.Errorf("%s shows an identifier: %v; it became %s", old, shown, now)
		}
	}
	if string(before[wasDone:]) != string(after[isDone:]) {
		t.Errorf("the end changed:\n%s\n%s", before, after)
	}
}
