package kenartest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Key is an API key. An app may have several, with different permissions.
type Key struct {
	Value string // what X-API-Key must say
	// Name stands for the key in records, which never hold its value.
	Name string
	// App is the slug of the app that the key acts for. Keys of the same app
	// share its add-ons and its limits.
	App string
	// Permissions lists what the key may be used for, such as
	// "ADD_ON_CREATE"; nil allows everything.
	Permissions []string
}

// An App is what is known of an app beside its keys. Apps without an entry in
// [Config.Apps] are not restricted.
type App struct {
	Slug string
	// Widgets lists the granted widget types by their v2 names, such as
	// "score_row"; a v1 widget is granted by the name it has in v2. nil
	// grants all.
	Widgets []string
	// Development apps may act on development posts only. Which error Kenar
	// gives is not documented; here it is 403 with code 7.
	Development bool
}

// A Grant is what a user allowed: an access token with scopes.
type Grant struct {
	AccessToken string
	Name        string // stands for the token in records
	// User is who gave it. When set, it must own the post, user or business
	// that a call is about, as far as an owner is known.
	User string
	// Scopes are written as in OAuth: "USER_ADDON_CREATE",
	// "POST_ADDON_CREATE.<post token>".
	Scopes    []string
	ExpiresAt time.Time // zero: never
}

// SetKeys replaces the known API keys. From then on no other key is accepted,
// and none at all when keys is empty. A key without a name is called key-1,
// key-2 and so on by its place. SetKeys panics when a key has no value.
func (s *Server) SetKeys(keys ...Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anyKey = false
	s.keys = make(map[string]Key, len(keys))
	for i, k := range keys {
		if k.Value == "" {
			panic(fmt.Sprintf("kenartest: API key %d has no value", i+1))
		}
		if k.Name == "" {
			k.Name = fmt.Sprintf("key-%d", i+1)
		}
		s.keys[k.Value] = k
	}
}

// AddGrant adds access tokens, or replaces them. Once there is any, every
// access token that a call carries is checked; before, and without
// [Config.RequireGrant], they are ignored.
func (s *Server) AddGrant(grants ...Grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkGrants = true
	for _, g := range grants {
		s.grants[g.AccessToken] = g
	}
}

// RevokeGrant makes an access token unknown. A refresh token issued with it
// stays good; see [Server.Revoke].
func (s *Server) RevokeGrant(accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.grants, accessToken)
}

// identify finds out with whose key and grant a request comes.
func (s *Server) identify(req *request) {
	value := req.header.Get("X-Api-Key")
	if s.anyKey && value != "" {
		req.key, req.keyKnown = Key{Name: "any"}, true
	} else {
		req.key, req.keyKnown = s.keys[value]
	}
	if req.op == &imageUpload && value != "" && !req.keyKnown {
		req.key.Name = "unknown" // none belongs there, so any must show
	}
	app, ok := s.apps[req.key.App]
	if !ok {
		app.Slug = req.key.App
		s.apps[app.Slug] = app
	}
	req.app = app

	req.bearer = req.header.Get("Authorization")
	if token, ok := strings.CutPrefix(req.bearer, "Bearer "); ok {
		req.grant, req.grantKnown = s.grants[token]
	}
	if req.op != nil && req.op.op == IssueTokens {
		req.grant, req.grantKnown = s.oauth.grantOf(req.form)
	}
}

func (s *Server) refuseKey(req *request) answer {
	if req.header.Get("X-Api-Key") == "" {
		return unauthenticated.because("API key is missing: want the header X-API-Key")
	}
	if s.cfg.UnknownKey412 {
		return failedPrecondition.because("could not retrieve app from db")
	}
	return unauthenticated.because("invalid API key")
}

// checkGrant tells whether the user allowed what the request is about; ok is
// false when not, and the answer says why.
func (s *Server) checkGrant(req *request) (refused answer, ok bool) {
	if len(req.op.scopes) == 0 || !s.checkGrants || req.bearer == "" && !s.cfg.RequireGrant {
		return answer{}, true
	}
	switch {
	case req.bearer == "":
		return unauthenticated.because("access token is missing: %s needs one", req.op.op), false
	case !req.grantKnown:
		return unauthenticated.because("access token is not valid"), false
	case !req.grant.ExpiresAt.IsZero() && !req.now.Before(req.grant.ExpiresAt):
		return unauthenticated.because("access token has expired"), false
	}
	granted := slices.ContainsFunc(req.op.scopes, func(scope string) bool {
		return slices.Contains(req.grant.Scopes, strings.ReplaceAll(scope, "{id}", req.id))
	})
	if !granted {
		return permissionDenied.because("access token lacks the scope %s", req.scopes()), false
	}
	owner := s.owner(req)
	if req.grant.User != "" && owner != "" && owner != req.grant.User {
		return permissionDenied.because("the %s is not the access token's user's", req.op.kind), false
	}
	return answer{}, true
}

func (req *request) scopes() string {
	return strings.ReplaceAll(strings.Join(req.op.scopes, " or "), "{id}", req.id)
}

// owner is the user whom the target belongs to, "" when that is not known.
func (s *Server) owner(req *request) string {
	switch req.op.kind {
	case "user":
		return req.id
	case "post":
		if p := s.posts[req.id]; p != nil {
			return p.Owner
		}
	case "business":
		return s.businesses[req.id].Owner
	}
	return ""
}

// mayUse reports whether all widget types are granted to the app.
func (a App) mayUse(widgets []Widget) bool {
	if a.Widgets == nil {
		return true
	}
	return !slices.ContainsFunc(widgets, func(w Widget) bool {
		return !slices.Contains(a.Widgets, v2Name(w.Type))
	})
}

// mayTouch reports whether the app may act on a post: a development app only
// on development posts (Kenar docs, development apps). Unknown posts are
// nobody's and not refused, as their tokens are not checked.
func (a App) mayTouch(p *Post) bool {
	return !a.Development || p == nil || p.Development
}

// may reports whether the key has a permission.
func (k Key) may(permission string) bool {
	return permission == "" || k.Permissions == nil || slices.Contains(k.Permissions, permission)
}
