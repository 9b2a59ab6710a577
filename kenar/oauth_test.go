package kenar

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	testSecret   = "client-secret.0123456789"
	testCode     = "ory_ac_code-of-the-user"
	testRefresh  = "ory_rt_secret-of-the-user"
	testRedirect = "https://inspections.example/kenar/back"
)

// newTestOAuth returns an OAuth for a server on this machine, over its own
// transport unless cfg brings another.
func newTestOAuth(t *testing.T, url string, cfg OAuthConfig) *OAuth {
	t.Helper()
	cfg.URL, cfg.ClientID, cfg.RedirectURI = url, "karshenas", testRedirect
	if cfg.ClientSecret == nil {
		cfg.ClientSecret = func() string { return testSecret }
	}
	o, err := NewOAuth(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.CloseIdleConnections)
	return o
}

func aSecret() string { return testSecret }

func TestOAuthConfigDefaults(t *testing.T) {
	o, err := NewOAuth(OAuthConfig{ClientID: "karshenas", ClientSecret: aSecret, RedirectURI: testRedirect})
	if err != nil {
		t.Fatal(err)
	}
	if o.url != "https://oauth.divar.ir" || o.timeout != 15*time.Second || o.userAgent != "kenar-addons" {
		t.Errorf("got %s, %v, %s", o.url, o.timeout, o.userAgent)
	}
	if _, ok := o.transport.(*http.Transport); !ok || !o.tellsWhenBound {
		t.Errorf("the transport is a %T, want the package's own", o.transport)
	}
}

// TestOAuthConfigFaults: each names the field, what is wrong, and what to
// write.
func TestOAuthConfigFaults(t *testing.T) {
	good := OAuthConfig{ClientID: "karshenas", ClientSecret: aSecret, RedirectURI: testRedirect}
	with := func(change func(*OAuthConfig)) OAuthConfig {
		cfg := good
		change(&cfg)
		return cfg
	}
	tests := []struct {
		name string
		cfg  OAuthConfig
		want []string // its lines
	}{
		{"minimal", good, nil},
		{"everything", with(func(c *OAuthConfig) {
			c.URL, c.RedirectURI, c.Timeout, c.UserAgent = "http://127.0.0.1:8080/auth/", "http://localhost:9000/cb", time.Second, "me/1.0 (test)"
		}), nil},
		{"nothing", OAuthConfig{}, []string{
			`kenar config: OAuthConfig.ClientID is empty: give the app's slug`,
			`kenar config: OAuthConfig.ClientSecret is nil: give a function that returns the client secret of the app's panel`,
			`kenar config: OAuthConfig.RedirectURI is empty: give the one registered in the app's panel`,
		}},
		{"all faults at once",
			OAuthConfig{URL: "oauth.divar.ir", ClientID: "my app", RedirectURI: "/back", Timeout: -1, UserAgent: "a\r\nb"},
			[]string{
				`kenar config: OAuthConfig.URL is "://"…: write it as https://host`,
				`kenar config: OAuthConfig.ClientID is "my app": the app's slug has visible ASCII characters only`,
				`kenar config: OAuthConfig.ClientSecret is nil: give a function that returns the client secret of the app's panel`,
				`kenar config: OAuthConfig.RedirectURI is "://"…: write it as https://host`,
				`kenar config: OAuthConfig.Timeout is -1ns: it must be positive, or 0 for 15s`,
				`kenar config: OAuthConfig.UserAgent is "a\r\nb": only printable ASCII characters can be sent`,
			}},
		{"redirect with a query", with(func(c *OAuthConfig) { c.RedirectURI += "?tenant=hunter2" }),
			[]string{`kenar config: OAuthConfig.RedirectURI (https://inspections.example) has a query: remove it`}},
		{"redirect with a fragment", with(func(c *OAuthConfig) { c.RedirectURI += "#hunter2" }),
			[]string{`kenar config: OAuthConfig.RedirectURI (https://inspections.example) has a fragment: remove it`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			if _, err := NewOAuth(tt.cfg); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorizeURL(t *testing.T) {
	o := newTestOAuth(t, "https://oauth.divar.ir/", OAuthConfig{})
	got, err := o.AuthorizeURL([]string{"POST_ADDON_CREATE.AZTH74V2", "USER_ID", "offline_access", "USER_ID"}, "8f2b+1c7-random")
	if err != nil {
		t.Fatal(err)
	}
	want := "https://oauth.divar.ir/oauth2/auth?client_id=karshenas&redirect_uri=https%3A%2F%2Finspections.example%2Fkenar%2Fback" +
		"&response_type=code&scope=POST_ADDON_CREATE.AZTH74V2%20USER_ID%20offline_access&state=8f2b%2B1c7-random"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	wantQuery := url.Values{
		"client_id": {"karshenas"}, "redirect_uri": {testRedirect}, "response_type": {"code"},
		"scope": {"POST_ADDON_CREATE.AZTH74V2 USER_ID offline_access"}, "state": {"8f2b+1c7-random"},
	}
	if diff := cmp.Diff(wantQuery, u.Query()); diff != "" {
		t.Errorf("its query (-want +got):\n%s", diff)
	}
}

func TestAuthorizeURLFaults(t *testing.T) {
	const state = "12345678"
	tests := []struct {
		name   string
		scopes []string
		state  string
		want   []string // parts of the error
	}{
		{"no scope", nil, state, []string{"no scope is given: name at least one"}},
		{"bad scopes", []string{"user_id", "USER_ID", "POST_ADDON_CREATE"}, state,
			[]string{`scope "user_id": its name holds`, `scope "POST_ADDON_CREATE": it is for one post or business`}},
		{"no state", []string{"USER_ID"}, "", []string{"state has 0 characters: at least 8 random ones are needed"}},
		{"short state", []string{"USER_ID"}, state[1:], []string{"state has 7 characters"}},
		{"state with a space", []string{"USER_ID"}, "1234 5678", []string{"state holds a space"}},
		{"everything", nil, "", []string{"no scope", "state has 0"}},
	}
	o := newTestOAuth(t, "", OAuthConfig{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := o.AuthorizeURL(tt.scopes, tt.state)
			if err == nil {
				t.Fatalf("no error, but %s", got)
			}
			for _, want := range append(tt.want, "make an authorize URL: ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
		})
	}
}
