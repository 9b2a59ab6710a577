package spelling_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kenar-addons/kenar-addons/widgets/spelling"
)

func TestClosest(t *testing.T) {
	known := []string{"title", "text", "has_divider"}
	for name, want := range map[string]string{
		"titel":                 "title",
		"TITLE":                 "title",
		"txt":                   "text",
		"has_dividr":            "has_divider",
		"divider":               "",
		"x":                     "",
		"":                      "",
		"کارشناسی":              "",
		"has_divider_of":        "has_divider",
		strings.Repeat("x", 65): "",
	} {
		if got := spelling.Closest(name, known); got != want {
			t.Errorf("Closest(%q) = %q, want %q", name, got, want)
		}
	}
}

// The shorter a name, the fewer slips are believed, and of several that are
// equally close the first is taken.
func TestClosestBound(t *testing.T) {
	for _, tt := range []struct {
		name, known string
		want        bool
	}{
		{"a", "b", true}, {"a", "bc", false},
		{"abcd", "abcx", true}, {"abcd", "abxx", false},
		{"abcde", "abcxx", true}, {"abcde", "abxxx", false},
		{"abcdefgh", "abcdexxx", true}, {"abcdefgh", "abcdxxxx", false},
		{"abcdefghijklmnop", "abcdefghijklmxxx", true}, {"abcdefghijklmnop", "abcdefghijklxxxx", false},
		{"KILOMETRES", "kilometers", true}, {"kilometres", "KILOMETERS", true},
	} {
		if got := spelling.Closest(tt.name, []string{tt.known}); (got == tt.known) != tt.want || !tt.want && got != "" {
			t.Errorf("Closest(%q, %q) = %q", tt.name, tt.known, got)
		}
	}
	if got := spelling.Closest("cat", []string{"dog", "bat", "rat", "hat"}); got != "bat" {
		t.Errorf("of three that are equally close %q is taken, want the first", got)
	}
	if got := spelling.Closest("rat", []string{"bat", "rat", "hat"}); got != "rat" {
		t.Errorf("%q is taken for a name that is known", got)
	}
}

func TestHint(t *testing.T) {
	var many []string
	for i := range 21 {
		many = append(many, "colour_"+strconv.Itoa(i))
	}
	for _, tt := range []struct {
		name  string
		known []string
		want  string
	}{
		{"titel", []string{"text", "title"}, `; did you mean "title"?`},
		{"price", []string{"text", "title"}, "; known are text, title"},
		{"price", nil, ""},
		{"price", many[:20], "; known are " + strings.Join(many[:20], ", ")},
		{"price", many, ""},
		{"color_3", many, `; did you mean "colour_3"?`},
	} {
		if got := spelling.Hint(tt.name, tt.known); got != tt.want {
			t.Errorf("Hint(%q) of %d names = %q, want %q", tt.name, len(tt.known), got, tt.want)
		}
	}
}

// What is suggested is one of the known names, and a known name is closest to
// itself.
func FuzzClosest(f *testing.F) {
	f.Add("titel", "title", "text")
	f.Add("Ⱥ", "ⱥ", "\xff")
	f.Fuzz(func(t *testing.T, name, a, b string) {
		if len(a)+len(b) > 1<<10 {
			t.Skip("slow and no different")
		}
		known := []string{a, b}
		if got := spelling.Closest(name, known); got != "" && !slices.Contains(known, got) {
			t.Errorf("Closest(%q, %q) = %q", name, known, got)
		}
		got := spelling.Closest(b, known)
		if lower := strings.ToLower(b); len(b) <= 64 && strings.ToLower(got) != lower {
			t.Errorf("Closest(%q, %q) = %q, want the name itself", b, known, got)
		}
	})
}
