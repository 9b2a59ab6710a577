package kenar_test

import (
	"context"
	"fmt"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A user allows the app to put add-ons on a post, now and later.
func ExampleOAuth() {
	server, err := kenartest.Start(kenartest.Config{}) // takes the place of Divar
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	oauth, err := kenar.NewOAuth(kenar.OAuthConfig{
		URL:          server.URL(), // leave it out for Divar itself
		ClientID:     "karshenas",
		ClientSecret: func() string { return "secret" },
		RedirectURI:  "https://inspections.example/kenar/back",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer oauth.CloseIdleConnections()

	need, err := kenar.ScopesFor(kenar.OpCreatePostAddon, "AZir15UU")
	if err != nil {
		fmt.Println(err)
		return
	}
	scopes := []string{need[0], kenar.ScopeOfflineAccess}
	// Send the user's browser to oauth.AuthorizeURL(scopes, state). It comes
	// back with the code that the simulated user gives here.
	code := server.Consent("user-sara", scopes...)

	ctx := context.Background()
	tokens, err := oauth.Exchange(ctx, code)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tokens)

	// Keep the new pair before it is used: the old one ends in two minutes.
	_, err = oauth.Refresh(ctx, tokens.Refresh, tokens.Access)
	fmt.Println("refreshed:", err)

	server.Revoke("user-sara")
	_, err = oauth.Refresh(ctx, tokens.Refresh, tokens.Access)
	fmt.Println("the grant has ended:", kenar.IsInvalidGrant(err))
	// Output:
	// {access [redacted], refresh [redacted], scope "POST_ADDON_CREATE.AZir15UU offline_access", expires in 1h0m0s}
	// refreshed: <nil>
	// the grant has ended: true
}

func ExampleCheckScopes() {
	granted := []string{"USER_ID", "POST_ADDON_CREATE.AZir15UU"}
	fmt.Println(kenar.CheckScopes(granted, kenar.OpCreatePostAddon, "AZir15UU"))
	fmt.Println(kenar.CheckScopes(granted, kenar.OpCreatePostAddon, "gap5-Twe"))
	// Output:
	// <nil>
	// create post add-on: the user has not allowed it; ask for the scope POST_ADDON_CREATE.gap5-Twe or USER_POSTS_ADDON_CREATE
}
