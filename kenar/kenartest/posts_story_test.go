package kenartest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Names for what is different in every run.
var (
	uuids  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	cursor = regexp.MustCompile(`"next_page_token":"[^"]+"`)
)

// TestPostStory is the life of one post, from the question whether it may be
// submitted to its end: every call with its answer, as a client sees them.
func TestPostStory(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{
		Now: clock.Now, RequireGrant: true, ImageIDs: kenartest.UploadedImageID,
		Keys:  []kenartest.Key{{Value: "k", App: "my-app"}},
		Posts: kenartest.PostRules{ReviewDelay: time.Hour},
	})
	s.AddBusiness(kenartest.Business{Token: "namayeshgah", Owner: "sara", Type: "CAR_BUSINESS", Name: "نمایشگاه امید"})
	s.SetBalance("my-app", 2_000_000)
	s.SetPrice("light", "karaj", kenartest.Price{Submit: 600_000, Reorder: 300_000, Renew: 450_000})
	s.AddGrant(kenartest.Grant{AccessToken: "t", User: "sara", Scopes: []string{
		"SUBMIT_USER_POST", "USER_POSTS_GET", "EDIT_USER_POST", "DELETE_USER_POST", "PAYMENT_ALL_POSTS_PRICING_READ",
		"PAYMENT_ALL_POSTS_REORDER", "PAYMENT_ALL_POSTS_RENEW", "USER_SET_CUSTOMIZED_BUTTON"}})
	token := bearer("t")

	var out bytes.Buffer
	post := "none yet"
	call := func(method, path, body string, headers ...header) []byte {
		if strings.Contains(path, "%s") {
			path = fmt.Sprintf(path, post)
		}
		w := do(t, s, method, path, body, headers...)
		line := fmt.Sprintf("%s %s\n  %d %s\n", method, path, w.Code, w.Body)
		line = uuids.ReplaceAllString(strings.ReplaceAll(line, post, "<post>"), "<uuid>")
		out.WriteString(cursor.ReplaceAllString(line, `"next_page_token":"<token>"`))
		return w.Body.Bytes()
	}
	wait := func(d time.Duration) {
		clock.Advance(d)
		fmt.Fprintf(&out, "# %s later\n", d)
	}
	id := func() string { return payment(uuid.NewString()) }

	call("GET", canSubmitPath, "", token)
	var urls struct{ Image struct{ URL string } }
	if err := json.Unmarshal(call("GET", uploadURLsPath, ""), &urls); err != nil {
		t.Fatal(err)
	}
	call("POST", strings.TrimPrefix(urls.Image.URL, "http://example.com"), photo(t, 8, 6))
	submission := fmt.Sprintf(`{"business_token":"namayeshgah",
		"general_data":{"category_slug":"light","title":"پژو پارس مدل ۱۳۹۹","description":"بدون رنگ","images":[%q],
			"city":"karaj","location_type":"LOCATION_TYPE_EMPTY","hide_phone":true,"chat_enabled":true},
		"category_fields":{"brand_model":"Peugeot Pars","year":1399,"usage":84000,"color":"سفید","price":610000000,"engine_volume":1.8}}`,
		s.PostMedia()[0].Name)
	call("POST", submitUserPath, strings.Replace(submission, `"color":"سفید",`, "", 1), token)
	var answer struct {
		Token string `json:"post_token"`
	}
	if err := json.Unmarshal(call("POST", submitUserPath, submission, token), &answer); err != nil {
		t.Fatal(err)
	}
	// The answer above came before its token had a name.
	text := strings.ReplaceAll(out.String(), answer.Token, "<post>")
	out.Reset()
	out.WriteString(text)
	post = answer.Token

	call("GET", finder+"%s", "")
	call("GET", pricingPath, "", token)
	call("GET", balancePath, "")
	s.ScriptPayments(kenartest.Outcome{State: kenartest.TransactionPending, After: time.Minute})
	first := id()
	call("POST", publishPath, first, token)
	call("POST", publishPath, first, token)
	wait(time.Minute)
	call("GET", userPostPath, "", token)
	wait(time.Hour)
	call("GET", finder+"%s", "")
	call("POST", postButton, button, token)
	call("PUT", editPath, `{"update_mask":["general_data.title","category_data.usage"],"general_data":{"title":"پژو پارس، کم کارکرد"},"category_data":{"usage":84500}}`, token)
	call("POST", reorderPath, id(), token)
	wait(24 * day)
	call("GET", pricingPath, "", token)
	call("POST", reorderPath, id(), token)
	call("POST", renewPath, id(), token)
	call("GET", userPostsPath, "", token)
	call("GET", transactionsPath+"?page_size=2", "")
	call("GET", balancePath, "")
	wait(30 * day)
	call("GET", userPostPath, "", token)
	call("PUT", editPath, `{"update_mask":["general_data.title"]}`, token)
	call("DELETE", postPath, "", token)
	call("GET", userPostPath, "", token)
	golden.File(t, "testdata/posts_story.golden", out.Bytes())
	if err := s.Books("my-app").Check(); err != nil {
		t.Error(err)
	}
}

// Of many calls at once with one id exactly one pays.
func TestConcurrentPayments(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{})
	var tokens []string
	for range 8 {
		tokens = append(tokens, submitted(t, s))
	}
	var wait sync.WaitGroup
	for _, token := range tokens {
		wait.Go(func() { pay(t, s, publishPath, token, id1) })
		wait.Go(func() { s.Books("") })
	}
	wait.Wait()
	published := 0
	for _, l := range s.Submitted() {
		if l.State == kenartest.PostPublished {
			published++
		}
	}
	if b := s.Books(""); published != 1 || len(b.Transactions) != 1 || b.Completed != 500_000 {
		t.Errorf("%d posts are published by %d transactions for %d rials, want one by one", published, len(b.Transactions), b.Completed)
	}
}
