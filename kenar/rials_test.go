package kenar

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

func TestRials(t *testing.T) {
	tests := []struct {
		json string
		want Rials
		ok   bool
	}{
		{`"150000"`, 150000, true},
		{`150000`, 150000, true},
		{`0`, 0, true},
		{`"0"`, 0, true},
		{`"-400000"`, -400000, true},
		{`9223372036854775807`, 9223372036854775807, true},
		{`"9223372036854775807"`, 9223372036854775807, true},
		{`"-9223372036854775808"`, -9223372036854775808, true},
		{`9007199254740993`, 9007199254740993, true}, // no float64
		{`1.5e5`, 150000, true},                      // protobuf's JSON may write integers like this
		{`150000.0`, 150000, true},
		{`null`, 7, true}, // stays as it was

		{`9223372036854775808`, 0, false},
		{`"-9223372036854775809"`, 0, false},
		{`1e999999999`, 0, false},
		{`0.5`, 0, false},
		{`"1.5"`, 0, false},
		{`""`, 0, false},
		{`" 1"`, 0, false},
		{`"1 "`, 0, false},
		{`"01"`, 0, false},
		{`"+1"`, 0, false},
		{`"0x10"`, 0, false},
		{`"1_000"`, 0, false},
		{`"1,000"`, 0, false},
		{`"۱۵۰۰۰۰"`, 0, false},
		{`"NaN"`, 0, false},
		{`"null"`, 0, false},
		{`true`, 0, false},
		{`[1]`, 0, false},
		{`{"rials":1}`, 0, false},
	}
	for _, tt := range tests {
		got := Rials(7)
		err := json.Unmarshal([]byte(tt.json), &got)
		if (err == nil) != tt.ok || tt.ok && got != tt.want || !tt.ok && got != 7 {
			t.Errorf("%s: %d, %v; want %d, ok: %v", tt.json, got, err, tt.want, tt.ok)
		}
	}
	err := json.Unmarshal([]byte(`"150,000 and much more than fits"`), new(Rials))
	if want := `"150,000 and much more t… is not an amount in rials: write a whole number, such as 150000 or "150000"`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestSeconds(t *testing.T) {
	for doc, want := range map[string]Seconds{`"34"`: 34, `34`: 34, `"18446744073709551615"`: 18446744073709551615, `null`: 0} {
		var got Seconds
		if err := json.Unmarshal([]byte(doc), &got); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", doc, got, err, want)
		}
	}
	for _, doc := range []string{`-1`, `"-1"`, `1.5`, `"x"`, `18446744073709551616`} {
		if err := json.Unmarshal([]byte(doc), new(Seconds)); err == nil {
			t.Errorf("%s was read", doc)
		}
	}
}

// FuzzRials: what is read is exactly the number that was written, by the
// reckoning of math/big, and it is read again from what it is written as.
func FuzzRials(f *testing.F) {
	for _, seed := range []string{`"150000"`, `150000`, `-1`, `1e3`, `"1.20e1"`, `9223372036854775808`, `"x"`, `0.1`, `null`, `12e-1`, `"9e18"`, `100e-2`, `0e9227000000000000000`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		var got Rials
		if json.Unmarshal([]byte(doc), &got) != nil || strings.TrimSpace(doc) == "null" {
			return
		}
		text := doc
		var quoted string
		if json.Unmarshal([]byte(doc), &quoted) == nil {
			text = quoted
		}
		text = strings.TrimSpace(text)
		if mantissa, _, _ := strings.Cut(strings.ToLower(text), "e"); strings.Trim(mantissa, "-0.") == "" {
			text = mantissa // zero, whatever the exponent; math/big has a limit to that
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok || exact.Cmp(new(big.Rat).SetInt64(int64(got))) != 0 {
			t.Errorf("%s was read as %d, it is %v", doc, got, exact)
		}
		written, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var again Rials
		if err := json.Unmarshal(written, &again); err != nil || again != got {
			t.Errorf("%d is written as %s and read as %d, %v", got, written, again, err)
		}
	})
}
