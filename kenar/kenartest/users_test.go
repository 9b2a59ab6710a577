package kenartest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

func wantShown(t *testing.T, s *kenartest.Server, token string, want ...string) {
	t.Helper()
	var got []string
	for _, a := range s.Shown(token) {
		got = append(got, string(a.Body))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s shows %s, want %s", token, got, want)
	}
}

func TestUserAddon(t *testing.T) {
	for path, body := range map[string]string{userV2: title, userV1: titleV1} {
		t.Run(path, func(t *testing.T) {
			s := kenartest.New(kenartest.Config{})
			s.AddPost(kenartest.Post{Token: "old", Owner: "sara"}, kenartest.Post{Token: "reza's", Owner: "reza"}, kenartest.Post{Token: "nobody's"})
			id := createdID(t, do(t, s, "POST", path+"sara", body))
			wantAttached(t, s, "user/sara", body)
			wantShown(t, s, "old", body)
			s.AddPost(kenartest.Post{Token: "new", Owner: "sara"})
			wantShown(t, s, "new", body)
			wantShown(t, s, "reza's")
			wantShown(t, s, "nobody's")
			if a, _ := s.Attached("user/sara"); a.ID != id {
				t.Errorf("attached is %s, answered was %s", a.ID, id)
			}
		})
	}
}

// A new add-on reaches back to the 30 most recent posts.
func TestUserAddonBackfill(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now})
	for i := range 35 { // the higher, the older
		s.AddPost(kenartest.Post{Token: fmt.Sprint("p", i), Owner: "sara", PublishedAt: clock.Now().Add(-time.Duration(i) * time.Hour)})
	}
	do(t, s, "POST", userV2+"sara", title)
	for i := range 35 {
		if i < 30 {
			wantShown(t, s, fmt.Sprint("p", i), title)
		} else {
			wantShown(t, s, fmt.Sprint("p", i))
		}
	}
}

func TestUserAddonCategories(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	s.AddPost(kenartest.Post{Token: "car", Category: "light", Owner: "sara"}, kenartest.Post{Token: "phone", Category: "mobile-phones", Owner: "sara"})
	body := `{"widgets":[{"title_row":{"text":"x"}}],"categories":["light"]}`
	do(t, s, "POST", userV2+"sara", body)
	s.AddPost(kenartest.Post{Token: "car2", Category: "light", Owner: "sara"}, kenartest.Post{Token: "phone2", Category: "mobile-phones", Owner: "sara"})
	wantShown(t, s, "car", body)
	wantShown(t, s, "car2", body)
	wantShown(t, s, "phone")
	wantShown(t, s, "phone2")
}

// An update is for later posts.
func TestUserAddonUpdate(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	s.AddPost(kenartest.Post{Token: "old", Owner: "sara"})
	id := createdID(t, do(t, s, "POST", userV2+"sara", titled("first")))
	if again := createdID(t, do(t, s, "POST", userV2+"sara", titled("second"))); again != id {
		t.Errorf("the update has the id %s, want %s", again, id)
	}
	s.AddPost(kenartest.Post{Token: "new", Owner: "sara"})
	s.AddPost(kenartest.Post{Token: "old", Owner: "sara", Title: "edited"}) // not a later post
	wantAttached(t, s, "user/sara", titled("second"))
	wantShown(t, s, "old", titled("first"))
	wantShown(t, s, "new", titled("second"))
}

func TestDeleteUserAddon(t *testing.T) {
	s := kenartest.New(kenartest.Config{MissingIsNotFound: true, Keys: []kenartest.Key{{Value: "k"}, {Value: "other", App: "other"}}})
	s.AddPost(kenartest.Post{Token: "p", Owner: "sara"}, kenartest.Post{Token: "q", Owner: "reza"})
	id := createdID(t, do(t, s, "POST", userV2+"sara", title))
	reza := createdID(t, do(t, s, "POST", userV2+"reza", title))
	if id == reza {
		t.Fatalf("two users' add-ons share the id %s", id)
	}
	do(t, s, "POST", postV2+"p", titled("own"))

	wantError(t, do(t, s, "DELETE", userV1+id, "", apiKey("other")), 404, 5, id) // only own ones
	if w := do(t, s, "DELETE", userV1+id, ""); w.Code != 200 || w.Body.String() != "{}" {
		t.Errorf("got %d %s, want 200 {}", w.Code, w.Body)
	}
	wantAttached(t, s, "user/sara", "-")
	wantShown(t, s, "p", titled("own"))
	wantShown(t, s, "q", title)
	s.AddPost(kenartest.Post{Token: "new", Owner: "sara"})
	wantShown(t, s, "new")
	wantError(t, do(t, s, "DELETE", userV1+id, ""), 404, 5, id)

	// The next one is new again, and reaches back.
	if next := createdID(t, do(t, s, "POST", userV2+"sara", titled("next"))); next == id {
		t.Errorf("the id %s is used again", id)
	}
	wantShown(t, s, "new", titled("next"))
}

func TestUserAddonDelay(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now, AttachDelay: time.Minute})
	s.AddPost(kenartest.Post{Token: "old", Owner: "sara"})
	id := createdID(t, do(t, s, "POST", userV2+"sara", title))
	s.AddPost(kenartest.Post{Token: "meanwhile", Owner: "sara"})
	wantShown(t, s, "old")
	clock.Advance(time.Minute)
	wantShown(t, s, "old", title)
	wantShown(t, s, "meanwhile", title)

	s.AddPost(kenartest.Post{Token: "new", Owner: "sara"})
	wantShown(t, s, "new")
	clock.Advance(time.Minute)
	wantShown(t, s, "new", title)

	// Deletion reaches what is on its way.
	s.AddPost(kenartest.Post{Token: "newer", Owner: "sara"})
	do(t, s, "DELETE", userV1+id, "")
	s.Settle()
	wantShown(t, s, "newer")
}

func TestUserAddonExpires(t *testing.T) {
	clock := newClock()
	begin := clock.Now()
	s := kenartest.New(kenartest.Config{Now: clock.Now})
	s.AddPost(kenartest.Post{Token: "p", Owner: "sara"}, kenartest.Post{Token: "q", Owner: "reza"})
	id := createdID(t, do(t, s, "POST", userV2+"sara", titled("first")))
	do(t, s, "POST", postV2+"p", titled("own"))

	clock.Advance(24 * time.Hour)
	do(t, s, "POST", userV2+"reza", title)
	clock.Advance(30 * 24 * time.Hour)
	do(t, s, "POST", userV2+"sara", titled("second")) // three months more, for later posts
	s.AddPost(kenartest.Post{Token: "later", Owner: "sara"})

	clock.Advance(begin.AddDate(0, 3, 0).Sub(clock.Now()) - time.Second)
	wantShown(t, s, "p", titled("first"), titled("own"))
	clock.Advance(time.Second)
	wantShown(t, s, "p", titled("own"))
	wantShown(t, s, "later", titled("second"))
	wantShown(t, s, "q", title)
	clock.Advance(24 * time.Hour)
	wantShown(t, s, "q")
	wantAttached(t, s, "user/reza", "-")

	clock.Advance(31 * 24 * time.Hour)
	wantShown(t, s, "later")
	wantAttached(t, s, "user/sara", "-")
	if next := createdID(t, do(t, s, "POST", userV2+"sara", title)); next == id {
		t.Errorf("the id %s is used again after expiry", id)
	}
}
