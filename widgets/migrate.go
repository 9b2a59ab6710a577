package widgets

import (
	"slices"
	"unicode/utf8"
)

// Migrate turns a v1 list into a v2 list by the rules of Kenar's migration
// guide (Kenar docs, migrations/001), and checks the result as Validate of a
// zero Decoder does.
func Migrate(l LegacyList) (List, []Warning, error) { return Decoder{}.Migrate(l) }

// Migrate turns a v1 list into a v2 list by the rules of Kenar's migration
// guide, and checks the result as Validate does. What a v2 widget has no
// place for is dropped with a warning.
//
// The guide has no rule for LEGEND_TITLE_ROW. It becomes an event_row with
// the app's avatar when its title is short enough, else a title_row and a
// subtitle_row, else a fault.
//
// The result shares no memory with l. The error is Faults. Their paths, like those of the warnings, count widgets
// as the v1 list does; below that they name the fields of the v2 widget.
func (d Decoder) Migrate(l LegacyList) (List, []Warning, error) {
	d.ImageSources = false // v1 has ids only
	m := migration{report: &report{}}
	m.enter("widgets")
	m.enter("widget_list")
	list := make(List, 0, len(l))
	d.checkLength(m.report, len(l))
	for i, w := range l[:min(len(l), d.maxWidgets())] {
		m.enterItem(i)
		for _, row := range m.rows(w) {
			widget := Widget{Row: row}
			d.checkWidget(m.report, widget)
			list = append(list, widget)
		}
		m.leave()
	}
	if len(list) > d.maxWidgets() {
		d.checkLength(m.report, len(list))
	}
	if err := m.err(); err != nil {
		return nil, m.warnings, err
	}
	return list, m.warnings, nil
}

// A migration records what it drops at the place of the widget it stands at.
type migration struct{ *report }

// dropped warns of a v1 field that v2 has no place for, if it was set. Path
// leads to it from the data of the widget.
func (m migration) dropped(set bool, path ...string) {
	if !set {
		return
	}
	path = append([]string{"data"}, path...)
	for _, name := range path {
		m.enter(name)
	}
	m.warn("", "was dropped: the widget has no such field in v2")
	for range path {
		m.leave()
	}
}

// rows are the v2 rows that one v1 widget becomes. There is none after a fault.
func (m migration) rows(w LegacyWidget) []Row {
	switch w := w.(type) {
	case LegacyLegendTitleRow:
		return m.legend(w)
	case LegacyTitleRow:
		m.dropped(w.TextColor != "", "text_color")
		return []Row{TitleRow{Text: w.Text, HasDivider: w.HasDivider}}
	case LegacySubtitleRow:
		return []Row{SubtitleRow(w)}
	case LegacyDescriptionRow:
		m.dropped(w.IsPrimary, "is_primary")
		m.dropped(w.Small, "small")
		m.dropped(w.Padded, "padded")
		m.dropped(w.PreviewMaxLine != nil, "preview_max_line")
		return []Row{DescriptionRow{Text: w.Text, HasDivider: w.HasDivider, Expandable: w.Expandable}}
	case LegacyEvaluationRow:
		return []Row{m.evaluation(w)}
	case LegacyWideButtonBar:
		m.dropped(w.Style != "", "style")
		return []Row{ButtonBar{Title: w.Title, Action: m.action(&w.Action, "button", "action")}}
	case LegacySelectorRow:
		return []Row{m.selector(w)}
	case LegacyEventRow:
		return []Row{m.event(w)}
	case LegacyGroupInfoRow:
		return []Row{GroupInfoRow{Items: slices.Clone(w.Items), HasDivider: w.HasDivider}}
	case LegacyScoreRow:
		return []Row{m.score(w)}
	case LegacyImageCarouselRow:
		row := ImageCarouselRow{HasDivider: w.HasDivider}
		for _, i := range w.Items {
			row.Items = append(row.Items, CarouselImage{ImageID: i.ImageURL, Description: i.Description})
		}
		return []Row{row}
	}
	m.fault("", "is a %T, must be one of the eleven v1 widget types of this package by value", w)
	return nil
}

