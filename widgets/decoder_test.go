package widgets_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// Documents that are refused as a whole, by both decoders alike.
func TestMalformedDocuments(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", "", "is empty, must be JSON"},
		{"white space", " \r\n\t", "is empty, must be JSON"},
		{"cut off", `[{"title_row"`, "is not JSON: unexpected end of JSON input (line 1, column 13)"},
		{"trailing comma", "[\n  {\"title_row\": {\"text\": \"آ\",}}\n]", `is not JSON: invalid character '}' looking for beginning of object key string (line 2, column 30)`},
		{"trailing data", `[] []`, "is not JSON: invalid character '[' after top-level value (line 1, column 4)"},
		{"comment", "[] // ت", "is not JSON: invalid character '/' after top-level value (line 1, column 4)"},
		{"byte order mark", "\ufeff[]", "is not JSON: invalid character 'ï' looking for beginning of value (line 1, column 1)"},
		{"control character in a string", "[\"\x01\"]", `is not JSON: invalid character '\x01' in string literal (line 1, column 3)`},
		{"not UTF-8", "[{\"title_row\":{\"text\":\"\xd8\"}}]", "is not valid UTF-8 (byte 23)"},
		{"nested deeply", strings.Repeat("[", 33) + strings.Repeat("]", 33), "is nested too deeply, at most 32 levels are allowed"},
		{"nested deeply in what is dropped", `[{"event_row":{"title":"t","action":` + strings.Repeat(`{"a":`, 30) + `1` + strings.Repeat(`}`, 30) + `}}]`, "is nested too deeply, at most 32 levels are allowed"},
		{"nested as a bomb", strings.Repeat(`[`, 1<<20), "is not JSON: invalid character '[' exceeded max depth (line 1, column 10001)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d widgets.Decoder
			_, _, err := d.Decode([]byte(tt.in))
			assertError(t, err, "widgets: "+tt.want)
			_, _, err = d.DecodeLegacy([]byte(tt.in))
			assertError(t, err, "widgets: "+tt.want)
		})
	}
}

func TestHalfSurrogatePairs(t *testing.T) {
	for escape, ok := range map[string]bool{
		`\ud83d\ude97`: true,
		`\uD83D\uDE97`: true,
		`\ufffd`:       true, // the replacement character itself is one
		`\ud83d`:       false,
		`\ude97`:       false,
		`\ud83dx`:      false,
		`\ud83d\u0041`: false,
		`\ud83d\ud83d`: false,
		`\ude97\ud83d`: false,
	} {
		_, _, err := widgets.Decoder{}.Decode([]byte(`[{"title_row":{"text":"` + escape + `"}}]`))
		if ok != (err == nil) {
			t.Errorf("%s: error %v", escape, err)
		}
		if err != nil {
			assertFault(t, err, "widgets[0].title_row.text")
		}
	}
}

func TestDecodeOther(t *testing.T) {
	for in, want := range map[string]string{
		`{"widget_list":[]}`: `widgets: is an object, must be an array of widgets (only v1 has an object, {"widget_list": […]})`,
		`"title_row"`:        `widgets: is a string, must be an array of widgets (only v1 has an object, {"widget_list": […]})`,
		`null`:               `widgets: is null, must be an array of widgets (only v1 has an object, {"widget_list": […]})`,
		`[]`:                 "widgets: has no widgets, at least 1 required; to take an add-on off an ad, delete it",
	} {
		_, _, err := widgets.Decoder{}.Decode([]byte(in))
		assertError(t, err, want)
	}
}

// An object of very many names is searched in another way than a small one.
func TestDuplicateAmongMany(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	document := func(last string) []byte {
		return fmt.Appendf(nil, `[{"button_bar":{"title":"t","action":{"open_server_link":{"data":{%s%q:0}}}}}]`, b.String(), last)
	}
	if _, _, err := (widgets.Decoder{}).Decode(document("k1000")); err != nil {
		t.Error(err)
	}
	for _, last := range []string{"k0", "k31", "k32", "k33", "k999"} {
		_, _, err := widgets.Decoder{}.Decode(document(last))
		assertError(t, err, "widgets[0].button_bar.action.open_server_link.data."+last+": is given twice in one object")
	}
}

