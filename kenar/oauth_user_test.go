package kenar

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
)

// TestAccountRequest shows the bytes of the two requests about a user.
func TestAccountRequest(t *testing.T) {
	tests := []struct {
		op   Operation
		call func(c *Client, access string) error
	}{
		{OpGetUser, func(c *Client, access string) error { _, err := c.User(t.Context(), access); return err }},
		{OpGetUserBusinesses, func(c *Client, access string) error { _, err := c.UserBusinesses(t.Context(), access); return err }},
	}
	for _, tt := range tests {
		t.Run(string(tt.op), func(t *testing.T) {
			s := serveWire(t, reply(answerOf(200, `{"user_id":"u-17","businesses":[]}`)))
			c := newTestClient(t, s.url, Config{})
			if err := tt.call(c, testToken); err != nil {
				t.Fatal(err)
			}
			request := strings.ReplaceAll(strings.Join(s.seen(), ""), strings.TrimPrefix(s.url, "http://"), "kenar.test")
			golden.File(t, "testdata/requests/"+strings.ReplaceAll(string(tt.op), " ", "_")+".http", strings.ReplaceAll(request, "\r\n", "\n"))

			err := tt.call(c, "")
			if e := wantError(t, err); !e.NeverSent || !errors.Is(err, ErrInvalid) || e.Op != string(tt.op) || len(s.seen()) != 1 {
				t.Errorf("without access token: %v after %d requests, want ErrInvalid and nothing sent", err, len(s.seen()))
			}
		})
	}
}

func TestUser(t *testing.T) {
	tests := []struct {
		name, body string
		want       User
		malformed  bool
	}{
		{"both", `{"user_id":"u-17","phone_number":"09120000001"}`, User{"u-17", "09120000001"}, false},
		{"id alone", `{"user_id":"u-17"}`, User{ID: "u-17"}, false},
		{"phone alone", `{"phone_number":"09120000001"}`, User{Phone: "09120000001"}, false},
		{"id that no request could name", `{"user_id":"../x","phone_number":"09120000001"}`, User{Phone: "09120000001"}, false},
		{"neither", `{}`, User{}, true},
		{"id of another type", `{"user_id":17}`, User{}, true},
		{"no object", `["u-17"]`, User{}, true},
		{"not JSON", `<html>`, User{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, reply(answerOf(200, tt.body)))
			got, err := newTestClient(t, s.url, Config{}).User(t.Context(), testToken)
			if got != tt.want || errors.Is(err, ErrMalformed) != tt.malformed || (err != nil) != tt.malformed {
				t.Errorf("got %v with phone %q, %v; want %v, malformed: %v", got, got.Phone, err, tt.want, tt.malformed)
			}
			if tt.malformed && wantError(t, err).Status != 200 {
				t.Errorf("the status of %v is not that of the answer", err)
			}
		})
	}
}

func TestUserIsPrintedWithoutPhone(t *testing.T) {
	user := User{ID: "u-17", Phone: "09120000001"}
	if got := fmt.Sprint(user); got != "user u-17" {
		t.Errorf("got %q, want %q", got, "user u-17")
	}
	encoded, err := json.Marshal(user)
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %q %x %d %v %+v %s", user, user, user, user, user, user, user, &user, []User{user}, encoded)
	for _, digits := range []string{user.Phone, fmt.Sprintf("%x", user.Phone)} {
		if strings.Contains(printed, digits) {
			t.Errorf("%q is in %s", digits, printed)
		}
	}
}

func TestUserBusinesses(t *testing.T) {
	tests := []struct {
		name, body string
		want       []Business
		malformed  bool
	}{
		{"documented", `{"businesses":[{"business_token":"xYzAbC123","business_type":"REAL_ESTATE_BUSINESS",` +
			`"brand_name":"Omid","brand_description":"Flats","user_role":"ROLE_OWNER"}]}`,
			[]Business{{"xYzAbC123", "REAL_ESTATE_BUSINESS", "Omid", "Flats", RoleOwner}}, false},
		{"none", `{}`, nil, false},
		{"empty list", `{"businesses":[]}`, nil, false},
		{"null", `{"businesses":null}`, nil, false},
		{"zero values are left out", `{"businesses":[{"business_token":"b"}]}`, []Business{{Token: "b"}}, false},
		{"a role that came later", `{"businesses":[{"business_token":"b","user_role":"ROLE_GUEST"}]}`, []Business{{Token: "b", Role: "ROLE_GUEST"}}, false},
		{"elements that cannot be used", `{"businesses":[{"brand_name":"x"},7,{"business_token":"a/b"},{"business_token":"b"}]}`, []Business{{Token: "b"}}, false},
		{"no list", `{"businesses":{}}`, nil, true},
		{"no object", `[]`, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, reply(answerOf(200, tt.body)))
			got, err := newTestClient(t, s.url, Config{}).UserBusinesses(t.Context(), testToken)
			if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != tt.malformed || errors.Is(err, ErrMalformed) != tt.malformed {
				t.Errorf("error %v, want malformed: %v (-want +got):\n%s", err, tt.malformed, diff)
			}
		})
	}
}
