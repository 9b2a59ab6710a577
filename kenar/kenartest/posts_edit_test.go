package kenartest_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// What an edit changes is what its mask names, and nothing when any of it is
// wrong.
func TestEdit(t *testing.T) {
	tests := []struct {
		name, body string
		change     func(*kenartest.Listing) // of an accepted edit
		fault      string                   // of a refused one
	}{
		{"title", `{"update_mask":["general_data.title"],"general_data":{"title":"نو"}}`,
			func(l *kenartest.Listing) { l.Title = "نو" }, ""},
		{"what is not in the mask stays", `{"update_mask":["general_data.title"],"general_data":{"title":"نو","description":"نو"},"category_data":{"size":7}}`,
			func(l *kenartest.Listing) { l.Title = "نو" }, ""},
		{"what has no value is cleared", `{"update_mask":["general_data.description","general_data.chat_enabled","general_data.latitude"]}`,
			func(l *kenartest.Listing) { l.Description, l.ChatEnabled, l.Latitude = "", false, 0 }, ""},
		{"null clears", `{"update_mask":["general_data.district"],"general_data":{"district":null}}`,
			func(l *kenartest.Listing) { l.District = "" }, ""},
		{"all general fields", `{"update_mask":["general_data.images","general_data.district","general_data.latitude","general_data.longitude","general_data.location_type","general_data.hide_phone","general_data.video"],
			"general_data":{"images":["/a.jpg"],"district":"d","latitude":1.5,"longitude":2,"location_type":"LOCATION_TYPE_EXACT","hide_phone":true,"video":{"name":"v","thumbnail_name":"t","duration":"3"}}}`,
			func(l *kenartest.Listing) {
				l.Images, l.District, l.Latitude, l.Longitude = []string{"/a.jpg"}, "d", 1.5, 2
				l.LocationType, l.HidePhone = "LOCATION_TYPE_EXACT", true
				l.Video = &kenartest.Video{Name: "v", ThumbnailName: "t", Duration: 3}
			}, ""},
		{"category fields", `{"update_mask":["category_data.size","category_data.amenities"],"category_data":{"size":81,"amenities":["LOBBY"]}}`,
			func(l *kenartest.Listing) {
				l.Fields["size"], l.Fields["amenities"] = []byte("81"), []byte(`["LOBBY"]`)
			}, ""},
		{"optional category field cleared", `{"update_mask":["category_data.floor"]}`,
			func(l *kenartest.Listing) { delete(l.Fields, "floor") }, ""},

		{"no mask", `{"general_data":{"title":"نو"}}`, nil, "update_mask: is missing"},
		{"empty mask", `{"update_mask":[],"general_data":{"title":"نو"}}`, nil, "update_mask: length 0"},
		{"city", `{"update_mask":["general_data.title","general_data.city"],"general_data":{"title":"نو","city":"karaj"}}`, nil,
			`update_mask[1]: "general_data.city" cannot be edited`},
		{"category", `{"update_mask":["general_data.category_slug"],"general_data":{"category_slug":"light"}}`, nil, "update_mask[0]"},
		{"all general data", `{"update_mask":["general_data"],"general_data":{"title":"نو"}}`, nil, "update_mask[0]"},
		{"all category data", `{"update_mask":["category_data"],"category_data":{"size":1}}`, nil, "update_mask[0]"},
		{"the submission's name", `{"update_mask":["category_fields.size"],"category_fields":{"size":1}}`, nil, "update_mask[0]"},
		{"a part of the video", `{"update_mask":["general_data.video.name"]}`, nil, "update_mask[0]"},
		{"another category's field", `{"update_mask":["category_data.gearbox"],"category_data":{"gearbox":"MANUAL"}}`, nil, "update_mask[0]"},
		{"required category field cleared", `{"update_mask":["category_data.rent"]}`, nil, "update_mask[0]: \"category_data.rent\" cannot be cleared"},
		{"category field of a wrong type", `{"update_mask":["general_data.title","category_data.rent"],"general_data":{"title":"نو"},"category_data":{"rent":"0"}}`, nil,
			"category_data.rent: is a string"},
		{"general field of a wrong type", `{"update_mask":["general_data.title"],"general_data":{"title":7}}`, nil, "general_data.title: is a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newMarket(t, kenartest.Config{})
			wantOK(t, do(t, s, "POST", submitPath, flat(func(_, _, fields document) { fields["floor"] = 3 })))
			want := s.Submitted()[0]
			w := do(t, s, "PUT", fmt.Sprintf(editPath, want.Token), tt.body)
			if tt.fault == "" {
				wantBody(t, w, `{}`)
				tt.change(&want)
			} else {
				wantError(t, w, 400, 3, tt.fault)
			}
			got, _ := s.Listing(want.Token)
			if d := cmp.Diff(want, got, cmp.AllowUnexported(kenartest.Listing{})); d != "" {
				t.Errorf("the post (-want +got):\n%s", d)
			}
		})
	}
}