// Messages travel in events of limited size: neither a document with many
// faults nor one long name may blow them up.
func TestFindingsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, `"k%d":1,`, i)
	}
	_, _, err := widgets.Decoder{}.Decode([]byte(`[{"title_row":{` + b.String() + `"text":"t"}}]`))
	var faults widgets.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error %v, want Faults", err)
	}
	if len(faults) != 101 {
		t.Errorf("%d faults listed, want 100 and one more", len(faults))
	}
	if got, want := faults[len(faults)-1].String(), "widgets: 99900 more faults are not listed; fix these first"; got != want {
		t.Errorf("last fault %q, want %q", got, want)
	}

	long := strings.Repeat("ن", 1_000_000)
	_, _, err = widgets.Decoder{}.Decode([]byte(`[{"` + long + `":{}},{"score_row":{"title":"t","score_color":"` + long + `"},"semantic_paths":{"k":"` + long + `"}}]`))
	if err == nil || len(err.Error()) > 2000 {
		t.Errorf("error of %d bytes, want a short one", len(err.Error()))
	}
}

func TestFaultsKeepTheOrderOfWidgets(t *testing.T) {
	_, _, err := widgets.Decoder{}.Decode([]byte(`[
		{"title_row": {"text": ""}},
		{"title_row": {"text": "t", "text": "t"}},
		{"title_row": {"txt": "t"}}
	]`))
	var paths []string
	var faults widgets.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error %v, want Faults", err)
	}
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	want := []string{
		"widgets[0].title_row.text",
		"widgets[1].title_row.text",
		"widgets[2].title_row.txt",
		"widgets[2].title_row.text",
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

// Rows that no decoder makes, but a Go program can.
func TestValidateUnencodable(t *testing.T) {
	const notUTF8 = "\xd8"
	for _, tt := range []struct {
		name   string
		widget widgets.Widget
		want   string
	}{
		{"no row", widgets.Widget{}, "widgets[0]: has a row of type <nil>, must be one of the ten row types of this package by value"},
		{"a pointer", widgets.Widget{Row: &widgets.TitleRow{Text: "t"}}, "widgets[0]: has a row of type *widgets.TitleRow, must be one of the ten row types of this package by value"},
		{"a nil pointer", widgets.Widget{Row: (*widgets.TitleRow)(nil)}, "widgets[0]: has a row of type *widgets.TitleRow, must be one of the ten row types of this package by value"},
		{
			"a pointer to an action", widgets.Widget{Row: widgets.ButtonBar{Title: "t", Action: (*widgets.OpenPostPage)(nil)}},
			"widgets[0].button_bar.action: is a *widgets.OpenPostPage, must be one of the five action types of this package by value",
		},
		{
			"data that is not JSON", widgets.Widget{Row: widgets.ButtonBar{Title: "t", Action: widgets.OpenServerLink{Data: json.RawMessage(`{"a"`)}}},
			"widgets[0].button_bar.action.open_server_link.data: is not JSON: unexpected end of JSON input (line 1, column 4)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := widgets.List{tt.widget}
			assertError(t, widgets.Decoder{}.Validate(list), tt.want)
			if data, err := json.Marshal(list); err == nil {
				t.Errorf("encoded as %s, want an error", data)
			}
			if data, err := json.Marshal(tt.widget); err == nil {
				t.Errorf("widget encoded as %s, want an error", data)
			}
		})
	}

	for _, tt := range []struct {
		row  widgets.Row
		want string
	}{
		{widgets.TitleRow{Text: notUTF8}, "widgets[0].title_row.text: is not valid UTF-8"},
		{widgets.EventRow{Title: "t", ImageID: notUTF8}, `widgets[0].event_row.image_id: is a URL, a path or has spaces in it, must be the bare id of an uploaded image or "logo"`},
		{widgets.ButtonBar{Title: "t", Action: widgets.OpenDirectLink("https://a/" + notUTF8)}, "widgets[0].button_bar.action.open_direct_link: has white space, a control character or invalid UTF-8 in it; percent-encode what belongs to the URL"},
		{widgets.ButtonBar{Title: "t", Action: widgets.OpenServerLink{Data: json.RawMessage(`[]`)}}, "widgets[0].button_bar.action.open_server_link.data: is an array, must be an object"},
		{widgets.ButtonBar{Title: "t", Action: widgets.OpenServerLink{Data: json.RawMessage(`{"a":1,"a":2}`)}}, "widgets[0].button_bar.action.open_server_link.data.a: is given twice in one object"},
	} {
		assertError(t, widgets.Decoder{}.Validate(widgets.List{{Row: tt.row}}), tt.want)
	}
}

