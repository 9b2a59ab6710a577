package kenar

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// Error names of the OAuth server that decide what follows (RFC 6749, section
// 5.2).
const (
	invalidGrant       = "invalid_grant"
	invalidClient      = "invalid_client"
	unauthorizedClient = "unauthorized_client"
)

// IsInvalidGrant reports whether the OAuth server refused the authorization
// code or the refresh token itself: used, expired, revoked, or another app's.
// Nothing but the user's consent brings a new one.
func IsInvalidGrant(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.OAuthError == invalidGrant && e.Status < 500
}

// IsInvalidClient reports whether the OAuth server refused the app: its client
// id, its secret, or what it may do. That is no fault of any grant, and all of
// them are good again once the app's is repaired.
func IsInvalidClient(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.OAuthError == invalidClient || e.OAuthError == unauthorizedClient)
}

// TokensLost reports whether the call may have been carried out although no
// tokens came of it: it had no answer, or that of a gateway that gave up, or
// one without usable tokens. It is for the errors of an [OAuth] only.
//
// After [OAuth.Refresh] the old pair is then good for [TokenGrace] from the
// time of the call, and a second refresh with it gives another pair. After
// [OAuth.Exchange] the code is probably used up.
func TokensLost(err error) bool {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok || e.NeverSent:
		return false
	case errors.Is(e.Err, ErrNoTokens):
		return true
	}
	return e.Status == 0 || e.Status >= 500 || e.Status == http.StatusRequestTimeout
}

// statusError describes an answer that is not a 2xx. It may be the error
// object of RFC 6749, or anything else, and may hold tokens.
func (r tokenRequest) statusError(resp *http.Response, body []byte, secrets scrubber) *Error {
	e := newStatusError(r.op, resp, withoutTokens(body), secrets)
	var fields object
	if json.Unmarshal(body, &fields) == nil {
		e.OAuthError = errorName(fields.text("error"))
		if description := fields.text("error_description"); description != "" {
			e.Message = excerpt(secrets.text(description))
		}
	}
	e.remedy = r.remedy(e)
	return e
}

// remedy is what whoever reads the error can do about it.
func (r tokenRequest) remedy(e *Error) string {
	switch {
	case IsInvalidGrant(e):
		return r.invalid
	case IsInvalidClient(e), e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		return "check the app's slug, client secret and redirect URI in its panel"
	case TokensLost(e):
		return r.lost
	case e.Status == http.StatusTooManyRequests && e.RetryAfter == 0:
		return "repeat it later"
	case e.Status < 400, e.Status == http.StatusNotFound:
		return "check the OAuth server's address"
	}
	return ""
}

// errorName returns an error's name, and "" for what is none: a name is a word
// of ASCII letters, and nothing longer may pass for one.
func errorName(s string) string {
	if len(s) > 64 || strings.Trim(s, alphanumeric+"_-.") != "" || oauthSecret.MatchString(s) {
		return ""
	}
	return s
}

// withoutTokens returns what of a body may be kept: without the values of the
// keys that name credentials, when it is JSON, and else nothing, if it speaks
// of any.
func withoutTokens(body []byte) []byte {
	if redacted, err := RedactJSON(body); err == nil {
		return redacted
	}
	lower := bytes.ToLower(body)
	for _, key := range []string{"access_token", "refresh_token", "client_secret"} {
		if bytes.Contains(lower, []byte(key)) {
			return nil
		}
	}
	return body
}
