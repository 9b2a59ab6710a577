package preview

import (
	"html/template"
	"strings"
)

// An icon stands for one of Divar's icons: a drawing of about the same thing,
// or else the beginning of its name.
type icon struct {
	Name    string
	Drawing template.HTML // the inside of an SVG of 24 by 24, or ""
	Letters string
}

// drawings are what is drawn for the icons whose name contains a word, the
// first that fits.
var drawings = []struct {
	words   []string
	drawing template.HTML
}{
	{[]string{"CHECK", "VERIFIED", "INSPECT"}, `<path d="M12 3l7 3v5c0 5-3 8.5-7 10-4-1.5-7-5-7-10V6z"/><path d="M9 12l2.2 2.200L15.5 10"/>`},
	{[]string{"ENGINE", "REPAIR", "TOOL", "WRENCH", "HYDRAULIC"}, `<path d="M14.5 6.500a4 4 0 0 1 5-1L17 8l1 2 2.5-.5a4 4 0 0 1-5.5 4L8.5 20a2.1 2.1 0 0 1-3-3L12 10.500a4 4 0 0 1 2.5-4z"/>`},
	{[]string{"TIRE"}, `<circle cx="12" cy="12" r="8.5"/><circle cx="12" cy="12" r="3.5"/><path d="M12 3.500v5M12 15.500v5M3.5 12h5M15.5 12h5"/>`},
	{[]string{"ODOMETER", "SPEED"}, `<path d="M4 17a8.5 8.5 0 1 1 16 0"/><path d="M12 14l4-4"/>`},
	{[]string{"COLOR", "PAINT"}, `<path d="M12 3.500s6 6.3 6 10.500a6 6 0 0 1-12 0c0-4.2 6-10.5 6-10.500z"/>`},
	{[]string{"BATTERY", "ELECTRONIC", "LIGHT"}, `<path d="M13 3L5.5 13.500H12L11 21l7.5-10.500H12z"/>`},
	{[]string{"CAR", "VEHICLE"}, `<path d="M4 16v-3l2-5.500A2 2 0 0 1 8 6h8a2 2 0 0 1 2 1.500l2 5.500v3z"/><path d="M4.5 12.500h15M6 16v2M18 16v2"/>`},
	{[]string{"HOUSE", "HOME", "RESIDENTIAL", "REAL_ESTATE", "VILLA", "APARTMENT"}, `<path d="M4 11l8-7 8 7v9h-5.500v-5h-5v5H4z"/>`},
	{[]string{"MONEY", "PAYMENT", "PRICE", "WALLET"}, `<rect x="3.5" y="6" width="17" height="12" rx="2"/><circle cx="12" cy="12" r="2.5"/>`},
	{[]string{"PHONE", "CALL"}, `<path d="M6 3.500h3l1.5 5-2 1.500a12 12 0 0 0 5.5 5.500l1.5-2 5 1.500v3a2 2 0 0 1-2 2A16 16 0 0 1 4 5.500a2 2 0 0 1 2-2z"/>`},
	{[]string{"DOCUMENT", "ARTICLE", "NOTE", "PAPER"}, `<path d="M6 3.500h8l4 4v13H6z"/><path d="M9 12h6M9 16h6"/>`},
	{[]string{"MAP", "PLACE", "LOCATION"}, `<path d="M12 21s-6.5-6.5-6.5-11a6.5 6.5 0 0 1 13 0c0 4.5-6.5 11-6.5 11z"/><circle cx="12" cy="10" r="2.3"/>`},
	{[]string{"CAMERA", "IMAGE", "VIDEO"}, `<rect x="3.5" y="7" width="17" height="12" rx="2"/><circle cx="12" cy="13" r="3.5"/><path d="M9 7l1.2-2.500h3.600L15 7"/>`},
	{[]string{"STAR"}, `<path d="M12 3.500l2.6 5.4 5.9.8-4.3 4.1 1.1 5.9-5.3-2.9-5.3 2.9 1.1-5.900L3.5 9.700l5.9-.800z"/>`},
	{[]string{"CLOCK", "TIME", "CALENDAR", "HISTORY"}, `<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>`},
	{[]string{"PERSON", "USER", "MAN"}, `<circle cx="12" cy="8" r="4"/><path d="M4.5 20.500c0-4 3.5-6 7.5-6s7.5 2 7.5 6"/>`},
	{[]string{"INFO", "HELP", "WARN", "REPORT"}, `<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 7.500v.1"/>`},
}

func newIcon(name string) *icon {
	if name == "" {
		return nil
	}
	i := &icon{Name: name, Letters: shorten(strings.TrimLeft(name, "_"), 2)}
	for _, d := range drawings {
		for _, word := range d.words {
			if strings.Contains(name, word) {
				i.Drawing = d.drawing
				return i
			}
		}
	}
	i.Letters = strings.TrimSuffix(i.Letters, "…")
	return i
}
