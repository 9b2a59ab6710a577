package kenartest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

const (
	authorizePath = "/oauth2/auth"
	tokenPath     = "/oauth2/token"
	redirectURI   = "https://app.example/back"
)

// registered is an OAuth server that knows one app.
func registered(clock *clock) kenartest.Config {
	return kenartest.Config{Now: clock.Now, RequireGrant: true, Clients: []kenartest.Client{
		{ID: "kar-bin", Secrets: []string{"s3cret", "s3cret-next"}, RedirectURIs: []string{redirectURI, redirectURI + "/2"}},
		{ID: "other", Secrets: []string{"others"}},
	}}
}

// A form is the body of a token request, of the app of registered unless told
// otherwise.
type form map[string]string

func exchangeForm(code string) form {
	return form{"grant_type": "authorization_code", "code": code}
}

func refreshForm(t kenartest.Tokens) form {
	return form{"grant_type": "refresh_token", "refresh_token": t.Refresh, "code": t.Access}
}

// with returns f with a parameter changed; "" removes it.
func (f form) with(name, value string) form {
	changed := form{name: value}
	for n, v := range f {
		if n != name {
			changed[n] = v
		}
	}
	return changed
}

func (f form) encode() string {
	values := url.Values{"client_id": {"kar-bin"}, "client_secret": {"s3cret"}, "redirect_uri": {redirectURI}}
	for name, value := range f {
		if values.Set(name, value); value == "" {
			values.Del(name)
		}
	}
	return values.Encode()
}

// requestTokens calls the token endpoint in memory.
func requestTokens(t *testing.T, s http.Handler, f form) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, s, "POST", tokenPath, f.encode(),
		header{"X-API-Key", ""}, header{"Content-Type", "application/x-www-form-urlencoded"})
}

// tokenAnswer is the answer of the token endpoint, either way.
type tokenAnswer struct {
	Access      string `json:"access_token"`
	Refresh     string `json:"refresh_token"`
	Scope       string `json:"scope"`
	Type        string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func decodeAnswer(t *testing.T, w *httptest.ResponseRecorder) tokenAnswer {
	t.Helper()
	var a tokenAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("answer %d %q is not JSON: %v", w.Code, w.Body, err)
	}
	return a
}

// newTokens calls the token endpoint and wants a pair.
func newTokens(t *testing.T, s http.Handler, f form) kenartest.Tokens {
	t.Helper()
	w := requestTokens(t, s, f)
	wantOK(t, w)
	a := decodeAnswer(t, w)
	return kenartest.Tokens{Access: a.Access, Refresh: a.Refresh}
}

// wantOAuthError checks an error answer of the token endpoint.
func wantOAuthError(t *testing.T, w *httptest.ResponseRecorder, status int, name, description string) {
	t.Helper()
	a := decodeAnswer(t, w)
	if w.Code != status || a.Error != name || !strings.Contains(a.Description, description) {
		t.Errorf("got %d %s\nwant %d %s with %q", w.Code, w.Body, status, name, description)
	}
}

// mayCall checks what an access token is good for at the moment.
func mayCall(t *testing.T, s http.Handler, access string, want bool, when string) {
	t.Helper()
	w := do(t, s, "POST", postV2+"p", title, bearer(access))
	if (w.Code == 200) != want || !want && w.Code != 401 {
		t.Errorf("%s: a call with the access token got %d %s, want success %v", when, w.Code, w.Body, want)
	}
}

const postScope = "USER_POSTS_ADDON_CREATE"

