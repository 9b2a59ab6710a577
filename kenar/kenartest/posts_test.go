package kenartest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Zero values are left out of answers.
func TestGetPost(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now})
	s.AddPost(
		kenartest.Post{Token: "full", Title: "پژو ۲۰۶", Description: "سالم <است>", City: "tehran", District: "nazi-abad",
			Category: "light", State: "RETIRED", Owner: "sara", Business: "shop", ChatEnabled: true,
			PublishedAt: clock.Now().Add(-time.Hour + time.Millisecond)},
		kenartest.Post{Token: "bare"},
	)
	var out bytes.Buffer
	for _, token := range []string{"full", "bare", "unknown"} {
		w := do(t, s, "GET", finder+token, "")
		fmt.Fprintln(&out, w.Code, w.Body)
	}
	golden.File(t, "testdata/posts.golden", out.Bytes())
}

func TestSamplePosts(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	posts := kenartest.SamplePosts()
	s.AddPost(posts...)
	seen := make(map[string]bool)
	for _, p := range posts {
		if seen[p.Token] || len(p.Token) != 8 || p.City == "" || p.Category == "" || p.Owner == "" {
			t.Errorf("%+v: want a new token of 8 characters, a city, a category and an owner", p)
		}
		seen[p.Token] = true
		if len(p.Title) == utf8.RuneCountInString(p.Title) {
			t.Errorf("title %q is not Persian", p.Title)
		}
		wantOK(t, do(t, s, "GET", finder+p.Token, ""))
	}
	if len(posts) < 5 {
		t.Errorf("%d posts are not a handful", len(posts))
	}
}

func TestUnknownRoutes(t *testing.T) {
	tests := []struct{ method, path string }{
		{"GET", "/"},
		{"GET", postV2 + "p"},
		{"PUT", postV2 + "p"},
		{"DELETE", postV2 + "p"},
		{"POST", "/v2/open-platform/add-ons/post/p"}, // a slip of the documents
		{"POST", postV2},
		{"POST", postV2 + "p/"},
		{"POST", postV2 + "p/more"},
		{"POST", "/v2/open-platform/addons/user/p"},  // user, not users
		{"POST", "/v1/open-platform/addons/users/p"}, // and the other way round
		{"GET", "/v1/open-platform/finder/post"},
		{"POST", finder + "p"},
		{"POST", "/v2//open-platform/addons/post/p"},
		{"POST", "/v2/x/../open-platform/addons/post/p"},
	}
	s := kenartest.New(kenartest.Config{})
	for i, tt := range tests {
		w := do(t, s, tt.method, tt.path, title)
		wantError(t, w, http.StatusNotFound, 5, "Not Found")
		if c := s.Calls()[i]; c.Op != "" || c.Permission != "" || c.Target != "" || c.Verdict != kenartest.NotFound {
			t.Errorf("%s %s: recorded %+v", tt.method, tt.path, c)
		}
	}
}

// An escaped path names the token that it says when unescaped.
func TestEscapedPath(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	do(t, s, "POST", postV2+"a%2Fb", title)
	if c := s.Calls()[0]; c.Target != "post/a/b" || c.Path != postV2+"a%2Fb" {
		t.Errorf("target %q of path %q", c.Target, c.Path)
	}
}

// A server need not be started to serve.
func TestHandler(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	defer s.Close()
	if s.URL() != "" {
		t.Errorf("URL is %q without a listener", s.URL())
	}
	other := httptest.NewServer(s)
	defer other.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, other.URL+finder+"unknown", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("x-api-key", "k") // as the documents spell it
	resp, err := other.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s %s", resp.Status, resp.Header)
	}
}

// With a clock of its own the server also dates its answers by it.
func TestDate(t *testing.T) {
	clock := newClock()
	s := start(t, kenartest.Config{Now: clock.Now})
	if r := post(t.Context(), s, "p"); r.header.Get("Date") != "Sat, 21 Mar 2026 10:00:00 GMT" {
		t.Errorf("Date is %q", r.header.Get("Date"))
	}
}

// After Close nothing is answered, and all can still be asked.
func TestClose(t *testing.T) {
	s := start(t, kenartest.Config{})
	s.AddPost(kenartest.Post{Token: "p"})
	if r := post(t.Context(), s, "p"); r.status != 200 {
		t.Fatalf("the client got %+v", r)
	}
	s.Close()
	s.Close()
	if r := post(t.Context(), s, "p"); r.err == nil {
		t.Errorf("after Close the client got %+v", r)
	}
	wantAttached(t, s, "post/p", title)
	other := httptest.NewServer(s)
	defer other.Close()
	if resp, err := other.Client().Get(other.URL); err == nil { //nolint:noctx // the short way
		resp.Body.Close()
		t.Errorf("behind another listener the client got %s", resp.Status)
	}
	if s.Count() != 1 || s.URL() == "" {
		t.Errorf("Count %d, URL %q", s.Count(), s.URL())
	}
}
