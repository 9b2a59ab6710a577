package spelling_test

import (
	"testing"

	"github.com/kenar-addons/kenar-addons/widgets/spelling"
)

func TestDistances(t *testing.T) {
	for _, tt := range []struct {
		a, b                   string
		levenshtein, alignment int
	}{
		{"", "", 0, 0},
		{"", "abc", 3, 3},
		{"title", "title", 0, 0},
		{"titel", "title", 2, 1},
		{"kitten", "sitting", 3, 3},
		{"ca", "abc", 3, 3}, // a swapped pair is not touched otherwise
		{"abcd", "badc", 3, 2},
		{"نقره", "نقرە", 1, 1},
		{"متراژ", "مترا", 1, 1},
	} {
		if got := spelling.Levenshtein([]rune(tt.a), []rune(tt.b)); got != tt.levenshtein {
			t.Errorf("Levenshtein(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.levenshtein)
		}
		if got := spelling.OptimalStringAlignment([]rune(tt.a), []rune(tt.b)); got != tt.alignment {
			t.Errorf("OptimalStringAlignment(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.alignment)
		}
	}
}

// Both are what the word distance promises, as far as it can be said without
// computing it again; a swap is two changes or less.
func FuzzDistances(f *testing.F) {
	f.Add([]byte("kenar_app"), []byte("kenar_pap"))
	f.Add([]byte(""), []byte("x"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a)*len(b) > 1<<16 {
			t.Skip("slow and no different")
		}
		long, short := max(len(a), len(b)), min(len(a), len(b))
		for name, distance := range map[string]func(a, b []byte) int{
			"Levenshtein":            spelling.Levenshtein[byte],
			"OptimalStringAlignment": spelling.OptimalStringAlignment[byte],
		} {
			d := distance(a, b)
			if (d == 0) != (string(a) == string(b)) || d > long || d < long-short {
				t.Errorf("%s(%q, %q) = %d", name, a, b, d)
			}
			if back := distance(b, a); back != d {
				t.Errorf("%s(%q, %q) = %d, and %d the other way", name, a, b, d, back)
			}
			if more := distance(append(a[:len(a):len(a)], 'x'), b); more < d-1 || more > d+1 {
				t.Errorf("%s(%q, %q) = %d, and %d with one letter more", name, a, b, d, more)
			}
		}
		plain, swapping := spelling.Levenshtein(a, b), spelling.OptimalStringAlignment(a, b)
		if swapping > plain || plain > 2*swapping {
			t.Errorf("%q and %q: %d without swaps, %d with them", a, b, plain, swapping)
		}
	})
}
