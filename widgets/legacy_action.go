package widgets

// A LegacyAction is what a click on a v1 widget does: it opens a page. Both
// links are required, absolute http or https URLs.
type LegacyAction struct {
	Type         LegacyActionType
	Link         string // where to go
	FallbackLink string // where to go when an app is too old for the action
}

// A LegacyActionType is the way in which a LegacyAction opens its page.
type LegacyActionType string

// The two types of v1 actions.
const (
	LoadWebViewPage LegacyActionType = "LOAD_WEB_VIEW_PAGE" // inside Divar's app
	OpenWebPage     LegacyActionType = "OPEN_WEB_PAGE"      // in the browser
)

var legacyActionTypes = [...]string{string(LoadWebViewPage), string(OpenWebPage)}

func (a *LegacyAction) fields(v visitor) {
	v.enum("type", (*string)(&a.Type), enum{what: "a v1 action type", names: legacyActionTypes[:], required: true})
	v.link("fallback_link", "", &a.FallbackLink)
	switch a.Type {
	case LoadWebViewPage:
		v.message("payload", true, func(v visitor) {
			v.constant("@type", typePrefix+"LoadWebViewPagePayload", false)
			v.link("url", "", &a.Link)
		})
	case OpenWebPage:
		v.message("payload", true, func(v visitor) {
			v.constant("@type", typePrefix+"OpenWebPagePayload", false)
			// Kenar's page of this action printed url until April 2024.
			v.link("link", "url", &a.Link)
		})
	default:
		v.ignored("payload")
	}
}

// optionalLegacyAction shows a visitor an action that may be nil.
func optionalLegacyAction(v visitor, p **LegacyAction) {
	v.message("action", *p != nil, func(v visitor) {
		if *p == nil {
			*p = new(LegacyAction)
		}
		(*p).fields(v)
	})
}

// A LegacyIcon is the icon of a v1 widget.
type LegacyIcon struct {
	Name  string
	Color Color // one of v1's
}

func (i *LegacyIcon) fields(v visitor) {
	v.icon("icon_name", &i.Name)
	v.enum("icon_color", (*string)(&i.Color), legacyColor(false))
}
