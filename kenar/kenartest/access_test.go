package kenartest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

func TestAPIKey(t *testing.T) {
	listed := kenartest.Config{Keys: []kenartest.Key{
		{Value: "k", Permissions: []string{"ADD_ON_CREATE"}},
		{Value: "all"},
	}}
	listed412 := listed
	listed412.UnknownKey412 = true
	tests := []struct {
		name         string
		cfg          kenartest.Config
		method, path string
		key          string
		status, code int // 0: the call succeeds
		message      string
	}{
		{"any key will do", kenartest.Config{}, "POST", postV2, "whatever", 0, 0, ""},
		{"but there must be one", kenartest.Config{}, "POST", postV2, "", 401, 16, "API key is missing"},
		{"known key", listed, "POST", postV2, "k", 0, 0, ""},
		{"unknown key", listed, "POST", postV2, "secret-7", 401, 16, "invalid API key"},
		{"unknown key, as documented once", listed412, "POST", postV2, "secret-7", 412, 9, "could not retrieve app from db"},
		{"v1 needs the same permission", listed, "POST", postV1, "k", 0, 0, ""},
		{"no permission to delete", listed, "DELETE", postV1, "k", 403, 7, "lacks the permission ADD_ON_DELETE"},
		{"no permission to read", listed, "GET", finder, "k", 403, 7, "lacks the permission GET_POST"},
		{"no permission for users", listed, "POST", userV2, "k", 403, 7, "lacks the permission USER_ADDON_CREATE"},
		{"no permission to delete users'", listed, "DELETE", userV1, "k", 403, 7, "lacks the permission USER_ADDON_DELETE"},
		{"no permission for businesses", listed, "POST", businessV1, "k", 403, 7, "lacks the permission BUSINESS_ADDON_CREATE"},
		{"all permissions", listed, "DELETE", postV1, "all", 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := kenartest.New(tt.cfg)
			body := title
			if tt.path == postV1 {
				body = titleV1
			}
			w := do(t, s, tt.method, tt.path+"gZd7omnS", body, apiKey(tt.key))
			if tt.status == 0 {
				wantOK(t, w)
				return
			}
			wantError(t, w, tt.status, tt.code, tt.message)
		})
	}
}

func TestSetKeys(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	wantOK(t, do(t, s, "POST", postV2+"p", title, apiKey("old")))

	s.SetKeys(kenartest.Key{Value: "new"})
	wantError(t, do(t, s, "POST", postV2+"p", title, apiKey("old")), 401, 16, "invalid API key")
	wantOK(t, do(t, s, "POST", postV2+"p", title, apiKey("new")))

	s.SetKeys()
	wantError(t, do(t, s, "POST", postV2+"p", title, apiKey("new")), 401, 16, "invalid API key")
}

func TestWidgetGrants(t *testing.T) {
	s := kenartest.New(kenartest.Config{
		Apps: []kenartest.App{{Widgets: []string{"title_row", "button_bar", "legend_title_row"}}},
	})
	tests := []struct {
		name, path, body string
		refused          bool
	}{
		{"granted", postV2, title, false},
		{"granted in camelCase", postV2, v2("titleRow", `{}`), false},
		{"not granted", postV2, v2("score_row", `{"percentage_score":1}`), true},
		{"one of several not granted", postV2, `{"widgets":[{"title_row":{}},{"subtitle_row":{}}]}`, true},
		{"granted in v1", postV1, titleV1, false},
		{"granted in v1 by another name", postV1, v1("WIDE_BUTTON_BAR", "WideButtonBarWidgetData", `"button":{"action":`+linkV1+`}`), false},
		{"granted in v1 only", postV1, v1("LEGEND_TITLE_ROW", "LegendTitleRowData", `"image_url":"logo"`), false},
		{"not granted in v1", postV1, v1("SCORE_ROW", "ScoreRowData", `"percentage_score":1`), true},
		{"not granted to users", userV2, v2("subtitle_row", `{}`), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := do(t, s, "POST", tt.path+"p", tt.body)
			if !tt.refused {
				wantOK(t, w)
				return
			}
			wantError(t, w, 403, 7, "one or more widgets not allowed")
		})
	}
}

