package kenar

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mileageEdit is the edit that Kenar's guide shows.
func mileageEdit() PostEdit {
	return PostEdit{
		GeneralData:  GeneralDataEdit{Title: ChangeTo("عنوان جدید آگهی"), HidePhone: ChangeTo(true)},
		CategoryData: map[string]json.RawMessage{"usage": json.RawMessage("100000")},
	}
}

// fullEdit changes whatever can be changed.
func fullEdit() PostEdit {
	return PostEdit{
		GeneralData: GeneralDataEdit{
			Title: ChangeTo("پژو ۲۰۶"), Description: ChangeTo("سالم"), Images: ChangeTo([]string(nil)), District: ChangeTo("abshar"),
			Latitude: ChangeTo(0.0), Longitude: ChangeTo(-51.4043), LocationType: ChangeTo(LocationApproximate),
			HidePhone: ChangeTo(false), ChatEnabled: ChangeTo(false), Video: ChangeTo(PostVideo{"raw/1.mp4", "thumbnail/1.jpg", 34}),
		},
		CategoryData: map[string]json.RawMessage{
			"usage": json.RawMessage("0"), "color": json.RawMessage(`"سفید"`), "options": json.RawMessage(`[ "a" ]`), "chassis": json.RawMessage(`null`),
		},
	}
}

// TestEditReadFromJSON: absent stays, null clears, a value is set.
func TestEditReadFromJSON(t *testing.T) {
	const doc = `{"general_data":{"title":"نو","district":null,"hide_phone":false,"latitude":null,"longitude":null},` +
		`"category_data":{"color":null,"usage":1}}`
	var e PostEdit
	d := json.NewDecoder(strings.NewReader(doc))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		t.Fatal(err)
	}
	g := e.GeneralData
	if title, ok := g.Title.Value(); !ok || title != "نو" || g.Title.IsZero() || g.Title.Clears() {
		t.Errorf("title is %q, %v, want a new value", title, ok)
	}
	if _, ok := g.District.Value(); ok || g.District.IsZero() || !g.District.Clears() {
		t.Error("null does not clear the district")
	}
	if _, ok := g.Description.Value(); ok || !g.Description.IsZero() || g.Description.Clears() {
		t.Error("the description, which is absent, does not stay")
	}
	body, err := e.Body()
	want := `{"update_mask":["general_data.title","general_data.district","general_data.latitude","general_data.longitude","general_data.hide_phone",` +
		`"category_data.color","category_data.usage"],"general_data":{"title":"نو","hide_phone":false},"category_data":{"usage":1}}`
	if diff := cmp.Diff(want, string(body)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}

	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	want = `{"general_data":{"title":"نو","district":null,"latitude":null,"longitude":null,"hide_phone":false},` +
		`"category_data":{"color":null,"usage":1}}` + "\n"
	if err := encoder.Encode(e); err != nil || b.String() != want {
		t.Errorf("written again as %s, %v, want %s", &b, err, want)
	}

	// What cannot be edited is no field of an edit.
	for _, doc := range []string{`{"general_data":{"city":"karaj"}}`, `{"general_data":{"category_slug":"light"}}`, `{"category_fields":{}}`} {
		d := json.NewDecoder(strings.NewReader(doc))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err == nil {
			t.Errorf("%s was read", doc)
		}
	}
}

