package kenartest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// An owner sees all of a post, without what is zero.
func TestGetUserPost(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{})
	token := submitted(t, s)
	const fields = `"category_data":{"credit":500000000,"rent":12000000,"rooms":"دو","size":80},` +
		`"business_data":{"business_name":"املاک امید","business_type":"REAL_ESTATE"}}`
	const general = `"general_data":{"category_slug":"apartment-rent","title":"آپارتمان ۸۰ متری در گیشا","description":"نورگیر و نوساز",` +
		`"city":"tehran","district":"gisha","latitude":35.73,"longitude":51.37,"location_type":"LOCATION_TYPE_APPROXIMATE","chat_enabled":true},`
	read := func() string { return do(t, s, "GET", fmt.Sprintf(userPostPath, token), "").Body.String() }
	if got, want := read(), `{"state":"POST_STATE_WAITING_FOR_PAYMENT",`+general+fields; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := s.SetPostState(token, kenartest.PostRejected, "عکس نامناسب"); err != nil {
		t.Fatal(err)
	}
	if got, want := read(), `{"state":"POST_STATE_REJECTED","reject_reason":"عکس نامناسب",`+general+fields; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.AddPost(kenartest.Post{Token: "bare"})
	wantBody(t, do(t, s, "GET", fmt.Sprintf(userPostPath, "bare"), ""), `{"state":"POST_STATE_PUBLISHED","general_data":{}}`)
	wantError(t, do(t, s, "GET", fmt.Sprintf(userPostPath, "unknown"), ""), 404, 5, "unknown")
}

func TestGetUserPosts(t *testing.T) {
	s, clock := newMarket(t, kenartest.Config{})
	sara := bearer(s.Grant("sara", "USER_POSTS_GET", "SUBMIT_USER_POST").Access)
	reza := bearer(s.Grant("reza", "USER_POSTS_GET").Access)
	states := []kenartest.PostState{kenartest.PostInPublishQueue, kenartest.PostPublished, kenartest.PostWaitingForEdit,
		kenartest.PostWaitingForPayment, kenartest.PostWaitingForReview, kenartest.PostEditRejected,
		kenartest.PostRejected, kenartest.PostDeleted, kenartest.PostRetired}
	var want []string
	for i, state := range states {
		clock.Advance(time.Second)
		wantOK(t, do(t, s, "POST", submitUserPath, flat(func(_, general, _ document) {
			general["hide_phone"], general["images"] = true, []string{"/a.jpg"}
		}), sara))
		token := s.Submitted()[i].Token
		if err := s.SetPostState(token, state, ""); err != nil {
			t.Fatal(err)
		}
		if i < 6 {
			want = append([]string{fmt.Sprintf(`{"token":%q,"title":"آپارتمان ۸۰ متری در گیشا","images":["/a.jpg"],`+
				`"category":"apartment-rent","is_phone_hidden":true}`, token)}, want...)
		}
	}
	wantBody(t, do(t, s, "GET", userPostsPath, "", sara), `{"posts":[`+strings.Join(want, ",")+`]}`)
	wantBody(t, do(t, s, "GET", userPostsPath, "", reza), `{}`)
	wantError(t, do(t, s, "GET", userPostsPath, ""), 401, 16, "missing or not valid")
}

