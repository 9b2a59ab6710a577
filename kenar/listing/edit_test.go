package listing_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
)

func edit(t *testing.T, data string) listing.Edit {
	t.Helper()
	e, err := listing.DecodeEdit([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const (
	// mileage is the edit that Kenar's guide shows.
	mileage = `{"general_data": {"hide_phone": true, "title": "پژو ۲۰۶، کارکرد کم"}, "category_data": {"usage": 98000}}`

	allChanged = `{
		"category_data": {"usage": 0, "color": "سفید <صدفی>", "chassis": null},
		"general_data": {
			"video": {"source": "https://cdn.example.com/drive.mp4", "duration": 12},
			"title": "پژو ۲۰۶", "description": "سالم", "images": ["/neda/live-post-image/kept.jpg", "https://cdn.example.com/front.jpg"],
			"district": "abshar", "latitude": 0, "longitude": -51.4043, "location_type": "LOCATION_TYPE_APPROXIMATE",
			"hide_phone": false, "chat_enabled": false
		}
	}`

	cleared = `{"general_data": {"images": null, "district": null, "latitude": null, "longitude": null, "video": null}, "category_data": {"price": null}}`
)

// TestEditBody shows the bytes of what is sent.
func TestEditBody(t *testing.T) {
	for name, data := range map[string]string{
		"edit": mileage, "edit_everything": allChanged, "edit_clear": cleared,
		"edit_no_images": `{"general_data": {"images": []}}`,
	} {
		t.Run(name, func(t *testing.T) {
			e := edit(t, data)
			body, err := e.Body(uploaded(e.Sources()))
			if err != nil {
				t.Fatal(err)
			}
			golden.File(t, "testdata/bodies/"+name+".json", string(body))
			var sent struct {
				UpdateMask []string `json:"update_mask"`
			}
			if err := json.Unmarshal(body, &sent); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sent.UpdateMask, e.Fields()); diff != "" {
				t.Errorf("the mask (-) is not the fields (+):\n%s", diff)
			}
		})
	}
}

func TestEditSources(t *testing.T) {
	want := []listing.Source{
		{Path: "data.general_data.images[1]", Source: "https://cdn.example.com/front.jpg"},
		{Path: "data.general_data.video.source", Source: "https://cdn.example.com/drive.mp4", Video: true},
	}
	if diff := cmp.Diff(want, edit(t, allChanged).Sources()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := edit(t, cleared).Sources(); got != nil {
		t.Errorf("sources of nothing are %v", got)
	}
	_, err := edit(t, allChanged).Body(listing.Media{})
	wantFaults(t, err,
		"data.general_data.images[1]: has not been uploaded: upload it, and give what the answer calls it",
		"data.general_data.video.source: has not been uploaded: upload it, and give what the answer calls it")
}

// TestWithout: some fields less, and the edit itself as it was.
func TestWithout(t *testing.T) {
	for _, tt := range []struct {
		name    string
		data    string
		without []string
		want    []string // the fields that are left
	}{
		{"nothing", mileage, nil, []string{"general_data.title", "general_data.hide_phone", "category_data.usage"}},
		{"what is not in it", mileage, []string{"general_data.video", "category_data.color", "title", "general_data"},
			[]string{"general_data.title", "general_data.hide_phone", "category_data.usage"}},
		{"a general field", mileage, []string{"general_data.title"}, []string{"general_data.hide_phone", "category_data.usage"}},
		{"the only category field", mileage, []string{"category_data.usage"}, []string{"general_data.title", "general_data.hide_phone"}},
		{"all but category fields", mileage, []string{"general_data.title", "general_data.hide_phone"}, []string{"category_data.usage"}},
		{"everything", mileage, []string{"category_data.usage", "general_data.title", "general_data.hide_phone"}, nil},
		{"latitude", cleared, []string{"general_data.latitude"},
			[]string{"general_data.images", "general_data.district", "general_data.video", "category_data.price"}},
		{"longitude", cleared, []string{"general_data.longitude", "category_data.price"},
			[]string{"general_data.images", "general_data.district", "general_data.video"}},
		{"the source of a video", allChanged, []string{
			"general_data.video", "general_data.title", "general_data.description", "general_data.images", "general_data.district",
			"general_data.longitude", "general_data.hide_phone", "category_data.chassis", "category_data.color",
		}, []string{"general_data.location_type", "general_data.chat_enabled", "category_data.usage"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := edit(t, tt.data)
			left, ok := e.Without(tt.without)
			if diff := cmp.Diff(tt.want, left.Fields()); diff != "" || ok != (tt.want != nil) {
				t.Errorf("something left is %v; its fields (-want +got):\n%s", ok, diff)
			}
			if ok {
				if _, err := left.Body(uploaded(left.Sources())); err != nil {
					t.Errorf("what is left has no body: %v", err)
				}
				keep(t, "what is left", left, func(e listing.Edit) ([]byte, error) { return e.Body(uploaded(e.Sources())) })
			}
			if diff := cmp.Diff(edit(t, tt.data), e, everything); diff != "" {
				t.Errorf("the edit itself has changed (-before +after):\n%s", diff)
			}
		})
	}
}
