package kenartest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

const (
	link   = `{"open_direct_link":"https://example.ir/r/1"}`
	linkV1 = `{"type":"LOAD_WEB_VIEW_PAGE","fallback_link":"https://example.ir","payload":{"@type":"type.googleapis.com/widgets.LoadWebViewPagePayload","url":"https://example.ir"}}`
)

// v2 is a body with one v2 widget.
func v2(name, data string) string { return fmt.Sprintf(`{"widgets":[{%q:%s}]}`, name, data) }

// v1 is a body with one v1 widget; data are its fields beside the @type.
func v1(widgetType, message, data string) string {
	return fmt.Sprintf(`{"widgets":{"widget_list":[{"widget_type":%q,"data":{"@type":"type.googleapis.com/widgets.%s",%s}}]}}`,
		widgetType, message, data)
}

// persian is a text of n code points, in Persian with a ZWNJ and an emoji: in
// bytes and in UTF-16 units it is longer.
func persian(n int) string {
	const start = "می\u200cخواهم🚗"
	runes := []rune(start + strings.Repeat("ک", n))
	return string(runes[:n])
}

// TestTextLimits checks every documented length: exactly so many code points
// are fine, one more is not.
func TestTextLimits(t *testing.T) {
	tests := []struct {
		field string
		limit int
		path  string
		body  string // %s is the text
	}{
		{"widgets[0].title_row.text", 49, postV2, v2("title_row", `{"text":"%s"}`)},
		{"widgets[0].subtitle_row.text", 200, postV2, v2("subtitle_row", `{"text":"%s"}`)},
		{"widgets[0].description_row.text", 200, postV2, v2("description_row", `{"text":"%s"}`)},
		{"widgets[0].evaluation_row.left.text", 18, postV2, v2("evaluation_row", `{"left":{"text":"%s"}}`)},
		{"widgets[0].evaluation_row.middle.text", 18, postV2, v2("evaluation_row", `{"middle":{"text":"%s"}}`)},
		{"widgets[0].evaluation_row.right.text", 18, postV2, v2("evaluation_row", `{"right":{"text":"%s"}}`)},
		{"widgets[0].button_bar.title", 49, postV2, v2("button_bar", `{"title":"%s","action":`+link+`}`)},
		{"widgets[0].selector_row.title", 200, postV2, v2("selector_row", `{"title":"%s"}`)},
		{"widgets[0].event_row.title", 24, postV2, v2("event_row", `{"title":"%s"}`)},
		{"widgets[0].event_row.subtitle", 59, postV2, v2("event_row", `{"subtitle":"%s"}`)},
		{"widgets[0].event_row.label", 15, postV2, v2("event_row", `{"label":"%s"}`)},
		{"widgets[0].group_info_row.items[1].title", 50, postV2, v2("group_info_row", `{"items":[{},{"title":"%s"}]}`)},
		{"widgets[0].group_info_row.items[1].value", 100, postV2, v2("group_info_row", `{"items":[{},{"value":"%s"}]}`)},
		{"widgets[0].score_row.title", 25, postV2, v2("score_row", `{"title":"%s","percentage_score":1}`)},
		{"widgets[0].score_row.descriptive_score", 17, postV2, v2("score_row", `{"descriptive_score":"%s"}`)},

		{"widgets.widget_list[0].data.title", 55, postV1, v1("LEGEND_TITLE_ROW", "LegendTitleRowData", `"title":"%s","image_url":"logo"`)},
		{"widgets.widget_list[0].data.subtitle", 36, postV1, v1("LEGEND_TITLE_ROW", "LegendTitleRowData", `"subtitle":"%s","image_url":"logo"`)},
		{"widgets.widget_list[0].data.text", 49, postV1, v1("TITLE_ROW", "TitleRowData", `"text":"%s"`)},
		{"widgets.widget_list[0].data.text", 200, postV1, v1("SUBTITLE_ROW", "SubtitleRowData", `"text":"%s"`)},
		{"widgets.widget_list[0].data.text", 200, postV1, v1("DESCRIPTION_ROW", "DescriptionRowData", `"text":"%s"`)},
		{"widgets.widget_list[0].data.left.text", 18, postV1, v1("EVALUATION_ROW", "EvaluationRowData", `"left":{"text":"%s"}`)},
		{"widgets.widget_list[0].data.button.title", 49, postV1, v1("WIDE_BUTTON_BAR", "WideButtonBarWidgetData", `"button":{"title":"%s","action":`+linkV1+`}`)},
		{"widgets.widget_list[0].data.title", 200, postV1, v1("SELECTOR_ROW", "SelectorRowData", `"title":"%s"`)},
		{"widgets.widget_list[0].data.title", 24, postV1, v1("EVENT_ROW", "EventRowData", `"title":"%s"`)},
		{"widgets.widget_list[0].data.subtitle", 59, postV1, v1("EVENT_ROW", "EventRowData", `"subtitle":"%s"`)},
		{"widgets.widget_list[0].data.label", 15, postV1, v1("EVENT_ROW", "EventRowData", `"label":"%s"`)},
		{"widgets.widget_list[0].data.items[0].title", 50, postV1, v1("GROUP_INFO_ROW", "GroupInfoRow", `"items":[{"title":"%s"},{}]`)},
		{"widgets.widget_list[0].data.items[0].value", 100, postV1, v1("GROUP_INFO_ROW", "GroupInfoRow", `"items":[{"value":"%s"},{}]`)},
		{"widgets.widget_list[0].data.title", 25, postV1, v1("SCORE_ROW", "ScoreRowData", `"title":"%s","percentage_score":1`)},
		{"widgets.widget_list[0].data.descriptive_score", 17, postV1, v1("SCORE_ROW", "ScoreRowData", `"descriptive_score":"%s"`)},
	}
	s := kenartest.New(kenartest.Config{})
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %d", tt.field, tt.limit), func(t *testing.T) {
			wantOK(t, do(t, s, "POST", tt.path+"p", strings.ReplaceAll(tt.body, "%s", persian(tt.limit))))
			over := do(t, s, "POST", tt.path+"p", strings.ReplaceAll(tt.body, "%s", persian(tt.limit+1)))
			wantError(t, over, http.StatusBadRequest, 3,
				fmt.Sprintf("%s: %d characters, at most %d allowed", tt.field, tt.limit+1, tt.limit))
		})
	}
}

