package widgets_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// persian is a text of exactly n code points, with the kinds of them in it on
// which counts of bytes, UTF-16 units and letters differ: Persian letters, a
// zero-width non-joiner, a combining mark and an emoji.
func persian(n int) string {
	pattern := []rune("می\u200cرود🚗اوّل ")
	var b strings.Builder
	for i := range n - 1 {
		b.WriteRune(pattern[i%len(pattern)])
	}
	b.WriteRune('ن') // a text must not end in a space for the count to be plain
	return b.String()
}

var (
	link       = widgets.OpenDirectLink("https://example.com")
	legacyLink = widgets.LegacyAction{Type: widgets.OpenWebPage, Link: "https://example.com", FallbackLink: "https://example.com"}
	green      = widgets.EvaluationSection{SectionColor: widgets.SuccessPrimary}
	oldGreen   = widgets.LegacyEvaluationSection{SectionColor: widgets.SuccessPrimary}
)

// Every text limit Kenar documents for v2 widgets.
func TestTextLimits(t *testing.T) {
	type row = widgets.Row
	for _, tt := range []struct {
		field string // of the first widget
		limit int
		build func(text string) widgets.Row
	}{
		{"title_row.text", 49, func(s string) row { return widgets.TitleRow{Text: s} }},
		{"subtitle_row.text", 200, func(s string) row { return widgets.SubtitleRow{Text: s} }},
		{"description_row.text", 200, func(s string) row { return widgets.DescriptionRow{Text: s} }},
		{"evaluation_row.left.text", 18, func(s string) row {
			return widgets.EvaluationRow{Left: widgets.EvaluationSection{Text: s, SectionColor: widgets.ErrorPrimary}, Middle: green, Right: green}
		}},
		{"evaluation_row.middle.text", 18, func(s string) row {
			return widgets.EvaluationRow{Middle: widgets.EvaluationSection{Text: s, SectionColor: widgets.ErrorPrimary}, Left: green, Right: green}
		}},
		{"evaluation_row.right.text", 18, func(s string) row {
			return widgets.EvaluationRow{Right: widgets.EvaluationSection{Text: s, SectionColor: widgets.ErrorPrimary}, Left: green, Middle: green}
		}},
		{"button_bar.title", 49, func(s string) row { return widgets.ButtonBar{Title: s, Action: link} }},
		{"selector_row.title", 200, func(s string) row { return widgets.SelectorRow{Title: s} }},
		{"event_row.title", 24, func(s string) row { return widgets.EventRow{Title: s} }},
		{"event_row.subtitle", 59, func(s string) row { return widgets.EventRow{Title: "ت", Subtitle: s} }},
		{"event_row.label", 15, func(s string) row { return widgets.EventRow{Title: "ت", Label: s} }},
		{"group_info_row.items[1].title", 50, func(s string) row {
			return widgets.GroupInfoRow{Items: []widgets.GroupInfoItem{{Title: "ت", Value: "م"}, {Title: s, Value: "م"}}}
		}},
		{"group_info_row.items[2].value", 100, func(s string) row {
			return widgets.GroupInfoRow{Items: []widgets.GroupInfoItem{{Title: "ت", Value: "م"}, {Title: "ت", Value: "م"}, {Title: "ت", Value: s}}}
		}},
		{"score_row.title", 25, func(s string) row { return widgets.ScoreRow{Title: s, PercentageScore: new(1)} }},
		{"score_row.descriptive_score", 17, func(s string) row { return widgets.ScoreRow{Title: "ت", DescriptiveScore: s} }},
	} {
		t.Run(tt.field, func(t *testing.T) {
			at := widgets.List{{Row: tt.build(persian(tt.limit))}}
			over := widgets.List{{Row: tt.build(persian(tt.limit + 1))}}
			want := fmt.Sprintf("widgets[0].%s: %d characters, at most %d allowed", tt.field, tt.limit+1, tt.limit)
			var d widgets.Decoder
			assertError(t, d.Validate(at), "")
			assertError(t, d.Validate(over), want)
			assertError(t, decodeEncoded(t, at), "")
			assertError(t, decodeEncoded(t, over), want)
		})
	}
}

