package kenartest

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// Colours of v2 widgets (Kenar OpenAPI, addonsWidgetColor).
var color = &enum{"v2 colour", set(
	"SUCCESS_PRIMARY", "SUCCESS_SECONDARY", "WARNING_PRIMARY", "WARNING_SECONDARY", "ERROR_PRIMARY")}

// actionKinds are the fields of an action. The schema does not call them a
// oneof, yet every sample sets exactly one (Kenar docs, widgets/actions).
var actionKinds = []string{
	"open_direct_link", "open_server_link", "get_dynamic_action", "open_post_page", "open_post_manage_page"}

var action = object(
	optional("open_direct_link", link()),
	optional("open_server_link", object(optional("data", anyObject()))),
	optional("get_dynamic_action", object(optional("data", anyObject()))),
	optional("open_post_page", postPage()),
	optional("open_post_manage_page", postPage()),
).with(exactlyOne(actionKinds...))

// widgetsV2 are the ten widgets with their documented limits (Kenar docs,
// widgets/*, unchanged since 2023-08-25; OpenAPI addonsWidget). Fields that
// only some sources have, such as event_row's action and selector_row's
// label, are not here and thus ignored.
var widgetsV2 = []property{
	optional("title_row", object(
		optional("text", text(49)), optional("has_divider", truth()))),
	optional("subtitle_row", object(
		optional("text", text(200)), optional("has_divider", truth()))),
	optional("description_row", object(
		optional("text", text(0)), optional("has_divider", truth()), optional("expandable", truth()),
	).with(shortUnlessExpandable)),
	optional("evaluation_row", object(
		optional("left", section(color)), optional("middle", section(color)), optional("right", section(color)),
		optional("indicator_text", text(0)), optional("indicator_percentage", integer(0, 100)),
		optional("icon_name", oneOf(icon)))),
	optional("button_bar", object(
		optional("title", text(49)), required("action", action))),
	optional("selector_row", object(
		optional("title", text(200)), optional("has_divider", truth()), optional("icon_name", oneOf(icon)),
		optional("image_id", text(0)), optional("action", action))),
	optional("event_row", object(
		optional("title", text(24)), optional("subtitle", text(59)), optional("label", text(15)),
		optional("image_id", text(0)), optional("has_divider", truth()), optional("icon_name", oneOf(icon)))),
	optional("group_info_row", object(
		required("items", groupItems()), optional("has_divider", truth()))),
	optional("score_row", object(
		optional("title", text(25)), optional("percentage_score", integer(0, 100)),
		optional("descriptive_score", text(17)), optional("score_color", oneOf(color)),
		optional("has_divider", truth()), optional("icon_name", oneOf(icon)), optional("action", action),
	).with(exactlyOne("percentage_score", "descriptive_score"))),
	optional("image_carousel_row", object(
		optional("items", list(object(
			optional("image_id", text(0)), optional("description", text(0))), 0, 0)),
		optional("has_divider", truth()))),
}

// widgetV2 is one element of a widget list: one widget, and beside it what of
// it is semantic data.
var widgetV2 = object(append(widgetsV2[:len(widgetsV2):len(widgetsV2)],
	optional("semantic_paths", mapOf(text(0))))...).with(func(_ checker, n *node) *violation {
	if v := oneWidget(n); v != nil {
		return v
	}
	return checkPaths(n)
})

// oneWidget is the rule that an element holds exactly one known widget.
func oneWidget(n *node) *violation {
	var known, unknown []string
	for _, p := range widgetsV2 {
		if found, _ := n.field(p.name); found != nil {
			known = append(known, p.name)
		}
	}
	for i := range n.members {
		if name := n.members[i].name; widgetV2Property(name) == nil {
			unknown = append(unknown, name)
		}
	}
	switch {
	case len(known) == 1:
		return nil
	case len(known) > 1:
		return violate("has %d widgets (%s), want exactly one", len(known), strings.Join(known, ", "))
	case len(unknown) > 0:
		return violate("is not a known v2 widget").in(unknown[0])
	default:
		return violate("has no widget, want exactly one")
	}
}