// TestEditFaults: all at once, each with its path.
func TestEditFaults(t *testing.T) {
	tests := []struct {
		name string
		edit PostEdit
		want []string
	}{
		{"nothing", PostEdit{CategoryData: map[string]json.RawMessage{}}, []string{"update_mask: is empty: change at least 1 field"}},
		{"what every post has is cleared", PostEdit{GeneralData: GeneralDataEdit{
			Title: Clear[string](), Description: Clear[string](), LocationType: Clear[LocationType](), HidePhone: Clear[bool](), ChatEnabled: Clear[bool](),
		}}, []string{
			"general_data.title: cannot be cleared: every post has one; give a value",
			"general_data.description: cannot be cleared: every post has one; give a value",
			"general_data.location_type: cannot be cleared: every post has one; give a value",
			"general_data.hide_phone: cannot be cleared: every post has one; give a value",
			"general_data.chat_enabled: cannot be cleared: every post has one; give a value",
		}},
		{"values", PostEdit{
			GeneralData: GeneralDataEdit{
				Title: ChangeTo(""), Description: ChangeTo("\xff"), Images: ChangeTo([]string{"a", "https://a/b"}), District: ChangeTo(""),
				Latitude: ChangeTo(91.0), Longitude: ChangeTo(181.0), LocationType: ChangeTo(LocationType("EXACT")), Video: ChangeTo(PostVideo{}),
			},
			CategoryData: map[string]json.RawMessage{"a": nil, "b": json.RawMessage(`{`), "c.d": json.RawMessage(`1`), "": json.RawMessage(`1`)},
		}, []string{
			"general_data.title: is empty: every post has one",
			"general_data.description: is not valid UTF-8",
			"general_data.images[1]: is a URL: upload what is there and give what the answer calls it",
			`general_data.district: "" is not a slug, such as abshar`,
			"general_data.latitude: is 91: it must be between -90 and 90 degrees",
			"general_data.longitude: is 181: it must be between -180 and 180 degrees",
			`general_data.location_type: is "EXACT": it must be LOCATION_TYPE_EMPTY, LOCATION_TYPE_EXACT or LOCATION_TYPE_APPROXIMATE`,
			"general_data.video.name: is empty: upload the file and give what the answer calls it",
			"general_data.video.thumbnail_name: is empty: upload the file and give what the answer calls it",
			"general_data.video.duration: is 0 seconds: give the length of the video",
			`category_data: "" is not the name of a field: only A-Z, a-z, 0-9 and any of _- are allowed`,
			"category_data.a: is empty: give a JSON value, or null to clear the field",
			"category_data.b: is not valid JSON in UTF-8",
			`category_data: "c.d" is not the name of a field: only A-Z, a-z, 0-9 and any of _- are allowed`,
		}},
		{"half a place", PostEdit{GeneralData: GeneralDataEdit{Latitude: ChangeTo(35.7)}},
			[]string{"general_data.latitude: is not changed like longitude: change both, clear both, or leave both"}},
		{"half a place cleared", PostEdit{GeneralData: GeneralDataEdit{Latitude: Clear[float64](), Longitude: ChangeTo(51.4)}},
			[]string{"general_data.latitude: is not changed like longitude: change both, clear both, or leave both"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantFaults(t, tt.edit, tt.want) })
	}
}

// FuzzPostEdit: whatever JSON an edit is read from, its mask names exactly what
// the document has, once, and nothing has a value without being named.
func FuzzPostEdit(f *testing.F) {
	f.Add(`{"general_data":{"title":"a","district":null},"category_data":{"usage":1,"color":null}}`)
	f.Add(`{"general_data":{"latitude":1,"longitude":2,"images":[]}}`)
	f.Add(`{"category_data":{"a":{"b":[1,"<"]}}}`)
	f.Fuzz(func(t *testing.T, doc string) {
		var e PostEdit
		if json.Unmarshal([]byte(doc), &e) != nil {
			return
		}
		data, err := e.Body()
		if err != nil {
			return
		}
		var body struct {
			UpdateMask   []string                   `json:"update_mask"`
			GeneralData  map[string]json.RawMessage `json:"general_data"`
			CategoryData map[string]json.RawMessage `json:"category_data"`
		}
		if err := json.Unmarshal(data, &body); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		masked := make(map[string]bool)
		for _, path := range body.UpdateMask {
			if masked[path] {
				t.Errorf("%s is masked twice in %s", path, data)
			}
			masked[path] = true
		}
		for root, fields := range map[string]map[string]json.RawMessage{"general_data.": body.GeneralData, "category_data.": body.CategoryData} {
			for name, value := range fields {
				if !masked[root+name] || string(value) == "null" {
					t.Errorf("%s%s is %s, masked: %v, in %s", root, name, value, masked[root+name], data)
				}
			}
		}
		for name, value := range e.CategoryData {
			if got, ok := body.CategoryData[name]; !masked["category_data."+name] || ok == (strings.TrimSpace(string(value)) == "null") {
				t.Errorf("%s was to become %s and is %s, masked: %v", name, value, got, masked["category_data."+name])
			}
		}
	})
}
