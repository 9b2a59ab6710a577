package kenar

import (
	"fmt"
	"strings"
	"testing"
)

// largest is the size of the largest event, in bytes.
const largest = 384 << 10

// costly are documents of a size, in bytes, which would take a search long that
// goes through the text for each identifier, for each length of one, or through
// everything that is found. The text is under "a".
func costly(size int) map[string]string {
	fill := func(size int, piece func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			b.WriteString(piece(i))
		}
		return b.String()
	}
	same := func(s string) func(int) string { return func(int) string { return s } }
	length := func(s string) func(int) string { return func(i int) string { return strings.Repeat(s, i+5) + "|" } }
	doc := func(ids, text string) string { return `{"vin":"` + ids + `","a":"` + text + `"}` }

	half := size / 2
	return map[string]string{
		"many identifiers":        doc(fill(half, func(i int) string { return fmt.Sprintf("A%06d|", i) }), fill(half, func(i int) string { return fmt.Sprintf("A%06d ", 9*i) })),
		"one many times":          doc(fill(half, same("AB12345|")), fill(half, same("AB12345"))),
		"every length":            doc(fill(half, length("A")), fill(half, same("A"))),
		"every length, all but":   doc(fill(half, length("A")), fill(half, same(strings.Repeat("A", 400)+"B"))),
		"every length of number":  doc(fill(half, length("1")), fill(half, same("1"))),
		"numbers in groups":       doc(fill(half, length("1")), fill(half, same("111111 "))),
		"numbers by words":        doc(fill(half, length("1"))+"|X1111", fill(half, same("X1111111111 11 X1111 1111111 "))),
		"nothing but nearly":      doc(strings.Repeat("A", maxIdentifier-1)+"B", strings.Repeat("A", size)),
		"many strings":            doc(fill(half, length("A")), fill(half, same(`","b":"`))),
		"an address":              doc(fill(half, length("A")), fill(half, same("%41"))),
		"an address, many levels": doc(fill(half, length("A")), "%"+fill(half, same("25"))),
		"long ligatures":          doc(fill(half, length("ﷺ")), fill(half, same("ﷺ"))),
	}
}

// The cost of a search is that of reading the text, whatever is looked for.
func TestSearchIsLinear(t *testing.T) {
	const (
		// A letter costs two states of an automaton and a look for digits, in
		// each of the few rounds and readings of a text.
		perByte = 8
		// A ligature of 3 bytes is 18 letters.
		letters = 6
	)
	for name, doc := range costly(largest / 8) {
		t.Run(name, func(t *testing.T) {
			ids, err := FindIdentifiers([]byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			if n := len(ids.words.nodes); n > letters*len(doc) {
				t.Errorf("%d states for %d bytes", n, len(doc))
			}
			steps := 0
			err = walkStrings([]byte(doc), func(s docString) {
				var shown, redacted search
				if s.key != "" {
					return
				}
				shown.clear(ids, s.text)
				// Many words may end in one place; one is enough.
				if n := len(shown.spans); n > 3*letters*len(s.text) {
					t.Errorf("%d places in %d bytes", n, len(s.text))
				}
				redacted.redact(ids, s.text)
				steps += redacted.steps
			})
			if most := perByte * len(doc); err != nil || steps == 0 || steps > most {
				t.Errorf("%d steps for %d bytes, at most %d expected; %v", steps, len(doc), most, err)
			}
		})
	}
}

// Objects within an object of two parts are read once, however deep they are.
func TestMaskJSONDeepPairs(t *testing.T) {
	const depth = 9000
	doc := `{"old_real_estate_id":` + strings.Repeat(`{"a":`, depth) + `"12"` + strings.Repeat("}", depth) + "}"
	allocs := testing.AllocsPerRun(1, func() {
		if _, err := MaskJSON([]byte(doc)); err != nil {
			t.Error(err)
		}
	})
	if allocs > 50*depth {
		t.Errorf("%.0f allocations for %d objects", allocs, depth)
	}
}

func BenchmarkRedactJSON(b *testing.B) {
	for name, doc := range costly(largest) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := RedactJSON([]byte(doc)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
