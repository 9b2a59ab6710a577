package kenartest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Whatever is submitted, a post comes of it exactly when the answer is 200,
// and one that its owner can read.
func FuzzSubmission(f *testing.F) {
	f.Add(flat(nil))
	f.Add(flat(func(body, _, _ document) { delete(body, "category_fields") }))
	f.Add(flat(func(_, general, fields document) {
		general["video"] = document{"name": "v", "thumbnail_name": "t", "duration": 1e3}
		fields["size"] = 1e20
	}))
	f.Add(`{"businessToken":"amlak","generalData":{"categorySlug":"light"},"categoryFields":{"year":null}}`)
	f.Fuzz(func(t *testing.T, body string) {
		s, _ := newMarket(t, kenartest.Config{})
		w := do(t, s, "POST", submitPath, body)
		posts := s.Submitted()
		switch w.Code {
		case http.StatusOK:
			if len(posts) != 1 {
				t.Fatalf("200 for %d posts", len(posts))
			}
			wantOK(t, do(t, s, "GET", fmt.Sprintf(userPostPath, posts[0].Token), ""))
		case http.StatusBadRequest, http.StatusForbidden:
			if len(posts) != 0 {
				t.Fatalf("%d for %d posts", w.Code, len(posts))
			}
		default:
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}

// An edit that is refused changes nothing; one that is accepted changes the
// same thing when it is sent again, which is nothing.
func FuzzEdit(f *testing.F) {
	f.Add(`{"update_mask":["general_data.title"],"general_data":{"title":"t"}}`)
	f.Add(`{"update_mask":["general_data.video","category_data.floor"],"category_data":{"floor":2}}`)
	f.Add(`{"update_mask":["general_data.title","general_data.city"],"general_data":{"title":"t"}}`)
	f.Add(`{"updateMask":["category_data.amenities"],"categoryData":{"amenities":["LOBBY"]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		s, _ := newMarket(t, kenartest.Config{})
		now := func() kenartest.Listing { return s.Submitted()[0] }
		token := submitted(t, s)
		original := now()
		first := do(t, s, "PUT", fmt.Sprintf(editPath, token), body)
		once := now()
		again := do(t, s, "PUT", fmt.Sprintf(editPath, token), body)
		if first.Code != again.Code {
			t.Fatalf("%d %s, and then %d %s", first.Code, first.Body, again.Code, again.Body)
		}
		unchanged := once
		if first.Code != http.StatusOK {
			unchanged = original
		}
		if d := cmp.Diff(unchanged, now(), cmp.AllowUnexported(kenartest.Listing{})); d != "" {
			t.Errorf("after %d %s (-want +got):\n%s", first.Code, first.Body, d)
		}
		if l := now(); l.Category != original.Category || l.City != original.City || l.State != original.State {
			t.Errorf("category, city or state became %s, %s, %s", l.Category, l.City, l.State)
		}
	})
}
