package kenartest_test

import (
	"net/http"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

const (
	usersPath      = "/v1/open-platform/users"
	businessesPath = "/v1/open-platform/user/businesses"
)

func TestAccount(t *testing.T) {
	const listed = `{"businesses":[{"business_token":"shop-1","user_role":"ROLE_OWNER"},` +
		`{"business_token":"shop-2","business_type":"CAR_BUSINESS","brand_name":"Omid","brand_description":"Cars","user_role":"ROLE_OWNER"}]}`
	tests := []struct {
		name, path string
		user       string
		scopes     []string // nil: no access token
		key        string
		status     int
		body       string // of an accepted call
	}{
		{"id", usersPath, "sara", []string{"USER_ID"}, "k", 200, `{"user_id":"sara"}`},
		{"phone", usersPath, "sara", []string{"USER_PHONE"}, "k", 200, `{"phone_number":"09120000001"}`},
		{"both", usersPath, "sara", []string{"USER_ID", "USER_PHONE"}, "k", 200, `{"user_id":"sara","phone_number":"09120000001"}`},
		{"user who was not added", usersPath, "reza", []string{"USER_ID", "USER_PHONE"}, "k", 200, `{"user_id":"reza"}`},
		{"neither scope", usersPath, "sara", []string{"USER_POSTS_GET"}, "k", 403, ""},
		{"no access token", usersPath, "", nil, "k", 401, ""},
		{"no permission", usersPath, "sara", []string{"USER_ID"}, "posts-only", 403, ""},
		{"no API key", usersPath, "sara", []string{"USER_ID"}, "", 401, ""},

		{"businesses", businessesPath, "sara", []string{"USER_BUSINESSES_READ"}, "k", 200, listed},
		{"no businesses", businessesPath, "reza", []string{"USER_BUSINESSES_READ"}, "k", 200, `{}`},
		{"businesses without the scope", businessesPath, "sara", []string{"USER_ID"}, "k", 403, ""},
		{"businesses without access token", businessesPath, "", nil, "k", 401, ""},
		{"businesses without permission", businessesPath, "sara", []string{"USER_BUSINESSES_READ"}, "posts-only", 403, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := kenartest.New(kenartest.Config{Keys: []kenartest.Key{
				{Value: "k"}, {Value: "posts-only", Permissions: []string{"ADD_ON_CREATE"}}}})
			s.AddUser(kenartest.User{ID: "sara", Phone: "09120000001"})
			s.AddBusiness(kenartest.Business{Token: "shop-2", Owner: "sara", Type: "CAR_BUSINESS", Name: "Omid", Description: "Cars"},
				kenartest.Business{Token: "shop-1", Owner: "sara"}, kenartest.Business{Token: "nobodys"})
			headers := []header{apiKey(tt.key)}
			if tt.scopes != nil {
				headers = append(headers, bearer(s.Grant(tt.user, tt.scopes...).Access))
			}
			w := do(t, s, http.MethodGet, tt.path, "", headers...)
			if w.Code != tt.status || tt.body != "" && w.Body.String() != tt.body {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tt.status, tt.body)
			}
		})
	}
}

// A permissive server ignores unknown access tokens, but cannot tell whose
// they are.
func TestAccountOfAnUnknownToken(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	for _, path := range []string{usersPath, businessesPath} {
		wantError(t, do(t, s, http.MethodGet, path, "", bearer("anything")), 401, 16, "missing or not valid")
	}
}
