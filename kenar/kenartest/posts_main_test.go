package kenartest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Paths of the operations of posts; those with a verb take a post token.
const (
	schemaPath       = "/v1/open-platform/assets/submit-schema/%s"
	mediaURLsPath    = "/v1/open-platform/assets/media-upload-urls"
	uploadURLsPath   = "/v2/open-platform/post/upload-urls"
	canSubmitPath    = "/experimental/open-platform/user-posts/can-submit"
	submitPath       = "/experimental/open-platform/posts/new-v2"
	submitUserPath   = "/experimental/open-platform/user-posts/new"
	pricingPath      = "/v1/open-platform/post/%s/pricing"
	publishPath      = "/experimental/open-platform/post/%s/publish"
	renewPath        = "/experimental/open-platform/post/%s/renew"
	reorderPath      = "/experimental/open-platform/post/%s/reorder"
	editPath         = "/v2/open-platform/post/%s"
	postPath         = "/v1/open-platform/post/%s"
	userPostPath     = "/v1/open-platform/user-post/%s"
	userPostsPath    = "/v1/open-platform/finder/user-posts"
	postButton       = "/experimental/open-platform/posts/%s/customized-button"
	businessButton   = "/experimental/open-platform/business/%s/customized-button"
	balancePath      = "/experimental/open-platform/balance"
	transactionPath  = "/experimental/open-platform/transactions/%s"
	transactionsPath = "/experimental/open-platform/transactions"
)

// A document is a JSON object to be taken apart.
type document map[string]any

// flat is a valid submission of a flat for rent.
func flat(change func(body, general, fields document)) string {
	general := document{
		"category_slug": "apartment-rent", "title": "آپارتمان ۸۰ متری در گیشا", "description": "نورگیر و نوساز",
		"images": []string{}, "city": "tehran", "district": "gisha", "latitude": 35.73, "longitude": 51.37,
		"location_type": "LOCATION_TYPE_APPROXIMATE", "hide_phone": false, "chat_enabled": true,
	}
	fields := document{"size": 80, "rooms": "دو", "credit": 500_000_000, "rent": 12_000_000}
	body := document{"business_token": "amlak", "general_data": general, "category_fields": fields}
	if change != nil {
		change(body, general, fields)
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// payment is the body of a paid call.
func payment(id string) string { return fmt.Sprintf(`{"id":%q}`, id) }

// newMarket is a server on a clock of its own with a business of sara's and
// ten million rials for the app of the key "k".
func newMarket(t *testing.T, cfg kenartest.Config) (*kenartest.Server, *clock) {
	t.Helper()
	clock := newClock()
	cfg.Now = clock.Now
	s := kenartest.New(cfg)
	s.AddBusiness(kenartest.Business{Token: "amlak", Owner: "sara", Type: "REAL_ESTATE_BUSINESS", Name: "املاک امید"})
	s.SetBalance("", 10_000_000)
	t.Cleanup(func() {
		if err := s.Books("").Check(); err != nil {
			t.Error(err)
		}
	})
	return s, clock
}

// submitted submits a flat and returns its post token.
func submitted(t *testing.T, s *kenartest.Server) string {
	t.Helper()
	var answer struct {
		Token string `json:"post_token"`
	}
	decode(t, do(t, s, "POST", submitUserPath, flat(nil)), &answer)
	return answer.Token
}

// publishedPost is a flat that was submitted, paid and published.
func publishedPost(t *testing.T, s *kenartest.Server) string {
	t.Helper()
	token := submitted(t, s)
	wantOK(t, pay(t, s, publishPath, token, uuid.NewString()))
	wantState(t, s, token, kenartest.PostPublished)
	return token
}

func pay(t *testing.T, s *kenartest.Server, path, token, id string) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, s, "POST", fmt.Sprintf(path, token), payment(id))
}

func wantState(t *testing.T, s *kenartest.Server, token string, want kenartest.PostState) {
	t.Helper()
	if l, ok := s.Listing(token); !ok || l.State != want {
		t.Errorf("post %s: %q, %v; want %s", token, l.State, ok, want)
	}
}

// decode reads the answer of an accepted call.
func decode(t *testing.T, w *httptest.ResponseRecorder, into any) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("got %d %s, want 200", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("answer %s: %v", w.Body, err)
	}
}

// wantBody checks an accepted call's answer word for word.
func wantBody(t *testing.T, w *httptest.ResponseRecorder, want string) {
	t.Helper()
	if w.Code != http.StatusOK || w.Body.String() != want {
		t.Errorf("got %d %s\nwant 200 %s", w.Code, w.Body, want)
	}
}

const day = 24 * time.Hour
