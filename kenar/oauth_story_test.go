package kenar_test

import (
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// clock is a clock that stands still until told to move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// TestGrantStory plays the life of a grant between this package and an OAuth
// server that was written from the same documents without knowing of it:
// consent, calls, expiry, a lost refresh, the grace, revocation.
func TestGrantStory(t *testing.T) {
	const (
		back  = "https://inspections.example/kenar/back"
		state = "8f2b-1c77-random"
		post  = "gZ206tip"
	)
	clock := &clock{now: time.Date(2026, 3, 21, 10, 0, 0, 0, time.UTC)}
	server, err := kenartest.Start(kenartest.Config{
		Now: clock.Now, RequireGrant: true, RevokeReused: true,
		Clients: []kenartest.Client{{ID: "karshenas", Secrets: []string{"old-secret"}, RedirectURIs: []string{back}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.AddPost(kenartest.SamplePosts()...)
	server.AddUser(kenartest.User{ID: "user-sara", Phone: "09120000001"})
	server.AddBusiness(kenartest.Business{Token: "shop-1", Owner: "user-sara", Name: "Omid"})

	client, err := kenar.New(kenar.Config{BaseURL: server.URL(), APIKey: func() string { return "any-key" }})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	secret := "old-secret"
	oauth, err := kenar.NewOAuth(kenar.OAuthConfig{
		URL: server.URL(), ClientID: "karshenas", RedirectURI: back, ClientSecret: func() string { return secret },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer oauth.CloseIdleConnections()
	ctx := t.Context()

	// The user's browser: approves, and is sent back with a code.
	scopes := []string{"POST_ADDON_CREATE." + post, "USER_ID", "USER_BUSINESSES_READ", kenar.ScopeOfflineAccess}
	address, err := oauth.AuthorizeURL(scopes, state)
	if err != nil {
		t.Fatal(err)
	}
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	visit := func(decision string) url.Values {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"&auto="+decision, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		sent, err := resp.Location()
		if err != nil || sent.Scheme+"://"+sent.Host+sent.Path != back {
			t.Fatalf("%s: the browser is sent to %v, %v; want %s", resp.Status, sent, err, back)
		}
		return sent.Query()
	}
	if q := visit("deny"); q.Has("code") || q.Get("state") != state {
		t.Errorf("a refusal came back as %v, want the state and no code", q)
	}
	q := visit("approve")
	if q.Get("state") != state {
		t.Errorf("the state came back as %q", q.Get("state"))
	}

	tokens, err := oauth.Exchange(ctx, q.Get("code"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(scopes, tokens.Scope); diff != "" || tokens.Refresh == "" || tokens.ExpiresIn != time.Hour {
		t.Errorf("exchanged for %v; scopes (-want +got):\n%s", tokens, diff)
	}

	// What the tokens are good for.
	call := func(access string) error {
		_, err := client.CreatePostAddon(ctx, post, access, []byte(`{"widgets":[{"title_row":{"text":"Inspected"}}]}`))
		return err
	}
	wantStatus := func(err error, status int, when string) {
		t.Helper()
		if e, ok := errors.AsType[*kenar.Error](err); !ok || e.Status != status {
			t.Errorf("%s: %v, want status %d", when, err, status)
		}
	}
	if err := kenar.CheckScopes(tokens.Scope, kenar.OpCreatePostAddon, post); err != nil {
		t.Error(err)
	}
	if err := call(tokens.Access); err != nil {
		t.Error(err)
	}
	if err := kenar.CheckScopes(tokens.Scope, kenar.OpCreateUserAddon, ""); err == nil {
		t.Error("the scopes cover a user add-on")
	}
	_, err = client.CreateUserAddon(ctx, "user-sara", tokens.Access, []byte(`{"widgets":[{"title_row":{"text":"Inspected"}}]}`))
	wantStatus(err, 403, "a scope that was not given")
	if user, err := client.User(ctx, tokens.Access); err != nil || user.ID != "user-sara" || user.Phone != "" {
		t.Errorf("the user is %v, %v; want user-sara without a phone number", user, err)
	}
	businesses, err := client.UserBusinesses(ctx, tokens.Access)
	if diff := cmp.Diff([]kenar.Business{{Token: "shop-1", Name: "Omid", Role: kenar.RoleOwner}}, businesses); err != nil || diff != "" {
		t.Errorf("%v; businesses (-want +got):\n%s", err, diff)
	}

	// An hour later the access token has expired, and the answer to the
	// refresh gets lost.
	clock.Advance(time.Hour)
	wantStatus(call(tokens.Access), 401, "an expired access token")
	server.Script(kenartest.Fault{Op: kenartest.IssueTokens, LoseAnswer: true}, kenartest.Fault{Op: kenartest.IssueTokens, Truncate: true})
	_, err = oauth.Refresh(ctx, tokens.Refresh, tokens.Access)
	if !kenar.TokensLost(err) {
		t.Errorf("a lost answer: %v, want the tokens taken for lost", err)
	}
	_, err = oauth.Refresh(ctx, tokens.Refresh, tokens.Access)
	if !kenar.TokensLost(err) || !errors.Is(err, kenar.ErrNoTokens) {
		t.Errorf("an answer cut in half: %v, want ErrNoTokens", err)
	}
	clock.Advance(kenar.TokenGrace - time.Second)
	old := tokens
	if tokens, err = oauth.Refresh(ctx, tokens.Refresh, tokens.Access); err != nil {
		t.Fatal(err)
	}
	if err := call(tokens.Access); err != nil {
		t.Error(err)
	}

	// The app's secret is rotated.
	server.SetClients(kenartest.Client{ID: "karshenas", Secrets: []string{"new-secret"}, RedirectURIs: []string{back}})
	_, err = oauth.Refresh(ctx, tokens.Refresh, tokens.Access)
	if !kenar.IsInvalidClient(err) || kenar.IsInvalidGrant(err) || kenar.TokensLost(err) {
		t.Errorf("the old client secret: %v, want invalid_client", err)
	}
	secret = "new-secret"
	before := tokens
	if tokens, err = oauth.Refresh(ctx, tokens.Refresh, tokens.Access); err != nil {
		t.Fatal(err)
	}
	if err := call(before.Access); err != nil {
		t.Errorf("the pair before, in its grace: %v", err)
	}

	// Somebody uses the pair of long ago.
	clock.Advance(kenar.TokenGrace)
	_, err = oauth.Refresh(ctx, old.Refresh, old.Access)
	if !kenar.IsInvalidGrant(err) || kenar.IsInvalidClient(err) || kenar.TokensLost(err) {
		t.Errorf("a refresh token of long ago: %v, want invalid_grant", err)
	}
	wantStatus(call(tokens.Access), 401, "the grant of a refresh token that came back")
	if got := server.Refreshes("user-sara"); got != 4 {
		t.Errorf("the grant was refreshed %d times, want 4, of which 2 were lost", got)
	}

	// A second consent, taken back by the user.
	if tokens, err = oauth.Exchange(ctx, server.Consent("user-sara", scopes...)); err != nil {
		t.Fatal(err)
	}
	server.Revoke("user-sara")
	wantStatus(call(tokens.Access), 401, "a revoked grant")
	if _, err := oauth.Refresh(ctx, tokens.Refresh, tokens.Access); !kenar.IsInvalidGrant(err) {
		t.Errorf("a revoked grant: %v, want invalid_grant", err)
	}
	if left := server.PendingFaults(); len(left) > 0 {
		t.Errorf("faults that never happened: %v", left)
	}
}
