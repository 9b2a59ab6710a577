package kenartest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// attached is the body on a target, "-" when there is none.
func attached(s *kenartest.Server, target string) string {
	a, ok := s.Attached(target)
	if !ok {
		return "-"
	}
	return string(a.Body)
}

func wantAttached(t *testing.T, s *kenartest.Server, target, want string) {
	t.Helper()
	if got := attached(s, target); got != want {
		t.Errorf("%s has %s, want %s", target, got, want)
	}
}

func TestPostAddon(t *testing.T) {
	for _, path := range []string{postV2, postV1, postV1SDK} {
		t.Run(path, func(t *testing.T) {
			body := title
			if path != postV2 {
				body = titleV1
			}
			s := kenartest.New(kenartest.Config{})
			s.AddPost(kenartest.Post{Token: "p"})
			w := do(t, s, "POST", path+"p", body)
			if w.Code != 200 || w.Body.String() != "{}" || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("got %d %s %s, want 200 {} as JSON", w.Code, w.Header(), w.Body)
			}
			wantAttached(t, s, "post/p", body)
		})
	}
}

func TestAddonContent(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now, Keys: []kenartest.Key{{Value: "k", App: "inspector"}}, AttachDelay: time.Minute})
	s.AddPost(kenartest.Post{Token: "p"})
	body := `{"widgets":[{"title_row":{"text":"x"}}],"semantic":{"inspection_result":"INSPECTION_APPROVED"},"notes":"n"}`
	do(t, s, "POST", postV2+"p", body)
	clock.Advance(time.Minute)
	got, _ := s.Attached("post/p")
	want := kenartest.Addon{
		App: "inspector", Target: "post/p", Body: []byte(body),
		Widgets:    []kenartest.Widget{{Type: "title_row", Data: []byte(`{"text":"x"}`)}},
		Semantic:   map[string]string{"inspection_result": "INSPECTION_APPROVED"},
		Notes:      "n",
		AcceptedAt: clock.Now().Add(-time.Minute), AttachedAt: clock.Now(),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("add-on (-want +got):\n%s", d)
	}
}

// Creation is an update: the same app's add-on on the same target is
// replaced, whatever generation of the call made it.
func TestUpsert(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	s.AddPost(kenartest.Post{Token: "p"}, kenartest.Post{Token: "q"})
	do(t, s, "POST", postV2+"p", titled("first"))
	do(t, s, "POST", postV2+"q", titled("other"))
	do(t, s, "POST", postV2+"p", `{"widgets":[]}`) // refused: nothing changes
	wantAttached(t, s, "post/p", titled("first"))
	do(t, s, "POST", postV1+"p", titleV1)
	wantAttached(t, s, "post/p", titleV1)
	do(t, s, "POST", postV2+"p", titled("third"))
	wantAttached(t, s, "post/p", titled("third"))
	wantAttached(t, s, "post/q", titled("other"))
	if shown := s.Shown("p"); len(shown) != 1 {
		t.Errorf("%d add-ons shown, want 1", len(shown))
	}
}

func TestAppsDoNotShareAddons(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now, Keys: []kenartest.Key{
		{Value: "a1", App: "a"}, {Value: "a2", App: "a"}, {Value: "b", App: "b"}}})
	s.AddPost(kenartest.Post{Token: "p"})
	for i, key := range []string{"a1", "b", "a2"} {
		clock.Advance(time.Second)
		do(t, s, "POST", postV2+"p", titled(fmt.Sprint(i)), apiKey(key))
		wantAttached(t, s, "post/p", titled(fmt.Sprint(i))) // the latest of any app
	}
	if shown := s.Shown("p"); len(shown) != 2 || shown[0].App != "b" || shown[1].App != "a" {
		t.Errorf("shown are %+v, want b's and a's", shown)
	}
	wantOK(t, do(t, s, "DELETE", postV1+"p", "", apiKey("a1")))
	wantAttached(t, s, "post/p", titled("1"))
}

func TestAttachDelay(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now, AttachDelay: time.Minute})
	s.AddPost(kenartest.Post{Token: "p"})

	do(t, s, "POST", postV2+"p", titled("first"))
	clock.Advance(59 * time.Second)
	wantAttached(t, s, "post/p", "-")
	do(t, s, "POST", postV2+"p", titled("second"))
	clock.Advance(time.Second)
	wantAttached(t, s, "post/p", titled("first"))
	clock.Advance(time.Minute)
	wantAttached(t, s, "post/p", titled("second"))

	do(t, s, "POST", postV2+"p", titled("third"))
	s.Settle()
	wantAttached(t, s, "post/p", titled("third"))

	// What is deleted before it is attached never is.
	do(t, s, "POST", postV2+"p", titled("fourth"))
	do(t, s, "DELETE", postV1+"p", "")
	s.Settle()
	wantAttached(t, s, "post/p", "-")
}