func (m migration) legend(w LegacyLegendTitleRow) []Row {
	const eventTitle, title = 24, 49 // limits of event_row and title_row
	m.dropped(len(w.Tags) > 0, "tags")
	n := utf8.RuneCountInString(w.Title)
	switch {
	case n <= eventTitle:
		m.warn("", "becomes an event_row, v2 has no LEGEND_TITLE_ROW")
		return []Row{EventRow{Title: w.Title, Subtitle: w.Subtitle, ImageID: Logo, HasDivider: w.HasDivider}}
	case n > title:
		m.enter("data")
		m.fault("title", "%d characters, at most %d allowed: v2 has no LEGEND_TITLE_ROW, and a title_row takes no more", n, title)
		m.leave()
		return nil
	}
	m.warn("", "becomes a title without the app's avatar: v2 has no LEGEND_TITLE_ROW, and an event_row takes at most %d characters", eventTitle)
	if w.Subtitle == "" {
		return []Row{TitleRow{Text: w.Title, HasDivider: w.HasDivider}}
	}
	return []Row{TitleRow{Text: w.Title}, SubtitleRow{Text: w.Subtitle, HasDivider: w.HasDivider}}
}

func (m migration) evaluation(w LegacyEvaluationRow) EvaluationRow {
	section := func(name string, s LegacyEvaluationSection) EvaluationSection {
		m.dropped(s.TextColor != "", name, "text_color")
		return EvaluationSection{Text: s.Text, SectionColor: s.SectionColor}
	}
	m.dropped(w.IndicatorIcon.ImageURLDark != "", "indicator_icon", "image_url_dark")
	m.dropped(w.IndicatorIcon.ImageURLLight != "", "indicator_icon", "image_url_light")
	m.dropped(w.IndicatorIcon.Color != "", "indicator_icon", "icon_color")
	m.dropped(w.IndicatorColor != "", "indicator_color")
	return EvaluationRow{
		Left:                section("left", w.Left),
		Middle:              section("middle", w.Middle),
		Right:               section("right", w.Right),
		IndicatorText:       w.IndicatorText,
		IndicatorPercentage: w.IndicatorPercentage,
		IconName:            w.IndicatorIcon.Name,
	}
}

func (m migration) selector(w LegacySelectorRow) SelectorRow {
	m.dropped(w.HasNotification, "has_notification")
	m.dropped(w.Icon.Color != "", "icon", "icon_color")
	m.dropped(w.NotificationText != "", "notification_text")
	m.dropped(w.Description != "", "description")
	m.dropped(w.HasArrow, "has_arrow")
	m.dropped(w.Small, "small")
	return SelectorRow{
		Title:      w.Title,
		ImageID:    w.ImageURL,
		IconName:   w.Icon.Name,
		HasDivider: w.HasDivider,
		Action:     m.action(w.Action, "action"),
	}
}

func (m migration) event(w LegacyEventRow) EventRow {
	m.dropped(w.Padded, "padded")
	m.dropped(w.HasIndicator, "has_indicator")
	m.dropped(w.Icon.Color != "", "icon", "icon_color")
	m.dropped(w.Action != nil, "action")
	return EventRow{
		Title:      w.Title,
		Subtitle:   w.Subtitle,
		Label:      w.Label,
		ImageID:    w.ImageURL,
		IconName:   w.Icon.Name,
		HasDivider: w.HasDivider,
	}
}

func (m migration) score(w LegacyScoreRow) ScoreRow {
	m.dropped(w.Icon.Color != "", "icon", "icon_color")
	percentage := w.PercentageScore
	if percentage != nil {
		percentage = new(*percentage)
	}
	return ScoreRow{
		Title:            w.Title,
		PercentageScore:  percentage,
		DescriptiveScore: w.DescriptiveScore,
		ScoreColor:       w.ScoreColor,
		IconName:         w.Icon.Name,
		HasDivider:       w.HasDivider,
		Action:           m.action(w.Action, "action"),
	}
}

// action is the direct link that the v1 action at a path becomes, or nil for
// none. Whether the page opens in the app or in the browser is no longer said.
func (m migration) action(a *LegacyAction, path ...string) Action {
	if a == nil {
		return nil
	}
	m.dropped(a.FallbackLink != "" && a.FallbackLink != a.Link, append(path, "fallback_link")...)
	return OpenDirectLink(a.Link)
}
