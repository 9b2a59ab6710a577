package kenar

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/widgets"
)

func decodeList(t *testing.T, data string) widgets.List {
	t.Helper()
	list, _, err := widgets.Decoder{}.Decode([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func decodeLegacyList(t *testing.T, data string) widgets.LegacyList {
	t.Helper()
	list, _, err := widgets.Decoder{}.DecodeLegacy([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestBody shows the bytes of each kind of add-on.
func TestBody(t *testing.T) {
	list := decodeList(t, `[
		{"title_row": {"text": "کارشناسی <خودرو> & موتور", "has_divider": true}},
		{"score_row": {"title": "بدنه", "percentage_score": 92, "score_color": "SUCCESS_PRIMARY", "icon_name": "CAR",
			"action": {"open_direct_link": "https://example.com/report?id=7&lang=fa"}}}
	]`)
	legacy := decodeLegacyList(t, `{"widget_list": [
		{"widget_type": "LEGEND_TITLE_ROW", "data": {"@type": "type.googleapis.com/widgets.LegendTitleRowData",
			"title": "کارشناسی خودرو", "subtitle": "کارشناسی", "has_divider": true, "image_url": "logo"}}
	]}`)
	semantic := Semantic{
		"year": "1398", "inspection_result": "INSPECTION_APPROVED",
		"VIN": "IRJC95r۲۳kj039206", "engine_number": hashOf("12300"),
	}
	tests := []struct {
		name  string
		addon interface{ Body() ([]byte, error) }
	}{
		{"post", PostAddon{Widgets: list, Semantic: semantic, Notes: "inspection <7>"}},
		{"post_minimal", PostAddon{Widgets: list[:1], Semantic: Semantic{}}},
		{"post_v1", PostAddonV1{Widgets: legacy, Semantic: semantic, Notes: "inspection 7"}},
		{"post_v1_minimal", PostAddonV1{Widgets: legacy}},
		{"business", BusinessAddon{Widgets: list}},
		{"user", UserAddon{
			Widgets: list[:1], Categories: []string{"light", "mobile-phones"}, Semantic: semantic,
			TicketUUID: "812d56e6-e44d-45e7-8932-f9acbd416999", Cost: 124000,
		}},
		{"user_minimal", UserAddon{Widgets: list[:1], Categories: []string{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, err := tt.addon.Body()
			if err != nil {
				t.Fatal(err)
			}
			golden.File(t, "testdata/bodies/"+tt.name+".json", string(body))
			if again, err := tt.addon.Body(); err != nil || string(again) != string(body) {
				t.Errorf("a second call gave other bytes: %s, %v", again, err)
			}
		})
	}
}

func TestBodyLeavesItsInput(t *testing.T) {
	a := PostAddon{Widgets: decodeList(t, `[{"title_row":{"text":"a"}}]`), Semantic: Semantic{"VIN": "IRJC95R23KJ039206"}}
	if _, err := a.Body(); err != nil {
		t.Fatal(err)
	}
	if got := a.Semantic["VIN"]; got != "IRJC95R23KJ039206" {
		t.Errorf("Body changed the caller's map: VIN is %s", got)
	}
}

// TestBodyFaults: all at once, each with its path.
func TestBodyFaults(t *testing.T) {
	list := decodeList(t, `[{"title_row":{"text":"a"}}]`)
	const empty = "widgets: is empty: an add-on needs at least 1 widget; to remove one, delete it"
	tests := []struct {
		name  string
		addon interface{ Body() ([]byte, error) }
		want  []string
	}{
		{"post", PostAddon{}, []string{empty}},
		{"post v1", PostAddonV1{}, []string{empty}},
		{"business", BusinessAddon{Widgets: widgets.List{}}, []string{empty}},
		{"semantic", PostAddon{Widgets: list, Semantic: Semantic{"status": "DONE", "VIN": "شاسی"}}, []string{
			"semantic.VIN: VIN cannot be hashed: character 1 is U+0634: only Latin letters, digits and ASCII punctuation are allowed",
			`semantic.status: is "DONE": allowed for this key: SUCCEEDED, FAILED, EXPIRED, PENDING`,
		}},
		{"semantic keys", PostAddon{Widgets: list, Semantic: Semantic{"": "x", "VIN": "1", "vin": "1"}}, []string{
			"semantic.: the key is empty",
			"semantic.vin: is given twice: remove one of the two",
		}},
		{"user", UserAddon{
			Categories: []string{"light", "", "light cars", "خودرو"}, Semantic: Semantic{"payment_method": "CASH"},
			TicketUUID: "812d56e6", Cost: -1,
		}, []string{
			empty,
			`categories[1]: "" is not a category's slug, such as light-cars`,
			`categories[2]: "light cars" is not a category's slug, such as light-cars`,
			`categories[3]: "خودرو" is not a category's slug, such as light-cars`,
			`semantic.payment_method: is "CASH": allowed for this key: SECURE`,
			`ticket_uuid: is "812d56e6": it must be a UUID, 8-4-4-4-12 hexadecimal digits`,
			`cost: is -1: it must be an amount in rials, at least 0`,
		}},
		{"not a UUID", UserAddon{Widgets: list, TicketUUID: "812d56e6-e44d-45e7-8932-f9acbd41699g"}, []string{
			`ticket_uuid: is "812d56e6-e44d-45e7-8932-f9acbd41699g": it must be a UUID, 8-4-4-4-12 hexadecimal digits`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, err := tt.addon.Body()
			var faults widgets.Faults
			if !errors.As(err, &faults) || body != nil {
				t.Fatalf("got %s, %v; want faults", body, err)
			}
			var got []string
			for _, f := range faults {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestBodyHoldsNoIdentifier: whatever way a semantic value took.
func TestBodyHoldsNoIdentifier(t *testing.T) {
	const vin = "IRJC95R23KJ039206"
	list := decodeList(t, `[{"title_row":{"text":"a"}}]`)
	for _, key := range []string{"VIN", "vin", "chassis_number", "engine_number", "real_estate_id"} {
		body, err := UserAddon{Widgets: list, Semantic: Semantic{key: vin}}.Body()
		want := `"` + strings.Replace(key, "vin", "VIN", 1) + `":"` + vinHash + `"`
		if err != nil || strings.Contains(string(body), vin) || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %v", key, body, err)
		}
	}
}
