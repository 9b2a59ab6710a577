package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/report"
)

// The indicator stands at 0 for low, 50 for fair, 100 for high, and in
// proportion between them.
func TestIndicator(t *testing.T) {
	for _, tt := range []struct {
		low, fair, high, asking report.Price
		want                    int
	}{
		{400, 500, 700, 0, 50},
		{400, 500, 700, 1, 0},
		{400, 500, 700, 400, 0},
		{400, 500, 700, 401, 1}, // 0.5, rounded up
		{400, 500, 700, 450, 25},
		{400, 500, 700, 500, 50},
		{400, 500, 700, 600, 75},
		{400, 500, 700, 700, 100},
		{400, 500, 700, 999, 100},
		{500, 500, 700, 499, 0},
		{500, 500, 700, 501, 50},
		{400, 500, 500, 501, 100},
		{500, 500, 500, 500, 50},
		{500, 500, 500, 499, 0},
		{500, 500, 500, 501, 100},
		{1, 2, 999_999_999_999_999, 999_999_999_999_998, 100},
		{1, 999_999_999_999_999, 999_999_999_999_999, 500_000_000_000_000, 25},
	} {
		addOn, _, err := report.Valuation{Currency: report.IRT, Low: tt.low, Fair: tt.fair, High: tt.high, Asking: tt.asking}.AddOn()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range addOn.Widgets {
			if row, ok := w.Row.(widgets.EvaluationRow); ok && row.IndicatorPercentage != tt.want {
				t.Errorf("%d of %d, %d, %d stands at %d, want %d", tt.asking, tt.low, tt.fair, tt.high, row.IndicatorPercentage, tt.want)
			}
		}
	}
}

// No fact stands alone, and as few rows as possible are used.
func TestFactRows(t *testing.T) {
	want := []string{"2", "3", "2 2", "3 2", "3 3", "3 2 2", "3 3 2", "3 3 3", "3 3 2 2"}
	for i, want := range want {
		in := report.Inspection{Facts: make([]report.Fact, i+2)}
		for i := range in.Facts {
			in.Facts[i] = report.Fact{Title: "کارکرد", Value: "کم"}
		}
		addOn, _, err := in.AddOn()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range addOn.Widgets[1:] {
			row, ok := w.Row.(widgets.GroupInfoRow)
			if !ok {
				t.Fatalf("%d facts: a %s", i+2, w.Name())
			}
			got = append(got, fmt.Sprint(len(row.Items)))
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%d facts are in rows of %s, want %s", i+2, got, want)
		}
	}
}

// A fact that is the only one is a row that may have one.
func TestSingleFact(t *testing.T) {
	for _, tt := range []struct {
		fact report.Fact
		want widgets.Row
	}{
		{report.Fact{Title: "کارکرد", Value: "92,000 کیلومتر"}, widgets.ScoreRow{Title: "کارکرد", DescriptiveScore: "۹۲٬۰۰۰ کیلومتر", HasDivider: true}},
		{report.Fact{Title: "رنگ\u200cشدگی", Value: "یک لکه روی گلگیر جلو"}, widgets.SubtitleRow{Text: "رنگ\u200cشدگی: یک لکه روی گلگیر جلو", HasDivider: true}},
	} {
		addOn, warnings, err := report.Inspection{Facts: []report.Fact{tt.fact}}.AddOn()
		if err != nil || len(warnings) > 0 {
			t.Fatal(err, warnings)
		}
		if diff := cmp.Diff(tt.want, addOn.Widgets[1].Row); diff != "" {
			t.Errorf("row (-want +got):\n%s", diff)
		}
	}
}

