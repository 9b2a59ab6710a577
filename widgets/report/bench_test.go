package report_test

import (
	"encoding/json"
	"testing"

	"github.com/kenar-addons/kenar-addons/widgets/report"
)

// BenchmarkInspection is the whole way of a report: decoded, checked, built
// and encoded as the "widgets" of a request.
func BenchmarkInspection(b *testing.B) {
	data := reports(b, "inspection")["car-conditional"]
	b.ReportAllocs()
	for b.Loop() {
		in, err := report.DecodeInspection(data)
		if err != nil {
			b.Fatal(err)
		}
		addOn, _, err := in.AddOn()
		if err != nil {
			b.Fatal(err)
		}
		out, err := addOn.Widgets.MarshalJSON()
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(out)))
	}
}

// BenchmarkPlainStructs encodes the same widgets from structs as someone would
// write them who has the values at hand and checks nothing: the floor.
func BenchmarkPlainStructs(b *testing.B) {
	in, err := report.DecodeInspection(reports(b, "inspection")["car-conditional"])
	if err != nil {
		b.Fatal(err)
	}
	addOn, _, err := in.AddOn()
	if err != nil {
		b.Fatal(err)
	}
	encoded, err := addOn.Widgets.MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	var rows []plainWidget
	if err := json.Unmarshal(encoded, &rows); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		out, err := json.Marshal(rows)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(out)))
	}
}

type plainWidget struct {
	Title       *plainText        `json:"title_row,omitempty"`
	Subtitle    *plainText        `json:"subtitle_row,omitempty"`
	Description *plainText        `json:"description_row,omitempty"`
	Score       *plainScore       `json:"score_row,omitempty"`
	Group       *plainGroup       `json:"group_info_row,omitempty"`
	Button      *plainButton      `json:"button_bar,omitempty"`
	Paths       map[string]string `json:"semantic_paths,omitempty"`
}

type plainText struct {
	Text       string `json:"text"`
	HasDivider bool   `json:"has_divider,omitempty"`
	Expandable bool   `json:"expandable,omitempty"`
}

type plainScore struct {
	Title            string `json:"title"`
	PercentageScore  *int   `json:"percentage_score,omitempty"`
	DescriptiveScore string `json:"descriptive_score,omitempty"`
	ScoreColor       string `json:"score_color,omitempty"`
	IconName         string `json:"icon_name,omitempty"`
	HasDivider       bool   `json:"has_divider,omitempty"`
}

type plainGroup struct {
	Items []struct {
		Title string `json:"title"`
		Value string `json:"value"`
	} `json:"items"`
	HasDivider bool `json:"has_divider,omitempty"`
}

type plainButton struct {
	Title  string `json:"title"`
	Action struct {
		OpenDirectLink string `json:"open_direct_link"`
	} `json:"action"`
}
