package widgets

import (
	"slices"

	"github.com/kenar-addons/kenar-addons/widgets/spelling"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// DefaultMaxWidgets is the length a list of widgets may have when a Decoder
// says nothing else. Kenar documents no limit; this one is ours. It is far
// above what a person would read on an ad, and stops a runaway producer.
const DefaultMaxWidgets = 50

// A Decoder reads and checks lists of widgets. Its zero value is ready to use
// and strict. A Decoder is only settings: it may be copied, and used by
// several goroutines at once.
type Decoder struct {
	// ExtraIcons are icon names accepted beside those of Kenar's schema.
	ExtraIcons []string
	// AllowUnknownIcons accepts every icon name.
	AllowUnknownIcons bool
	// MaxWidgets is the most widgets a list may have; 0 is DefaultMaxWidgets.
	MaxWidgets int
	// ImageSources accepts an absolute https URL or a data:image/…;base64,…
	// URI in place of the id of an image, in v2 lists. Kenar knows neither:
	// whoever sends the list uploads the image and puts its id there, see
	// List.MapImages.
	ImageSources bool
}

// Decode reads a v2 list, a JSON array of widgets, and checks it by the rules
// of Validate.
//
// Field names are taken in snake_case and lowerCamelCase, image_url for
// image_id, and null for an absent field, as Kenar's own samples and gateway
// have them. Everything else that is not in the schema is a fault, except the
// two fields that Kenar's pages disagree about (event_row.action and
// selector_row.label): those are dropped with a warning.
//
// The error is Faults, all that was found, with paths from "widgets". The
// warnings are returned in either case.
func (d Decoder) Decode(data []byte) (List, []Warning, error) {
	r := &report{}
	r.enter("widgets")
	root, ok := parse(data, r)
	if !ok {
		return nil, nil, r.err()
	}
	if root.kind != strictjson.Array {
		r.fault("", `is %s, must be an array of widgets (only v1 has an object, {"widget_list": […]})`, root.kind)
		return nil, nil, r.err()
	}
	d.checkLength(r, len(root.items))
	items := root.items[:min(len(root.items), d.maxWidgets())]
	list := make(List, 0, len(items))
	reader := &fieldReader{report: r}
	for i := range items {
		r.enterItem(i)
		if w, ok := readWidget(reader, &items[i]); ok {
			d.checkWidget(r, w)
			list = append(list, w)
		}
		r.leave()
	}
	if err := r.err(); err != nil {
		return nil, r.warnings, err
	}
	return list, r.warnings, nil
}

// Validate checks a list built in Go: every documented limit, that the list is
// neither empty nor longer than MaxWidgets, that icons and colours are known,
// links absolute http or https URLs, images ids, and that every semantic path
// leads to a field of its row that has a value and may be published.
//
// Kenar marks hardly any field as required. Required here is what a widget
// shows nothing without: its main text, the action of a button, the image of
// a carousel.
//
// The error is Faults, all that was found, with paths from "widgets".
func (d Decoder) Validate(l List) error {
	r := &report{}
	r.enter("widgets")
	d.checkLength(r, len(l))
	for i, w := range l {
		r.enterItem(i)
		d.checkWidget(r, w)
		r.leave()
	}
	return r.err()
}

func (d Decoder) maxWidgets() int {
	if d.MaxWidgets > 0 {
		return d.MaxWidgets
	}
	return DefaultMaxWidgets
}

func (d Decoder) checkLength(r *report, n int) {
	switch most := d.maxWidgets(); {
	case n == 0:
		r.fault("", "has no widgets, at least 1 required; to take an add-on off an ad, delete it")
	case n > most:
		r.fault("", "%d widgets, at most %d allowed", n, most)
	}
}

// readWidget reads one element of a v2 list, which the report stands at. ok
// is false after a fault that leaves no row to check.
func readWidget(r *fieldReader, v *value) (w Widget, ok bool) {
	if v.kind != strictjson.Object {
		r.report.malformed("", "is %s, must be an object with one widget", v.kind)
		return w, false
	}
	var names []string // of the widgets in the element
	var paths *value
	for i := range v.members {
		switch m := &v.members[i]; {
		case sameName(m.name, "semantic_paths"):
			if paths != nil {
				r.report.fault("semantic_paths", "is given twice in one object")
			}
			paths = &m.value
		case newRow(m.name) != nil:
			names = append(names, m.name)
			row := readRow(r, m)
			if w.Row == nil {
				w.Row = row
			}
		case sameName(m.name, "widget_type"):
			r.report.malformed("", `is a v1 widget; v1 widgets go into {"widget_list": […]}`)
			return w, false
		default:
			known := slices.Concat(rowNames[:], []string{"semantic_paths"})
			r.report.malformed(m.name, "is not a known widget%s", spelling.Hint(m.name, known))
		}
	}
	if len(names) > 1 {
		r.report.fault("", "has %d widgets%s, must have exactly one", len(names), inBrackets(names))
	}
	if len(names) == 0 && (len(v.members) == 0 || paths != nil) {
		r.report.fault("", "has no widget, must have exactly one")
	}
	if paths != nil {
		r.report.enter("semantic_paths")
		w.SemanticPaths = readSemanticPaths(r, w.Row, paths)
		r.report.leave()
	}
	return w, w.Row != nil
}

// readRow reads the row that m names, or returns nil after a fault.
func readRow(r *fieldReader, m *member) Row {
	row := newRow(m.name)
	r.report.enter(Widget{Row: row}.Name())
	defer r.report.leave()
	if m.kind != strictjson.Object {
		r.report.malformed("", "is %s, must be an object", m.kind)
		return nil
	}
	r.object(&m.value, func(v visitor) { row = row.fields(v) })
	return row
}

// checkWidget checks one widget, which the report stands at.
func (d Decoder) checkWidget(r *report, w Widget) {
	name := w.Name()
	if name == "" {
		r.fault("", "has a row of type %T, must be one of the ten row types of this package by value", w.Row)
		return
	}
	c := fieldChecker{report: r, settings: d}
	r.enter(name)
	w.Row.fields(&c)
	if carousel, ok := w.Row.(ImageCarouselRow); ok {
		warnOfLogos(r, carousel)
	}
	r.leave()
	checkSemanticPaths(r, w)
}

func warnOfLogos(r *report, carousel ImageCarouselRow) {
	r.enter("items")
	for i, image := range carousel.Items {
		if image.ImageID == Logo {
			r.enterItem(i)
			r.warn("image_id", "is %q, which Kenar's migration guide allows in a carousel and the widget's page does not mention", Logo)
			r.leave()
		}
	}
	r.leave()
}