func TestTokenRequest(t *testing.T) {
	tests := []struct {
		name              string
		change            func(form) form
		status            int
		error, descripion string
	}{
		{"documented form", func(f form) form { return f }, 200, "", ""},
		{"second secret, while it is rotated", func(f form) form { return f.with("client_secret", "s3cret-next") }, 200, "", ""},
		{"wrong secret", func(f form) form { return f.with("client_secret", "s3cre") }, 401, "invalid_client", "authentication failed"},
		{"no secret", func(f form) form { return f.with("client_secret", "") }, 401, "invalid_client", "authentication failed"},
		{"unknown client", func(f form) form { return f.with("client_id", "nobody") }, 401, "invalid_client", "authentication failed"},
		{"no client", func(f form) form { return f.with("client_id", "") }, 401, "invalid_client", "authentication failed"},
		{"another client's code", func(f form) form { return f.with("client_id", "other").with("client_secret", "others") }, 400, "invalid_grant", "is not known"},
		{"no grant_type", func(f form) form { return f.with("grant_type", "") }, 400, "invalid_request", "grant_type is missing"},
		{"other grant_type", func(f form) form { return f.with("grant_type", "password") }, 400, "unsupported_grant_type", `"password"`},
		{"no code", func(f form) form { return f.with("code", "") }, 400, "invalid_request", "code is missing"},
		{"no redirect_uri", func(f form) form { return f.with("redirect_uri", "") }, 400, "invalid_request", "redirect_uri is missing"},
		{"redirect_uri not registered", func(f form) form { return f.with("redirect_uri", "https://evil.example") }, 400, "invalid_request", "not registered"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := kenartest.New(registered(newClock()))
			both := map[string]form{
				"exchange": exchangeForm(s.Consent("sara", postScope, "offline_access")),
				"refresh":  refreshForm(s.Grant("sara", postScope, "offline_access")),
			}
			for name, f := range both {
				w := requestTokens(t, s, tt.change(f))
				if w.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("%s: the answer may be cached", name)
				}
				if tt.status == 200 {
					wantOK(t, w)
					continue
				}
				wantOAuthError(t, w, tt.status, tt.error, tt.descripion)
			}
		})
	}
}

func TestTokenRequestMustBeAForm(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	const secret = "s3cret-in-json"
	asJSON := `{"grant_type":"authorization_code","client_secret":"` + secret + `"}`
	tests := []struct{ kind, body, want string }{
		{"application/json", asJSON, "must be application/x-www-form-urlencoded"},
		{"", asJSON, "must be application/x-www-form-urlencoded"},
		{"application/x-www-form-urlencoded; charset=utf-8", "code=%zz", "not a form"},
		{"application/x-www-form-urlencoded", "code=a&code=b", "comes 2 times"},
	}
	for _, tt := range tests {
		w := do(t, s, "POST", tokenPath, tt.body, header{"Content-Type", tt.kind})
		wantOAuthError(t, w, 400, "invalid_request", tt.want)
	}
	for _, c := range s.Calls() {
		if text := c.String() + string(c.Body); strings.Contains(text, secret) {
			t.Errorf("a secret is on record: %s", text)
		}
	}
	if w := do(t, s, "GET", tokenPath, ""); w.Code != http.StatusNotFound {
		t.Errorf("GET of the token endpoint got %d, want 404", w.Code)
	}
}

func TestTokenAnswer(t *testing.T) {
	s := kenartest.New(registered(newClock()))
	for _, offline := range []bool{false, true} {
		scopes := []string{"POST_ADDON_CREATE.p", postScope}
		if offline {
			scopes = append(scopes, "offline_access")
		}
		w := requestTokens(t, s, exchangeForm(s.Consent("sara", scopes...)))
		wantOK(t, w)
		got := decodeAnswer(t, w)
		if !strings.HasPrefix(got.Access, "ory_at_") || strings.HasPrefix(got.Refresh, "ory_rt_") != offline {
			t.Errorf("tokens %q and %q, want an access token, and a refresh token: %v", got.Access, got.Refresh, offline)
		}
		got.Access, got.Refresh = "", ""
		want := tokenAnswer{Scope: strings.Join(scopes, " "), Type: "bearer", ExpiresIn: 3600}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("offline %v (-want +got):\n%s", offline, diff)
		}
	}
}

