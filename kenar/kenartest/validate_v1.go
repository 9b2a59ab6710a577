package kenartest

import "strings"

// legacyColor has the v1 colours (Kenar docs, widgets/colors, 2023-10-10) and
// BRAND_PRIMARY, which no list has but the documents' own samples use.
var legacyColor = &enum{"v1 colour", set(
	"SUCCESS_PRIMARY", "SUCCESS_SECONDARY", "WARNING_PRIMARY", "WARNING_SECONDARY", "ERROR_PRIMARY",
	"TEXT_PRIMARY", "TEXT_SECONDARY", "TEXT_HINT", "TEXT_DIVIDER",
	"ICON_PRIMARY", "ICON_SECONDARY", "ICON_HINT", "ICON_DIVIDER",
	"WHITE_PRIMARY", "BRAND_PRIMARY")}

var (
	logoOnly    = &enum{`image ("logo" is the only one)`, set("logo")}
	buttonStyle = &enum{"button style", set("PRIMARY", "SECONDARY")}
	legacyKind  = &enum{"v1 action", set("LOAD_WEB_VIEW_PAGE", "OPEN_WEB_PAGE")}
)

const typeURL = "type.googleapis.com/widgets."

// legacyAction is an action of v1: two links, both required (Kenar docs of
// 2023, widgets/actions/*).
var legacyAction = object(
	required("type", oneOf(legacyKind)),
	required("fallback_link", link()),
	required("payload", anyObject()),
).with(func(c checker, n *node) *violation {
	kind, _ := n.field("type")
	payload, _ := n.field("payload")
	want := object(required("@type", message("LoadWebViewPagePayload")), required("url", link()))
	if kind.text == "OPEN_WEB_PAGE" {
		// The address was documented as url until April 2024, as link since.
		key := "link"
		if found, _ := payload.field("link"); found == nil {
			if found, _ := payload.field("url"); found != nil {
				key = "url"
			}
		}
		want = object(required("@type", message("OpenWebPagePayload")), required(key, link()))
	}
	if v := c.check(want, payload); v != nil {
		return v.in("payload")
	}
	return nil
})

// A legacyWidget is a v1 widget: the protobuf message its data claims to be,
// and what the data must look like.
type legacyWidget struct {
	message string
	data    *schema
}

// widgetsV1 are the eleven widgets of v1 by widget_type (Kenar docs of 2023
// and 2024, widgets/*). The names of the messages follow no rule.
var widgetsV1 = map[string]legacyWidget{
	"LEGEND_TITLE_ROW": {"LegendTitleRowData", object(
		optional("title", text(55)), optional("subtitle", text(36)), optional("has_divider", truth()),
		required("image_url", oneOf(logoOnly)))},
	"TITLE_ROW": {"TitleRowData", object(
		optional("text", text(49)), optional("has_divider", truth()), optional("text_color", oneOf(legacyColor)))},
	"SUBTITLE_ROW": {"SubtitleRowData", object(
		optional("text", text(200)), optional("has_divider", truth()))},
	"DESCRIPTION_ROW": {"DescriptionRowData", object(
		optional("text", text(0)), optional("has_divider", truth()), optional("expandable", truth()),
		optional("is_primary", truth()), optional("small", truth()), optional("padded", truth()),
	).with(shortUnlessExpandable)},
	"EVALUATION_ROW": {"EvaluationRowData", object(
		optional("left", legacySection()), optional("middle", legacySection()), optional("right", legacySection()),
		optional("indicator_text", text(0)), optional("indicator_percentage", integer(0, 100)),
		optional("indicator_icon", legacyIconObject()), optional("indicator_color", oneOf(legacyColor)))},
	"WIDE_BUTTON_BAR": {"WideButtonBarWidgetData", object(
		optional("style", oneOf(buttonStyle)),
		required("button", object(optional("title", text(49)), required("action", legacyAction))))},
	"SELECTOR_ROW": {"SelectorRowData", object(
		optional("title", text(200)), optional("image_url", text(0)), optional("has_divider", truth()),
		optional("has_notification", truth()), optional("notification_text", text(0)),
		optional("description", text(0)), optional("icon", legacyIconObject()), optional("has_arrow", truth()),
		optional("small", truth()), optional("action", legacyAction))},
	"EVENT_ROW": {"EventRowData", object(
		optional("title", text(24)), optional("subtitle", text(59)), optional("label", text(15)),
		optional("image_url", text(0)), optional("has_divider", truth()), optional("padded", truth()),
		optional("has_indicator", truth()), optional("icon", legacyIconObject()), optional("action", legacyAction))},
	"GROUP_INFO_ROW": {"GroupInfoRow", object(
		required("items", groupItems()), optional("has_divider", truth()))},
	"SCORE_ROW": {"ScoreRowData", object(
		optional("title", text(25)), optional("percentage_score", integer(0, 100)),
		optional("descriptive_score", text(17)), optional("score_color", oneOf(legacyColor)),
		optional("has_divider", truth()), optional("icon", legacyIconObject()), optional("action", legacyAction),
	).with(exactlyOne("percentage_score", "descriptive_score"))},
	"IMAGE_CAROUSEL_ROW": {"ImageCarouselRowData", object(
		optional("items", list(object(
			optional("image_url", text(0)), optional("description", text(0))), 0, 0)),
		optional("has_divider", truth()))},
}

