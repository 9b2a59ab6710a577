package kenartest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A postCall is a call that is good, with what it needs.
type postCall struct {
	op           kenartest.Op
	method, path string
	body         string
	permission   string
	scopes       []string
}

// scopesOr are the call's scopes, or another one where it has none.
func (c postCall) scopesOr(other string) []string {
	if c.scopes == nil {
		return []string{other}
	}
	return c.scopes
}

// postCalls are a good call of every operation of posts, in an order in which
// each is possible, with the permission and the scopes that it needs.
var postCalls = []postCall{
	{kenartest.GetSubmitSchema, "GET", fmt.Sprintf(schemaPath, "light"), "", "", nil},
	{kenartest.GetMediaUploadURLs, "GET", mediaURLsPath, "", "", nil},
	{kenartest.GetUploadURLs, "GET", uploadURLsPath, "", "UPLOAD_POST_IMAGE", nil},
	{kenartest.CanSubmit, "GET", canSubmitPath, "", "CAN_USER_SUBMIT_POST", []string{"SUBMIT_USER_POST"}},
	{kenartest.SubmitPost, "POST", submitPath, flat(nil), "SUBMIT_POST", nil},
	{kenartest.SubmitUserPost, "POST", submitUserPath, flat(nil), "SUBMIT_USER_POST", []string{"SUBMIT_USER_POST"}},
	{kenartest.GetPricing, "GET", fmt.Sprintf(pricingPath, "p"), "", "POST_PRICING_RETRIEVE", []string{"PAYMENT_ALL_POSTS_PRICING_READ"}},
	{kenartest.RenewPost, "POST", fmt.Sprintf(renewPath, "p"), payment(id1), "POST_RENEW", []string{"PAYMENT_ALL_POSTS_RENEW"}},
	{kenartest.ReorderPost, "POST", fmt.Sprintf(reorderPath, "p"), payment(id2), "POST_REORDER", []string{"PAYMENT_ALL_POSTS_REORDER"}},
	{kenartest.PublishPost, "POST", fmt.Sprintf(publishPath, "unpaid"), payment("6e24e7d7-5b0b-4d0e-8f0a-3c1f3c7a9b11"), "PUBLISH_USER_POST", []string{"SUBMIT_USER_POST"}},
	{kenartest.GetBalance, "GET", balancePath, "", "BALANCE_RETRIEVE", nil},
	{kenartest.GetTransaction, "GET", fmt.Sprintf(transactionPath, "11111111-1111-4111-8111-111111111111"), "", "TRANSACTION_RETRIEVE", nil},
	{kenartest.ListTransactions, "GET", transactionsPath, "", "TRANSACTION_LIST", nil},
	{kenartest.EditPost, "PUT", fmt.Sprintf(editPath, "p"), `{"update_mask":["general_data.title"]}`, "EDIT_POST", []string{"EDIT_USER_POST", "POST_EDIT.p"}},
	{kenartest.EditPostV1, "PUT", fmt.Sprintf(postPath, "p"), `{"title":"abc","description":"d"}`, "EDIT_POST", []string{"POST_EDIT.p"}},
	{kenartest.GetUserPost, "GET", fmt.Sprintf(userPostPath, "p"), "", "GET_USER_POST", []string{"USER_POSTS_GET"}},
	{kenartest.GetUserPosts, "GET", userPostsPath, "", "GET_USER_POSTS", []string{"USER_POSTS_GET"}},
	{kenartest.SetPostButton, "POST", fmt.Sprintf(postButton, "p"), button, "SET_CUSTOMIZED_BUTTON", []string{"USER_SET_CUSTOMIZED_BUTTON"}},
	{kenartest.DeletePostButton, "DELETE", fmt.Sprintf(postButton, "p"), "", "SET_CUSTOMIZED_BUTTON", []string{"USER_SET_CUSTOMIZED_BUTTON"}},
	{kenartest.SetBusinessButton, "POST", fmt.Sprintf(businessButton, "amlak"), button, "BUSINESS_CUSTOMIZED_BUTTON_CREATE", []string{"BUSINESS_CREATE_CUSTOMIZED_BUTTON.amlak"}},
	{kenartest.DeleteBusinessButton, "DELETE", fmt.Sprintf(businessButton, "amlak"), "", "BUSINESS_CUSTOMIZED_BUTTON_CREATE", nil},
	{kenartest.DeletePost, "DELETE", fmt.Sprintf(postPath, "p"), "", "DELETE_USER_POST", []string{"DELETE_USER_POST"}},
}

