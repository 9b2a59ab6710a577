package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar"
)

func TestDecodeAnswer(t *testing.T) {
	at := time.Date(2026, 8, 19, 9, 30, 0, 0, time.UTC)
	tokens := func(life time.Duration, scope ...string) kenar.Tokens {
		return kenar.Tokens{Access: "a", Refresh: "r", Scope: scope, ExpiresIn: life}
	}
	for _, c := range []struct {
		name, text string
		want       tokenAnswer
	}{
		{"as it came", `{"access_token":"a","expires_in":3599,"refresh_token":"r","scope":"USER_ID offline_access","token_type":"bearer"}`,
			tokenAnswer{tokens: tokens(3599*time.Second, "USER_ID", "offline_access")}},
		{"with what is known besides", `{"access_token":"a","refresh_token":"r","expires_in":60,"obtained_at":"2026-08-19T13:00:00+03:30","user_id":"u1","businesses":["b1","b2"]}`,
			tokenAnswer{tokens: tokens(time.Minute), at: at, userID: "u1", businesses: []string{"b1", "b2"}}},
		{"numbers as strings, a list for a string", `{"access_token":"a","refresh_token":"r","expires_in":" 60 ","scope":["USER_ID","USER_PHONE"],"obtained_at":"1787131800"}`,
			tokenAnswer{tokens: tokens(time.Minute, "USER_ID", "USER_PHONE"), at: at}},
		{"seconds since 1970", `{"access_token":"a","refresh_token":"r","obtained_at":1787131800.5}`,
			tokenAnswer{tokens: tokens(time.Hour), at: at}},
		{"nulls", `{"access_token":"a","refresh_token":"r","expires_in":null,"scope":null,"obtained_at":null,"user_id":null,"businesses":null,"token_type":null}`,
			tokenAnswer{tokens: tokens(time.Hour)}},
		{"what is not known", `{"access_token":"a","refresh_token":"r","id_token":"x","scope":""}`,
			tokenAnswer{tokens: tokens(time.Hour)}},
		{"a byte order mark", "\ufeff" + ` {"access_token":"a","refresh_token":"r","token_type":"Bearer"}` + "\n",
			tokenAnswer{tokens: tokens(time.Hour)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := decodeAnswer([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if !got.at.Equal(c.want.at) {
				t.Errorf("obtained at %s, want %s", got.at, c.want.at)
			}
			got.at, c.want.at = time.Time{}, time.Time{}
			if diff := cmp.Diff(fields(c.want), fields(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// fields are those of a tokenAnswer for comparison: kenar.Tokens hides its own
// from everything that prints.
func fields(a tokenAnswer) map[string]string {
	return map[string]string{
		"access": a.tokens.Access, "refresh": a.tokens.Refresh, "scope": strings.Join(a.tokens.Scope, " "), "life": a.tokens.ExpiresIn.String(),
		"user": a.userID, "businesses": strings.Join(a.businesses, " "),
	}
}

func TestDecodeAnswerRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", " \n", "nothing was given"},
		{"a token alone", "ory_at_secret", "not one JSON object"},
		{"a string", `"ory_at_secret"`, "not one JSON object"},
		{"null", "null", "not one JSON object"},
		{"a list", `[{"access_token":"ory_at_secret"}]`, "not one JSON object"},
		{"two objects", `{"access_token":"ory_at_secret"} {}`, "not one JSON object"},
		{"cut off", `{"access_token":"ory_at_secret"`, "not one JSON object"},
		{"a refusal", `{"error":"invalid_grant","error_description":"ory_rt_secret"}`, "a refusal of the token endpoint"},
		{"no tokens", `{}`, "access_token: it is missing"},
		{"an empty one", `{"access_token":""}`, "access_token: it is missing"},
		{"not a string", `{"access_token":["ory_at_secret"]}`, "access_token: it is not a string"},
		{"with its header", `{"access_token":"Bearer ory_at_secret"}`, "access_token: it holds a space"},
		{"not ASCII", `{"access_token":"a","refresh_token":"ory_rt_secret…"}`, "refresh_token: it holds a space"},
		{"of another type", `{"access_token":"a","token_type":"ory_at_secret"}`, "token_type: it is not bearer"},
		{"dead", `{"access_token":"a","expires_in":0}`, "expires_in: it is not a number of seconds above 0 and up to 31622400"},
		{"for ever", `{"access_token":"a","expires_in":1e12}`, "expires_in: it is not a number"},
		{"not a number", `{"access_token":"a","expires_in":"NaN"}`, "expires_in: it is not a number"},
		{"a time of another form", `{"access_token":"a","obtained_at":"19 August"}`, "obtained_at: it is neither RFC 3339"},
		{"milliseconds", `{"access_token":"a","obtained_at":1787131800000}`, "obtained_at: it is neither RFC 3339"},
		{"scopes of another type", `{"access_token":"a","scope":{"ory_at_secret":1}}`, "scope: it is neither a string nor a list of strings"},
		{"a token for a user", `{"access_token":"a","user_id":"ory_at_secret token"}`, "user_id: it is not an id of Divar"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := decodeAnswer([]byte(c.text))
			if err == nil {
				t.Fatalf("it is taken for %v", fields(a))
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want %q in it", err, c.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error quotes what may be a token: %s", err)
			}
		})
	}
}

// Whatever is given, an error tells nothing of it, and what is taken can be
// stored and sent in a header.
func FuzzDecodeAnswer(f *testing.F) {
	const mark = "ory_at_hush"
	for _, seed := range []string{
		`{"access_token":"ory_at_hush","expires_in":3600,"scope":"USER_ID"}`, `"ory_at_hush"`, `{"ory_at_hush":1}`,
		`{"access_token":"a","obtained_at":"ory_at_hush","expires_in":"ory_at_hush"}`, `{"error":"ory_at_hush"}`, `{"access_token":1e400,"scope":[1]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := decodeAnswer([]byte(text))
		if err != nil {
			if strings.Contains(err.Error(), mark) {
				t.Errorf("the error quotes a token: %s", err)
			}
			return
		}
		for _, token := range []string{a.tokens.Access, a.tokens.Refresh} {
			if strings.ContainsAny(token, " \r\n\x00") {
				t.Errorf("token %q cannot be sent", token)
			}
		}
		if a.tokens.Access == "" || a.tokens.ExpiresIn <= 0 {
			t.Errorf("nothing can come of %v", fields(a))
		}
	})
}
