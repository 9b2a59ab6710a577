package widgets_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// Build a list in Go, check it, and encode it for a request.
func Example() {
	list := widgets.List{
		{Row: widgets.TitleRow{Text: "گزارش کارشناسی", HasDivider: true}},
		{
			Row:           widgets.ScoreRow{Title: "موتور", PercentageScore: new(92), ScoreColor: widgets.SuccessPrimary},
			SemanticPaths: map[string]string{"engine": "percentage_score"},
		},
		{Row: widgets.ButtonBar{Title: "گزارش کامل", Action: widgets.OpenDirectLink("https://example.com/r/17")}},
	}
	var d widgets.Decoder
	if err := d.Validate(list); err != nil {
		fmt.Println(err)
		return
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(data))
	// Output:
	// [
	//   {
	//     "title_row": {
	//       "text": "گزارش کارشناسی",
	//       "has_divider": true
	//     }
	//   },
	//   {
	//     "score_row": {
	//       "title": "موتور",
	//       "percentage_score": 92,
	//       "score_color": "SUCCESS_PRIMARY"
	//     },
	//     "semantic_paths": {
	//       "engine": "percentage_score"
	//     }
	//   },
	//   {
	//     "button_bar": {
	//       "title": "گزارش کامل",
	//       "action": {
	//         "open_direct_link": "https://example.com/r/17"
	//       }
	//     }
	//   }
	// ]
}

// Every fault of a payload is reported at once, each with its place.
func ExampleDecoder_Decode() {
	var d widgets.Decoder
	_, _, err := d.Decode([]byte(`[
		{"event_row": {"title": "کارشناسی فنی و بدنهٔ خودرو", "icon_name": "CAR_INSPECTD"}},
		{"score_row": {"title": "موتور", "percentage_score": 120, "color": "SUCCESS_PRIMARY"}}
	]`))
	var faults widgets.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			fmt.Println(f)
		}
	}
	// Output:
	// widgets[0].event_row.title: 26 characters, at most 24 allowed
	// widgets[0].event_row.icon_name: "CAR_INSPECTD" is not a known icon name; did you mean "CAR_INSPECTED"?
	// widgets[1].score_row.color: is not a known field; known are title, percentage_score, descriptive_score, score_color, icon_name, has_divider, action
	// widgets[1].score_row.percentage_score: is 120, must be from 0 to 100
}

// A producer of the first generation of the API needs no change of its own.
func ExampleMigrate() {
	data := []byte(`{"widget_list": [{
		"widget_type": "WIDE_BUTTON_BAR",
		"data": {
			"@type": "type.googleapis.com/widgets.WideButtonBarWidgetData",
			"style": "SECONDARY",
			"button": {
				"title": "گزارش کامل",
				"action": {
					"type": "OPEN_WEB_PAGE",
					"fallback_link": "https://example.com/r/17",
					"payload": {"@type": "type.googleapis.com/widgets.OpenWebPagePayload", "link": "https://example.com/r/17"}
				}
			}
		}
	}]}`)
	var d widgets.Decoder
	legacy, _, err := d.DecodeLegacy(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	list, warnings, err := d.Migrate(legacy)
	if err != nil {
		fmt.Println(err)
		return
	}
	encoded, err := json.Marshal(list)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(encoded))
	for _, w := range warnings {
		fmt.Println(w)
	}
	// Output:
	// [{"button_bar":{"title":"گزارش کامل","action":{"open_direct_link":"https://example.com/r/17"}}}]
	// widgets.widget_list[0].data.style: was dropped: the widget has no such field in v2
}