// newStocked is a market in which each of postCalls is possible.
func newStocked(t *testing.T, cfg kenartest.Config) *kenartest.Server {
	t.Helper()
	s, clock := newMarket(t, cfg)
	s.AddPost(
		kenartest.Post{Token: "p", Owner: "sara", PublishedAt: clock.Now().Add(-10 * day), ExpiresAt: clock.Now().Add(day)},
		kenartest.Post{Token: "unpaid", Owner: "sara", State: "PAYMENT_REQ"},
		kenartest.Post{Token: "earlier", Owner: "sara", State: "PAYMENT_REQ"})
	wantOK(t, do(t, s, "POST", fmt.Sprintf(publishPath, "earlier"), payment("11111111-1111-4111-8111-111111111111"),
		bearer(s.Grant("sara", "SUBMIT_USER_POST").Access)))
	return s
}

// Every operation wants a key with its permission and, where it has a scope,
// the access token of a user who allowed it and whose target it is.
func TestPostAccess(t *testing.T) {
	for _, call := range postCalls {
		t.Run(string(call.op), func(t *testing.T) {
			s := newStocked(t, kenartest.Config{RequireGrant: call.scopes != nil})
			before := s.Count()
			s.SetKeys(kenartest.Key{Value: "k", Permissions: []string{call.permission}},
				kenartest.Key{Value: "nothing", Permissions: []string{}})
			check := func(what string, status int, headers ...header) {
				t.Helper()
				if w := do(t, s, call.method, call.path, call.body, headers...); w.Code != status {
					t.Errorf("%s: got %d %s, want %d", what, w.Code, w.Body, status)
				}
			}
			check("no key", 401, apiKey(""))
			check("unknown key", 401, apiKey("x"))
			if call.permission != "" {
				check("no permission", 403, apiKey("nothing"))
			}
			var allowed []header
			if call.scopes != nil {
				check("no access token", 401)
				check("unknown access token", 401, bearer("x"))
				check("no scope", 403, bearer(s.Grant("sara", "USER_ID", "POST_EDIT.other").Access))
				if calls := s.Calls(); calls[len(calls)-1].Target != "" {
					check("another's", 403, bearer(s.Grant("reza", call.scopes...).Access))
				}
				// Any one of them will do; the table has the narrowest last.
				allowed = []header{bearer(s.Grant("sara", call.scopes[len(call.scopes)-1]).Access)}
			}
			for _, c := range s.Calls()[before:] {
				if c.Applied || c.Op != call.op {
					t.Errorf("recorded %+v, want a refused %s", c, call.op)
				}
			}
			check("all of it", 200, allowed...)
			calls := s.Calls()
			if c := calls[len(calls)-1]; c.Op != call.op || c.Permission != call.permission || !c.Applied {
				t.Errorf("recorded %+v, want an accepted %s", c, call.op)
			}
		})
	}
}

// Every operation counts against the limit of its permission, where it has
// one, and of the app.
func TestPostLimits(t *testing.T) {
	for _, call := range postCalls {
		for _, limit := range []string{call.permission, kenartest.AppWide} {
			if limit == "" {
				continue
			}
			s := kenartest.New(kenartest.Config{Limits: []kenartest.Limit{{Permission: limit, Calls: 1, Window: time.Minute}}})
			if w := do(t, s, call.method, call.path, call.body); w.Code == 429 {
				t.Errorf("%s: the first call was one too many", call.op)
			}
			wantError(t, do(t, s, call.method, call.path, call.body), 429, 8, limit)
		}
	}
}

// Of every operation the answer can be lost after it was carried out, and the
// call can meet a fault that keeps it from being carried out.
func TestPostFaults(t *testing.T) {
	for _, call := range postCalls {
		t.Run(string(call.op), func(t *testing.T) {
			s := newStocked(t, kenartest.Config{})
			front := httptest.NewServer(s)
			defer front.Close()
			s.Script(kenartest.Fault{Op: call.op, Status: 503, Body: "<html>", ContentType: "text/html"},
				kenartest.Fault{Op: call.op, LoseAnswer: true})
			send := func() (*http.Response, error) {
				r, err := http.NewRequestWithContext(t.Context(), call.method, front.URL+call.path, strings.NewReader(call.body))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("X-API-Key", "k")
				r.Header.Set("Authorization", "Bearer "+s.Grant("sara", call.scopesOr("USER_ID")...).Access)
				// On a kept connection the transport would repeat a lost GET by itself.
				transport := &http.Transport{DisableKeepAlives: true}
				return (&http.Client{Transport: transport}).Do(r)
			}
			resp, err := send()
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("got %s, want the fault's 503", resp.Status)
			}
			if resp, err := send(); err == nil {
				resp.Body.Close()
				t.Errorf("got %s, want no answer", resp.Status)
			}
			calls := s.Calls()
			faulted, lost := calls[len(calls)-2], calls[len(calls)-1]
			if faulted.Applied || !lost.Applied || !lost.Lost || len(s.PendingFaults()) != 0 {
				t.Errorf("recorded %+v and %+v, want the second applied and lost", faulted, lost)
			}
		})
	}
}
