package report_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/report"
)

// wrong are reports with their faults. Those that a JSON Schema can tell are
// refused by the published ones, too.
var wrong = []struct {
	name, kind, in string
	faults         []string
	schema         bool
}{
	{"empty", "inspection", ``, []string{"inspection: is empty, must be a JSON object"}, false},
	{"no object", "inspection", `[]`, []string{"inspection: is an array, must be an object"}, true},
	{"cut off", "inspection", `{"title":`, []string{"inspection: is not JSON: it ends too early, at byte 9"}, false},
	{"trailing", "inspection", `{"verdict":"approved"} {}`, []string{"inspection: has something after the end of its JSON"}, false},
	{"invalid UTF-8", "inspection", "{\"title\":\"\xff\"}", []string{"inspection: is not valid UTF-8; encode the report as UTF-8"}, false},
	{"deep", "inspection", strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20), []string{"inspection: is nested too deeply, at most 16 levels are allowed"}, true},
	{"nothing to show", "inspection", `{"title":"گزارش","inspector":"آریا","summary":" \u200b ","sections":[],"overall":{"score":null,"grade":""},"vehicle":{"vin":"IRJC95R23KJ039206"}}`,
		[]string{"inspection: has nothing to show; give an overall result, a verdict, sections, facts, a summary, images or a report_url"}, false},
	{"unknown field", "inspection", `{"verdict":"approved","summry":"x"}`, []string{`inspection.summry: is not a known field; did you mean "summary"?`}, true},
	{"unknown field inside", "inspection", `{"sections":[{"title":"موتور","score":1,"scor\"e":2}]}`, []string{`inspection.sections[0]["scor\"e"]: is not a known field; did you mean "score"?`}, true},
	{"twice", "inspection", `{"verdict":"approved","title":"a","title":"b"}`, []string{"inspection.title: is given twice in one object; remove one of the two"}, false},
	{"wrong kinds", "inspection", `{"title":1,"overall":86,"sections":{},"facts":[1],"summary":true,"images":"x","vehicle":[]}`, []string{
		"inspection.title: is a number, must be a string",
		"inspection.overall: is a number, must be an object",
		"inspection.sections: is an object, must be an array",
		"inspection.facts[0]: is a number, must be an object",
		"inspection.summary: is a boolean, must be a string",
		"inspection.images: is a string, must be an array",
		"inspection.vehicle: is an array, must be an object",
	}, true},
	{"scores", "inspection", `{"overall":{"score":101},"sections":[{"title":"a","score":-1},{"title":"b","score":8.5},{"title":"c","score":"80"},{"title":"d","score":1,"grade":"A"}]}`, []string{
		"inspection.sections[1].score: is 8.5, must be a whole number",
		"inspection.sections[2].score: is a string, must be a number",
		"inspection.overall.score: is 101, must be from 0 to 100",
		"inspection.sections[0].score: is -1, must be from 0 to 100",
		"inspection.sections[3].grade: is given beside score; remove one of the two",
	}, true},
	{"names", "inspection", `{"verdict":"aproved","sections":[{"title":"a","status":"broken"},{"title":"b","status":"IRJC95R23KJ039206"}]}`, []string{
		`inspection.verdict: "aproved" is none of approved, conditional, rejected`,
		`inspection.sections[0].status: "broken" is none of ok, attention, fault`,
		"inspection.sections[1].status: is none of ok, attention, fault",
	}, true},
	{"incomplete", "inspection", `{"sections":[{"title":"موتور"},{"score":5}],"facts":[{"title":"کارکرد"},{"value":"۵"}],"images":[{"caption":"x"},{"url":"https://a.example/1","data":"x"}]}`, []string{
		"inspection.sections[0]: has nothing but a title; give a score, a grade, a status or a note",
		"inspection.sections[1].title: is missing",
		"inspection.facts[0].value: is missing",
		"inspection.facts[1].title: is missing",
		"inspection.images[0]: has neither url nor data; give one of the two",
		"inspection.images[1]: has both url and data; remove one of the two",
	}, true},
	{"too many sections", "inspection", `{"sections":[` + strings.Repeat(`{"title":"a","score":1},`, 30) + `{"title":"a","score":1}]}`, []string{"inspection.sections: 31 items, at most 30 allowed"}, true},
	{"too many facts", "inspection", `{"facts":[` + strings.Repeat(`{"title":"a","value":"1"},`, 27) + `{"title":"a","value":"1"}]}`, []string{"inspection.facts: 28 items, at most 27 allowed"}, true},
	{"days", "inspection", `{"verdict":"approved","inspected_at":"18/08/2026"}`, []string{"inspection.inspected_at: is no RFC 3339 time such as 2026-08-18T09:30:00+03:30, and no date such as 2026-08-18"}, true},
	{"a Solar Hijri day", "inspection", `{"verdict":"approved","inspected_at":"1405-05-27"}`, []string{"inspection.inspected_at: is in the year 1405, must be from 2000 to 2100; give the Gregorian date"}, true},
	{"links", "inspection", `{"report_url":"example.com/r/1","images":[{"url":"http://a.example/1.jpg"},{"url":"https://a.example/1 2"}]}`, []string{
		"inspection.images[0].url: is not an https URL; images are fetched by https only",
		"inspection.images[1].url: has white space, a control character or invalid UTF-8 in it; percent-encode what belongs to the URL",
		"inspection.report_url: has no scheme, must start with https:// or http://",
	}, true},
	{"a long link", "inspection", `{"report_url":"https://a.example/` + strings.Repeat("x", 2048) + `"}`, []string{"inspection.report_url: 2066 characters, at most 2048 allowed; a link cannot be shortened"}, true},
	{"image data", "inspection", `{"images":[{"data":"data:image/png;base64,iVBORw0KGgo="},{"data":"***"},{"data":"R0lGODlhAQABAAAAACw="}]}`, []string{
		"inspection.images[0].data: is a data URI; give the base64 alone, which is what follows the comma",
		"inspection.images[1].data: is not base64 in the standard alphabet with padding (RFC 4648, section 4)",
		"inspection.images[2].data: does not begin like a JPEG or a PNG image; convert it to one of the two",
	}, true},
	{"vehicle", "inspection", `{"verdict":"approved","vehicle":{"vin":"IRجC95R23KJ039206","year":98,"color":"` + strings.Repeat("س", 51) + `"}}`, []string{
		"inspection.vehicle.vin: cannot be hashed: character 3 is U+062C: only Latin letters, digits and ASCII punctuation are allowed",
		"inspection.vehicle.year: is 98, must be from 1300 to 1500 (Solar Hijri) or from 1900 to 2100",
		"inspection.vehicle.color: 51 characters, at most 50 allowed; it is published as it is, so it is not shortened",
	}, true},
	{"year in words", "inspection", `{"verdict":"approved","vehicle":{"year":"new"}}`, []string{"inspection.vehicle.year: must be a whole number: a year in digits"}, true},
	{"both subjects", "inspection", `{"verdict":"approved","vehicle":{"year":1398},"property":{"real_estate_id":"140120301012000456"}}`, []string{"inspection.property: is given beside vehicle; a report is about one of the two"}, true},
	{"old deed", "inspection", `{"verdict":"approved","property":{"old_real_estate_id":{"document_number":"12|3"}}}`, []string{
		"inspection.property.old_real_estate_id.document_number: has a | in it, which stands between the two numbers; give each number alone",
		"inspection.property.old_real_estate_id.page_number: is missing",
	}, true},
	{"old deed as a string", "inspection", `{"verdict":"approved","property":{"old_real_estate_id":"123456"}}`, []string{
		"inspection.property.old_real_estate_id: must be the document number and the page number with | between them, or the SHA-256 of that in hexadecimal",
	}, true},

	{"nothing", "valuation", `{}`, []string{
		"valuation.currency: is missing; must be IRR (rials) or IRT (tomans)",
		"valuation.low: is missing", "valuation.fair: is missing", "valuation.high: is missing",
	}, true},
	{"order of prices", "valuation", `{"currency":"IRT","low":300,"fair":200,"high":100}`, []string{
		"valuation.fair: is 200, must not be less than low, which is 300",
		"valuation.high: is 100, must not be less than fair, which is 200",
	}, false},
	{"prices", "valuation", `{"currency":"irr","low":0,"fair":-5,"high":"1e6","asking":1000000000000000}`, []string{
		"valuation.low: is 0, must be from 1 to 999999999999999",
		"valuation.fair: is -5, must be from 1 to 999999999999999",
		"valuation.high: must be a whole number from 1 to 999999999999999, or its ASCII digits as a string",
		"valuation.asking: is 1000000000000000, must be from 1 to 999999999999999",
		`valuation.currency: "irr" is none of IRR, IRT`,
	}, true},
	{"basis", "valuation", `{"currency":"IRR","low":1,"fair":2,"high":3,"comparables":-1,"confidence":"sure"}`, []string{
		"valuation.comparables: is -1, must be from 0 to 1000000",
		`valuation.confidence: "sure" is none of low, medium, high, and no number from 0 to 100`,
	}, true},
	{"confidence", "valuation", `{"currency":"IRR","low":1,"fair":2,"high":3,"confidence":101}`, []string{"valuation.confidence: is 101, must be from 0 to 100"}, true},
}

