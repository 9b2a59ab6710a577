package kenartest_test

import (
	"context"
	"errors"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

const state = "8f2b-1c77-random"

// authorizeURL is the address of the consent page for a complete request with
// some parameters changed; "" removes one.
func authorizeURL(change form) string {
	q := url.Values{
		"response_type": {"code"}, "client_id": {"kar-bin"}, "redirect_uri": {redirectURI},
		"scope": {"POST_ADDON_CREATE.gZ206tip USER_ID offline_access"}, "state": {state},
	}
	for name, value := range change {
		if q.Set(name, value); value == "" {
			q.Del(name)
		}
	}
	return authorizePath + "?" + q.Encode()
}

// TestAuthorize: what the browser is sent back with, if it is sent back.
func TestAuthorize(t *testing.T) {
	tests := []struct {
		name   string
		change form
		status int
		query  map[string]string // of the redirect, in part
		page   string            // in the page, where there is no redirect
	}{
		{"asks", nil, 200, nil, "Allow kar-bin to act for user-sara?"},
		{"asks another user", form{"user": "reza"}, 200, nil, "act for reza?"},
		{"shows what is asked for", nil, 200, nil, "<li>POST_ADDON_CREATE.gZ206tip</li>\n<li>USER_ID</li>\n<li>offline_access</li>"},
		{"quotes what is said", form{"user": "<b>"}, 200, nil, "act for &lt;b&gt;?"},
		{"denied", form{"auto": "deny"}, 302, map[string]string{"error": "access_denied", "state": state, "code": ""}, ""},
		{"unknown client", form{"client_id": "nobody"}, 400, nil, "client_id is not known"},
		{"no client", form{"client_id": ""}, 400, nil, "client_id is not known"},
		{"redirect not registered", form{"redirect_uri": redirectURI + "/"}, 400, nil, "redirect_uri is not registered"},
		{"no redirect", form{"redirect_uri": ""}, 400, nil, "redirect_uri is not registered"},
		{"other response type", form{"response_type": "token"}, 302, map[string]string{"error": "unsupported_response_type", "state": state}, ""},
		{"no state", form{"state": ""}, 302, map[string]string{"error": "invalid_state"}, ""},
		{"short state", form{"state": "1234567"}, 302, map[string]string{"error": "invalid_state"}, ""},
		{"no scope", form{"scope": " "}, 302, map[string]string{"error": "invalid_scope", "state": state}, ""},
		{"malformed scope", form{"scope": "USER_ID post.x"}, 302, map[string]string{"error": "invalid_scope", "error_description": `"post.x" is not a scope`}, ""},
		{"malformed scope, approved", form{"scope": "USER_ID.", "auto": "approve"}, 302, map[string]string{"error": "invalid_scope", "code": ""}, ""},
		{"unknown decision", form{"auto": "perhaps"}, 200, nil, "Allow kar-bin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := kenartest.New(registered(newClock()))
			w := do(t, s, "GET", authorizeURL(tt.change), "", header{"X-API-Key", ""})
			if w.Code != tt.status {
				t.Fatalf("got %d %s, want %d", w.Code, w.Body, tt.status)
			}
			if tt.status != http.StatusFound {
				if w.Header().Get("Location") != "" || !strings.Contains(w.Body.String(), tt.page) {
					t.Errorf("got a page without %q, or a redirect to %q:\n%s", tt.page, w.Header().Get("Location"), w.Body)
				}
				return
			}
			back, found := strings.CutPrefix(w.Header().Get("Location"), redirectURI+"?")
			query, err := url.ParseQuery(back)
			if !found || err != nil {
				t.Fatalf("redirected to %q, %v; want a query behind %s", w.Header().Get("Location"), err, redirectURI)
			}
			for name, want := range tt.query {
				if got := query.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestCodeIsBoundToItsRedirect(t *testing.T) {
	s := kenartest.New(registered(newClock()))
	w := do(t, s, "GET", authorizeURL(form{"auto": "approve"}), "")
	back, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	f := exchangeForm(back.Query().Get("code"))
	wantOAuthError(t, requestTokens(t, s, f.with("redirect_uri", redirectURI+"/2")), 400, "invalid_grant", "not that of the authorization request")
	newTokens(t, s, f)
}

var anchor = regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a>`)

// TestConsentStory goes the whole way over the network, with a browser that
// keeps nothing and a backend that keeps the tokens.
func TestConsentStory(t *testing.T) {
	clock := newClock()
	s := start(t, registered(clock))
	s.AddPost(kenartest.SamplePosts()...)
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	browser := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	fetch := func(method, address, body string, headers ...header) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range headers {
			r.Header.Set(h.name, h.value)
		}
		resp, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(b)
	}

	_, page := fetch("GET", s.URL()+authorizeURL(nil), "")
	links := make(map[string]string)
	for _, l := range anchor.FindAllStringSubmatch(page, -1) {
		links[l[2]] = html.UnescapeString(l[1])
	}
	if links["Approve"] == "" || links["Deny"] == "" {
		t.Fatalf("the page has no links to approve and deny:\n%s", page)
	}
	resp, _ := fetch("GET", s.URL()+links["Approve"], "")
	back, err := resp.Location()
	if err != nil || resp.StatusCode != http.StatusFound {
		t.Fatalf("approval got %s, %v; want a redirect", resp.Status, err)
	}
	if back.Query().Get("state") != state {
		t.Errorf("state came back as %q, want %q", back.Query().Get("state"), state)
	}
	if _, page := fetch("GET", s.URL()+links["Deny"], ""); page != "" {
		t.Errorf("denial has a page: %s", page)
	}

	formType := header{"Content-Type", "application/x-www-form-urlencoded"}
	tokens := newTokens(t, s, exchangeForm(back.Query().Get("code")))
	addOn := func() int {
		t.Helper()
		resp, _ := fetch("POST", s.URL()+postV2+"gZ206tip", title, apiKey("k"), bearer(tokens.Access))
		return resp.StatusCode
	}
	if got := addOn(); got != http.StatusOK {
		t.Errorf("a call with the new access token got %d", got)
	}

	// The next day, and a refresh whose answer is lost.
	clock.Advance(24 * time.Hour)
	if got := addOn(); got != http.StatusUnauthorized {
		t.Errorf("a call with yesterday's access token got %d, want 401", got)
	}
	s.Script(kenartest.Fault{Op: kenartest.IssueTokens, LoseAnswer: true})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+tokenPath, strings.NewReader(refreshForm(tokens).encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(formType.name, formType.value)
	if resp, err := browser.Do(r); err == nil {
		_ = resp.Body.Close()
		t.Errorf("the lost answer came: %s", resp.Status)
	}
	tokens = newTokens(t, s, refreshForm(tokens))
	if got := addOn(); got != http.StatusOK {
		t.Errorf("a call with the refreshed access token got %d", got)
	}
	if got := s.Refreshes("user-sara"); got != 2 {
		t.Errorf("the grant was refreshed %d times, want 2, of which one was lost", got)
	}

	s.Revoke("user-sara")
	if got := addOn(); got != http.StatusUnauthorized {
		t.Errorf("a call after the revocation got %d, want 401", got)
	}
	wantOAuthError(t, requestTokens(t, s, refreshForm(tokens)), 400, "invalid_grant", "revoked")

	var story []string
	for _, c := range s.Calls() {
		story = append(story, c.String())
	}
	want := []string{
		"GET /oauth2/auth -> 200 accepted",
		"GET /oauth2/auth -> 302 accepted",
		"GET /oauth2/auth -> 302 forbidden: access_denied: the user has refused",
		"POST /oauth2/token -> 200 accepted",
		"POST post/gZ206tip title_row -> 200 accepted",
		"POST post/gZ206tip title_row -> 401 unauthenticated: access token has expired",
		"POST /oauth2/token -> 200 accepted (answer lost)",
		"POST /oauth2/token -> 200 accepted",
		"POST post/gZ206tip title_row -> 200 accepted",
		"POST post/gZ206tip title_row -> 401 unauthenticated: access token is not valid",
		"POST /oauth2/token -> 400 unauthenticated: invalid_grant: the refresh token was revoked",
	}
	if diff := cmp.Diff(want, story); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
}

// TestTokenFaults: the token endpoint fails like everything else.
func TestTokenFaults(t *testing.T) {
	tests := []struct {
		name      string
		fault     kenartest.Fault
		refreshes int
		check     func(reply) bool
	}{
		{"instead of the refresh", kenartest.Fault{Op: kenartest.IssueTokens, Status: 503, Body: "<html>"}, 0,
			func(r reply) bool { return r.status == 503 }},
		{"after the refresh", kenartest.Fault{Path: tokenPath, LoseAnswer: true}, 1,
			func(r reply) bool { return r.err != nil && r.status == 0 }},
		{"amid the answer", kenartest.Fault{Op: kenartest.IssueTokens, Truncate: true}, 1,
			func(r reply) bool { return r.status == 200 && errors.Is(r.err, io.ErrUnexpectedEOF) }},
		{"of another operation", kenartest.Fault{Op: kenartest.CreatePostAddon, Status: 503}, 1,
			func(r reply) bool { return r.status == 200 && r.err == nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, registered(newClock()))
			tokens := s.Grant("sara", postScope, "offline_access")
			s.Script(tt.fault)
			if r := postForm(t.Context(), s, refreshForm(tokens)); !tt.check(r) {
				t.Errorf("got %d %q, %v", r.status, r.body, r.err)
			}
			if got := s.Refreshes("sara"); got != tt.refreshes {
				t.Errorf("the grant was refreshed %d times, want %d", got, tt.refreshes)
			}
			newTokens(t, s, refreshForm(tokens))
		})
	}
}

// postForm calls the token endpoint over the network, on a connection of its
// own.
func postForm(ctx context.Context, s *kenartest.Server, f form) reply {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+tokenPath, strings.NewReader(f.encode()))
	if err != nil {
		return reply{err: err}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Close = true
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, string(b), resp.Header, err}
}
