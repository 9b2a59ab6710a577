package widgets

import "fmt"

// A LegacyList is the widgets of one add-on in the first generation of the
// API (v1), deprecated since April 2025. It encodes as the value of the
// request field "widgets": {"widget_list": […]}. To decode one, use a Decoder;
// to turn it into a List, Migrate.
type LegacyList []LegacyWidget

// A LegacyWidget is one of the eleven v1 widget types of this package, such
// as LegacyTitleRow, by value, not as a pointer.
type LegacyWidget interface {
	fields(v visitor) LegacyWidget
}

// typePrefix starts every "@type" of v1.
const typePrefix = "type.googleapis.com/widgets."

// legacyTypes are the eleven values of "widget_type".
var legacyTypes = [...]string{
	"LEGEND_TITLE_ROW", "TITLE_ROW", "SUBTITLE_ROW", "DESCRIPTION_ROW", "EVALUATION_ROW", "WIDE_BUTTON_BAR",
	"SELECTOR_ROW", "EVENT_ROW", "GROUP_INFO_ROW", "SCORE_ROW", "IMAGE_CAROUSEL_ROW",
}

// newLegacyWidget is the empty widget of a widget_type, or nil when there is
// no such type.
func newLegacyWidget(widgetType string) LegacyWidget {
	switch widgetType {
	case "LEGEND_TITLE_ROW":
		return LegacyLegendTitleRow{}
	case "TITLE_ROW":
		return LegacyTitleRow{}
	case "SUBTITLE_ROW":
		return LegacySubtitleRow{}
	case "DESCRIPTION_ROW":
		return LegacyDescriptionRow{}
	case "EVALUATION_ROW":
		return LegacyEvaluationRow{}
	case "WIDE_BUTTON_BAR":
		return LegacyWideButtonBar{}
	case "SELECTOR_ROW":
		return LegacySelectorRow{}
	case "EVENT_ROW":
		return LegacyEventRow{}
	case "GROUP_INFO_ROW":
		return LegacyGroupInfoRow{}
	case "SCORE_ROW":
		return LegacyScoreRow{}
	case "IMAGE_CAROUSEL_ROW":
		return LegacyImageCarouselRow{}
	}
	return nil
}

// legacyType is the widget_type of w and the "@type" of its data, or "" twice
// when w is none of the eleven types. The last two names of messages are as
// irregular in Kenar's documents.
func legacyType(w LegacyWidget) (widgetType, dataType string) {
	switch w.(type) {
	case LegacyLegendTitleRow:
		return "LEGEND_TITLE_ROW", typePrefix + "LegendTitleRowData"
	case LegacyTitleRow:
		return "TITLE_ROW", typePrefix + "TitleRowData"
	case LegacySubtitleRow:
		return "SUBTITLE_ROW", typePrefix + "SubtitleRowData"
	case LegacyDescriptionRow:
		return "DESCRIPTION_ROW", typePrefix + "DescriptionRowData"
	case LegacyEvaluationRow:
		return "EVALUATION_ROW", typePrefix + "EvaluationRowData"
	case LegacySelectorRow:
		return "SELECTOR_ROW", typePrefix + "SelectorRowData"
	case LegacyEventRow:
		return "EVENT_ROW", typePrefix + "EventRowData"
	case LegacyScoreRow:
		return "SCORE_ROW", typePrefix + "ScoreRowData"
	case LegacyImageCarouselRow:
		return "IMAGE_CAROUSEL_ROW", typePrefix + "ImageCarouselRowData"
	case LegacyWideButtonBar:
		return "WIDE_BUTTON_BAR", typePrefix + "WideButtonBarWidgetData"
	case LegacyGroupInfoRow:
		return "GROUP_INFO_ROW", typePrefix + "GroupInfoRow"
	}
	return "", ""
}

// MarshalJSON encodes the list as v1 documents it, "@type" included, with
// absent fields left out and no white space. It does not validate.
func (l LegacyList) MarshalJSON() ([]byte, error) {
	w := fieldWriter{buf: append(make([]byte, 0, 512*len(l)+20), `{"widget_list":[`...)}
	for i, widget := range l {
		widgetType, dataType := legacyType(widget)
		if widgetType == "" {
			return nil, fmt.Errorf("encode widget_list[%d]: it is a %T, not one of the v1 widget types by value", i, widget)
		}
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.object(func(v visitor) {
			v.constant("widget_type", widgetType, true)
			v.message("data", true, func(v visitor) {
				v.constant("@type", dataType, false)
				widget.fields(v)
			})
		})
	}
	return append(w.buf, ']', '}'), nil
}