func TestValidateLegacyUnencodable(t *testing.T) {
	for _, w := range []widgets.LegacyWidget{nil, &widgets.LegacyTitleRow{Text: "t"}, (*widgets.LegacyTitleRow)(nil)} {
		list := widgets.LegacyList{w}
		want := fmt.Sprintf("widgets.widget_list[0]: is a %T, must be one of the eleven v1 widget types of this package by value", w)
		assertError(t, widgets.Decoder{}.ValidateLegacy(list), want)
		_, _, err := widgets.Migrate(list)
		assertError(t, err, want)
		if data, err := json.Marshal(list); err == nil {
			t.Errorf("encoded as %s, want an error", data)
		}
	}
}

// What may be built and is valid decodes again, down to the deepest data.
func TestDepthOfBuiltData(t *testing.T) {
	data := func(depth int) json.RawMessage {
		return json.RawMessage(strings.Repeat(`{"a":`, depth-1) + `{}` + strings.Repeat(`}`, depth-1))
	}
	list := func(depth int) widgets.List {
		return widgets.List{{Row: widgets.ButtonBar{Title: "t", Action: widgets.OpenServerLink{Data: data(depth)}}}}
	}
	const deepest = 27 // 32 levels less the five around it
	assertError(t, widgets.Decoder{}.Validate(list(deepest)), "")
	assertError(t, decodeEncoded(t, list(deepest)), "")
	assertError(t, widgets.Decoder{}.Validate(list(deepest+1)), "widgets[0].button_bar.action.open_server_link.data: is nested too deeply, at most 32 levels are allowed")
	assertError(t, decodeEncoded(t, list(deepest+1)), "widgets: is nested too deeply, at most 32 levels are allowed")
}

// A request is encoded by encoding/json, which escapes HTML; that must not
// change what is decoded.
func TestEncodingInsideAnotherDocument(t *testing.T) {
	list := specimens()
	body, err := json.Marshal(map[string]any{"widgets": list})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), `\u0026`) {
		t.Fatal("the specimens have nothing in them that encoding/json escapes")
	}
	var request struct{ Widgets json.RawMessage }
	if err := json.Unmarshal(body, &request); err != nil {
		t.Fatal(err)
	}
	decoded, _, err := widgets.Decoder{}.Decode(request.Widgets)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, decoded); diff != "" {
		t.Errorf("decoded differs (-built +decoded):\n%s", diff)
	}
}