// Which states can be edited, and what comes of it.
func TestEditByState(t *testing.T) {
	const body = `{"update_mask":["general_data.title"],"general_data":{"title":"نو"}}`
	for _, tt := range []struct {
		state, after kenartest.PostState
		status       int
	}{
		{kenartest.PostWaitingForPayment, kenartest.PostWaitingForPayment, 200},
		{kenartest.PostWaitingForReview, kenartest.PostWaitingForReview, 200},
		{kenartest.PostPublished, kenartest.PostPublished, 200},
		{kenartest.PostWaitingForEdit, kenartest.PostWaitingForReview, 200},
		{kenartest.PostRejected, kenartest.PostWaitingForReview, 200},
		{kenartest.PostRetired, kenartest.PostRetired, 412},
		{kenartest.PostDeleted, kenartest.PostDeleted, 404},
	} {
		s, _ := newMarket(t, kenartest.Config{Posts: kenartest.PostRules{ReviewDelay: day}})
		token := submitted(t, s)
		if err := s.SetPostState(token, tt.state, "دلیل"); err != nil {
			t.Fatal(err)
		}
		if w := do(t, s, "PUT", fmt.Sprintf(editPath, token), body); w.Code != tt.status {
			t.Errorf("in %s: got %d %s, want %d", tt.state, w.Code, w.Body, tt.status)
		}
		wantState(t, s, token, tt.after)
	}
}

// A published post shows its edit to everybody; a post of a category without
// schema can be edited as well.
func TestEditOfAnAddedPost(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{})
	s.AddPost(kenartest.Post{Token: "p", Title: "Old", Category: "boats"})
	wantOK(t, do(t, s, "PUT", fmt.Sprintf(editPath, "p"),
		`{"update_mask":["general_data.title","category_data.length"],"general_data":{"title":"New"},"category_data":{"length":[1]}}`))
	var post struct{ Data struct{ Title string } }
	decode(t, do(t, s, "GET", finder+"p", ""), &post)
	l, _ := s.Listing("p")
	if d := cmp.Diff(map[string]json.RawMessage{"length": []byte("[1]")}, l.Fields); d != "" || post.Data.Title != "New" {
		t.Errorf("title %q, fields (-want +got):\n%s", post.Data.Title, d)
	}
}

func TestEditV1(t *testing.T) {
	fifty := "ااااااااااااااااااااااااااااااااااااااااااااااااااا"[:2*50]
	for _, tt := range []struct{ name, body, fault string }{
		{"title and description", `{"title":"` + fifty + `","description":"d"}`, ""},
		{"with images", `{"title":"abc","description":"d","image_paths":["/a.jpg"]}`, ""},
		{"title too long", `{"title":"` + fifty + `ا","description":"d"}`, "title: 51 characters, at most 50"},
		{"title too short", `{"title":"ab","description":"d"}`, "title: 2 characters, at least 3"},
		{"no description", `{"title":"abc"}`, "description: is missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newMarket(t, kenartest.Config{})
			token := submitted(t, s)
			w := do(t, s, "PUT", fmt.Sprintf(postPath, token), tt.body)
			if tt.fault != "" {
				wantError(t, w, 400, 3, tt.fault)
				return
			}
			wantBody(t, w, `{}`)
			if l, _ := s.Listing(token); l.Description != "d" || l.District != "gisha" {
				t.Errorf("edited to %+v", l)
			}
		})
	}
}
