package widgets

// A GroupInfoRow shows two or three facts side by side (Kenar docs,
// widgets/group_info_row).
type GroupInfoRow struct {
	Items      []GroupInfoItem // 2 or 3
	HasDivider bool            // draw a line below
}

// A GroupInfoItem is one fact of a GroupInfoRow.
type GroupInfoItem struct {
	Title string // required, at most 50 characters
	Value string // required, at most 100 characters
}

func (r GroupInfoRow) fields(v visitor) Row {
	list(v, "items", &r.Items, bounds{2, 3}, (*GroupInfoItem).fields)
	v.flag("has_divider", &r.HasDivider)
	return r
}

func (i *GroupInfoItem) fields(v visitor) {
	v.text("title", &i.Title, required(50))
	v.text("value", &i.Value, required(100))
}
