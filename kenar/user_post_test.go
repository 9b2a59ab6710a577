package kenar

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUserPost(t *testing.T) {
	general, err := json.Marshal(apartment().GeneralData)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, body string
		want       UserPost
		malformed  bool
	}{
		{"all fields", `{"state":"POST_STATE_REJECTED","reject_reason":"عکس نامناسب","general_data":` + string(general) +
			`,"category_data":{"usage":1},"business_data":{"business_name":"نمایشگاه","business_type":"CAR"}}`,
			UserPost{PostRejected, "عکس نامناسب", apartment().GeneralData, json.RawMessage(`{"usage":1}`), "نمایشگاه", "CAR"}, false},
		{"what is zero is left out", `{"general_data":{"title":"a"}}`, UserPost{GeneralData: GeneralData{Title: "a"}}, false},
		{"a state that came later", `{"state":"POST_STATE_FROZEN"}`, UserPost{State: "POST_STATE_FROZEN"}, false},
		{"fields of other types", `{"state":1,"reject_reason":[],"general_data":{"city":5,"title":"a"},"category_data":[1],"business_data":"x"}`,
			UserPost{GeneralData: GeneralData{Title: "a"}}, false},
		{"empty", `{}`, UserPost{}, false},
		{"no object", `[]`, UserPost{}, true},
		{"not JSON", `<html>`, UserPost{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, reply(answerOf(200, tt.body)))
			got, err := newTestClient(t, s.url, Config{}).UserPost(t.Context(), "AZir15UU", testToken)
			if diff := cmp.Diff(tt.want, got); diff != "" || errors.Is(err, ErrMalformed) != tt.malformed || (err != nil) != tt.malformed {
				t.Errorf("error %v, want malformed: %v (-want +got):\n%s", err, tt.malformed, diff)
			}
		})
	}
}

func TestUserPosts(t *testing.T) {
	many := strings.Repeat(`{"token":"AZir15UU","title":"پژو"},`, 5000) + `{"token":"last"}`
	tests := []struct {
		name, body string
		want       []ListedPost // the last of them
		malformed  bool
	}{
		{"all fields", `{"posts":[{"token":"AZir15UU","title":"پژو","images":["https://a/1.jpg"],"category":"light","is_phone_hidden":true}]}`,
			[]ListedPost{{"AZir15UU", "پژو", "light", []string{"https://a/1.jpg"}, true}}, false},
		{"more than fits the usual answer", `{"posts":[` + many + `]}`, []ListedPost{{Token: "last"}}, false},
		{"none", `{}`, nil, false},
		{"null", `{"posts":null}`, nil, false},
		{"one without token", `{"posts":[{"token":"AZir15UU"},{"title":"پژو"}]}`, nil, true},
		{"one that is none", `{"posts":[7]}`, nil, true},
		{"no list", `{"posts":{}}`, nil, true},
		{"no object", `[]`, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, reply(answerOf(200, tt.body)))
			got, err := newTestClient(t, s.url, Config{}).UserPosts(t.Context(), testToken)
			if len(got) > 0 {
				got = got[len(got)-1:]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || errors.Is(err, ErrMalformed) != tt.malformed || (err != nil) != tt.malformed {
				t.Errorf("error %v, want malformed: %v (-want +got):\n%s", err, tt.malformed, diff)
			}
		})
	}
}

