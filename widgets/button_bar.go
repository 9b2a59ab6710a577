package widgets

// A ButtonBar is a button over the whole width (Kenar docs, widgets/button_bar).
type ButtonBar struct {
	Title  string // required, at most 49 characters
	Action Action // required
}

func (r ButtonBar) fields(v visitor) Row {
	v.text("title", &r.Title, required(49))
	v.action("action", &r.Action, true)
	return r
}
