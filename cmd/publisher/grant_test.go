package main

import (
	"strings"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

func TestParseCode(t *testing.T) {
	const back, state = "https://app.example/back", "QWERTYUIOP"
	for _, c := range []struct {
		name, text, state string
		want, err         string
	}{
		{"the code alone", "ory_ac_x\n", "", "ory_ac_x", ""},
		{"the code alone, with a state", "ory_ac_x", state, "ory_ac_x", ""},
		{"the address", back + "?code=ory_ac_x&scope=USER_ID&state=" + state, state, "ory_ac_x", ""},
		{"with a fragment", back + "?state=" + state + "&code=ory_ac_x#top", state, "ory_ac_x", ""},
		{"escaped", back + "?code=a%2Bb&state=" + state, state, "a+b", ""},
		{"nothing", " \n", state, "", "no code was given"},
		{"two words", "code ory_ac_x", state, "", "more than one word was given"},
		{"a part", "?code=ory_ac_x&state=" + state, state, "", "a part of an address was given"},
		{"no state to compare", back + "?code=ory_ac_x&state=" + state, "", "", "say with --state"},
		{"another state", back + "?code=ory_ac_x&state=" + state + "x", state, "", "it belongs to another one, or somebody forged it"},
		{"without a state", back + "?code=ory_ac_x", state, "", "it belongs to another one, or somebody forged it"},
		{"refused", back + "?error=access_denied&error_description=no&state=" + state, state, "", `the OAuth server answered "access_denied no"`},
		{"refused, at length", back + "?error=" + strings.Repeat("e", 500) + "&state=" + state, state, "", strings.Repeat("e", 200) + `…"`},
		{"refused in silence", back + "?state=" + state, state, "", "the answer has no code, which means that the user refused"},
		{"forged refusal", back + "?error=access_denied&state=x", state, "", "somebody forged it"},
		{"another address", "https://app.example/other?code=ory_ac_x&state=" + state, state, "", `the address is "https://app.example/other", and KENAR_REDIRECT_URI https://app.example/back`},
		{"not an address", "http://[?code=ory_ac_x", state, "", "cannot be read as an address"},
		{"a damaged query", back + "?code=ory_ac_x%zz&state=" + state, state, "", "the query of the address is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseCode(c.text, back, c.state)
			if got != c.want || (err == nil) != (c.err == "") {
				t.Fatalf("%q, %v; want %q, %s", got, err, c.want, c.err)
			}
			if err != nil && (!strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "ory_ac")) {
				t.Errorf("error %q, want %q in it, and no code", err, c.err)
			}
		})
	}
}

func TestWish(t *testing.T) {
	for _, c := range []struct {
		name string
		wish wish
		want string
		err  string
	}{
		{"one post", wish{posts: []string{"gZ206tip"}, offline: true}, "POST_ADDON_CREATE.gZ206tip offline_access", ""},
		{"everything", wish{posts: []string{"gZ206tip", "gZpride1"}, userPosts: true, businesses: []string{"shop-1"}, user: true, scopes: []string{"USER_ID"}},
			"POST_ADDON_CREATE.gZ206tip POST_ADDON_CREATE.gZpride1 USER_POSTS_ADDON_CREATE BUSINESS_ADDON_CREATE.shop-1 USER_ADDON_CREATE USER_ID", ""},
		{"each once", wish{posts: []string{"a", "a"}, scopes: []string{"POST_ADDON_CREATE.a", "offline_access"}, offline: true}, "POST_ADDON_CREATE.a offline_access", ""},
		{"nothing", wish{offline: true}, "", "say what the user is to allow"},
		{"nothing that can be", wish{posts: []string{"a b"}, businesses: []string{""}, scopes: []string{"USER_ID.x"}}, "", `--post "a b": `},
	} {
		t.Run(c.name, func(t *testing.T) {
			scopes, err := c.wish.all()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q in it", err, c.err)
				}
				return
			}
			if got := strings.Join(scopes, " "); err != nil || got != c.want {
				t.Errorf("%s, %v; want %s", got, err, c.want)
			}
		})
	}
}

