package grants

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A consent from the user's browser to its end, with a real JetStream, real
// HTTP and a clock that is put forward.
func TestJourney(t *testing.T) {
	ctx := t.Context()
	var mu sync.Mutex
	at := time.Now()
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return at }
	forward := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); at = at.Add(d) }

	sim, err := kenartest.Start(kenartest.Config{Now: now})
	must(t, err)
	t.Cleanup(sim.Close)
	sim.AddPost(kenartest.Post{Token: "AZir15UU"})
	oauth, err := kenar.NewOAuth(kenar.OAuthConfig{
		URL: sim.URL(), ClientID: "app", ClientSecret: func() string { return "s3cret" }, RedirectURI: "https://app.example/back",
		Timeout: 5 * time.Second,
	})
	must(t, err)
	t.Cleanup(oauth.CloseIdleConnections)
	client, err := kenar.New(kenar.Config{BaseURL: sim.URL(), LegacyURL: sim.URL(), APIKey: func() string { return "key" }})
	must(t, err)
	t.Cleanup(client.CloseIdleConnections)

	// The publisher has no identity.
	_, keys := newKeys(t, 1)
	js := startBucket(t)
	publisher, err := NewStore(ctx, js, Keys{Recipients: keys.recipients}, now)
	must(t, err)
	tokens, err := oauth.Exchange(ctx, sim.Consent("u1", "USER_POSTS_ADDON_CREATE", kenar.ScopeOfflineAccess))
	must(t, err)
	_, err = publisher.Put(ctx, Consent{ID: "g", UserID: "u1", Tokens: tokens})
	must(t, err)

	workers := make([]*Source, 4)
	for i := range workers {
		store, err := NewStore(ctx, js, keys, now)
		must(t, err)
		checks(t, store)
		workers[i], err = NewSource(Config{Store: store, Refresh: oauth.Refresh, Timeout: 5 * time.Second, Wait: time.Minute})
		must(t, err)
	}
	scopes, err := kenar.ScopesFor(kenar.OpCreatePostAddon, "AZir15UU")
	must(t, err)
	need := Need{Scopes: scopes, Good: good}
	call := func(s *Source) string {
		t.Helper()
		token, err := s.Access(ctx, "g", need)
		if err != nil {
			t.Errorf("no access token: %v", err)
			return ""
		}
		_, err = client.CreatePostAddon(ctx, "AZir15UU", token.Secret(), []byte(`{"widgets":[{"title_row":{"text":"x"}}]}`))
		if err != nil {
			t.Errorf("call: %v", err)
		}
		return token.Secret()
	}
	callAll := func() []string {
		var wg sync.WaitGroup
		got := make([]string, 3*len(workers))
		for i := range got {
			wg.Go(func() { got[i] = call(workers[i%len(workers)]) })
		}
		wg.Wait()
		slices.Sort(got)
		return slices.Compact(got)
	}

	if n := len(callAll()); n != 1 || sim.Refreshes("u1") != 0 {
		t.Errorf("fresh: %d tokens, %d refreshes", n, sim.Refreshes("u1"))
	}
	forward(time.Hour)
	if n := len(callAll()); n != 1 || sim.Refreshes("u1") != 1 {
		t.Errorf("after an hour: %d tokens, %d refreshes, want 1 and 1", n, sim.Refreshes("u1"))
	}
	forward(time.Hour)
	sim.Script(kenartest.Fault{Op: kenartest.IssueTokens, LoseAnswer: true})
	done := make(chan struct{})
	go func() { // the pause before the second try is of the clock that stands still
		defer close(done)
		for tick := time.Tick(20 * time.Millisecond); sim.Refreshes("u1") < 3; <-tick {
			if ctx.Err() != nil {
				return
			}
			if sim.Refreshes("u1") == 2 {
				forward(time.Second)
			}
		}
	}()
	if n := len(callAll()); n != 1 || sim.Refreshes("u1") != 3 {
		t.Errorf("after a lost answer: %d tokens, %d refreshes, want 1 and 3", n, sim.Refreshes("u1"))
	}
	<-done

	sim.Revoke("u1")
	token := tokensOf(t, workers[0])
	fresh, err := workers[0].Refused(ctx, "g", token)
	if err != nil || fresh {
		t.Errorf("refused: fresh %t, error %v", fresh, err)
	}
	for _, s := range workers {
		_, err := s.Access(ctx, "g", need)
		if r, ok := errors.AsType[*RevokedError](err); !ok || r.Code != CodeRefused {
			t.Errorf("after the user took the consent back: %v", err)
		}
	}
	end, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, s := range workers {
		must(t, s.Close(end))
	}
}

// tokensOf returns the current access token, whether or not it works.
func tokensOf(t *testing.T, s *Source) string {
	t.Helper()
	e, err := s.load(t.Context(), "g")
	must(t, err)
	tokens, err := s.open(e)
	must(t, err)
	return tokens.Current.Access
}
