package report_test

import (
	"fmt"

	"github.com/kenar-addons/kenar-addons/widgets/report"
)

// From a report to what a request needs.
func Example() {
	in, err := report.DecodeInspection([]byte(`{
		"verdict": "approved",
		"sections": [{"title": "موتور", "score": 92}],
		"vehicle": {"vin": "IRJC95R23KJ039206", "year": 1398}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	addOn, warnings, err := in.AddOn()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range addOn.Widgets {
		encoded, err := w.MarshalJSON()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(string(encoded))
	}
	fmt.Println(addOn.Semantic["inspection_result"], len(warnings))
	// Output:
	// {"title_row":{"text":"گزارش کارشناسی","has_divider":true}}
	// {"score_row":{"title":"نتیجهٔ کارشناسی","descriptive_score":"تأیید شده","score_color":"SUCCESS_PRIMARY","icon_name":"VERIFIED","has_divider":true}}
	// {"score_row":{"title":"سال ساخت","descriptive_score":"۱۳۹۸","has_divider":true},"semantic_paths":{"year":"descriptive_score"}}
	// {"score_row":{"title":"موتور","percentage_score":92,"score_color":"SUCCESS_PRIMARY","has_divider":true}}
	// INSPECTION_APPROVED 0
}

// Everything wrong with a report is said at once, in terms of the report.
func ExampleDecodeValuation() {
	_, err := report.DecodeValuation([]byte(`{"currency": "IRT", "low": 410000000, "fair": 395000000, "hgh": 430000000}`))
	fmt.Println(err)
	// Output:
	// valuation.hgh: is not a known field; did you mean "high"?; valuation.high: is missing; valuation.fair: is 395000000, must not be less than low, which is 410000000
}
