package widgets

// A LegacyLegendTitleRow is a heading with the app's avatar. It left Kenar's
// docs in October 2024, and v2 has nothing like it.
type LegacyLegendTitleRow struct {
	Title      string // required, at most 55 characters
	Subtitle   string // at most 36 characters
	HasDivider bool
	Tags       []LegacyTag // known to Kenar's Python SDK only
}

// A LegacyTag is a small label on a LegacyLegendTitleRow.
type LegacyTag struct {
	Text            string
	Icon            LegacyIcon
	BackgroundColor string // TRANSPARENT, GRAY or RED
}

func (r LegacyLegendTitleRow) fields(v visitor) LegacyWidget {
	v.text("title", &r.Title, required(55))
	v.text("subtitle", &r.Subtitle, atMost(36))
	v.flag("has_divider", &r.HasDivider)
	v.constant("image_url", Logo, true)
	list(v, "tags", &r.Tags, bounds{}, (*LegacyTag).fields)
	return r
}

func (t *LegacyTag) fields(v visitor) {
	v.text("text", &t.Text, textLimit{})
	v.message("icon", t.Icon != LegacyIcon{}, t.Icon.fields)
	v.enum("bg_color", &t.BackgroundColor, enum{what: "a background colour", names: []string{"TRANSPARENT", "GRAY", "RED"}})
}

// A LegacyTitleRow is a heading.
type LegacyTitleRow struct {
	Text       string // required, at most 49 characters
	TextColor  Color  // one of v1's; known to Kenar's SDKs only
	HasDivider bool
}

func (r LegacyTitleRow) fields(v visitor) LegacyWidget {
	v.text("text", &r.Text, required(49))
	v.enum("text_color", (*string)(&r.TextColor), legacyColor(false))
	v.flag("has_divider", &r.HasDivider)
	return r
}

// A LegacySubtitleRow is a smaller heading.
type LegacySubtitleRow struct {
	Text       string // required, at most 200 characters
	HasDivider bool
}

func (r LegacySubtitleRow) fields(v visitor) LegacyWidget {
	v.text("text", &r.Text, required(200))
	v.flag("has_divider", &r.HasDivider)
	return r
}

// A LegacyDescriptionRow is running text.
type LegacyDescriptionRow struct {
	Text                     string // required, at most 200 characters unless Expandable
	HasDivider, Expandable   bool
	IsPrimary, Small, Padded bool
	PreviewMaxLine           *int // lines shown before expanding; known to Kenar's SDKs only
}

func (r LegacyDescriptionRow) fields(v visitor) LegacyWidget {
	v.text("text", &r.Text, descriptionText(r.Expandable))
	v.flag("has_divider", &r.HasDivider)
	v.flag("is_primary", &r.IsPrimary)
	v.flag("expandable", &r.Expandable)
	v.flag("small", &r.Small)
	v.flag("padded", &r.Padded)
	v.optionalInteger("preview_max_line", &r.PreviewMaxLine, bounds{0, 1<<31 - 1})
	return r
}

// A LegacyEvaluationRow is a bar of three sections with an indicator above it.
type LegacyEvaluationRow struct {
	IndicatorText       string
	IndicatorPercentage int // from 0 to 100
	IndicatorIcon       LegacyIndicatorIcon
	IndicatorColor      Color
	Left, Middle, Right LegacyEvaluationSection
}

// A LegacyIndicatorIcon is the icon of a LegacyEvaluationRow.
type LegacyIndicatorIcon struct {
	LegacyIcon
	ImageURLDark, ImageURLLight string // pictures in place of the icon
}

// A LegacyEvaluationSection is one third of a LegacyEvaluationRow.
type LegacyEvaluationSection struct {
	Text         string // at most 18 characters
	TextColor    Color
	SectionColor Color // required
}

func (r LegacyEvaluationRow) fields(v visitor) LegacyWidget {
	v.text("indicator_text", &r.IndicatorText, textLimit{})
	v.integer("indicator_percentage", &r.IndicatorPercentage, percentage)
	v.message("indicator_icon", r.IndicatorIcon != LegacyIndicatorIcon{}, r.IndicatorIcon.fields)
	v.enum("indicator_color", (*string)(&r.IndicatorColor), legacyColor(false))
	v.message("left", true, r.Left.fields)
	v.message("middle", true, r.Middle.fields)
	v.message("right", true, r.Right.fields)
	return r
}

func (i *LegacyIndicatorIcon) fields(v visitor) {
	v.text("image_url_dark", &i.ImageURLDark, textLimit{})
	v.text("image_url_light", &i.ImageURLLight, textLimit{})
	i.LegacyIcon.fields(v)
}

func (s *LegacyEvaluationSection) fields(v visitor) {
	v.text("text", &s.Text, atMost(18))
	v.enum("text_color", (*string)(&s.TextColor), legacyColor(false))
	v.enum("section_color", (*string)(&s.SectionColor), legacyColor(true))
}