// A review takes its time, refuses with a reason, and is told the post.
func TestReview(t *testing.T) {
	s, clock := newMarket(t, kenartest.Config{Posts: kenartest.PostRules{ReviewDelay: 2 * time.Hour}})
	s.SetReview(func(l kenartest.Listing) string {
		if strings.Contains(l.Title, "تماس") {
			return "شمارهٔ تماس در عنوان"
		}
		return ""
	})
	token := submitted(t, s)
	wantOK(t, do(t, s, "PUT", fmt.Sprintf(editPath, token), `{"update_mask":["general_data.title"],"general_data":{"title":"تماس ۰۹۱۲"}}`))
	wantOK(t, pay(t, s, publishPath, token, id1))
	wantState(t, s, token, kenartest.PostWaitingForReview)
	clock.Advance(2*time.Hour - 1)
	wantState(t, s, token, kenartest.PostWaitingForReview)
	clock.Advance(1)
	wantState(t, s, token, kenartest.PostRejected)
	if l, _ := s.Listing(token); l.RejectReason != "شمارهٔ تماس در عنوان" || !l.PublishedAt.IsZero() {
		t.Errorf("refused with %q, published at %s", l.RejectReason, l.PublishedAt)
	}
	wantError(t, do(t, s, "GET", finder+token, ""), 404, 5, "")
	if b := s.Books(""); b.Completed != 500_000 {
		t.Errorf("%d rials are spent, want the price: a refusal gives nothing back", b.Completed)
	}

	// Mended, it is reviewed again, from then on.
	wantOK(t, do(t, s, "PUT", fmt.Sprintf(editPath, token), `{"update_mask":["general_data.title"],"general_data":{"title":"نورگیر"}}`))
	clock.Advance(2*time.Hour - 1)
	wantState(t, s, token, kenartest.PostWaitingForReview)
	clock.Advance(1)
	wantState(t, s, token, kenartest.PostPublished)
	if l, _ := s.Listing(token); l.RejectReason != "" || !l.PublishedAt.Equal(clock.Now()) || !l.ExpiresAt.Equal(clock.Now().Add(30*day)) {
		t.Errorf("published as %+v", l)
	}
}

// A state that was set is not undone by a review that was due before it.
func TestStateSetDuringReview(t *testing.T) {
	s, clock := newMarket(t, kenartest.Config{Posts: kenartest.PostRules{ReviewDelay: time.Hour}})
	token := submitted(t, s)
	wantOK(t, pay(t, s, publishPath, token, id1))
	clock.Advance(30 * time.Minute)
	for _, state := range []kenartest.PostState{kenartest.PostWaitingForEdit, kenartest.PostWaitingForReview} {
		if err := s.SetPostState(token, state, ""); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(59 * time.Minute)
	wantState(t, s, token, kenartest.PostWaitingForReview)
	clock.Advance(time.Minute)
	wantState(t, s, token, kenartest.PostPublished)

	if err := s.SetPostState("unknown", kenartest.PostPublished, ""); err == nil {
		t.Error("an unknown post has a state")
	}
	if err := s.SetPostState(token, "PUBLISHED", ""); err == nil {
		t.Error("finder's PUBLISHED is not a state of a post")
	}
}

// An added post ends when it says so, and lives on after its renewal.
func TestExpiryOfAnAddedPost(t *testing.T) {
	s, clock := newMarket(t, kenartest.Config{})
	s.AddPost(kenartest.Post{Token: "p", ExpiresAt: clock.Now().Add(day)}, kenartest.Post{Token: "forever"})
	wantOK(t, pay(t, s, renewPath, "p", id1))
	wantError(t, pay(t, s, renewPath, "forever", id2), 412, 9, "not near its expiry")
	clock.Advance(30*day - 1)
	wantState(t, s, "p", kenartest.PostPublished)
	clock.Advance(1)
	wantState(t, s, "p", kenartest.PostRetired)
	wantState(t, s, "forever", kenartest.PostPublished)
	if got := do(t, s, "GET", finder+"p", "").Body.String(); !strings.Contains(got, `"state":"RETIRED"`) {
		t.Errorf("finder shows %s", got)
	}
}

// A deleted post is gone for all but its owner, with all that was on it.
func TestDeletePost(t *testing.T) {
	for _, strict := range []bool{false, true} {
		s, _ := newMarket(t, kenartest.Config{MissingIsNotFound: strict})
		token := publishedPost(t, s)
		wantOK(t, do(t, s, "POST", postV2+token, title))
		wantOK(t, do(t, s, "POST", fmt.Sprintf(postButton, token), button))
		wantBody(t, do(t, s, "DELETE", fmt.Sprintf(postPath, token), ""), `{}`)
		wantError(t, do(t, s, "GET", finder+token, ""), 404, 5, "")
		for _, path := range []string{renewPath, reorderPath, publishPath} {
			wantError(t, pay(t, s, path, token, id2), 404, 5, token)
		}
		if _, ok := s.Attached("post/" + token); ok {
			t.Error("its add-on is still there")
		}
		if _, ok := s.Button("post/" + token); ok {
			t.Error("its button is still there")
		}
		if got := do(t, s, "GET", fmt.Sprintf(userPostPath, token), "").Body.String(); !strings.Contains(got, `"POST_STATE_DELETED"`) {
			t.Errorf("its owner sees %s", got)
		}
		if err := s.SetPostState(token, kenartest.PostPublished, ""); err == nil {
			t.Error("it came back")
		}
		again := do(t, s, "DELETE", fmt.Sprintf(postPath, token), "")
		unknown := do(t, s, "DELETE", fmt.Sprintf(postPath, "unknown"), "")
		if strict {
			wantError(t, again, 404, 5, token)
			wantError(t, unknown, 404, 5, "unknown")
		} else {
			wantOK(t, again)
			wantOK(t, unknown)
		}
	}
}

// An owner's add-on is on a submitted post from the beginning, and seen once
// it is published.
func TestUserAddonOfASubmittedPost(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{})
	wantOK(t, do(t, s, "POST", userV2+"sara", title))
	token := submitted(t, s)
	if got := s.Shown(token); got != nil {
		t.Errorf("an unpaid post shows %+v", got)
	}
	wantOK(t, pay(t, s, publishPath, token, id1))
	if got := s.Shown(token); len(got) != 1 {
		t.Errorf("the published post shows %d add-ons, want its owner's", len(got))
	}
}

