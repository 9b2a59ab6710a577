package kenartest

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// An oauthServer is what the OAuth server knows. Its access tokens are among
// the server's grants.
type oauthServer struct {
	clients  []Client
	consents []*consent
	codes    map[string]*code
	pairs    map[string]*pair    // by refresh token
	issuedTo map[string]*consent // by access token
}

func newOAuthServer() oauthServer {
	return oauthServer{
		codes:    make(map[string]*code),
		pairs:    make(map[string]*pair),
		issuedTo: make(map[string]*consent),
	}
}

// A consent is one time that a user allowed something, and all that came of
// it.
type consent struct {
	name      string // stands for its tokens in records
	client    string // id; "" is any
	user      string
	scopes    []string
	pairs     []*pair // in the order of their issue
	refreshes int
	revoked   bool
}

// A pair is an access token and the refresh token issued with it.
type pair struct {
	consent      *consent
	access       string
	refresh      string // "": none
	refreshUntil time.Time
	replaced     bool // there is a later pair
}

// A code waits to be exchanged.
type code struct {
	consent  *consent
	redirect string // the URI it was sent to; "" is any
	until    time.Time
	used     bool
}

func (o *oauthServer) firstClient() string {
	if len(o.clients) == 0 {
		return ""
	}
	return o.clients[0].ID
}

// client finds a registered client. With none registered, all are.
func (o *oauthServer) client(id string) (c Client, ok bool) {
	if len(o.clients) == 0 {
		return Client{ID: id}, id != ""
	}
	i := slices.IndexFunc(o.clients, func(c Client) bool { return c.ID == id })
	if i < 0 {
		return Client{}, false
	}
	return o.clients[i], true
}

// knows reports whether secret is the client's. One that is not registered has
// any but the empty one.
func (c Client) knows(secret string) bool {
	return secret != "" && (c.Secrets == nil || slices.Contains(c.Secrets, secret))
}

// redirectsTo reports whether uri may be redirected to.
func (c Client) redirectsTo(uri string) bool {
	if c.RedirectURIs != nil {
		return slices.Contains(c.RedirectURIs, uri)
	}
	u, err := url.Parse(uri)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !strings.ContainsAny(uri, "?#")
}

func (o *oauthServer) newConsent(client, user string, scopes []string) *consent {
	n := 1
	for _, c := range o.consents {
		if c.user == user {
			n++
		}
	}
	c := &consent{name: fmt.Sprintf("%s/%d", user, n), client: client, user: user, scopes: scopes}
	o.consents = append(o.consents, c)
	return c
}

// consent makes a code for what a user has allowed.
func (o *oauthServer) consent(client, user, redirect string, scopes []string, now time.Time) string {
	value := "ory_ac_" + rand.Text()
	o.codes[value] = &code{
		consent:  o.newConsent(client, user, scopes),
		redirect: redirect,
		until:    now.Add(codeLife),
	}
	return value
}

// issue makes a pair of tokens. The pairs before it get their grace.
func (s *Server) issue(c *consent, now time.Time) Tokens {
	s.checkGrants = true
	for _, p := range c.pairs {
		s.replace(p, now.Add(refreshGrace))
	}
	p := &pair{consent: c, access: "ory_at_" + rand.Text(), refreshUntil: now.Add(refreshTokenLife)}
	s.grants[p.access] = Grant{
		AccessToken: p.access, Name: c.name, User: c.user, Scopes: c.scopes, ExpiresAt: now.Add(accessTokenLife),
	}
	s.oauth.issuedTo[p.access] = c
	if slices.Contains(c.scopes, offlineAccess) {
		p.refresh = "ory_rt_" + rand.Text()
		s.oauth.pairs[p.refresh] = p
	}
	c.pairs = append(c.pairs, p)
	return Tokens{Access: p.access, Refresh: p.refresh}
}

// replace lets a pair end at the given time unless it ends before, as one does
// that has been replaced already: its grace is not prolonged.
func (s *Server) replace(p *pair, until time.Time) {
	p.replaced = true
	if until.Before(p.refreshUntil) {
		p.refreshUntil = until
	}
	if g, ok := s.grants[p.access]; ok && until.Before(g.ExpiresAt) {
		g.ExpiresAt = until
		s.grants[p.access] = g
	}
}

// revoke ends a consent with all its tokens.
func (s *Server) revoke(c *consent) {
	c.revoked = true
	for _, p := range c.pairs {
		delete(s.grants, p.access)
	}
}

// grantOf tells for the record whose code or refresh token a form has.
func (o *oauthServer) grantOf(form url.Values) (g Grant, known bool) {
	if p := o.pairs[form.Get("refresh_token")]; p != nil {
		return Grant{Name: p.consent.name, User: p.consent.user}, true
	}
	if c := o.codes[form.Get("code")]; c != nil {
		return Grant{Name: c.consent.name, User: c.consent.user}, true
	}
	return Grant{}, false
}
