package widgets

// An EvaluationRow is a bar of three sections with an indicator above it,
// such as a price between low and high (Kenar docs, widgets/evaluation_row).
type EvaluationRow struct {
	Left, Middle, Right EvaluationSection

	IndicatorText string
	// IndicatorPercentage is where the indicator stands, from 0 at the left
	// end of the bar to 100 at its right end.
	IndicatorPercentage int
	IconName            string // beside the indicator's text
}

// An EvaluationSection is one third of an EvaluationRow.
type EvaluationSection struct {
	Text         string // at most 18 characters
	SectionColor Color  // required: a section is little more than its colour
}

func (r EvaluationRow) fields(v visitor) Row {
	v.message("left", true, r.Left.fields)
	v.message("middle", true, r.Middle.fields)
	v.message("right", true, r.Right.fields)
	v.text("indicator_text", &r.IndicatorText, textLimit{})
	v.integer("indicator_percentage", &r.IndicatorPercentage, percentage)
	v.icon("icon_name", &r.IconName)
	return r
}

func (s *EvaluationSection) fields(v visitor) {
	v.text("text", &s.Text, atMost(18))
	v.enum("section_color", (*string)(&s.SectionColor), color(true))
}
