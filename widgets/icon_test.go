package widgets

import (
	"slices"
	"testing"
)

// The binary search needs the order; the count is that of Kenar's schema.
func TestIconNames(t *testing.T) {
	if !slices.IsSorted(iconNames[:]) {
		t.Error("the icon names are not sorted")
	}
	if n := len(slices.Compact(slices.Clone(iconNames[:]))); n != len(iconNames) {
		t.Errorf("%d of %d icon names are different", n, len(iconNames))
	}
	if len(iconNames) != 822 {
		t.Errorf("%d icon names, want 822", len(iconNames))
	}
}
