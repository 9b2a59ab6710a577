package kenartest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// The operations of the OAuth server, for which there is no API key, and those
// about the user of an access token.
const (
	AuthorizeApp      Op = "oauth.authorize"
	IssueTokens       Op = "oauth.token"
	GetUser           Op = "user.get"
	GetUserBusinesses Op = "user.get_businesses"
)

// accountOperations are the routes whose path names no target.
var accountOperations = []operation{
	{op: AuthorizeApp, method: http.MethodGet, path: "/oauth2/auth", serve: (*Server).authorize},
	{op: IssueTokens, method: http.MethodPost, path: "/oauth2/token", serve: (*Server).issueTokens},
	{op: GetUser, method: http.MethodGet, path: "/v1/open-platform/users",
		permission: "USER_RETRIEVE", scopes: []string{"USER_ID", "USER_PHONE"}, serve: (*Server).getUser},
	{op: GetUserBusinesses, method: http.MethodGet, path: "/v1/open-platform/user/businesses",
		permission: "GET_USER_BUSINESSES", scopes: []string{"USER_BUSINESSES_READ"}, serve: (*Server).getUserBusinesses},
}

func (o *operation) oauth() bool { return o.op == AuthorizeApp || o.op == IssueTokens }

// Lifetimes of what the OAuth server issues. That of codes is an assumption,
// the longest that RFC 6749 recommends; the others are documented (Kenar docs,
// oauth).
const (
	codeLife         = 10 * time.Minute
	accessTokenLife  = time.Hour
	refreshTokenLife = 30 * 24 * time.Hour
	refreshGrace     = 2 * time.Minute
)

// offlineAccess is the scope without which there is no refresh token.
const offlineAccess = "offline_access"

// scopeForm is NAME or NAME.resource. Which names there are is not checked:
// the list grows.
var scopeForm = regexp.MustCompile(`^(offline_access|[A-Z][A-Z0-9_]*(\.[A-Za-z0-9_=:-]+)?)$`)

// A Client is an app as the OAuth server knows it.
type Client struct {
	ID string // the app's slug
	// Secrets are all good; while a secret is rotated there are two.
	Secrets []string
	// RedirectURIs are the registered ones; nil allows any that is an http or
	// https URL without a query.
	RedirectURIs []string
}

// SetClients replaces the clients that the OAuth server knows; with none, any
// client id and secret will do. Tokens that were issued stay good. SetClients
// panics when a client has no id or no secret.
func (s *Server) SetClients(clients ...Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range clients {
		if c.ID == "" || len(c.Secrets) == 0 || slices.Contains(c.Secrets, "") {
			panic(fmt.Sprintf("kenartest: OAuth client %d: want an id and secrets that are not empty", i+1))
		}
	}
	s.oauth.clients = slices.Clone(clients)
}

// Tokens are a pair that the OAuth server issued. In records stands
// <user id>/<n> for them, where n counts what the user has allowed, from 1.
type Tokens struct {
	Access  string
	Refresh string // "" without the scope offline_access
}

// Consent lets a user allow scopes to the app, the first client if there are
// any, and returns the authorization code. It panics when a scope is malformed.
func (s *Server) Consent(userID string, scopes ...string) (code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.oauth.consent(s.oauth.firstClient(), userID, "", mustBeScopes(scopes), s.now())
}

// Grant is Consent with the exchange of the code done as well. From then on
// access tokens are checked, as after [Server.AddGrant].
func (s *Server) Grant(userID string, scopes ...string) Tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.oauth.newConsent(s.oauth.firstClient(), userID, mustBeScopes(scopes))
	return s.issue(c, s.now())
}

// Revoke ends everything that a user has allowed: grants, codes that were not
// exchanged, and the access tokens of AddGrant with this user.
func (s *Server) Revoke(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.oauth.consents {
		if c.user == userID {
			s.revoke(c)
		}
	}
	for token, g := range s.grants {
		if g.User == userID {
			delete(s.grants, token)
		}
	}
}

// Refreshes returns how often the grants of a user were refreshed, with lost
// answers and without refusals.
func (s *Server) Refreshes(userID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.oauth.consents {
		if c.user == userID {
			n += c.refreshes
		}
	}
	return n
}

// mustBeScopes returns scopes without repetitions.
func mustBeScopes(scopes []string) []string {
	for _, scope := range scopes {
		if !scopeForm.MatchString(scope) {
			panic(fmt.Sprintf("kenartest: %q is not a scope: want NAME or NAME.resource", scope))
		}
	}
	return distinct(scopes)
}

func distinct(scopes []string) []string {
	var once []string
	for _, scope := range scopes {
		if !slices.Contains(once, scope) {
			once = append(once, scope)
		}
	}
	return once
}
