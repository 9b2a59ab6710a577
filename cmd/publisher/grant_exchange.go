package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// exchanging are the flags of exchange.
type exchanging struct {
	state  string
	scopes []string
	userID string
}

func (a *app) grantExchangeCommand() *cobra.Command {
	var x exchanging
	cmd := &cobra.Command{
		Use:   "exchange ID [CODE|ADDRESS|-]",
		Short: "Turn the code of a user's consent into a grant",
		Long: `Turn the authorization code with which a user's browser came back into tokens, and
store them under an id, in place of any that are there. It takes the whole address of the
browser, whose state it compares with --state, or the code alone, from the argument or
from standard input.

A code is good once, and for minutes. So everything else is checked first: the keys,
the connection and the bucket. If the exchange has failed nevertheless, the error says
whether the code is still good.`,
		Example: `  publisher grant exchange sara --state "$STATE" 'https://app.example/back?state=…&code=…'
  echo "$CODE" | publisher grant exchange sara --user-id 8f14e45f`,
		Args: grantArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := "-"
			if len(args) > 1 {
				text = args[1]
			}
			return a.exchangeCode(cmd, args[0], text, x)
		},
	}
	f := cmd.Flags()
	f.StringVar(&x.state, "state", "", "the state that publisher grant url printed; needed with an address")
	f.StringSliceVar(&x.scopes, "scope", nil, "what the user was asked for, should the answer not say what was allowed")
	f.StringVar(&x.userID, "user-id", "", "Divar's id of the user, to be shown with the grant")
	f.StringVar(&x.userID, "user", "", "the same as --user-id")
	_ = f.MarkHidden("user") // it exists
	return cmd
}

func (a *app) exchangeCode(cmd *cobra.Command, id, text string, x exchanging) error {
	cfg, log, err := a.configure(cmd)
	if err != nil {
		return err
	}
	keys, err := sealingKeys(cfg)
	if err != nil {
		return err
	}
	if err := needClientSecret(cfg); err != nil {
		return err
	}
	if text == "-" {
		if cli.IsTerminal(a.in) {
			a.say("paste the address to which the browser came back, and end it with Ctrl-D on a line of its own")
		}
		data, err := io.ReadAll(io.LimitReader(a.in, maxCode))
		if err != nil {
			return fmt.Errorf("read the code from standard input: %w", err)
		}
		text = string(data)
	}
	code, err := parseCode(text, cfg.KenarRedirectURI, x.state)
	switch {
	case errors.Is(err, errNoConsent), errors.Is(err, errOtherState):
		return cli.WithHint(err, "begin anew with publisher grant url")
	case err != nil:
		return cli.Usage(cmd, err)
	}
	if err := checkFlags(x.scopes, x.userID); err != nil {
		return cli.Usage(cmd, err)
	}
	oauth, err := a.newOAuth(cfg, cfg.KenarRedirectURI)
	if err != nil {
		return err
	}
	defer oauth.CloseIdleConnections()
	v, err := a.openVault(cmd.Context(), cfg, log, keys)
	if err != nil {
		return err
	}
	defer v.close()
	return a.exchange(cmd.Context(), v, oauth, code, grants.Consent{ID: id, UserID: x.userID}, x.scopes)
}

// maxCode bounds what is read for a code, in bytes.
const maxCode = 16 << 10

// checkFlags checks what is put beside tokens, before they are got.
func checkFlags(scopes []string, userID string) error {
	for _, s := range scopes {
		if _, err := kenar.ParseScope(s); err != nil {
			return fmt.Errorf("--scope: %w", err)
		}
	}
	if userID != "" {
		if err := kenar.ValidUserID(userID); err != nil {
			return fmt.Errorf("--user-id %q: %w", userID, err)
		}
	}
	return nil
}

// exchange gets the tokens for a code and stores them. asked is what the user
// was asked for, where that is known.
func (a *app) exchange(ctx context.Context, v *vault, oauth *kenar.OAuth, code string, c grants.Consent, asked []string) (err error) {
	c.At = a.now() // before the call, so that nothing counts as living longer than it does
	if c.Tokens, err = oauth.Exchange(ctx, code); err != nil {
		return exchangeError(err)
	}
	if c.Tokens.Scope == nil {
		c.Tokens.Scope = asked // what the server does not say is as it was asked (RFC 6749, section 5.1)
	}
	for _, s := range asked {
		if !kenar.Covered(c.Tokens.Scope, []string{s}) {
			a.say("warning: the user was asked for %s, and has not allowed it", s)
		}
	}
	if len(c.Tokens.Scope) == 0 {
		a.say("warning: the answer does not name what the user allowed, so no event can use the grant; begin anew, and give exchange the scopes with --scope")
	}
	if err := a.store(ctx, v, c); err != nil {
		return cli.WithHint(fmt.Errorf("the tokens were got and could not be stored, so they are lost: %w", err), "begin anew with publisher grant url: the code is used up")
	}
	return nil
}

// exchangeError says what to do next, and whether the code is still good.
func exchangeError(err error) error {
	switch {
	case kenar.IsInvalidGrant(err):
		return cli.WithHint(err, "a code is good once, for minutes, and for the redirect URI it was sent to; begin anew with publisher grant url")
	case kenar.IsInvalidClient(err):
		return cli.WithHint(err, "check KENAR_APP, KENAR_CLIENT_SECRET and KENAR_REDIRECT_URI, then try once more: the code may still be good")
	case kenar.TokensLost(err):
		return cli.WithHint(err, "begin anew with publisher grant url")
	}
	return cli.WithHint(err, "the code was not used: when this is mended, run the same command again, within minutes")
}