// Scores have the documented colours, and the inspector's own word comes
// before them.
func TestSectionColors(t *testing.T) {
	for _, tt := range []struct {
		section report.Section
		want    widgets.Color
	}{
		{report.Section{Score: new(100)}, widgets.SuccessPrimary},
		{report.Section{Score: new(80)}, widgets.SuccessPrimary},
		{report.Section{Score: new(79)}, widgets.SuccessSecondary},
		{report.Section{Score: new(60)}, widgets.SuccessSecondary},
		{report.Section{Score: new(59)}, widgets.WarningPrimary},
		{report.Section{Score: new(40)}, widgets.WarningPrimary},
		{report.Section{Score: new(39)}, widgets.ErrorPrimary},
		{report.Section{Score: new(0)}, widgets.ErrorPrimary},
		{report.Section{Score: new(95), Status: report.StatusFault}, widgets.ErrorPrimary},
		{report.Section{Grade: "خوب"}, ""},
		{report.Section{Grade: "خوب", Status: report.StatusOK}, widgets.SuccessPrimary},
		{report.Section{Status: report.StatusAttention}, widgets.WarningPrimary},
	} {
		tt.section.Title = "موتور"
		addOn, _, err := report.Inspection{Sections: []report.Section{tt.section}}.AddOn()
		if err != nil {
			t.Fatal(err)
		}
		if row, ok := addOn.Widgets[1].Row.(widgets.ScoreRow); !ok || row.ScoreColor != tt.want {
			t.Errorf("%+v has the colour %q, want %q", tt.section, row.ScoreColor, tt.want)
		}
	}
}

// The badge is for approved inspections only.
func TestInspectionResult(t *testing.T) {
	for verdict, want := range map[report.Verdict]string{
		report.Approved: "INSPECTION_APPROVED", report.Conditional: "", report.Rejected: "", "": "",
	} {
		addOn, _, err := report.Inspection{Verdict: verdict, Summary: "خوب", Vehicle: &report.Vehicle{VIN: "IRJC95R23KJ039206"}}.AddOn()
		if err != nil {
			t.Fatal(err)
		}
		if got := addOn.Semantic["inspection_result"]; got != want {
			t.Errorf("verdict %q: inspection_result is %q, want %q", verdict, got, want)
		}
		if addOn.Semantic["VIN"] == "" {
			t.Errorf("verdict %q: no VIN", verdict)
		}
	}
}

// The fullest report there can be is within the limit of an add-on.
func TestFullest(t *testing.T) {
	in := report.Inspection{
		Title: "الف", Inspector: "ب", Overall: &report.Overall{Score: new(1)}, Verdict: report.Approved, Summary: "پ",
		Sections: make([]report.Section, 30), Facts: make([]report.Fact, 27), Images: make([]report.Image, 20),
		ReportURL: "https://a.example/r", Vehicle: &report.Vehicle{Color: "سفید", Year: 1398, BrandModel: "پژو"},
	}
	for i := range in.Sections {
		in.Sections[i] = report.Section{Title: "موتور", Status: report.StatusOK, Note: "ت"}
	}
	for i := range in.Facts {
		in.Facts[i] = report.Fact{Title: "کارکرد", Value: "کم"}
	}
	for i := range in.Images {
		in.Images[i].URL = "https://a.example/1"
	}
	addOn, _, err := in.AddOn()
	if err != nil {
		t.Fatal(err)
	}
	accept(t, addOn.Widgets)
}

// AddOn changes nothing of the report it is called on.
func TestAddOnLeavesReport(t *testing.T) {
	in := report.Inspection{
		Overall:  &report.Overall{Grade: " عالي "},
		Sections: []report.Section{{Title: " موتور ", Grade: "خوب "}},
		Facts:    []report.Fact{{Title: " a ", Value: " b "}},
		Images:   []report.Image{{URL: "https://a.example/1", Caption: " c "}},
		Vehicle:  &report.Vehicle{Color: " سفيد "},
	}
	if _, _, err := in.AddOn(); err != nil {
		t.Fatal(err)
	}
	if in.Overall.Grade != " عالي " || in.Sections[0].Title != " موتور " || in.Facts[0].Value != " b " ||
		in.Images[0].Caption != " c " || in.Vehicle.Color != " سفيد " {
		t.Errorf("AddOn has changed the report: %+v", in)
	}
}
