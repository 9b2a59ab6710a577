package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// consents asks the users' grants on behalf of work. A nil one knows none.
type consents struct {
	source *grants.Source
	good   time.Duration // how long an access token must work
	log    zerolog.Logger
}

// openGrants opens the store of grants. Without the right identity it fails
// for good: every event with a grant would wait for it.
func (w *Worker) openGrants(ctx context.Context) (*consents, error) {
	cfg, log := w.cfg.Grants, w.cfg.Log
	if cfg == nil {
		return nil, nil
	}
	top := grants.Topology{Replicas: w.cfg.Replicas}
	check := top.Check
	if w.cfg.AutoCreate {
		check = top.Create
	}
	if err := check(ctx, w.js); err != nil {
		return nil, err
	}
	store, err := grants.NewStore(ctx, w.js, cfg.Keys, nil)
	if err != nil {
		return nil, err
	}
	damaged, err := store.Check(ctx)
	if errors.Is(err, grants.ErrWrongIdentity) {
		return nil, backoff.Permanent(err)
	} else if err != nil {
		return nil, err
	}
	for _, id := range damaged {
		log.Warn().Str("grant", id).Msg("this grant cannot be read: delete it and ask the user for consent again")
	}
	source, err := grants.NewSource(grants.Config{
		Store: store, Timeout: min(w.cfg.Timeout, maxRefresh),
		Refresh: func(ctx context.Context, refresh, access string) (kenar.Tokens, error) {
			tokens, err := cfg.Refresh(ctx, refresh, access)
			w.metrics.refreshed(err)
			return tokens, err
		},
		Report: func(err error) { log.Warn().Err(err).Msg("grants") },
	})
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	return &consents{source: source, good: w.timing.lease(), log: log}, nil
}

// maxRefresh bounds a call to the grant server: several must fit into the
// time in which a lost answer can be made good.
const maxRefresh = 15 * time.Second

// run keeps grants alive until ctx ends. What a refresh brought then is
// stored on work, which outlives ctx by the grace.
func (c *consents) run(ctx, work context.Context) {
	c.source.KeepAlive(ctx)
	if err := c.source.Close(work); err != nil {
		c.log.Warn().Err(err).Msg("grants")
	}
}

// operation is what a call is at Kenar, which knows the scopes for it.
func (o Op) operation() kenar.Operation {
	switch o {
	case CreatePost:
		return kenar.OpCreatePostAddon
	case CreatePostV1:
		return kenar.OpCreatePostAddonV1
	case CreateBusiness:
		return kenar.OpCreateBusinessAddon
	case CreateUser:
		return kenar.OpCreateUserAddon
	case DeletePost:
		return kenar.OpDeletePostAddon
	case DeleteUser:
		return kenar.OpDeleteUserAddon
	case SubmitPost:
		return kenar.OpSubmitPost
	case SubmitUserPost:
		return kenar.OpSubmitUserPost
	case PublishPost:
		return kenar.OpPublishPost
	case RenewPost:
		return kenar.OpRenewPost
	case ReorderPost:
		return kenar.OpReorderPost
	case EditPost:
		return kenar.OpEditPost
	case RemovePost:
		return kenar.OpDeletePost
	}
	return ""
}

// operation is what the call for the work is at Kenar.
func (w *Work) operation() kenar.Operation {
	switch business := w.Target.Kind == KindBusiness; {
	case w.Op == SetButton && business:
		return kenar.OpSetBusinessButton
	case w.Op == SetButton:
		return kenar.OpSetPostButton
	case w.Op == RemoveButton && business:
		return kenar.OpDeleteBusinessButton
	case w.Op == RemoveButton:
		return kenar.OpDeletePostButton
	}
	return w.Op.operation()
}

// scopes are those that the work needs, each a choice of several, its own call's
// first: that the last step of a listing is not allowed should be known before
// the first.
func (w *Work) scopes() (needs [][]string, err error) {
	ops := []kenar.Operation{w.operation()}
	if w.Op.pays() {
		ops = append(ops, kenar.OpGetPostPricing)
	}
	if w.Op.submits() && w.Listing != nil && w.Listing.Publish {
		ops = append(ops, kenar.OpGetPostPricing, kenar.OpPublishPost)
		if w.Listing.Button != nil {
			ops = append(ops, kenar.OpSetPostButton)
		}
		if w.Listing.AddOn != nil { // the one for a single post cannot be had before there is one
			needs = append(needs, []string{"USER_POSTS_ADDON_CREATE"})
		}
	}
	for i, op := range ops {
		anyOf, err := kenar.ScopesFor(op, w.Target.Key)
		if err != nil {
			return nil, err
		}
		needs = slices.Insert(needs, i, anyOf)
	}
	return needs, nil
}

