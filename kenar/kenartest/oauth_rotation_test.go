package kenartest_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// TestRotation follows pairs of tokens over time.
func TestRotation(t *testing.T) {
	// dead wants that nothing of a pair is good any more.
	dead := func(t *testing.T, s *kenartest.Server, old kenartest.Tokens, why string) {
		t.Helper()
		mayCall(t, s, old.Access, false, why)
		wantOAuthError(t, requestTokens(t, s, refreshForm(old)), 400, "invalid_grant", why)
	}
	tests := []struct {
		name   string
		revoke bool // RevokeReused
		play   func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens)
	}{
		{"the old pair has its grace", false, func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens) {
			second := newTokens(t, s, refreshForm(first))
			if second == first || second.Access == first.Access || second.Refresh == first.Refresh {
				t.Errorf("refreshed tokens are not all new")
			}
			mayCall(t, s, second.Access, true, "the new pair")
			c.Advance(2*time.Minute - time.Nanosecond)
			mayCall(t, s, first.Access, true, "the old pair in its grace")
			c.Advance(time.Nanosecond)
			dead(t, s, first, "replaced")
			mayCall(t, s, second.Access, true, "the new pair after the old one's end")
		}},
		{"a lost pair is made up for by the old one", false, func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens) {
			lost := newTokens(t, s, refreshForm(first))
			c.Advance(time.Minute)
			third := newTokens(t, s, refreshForm(first))
			mayCall(t, s, lost.Access, true, "the lost pair in its grace")
			c.Advance(time.Minute)
			wantOAuthError(t, requestTokens(t, s, refreshForm(first)), 400, "invalid_grant", "replaced") // the grace is not prolonged
			mayCall(t, s, lost.Access, true, "the lost pair, whose grace began later")
			c.Advance(time.Minute)
			dead(t, s, lost, "replaced")
			mayCall(t, s, third.Access, true, "the pair that was received")
			newTokens(t, s, refreshForm(third))
		}},
		{"an expired access token does for a refresh", false, func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens) {
			c.Advance(29 * 24 * time.Hour)
			mayCall(t, s, first.Access, false, "after 29 days")
			newTokens(t, s, refreshForm(first))
		}},
		{"thirty days", false, func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens) {
			c.Advance(30*24*time.Hour - time.Nanosecond)
			second := newTokens(t, s, refreshForm(first))
			c.Advance(time.Nanosecond)
			wantOAuthError(t, requestTokens(t, s, refreshForm(first)), 400, "invalid_grant", "replaced") // its life ends within its grace
			c.Advance(30*24*time.Hour - 2*time.Nanosecond)
			third := newTokens(t, s, refreshForm(second)) // thirty days are counted anew
			c.Advance(30 * 24 * time.Hour)
			wantOAuthError(t, requestTokens(t, s, refreshForm(third)), 400, "invalid_grant", "expired")
		}},
		{"the grace does not prolong an access token", false, func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens) {
			c.Advance(time.Hour - time.Second)
			newTokens(t, s, refreshForm(first))
			c.Advance(time.Second)
			mayCall(t, s, first.Access, false, "expired in its grace")
		}},
		{"reuse after the grace is refused", false, func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens) {
			second := newTokens(t, s, refreshForm(first))
			c.Advance(2 * time.Minute)
			dead(t, s, first, "replaced")
			newTokens(t, s, refreshForm(second))
		}},
		{"reuse after the grace ends the grant", true, func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens) {
			second := newTokens(t, s, refreshForm(first))
			c.Advance(2 * time.Minute)
			dead(t, s, first, "replaced")
			dead(t, s, second, "revoked")
		}},
		{"reuse within the grace ends nothing", true, func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens) {
			newTokens(t, s, refreshForm(first))
			c.Advance(2*time.Minute - time.Nanosecond)
			newTokens(t, s, refreshForm(newTokens(t, s, refreshForm(first))))
		}},
		{"expiry ends nothing", true, func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens) {
			c.Advance(30 * 24 * time.Hour)
			wantOAuthError(t, requestTokens(t, s, refreshForm(first)), 400, "invalid_grant", "expired")
			wantOAuthError(t, requestTokens(t, s, refreshForm(first)), 400, "invalid_grant", "expired")
		}},
		{"revoked by the user", false, func(t *testing.T, s *kenartest.Server, _ *clock, first kenartest.Tokens) {
			second := newTokens(t, s, refreshForm(first))
			other := s.Grant("reza", postScope, "offline_access")
			s.Revoke("sara")
			dead(t, s, first, "revoked")
			dead(t, s, second, "revoked")
			mayCall(t, s, other.Access, true, "another user's")
		}},
		{"one grant ends, the user's other stays", true, func(t *testing.T, s *kenartest.Server, c *clock, first kenartest.Tokens) {
			other := s.Grant("sara", postScope, "offline_access")
			newTokens(t, s, refreshForm(first))
			c.Advance(2 * time.Minute)
			dead(t, s, first, "replaced")
			mayCall(t, s, other.Access, true, "the other grant")
		}},
		{"the code is another grant's access token", false, func(t *testing.T, s *kenartest.Server, _ *clock, first kenartest.Tokens) {
			other := s.Grant("sara", postScope)
			wantOAuthError(t, requestTokens(t, s, refreshForm(first).with("code", other.Access)), 400, "invalid_request", "not an access token of this grant")
			newTokens(t, s, refreshForm(first))
		}},
		{"no refresh token", false, func(t *testing.T, s *kenartest.Server, _ *clock, first kenartest.Tokens) {
			wantOAuthError(t, requestTokens(t, s, refreshForm(first).with("refresh_token", "")), 400, "invalid_request", "refresh_token is missing")
			wantOAuthError(t, requestTokens(t, s, refreshForm(first).with("refresh_token", first.Access)), 400, "invalid_grant", "not known")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClock()
			cfg := registered(c)
			cfg.RevokeReused = tt.revoke
			s := kenartest.New(cfg)
			tt.play(t, s, c, s.Grant("sara", postScope, "offline_access"))
		})
	}
}

