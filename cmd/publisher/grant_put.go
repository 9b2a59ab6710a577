package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

func (a *app) grantPutCommand() *cobra.Command {
	var scopes []string
	var userID string
	cmd := &cobra.Command{
		Use:   "put ID [FILE|-]",
		Short: "Store tokens that another program has got",
		Long: `Store tokens under an id, in place of any that are there. They are read from a
file, or from standard input, as the JSON that the token endpoint answered:

  {"access_token":"…","refresh_token":"…","expires_in":3600,"scope":"…"}

The fields obtained_at (RFC 3339, or seconds since 1970; without it the tokens count
as got now), user_id and businesses may be added. Tokens are not taken from the
command line.

From then on the workers refresh them. A refresh ends the tokens before it, so the
other program must not use or refresh them any more.`,
		Example: `  get-tokens | publisher grant put sara
  publisher grant put sara answer.json && shred -u answer.json`,
		Args: grantArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := "-"
			if len(args) > 1 {
				file = args[1]
			}
			return a.putGrant(cmd, args[0], file, scopes, userID)
		},
	}
	cmd.Flags().StringSliceVar(&scopes, "scope", nil, "what the user allowed, when the answer does not say")
	cmd.Flags().StringVar(&userID, "user-id", "", "Divar's id of the user, when the answer does not say")
	return cmd
}

func (a *app) putGrant(cmd *cobra.Command, id, file string, scopes []string, userID string) error {
	cfg, log, err := a.configure(cmd)
	if err != nil {
		return err
	}
	keys, err := sealingKeys(cfg)
	if err != nil {
		return err
	}
	answer, err := a.readAnswer(file)
	if err != nil {
		return err
	}
	c := grants.Consent{ID: id, UserID: answer.userID, Businesses: answer.businesses, Tokens: answer.tokens, At: answer.at}
	if err := complete(&c, scopes, userID); err != nil {
		return cli.Usage(cmd, err)
	}
	if err := stillGood(c, a.now()); err != nil {
		return cli.WithHint(err, "ask the user to consent again: see publisher grant url")
	}
	v, err := a.openVault(cmd.Context(), cfg, log, keys)
	if err != nil {
		return err
	}
	defer v.close()
	return a.store(cmd.Context(), v, c)
}

// maxAnswer bounds what is read, in bytes; an answer has a few thousand.
const maxAnswer = 1 << 20

// readAnswer reads the answer of the token endpoint from a file, or from
// standard input for "-".
func (a *app) readAnswer(file string) (tokenAnswer, error) {
	from, in := "standard input", a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return tokenAnswer{}, fmt.Errorf("read tokens: %w", unnamed(err, file))
		}
		defer func() { _ = f.Close() }()
		from, in = file, f
	} else if cli.IsTerminal(a.in) {
		a.say("paste the answer of the token endpoint, and end it with Ctrl-D on a line of its own")
	}
	data, err := io.ReadAll(io.LimitReader(in, maxAnswer+1))
	if err != nil {
		return tokenAnswer{}, fmt.Errorf("read tokens from %s: %w", from, err)
	}
	if len(data) > maxAnswer {
		return tokenAnswer{}, fmt.Errorf("read tokens from %s: it has more than %d bytes", from, maxAnswer)
	}
	answer, err := decodeAnswer(data)
	if err != nil {
		return tokenAnswer{}, fmt.Errorf("read tokens from %s: %w", from, err)
	}
	return answer, nil
}

// shortestToken is the length from which a name that is no file may be a token
// of another form than those that are recognised.
const shortestToken = 24

// unnamed is the error of a file without its name, where that may be a token.
func unnamed(err error, file string) error {
	var path *os.PathError
	if !errors.As(err, &path) || len(file) < shortestToken || strings.ContainsAny(file, `/\`) {
		return err
	}
	return fmt.Errorf("%w: the argument must be the name of a file with the answer; if it is a token, your shell's history has it now, so remove it there", path.Err)
}

// complete adds what the answer did not say.
func complete(c *grants.Consent, scopes []string, userID string) error {
	switch {
	case len(c.Tokens.Scope) > 0 && len(scopes) > 0:
		return fmt.Errorf("--scope: the answer names what the user allowed, which is %s; leave the flag out", strings.Join(c.Tokens.Scope, " "))
	case len(c.Tokens.Scope) == 0 && len(scopes) == 0:
		return errors.New("--scope: the answer does not name what the user allowed; say what was asked for, such as POST_ADDON_CREATE.<post token>")
	case len(scopes) > 0:
		for _, s := range scopes {
			if _, err := kenar.ParseScope(s); err != nil {
				return fmt.Errorf("--scope: %w", err)
			}
		}
		c.Tokens.Scope = scopes
	}
	if userID != "" {
		if c.UserID != "" && c.UserID != userID {
			return fmt.Errorf("--user-id %q: the answer names the user %q; leave the flag out, or look whose tokens these are", userID, c.UserID)
		}
		if err := kenar.ValidUserID(userID); err != nil {
			return fmt.Errorf("--user-id %q: %w", userID, err)
		}
		c.UserID = userID
	}
	return nil
}

// clockSkew is how far ahead the clock of another program may be.
const clockSkew = 5 * time.Minute

// stillGood fails when nothing can come of the tokens any more.
func stillGood(c grants.Consent, now time.Time) error {
	if c.At.IsZero() {
		return nil
	}
	ends := c.At.Add(c.Tokens.ExpiresIn)
	switch {
	case c.At.After(now.Add(clockSkew)):
		return fmt.Errorf("obtained_at %s has not come yet: now it is %s", c.At.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case c.Tokens.Refresh == "" && !now.Before(ends):
		return fmt.Errorf("the access token ended at %s, and there is no refresh token", ends.UTC().Format(time.RFC3339))
	case c.Tokens.Refresh != "" && !now.Before(c.At.Add(kenar.RefreshTokenLife)):
		return fmt.Errorf("the refresh token ended at %s, 30 days after obtained_at", c.At.Add(kenar.RefreshTokenLife).UTC().Format(time.RFC3339))
	}
	return nil
}

// stored is a grant that was put, as JSON.
type stored struct {
	grants.Info
	Replaced bool `json:"replaced"` // there was one of this id
}

// store puts a consent and tells what there is now.
func (a *app) store(ctx context.Context, v *vault, c grants.Consent) error {
	before, err := v.Get(ctx, c.ID)
	replaced := err == nil // what else keeps it from being read is told by Put, or does not matter any more
	info, err := v.Put(ctx, c)
	if err != nil {
		return err
	}
	if was := before.UserID; was != "" && info.UserID != "" && was != info.UserID {
		a.say("warning: grant %s was that of user %s, and is that of user %s now; events that name it are sent for the latter", info.ID, was, info.UserID)
	}
	if info.RefreshExpiry.IsZero() {
		a.say("warning: there is no refresh token, so grant %s ends at %s; ask the user for the scope %s too", info.ID, cli.When(info.AccessExpiry, a.now()), kenar.ScopeOfflineAccess)
	}
	if a.json {
		return a.line(stored{Info: info, Replaced: replaced})
	}
	what := "stored"
	if replaced {
		what = "replaced"
	}
	return a.print("%s  %s  until %s  %s\n", what, info.ID, cli.When(info.End(), a.now()), strings.Join(info.Scopes, " "))
}
