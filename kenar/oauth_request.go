package kenar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Exchange turns the authorization code that came to the redirect URI into
// tokens. A code is good for one exchange, soon after the user's consent.
//
// The error is an [*Error]; see [IsInvalidGrant], [IsInvalidClient] and
// [TokensLost].
func (o *OAuth) Exchange(ctx context.Context, code string) (Tokens, error) {
	r := tokenRequest{
		op:      "exchange authorization code",
		secrets: []string{code},
		form: url.Values{
			"grant_type":   {"authorization_code"},
			"code":         {code},
			"redirect_uri": {o.redirectURI},
		},
		refused: validSecret("authorization code", code),
		lost:    "the code is probably used up: ask the user to allow the app again",
		invalid: "ask the user to allow the app again; a code is good once, and soon after it was issued",
	}
	return o.send(ctx, r)
}

// Refresh turns a pair of tokens into the next one. Both are replaced, and the
// old ones are good for [TokenGrace] more, so the new pair must be kept before
// it is used, and only one refresh of a grant may be under way at any time.
// The request carries the current access token too, whether or not it has
// expired, under the name code (Kenar docs, oauth).
//
// Should the answer have no refresh token, that of the next pair is "", and
// the old one stays (RFC 6749, section 6).
//
// The error is an [*Error]; see [IsInvalidGrant], [IsInvalidClient] and
// [TokensLost].
func (o *OAuth) Refresh(ctx context.Context, refresh, access string) (Tokens, error) {
	r := tokenRequest{
		op:      "refresh tokens",
		secrets: []string{refresh, access},
		form: url.Values{
			"grant_type":    {"refresh_token"},
			"refresh_token": {refresh},
			"code":          {access},
			"redirect_uri":  {o.redirectURI},
		},
		refused: errors.Join(validSecret("refresh token", refresh), validSecret("access token", access)),
		lost:    fmt.Sprintf("repeat it within %v, while the old tokens are good", TokenGrace),
		invalid: "the grant has ended: ask the user to allow the app again",
	}
	return o.send(ctx, r)
}

// validSecret never quotes s.
func validSecret(what, s string) error {
	switch {
	case s == "":
		return fmt.Errorf("%s is empty: give the one that the OAuth server issued", what)
	case !headerSafe(s):
		return fmt.Errorf("%s holds a space, a line break or another character that none has: give it alone, as it was issued", what)
	}
	return nil
}

// tokenRequest is one call of the token endpoint.
type tokenRequest struct {
	op            string
	form          url.Values // without what is the app's
	secrets       []string   // those in the form
	refused       error      // why the call must not be made; nil when it may
	lost, invalid string     // what to do when the tokens are lost, the grant is invalid
}

// send makes the call, once. Its error is an *Error.
func (o *OAuth) send(ctx context.Context, r tokenRequest) (Tokens, error) {
	clientSecret := o.clientSecret()
	secrets := newScrubber(append(r.secrets, clientSecret)...)
	unsent := func(err error) error {
		return &Error{Op: r.op, NeverSent: true, Err: secrets.err(err)}
	}
	switch {
	case r.refused != nil:
		return Tokens{}, unsent(fmt.Errorf("%w: %w", ErrInvalid, r.refused))
	case clientSecret == "":
		return Tokens{}, unsent(fmt.Errorf("%w: it is empty", ErrClientSecret))
	case !headerSafe(clientSecret):
		return Tokens{}, unsent(fmt.Errorf("%w: it holds a space, a line break or another character that no secret has", ErrClientSecret))
	}

	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return Tokens{}, unsent(err)
	}
	var wire connTrace
	req, err := o.newRequest(wire.attach(ctx, o.tellsWhenBound), r.form, clientSecret)
	if err != nil {
		return Tokens{}, unsent(err)
	}
	resp, err := o.transport.RoundTrip(req) // see Client.send for why not a http.Client
	if err != nil {
		e := &Error{Op: r.op, NeverSent: wire.neverBound(), Err: secrets.err(err)}
		if !e.NeverSent {
			e.remedy = r.lost
		}
		return Tokens{}, e
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	_ = resp.Body.Close() // all that is wanted has been read
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return Tokens{}, r.statusError(resp, body, secrets)
	}
	tokens, fault := decodeTokens(body)
	switch {
	case fault == nil:
		return tokens, nil
	case err != nil:
		fault = fmt.Errorf("it broke off: %w", secrets.err(err))
	case len(body) == maxAnswer:
		fault = fmt.Errorf("it is longer than %d bytes", maxAnswer)
	}
	return Tokens{}, &Error{Op: r.op, Status: resp.StatusCode, Err: fmt.Errorf("%w: %w", ErrNoTokens, fault), remedy: r.lost}
}

// newRequest gives the request a body that can be read again, for the reason
// given at Client.newRequest.
func (o *OAuth) newRequest(ctx context.Context, form url.Values, clientSecret string) (*http.Request, error) {
	form.Set("client_id", o.clientID)
	form.Set("client_secret", clientSecret)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url+tokenPath, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("%w: the URL cannot be parsed; check the configured OAuth address", ErrInvalid)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", o.userAgent)
	return req, nil
}
