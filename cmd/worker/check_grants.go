package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// checkIdentity looks at the keys of grants; nil means that there are none to try
// on the grants.
func checkIdentity(cfg config.Config) (*identities, check) {
	ids, err := newIdentities(cfg, zerolog.Nop())
	const name = "grants"
	switch {
	case cfg.Embedded() && errors.Is(err, fs.ErrNotExist):
		return nil, skipped(name, "the worker will make their keys in DATA_DIR %s", cfg.DataDir)
	case err != nil:
		return nil, failed(name, err, "correct GRANT_IDENTITY and GRANT_RECIPIENT, or the keys in DATA_DIR")
	case ids == nil:
		return nil, skipped(name, "GRANT_IDENTITY is not set: an event that names a grant becomes a dead letter grant_missing")
	}
	return ids, passed(name, "%s, the newest of recipient %s", ids.number(), ids.good.Newest()[0])
}

// askedOfGrants are the subjects to which the check publishes to read grants,
// beside those of asked.
var askedOfGrants = []string{"$JS.API.CONSUMER.CREATE.KV_" + grants.Bucket + ".>"}

// checkGrants looks whether the identities open the grants that are stored. It
// changes nothing.
func checkGrants(ctx context.Context, cfg config.Config, js jetstream.JetStream) check {
	ids, c := checkIdentity(cfg)
	if ids == nil {
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	const name = "grants"
	if err := (grants.Topology{Replicas: cfg.NATSReplicas}).Check(ctx, js); err != nil {
		switch {
		case silent(err):
			return failed(name, err, mayAsk)
		case cfg.AutoCreate():
			return passed(name, "%s; the worker will create or update their bucket (NATS_AUTO_CREATE)", ids.number())
		}
		return failed(name, err, "run worker setup as an administrator, or start one worker with NATS_AUTO_CREATE=true")
	}
	var damaged []string
	store, err := grants.NewStore(ctx, js, grants.Keys{Identities: ids.current}, nil)
	if err == nil {
		damaged, err = store.Check(ctx)
	}
	var all []grants.Info
	if err == nil {
		all, err = store.List(ctx)
	}
	switch {
	case silent(err):
		return failed(name, err, mayAsk)
	case errors.Is(err, grants.ErrWrongIdentity):
		return failed(name, err, "a worker would end at once with these settings")
	case err != nil:
		if len(damaged) > 0 {
			return failed(name, brief(err), "remove each with publisher grant rm, and ask its user for consent again; a worker works with the others")
		}
		return failed(name, brief(err), "")
	}
	ended := 0
	for _, g := range all {
		if g.Revoked != nil {
			ended++
		}
	}
	detail := fmt.Sprintf("%s can be opened, with %s", cli.Count(len(all)-ended, "grant", "grants"), ids.number())
	if ended > 0 {
		detail += fmt.Sprintf("; %d more have ended", ended)
	}
	return passed(name, "%s", detail)
}

// checkOAuth looks whether grants can be refreshed, and connects to the host that
// does it. It makes no call.
func checkOAuth(ctx context.Context, cfg config.Config) check {
	const name = "OAuth"
	if !cfg.KenarClientSecret.IsSet() {
		return skipped(name, "KENAR_CLIENT_SECRET is not set: a grant works until its access token ends, and is not refreshed")
	}
	if _, err := newOAuth(cfg, cfg.KenarClientSecret.Reveal); err != nil {
		return failed(name, err, "correct KENAR_OAUTH_URL and KENAR_REDIRECT_URI")
	}
	u, err := url.Parse(cfg.KenarOAuthURL)
	if err != nil {
		return failed(name, errors.New("KENAR_OAUTH_URL is not a URL"), "write it as https://host")
	}
	c := dialKenar(ctx, name, u)
	if c.Status == checkOK {
		c.Detail += fmt.Sprintf("; app %s with a client secret, redirect URI %s", cfg.KenarApp, cfg.KenarRedirectURI)
	}
	return c
}