func TestGrants(t *testing.T) {
	clock := newClock()
	grants := []kenartest.Grant{
		{AccessToken: "post-p", Scopes: []string{"POST_ADDON_CREATE.p"}},
		{AccessToken: "sara", User: "sara", Scopes: []string{"USER_POSTS_ADDON_CREATE", "USER_ADDON_CREATE", "BUSINESS_ADDON_CREATE.shop"}},
		{AccessToken: "reza", User: "reza", Scopes: []string{"USER_POSTS_ADDON_CREATE", "USER_ADDON_CREATE", "BUSINESS_ADDON_CREATE.shop"}},
		{AccessToken: "old", Scopes: []string{"POST_ADDON_CREATE.p"}, ExpiresAt: clock.Now()},
		{AccessToken: "hour", Scopes: []string{"POST_ADDON_CREATE.p"}, ExpiresAt: clock.Now().Add(time.Hour)},
	}
	tests := []struct {
		name    string
		require bool
		method  string
		path    string
		token   string
		status  int
		message string
	}{
		{"none needed", false, "POST", postV2 + "p", "", 200, ""},
		{"none sent", true, "POST", postV2 + "p", "", 401, "access token is missing"},
		{"sent though not needed", false, "POST", postV2 + "p", "stolen", 401, "access token is not valid"},
		{"unknown", true, "POST", postV2 + "p", "stolen", 401, "access token is not valid"},
		{"expired", true, "POST", postV2 + "p", "old", 401, "access token has expired"},
		{"not yet expired", true, "POST", postV2 + "p", "hour", 200, ""},
		{"the post's scope", true, "POST", postV2 + "p", "post-p", 200, ""},
		{"another post's scope", true, "POST", postV2 + "q", "post-p", 403, "lacks the scope POST_ADDON_CREATE.q or USER_POSTS_ADDON_CREATE"},
		{"the owner's scope", true, "POST", postV2 + "q", "sara", 200, ""},
		{"another's post", true, "POST", postV2 + "q", "reza", 403, "the post is not the access token's user's"},
		{"an unknown post", true, "POST", postV2 + "nowhere", "reza", 200, ""},
		{"the user", true, "POST", userV2 + "sara", "sara", 200, ""},
		{"another user", true, "POST", userV2 + "sara", "reza", 403, "the user is not"},
		{"no scope for users", true, "POST", userV2 + "sara", "post-p", 403, "lacks the scope USER_ADDON_CREATE"},
		{"the business's owner", true, "POST", businessV1 + "shop", "sara", 200, ""},
		{"not the business's owner", true, "POST", businessV1 + "shop", "reza", 403, "the business is not"},
		{"no scope for the business", true, "POST", businessV2 + "shop", "post-p", 403, "lacks the scope BUSINESS_ADDON_CREATE.shop"},
		{"deletion needs none", true, "DELETE", postV1 + "p", "", 200, ""},
		{"reading needs none", true, "GET", finder + "p", "", 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := kenartest.New(kenartest.Config{RequireGrant: tt.require, Now: clock.Now})
			s.AddGrant(grants...)
			s.AddPost(kenartest.Post{Token: "p"}, kenartest.Post{Token: "q", Owner: "sara"})
			s.AddBusiness(kenartest.Business{Token: "shop", Owner: "sara"})
			var headers []header
			if tt.token != "" {
				headers = append(headers, bearer(tt.token))
			}
			w := do(t, s, tt.method, tt.path, title, headers...)
			if tt.status == 200 {
				wantOK(t, w)
				return
			}
			code := map[int]int{401: 16, 403: 7}[tt.status]
			wantError(t, w, tt.status, code, tt.message)
		})
	}
}

func TestGrantsUnchecked(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	wantOK(t, do(t, s, "POST", postV2+"p", title, bearer("anything")))
}

func TestRevokeGrant(t *testing.T) {
	s := kenartest.New(kenartest.Config{RequireGrant: true})
	s.AddGrant(kenartest.Grant{AccessToken: "a", Scopes: []string{"USER_POSTS_ADDON_CREATE"}})
	wantOK(t, do(t, s, "POST", postV2+"p", title, bearer("a")))
	s.RevokeGrant("a")
	wantError(t, do(t, s, "POST", postV2+"p", title, bearer("a")), 401, 16, "access token is not valid")
	wantError(t, do(t, s, "POST", postV2+"p", title, header{"Authorization", "a"}), 401, 16, "access token is not valid")
}

