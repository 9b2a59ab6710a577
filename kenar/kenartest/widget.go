package kenartest

import (
	"encoding/json"
	"strconv"
	"strings"
)

// A Widget is one element of a widget list.
type Widget struct {
	Type          string          // as documented: score_row in v2, SCORE_ROW in v1
	Data          json.RawMessage // as sent
	SemanticPaths map[string]string
}

// widgetsOf makes out the widgets of a body of either version, whether or not
// they are valid.
func widgetsOf(doc *node) []Widget {
	list, _ := doc.field("widgets")
	if list != nil && list.kind == objectKind {
		list, _ = list.field("widget_list")
	}
	if list == nil {
		return nil
	}
	var widgets []Widget
	for i := range list.items {
		if w, ok := widgetOf(&list.items[i]); ok {
			widgets = append(widgets, w)
		}
	}
	return widgets
}

func widgetOf(element *node) (Widget, bool) {
	if name, _ := element.field("widget_type"); name != nil {
		w := Widget{Type: name.text}
		if data, _ := element.field("data"); data != nil {
			w.Data = data.raw
		}
		return w, true
	}
	paths, _ := element.field("semantic_paths")
	for _, p := range widgetsV2 {
		if data, _ := element.field(p.name); data != nil {
			return Widget{Type: p.name, Data: data.raw, SemanticPaths: paths.strings()}, true
		}
	}
	for _, m := range element.members {
		if !names(m.name, "semantic_paths") {
			return Widget{Type: m.name, Data: m.value.raw, SemanticPaths: paths.strings()}, true
		}
	}
	return Widget{}, false
}

// String is the widget's type and what a visitor of the post reads in it:
//
//	score_row: Engine | 80%
func (w Widget) String() string {
	var data face
	if err := json.Unmarshal(w.Data, &data); err != nil {
		return w.Type
	}
	if texts := data.texts(); len(texts) > 0 {
		return w.Type + ": " + strings.Join(texts, " | ")
	}
	return w.Type
}

// face is what can be read on any widget of either version.
type face struct {
	Text, Title, Subtitle, Label, Value, Description string

	Left, Middle, Right *face
	Button              *face
	Items               []face

	DescriptiveScore    string `json:"descriptive_score"`
	PercentageScore     *int   `json:"percentage_score"`
	IndicatorText       string `json:"indicator_text"`
	IndicatorPercentage *int   `json:"indicator_percentage"`
}

// texts lists the readable parts in reading order.
func (f *face) texts() []string {
	var texts []string
	add := func(parts ...string) {
		for _, part := range parts {
			if part != "" {
				texts = append(texts, part)
			}
		}
	}
	add(f.Label, f.Title, f.Subtitle, f.Text, f.Value, f.Description, f.DescriptiveScore)
	if f.PercentageScore != nil {
		add(strconv.Itoa(*f.PercentageScore) + "%")
	}
	add(f.IndicatorText)
	if f.IndicatorPercentage != nil {
		add(strconv.Itoa(*f.IndicatorPercentage) + "%")
	}
	for _, part := range []*face{f.Left, f.Middle, f.Right, f.Button} {
		if part != nil {
			add(part.texts()...)
		}
	}
	for i := range f.Items {
		add(strings.Join(f.Items[i].texts(), ": "))
	}
	return texts
}
