package widgets

// A ScoreRow grades one thing, in percent or in words (Kenar docs,
// widgets/score_row). Exactly one of the two is set.
type ScoreRow struct {
	Title string // required, at most 25 characters
	// PercentageScore is from 0 to 100. Nil, not 0, means that there is none:
	// PercentageScore: new(0) is a score and is sent.
	PercentageScore  *int
	DescriptiveScore string // at most 17 characters
	ScoreColor       Color
	IconName         string
	HasDivider       bool   // draw a line below
	Action           Action // optional
}

func (r ScoreRow) fields(v visitor) Row {
	v.text("title", &r.Title, required(25))
	v.optionalInteger("percentage_score", &r.PercentageScore, percentage)
	v.text("descriptive_score", &r.DescriptiveScore, atMost(17))
	v.eitherOf("percentage_score", r.PercentageScore != nil, "descriptive_score", r.DescriptiveScore != "")
	v.enum("score_color", (*string)(&r.ScoreColor), color(false))
	v.icon("icon_name", &r.IconName)
	v.flag("has_divider", &r.HasDivider)
	v.action("action", &r.Action, false)
	return r
}