func TestDevelopmentApps(t *testing.T) {
	s := kenartest.New(kenartest.Config{
		Keys: []kenartest.Key{{Value: "dev", App: "dev"}, {Value: "prod", App: "prod"}},
		Apps: []kenartest.App{{Slug: "dev", Development: true}},
	})
	s.AddPost(kenartest.Post{Token: "real", Owner: "sara"}, kenartest.Post{Token: "trial", Owner: "sara", Development: true})

	const refusal = "a development app may use development posts only"
	for _, call := range []struct{ method, path string }{{"POST", postV2}, {"DELETE", postV1}, {"GET", finder}} {
		wantError(t, do(t, s, call.method, call.path+"real", title, apiKey("dev")), 403, 7, refusal)
		wantOK(t, do(t, s, call.method, call.path+"trial", title, apiKey("dev")))
		wantOK(t, do(t, s, call.method, call.path+"real", title, apiKey("prod")))
	}
	// No one's post is not refused; its token is never checked.
	wantOK(t, do(t, s, "POST", postV2+"nowhere", title, apiKey("dev")))

	// A user's real posts stay out of it too.
	wantOK(t, do(t, s, "POST", userV2+"sara", title, apiKey("dev")))
	s.AddPost(kenartest.Post{Token: "later", Owner: "sara"})
	for token, want := range map[string]int{"real": 0, "later": 0, "trial": 1} {
		if shown := s.Shown(token); len(shown) != want {
			t.Errorf("%s shows %d add-ons, want %d", token, len(shown), want)
		}
	}
}

// Neither records nor answers may hold a secret.
func TestSecretsAreNotRecorded(t *testing.T) {
	const key, token = "api-key-secret", "ory_at_secret"
	s := kenartest.New(kenartest.Config{Keys: []kenartest.Key{{Value: key, Name: "main"}, {Value: "second"}}})
	s.AddGrant(kenartest.Grant{AccessToken: token, Name: "sara's", Scopes: []string{"USER_POSTS_ADDON_CREATE"}})

	wantOK(t, do(t, s, "POST", postV2+"p?api_key="+key, title, apiKey(key), bearer(token), header{"User-Agent", "worker/1"}))
	wantOK(t, do(t, s, "POST", postV2+"p", title, apiKey("second"), header{"X-Other", token}))
	wrong := do(t, s, "POST", postV2+"p", title, apiKey(key+"x"), bearer(token+"x"))

	calls := s.Calls()
	record, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{key, token} {
		if strings.Contains(string(record)+fmt.Sprintf("%+v", calls), secret) {
			t.Errorf("%s is in the record %s", secret, record)
		}
		if strings.Contains(wrong.Body.String(), secret) {
			t.Errorf("%s is in the answer %s", secret, wrong.Body)
		}
	}
	type who struct{ key, grant, agent string }
	var got []who
	for _, c := range calls {
		got = append(got, who{c.Key, c.Grant, c.Header.Get("User-Agent")})
	}
	want := []who{{"main", "sara's", "worker/1"}, {"key-2", "", ""}, {"", "unknown", ""}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
}

func TestProgrammingMistakesPanic(t *testing.T) {
	tests := []struct {
		name string
		make func()
		want string
	}{
		{"no key", func() { kenartest.New(kenartest.Config{Keys: []kenartest.Key{{Name: "main"}}}) }, "API key 1 has no value"},
		{"no calls", func() { kenartest.New(kenartest.Config{Limits: []kenartest.Limit{{Permission: "app", Window: 1}}}) }, "want a permission, and calls and window above zero"},
		{"bad status", func() { kenartest.New(kenartest.Config{}).Script(kenartest.Fault{Status: http.StatusContinue}) }, "fault with status 100, want 200 to 599"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, tt.want) {
					t.Errorf("panic %q, want one with %q", r, tt.want)
				}
			}()
			tt.make()
		})
	}
}