// Every text limit of v1 widgets.
func TestLegacyTextLimits(t *testing.T) {
	type widget = widgets.LegacyWidget
	for _, tt := range []struct {
		widgetType, field string
		limit             int
		build             func(text string) widgets.LegacyWidget
	}{
		{"LEGEND_TITLE_ROW", "title", 55, func(s string) widget { return widgets.LegacyLegendTitleRow{Title: s} }},
		{"LEGEND_TITLE_ROW", "subtitle", 36, func(s string) widget { return widgets.LegacyLegendTitleRow{Title: "ت", Subtitle: s} }},
		{"TITLE_ROW", "text", 49, func(s string) widget { return widgets.LegacyTitleRow{Text: s} }},
		{"SUBTITLE_ROW", "text", 200, func(s string) widget { return widgets.LegacySubtitleRow{Text: s} }},
		{"DESCRIPTION_ROW", "text", 200, func(s string) widget { return widgets.LegacyDescriptionRow{Text: s} }},
		{"EVALUATION_ROW", "left.text", 18, func(s string) widget {
			return widgets.LegacyEvaluationRow{Left: widgets.LegacyEvaluationSection{Text: s, SectionColor: "ICON_HINT"}, Middle: oldGreen, Right: oldGreen}
		}},
		{"EVALUATION_ROW", "middle.text", 18, func(s string) widget {
			return widgets.LegacyEvaluationRow{Middle: widgets.LegacyEvaluationSection{Text: s, SectionColor: "ICON_HINT"}, Left: oldGreen, Right: oldGreen}
		}},
		{"EVALUATION_ROW", "right.text", 18, func(s string) widget {
			return widgets.LegacyEvaluationRow{Right: widgets.LegacyEvaluationSection{Text: s, SectionColor: "ICON_HINT"}, Left: oldGreen, Middle: oldGreen}
		}},
		{"WIDE_BUTTON_BAR", "button.title", 49, func(s string) widget { return widgets.LegacyWideButtonBar{Title: s, Action: legacyLink} }},
		{"SELECTOR_ROW", "title", 200, func(s string) widget { return widgets.LegacySelectorRow{Title: s} }},
		{"EVENT_ROW", "title", 24, func(s string) widget { return widgets.LegacyEventRow{Title: s} }},
		{"EVENT_ROW", "subtitle", 59, func(s string) widget { return widgets.LegacyEventRow{Title: "ت", Subtitle: s} }},
		{"EVENT_ROW", "label", 15, func(s string) widget { return widgets.LegacyEventRow{Title: "ت", Label: s} }},
		{"GROUP_INFO_ROW", "items[0].title", 50, func(s string) widget {
			return widgets.LegacyGroupInfoRow{Items: []widgets.GroupInfoItem{{Title: s, Value: "م"}, {Title: "ت", Value: "م"}}}
		}},
		{"GROUP_INFO_ROW", "items[1].value", 100, func(s string) widget {
			return widgets.LegacyGroupInfoRow{Items: []widgets.GroupInfoItem{{Title: "ت", Value: "م"}, {Title: "ت", Value: s}}}
		}},
		{"SCORE_ROW", "title", 25, func(s string) widget { return widgets.LegacyScoreRow{Title: s, PercentageScore: new(1)} }},
		{"SCORE_ROW", "descriptive_score", 17, func(s string) widget { return widgets.LegacyScoreRow{Title: "ت", DescriptiveScore: s} }},
	} {
		t.Run(tt.widgetType+"."+tt.field, func(t *testing.T) {
			at := widgets.LegacyList{tt.build(persian(tt.limit))}
			over := widgets.LegacyList{tt.build(persian(tt.limit + 1))}
			want := fmt.Sprintf("widgets.widget_list[0].data.%s: %d characters, at most %d allowed", tt.field, tt.limit+1, tt.limit)
			var d widgets.Decoder
			assertError(t, d.ValidateLegacy(at), "")
			assertError(t, d.ValidateLegacy(over), want)
			assertError(t, decodeEncoded(t, at), "")
			assertError(t, decodeEncoded(t, over), want)
		})
	}
}

// Texts for which Kenar states no limit may be long.
func TestTextsWithoutLimit(t *testing.T) {
	long := persian(5000)
	var d widgets.Decoder
	assertError(t, d.Validate(widgets.List{
		{Row: widgets.DescriptionRow{Text: long, Expandable: true}},
		{Row: widgets.EvaluationRow{Left: green, Middle: green, Right: green, IndicatorText: long}},
		{Row: widgets.ImageCarouselRow{Items: []widgets.CarouselImage{{ImageID: "a.jpg", Description: long}}}},
	}), "")
	assertError(t, d.ValidateLegacy(widgets.LegacyList{
		widgets.LegacyDescriptionRow{Text: long, Expandable: true},
		widgets.LegacySelectorRow{Title: "ت", Description: long, NotificationText: long},
	}), "")
}

