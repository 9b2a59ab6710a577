package widgets

import "testing"

func TestSameName(t *testing.T) {
	for _, tt := range []struct {
		key, name string
		want      bool
	}{
		{"has_divider", "has_divider", true},
		{"hasDivider", "has_divider", true},
		{"has_divider", "hasDivider", true},
		{"openPostManagePage", "open_post_manage_page", true},
		{"text", "text", true},
		{"hasdivider", "has_divider", false},
		{"HasDivider", "has_divider", false},
		{"has-divider", "has_divider", false},
		{"has_", "has_divider", false},
		{"has_divider_", "has_divider", false},
		{"hasDividers", "has_divider", false},
		{"", "text", false},
		{"@type", "@type", true},
	} {
		if got := sameName(tt.key, tt.name); got != tt.want {
			t.Errorf("sameName(%q, %q) = %t, want %t", tt.key, tt.name, got, tt.want)
		}
	}
}

func TestClosest(t *testing.T) {
	known := []string{"title", "text", "has_divider"}
	for name, want := range map[string]string{
		"titel":          "title",
		"TITLE":          "title",
		"txt":            "text",
		"has_dividr":     "has_divider",
		"divider":        "",
		"x":              "",
		"":               "",
		"کارشناسی":       "",
		"has_divider_of": "has_divider",
	} {
		if got := closest(name, known); got != want {
			t.Errorf("closest(%q) = %q, want %q", name, got, want)
		}
	}
}
