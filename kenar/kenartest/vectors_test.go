package kenartest_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// ambiguous says what the simulator makes of bodies on which Kenar's
// documents disagree or are silent.
var ambiguous = map[string]int{
	"v1-post-legend-semantic-numbers":      400, // semantic values are strings
	"v1-open-web-page-url-key":             200, // both names of the link were documented
	"v2-score-zero":                        200, // within 0..100
	"v2-semantic-path-leading-widget-name": 400, // names nothing
	"v2-event-row-with-action":             200, // unknown fields are ignored
	"v2-selector-label":                    200, // unknown fields are ignored
	"v2-action-two-kinds":                  400, // exactly one
	"v2-semantic-spelling":                 200, // a key like any other
	"v2-semantic-sensitives-leftover":      200, // unknown fields are ignored
	"v2-semantic-raw-vin":                  200, // masking is the sender's duty
	"v2-empty-widgets":                     400, // shows nothing
	"business-docs-sample":                 200, // unknown fields are ignored
	"submit-user-landline":                 200, // unknown fields are ignored
	"submit-landline-inside-general":       200, // unknown fields are ignored
	"publish-id-missing":                   400, // nothing else prevents a double payment
	"edit-v2-mask-city":                    400, // not in the table of what can be edited
	"edit-v2-mask-category-slug":           400, // not in the table of what can be edited
}

// TestVectors runs a collection of documented and disputed requests, where
// there is one beside the repository.
func TestVectors(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "kenar", "vectors")
	index, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if os.IsNotExist(err) {
		t.Skipf("no request vectors in %s; the tables in validate_test.go cover the same rules", dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Entries []struct {
			ID, File, Kind, Method, Path, Verdict, Field, Precondition string
			HTTPStatus                                                 int `json:"http_status"`
		}
	}
	if err := json.Unmarshal(index, &vectors); err != nil {
		t.Fatal(err)
	}
	placeholders := strings.NewReplacer("{post_token}", "gZd7omnS", "{business_token}", "b1",
		"{divar_user_id}", "user-sara", "{phone}", "09991234567")
	ran := 0
	for _, v := range vectors.Entries {
		if v.Kind != "request" || !simulated(v.Path) {
			continue
		}
		ran++
		t.Run(v.ID, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join(dir, v.File))
			if err != nil {
				t.Fatal(err)
			}
			cfg := kenartest.Config{}
			if strings.Contains(v.Precondition, "lacks IMAGE_CAROUSEL_ROW") {
				cfg.Apps = []kenartest.App{{Widgets: []string{"title_row", "score_row"}}}
			}
			s := kenartest.New(cfg)
			prepare(t, s, v.Precondition)
			want := v.HTTPStatus
			if v.Verdict == "ambiguous" {
				var ok bool
				if want, ok = ambiguous[v.ID]; !ok {
					t.Fatalf("ambiguous and not decided: add it to the table")
				}
			}
			w := do(t, s, v.Method, placeholders.Replace(v.Path), string(body))
			if w.Code != want {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, want)
			}
			if w.Code == http.StatusBadRequest && !strings.Contains(w.Body.String(), strings.TrimSuffix(v.Field, ".")) {
				t.Errorf("answer %s does not name the field %s", w.Body, v.Field)
			}
		})
	}
	if ran == 0 {
		t.Error("the index has no requests of simulated operations")
	}
}

// simulated reports whether the requests of a path are ones to run: those of
// add-ons, and of posts.
func simulated(path string) bool {
	for _, part := range []string{"/addons/", "/add-ons/", "/posts/", "/user-posts/", "/post/"} {
		if strings.Contains(path, part) {
			return !strings.Contains(path, "/semantic/") && !strings.Contains(path, "/finder/")
		}
	}
	return false
}

// prepare makes the simulator one in which a vector's body alone decides, or
// what its precondition says.
func prepare(t *testing.T, s *kenartest.Server, precondition string) {
	t.Helper()
	s.AddBusiness(kenartest.Business{Token: "b1"}, kenartest.Business{Token: "xYzAbC123"})
	s.SetBalance("", 10_000_000)
	post := kenartest.Post{Token: "gZd7omnS", Category: "light", PublishedAt: time.Now().Add(-48 * time.Hour)}
	if strings.Contains(precondition, "WAITING_FOR_PAYMENT") {
		post.State = "PAYMENT_REQ"
	}
	s.AddPost(post)
	switch {
	case strings.Contains(precondition, "with this id is COMPLETED"):
		s.AddPost(kenartest.Post{Token: "another", State: "PAYMENT_REQ"})
		wantOK(t, pay(t, s, publishPath, "another", id1))
	case strings.Contains(precondition, "resp-submit-schema"):
		s.SetSubmitSchema("apartment-sell", []byte(`{"properties":{"size":{"type":"integer"},"price":{"type":"integer"}},"required":["size","price"]}`))
	}
}
