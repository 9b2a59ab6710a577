package widgets_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/kenar-addons/kenar-addons/widgets"
)

func TestSemanticPaths(t *testing.T) {
	score := widgets.ScoreRow{
		Title:           "موتور",
		PercentageScore: new(0),
		Action:          widgets.OpenServerLink{Data: json.RawMessage(`{"order":"17","car":{"colour":"white","none":null},"pages":[1]}`)},
	}
	secret := widgets.ScoreRow{
		Title:           "موتور",
		PercentageScore: new(0),
		Action:          widgets.OpenServerLink{Data: json.RawMessage(`{"order":"17","car":[{"Chassis-Number":"NAAM01CA"}]}`)},
	}
	evaluation := widgets.EvaluationRow{Left: green, Middle: green, Right: green}
	group := widgets.GroupInfoRow{Items: []widgets.GroupInfoItem{{Title: "a", Value: "b"}, {Title: "c", Value: "d"}}}
	const (
		sensitive = "would publish a sensitive identifier in plain text; send its hash in the semantic data of the request instead"
		missing   = "which this widget does not have, so nothing would be published"
		index     = "must not have an array index in it; a path can name a whole list only"
		syntax    = "must be names of fields with a dot between them"
	)
	for _, tt := range []struct {
		row       widgets.Row
		key, path string
		want      string // the fault, "" for none
	}{
		{score, "k", "title", ""},
		{score, "a key with spaces", "title", ""},
		{score, "صفر", "percentage_score", ""}, // a score of zero is a value
		{score, "k", "has_divider", ""},        // and so is false
		{score, "k", "action", ""},
		{score, "k", "action.open_server_link", ""},
		{score, "k", "action.open_server_link.data", ""},
		{score, "k", "action.open_server_link.data.order", ""},
		{score, "k", "action.open_server_link.data.car.colour", ""},
		{score, "k", "action.open_server_link.data.pages", ""},
		{evaluation, "k", "indicator_percentage", ""},
		{evaluation, "k", "left", ""},
		{evaluation, "k", "left.section_color", ""},
		{group, "k", "items", ""},

		{score, "k", "descriptive_score", `is "descriptive_score", ` + missing},
		{score, "k", "icon_name", `is "icon_name", ` + missing},
		{score, "k", "action.open_server_link.data.price", `is "action.open_server_link.data.price", ` + missing},
		{score, "k", "action.open_server_link.data.car.none", `is "action.open_server_link.data.car.none", ` + missing},
		{evaluation, "k", "left.text", `is "left.text", ` + missing},
		{widgets.SelectorRow{Title: "t"}, "k", "action.open_direct_link", `is "action.open_direct_link", ` + missing},

		{score, "k", "titel", `is "titel", which names no field; did you mean "title"?`},
		{score, "k", "action.open_direct_link", `is "action.open_direct_link", which names no field; known are open_server_link`},
		{evaluation, "k", "left.colour", `is "left.colour", which names no field; known are text, section_color`},
		{widgets.EventRow{Title: "t"}, "k", "action", `is "action", but an event_row has no action in Kenar's schema; a selector_row has`},
		{score, "k", "title.length", `is "title.length", but title has no fields inside`},
		{group, "k", "items.title", `is "items.title", but a path cannot go into the items of a list; it can name the whole list, "items"`},

		{score, "k", "score_row.title", `is "score_row.title", must start inside the widget: leave "score_row." out`},
		{score, "k", "scoreRow.title", `is "scoreRow.title", must start inside the widget: leave "score_row." out`},
		{group, "k", "items[0].title", `is "items[0].title", ` + index},
		{group, "k", "items.0.title", `is "items.0.title", ` + index},
		{group, "k", "items.*.title", `is "items.*.title", ` + index},
		{score, "k", "", `is "", ` + syntax},
		{score, "k", "action.", `is "action.", ` + syntax},
		{score, "k", " title", `is " title", ` + syntax},

		// The decoder corrects the spelling; one built in Go must have it right.
		{score, "k", "percentageScore", `is "percentageScore", must be spelled "percentage_score"`},
		{widgets.EventRow{Title: "t", ImageID: "a.jpg"}, "k", "image_url", `is "image_url", must be spelled "image_id"`},

		{score, "VIN", "title", sensitive},
		{score, "vin", "title", sensitive},
		{score, "chassis_number", "title", sensitive},
		{score, "chassisNumber", "title", sensitive},
		{score, "engine_number", "title", sensitive},
		{score, "real_estate_id", "title", sensitive},
		{score, "old_real_estate_id", "title", sensitive},
		{score, "vin_verified", "title", ""}, // says something about one, is none
		{secret, "k", "action.open_server_link.data.order", ""},
		{secret, "k", "action.open_server_link.data.car", `is "action.open_server_link.data.car", which ` + sensitive},
		{secret, "k", "action.open_server_link.data", `is "action.open_server_link.data", which ` + sensitive},
		{secret, "k", "action.open_server_link", `is "action.open_server_link", which ` + sensitive},
		{secret, "k", "action", `is "action", which ` + sensitive},
		{secret, "k", "action.open_server_link.data.engine_number", `is "action.open_server_link.data.engine_number", which ` + sensitive},
	} {
		w := widgets.Widget{Row: tt.row, SemanticPaths: map[string]string{tt.key: tt.path}}
		key := "." + tt.key
		if tt.key == "a key with spaces" || tt.key == "صفر" {
			key = `["` + tt.key + `"]`
		}
		want := tt.want
		if want != "" {
			want = "widgets[0].semantic_paths" + key + ": " + want
		}
		t.Run(w.Name()+"/"+tt.key+"="+tt.path, func(t *testing.T) {
			assertError(t, widgets.Decoder{}.Validate(widgets.List{w}), want)
		})
	}
}

func TestSemanticKeys(t *testing.T) {
	list := func(key string) widgets.List {
		return widgets.List{{Row: widgets.TitleRow{Text: "t"}, SemanticPaths: map[string]string{key: "text"}}}
	}
	var d widgets.Decoder
	assertError(t, d.Validate(list("")), "widgets[0].semantic_paths: has an empty key, must name what is published")
	assertError(t, d.Validate(list("\xd8")), `widgets[0].semantic_paths["\xd8"]: has a key that is not valid UTF-8`)
	// In a path, a key that is not a plain name is quoted.
	assertError(t, d.Validate(widgets.List{{
		Row:           widgets.TitleRow{Text: "t"},
		SemanticPaths: map[string]string{`a "b"`: "x"},
	}}), `widgets[0].semantic_paths["a \"b\""]: is "x", which names no field; known are text, has_divider`)
}

func TestMaxSemanticPaths(t *testing.T) {
	list := func(n int) widgets.List {
		paths := map[string]string{}
		for i := range n {
			paths[fmt.Sprint("k", i)] = "text"
		}
		return widgets.List{{Row: widgets.TitleRow{Text: "t"}, SemanticPaths: paths}}
	}
	const want = "widgets[0].semantic_paths: 101 paths, at most 100 allowed"
	assertError(t, widgets.Decoder{}.Validate(list(100)), "")
	assertError(t, decodeEncoded(t, list(100)), "")
	assertError(t, widgets.Decoder{}.Validate(list(101)), want)
	assertError(t, decodeEncoded(t, list(101)), want)
}
