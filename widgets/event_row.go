package widgets

// An EventRow is a picture or icon with a title, a smaller line below it and
// a label on the far side (Kenar docs, widgets/event_row).
type EventRow struct {
	Title      string // required, at most 24 characters
	Subtitle   string // at most 59 characters
	Label      string // at most 15 characters
	ImageID    string // an uploaded image, or Logo
	IconName   string
	HasDivider bool // draw a line below
}

func (r EventRow) fields(v visitor) Row {
	v.text("title", &r.Title, required(24))
	v.text("subtitle", &r.Subtitle, atMost(59))
	v.text("label", &r.Label, atMost(15))
	v.image("image_id", "image_url", &r.ImageID, false)
	v.icon("icon_name", &r.IconName)
	v.flag("has_divider", &r.HasDivider)
	// The overview page shows one; the widget's own page lost it in 2024 and
	// OpenAPI has none.
	v.stripped("action", "an event_row has no action in Kenar's schema; a selector_row has")
	return r
}
