package widgets

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parse accepts what encoding/json does, less what readers disagree about, and
// reads the same out of it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`null`, `true`, `false`, ` -1.5e+7 `, `"a\u0633\n\/"`, `[]`, `{}`, `[ 1 , [ ] , { } ]`,
		`{"a":{"b":[null,"c"]},"d":1}`, `{"a":1,"a":2}`, `"\ud83d\ude97"`, `"\ud83d"`, `{"\u0061":1,"a":2}`,
		`[1,]`, `{"a"}`, "\"\xff\"", ``, `01`, `"\x"`, `nul`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &report{}
		v, ok := parse(data, r)
		if !ok {
			if r.err() == nil {
				t.Fatal("refused without a fault")
			}
			return
		}
		if !json.Valid(data) {
			t.Fatal("accepted what is not JSON")
		}
		canonical := appendValue(nil, &v)
		if !json.Valid(canonical) {
			t.Fatalf("canonical form %s is not JSON", canonical)
		}
		if r.err() != nil {
			return // encoding/json would choose another of two members
		}
		if diff := cmp.Diff(unmarshal(t, data), unmarshal(t, canonical)); diff != "" {
			t.Fatalf("encoding/json reads it otherwise:\n%s", diff)
		}
		again, ok := parse(canonical, r)
		if !ok || !bytes.Equal(appendValue(nil, &again), canonical) {
			t.Fatalf("canonical form %s is not stable", canonical)
		}
	})
}

func unmarshal(t *testing.T, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Whatever a string holds, encoding/json reads it back, with invalid UTF-8
// replaced as it does itself.
func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "س\u200c🚗", "\"\\/", "\x00\x1f\x7f\b\f\n\r\t", "<&>\u2028", "a\xffb\xd8"} {
		var got string
		encoded := appendString(nil, s)
		if err := json.Unmarshal(encoded, &got); err != nil {
			t.Errorf("%q encoded as %s: %v", s, encoded, err)
		}
		if want := string([]rune(s)); got != want {
			t.Errorf("%q came back as %q", want, got)
		}
	}
}
