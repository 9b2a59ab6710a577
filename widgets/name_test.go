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
