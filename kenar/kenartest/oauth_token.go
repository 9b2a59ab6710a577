package kenartest

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// readParameters reads what an operation is told beside a JSON body, and leaves
// of the body only what may be on record.
func (req *request) readParameters(u *url.URL) {
	if req.op == nil {
		return
	}
	switch req.op.op {
	case AuthorizeApp, ListTransactions:
		req.query = u.Query()
	case IssueTokens:
		form, err := url.ParseQuery(string(req.body))
		if err != nil {
			form = nil
		}
		req.form = form
		req.body = []byte(withoutSecrets(form).Encode())
	}
}

// withoutSecrets returns what of a token request may be on record: its known
// parameters, and a dash for each that is secret. Unknown ones may be anything,
// such as a whole body that is not a form.
func withoutSecrets(form url.Values) url.Values {
	safe := make(url.Values)
	for _, name := range []string{"grant_type", "client_id", "redirect_uri"} {
		if form.Has(name) {
			safe[name] = form[name]
		}
	}
	for _, name := range []string{"code", "refresh_token", "client_secret"} {
		if form.Has(name) {
			safe.Set(name, "-")
		}
	}
	return safe
}

// An oauthRefusal is a kind of error answer of the OAuth server (RFC 6749,
// section 5.2).
type oauthRefusal struct {
	verdict Verdict
	status  int
	name    string
}

var (
	invalidRequest       = oauthRefusal{Invalid, http.StatusBadRequest, "invalid_request"}
	invalidClient        = oauthRefusal{Unauthenticated, http.StatusUnauthorized, "invalid_client"}
	invalidGrant         = oauthRefusal{Unauthenticated, http.StatusBadRequest, "invalid_grant"}
	unsupportedGrantType = oauthRefusal{Invalid, http.StatusBadRequest, "unsupported_grant_type"}
)

func (r oauthRefusal) because(format string, args ...any) answer {
	description := fmt.Sprintf(format, args...)
	return answer{
		status:  r.status,
		header:  http.Header{"Cache-Control": {"no-store"}},
		verdict: r.verdict,
		message: r.name + ": " + description,
		body: mustMarshal(struct {
			Name        string `json:"error"`
			Description string `json:"error_description"`
		}{r.name, description}),
	}
}

// issueTokens is the token endpoint. The documents print a JSON object where
// they show its body, and call it a form, which is what clients send.
func (s *Server) issueTokens(req *request) answer {
	if kind, _, err := mime.ParseMediaType(req.header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return invalidRequest.because("the body must be application/x-www-form-urlencoded")
	}
	if req.form == nil {
		return invalidRequest.because("the body is not a form")
	}
	for name, values := range req.form {
		if len(values) > 1 {
			return invalidRequest.because("the parameter %s comes %d times", quote(name), len(values))
		}
	}
	client, ok := s.oauth.client(req.form.Get("client_id"))
	if !ok || !client.knows(req.form.Get("client_secret")) {
		return invalidClient.because("client authentication failed")
	}
	for _, name := range []string{"grant_type", "code", "redirect_uri"} {
		if req.form.Get(name) == "" {
			return invalidRequest.because("the parameter %s is missing", name)
		}
	}
	if !client.redirectsTo(req.form.Get("redirect_uri")) {
		return invalidRequest.because("the redirect_uri is not registered")
	}
	switch grantType := req.form.Get("grant_type"); grantType {
	case "authorization_code":
		return s.exchange(req, client)
	case "refresh_token":
		return s.refresh(req, client)
	default:
		return unsupportedGrantType.because("grant_type is %s: want authorization_code or refresh_token", quote(grantType))
	}
}

// exchange turns an authorization code into tokens.
func (s *Server) exchange(req *request, client Client) answer {
	code := s.oauth.codes[req.form.Get("code")]
	switch {
	case code == nil || !code.consent.of(client):
		return invalidGrant.because("the authorization code is not known")
	case code.consent.revoked:
		return invalidGrant.because("the authorization code was revoked")
	case code.used:
		if s.cfg.RevokeReused {
			s.revoke(code.consent)
		}
		return invalidGrant.because("the authorization code was used before")
	case !req.now.Before(code.until):
		return invalidGrant.because("the authorization code has expired")
	case code.redirect != "" && code.redirect != req.form.Get("redirect_uri"):
		return invalidGrant.because("the redirect_uri is not that of the authorization request")
	}
	code.used = true
	return tokenAnswer(code.consent, s.issue(code.consent, req.now))
}

// refresh turns a pair of tokens into the next one.
func (s *Server) refresh(req *request, client Client) answer {
	token := req.form.Get("refresh_token")
	if token == "" {
		return invalidRequest.because("the parameter refresh_token is missing")
	}
	p := s.oauth.pairs[token]
	switch {
	case p == nil || !p.consent.of(client):
		return invalidGrant.because("the refresh token is not known")
	case s.oauth.issuedTo[req.form.Get("code")] != p.consent:
		return invalidRequest.because("the parameter code is not an access token of this grant")
	case p.consent.revoked:
		return invalidGrant.because("the refresh token was revoked")
	case !req.now.Before(p.refreshUntil) && p.replaced:
		if s.cfg.RevokeReused {
			s.revoke(p.consent)
		}
		return invalidGrant.because("the refresh token was replaced more than %v ago", refreshGrace)
	case !req.now.Before(p.refreshUntil):
		return invalidGrant.because("the refresh token has expired")
	}
	p.consent.refreshes++
	return tokenAnswer(p.consent, s.issue(p.consent, req.now))
}

// of reports whether a consent was given to a client.
func (c *consent) of(client Client) bool { return c.client == "" || c.client == client.ID }

func tokenAnswer(c *consent, t Tokens) answer {
	a := success(struct {
		Access    string `json:"access_token"`
		ExpiresIn int    `json:"expires_in"`
		Refresh   string `json:"refresh_token,omitempty"`
		Scope     string `json:"scope"`
		Type      string `json:"token_type"`
	}{t.Access, int(accessTokenLife.Seconds()), t.Refresh, strings.Join(c.scopes, " "), "bearer"})
	a.header = http.Header{"Cache-Control": {"no-store"}}
	return a
}
