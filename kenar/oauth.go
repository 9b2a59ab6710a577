package kenar

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// DefaultOAuthURL is what an empty [OAuthConfig.URL] stands for.
const DefaultOAuthURL = "https://oauth.divar.ir"

const (
	authorizePath = "/oauth2/auth"
	tokenPath     = "/oauth2/token"

	// minState is the shortest state, in characters, that Ory Hydra takes,
	// which the prefixes of its tokens show Divar's OAuth server to be.
	minState = 8

	// oauthConns is the largest number of connections to the OAuth server. A
	// grant is refreshed once an hour.
	oauthConns = 8
)

// OAuthConfig says how to reach Divar's OAuth server, and as which app.
// ClientID, ClientSecret and RedirectURI are required.
type OAuthConfig struct {
	// URL is the server's address; empty is [DefaultOAuthURL]. It may have a
	// path, but no query, fragment or user name.
	URL string

	// ClientID is the app's slug.
	ClientID string

	// ClientSecret returns the app's client secret. It is asked at each call,
	// so that the secret can be rotated without a restart, and must be safe
	// for concurrent use.
	ClientSecret func() string

	// RedirectURI is where the user's browser is sent with the authorization
	// code: character for character as it is registered in the app's panel,
	// without a query (Kenar docs, oauth).
	RedirectURI string

	// Timeout bounds one call from waiting for a connection to the last byte
	// of the answer; 0 is [DefaultTimeout]. An earlier deadline of the context
	// still holds.
	Timeout time.Duration

	// Transport makes the calls. Nil means one like that of [Config.Transport],
	// and what is said there about other transports holds here too.
	Transport http.RoundTripper

	// UserAgent is that of the calls; empty is [DefaultUserAgent].
	UserAgent string
}

// OAuth gets users' access tokens from Divar's OAuth server, by the
// authorization code grant of RFC 6749. It is safe for concurrent use.
//
// Like a [Client] it makes at most one HTTP call per method, follows no
// redirect and repeats nothing.
type OAuth struct {
	url            string // without a slash at the end
	clientID       string
	clientSecret   func() string
	redirectURI    string
	timeout        time.Duration
	transport      http.RoundTripper
	tellsWhenBound bool // transport certainly reports through httptrace
	userAgent      string
}

// NewOAuth returns an OAuth, or every fault of cfg at once. It makes no call.
func NewOAuth(cfg OAuthConfig) (*OAuth, error) {
	if cfg.URL == "" {
		cfg.URL = DefaultOAuthURL
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = DefaultUserAgent
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	o := &OAuth{
		url:          strings.TrimRight(cfg.URL, "/"),
		clientID:     cfg.ClientID,
		clientSecret: cfg.ClientSecret,
		redirectURI:  cfg.RedirectURI,
		timeout:      cfg.Timeout,
		transport:    cfg.Transport,
		userAgent:    cfg.UserAgent,
	}
	if o.transport == nil {
		o.transport = newTransport(oauthConns)
	}
	_, o.tellsWhenBound = o.transport.(*http.Transport)
	return o, nil
}

// check returns every fault of an OAuthConfig whose defaults have been filled
// in.
func (cfg OAuthConfig) check() error {
	faults := []error{checkURL("OAuthConfig.URL", cfg.URL)}
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("kenar config: OAuthConfig."+format, args...))
	}
	switch {
	case cfg.ClientID == "":
		fault("ClientID is empty: give the app's slug")
	case !headerSafe(cfg.ClientID):
		fault("ClientID is %q: the app's slug has visible ASCII characters only", cfg.ClientID)
	}
	if cfg.ClientSecret == nil {
		fault("ClientSecret is nil: give a function that returns the client secret of the app's panel")
	}
	if cfg.RedirectURI == "" {
		fault("RedirectURI is empty: give the one registered in the app's panel")
	} else {
		faults = append(faults, checkURL("OAuthConfig.RedirectURI", cfg.RedirectURI))
	}
	if cfg.Timeout < 0 {
		fault("Timeout is %v: it must be positive, or 0 for %v", cfg.Timeout, DefaultTimeout)
	}
	if strings.ContainsFunc(cfg.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		fault("UserAgent is %q: only printable ASCII characters can be sent", cfg.UserAgent)
	}
	return errors.Join(faults...)
}

// CloseIdleConnections closes the connections that no call is using. Calls
// that are under way go on, and later ones open connections again.
func (o *OAuth) CloseIdleConnections() {
	if t, ok := o.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// AuthorizeURL returns the address at which a user is asked to allow scopes.
// The answer comes by the user's browser to the redirect URI, with state and
// code in its query; without a code the user has refused (Kenar docs, oauth).
//
// state must be random and at least 8 characters long, and whoever receives
// the browser must compare it. Nothing is added to scopes: without
// [ScopeOfflineAccess] there will be no refresh token, and the access ends
// after an hour. A scope that is named twice is asked for once. The error
// names everything that is wrong.
func (o *OAuth) AuthorizeURL(scopes []string, state string) (string, error) {
	var faults []error
	if len(scopes) == 0 {
		faults = append(faults, errors.New("no scope is given: name at least one, such as USER_POSTS_ADDON_CREATE"))
	}
	var asked []string
	for _, s := range scopes {
		if _, err := ParseScope(s); err != nil {
			faults = append(faults, err)
		} else if !slices.Contains(asked, s) {
			asked = append(asked, s)
		}
	}
	switch {
	case len(state) < minState:
		faults = append(faults, fmt.Errorf("state has %d characters: at least %d random ones are needed", len(state), minState))
	case !headerSafe(state):
		faults = append(faults, errors.New("state holds a space, a line break or a character that is not ASCII: use letters and digits"))
	}
	if err := errors.Join(faults...); err != nil {
		return "", fmt.Errorf("make an authorize URL: %w", err)
	}
	query := url.Values{
		"response_type": {"code"},
		"client_id":     {o.clientID},
		"redirect_uri":  {o.redirectURI},
		"scope":         {strings.Join(asked, " ")},
		"state":         {state},
	}.Encode()
	// A plus sign is a space only to those who decode a query as a form; %20
	// is one to everybody.
	return o.url + authorizePath + "?" + strings.ReplaceAll(query, "+", "%20"), nil
}