func TestFaults(t *testing.T) {
	for _, tt := range wrong {
		t.Run(tt.kind+"/"+tt.name, func(t *testing.T) {
			_, _, err := build(tt.kind, []byte(tt.in))
			if diff := cmp.Diff(tt.faults, texts(t, err)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func texts(t *testing.T, err error) []string {
	t.Helper()
	var faults widgets.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error %v is no Faults", err)
	}
	var all []string
	for _, f := range faults {
		all = append(all, f.String())
	}
	return all
}

// However an identifier is spelled in a text or link, it is found; and the
// fault does not repeat it.
func TestIdentifiersDoNotLeak(t *testing.T) {
	const vin = "IRJC95R23KJ039206"
	for _, spelled := range []string{
		vin, "irjc95r23kj039206", "IRJC 95R2 3KJ0 39206", "IRJC-95R2–3KJ0—39206", "IRJC95R۲۳KJ۰۳۹۲۰۶", "IRJC95R٢٣KJ٠٣٩٢٠٦",
		"I\u200bRJ\u200cC95R23KJ039206", "ＩＲＪＣ95R23KJ039206", "IRJCـ95R23KJ039206", "شاسی: " + vin + ".", "I\u0301RJC95R23KJ039206",
	} {
		for field, format := range map[string]string{
			"title":             `"title":%s`,
			"inspector":         `"inspector":%s`,
			"overall.grade":     `"overall":{"grade":%s}`,
			"sections[0].title": `"sections":[{"title":%s,"score":1}]`,
			"sections[0].note":  `"sections":[{"title":"a","note":%s}]`,
			"facts[0].value":    `"facts":[{"title":"a","value":%s}]`,
			"summary":           `"summary":%s`,
			"images[0].caption": `"images":[{"url":"https://a.example/1","caption":%s}]`,
		} {
			text, err := json.Marshal(spelled)
			if err != nil {
				t.Fatal(err)
			}
			in := fmt.Sprintf(`{"verdict":"approved","vehicle":{"vin":%q},`+format+`}`, vin, text)
			checkLeak(t, in, "inspection."+field)
		}
	}
	for _, link := range []string{vin, "irjc-95r23kj039206", "%49RJC95R23KJ039206", "IRJC95R23+KJ039206"} {
		checkLeak(t, `{"vehicle":{"vin":"`+vin+`"},"report_url":"https://a.example/?vin=`+link+`"}`, "inspection.report_url")
		checkLeak(t, `{"vehicle":{"vin":"`+vin+`"},"images":[{"url":"https://a.example/`+link+`"}]}`, "inspection.images[0].url")
	}
	checkLeak(t, `{"vehicle":{"engine_number":"163b0284512"},"summary":"موتور 163B0 284512"}`, "inspection.summary")
	checkLeak(t, `{"property":{"old_real_estate_id":{"document_number":123456,"page_number":7}},"summary":"سند ۱۲۳-۴۵۶"}`, "inspection.summary")
}

func checkLeak(t *testing.T, in, path string) {
	t.Helper()
	_, err := report.DecodeInspection([]byte(in))
	var faults widgets.Faults
	if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Path != path || !strings.Contains(faults[0].Message, "contains an identifier") {
		t.Errorf("%s: error %v, want one that %s contains an identifier", in, err, path)
		return
	}
	if strings.Contains(err.Error(), "39206") || strings.Contains(err.Error(), "284512") {
		t.Errorf("the fault tells the identifier: %v", err)
	}
}

// What looks like an identifier and is none is let pass: short ones are in
// many a text by chance, and a hash gives nothing away.
func TestNoLeak(t *testing.T) {
	for _, in := range []string{
		`{"vehicle":{"engine_number":"1234"},"summary":"کارکرد ۱۲۳۴"}`,
		`{"vehicle":{"vin":"` + strings.Repeat("ab", 32) + `"},"summary":"` + strings.Repeat("ab", 32) + `"}`,
		`{"vehicle":{"vin":"IRJC95R23KJ039206"},"summary":"IRJC95R23KJ039207"}`,
		`{"property":{"old_real_estate_id":"123456|217"},"summary":"صفحهٔ ۲۱۷"}`,
	} {
		if _, err := report.DecodeInspection([]byte(in)); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// A report that was built in Go is held against the same rules.
func TestAddOnChecks(t *testing.T) {
	_, _, err := report.Inspection{Verdict: "fine", Sections: make([]report.Section, 1)}.AddOn()
	if diff := cmp.Diff([]string{
		`inspection.verdict: "fine" is none of approved, conditional, rejected`,
		"inspection.sections[0].title: is missing",
	}, texts(t, err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	_, _, err = report.Valuation{Currency: report.IRT, Low: 5, Fair: 4, High: 1 << 60}.AddOn()
	if diff := cmp.Diff([]string{
		"valuation.high: is 1152921504606846976, must be from 1 to 999999999999999",
		"valuation.fair: is 4, must not be less than low, which is 5",
	}, texts(t, err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// A hundred faults are told, and how many more there are.
func TestManyFaults(t *testing.T) {
	var members []string
	for i := range 150 {
		members = append(members, fmt.Sprintf(`"x%d":1`, i))
	}
	_, err := report.DecodeInspection([]byte("{" + strings.Join(members, ",") + "}"))
	all := texts(t, err)
	if len(all) != 101 || all[100] != "inspection: 50 more faults are not listed; fix these first" {
		t.Errorf("%d faults, the last is %q", len(all), all[len(all)-1])
	}
}