func TestCode(t *testing.T) {
	tests := []struct {
		name   string
		revoke bool // RevokeReused
		play   func(t *testing.T, s *kenartest.Server, c *clock, f form)
	}{
		{"just in time", false, func(t *testing.T, s *kenartest.Server, c *clock, f form) {
			c.Advance(10*time.Minute - time.Nanosecond)
			newTokens(t, s, f)
		}},
		{"too late", false, func(t *testing.T, s *kenartest.Server, c *clock, f form) {
			c.Advance(10 * time.Minute)
			wantOAuthError(t, requestTokens(t, s, f), 400, "invalid_grant", "has expired")
		}},
		{"used twice", false, func(t *testing.T, s *kenartest.Server, _ *clock, f form) {
			first := newTokens(t, s, f)
			wantOAuthError(t, requestTokens(t, s, f), 400, "invalid_grant", "used before")
			mayCall(t, s, first.Access, true, "after the code was used again")
		}},
		{"used twice, and revoked for it", true, func(t *testing.T, s *kenartest.Server, _ *clock, f form) {
			first := newTokens(t, s, f)
			wantOAuthError(t, requestTokens(t, s, f), 400, "invalid_grant", "used before")
			mayCall(t, s, first.Access, false, "after the code was used again")
			wantOAuthError(t, requestTokens(t, s, refreshForm(first)), 400, "invalid_grant", "revoked")
		}},
		{"a refused exchange does not use it up", false, func(t *testing.T, s *kenartest.Server, _ *clock, f form) {
			wantOAuthError(t, requestTokens(t, s, f.with("client_secret", "wrong")), 401, "invalid_client", "")
			newTokens(t, s, f)
		}},
		{"revoked before", false, func(t *testing.T, s *kenartest.Server, _ *clock, f form) {
			s.Revoke("sara")
			wantOAuthError(t, requestTokens(t, s, f), 400, "invalid_grant", "revoked")
		}},
		{"unknown", false, func(t *testing.T, s *kenartest.Server, _ *clock, f form) {
			wantOAuthError(t, requestTokens(t, s, f.with("code", "ory_ac_guess")), 400, "invalid_grant", "not known")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClock()
			cfg := registered(c)
			cfg.RevokeReused = tt.revoke
			s := kenartest.New(cfg)
			tt.play(t, s, c, exchangeForm(s.Consent("sara", postScope, "offline_access")))
		})
	}
}

func TestAccessTokenLife(t *testing.T) {
	c := newClock()
	s := kenartest.New(registered(c))
	s.AddGrant(kenartest.Grant{AccessToken: "by-hand", Scopes: []string{postScope}})
	tokens := s.Grant("sara", postScope)
	if tokens.Refresh != "" {
		t.Error("there is a refresh token without offline_access")
	}
	mayCall(t, s, tokens.Access, true, "at first")
	c.Advance(time.Hour - time.Nanosecond)
	mayCall(t, s, tokens.Access, true, "in the last moment")
	c.Advance(time.Nanosecond)
	wantError(t, do(t, s, "POST", postV2+"p", title, bearer(tokens.Access)), 401, 16, "expired")
	wantError(t, do(t, s, "POST", postV2+"p", title, bearer("ory_at_guess")), 401, 16, "not valid")
	wantError(t, do(t, s, "POST", userV2+"sara", title, bearer(s.Grant("sara", postScope).Access)), 403, 7, "lacks the scope USER_ADDON_CREATE")
	mayCall(t, s, "by-hand", true, "registered by hand")
}

func TestRevokeEndsGrantsAddedByHand(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	s.AddGrant(kenartest.Grant{AccessToken: "a", User: "sara", Scopes: []string{postScope}},
		kenartest.Grant{AccessToken: "b", Scopes: []string{postScope}})
	s.Revoke("sara")
	mayCall(t, s, "a", false, "revoked")
	mayCall(t, s, "b", true, "of no user")
}

