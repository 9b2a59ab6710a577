package widgets

import (
	"fmt"
	"maps"
	"slices"
)

// A List is the widgets of one add-on in the order they are shown, in the
// current generation of the API (v2). It encodes as the value of the request
// field "widgets". To decode one, use a Decoder.
type List []Widget

// A Widget is one element of an add-on: a row, and which of its fields are
// published as semantic data.
type Widget struct {
	Row Row

	// SemanticPaths maps a key of the app's choice to a field of the row, as
	// a dotted path from inside the row: "title", "items" (a whole list,
	// never one of its items), "action.open_direct_link". Kenar copies the
	// values of these fields out and stores them in plain text, so a path
	// must not publish an identifier that is to be hashed, such as a VIN.
	SemanticPaths map[string]string
}

// A Row is one of the ten row types of this package, such as TitleRow, by
// value, not as a pointer.
type Row interface {
	fields(v visitor) Row
}

// rowNames are the ten rows as the wire form names them.
var rowNames = [...]string{
	"title_row", "subtitle_row", "description_row", "evaluation_row", "button_bar",
	"selector_row", "event_row", "group_info_row", "score_row", "image_carousel_row",
}

// newRow is the empty row of a name, or nil when there is no such row.
func newRow(name string) Row {
	switch {
	case sameName(name, "title_row"):
		return TitleRow{}
	case sameName(name, "subtitle_row"):
		return SubtitleRow{}
	case sameName(name, "description_row"):
		return DescriptionRow{}
	case sameName(name, "evaluation_row"):
		return EvaluationRow{}
	case sameName(name, "button_bar"):
		return ButtonBar{}
	case sameName(name, "selector_row"):
		return SelectorRow{}
	case sameName(name, "event_row"):
		return EventRow{}
	case sameName(name, "group_info_row"):
		return GroupInfoRow{}
	case sameName(name, "score_row"):
		return ScoreRow{}
	case sameName(name, "image_carousel_row"):
		return ImageCarouselRow{}
	}
	return nil
}

// Name is the name of the widget in the API, such as "title_row", and "" when
// its row is none of the ten row types.
func (w Widget) Name() string {
	switch w.Row.(type) {
	case TitleRow:
		return "title_row"
	case SubtitleRow:
		return "subtitle_row"
	case DescriptionRow:
		return "description_row"
	case EvaluationRow:
		return "evaluation_row"
	case ButtonBar:
		return "button_bar"
	case SelectorRow:
		return "selector_row"
	case EventRow:
		return "event_row"
	case GroupInfoRow:
		return "group_info_row"
	case ScoreRow:
		return "score_row"
	case ImageCarouselRow:
		return "image_carousel_row"
	}
	return ""
}

// MarshalJSON encodes the list in its canonical form: field names as the
// schema spells them, absent fields left out, no white space. It does not
// validate.
func (l List) MarshalJSON() ([]byte, error) {
	w := fieldWriter{buf: make([]byte, 0, 256*len(l)+2)}
	w.buf = append(w.buf, '[')
	for i, widget := range l {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		if widget.write(&w); w.err != nil {
			return nil, fmt.Errorf("widgets[%d]: %w", i, w.err)
		}
	}
	return append(w.buf, ']'), nil
}

// MarshalJSON encodes the widget as an element of a List.
func (w Widget) MarshalJSON() ([]byte, error) {
	var f fieldWriter
	if w.write(&f); f.err != nil {
		return nil, f.err
	}
	return f.buf, nil
}

func (w Widget) write(f *fieldWriter) {
	name := w.Name()
	if name == "" {
		f.fail("encode a widget: its row is a %T, not one of the row types by value", w.Row)
		return
	}
	f.buf = append(f.buf, '{')
	f.name(name)
	f.object(func(v visitor) { w.Row.fields(v) })
	if len(w.SemanticPaths) > 0 {
		f.name("semantic_paths")
		f.buf = append(f.buf, '{')
		for i, key := range slices.Sorted(maps.Keys(w.SemanticPaths)) {
			if i > 0 {
				f.buf = append(f.buf, ',')
			}
			f.buf = append(appendString(f.buf, key), ':')
			f.buf = appendString(f.buf, w.SemanticPaths[key])
		}
		f.buf = append(f.buf, '}')
	}
	f.buf = append(f.buf, '}')
}