// widgetV2Property exists because oneWidget, being a rule of widgetV2, cannot
// refer to it.
func widgetV2Property(name string) *property {
	if names(name, "semantic_paths") {
		return &property{name: "semantic_paths"}
	}
	return (&schema{fields: widgetsV2}).property(name)
}

// fieldPath is the syntax of a protobuf field mask's path: names and dots, no
// array index (Kenar docs, semantic/semantic_data).
var fieldPath = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*$`)

// checkPaths is the rule that every semantic path names something inside the
// widget: a field that the widget can have, or one that it was sent with.
func checkPaths(n *node) *violation {
	paths, _ := n.field("semantic_paths")
	if paths == nil {
		return nil
	}
	for i := range widgetsV2 {
		widget, _ := n.field(widgetsV2[i].name)
		if widget == nil {
			continue
		}
		for j := range paths.members {
			key, path := paths.members[j].name, paths.members[j].value.text
			var v *violation
			if !fieldPath.MatchString(path) {
				v = violate("%s is not a path: want field names joined by dots, without an array index", quote(path))
			} else if !resolves(widgetsV2[i].schema, widget, strings.Split(path, ".")) {
				v = violate("%s names nothing in %s", quote(path), widgetsV2[i].name)
			}
			if v != nil {
				return v.in(key).in("semantic_paths")
			}
		}
	}
	return nil
}

// resolves walks a path through the schema and the data at once; it is enough
// that one of them goes all the way.
func resolves(s *schema, n *node, path []string) bool {
	for _, name := range path {
		if s != nil && s.free {
			return true
		}
		if s != nil {
			if p := s.property(name); p != nil {
				s = p.schema
			} else {
				s = nil
			}
		}
		n, _ = n.field(name)
		if s == nil && n == nil {
			return false
		}
	}
	return true
}

// Bodies of the v2 calls. An empty widget list is refused although no source
// says so: it shows nothing, and would cost a call.
var (
	postBodyV2 = object(
		required("widgets", list(widgetV2, 1, 0)),
		optional("semantic", mapOf(text(0))),
		optional("notes", text(0)))
	businessBody = object(
		required("widgets", list(widgetV2, 1, 0)),
		optional("notes", text(0)))
	userBodyV2 = object(
		required("widgets", list(widgetV2, 1, 0)),
		optional("semantic", mapOf(text(0))),
		optional("categories", list(text(0), 0, 0)),
		optional("ticket_uuid", text(0)),
		optional("cost", integer(-1<<31, 1<<31-1)),
		optional("divar_user_id", text(0)))
)

// section is a third of an evaluation_row.
func section(colors *enum) *schema {
	return object(optional("text", text(18)), optional("section_color", oneOf(colors)))
}

func groupItems() *schema {
	return list(object(optional("title", text(50)), optional("value", text(100))), 2, 3)
}

// shortUnlessExpandable is description_row's limit: 200 characters when it is
// not expandable, none stated when it is.
func shortUnlessExpandable(c checker, n *node) *violation {
	value, _ := n.field("text")
	expandable, _ := n.field("expandable")
	if value == nil || expandable != nil && expandable.truth {
		return nil
	}
	if v := c.checkText(text(200), value); v != nil {
		v.message += " unless expandable"
		return v.in("text")
	}
	return nil
}

// link is an address that an app opens: absolute, http or https, no white
// space (Kenar docs, widgets/actions/*).
func link() *schema {
	return text(0).with(func(_ checker, n *node) *violation {
		u, err := url.Parse(n.text)
		switch {
		case strings.ContainsFunc(n.text, unicode.IsSpace):
			return violate("%s is not a link: it contains white space", quote(n.text))
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			return violate("%s is not a link: want an absolute http or https URL", quote(n.text))
		}
		return nil
	})
}

// postToken is at most what Kenar may make a post token of (Kenar docs,
// finder/get_post; samples have a hyphen).
var postToken = regexp.MustCompile(`^[A-Za-z0-9_-]{1,20}$`)

func postPage() *schema {
	return object(required("post_token", text(0).with(func(_ checker, n *node) *violation {
		if !postToken.MatchString(n.text) {
			return violate("%s is not a post token: want 1 to 20 of A-Z a-z 0-9 _ -", quote(n.text))
		}
		return nil
	})))
}
