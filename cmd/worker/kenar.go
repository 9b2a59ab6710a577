package main

import (
	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// newKenar is the client of the API, which asks for its key at each call.
func newKenar(cfg config.Config, key func() string) (*kenar.Client, error) {
	return kenar.New(kenar.Config{
		BaseURL: cfg.KenarBaseURL, LegacyURL: cfg.KenarLegacyURL, BusinessAddonPath: cfg.KenarBusinessAddonPath, ImageURL: cfg.KenarImageURL,
		APIKey: key, Timeout: cfg.KenarTimeout, UserAgent: "kenar-addons/" + cli.Version(),
		// Every lane may have its calls in flight, and the checks of posts.
		MaxConns: cfg.Concurrency * (len(pipeline.Lanes()) + 1),
	})
}

// newOAuth is the client of the server that refreshes grants.
func newOAuth(cfg config.Config, secret func() string) (*kenar.OAuth, error) {
	return kenar.NewOAuth(kenar.OAuthConfig{
		URL: cfg.KenarOAuthURL, ClientID: cfg.KenarApp, ClientSecret: secret, RedirectURI: cfg.KenarRedirectURI,
		Timeout: cfg.KenarTimeout, UserAgent: "kenar-addons/" + cli.Version(),
	})
}