// What is asked for covers what it is asked for.
func TestWishCovers(t *testing.T) {
	scopes, err := (&wish{userPosts: true, businesses: []string{"shop-1"}, user: true}).all()
	if err != nil {
		t.Fatal(err)
	}
	for op, resource := range map[kenar.Operation]string{kenar.OpCreatePostAddon: "gZ206tip", kenar.OpCreateBusinessAddon: "shop-1", kenar.OpCreateUserAddon: ""} {
		if err := kenar.CheckScopes(scopes, op, resource); err != nil {
			t.Error(err)
		}
	}
}

func TestShortened(t *testing.T) {
	for _, c := range []struct {
		scopes string
		want   string
	}{
		{"", "-"},
		{"USER_ID", "USER_ID"},
		{"USER_ID USER_PHONE", "USER_ID USER_PHONE"},
		{"USER_ID USER_PHONE offline_access", "USER_ID USER_PHONE +1"},
		{"POST_ADDON_CREATE.gZ206tip USER_ID offline_access", "POST_ADDON_CREATE.gZ206tip +2"},
	} {
		if got := shortened(strings.Fields(c.scopes), 20); got != c.want {
			t.Errorf("%s: %q, want %q", c.scopes, got, c.want)
		}
	}
}

// A token is recognised among arguments, and what is none is not taken for one.
func TestSecretForm(t *testing.T) {
	for text, want := range map[string]bool{
		"ory_at_Zx81": true, "ORY_RT_ZX": true, "AGE-SECRET-KEY-1QQ": true, `{"access_token":"x"}`: true, "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.x": true,
		"client_secret=x":   true,
		"access_token.json": false, "ory_ac_Zx81": false, "sara": false, "answer.json": false, "keyboard.layout.json": false, "POST_ADDON_CREATE.eyebrows12": false,
		"https://app.example/back?state=QWERTYUIOP&code=ory_ac_x": false, "age1xyxuhrkyfx2f0u52yx23sgu9cmecyx5scnrsha48wtvhquu8v5hqnxmay4": false,
	} {
		if got := secretForm.MatchString(text); got != want {
			t.Errorf("%s is taken for a secret: %t, want %t", text, got, want)
		}
	}
}

func TestGrantsAreTold(t *testing.T) {
	now := time.Date(2026, 8, 19, 9, 30, 0, 0, time.Local)
	base := grants.Info{
		ID: "sara", UserID: "8f14e45f", Scopes: []string{"POST_ADDON_CREATE.gZ206tip", "USER_ID", "offline_access"}, Businesses: []string{"shop-1"},
		State: grants.StateActive, CreatedAt: now.Add(-50 * time.Hour), RefreshedAt: now.Add(-30 * time.Minute),
		AccessExpiry: now.Add(30 * time.Minute), RefreshExpiry: now.Add(30 * 24 * time.Hour), SealedTo: []string{"age1aaa", "age1bbb"},
	}
	trouble := base
	trouble.ID, trouble.State, trouble.InDoubt, trouble.Fails, trouble.RetryAt = "reza", grants.StateExpiring, now.Add(-time.Minute), 3, now.Add(2*time.Minute)
	trouble.NeededUntil = now.Add(9 * 24 * time.Hour)
	trouble.RefreshExpiry, trouble.UserID, trouble.Businesses = now.Add(3*24*time.Hour), "", nil
	ended := base
	ended.ID, ended.State, ended.SealedTo = "mina", grants.StateRevoked, nil
	ended.Revoked = &grants.Revocation{Code: grants.CodeRefused, Message: "the grant server knows the refresh token no more", At: now.Add(-time.Hour)}
	short := base
	short.ID, short.RefreshedAt, short.RefreshExpiry, short.State = "omid", time.Time{}, time.Time{}, grants.StateExpiring

	all := []listed{{base, 2}, {trouble, 40}, {ended, 1}, {short, 0}}
	var out strings.Builder
	a := &app{out: &out, err: &out, now: func() time.Time { return now }}
	if err := a.tellGrants(all, false); err != nil {
		t.Fatal(err)
	}
	for _, g := range all {
		out.WriteString("\n")
		if err := a.showGrant(g); err != nil {
			t.Fatal(err)
		}
	}
	golden.File(t, "testdata/grants.golden", out.String())
}