// widgetV1 is one element of a v1 widget list.
var widgetV1 = object(
	required("widget_type", text(0)),
	required("data", anyObject()),
).with(func(c checker, n *node) *violation {
	name, _ := n.field("widget_type")
	data, _ := n.field("data")
	widget, ok := widgetsV1[name.text]
	if !ok {
		return violate("%s is not a known v1 widget", quote(name.text)).in("widget_type")
	}
	claim := object(required("@type", message(widget.message)))
	v := c.check(claim, data)
	if v == nil {
		v = c.check(widget.data, data)
	}
	if v != nil {
		return v.in("data")
	}
	return nil
})

// Bodies of the v1 calls.
var (
	postBodyV1 = object(
		required("widgets", object(required("widget_list", list(widgetV1, 1, 0)))),
		optional("semantic", mapOf(text(0))),
		optional("semantic_sensitives", list(text(0), 0, 0)),
		optional("notes", text(0)))
	// An empty list meant: attach to no post.
	userBodyV1 = object(
		required("widgets", object(optional("widget_list", list(widgetV1, 0, 0)))),
		optional("semantic", mapOf(text(0))),
		optional("semantic_sensitives", list(text(0), 0, 0)),
		optional("categories", list(text(0), 0, 0)),
		optional("phone", text(0)),
		optional("management_permalink", text(0)),
		optional("ticket_uuid", text(0)),
		optional("verification_cost", integer(-1<<31, 1<<31-1)),
		optional("notes", text(0).with(kibibyte)))
)

// message is the @type of a protobuf Any that holds the named message.
func message(name string) *schema {
	return text(0).with(func(_ checker, n *node) *violation {
		if n.text != typeURL+name {
			return violate("is %s, want %q", quote(n.text), typeURL+name)
		}
		return nil
	})
}

func legacySection() *schema {
	return object(
		optional("text", text(18)),
		optional("text_color", oneOf(legacyColor)),
		optional("section_color", oneOf(legacyColor)))
}

func legacyIconObject() *schema {
	return object(
		optional("icon_name", oneOf(legacyIcon)),
		optional("icon_color", oneOf(legacyColor)),
		optional("image_url_dark", text(0)),
		optional("image_url_light", text(0)))
}

// kibibyte is the limit of a v1 user add-on's notes (Kenar docs of 2024,
// user-addons). It is in bytes, unlike every limit of a widget.
func kibibyte(_ checker, n *node) *violation {
	if len(n.text) > 1024 {
		return violate("%d bytes, at most 1024 allowed", len(n.text))
	}
	return nil
}

// v2Name is the v2 name of a v1 widget type, as widget permissions know it.
func v2Name(widgetType string) string {
	if strings.EqualFold(widgetType, "WIDE_BUTTON_BAR") {
		return "button_bar"
	}
	return strings.ToLower(widgetType)
}