func TestNumberLimits(t *testing.T) {
	evaluation := func(n int) widgets.Row {
		return widgets.EvaluationRow{Left: green, Middle: green, Right: green, IndicatorPercentage: n}
	}
	score := func(n int) widgets.Row { return widgets.ScoreRow{Title: "ت", PercentageScore: &n} }
	group := func(n int) widgets.Row {
		var items []widgets.GroupInfoItem
		for range n {
			items = append(items, widgets.GroupInfoItem{Title: "ت", Value: "م"})
		}
		return widgets.GroupInfoRow{Items: items}
	}
	for _, tt := range []struct {
		row  widgets.Row
		want string
	}{
		{evaluation(0), ""},
		{evaluation(100), ""},
		{evaluation(-1), "widgets[0].evaluation_row.indicator_percentage: is -1, must be from 0 to 100"},
		{evaluation(101), "widgets[0].evaluation_row.indicator_percentage: is 101, must be from 0 to 100"},
		{score(0), ""},
		{score(100), ""},
		{score(-1), "widgets[0].score_row.percentage_score: is -1, must be from 0 to 100"},
		{score(101), "widgets[0].score_row.percentage_score: is 101, must be from 0 to 100"},
		{group(1), "widgets[0].group_info_row.items: 1 item, 2 to 3 required"},
		{group(2), ""},
		{group(3), ""},
		{group(4), "widgets[0].group_info_row.items: 4 items, 2 to 3 required"},
		{widgets.ImageCarouselRow{}, "widgets[0].image_carousel_row.items: 0 items, at least 1 required"},
	} {
		list := widgets.List{{Row: tt.row}}
		assertError(t, widgets.Decoder{}.Validate(list), tt.want)
		assertError(t, decodeEncoded(t, list), tt.want)
	}
}

func TestMaxWidgets(t *testing.T) {
	list := func(n int) widgets.List {
		l := make(widgets.List, n)
		for i := range l {
			l[i].Row = widgets.TitleRow{Text: "ت"}
		}
		return l
	}
	var zero widgets.Decoder
	two := widgets.Decoder{MaxWidgets: 2}
	assertError(t, zero.Validate(list(widgets.DefaultMaxWidgets)), "")
	assertError(t, zero.Validate(list(widgets.DefaultMaxWidgets+1)), "widgets: 51 widgets, at most 50 allowed")
	assertError(t, decodeEncoded(t, list(widgets.DefaultMaxWidgets+1)), "widgets: 51 widgets, at most 50 allowed")
	assertError(t, two.Validate(list(2)), "")
	assertError(t, two.Validate(list(3)), "widgets: 3 widgets, at most 2 allowed")
	for _, empty := range []widgets.List{nil, {}} {
		assertError(t, zero.Validate(empty), "widgets: has no widgets, at least 1 required; to take an add-on off an ad, delete it")
	}
	assertError(t, zero.ValidateLegacy(nil), "widgets.widget_list: has no widgets, at least 1 required; to take an add-on off an ad, delete it")

	// A title that becomes two widgets must not slip past the limit.
	_, _, err := two.Migrate(widgets.LegacyList{
		widgets.LegacyTitleRow{Text: "ت"},
		widgets.LegacyLegendTitleRow{Title: persian(30), Subtitle: "ز"},
	})
	assertError(t, err, "widgets.widget_list: 3 widgets, at most 2 allowed")
}

// decodeEncoded is the error of decoding what a list encodes to.
func decodeEncoded(t *testing.T, list interface{ MarshalJSON() ([]byte, error) }) error {
	t.Helper()
	data, err := list.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var d widgets.Decoder
	if _, v1 := list.(widgets.LegacyList); v1 {
		_, _, err = d.DecodeLegacy(data)
	} else {
		_, _, err = d.Decode(data)
	}
	return err
}

// assertError compares the text of an error, "" for none.
func assertError(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("error  %s\nwant   %s", got, want)
	}
}