// needsGrant reports whether a call is made on behalf of the grant that its event
// names. Removals of add-ons, and of the button of a business, need no consent
// of the user (Kenar docs, add-ons; OpenAPI).
func (w *Work) needsGrant() bool {
	return w.GrantID != "" && !w.Op.deletes() && (w.Op != RemoveButton || w.Target.Kind != KindBusiness)
}

// access returns the access token for a call. A *Reason says that the user
// must be asked; with any other error the event waits.
func (c *consents) access(ctx context.Context, w *Work) (grants.Token, error) {
	if c == nil {
		return grants.Token{}, noGrants(w)
	}
	scopes, err := kenar.ScopesFor(w.operation(), w.Target.Key)
	if err != nil {
		return grants.Token{}, &Reason{Code: InvalidEvent, Field: "subject", Message: err.Error()}
	}
	token, err := c.source.Access(ctx, w.GrantID, grants.Need{Scopes: scopes, Good: c.good})
	return token, consentError(err)
}

// refused says that Kenar did not take an access token. stale means that
// another one may be better.
func (c *consents) refused(ctx context.Context, w *Work, access string) (stale bool, err error) {
	fresh, err := c.source.Refused(ctx, w.GrantID, access)
	return !fresh, consentError(err)
}

// look checks at admission what can be known of a grant long before the call.
// Errors are as those of access.
func (c *consents) look(ctx context.Context, w *Work) (grants.Info, error) {
	if c == nil {
		return grants.Info{}, noGrants(w)
	}
	info, err := c.source.Info(ctx, w.GrantID)
	if err != nil {
		return info, consentError(err)
	}
	if info.Revoked != nil {
		return info, consentError(&grants.RevokedError{Grant: info.ID, Revocation: *info.Revoked})
	}
	needs, err := w.scopes()
	if err != nil {
		return info, &Reason{Code: InvalidEvent, Field: "subject", Message: err.Error()}
	}
	for _, anyOf := range needs {
		if !kenar.Covered(info.Scopes, anyOf) {
			return info, consentError(&grants.ScopeError{Grant: info.ID, Granted: info.Scopes, AnyOf: anyOf})
		}
	}
	return info, nil
}

// expectSlack is how much longer than the forecast of a call its grant is kept
// alive: lanes pause, and calls fail.
const expectSlack = 60 * 24 * time.Hour

// expect keeps a grant alive for work that is about to be queued.
func (c *consents) expect(ctx context.Context, info grants.Info, eta time.Time) error {
	until := time.Now()
	if eta.After(until) {
		until = eta
	}
	return c.source.Expect(ctx, info.ID, until.Add(expectSlack))
}

// outlived warns when the forecast of a call lies beyond the life of its
// grant.
func outlived(info grants.Info, eta time.Time) []widgets.Warning {
	if !eta.After(info.End()) {
		return nil
	}
	format := "the call is forecast for %s, and grant %s ends at %s; workers refresh it before, unless the user takes it back or the grant server is away"
	if info.RefreshExpiry.IsZero() {
		format = "the call is forecast for %s, and grant %s ends at %s, since it has no refresh token: ask the user for the scope offline_access"
	}
	return []widgets.Warning{{Path: "grantid", Message: fmt.Sprintf(format, eta.UTC().Format(time.RFC3339), info.ID, info.End().UTC().Format(time.RFC3339))}}
}

func noGrants(w *Work) error {
	return &Reason{Code: GrantMissing, Field: "grantid", Message: "grant " + quote(w.GrantID) + " is not known: this worker has no store of grants"}
}

// consentError turns what only the user can mend into a reason.
func consentError(err error) error {
	code := GrantMissing
	switch {
	case err == nil || !grants.Permanent(err):
		return err
	case errors.Is(err, grants.ErrRevoked):
		code = GrantRevoked
	case errors.Is(err, grants.ErrScope):
		code = Forbidden
	}
	return &Reason{Code: code, Field: "grantid", Message: err.Error()}
}