// TestUserIsNeeded: what only a user can allow is not tried without one, nor
// with a target that cannot be one.
func TestUserIsNeeded(t *testing.T) {
	s := serveWire(t, reply(okAnswer))
	c := newTestClient(t, s.url, Config{})
	body := []byte("{}")
	calls := map[Operation]func(postToken, businessToken, accessToken string) error{
		OpSubmitUserPost:    func(_, _, access string) error { _, err := c.SubmitUserPost(t.Context(), access, body); return err },
		OpCanSubmitUserPost: func(_, _, access string) error { _, err := c.CanSubmitUserPost(t.Context(), access); return err },
		OpEditPost:          func(post, _, access string) error { _, err := c.EditPost(t.Context(), post, access, body); return err },
		OpDeletePost:        func(post, _, access string) error { _, err := c.DeletePost(t.Context(), post, access); return err },
		OpSetPostButton: func(post, _, access string) error {
			_, err := c.SetPostButton(t.Context(), post, access, body)
			return err
		},
		OpDeletePostButton: func(post, _, access string) error {
			_, err := c.DeletePostButton(t.Context(), post, access)
			return err
		},
		OpSetBusinessButton: func(_, business, access string) error {
			_, err := c.SetBusinessButton(t.Context(), business, access, body)
			return err
		},
		OpGetUserPosts: func(_, _, access string) error { _, err := c.UserPosts(t.Context(), access); return err },
		OpGetUserPost:  func(post, _, access string) error { _, err := c.UserPost(t.Context(), post, access); return err },
	}
	for op, call := range calls {
		err := call("AZir15UU", "xYzAbC123", "")
		if e := wantError(t, err); !e.NeverSent || !errors.Is(err, ErrInvalid) || e.Op != string(op) || !strings.Contains(err.Error(), "access token is empty") {
			t.Errorf("%s without access token: %v, want ErrInvalid", op, err)
		}
	}
	for op, call := range calls {
		switch op {
		case OpSubmitUserPost, OpCanSubmitUserPost, OpGetUserPosts: // are about no post or business
			continue
		}
		err := call("../x", "../x", testToken)
		if e := wantError(t, err); !e.NeverSent || !errors.Is(err, ErrInvalid) {
			t.Errorf("%s of a path: %v, want ErrInvalid", op, err)
		}
	}
	for name, err := range map[string]error{
		"category of a schema": func() error { _, err := c.SubmitSchema(t.Context(), "../x"); return err }(),
		"post of a price":      func() error { _, err := c.PostPricing(t.Context(), "../x", ""); return err }(),
		"business of a button": func() error { _, err := c.DeleteBusinessButton(t.Context(), "../x"); return err }(),
		"transaction":          func() error { _, err := c.Transaction(t.Context(), "../x"); return err }(),
		"nothing to submit":    func() error { _, err := c.SubmitPost(t.Context(), "", nil); return err }(),
		"nothing to edit":      func() error { _, err := c.EditPost(t.Context(), "AZir15UU", testToken, nil); return err }(),
	} {
		if e := wantError(t, err); !e.NeverSent || !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// FuzzPostAnswers: whatever comes with a 200 is read as something that could
// be used, or is ErrMalformed; and an error repeats nothing of it.
func FuzzPostAnswers(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"post_token":"AZir15UU"}`, `{"transaction":{"id":"` + paymentID + `","cost_rials":"1"}}`,
		`{"transactions":[{"id":"a","created_at":"2024-11-03T12:00:00Z"}],"next_page_token":"x"}`,
		`{"id":"` + paymentID + `","cost_rials":1}`, `{"submit":{"available":true,"cost_rials":"1"}}`,
		`{"posts":[{"token":"a"}]}`, `{"general_data":{"video":{"duration":"1"}},"category_data":{}}`,
		`{"image":{"url":"x"}}`, `{"balance_rials":"ory_at_secret"}`, `{"can_submit":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a := answer{status: 200, body: body, longest: maxAnswer}
		token, err := decodePostToken(a)
		wantMalformed(t, err, err == nil && ValidPostToken(token) != nil)
		tr, err := decodeTransaction(paymentID)(a)
		wantMalformed(t, err, err == nil && (tr.ID != paymentID || tr.CostRials < 0 || tr.State == ""))
		page, err := decodeTransactions(a)
		wantMalformed(t, err, false)
		for _, tr := range page.Transactions {
			wantMalformed(t, nil, tr.ID == "" || tr.CostRials < 0 || tr.State == "")
		}
		pricing, err := decodePricing(a)
		wantMalformed(t, err, pricing.Submit.CostRials < 0 || pricing.Reorder.CostRials < 0 || pricing.Renew.CostRials < 0)
		posts, err := decodeUserPosts(a)
		wantMalformed(t, err, false)
		for _, p := range posts {
			wantMalformed(t, nil, ValidPostToken(p.Token) != nil)
		}
		post, err := decodeUserPost(a)
		wantMalformed(t, err, post.CategoryData != nil && !json.Valid(post.CategoryData))
	})
}

// wantMalformed fails if a result is bad, or err is another than ErrMalformed
// or longer than what is said without quoting an answer.
func wantMalformed(t *testing.T, err error, bad bool) {
	t.Helper()
	if bad {
		t.Error("the answer was read as something that cannot be used")
	}
	if err != nil && (!errors.Is(err, ErrMalformed) || len(err.Error()) > 160) {
		t.Errorf("%v, want ErrMalformed and no more of the answer", err)
	}
}

// TestAnswersAreNotQuoted: an answer that echoes the request's secrets where
// something else should be is refused without repeating them.
func TestAnswersAreNotQuoted(t *testing.T) {
	secret := `"` + testKey + " " + testToken + `"`
	fields := []string{
		"post_token", "id", "cost_rials", "can_submit", "transaction", "transactions", "next_page_token", "submit", "renew", "balance_rials",
		"image", "video", "path", "video_name", "thumbnail_name", "posts", "schema", "general_data", "state",
	}
	bodies := map[string]string{
		"in every field": `{"` + strings.Join(fields, `":`+secret+`,"`) + `":` + secret + `}`,
		"in transactions": `{"transaction":{"id":` + secret + `,"cost_rials":` + secret + `},"transactions":[{"id":"a","cost_rials":` + secret + `}],` +
			`"posts":[{"token":` + secret + `}],"submit":{"cost_rials":` + secret + `}}`,
		"as text":   testKey + " " + testToken,
		"as string": secret,
	}
	for name, body := range bodies {
		s := serveWire(t, reply(answerOf(200, body)))
		c := newTestClient(t, s.url, Config{})
		refused := 0
		for _, op := range postOperations {
			if _, err := op.call(t.Context(), c); err != nil {
				wantNothingOf(t, testKey, err)
				wantNothingOf(t, testToken, err)
				refused++
			}
		}
		if refused < 3 {
			t.Errorf("%s: only %d operations refused the answer", name, refused)
		}
	}
}
