package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/kenar"
)

func (a *app) grantURLCommand() *cobra.Command {
	var w wish
	cmd := &cobra.Command{
		Use:   "url",
		Short: "Make the address at which a user consents",
		Long: `Make the address to which a user's browser is to be sent, with a random state. From
there the user comes back to KENAR_REDIRECT_URI with a code, for grant exchange.
It needs no connection, and no secret.`,
		Example: `  publisher grant url --post AZir15UU
  publisher grant url --user-posts --scope USER_ID
  publisher grant url --business xYzAbC123 --json`,
		Args: noGrantArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.grantURL(cmd, &w) },
	}
	w.register(cmd)
	return cmd
}

// question is what a user is asked, as JSON.
type question struct {
	URL         string   `json:"url"`
	State       string   `json:"state"`
	RedirectURI string   `json:"redirect_uri"`
	Scopes      []string `json:"scopes"`
}

func (a *app) grantURL(cmd *cobra.Command, w *wish) error {
	scopes, err := w.all()
	if err != nil {
		return cli.Usage(cmd, err)
	}
	cfg, _, err := a.configure(cmd)
	if err != nil {
		return err
	}
	oauth, err := a.newOAuth(cfg, cfg.KenarRedirectURI)
	if err != nil {
		return err
	}
	q, err := ask(oauth, scopes, cfg.KenarRedirectURI)
	if err != nil {
		return err
	}
	if a.json {
		err = a.line(q)
	} else {
		err = a.print("url    %s\nstate  %s\n", q.URL, q.State)
	}
	if err != nil {
		return err
	}
	a.say("send the user's browser to the url. It comes back to %s?state=…&code=…; give that address, within minutes, to\n"+
		"  publisher grant exchange ID --state %s", q.RedirectURI, q.State)
	return nil
}

// ask makes a question with a state that nobody can guess.
func ask(oauth *kenar.OAuth, scopes []string, redirectURI string) (question, error) {
	q := question{State: rand.Text(), RedirectURI: redirectURI, Scopes: scopes}
	var err error
	q.URL, err = oauth.AuthorizeURL(scopes, q.State)
	return q, err
}

// newOAuth is a client of the OAuth server. The client secret is not asked for
// before it is used.
func (a *app) newOAuth(cfg config.Config, redirectURI string) (*kenar.OAuth, error) {
	if redirectURI == "" {
		return nil, cli.Misconfigured(errors.New("KENAR_REDIRECT_URI: not set; set it to the one registered in the app's panel, character for character"))
	}
	if strings.ContainsAny(redirectURI, "?#") {
		return nil, cli.Misconfigured(fmt.Errorf("KENAR_REDIRECT_URI %q: want one without a query", redirectURI))
	}
	if cfg.KenarApp == unnamedApp {
		a.say("warning: KENAR_APP is %q, and as client id it must be the app's slug", cfg.KenarApp)
	}
	oauth, err := kenar.NewOAuth(kenar.OAuthConfig{
		URL: cfg.KenarOAuthURL, ClientID: cfg.KenarApp, ClientSecret: cfg.KenarClientSecret.Reveal,
		RedirectURI: redirectURI, UserAgent: "kenar-addons/" + cli.Version(),
	})
	if err != nil {
		return nil, cli.Misconfigured(err)
	}
	return oauth, nil
}

// unnamedApp is KENAR_APP as it is when it was not set.
const unnamedApp = "default"

// needClientSecret fails where a code could not be exchanged: found out later, it
// would be lost.
func needClientSecret(cfg config.Config) error {
	if cfg.KenarClientSecret.IsSet() {
		return nil
	}
	return cli.Misconfigured(errors.New("KENAR_CLIENT_SECRET: not set; set KENAR_CLIENT_SECRET_FILE to a file with the client secret of the app's panel"))
}