func TestAnyClient(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	f := exchangeForm(s.Consent("sara", postScope)).with("client_id", "whoever").with("client_secret", "whatever").with("redirect_uri", "http://localhost:8080/")
	for name, want := range map[string]string{"client_id": "invalid_client", "client_secret": "invalid_client"} {
		wantOAuthError(t, requestTokens(t, s, f.with(name, "")), 401, want, "")
	}
	for _, uri := range []string{"/back", "ftp://x/", "https://x/?a=b", "https://x/#a", "https://"} {
		wantOAuthError(t, requestTokens(t, s, f.with("redirect_uri", uri)), 400, "invalid_request", "not registered")
	}
	newTokens(t, s, f)

	s.SetClients(kenartest.Client{ID: "kar-bin", Secrets: []string{"s3cret"}})
	wantOAuthError(t, requestTokens(t, s, f), 401, "invalid_client", "")
}

// TestOAuthIsNotCounted: the OAuth server has no API key, so its calls are in
// nobody's limits.
func TestOAuthIsNotCounted(t *testing.T) {
	clock := newClock()
	cfg := registered(clock)
	cfg.Limits = []kenartest.Limit{{Permission: kenartest.AppWide, Calls: 1, Window: time.Minute}}
	s := kenartest.New(cfg)
	tokens := newTokens(t, s, exchangeForm(s.Consent("sara", postScope, "offline_access")))
	tokens = newTokens(t, s, refreshForm(tokens))
	mayCall(t, s, tokens.Access, true, "the first call")
	if got := s.Max(kenartest.AppWide, time.Minute); got != 1 {
		t.Errorf("%d calls were counted, want the 1 with an API key", got)
	}
	if got := s.Count(); got != 3 {
		t.Errorf("%d arrivals, want 3", got)
	}
}

func TestOAuthSecretsAreNotRecorded(t *testing.T) {
	s := kenartest.New(registered(newClock()))
	code := s.Consent("sara", postScope, "offline_access")
	first := newTokens(t, s, exchangeForm(code))
	second := newTokens(t, s, refreshForm(first))
	requestTokens(t, s, exchangeForm(code))
	w := do(t, s, "GET", authorizeURL(nil)+"&auto=approve", "")
	sent, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}

	calls := s.Calls()
	record, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	text := string(record)
	for _, c := range calls {
		text += fmt.Sprintf("%+v %s", c, c.Body)
	}
	for _, secret := range []string{code, first.Access, first.Refresh, second.Access, second.Refresh, "s3cret", sent.Query().Get("code")} {
		if secret == "" || strings.Contains(text, secret) {
			t.Errorf("the secret %q is on record: %s", secret, text)
		}
	}
	want := "client_id=kar-bin&client_secret=-&code=-&grant_type=refresh_token&redirect_uri=https%3A%2F%2Fapp.example%2Fback&refresh_token=-"
	if got := string(calls[1].Body); got != want {
		t.Errorf("recorded %s\nwant     %s", got, want)
	}
}

func TestOAuthMistakesPanic(t *testing.T) {
	tests := []struct {
		name string
		make func()
		want string
	}{
		{"no id", func() { kenartest.New(kenartest.Config{Clients: []kenartest.Client{{Secrets: []string{"s"}}}}) }, "OAuth client 1: want an id"},
		{"no secret", func() {
			kenartest.New(kenartest.Config{}).SetClients(kenartest.Client{ID: "a", Secrets: []string{"s"}}, kenartest.Client{ID: "b"})
		}, "OAuth client 2: want an id and secrets"},
		{"empty secret", func() { kenartest.New(kenartest.Config{}).SetClients(kenartest.Client{ID: "a", Secrets: []string{""}}) }, "OAuth client 1"},
		{"consent to no scope", func() { kenartest.New(kenartest.Config{}).Consent("sara", "user posts") }, `"user posts" is not a scope`},
		{"grant of no scope", func() { kenartest.New(kenartest.Config{}).Grant("sara", "") }, `"" is not a scope`},
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
