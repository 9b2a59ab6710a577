package widgets

// A TitleRow is a heading (Kenar docs, widgets/title_row).
type TitleRow struct {
	Text       string // required, at most 49 characters
	HasDivider bool   // draw a line below
}

func (r TitleRow) fields(v visitor) Row {
	v.text("text", &r.Text, required(49))
	v.flag("has_divider", &r.HasDivider)
	return r
}

// A SubtitleRow is a smaller heading (Kenar docs, widgets/subtitle_row).
type SubtitleRow struct {
	Text       string // required, at most 200 characters
	HasDivider bool   // draw a line below
}

func (r SubtitleRow) fields(v visitor) Row {
	v.text("text", &r.Text, required(200))
	v.flag("has_divider", &r.HasDivider)
	return r
}

// A DescriptionRow is running text (Kenar docs, widgets/description_row).
type DescriptionRow struct {
	Text       string // required, at most 200 characters unless Expandable
	HasDivider bool   // draw a line below
	Expandable bool   // show the beginning and a way to read on
}

// descriptionText is the rule for the text of a description, in v1 and v2.
func descriptionText(expandable bool) textLimit {
	if expandable {
		return textLimit{required: true}
	}
	return required(200)
}

func (r DescriptionRow) fields(v visitor) Row {
	v.text("text", &r.Text, descriptionText(r.Expandable))
	v.flag("has_divider", &r.HasDivider)
	v.flag("expandable", &r.Expandable)
	return r
}
