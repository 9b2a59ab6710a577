package widgets

import "slices"

// knowsIcon reports whether a widget may name this icon. The list grows with
// Divar's apps, which is why a Decoder can be told of more.
func (d Decoder) knowsIcon(name string) bool {
	if d.AllowUnknownIcons || slices.Contains(d.ExtraIcons, name) {
		return true
	}
	_, known := slices.BinarySearch(iconNames[:], name)
	return known
}