func TestBodies(t *testing.T) {
	long := persian(201)
	tests := []struct {
		name string
		path string
		body string
		want string // part of the error; empty: the body is accepted
	}{
		// The envelope.
		{"empty body", postV2, ``, "the body is empty"},
		{"not JSON", postV2, `{"widgets":[],}`, "the body is not JSON: invalid character '}'"},
		{"cut off", postV2, `{"widgets":[`, "the body is not JSON: unexpected end"},
		{"trailing data", postV2, title + `{}`, "the body is not JSON: invalid character '{' after top-level value"},
		{"not UTF-8", postV2, titled("x")[:30] + "\xff\"}}]}", "not valid UTF-8"},
		{"too deep", postV2, `{"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, "nested deeper than 100 levels"},
		{"not an object", postV2, `[]`, "is an array, want an object"},
		{"duplicate field", postV2, `{"notes":"a","widgets":[{"title_row":{}}],"notes":"b"}`, `the field "notes" is set twice`},
		{"duplicate in another spelling", postV2, v2("title_row", `{"has_divider":true,"hasDivider":true}`), "widgets[0].title_row.has_divider: is set twice"},
		{"no widgets", postV2, `{}`, "widgets: is missing"},
		{"null widgets", postV2, `{"widgets":null}`, "widgets: is missing"},
		{"no widget", postV2, `{"widgets":[]}`, "widgets: length 0, want at least 1"},
		{"widgets of v1", postV2, titleV1, "widgets: is an object, want an array"},
		{"widgets of v2 in v1", postV1, title, "widgets: is an array, want an object"},
		{"no widget in v1", postV1, `{"widgets":{"widget_list":[]}}`, "widgets.widget_list: length 0"},
		{"unknown field", postV2, `{"widgets":[{"title_row":{"text":"x","colour":1}}],"semantic_sensitives":[1]}`, ""},
		{"camelCase", postV2, `{"widgets":[{"titleRow":{"text":"x","hasDivider":true},"semanticPaths":{"a":"text"}}]}`, ""},
		{"camelCase in v1", postV1, strings.ReplaceAll(titleV1, "widget_list", "widgetList"), ""},
		{"other case", postV2, `{"widgets":[{"Title_Row":{"text":"x"}}]}`, "widgets[0].Title_Row: is not a known v2 widget"},
		{"notes", postV2, `{"widgets":[{"title_row":{}}],"notes":1}`, "notes: is a number, want a string"},
		{"semantic", postV2, `{"widgets":[{"title_row":{}}],"semantic":{"inspection_result":"INSPECTION_APPROVED","any":"x"}}`, ""},
		{"semantic number", postV2, `{"widgets":[{"title_row":{}}],"semantic":{"usage":100000}}`, "semantic.usage: is a number, want a string"},
		{"semantic null", postV2, `{"widgets":[{"title_row":{}}],"semantic":{"usage":null}}`, "semantic.usage: is null, want a string"},
		{"semantic list", postV2, `{"widgets":[{"title_row":{}}],"semantic":[]}`, "semantic: is an array, want an object"},
		{"semantic number in v1", postV1, strings.TrimSuffix(titleV1, "}") + `,"semantic":{"year":1398}}`, "semantic.year: is a number"},
		{"sensitives in v1", postV1, strings.TrimSuffix(titleV1, "}") + `,"semantic_sensitives":"vin"}`, "semantic_sensitives: is a string, want an array"},
		{"user add-on", userV2, `{"widgets":[{"title_row":{}}],"categories":["light"],"ticket_uuid":"812d56e6","cost":124000}`, ""},
		{"user category", userV2, `{"widgets":[{"title_row":{}}],"categories":["light",7]}`, "categories[1]: is a number, want a string"},
		{"user cost", userV2, `{"widgets":[{"title_row":{}}],"cost":2147483648}`, "cost: 2147483648 is outside -2147483648..2147483647"},
		{"user notes of v1", userV1, strings.TrimSuffix(titleV1, "}") + `,"notes":"` + strings.Repeat("n", 1025) + `"}`, "notes: 1025 bytes, at most 1024 allowed"},
		{"user without widgets in v1", userV1, `{"widgets":{"widget_list":[]}}`, ""},
		{"business", businessV1, title, ""},
		{"business without widgets", businessV1, `{"widgets":[]}`, "widgets: length 0"},

		// The element.
		{"two widgets", postV2, `{"widgets":[{"title_row":{},"subtitle_row":{}}]}`, "widgets[0]: has 2 widgets (title_row, subtitle_row), want exactly one"},
		{"unknown widget", postV2, v2("legend_title_row", `{}`), "widgets[0].legend_title_row: is not a known v2 widget"},
		{"nothing", postV2, `{"widgets":[{}]}`, "widgets[0]: has no widget"},
		{"null element", postV2, `{"widgets":[null]}`, "widgets[0]: is null, want an object"},
		{"widget of another type", postV2, v2("title_row", `"x"`), "widgets[0].title_row: is a string, want an object"},
		{"the second is wrong", postV2, `{"widgets":[{"title_row":{}},{"title_row":{"text":7}}]}`, "widgets[1].title_row.text: is a number, want a string"},

		// Widgets of v2.
		{"title_row", postV2, v2("title_row", `{"has_divider":"yes"}`), "title_row.has_divider: is a string, want a boolean"},
		{"subtitle_row", postV2, v2("subtitle_row", `{"text":["x"]}`), "subtitle_row.text: is an array, want a string"},
		{"description_row, long and expandable", postV2, v2("description_row", `{"expandable":true,"text":"`+long+`"}`), ""},
		{"description_row, long", postV2, v2("description_row", `{"expandable":false,"text":"`+long+`"}`), "description_row.text: 201 characters, at most 200 allowed unless expandable"},
		{"evaluation_row", postV2, v2("evaluation_row", `{"left":{"text":"a","section_color":"SUCCESS_PRIMARY"},"indicator_text":"b","indicator_percentage":100,"icon_name":"MONEY"}`), ""},
		{"evaluation_row, colour", postV2, v2("evaluation_row", `{"left":{"section_color":"success_primary"}}`), `evaluation_row.left.section_color: "success_primary" is not a known v2 colour`},
		{"evaluation_row, v1 colour", postV2, v2("evaluation_row", `{"right":{"section_color":"ICON_SECONDARY"}}`), `evaluation_row.right.section_color: "ICON_SECONDARY" is not a known v2 colour`},
		{"evaluation_row, below", postV2, v2("evaluation_row", `{"indicator_percentage":-1}`), "evaluation_row.indicator_percentage: -1 is outside 0..100"},
		{"evaluation_row, above", postV2, v2("evaluation_row", `{"indicator_percentage":101}`), "evaluation_row.indicator_percentage: 101 is outside 0..100"},
		{"evaluation_row, fraction", postV2, v2("evaluation_row", `{"indicator_percentage":50.5}`), `evaluation_row.indicator_percentage: "50.5" is not a 32-bit integer`},
		{"evaluation_row, huge", postV2, v2("evaluation_row", `{"indicator_percentage":1e300}`), `evaluation_row.indicator_percentage: "1e300" is not a 32-bit integer`},
		{"evaluation_row, whole float", postV2, v2("evaluation_row", `{"indicator_percentage":5e1}`), ""},
		{"evaluation_row, text", postV2, v2("evaluation_row", `{"indicator_percentage":"50"}`), "evaluation_row.indicator_percentage: is a string, want a number"},
		{"button_bar, no action", postV2, v2("button_bar", `{"title":"x"}`), "button_bar.action: is missing"},
		{"selector_row", postV2, v2("selector_row", `{"title":"x","label":"ignored","image_id":"a.jpg","icon_name":"ADD","action":`+link+`}`), ""},
		{"selector_row, icon", postV2, v2("selector_row", `{"icon_name":"NOT_AN_ICON"}`), `selector_row.icon_name: "NOT_AN_ICON" is not a known icon`},
		{"selector_row, icon of v1", postV2, v2("selector_row", `{"icon_name":"INDICATOR"}`), `"INDICATOR" is not a known icon`},
		{"event_row, action is ignored", postV2, `{"widgets":[{"event_row":{"title":"x","action":{"open_direct_link":"https://a.ir"}},"semantic_paths":{"a":"action.open_direct_link"}}]}`, ""},
		{"event_row, image", postV2, v2("event_row", `{"image_id":{}}`), "event_row.image_id: is an object, want a string"},
		{"group_info_row, none", postV2, v2("group_info_row", `{}`), "group_info_row.items: is missing"},
		{"group_info_row, one", postV2, v2("group_info_row", `{"items":[{}]}`), "group_info_row.items: length 1, want 2 to 3"},
		{"group_info_row, two", postV2, v2("group_info_row", `{"items":[{},{}]}`), ""},
		{"group_info_row, three", postV2, v2("group_info_row", `{"items":[{},{},{}]}`), ""},
		{"group_info_row, four", postV2, v2("group_info_row", `{"items":[{},{},{},{}]}`), "group_info_row.items: length 4, want 2 to 3"},
		{"score_row, zero", postV2, v2("score_row", `{"percentage_score":0}`), ""},
		{"score_row, below", postV2, v2("score_row", `{"percentage_score":-1}`), "score_row.percentage_score: -1 is outside 0..100"},
		{"score_row, above", postV2, v2("score_row", `{"percentage_score":101}`), "score_row.percentage_score: 101 is outside 0..100"},
		{"score_row, both", postV2, v2("score_row", `{"percentage_score":1,"descriptive_score":"a"}`), "score_row: has 2 of percentage_score, descriptive_score, want exactly one"},
		{"score_row, neither", postV2, v2("score_row", `{"title":"a"}`), "score_row: has 0 of percentage_score, descriptive_score"},
		{"score_row, one is null", postV2, v2("score_row", `{"percentage_score":1,"descriptive_score":null}`), ""},
		{"score_row, colour", postV2, v2("score_row", `{"percentage_score":1,"score_color":"BRAND_PRIMARY"}`), `score_row.score_color: "BRAND_PRIMARY" is not a known v2 colour`},
		{"image_carousel_row", postV2, v2("image_carousel_row", `{"items":[{"image_id":"a.jpg","description":"1"}],"has_divider":true}`), ""},
		{"image_carousel_row, description", postV2, v2("image_carousel_row", `{"items":[{"description":1}]}`), "image_carousel_row.items[0].description: is a number, want a string"},

		// Actions of v2.
		{"action, none", postV2, v2("button_bar", `{"action":{}}`), "button_bar.action: has 0 of open_direct_link"},
		{"action, two", postV2, v2("button_bar", `{"action":{"open_direct_link":"https://a.ir","open_server_link":{}}}`), "button_bar.action: has 2 of open_direct_link"},
		{"open_direct_link, relative", postV2, v2("button_bar", `{"action":{"open_direct_link":"/r/1"}}`), `open_direct_link: "/r/1" is not a link`},
		{"open_direct_link, scheme", postV2, v2("button_bar", `{"action":{"open_direct_link":"javascript:alert(1)"}}`), "want an absolute http or https URL"},
		{"open_direct_link, white space", postV2, v2("button_bar", `{"action":{"open_direct_link":"https://a.ir/a b"}}`), "contains white space"},
		{"open_server_link", postV2, v2("button_bar", `{"action":{"open_server_link":{"data":{"k":["anything",{"at":"all"}]}}}}`), ""},
		{"open_server_link, data", postV2, v2("button_bar", `{"action":{"open_server_link":{"data":"x"}}}`), "open_server_link.data: is a string, want an object"},
		{"get_dynamic_action", postV2, v2("score_row", `{"percentage_score":1,"action":{"get_dynamic_action":{"data":{"k":"v"}}}}`), ""},
		{"open_post_page", postV2, v2("button_bar", `{"action":{"open_post_page":{"post_token":"gap5-Twe"}}}`), ""},
		{"open_post_page, no token", postV2, v2("button_bar", `{"action":{"open_post_page":{}}}`), "open_post_page.post_token: is missing"},
		{"open_post_manage_page, token", postV2, v2("button_bar", `{"action":{"open_post_manage_page":{"post_token":"a/b"}}}`), `post_token: "a/b" is not a post token`},

		// Semantic paths.
		{"path", postV2, `{"widgets":[{"title_row":{"text":"x"},"semantic_paths":{"a key with spaces":"text"}}]}`, ""},
		{"path to a list", postV2, `{"widgets":[{"image_carousel_row":{"items":[{}]},"semantic_paths":{"a":"items"}}]}`, ""},
		{"path into an action", postV2, `{"widgets":[{"button_bar":{"action":` + link + `},"semantic_paths":{"a":"action.open_direct_link"}}]}`, ""},
		{"path into free data", postV2, `{"widgets":[{"button_bar":{"action":{"open_server_link":{"data":{"vin":"1"}}}},"semantic_paths":{"a":"action.open_server_link.data.vin"}}]}`, ""},
		{"path to a field that is not set", postV2, `{"widgets":[{"title_row":{"text":"x"},"semantic_paths":{"a":"has_divider"}}]}`, ""},
		{"path to nothing", postV2, `{"widgets":[{"title_row":{"text":"x"},"semantic_paths":{"a":"title"}}]}`, `widgets[0].semantic_paths.a: "title" names nothing in title_row`},
		{"path with the widget's name", postV2, `{"widgets":[{"title_row":{"text":"x"},"semantic_paths":{"a":"title_row.text"}}]}`, `"title_row.text" names nothing in title_row`},
		{"path below a text", postV2, `{"widgets":[{"title_row":{"text":"x"},"semantic_paths":{"a":"text.more"}}]}`, `"text.more" names nothing`},
		{"path through a list", postV2, `{"widgets":[{"image_carousel_row":{"items":[{}]},"semantic_paths":{"a":"items.image_id"}}]}`, `"items.image_id" names nothing`},
		{"path with an index", postV2, `{"widgets":[{"image_carousel_row":{"items":[{}]},"semantic_paths":{"a":"items[0].image_id"}}]}`, `"items[0].image_id" is not a path`},
		{"empty path", postV2, `{"widgets":[{"title_row":{"text":"x"},"semantic_paths":{"a":""}}]}`, `semantic_paths.a: "" is not a path`},
		{"path that is no text", postV2, `{"widgets":[{"title_row":{"text":"x"},"semantic_paths":{"a":["text"]}}]}`, "widgets[0].semantic_paths.a: is an array, want a string"},

		// Widgets of v1.
		{"no type", postV1, `{"widgets":{"widget_list":[{"data":{}}]}}`, "widget_list[0].widget_type: is missing"},
		{"no data", postV1, `{"widgets":{"widget_list":[{"widget_type":"TITLE_ROW"}]}}`, "widget_list[0].data: is missing"},
		{"unknown type", postV1, v1("MAGIC_ROW", "MagicRowData", `"text":"x"`), `widget_list[0].widget_type: "MAGIC_ROW" is not a known v1 widget`},
		{"no @type", postV1, `{"widgets":{"widget_list":[{"widget_type":"TITLE_ROW","data":{"text":"x"}}]}}`, "data.@type: is missing"},
		{"@type of another", postV1, v1("GROUP_INFO_ROW", "GroupInfoRowData", `"items":[{},{}]`), `data.@type: is "type.googleapis.com/widgets.GroupInfoRowData", want "type.googleapis.com/widgets.GroupInfoRow"`},
		{"LEGEND_TITLE_ROW, no image", postV1, v1("LEGEND_TITLE_ROW", "LegendTitleRowData", `"title":"x"`), "data.image_url: is missing"},
		{"LEGEND_TITLE_ROW, other image", postV1, v1("LEGEND_TITLE_ROW", "LegendTitleRowData", `"image_url":"a.jpg"`), `data.image_url: "a.jpg" is not a known image ("logo" is the only one)`},
		{"TITLE_ROW, v1 colour", postV1, v1("TITLE_ROW", "TitleRowData", `"text_color":"TEXT_HINT"`), ""},
		{"DESCRIPTION_ROW, expandable", postV1, v1("DESCRIPTION_ROW", "DescriptionRowData", `"expandable":true,"text":"`+long+`"`), ""},
		{"EVALUATION_ROW, brand colour", postV1, v1("EVALUATION_ROW", "EvaluationRowData", `"indicator_color":"BRAND_PRIMARY","indicator_icon":{"icon_name":"ADD"}`), ""},
		{"EVALUATION_ROW, percentage", postV1, v1("EVALUATION_ROW", "EvaluationRowData", `"indicator_percentage":101`), "data.indicator_percentage: 101 is outside 0..100"},
		{"EVALUATION_ROW, colour", postV1, v1("EVALUATION_ROW", "EvaluationRowData", `"left":{"text_color":"PINK"}`), `data.left.text_color: "PINK" is not a known v1 colour`},
		{"WIDE_BUTTON_BAR, style", postV1, v1("WIDE_BUTTON_BAR", "WideButtonBarWidgetData", `"style":"TERTIARY","button":{"action":`+linkV1+`}`), `data.style: "TERTIARY" is not a known button style`},
		{"WIDE_BUTTON_BAR, no button", postV1, v1("WIDE_BUTTON_BAR", "WideButtonBarWidgetData", `"style":"PRIMARY"`), "data.button: is missing"},
		{"SELECTOR_ROW, icon", postV1, v1("SELECTOR_ROW", "SelectorRowData", `"icon":{"icon_name":"NOPE"}`), `data.icon.icon_name: "NOPE" is not a known icon`},
		{"SELECTOR_ROW, icon of v1", postV1, v1("SELECTOR_ROW", "SelectorRowData", `"icon":{"icon_name":"INDICATOR"}`), ""},
		{"EVENT_ROW, action", postV1, v1("EVENT_ROW", "EventRowData", `"action":{"type":"OPEN_WEB_PAGE"}`), "data.action.fallback_link: is missing"},
		{"GROUP_INFO_ROW, one", postV1, v1("GROUP_INFO_ROW", "GroupInfoRow", `"items":[{}]`), "data.items: length 1, want 2 to 3"},
		{"SCORE_ROW, both", postV1, v1("SCORE_ROW", "ScoreRowData", `"percentage_score":1,"descriptive_score":"x"`), "data: has 2 of percentage_score"},
		{"SCORE_ROW, hasDivider", postV1, v1("SCORE_ROW", "ScoreRowData", `"percentage_score":1,"hasDivider":"x"`), "data.has_divider: is a string, want a boolean"},
		{"IMAGE_CAROUSEL_ROW", postV1, v1("IMAGE_CAROUSEL_ROW", "ImageCarouselRowData", `"items":[{"image_url":"logo"}]`), ""},

		// Actions of v1.
		{"action type", postV1, v1("SCORE_ROW", "ScoreRowData", `"percentage_score":1,"action":`+strings.Replace(linkV1, "LOAD_WEB_VIEW_PAGE", "JUMP", 1)), `action.type: "JUMP" is not a known v1 action`},
		{"payload of another type", postV1, v1("SCORE_ROW", "ScoreRowData", `"percentage_score":1,"action":`+strings.Replace(linkV1, "LOAD_WEB_VIEW_PAGE", "OPEN_WEB_PAGE", 1)), "action.payload.@type: is"},
		{"payload without a link", postV1, v1("SCORE_ROW", "ScoreRowData", `"percentage_score":1,"action":`+strings.Replace(linkV1, `"url"`, `"uri"`, 1)), "action.payload.url: is missing"},
		{"payload with a bad link", postV1, v1("SCORE_ROW", "ScoreRowData", `"percentage_score":1,"action":`+strings.Replace(linkV1, `"url":"https://example.ir"`, `"url":"example"`, 1)), `action.payload.url: "example" is not a link`},
		{"OPEN_WEB_PAGE", postV1, v1("WIDE_BUTTON_BAR", "WideButtonBarWidgetData", `"button":{"action":`+openWebPage("link")+`}`), ""},
		{"OPEN_WEB_PAGE as of 2023", postV1, v1("WIDE_BUTTON_BAR", "WideButtonBarWidgetData", `"button":{"action":`+openWebPage("url")+`}`), ""},
		{"OPEN_WEB_PAGE without a link", postV1, v1("WIDE_BUTTON_BAR", "WideButtonBarWidgetData", `"button":{"action":`+openWebPage("x")+`}`), "payload.link: is missing"},
	}
	s := kenartest.New(kenartest.Config{})
	s.AddBusiness(kenartest.Business{Token: "p"})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := do(t, s, "POST", tt.path+"p", tt.body)
			if tt.want == "" {
				wantOK(t, w)
				return
			}
			wantError(t, w, http.StatusBadRequest, 3, tt.want)
		})
	}
}

func openWebPage(key string) string {
	return `{"type":"OPEN_WEB_PAGE","fallback_link":"https://a.ir","payload":{"@type":"type.googleapis.com/widgets.OpenWebPagePayload","` +
		key + `":"https://a.ir"}}`
}

// The icon list grows; a test need not fail because of that.
func TestUnknownIconsAllowed(t *testing.T) {
	s := kenartest.New(kenartest.Config{AllowUnknownIcons: true})
	wantOK(t, do(t, s, "POST", postV2+"p", v2("event_row", `{"icon_name":"NEW_IN_2027"}`)))
	w := do(t, s, "POST", postV2+"p", v2("evaluation_row", `{"left":{"section_color":"NEW_IN_2027"}}`))
	wantError(t, w, http.StatusBadRequest, 3, "is not a known v2 colour")
}

func TestNoValidation(t *testing.T) {
	s := kenartest.New(kenartest.Config{NoValidation: true})
	s.AddPost(kenartest.Post{Token: "p"})
	wantOK(t, do(t, s, "POST", postV2+"p", `not JSON`))
	if a, ok := s.Attached("post/p"); !ok || string(a.Body) != "not JSON" {
		t.Errorf("attached %+v, %v; want the body as it was sent", a, ok)
	}
}

// What the server echoes of a body is bounded.
func TestMessagesAreShort(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	w := do(t, s, "POST", postV2+"p", v2("event_row", `{"icon_name":"`+strings.Repeat("X", 100_000)+`"}`))
	wantError(t, w, http.StatusBadRequest, 3, "…")
	if w.Body.Len() > 500 {
		t.Errorf("answer of %d bytes", w.Body.Len())
	}
}

func FuzzBodies(f *testing.F) {
	for _, body := range []string{
		title, titleV1, `{"widgets":[]}`, `{"widgets":[{"title_row":{"text":"x"},"subtitle_row":{}}]}`,
		v2("score_row", `{"percentage_score":5e1,"action":`+link+`}`),
		v2("group_info_row", `{"items":[{"title":"ک","value":"۲"},{}],"hasDivider":true}`),
		`{"widgets":[{"button_bar":{"action":` + link + `},"semantic_paths":{"a":"action.open_direct_link"}}],"semantic":{"a":"b"}}`,
		v1("SCORE_ROW", "ScoreRowData", `"percentage_score":80,"action":`+linkV1),
	} {
		f.Add(body, strings.Contains(body, "widget_list"))
	}
	s := kenartest.New(kenartest.Config{NoRecord: true})
	f.Fuzz(func(t *testing.T, body string, legacy bool) {
		path := postV2 + "p"
		if legacy {
			path = postV1 + "p"
		}
		w := do(t, s, "POST", path, body)
		if w.Code != http.StatusOK {
			// Every refusal is well-formed and says something.
			wantError(t, w, http.StatusBadRequest, 3, " ")
			return
		}
		// What is accepted is JSON, and stays accepted however it is encoded;
		// half of it is not accepted.
		var doc map[string]any
		dec := json.NewDecoder(strings.NewReader(body))
		dec.UseNumber() // free data may hold numbers that no Go type does
		if err := dec.Decode(&doc); err != nil {
			t.Fatalf("accepted %q, which is not JSON: %v", body, err)
		}
		again, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		wantOK(t, do(t, s, "POST", path, string(again)))
		half := do(t, s, "POST", path, string(again[:len(again)/2]))
		wantError(t, half, http.StatusBadRequest, 3, "")
	})
}