func TestIcons(t *testing.T) {
	list := func(icon string) widgets.List {
		return widgets.List{{Row: widgets.EventRow{Title: "t", IconName: icon}}}
	}
	const path = "widgets[0].event_row.icon_name: "
	for _, tt := range []struct {
		name    string
		decoder widgets.Decoder
		icon    string
		want    string
	}{
		{"first of the list", widgets.Decoder{}, "ACCESSIBILITY", ""},
		{"last of the list", widgets.Decoder{}, "YEKTANET", ""},
		{"added to Kenar's schema lately", widgets.Decoder{}, "PASSKEY", ""},
		{"a slip", widgets.Decoder{}, "CAR_INSPECTD", path + `"CAR_INSPECTD" is not a known icon name; did you mean "CAR_INSPECTED"?`},
		{"lower case", widgets.Decoder{}, "car_engine", path + `"car_engine" is not a known icon name; did you mean "CAR_ENGINE"?`},
		{"like none", widgets.Decoder{}, "NOT_AN_ICON_AT_ALL", path + `"NOT_AN_ICON_AT_ALL" is not a known icon name`},
		{"extra", widgets.Decoder{ExtraIcons: []string{"HOVERCRAFT"}}, "HOVERCRAFT", ""},
		{"not the extra one", widgets.Decoder{ExtraIcons: []string{"HOVERCRAFT"}}, "HOVERCRAFTS", path + `"HOVERCRAFTS" is not a known icon name`},
		{"all allowed", widgets.Decoder{AllowUnknownIcons: true}, "HOVERCRAFT", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assertError(t, tt.decoder.Validate(list(tt.icon)), tt.want)
			data, err := list(tt.icon).MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = tt.decoder.Decode(data)
			assertError(t, err, tt.want)
		})
	}

	// The settings hold for v1 and its migration too.
	legacy := widgets.LegacyList{widgets.LegacyEventRow{Title: "t", Icon: widgets.LegacyIcon{Name: "HOVERCRAFT"}}}
	extra := widgets.Decoder{ExtraIcons: []string{"HOVERCRAFT"}}
	assertError(t, widgets.Decoder{}.ValidateLegacy(legacy), `widgets.widget_list[0].data.icon.icon_name: "HOVERCRAFT" is not a known icon name`)
	assertError(t, extra.ValidateLegacy(legacy), "")
	if _, _, err := widgets.Migrate(legacy); err == nil {
		t.Error("Migrate passed an unknown icon")
	}
	if _, _, err := extra.Migrate(legacy); err != nil {
		t.Error(err)
	}
}

func TestIsLegacy(t *testing.T) {
	for in, want := range map[string]bool{
		`{"widget_list":[]}`:                   true,
		`{"widgetList": [`:                     true, // what is wrong with it, DecodeLegacy says
		`{"notes":{"a":[1]},"widget_list":[]}`: true,
		`{"notes":"widget_list"}`:              false,
		`{"data":{"widget_list":[]}}`:          false,
		`[{"title_row":{"text":"t"}}]`:         false,
		`[{"widget_list":[]}]`:                 false,
		`{`:                                    false,
		`{"notes"`:                             false,
		``:                                     false,
		`null`:                                 false,
	} {
		if got := widgets.IsLegacy([]byte(in)); got != want {
			t.Errorf("IsLegacy(%s) = %t, want %t", in, got, want)
		}
	}
}

func TestMigrateSharesNoMemory(t *testing.T) {
	score := 10
	items := []widgets.GroupInfoItem{{Title: "a", Value: "b"}, {Title: "c", Value: "d"}}
	list, _, err := widgets.Migrate(widgets.LegacyList{
		widgets.LegacyScoreRow{Title: "t", PercentageScore: &score},
		widgets.LegacyGroupInfoRow{Items: items},
	})
	if err != nil {
		t.Fatal(err)
	}
	score, items[0].Title = 99, "changed"
	want := widgets.List{
		{Row: widgets.ScoreRow{Title: "t", PercentageScore: new(10)}},
		{Row: widgets.GroupInfoRow{Items: []widgets.GroupInfoItem{{Title: "a", Value: "b"}, {Title: "c", Value: "d"}}}},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("migrated list changed (-want +got):\n%s", diff)
	}
}