// A wrong token gets the same 200 as a right one, and nothing else.
func TestUnknownPostLosesAddon(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now, AttachDelay: time.Minute})

	w := do(t, s, "POST", postV2+"p", titled("lost"))
	if w.Code != 200 || w.Body.String() != "{}" || !s.Calls()[0].Applied {
		t.Errorf("got %d %s, want the usual 200 {}", w.Code, w.Body)
	}
	do(t, s, "POST", postV2+"q", titled("in time"))
	s.AddPost(kenartest.Post{Token: "q"}) // known when the add-on is due
	clock.Advance(time.Minute)
	s.AddPost(kenartest.Post{Token: "p"}) // too late
	wantAttached(t, s, "post/p", "-")
	wantAttached(t, s, "post/q", titled("in time"))

	s.RemovePost("q")
	wantAttached(t, s, "post/q", "-")
	do(t, s, "POST", postV2+"q", titled("gone"))
	s.Settle()
	wantAttached(t, s, "post/q", "-")
}

func TestDeletePostAddon(t *testing.T) {
	for _, path := range []string{postV1, postV1SDK} {
		t.Run(path, func(t *testing.T) {
			s := kenartest.New(kenartest.Config{})
			s.AddPost(kenartest.Post{Token: "p", Owner: "sara"}, kenartest.Post{Token: "q", Owner: "sara"})
			do(t, s, "POST", userV2+"sara", titled("sara's"))
			do(t, s, "POST", postV2+"p", titled("own"))
			do(t, s, "POST", postV2+"q", titled("own"))
			if n := len(s.Shown("p")); n != 2 {
				t.Fatalf("%d add-ons shown before, want 2", n)
			}
			w := do(t, s, "DELETE", path+"p", "")
			if w.Code != 200 || w.Body.String() != "{}" {
				t.Errorf("got %d %s, want 200 {}", w.Code, w.Body)
			}
			if p, q := len(s.Shown("p")), len(s.Shown("q")); p != 0 || q != 2 {
				t.Errorf("%d and %d add-ons shown, want all of this post gone and the other's 2", p, q)
			}
		})
	}
}

func TestDeleteMissing(t *testing.T) {
	for _, path := range []string{postV1 + "p", userV1 + "812d56e6"} {
		wantOK(t, do(t, kenartest.New(kenartest.Config{}), "DELETE", path, ""))
		s := kenartest.New(kenartest.Config{MissingIsNotFound: true})
		wantError(t, do(t, s, "DELETE", path, ""), 404, 5, "the app has no")
	}
	s := kenartest.New(kenartest.Config{MissingIsNotFound: true, AttachDelay: time.Hour})
	do(t, s, "POST", postV2+"p", title)
	wantOK(t, do(t, s, "DELETE", postV1+"p", "")) // it was on its way
	wantError(t, do(t, s, "DELETE", postV1+"p", ""), 404, 5, `no add-on on the post "p"`)
}

func TestBusinessAddon(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	s.AddBusiness(kenartest.Business{Token: "shop"})
	s.AddPost(
		kenartest.Post{Token: "p", Business: "shop"},
		kenartest.Post{Token: "retired", Business: "shop", State: "RETIRED"},
		kenartest.Post{Token: "other"})

	for _, path := range []string{businessV1, businessV2} {
		w := do(t, s, "POST", path+"unknown", title)
		wantError(t, w, 403, 7, `may not use the business "unknown"`)
	}
	id := createdID(t, do(t, s, "POST", businessV1+"shop", titled("first")))
	if again := createdID(t, do(t, s, "POST", businessV1+"shop", titled("second"))); again != id {
		t.Errorf("the update has the id %s, want %s", again, id)
	}
	if w := do(t, s, "POST", businessV2+"shop", titled("third")); w.Body.String() != "{}" {
		t.Errorf("v2 answers %s, want {}", w.Body)
	}
	wantAttached(t, s, "business/shop", titled("third"))
	for token, want := range map[string]int{"p": 1, "retired": 0, "other": 0} {
		if n := len(s.Shown(token)); n != want {
			t.Errorf("%s shows %d add-ons, want %d", token, n, want)
		}
	}
}