func TestRefreshes(t *testing.T) {
	c := newClock()
	s := kenartest.New(registered(c))
	first := s.Grant("sara", postScope, "offline_access")
	other := s.Grant("sara", postScope, "offline_access")
	s.Grant("reza", postScope, "offline_access")
	newTokens(t, s, refreshForm(newTokens(t, s, refreshForm(first))))
	newTokens(t, s, refreshForm(other))
	c.Advance(time.Hour)
	requestTokens(t, s, refreshForm(first)) // refused
	for user, want := range map[string]int{"sara": 3, "reza": 0, "nobody": 0} {
		if got := s.Refreshes(user); got != want {
			t.Errorf("%s's grants were refreshed %d times, want %d", user, got, want)
		}
	}
	// The record tells the grants apart.
	var grants []string
	for _, call := range s.Calls() {
		grants = append(grants, call.Grant+" "+string(call.Verdict))
	}
	want := []string{"sara/1 accepted", "sara/1 accepted", "sara/2 accepted", "sara/1 unauthenticated"}
	if diff := cmp.Diff(want, grants); diff != "" {
		t.Errorf("recorded grants (-want +got):\n%s", diff)
	}
}

// TestRefreshesAtOnce: of workers that refresh with the same pair at the same
// time all get a pair, and only the latest of those outlives the grace.
func TestRefreshesAtOnce(t *testing.T) {
	const workers = 16
	c := newClock()
	s := start(t, registered(c))
	first := s.Grant("sara", postScope, "offline_access")
	pairs := make([]kenartest.Tokens, workers)
	var refreshing sync.WaitGroup
	for i := range workers {
		refreshing.Go(func() {
			r := postForm(t.Context(), s, refreshForm(first))
			var a tokenAnswer
			if err := json.Unmarshal([]byte(r.body), &a); err != nil || r.status != http.StatusOK {
				t.Errorf("got %d %q, %v", r.status, r.body, err)
			}
			pairs[i] = kenartest.Tokens{Access: a.Access, Refresh: a.Refresh}
		})
	}
	refreshing.Wait()
	if got := s.Refreshes("sara"); got != workers {
		t.Errorf("%d refreshes were counted, want %d", got, workers)
	}
	c.Advance(2 * time.Minute)
	alive := 0
	for _, pair := range pairs {
		if w := do(t, s, "POST", postV2+"p", title, bearer(pair.Access)); w.Code == http.StatusOK {
			alive++
			newTokens(t, s, refreshForm(pair))
		}
	}
	if alive != 1 {
		t.Errorf("%d pairs outlived the grace, want 1", alive)
	}
}