// A LegacyWideButtonBar is a button over the whole width.
type LegacyWideButtonBar struct {
	Style  string // PRIMARY, SECONDARY or empty
	Title  string // required, at most 49 characters
	Action LegacyAction
}

func (r LegacyWideButtonBar) fields(v visitor) LegacyWidget {
	v.enum("style", &r.Style, enum{what: "a button style", names: []string{"PRIMARY", "SECONDARY"}})
	v.message("button", true, func(v visitor) {
		v.message("action", true, r.Action.fields)
		v.text("title", &r.Title, required(49))
	})
	return r
}

// A LegacySelectorRow is a line that leads somewhere.
type LegacySelectorRow struct {
	Title            string // required, at most 200 characters
	ImageURL         string // an uploaded image's id, or Logo
	HasDivider       bool
	HasNotification  bool
	Icon             LegacyIcon
	NotificationText string
	Description      string
	HasArrow, Small  bool
	Action           *LegacyAction // optional
}

func (r LegacySelectorRow) fields(v visitor) LegacyWidget {
	v.text("title", &r.Title, required(200))
	v.image("image_url", "", &r.ImageURL, false)
	v.flag("has_divider", &r.HasDivider)
	v.flag("has_notification", &r.HasNotification)
	v.message("icon", r.Icon != LegacyIcon{}, r.Icon.fields)
	v.text("notification_text", &r.NotificationText, textLimit{})
	v.text("description", &r.Description, textLimit{})
	v.flag("has_arrow", &r.HasArrow)
	v.flag("small", &r.Small)
	optionalLegacyAction(v, &r.Action)
	v.stripped("style", "only Kenar's migration guide knows one, as a field to remove")
	return r
}

// A LegacyEventRow is a picture or icon with a title, a smaller line below it
// and a label on the far side.
type LegacyEventRow struct {
	Title        string // required, at most 24 characters
	Subtitle     string // at most 59 characters
	Label        string // at most 15 characters
	HasDivider   bool
	Padded       bool
	HasIndicator bool
	ImageURL     string // an uploaded image's id, or Logo
	Icon         LegacyIcon
	Action       *LegacyAction // optional
}

func (r LegacyEventRow) fields(v visitor) LegacyWidget {
	v.text("title", &r.Title, required(24))
	v.text("subtitle", &r.Subtitle, atMost(59))
	v.text("label", &r.Label, atMost(15))
	v.flag("has_divider", &r.HasDivider)
	v.flag("padded", &r.Padded)
	v.flag("has_indicator", &r.HasIndicator)
	v.image("image_url", "", &r.ImageURL, false)
	v.message("icon", r.Icon != LegacyIcon{}, r.Icon.fields)
	optionalLegacyAction(v, &r.Action)
	return r
}

// A LegacyGroupInfoRow shows two or three facts side by side.
type LegacyGroupInfoRow struct {
	Items      []GroupInfoItem // 2 or 3
	HasDivider bool
}

func (r LegacyGroupInfoRow) fields(v visitor) LegacyWidget {
	list(v, "items", &r.Items, bounds{2, 3}, (*GroupInfoItem).fields)
	v.flag("has_divider", &r.HasDivider)
	return r
}

// A LegacyScoreRow grades one thing, in percent or in words. Exactly one of
// the two is set.
type LegacyScoreRow struct {
	Title            string // required, at most 25 characters
	PercentageScore  *int   // from 0 to 100; nil when there is none
	DescriptiveScore string // at most 17 characters
	ScoreColor       Color
	HasDivider       bool
	Icon             LegacyIcon
	Action           *LegacyAction // optional
}

func (r LegacyScoreRow) fields(v visitor) LegacyWidget {
	v.text("title", &r.Title, required(25))
	v.optionalInteger("percentage_score", &r.PercentageScore, percentage)
	v.text("descriptive_score", &r.DescriptiveScore, atMost(17))
	v.eitherOf("percentage_score", r.PercentageScore != nil, "descriptive_score", r.DescriptiveScore != "")
	v.enum("score_color", (*string)(&r.ScoreColor), legacyColor(false))
	v.flag("hasDivider", &r.HasDivider) // the only spelling v1's page of it has
	v.message("icon", r.Icon != LegacyIcon{}, r.Icon.fields)
	optionalLegacyAction(v, &r.Action)
	return r
}

// A LegacyImageCarouselRow shows pictures to swipe through.
type LegacyImageCarouselRow struct {
	Items      []LegacyCarouselImage // at least 1
	HasDivider bool
}

// A LegacyCarouselImage is one picture of a LegacyImageCarouselRow.
type LegacyCarouselImage struct {
	ImageURL    string // an uploaded image's id, or Logo; required
	Description string
}

func (r LegacyImageCarouselRow) fields(v visitor) LegacyWidget {
	list(v, "items", &r.Items, bounds{least: 1}, (*LegacyCarouselImage).fields)
	v.flag("has_divider", &r.HasDivider)
	return r
}

func (i *LegacyCarouselImage) fields(v visitor) {
	v.image("image_url", "", &i.ImageURL, true)
	v.text("description", &i.Description, textLimit{})
}
