package widgets

// A SelectorRow is a line that leads somewhere (Kenar docs, widgets/selector_row).
type SelectorRow struct {
	Title      string // required, at most 200 characters
	ImageID    string // an uploaded image, or Logo
	IconName   string
	HasDivider bool   // draw a line below
	Action     Action // optional
}

func (r SelectorRow) fields(v visitor) Row {
	v.text("title", &r.Title, required(200))
	v.image("image_id", "image_url", &r.ImageID, false)
	v.icon("icon_name", &r.IconName)
	v.flag("has_divider", &r.HasDivider)
	v.action("action", &r.Action, false)
	// In the field table of its page only, neither in its sample nor in OpenAPI.
	v.stripped("label", "a selector_row has no label in Kenar's schema")
	return r
}
