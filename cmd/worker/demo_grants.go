package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/examples"
	"github.com/kenar-addons/kenar-addons/internal/grantkeys"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// What the simulated OAuth server knows of the demo's app. None of it is secret.
const (
	demoApp          = "demo"
	demoClientSecret = "demo-secret"
	demoRedirectURI  = "https://demo.example/back"
)

// oauthClient is the demo's app as the simulated OAuth server knows it.
func oauthClient() kenartest.Client {
	return kenartest.Client{ID: demoApp, Secrets: []string{demoClientSecret}, RedirectURIs: []string{demoRedirectURI}}
}

// consent has the users of the simulated Kenar consent to what the samples need,
// and stores their grants the way any producer does: the code of the consent is
// exchanged for tokens, and these are sealed to the recipient of the worker.
func (d *demo) consent(ctx context.Context, js jetstream.JetStream) error {
	if err := (grants.Topology{}).Create(ctx, js); err != nil {
		return err
	}
	recipient, err := grantkeys.Recipient(d.stack.cfg.DataDir)
	if err != nil {
		return err
	}
	to, err := grants.ParseRecipients(recipient)
	if err != nil {
		return fmt.Errorf("read the recipient of grants: %w", err)
	}
	store, err := grants.NewStore(ctx, js, grants.Keys{Recipients: func() (grants.Recipients, error) { return to, nil }}, nil)
	if err != nil {
		return err
	}
	for _, g := range examples.Grants() {
		tokens, err := d.stack.oauth.Exchange(ctx, d.kenar.Consent(g.User, g.Scopes...))
		if err != nil {
			return fmt.Errorf("get the tokens of grant %s: %w", g.ID, err)
		}
		_, err = store.Put(ctx, grants.Consent{ID: g.ID, UserID: g.User, Tokens: tokens, At: time.Now().Add(-g.Ago)})
		if err != nil {
			return err
		}
	}
	return nil
}

// consents tells who has allowed what.
func (s *story) consents() {
	for _, g := range examples.Grants() {
		life := "is new"
		if g.Ago > 0 {
			life = "ends in " + (time.Hour - g.Ago).String()
		}
		s.print("Grant %s: %s allowed %s; the access token %s.\n", g.ID, g.User, allowed(g.Scopes), life)
	}
}

// allowed names the first two scopes, and tells how many there are more.
func allowed(scopes []string) string {
	if len(scopes) <= 2 {
		return strings.Join(scopes, " and ")
	}
	return fmt.Sprintf("%s and %d more scopes", strings.Join(scopes[:2], ", "), len(scopes)-2)
}

// inTheNameOf tells of a call with a grant whose it was, and whether the access
// token was refreshed for it.
func (s *story) inTheNameOf(grant string) (line string, ok bool) {
	for _, g := range examples.Grants() {
		if g.ID != grant {
			continue
		}
		line = "in the name of " + g.User
		if g.Ago > 0 && s.kenar.Refreshes(g.User) > 0 {
			line += ", with an access token that was refreshed first"
		}
		return line, true
	}
	return "", false
}