const button = `{"customized_button":{"type":"ONLINE_CALL","action":{"open_direct_link":"https://example.com/call"}}}`

func TestButtons(t *testing.T) {
	tests := []struct{ name, body, fault string }{
		{"as documented", button, ""},
		{"accommodation", strings.Replace(button, "ONLINE_CALL", "ACCOMMODATION_BOOKING", 1), ""},
		{"store", strings.Replace(button, "ONLINE_CALL", "EXTERNAL_PRODUCT_STORE", 1), ""},
		{"resume", strings.Replace(button, "ONLINE_CALL", "RESUME_SUBMISSION", 1), ""},
		{"unknown type", strings.Replace(button, "ONLINE_CALL", "PHONE", 1), `customized_button.type: "PHONE"`},
		{"no type", strings.Replace(button, `"type":"ONLINE_CALL",`, "", 1), "customized_button.type: is missing"},
		{"no action", `{"customized_button":{"type":"ONLINE_CALL"}}`, "customized_button.action: is missing"},
		{"empty action", `{"customized_button":{"type":"ONLINE_CALL","action":{}}}`, "customized_button.action: has 0 of"},
		{"no button", `{}`, "customized_button: is missing"},
	}
	s, _ := newMarket(t, kenartest.Config{})
	s.AddPost(kenartest.Post{Token: "p"})
	for _, tt := range tests {
		for target, path := range map[string]string{
			"post/p": fmt.Sprintf(postButton, "p"), "business/amlak": fmt.Sprintf(businessButton, "amlak"),
		} {
			w := do(t, s, "POST", path, tt.body)
			b, ok := s.Button(target)
			if tt.fault != "" {
				wantError(t, w, 400, 3, tt.fault)
				continue
			}
			wantBody(t, w, `{}`)
			if !ok || !strings.Contains(tt.body, b.Type) || !strings.Contains(tt.body, string(b.Action)) {
				t.Errorf("%s: the button of %s is %+v, %v", tt.name, target, b, ok)
			}
		}
	}
	for target, path := range map[string]string{"post/p": fmt.Sprintf(postButton, "p"), "business/amlak": fmt.Sprintf(businessButton, "amlak")} {
		for range 2 { // the second time there is none
			wantBody(t, do(t, s, "DELETE", path, ""), `{}`)
			if _, ok := s.Button(target); ok {
				t.Errorf("the button of %s is still there", target)
			}
		}
	}
	for _, method := range []string{"POST", "DELETE"} {
		wantError(t, do(t, s, method, fmt.Sprintf(postButton, "unknown"), button), 404, 5, "unknown")
		wantError(t, do(t, s, method, fmt.Sprintf(businessButton, "unknown"), button), 403, 7, "unknown")
	}
	strict := kenartest.New(kenartest.Config{MissingIsNotFound: true})
	strict.AddPost(kenartest.Post{Token: "p"})
	wantError(t, do(t, strict, "DELETE", fmt.Sprintf(postButton, "p"), ""), 404, 5, "no customized button")
}
