package main

import (
	"context"
	"fmt"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/grantkeys"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// openGrants says how the worker uses what users have consented to; nil without
// an identity. An embedded server gets a pair of keys of its own at its first
// start. It is called when the data directory is this process's.
func (s *stack) openGrants() (*pipeline.Grants, error) {
	if s.cfg.Embedded() && !s.cfg.GrantIdentity.IsSet() {
		if err := grantkeys.Ensure(s.cfg.DataDir); err != nil {
			return nil, err
		}
	}
	ids, err := newIdentities(s.cfg, s.log)
	switch {
	case err != nil:
		return nil, cli.Misconfigured(err)
	case ids == nil:
		s.log.Info().Msg("GRANT_IDENTITY is not set: users' grants are not used, and an event that names one becomes a dead letter grant_missing")
		return nil, nil
	}
	keys := grants.Keys{Identities: ids.current}
	if s.cfg.GrantRecipient != "" {
		to, err := grants.ParseRecipients(s.cfg.GrantRecipient)
		if err != nil {
			return nil, cli.Misconfigured(fmt.Errorf("GRANT_RECIPIENT: %w", err))
		}
		keys.Recipients = func() (grants.Recipients, error) { return to, nil }
	}
	if !s.cfg.KenarClientSecret.IsSet() {
		s.log.Info().Msg("KENAR_CLIENT_SECRET is not set: a grant works until its access token ends, at most an hour after the consent, and is not refreshed; its events wait then")
		return &pipeline.Grants{Keys: keys, Refresh: noRefresh}, nil
	}
	if s.oauth, err = newOAuth(s.cfg, s.cfg.Follow("KENAR_CLIENT_SECRET", complain(s.log))); err != nil {
		return nil, cli.Misconfigured(err)
	}
	return &pipeline.Grants{Keys: keys, Refresh: s.oauth.Refresh}, nil
}

// noRefresh stands in for the OAuth server of an app whose secret is not known.
// It says that nothing was sent: the pair of tokens is as good as before.
func noRefresh(context.Context, string, string) (kenar.Tokens, error) {
	return kenar.Tokens{}, &kenar.Error{Op: "refresh tokens", NeverSent: true,
		Err: fmt.Errorf("%w: KENAR_CLIENT_SECRET is not set", kenar.ErrClientSecret)}
}
