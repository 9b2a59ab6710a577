package kenar

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Causes found in [Error.Err] with [errors.Is].
var (
	// ErrInvalid means that the call cannot be made with these arguments, now
	// or later. Nothing was sent.
	ErrInvalid = errors.New("the arguments are not usable")

	// ErrAPIKey means that Config.APIKey returned nothing that could be sent.
	// Nothing was.
	ErrAPIKey = errors.New("the API key is not usable")

	// ErrNoID means that Kenar accepted a user add-on without naming its id.
	// The add-on is made and the call must not be repeated for the id's sake,
	// but it cannot be deleted: it goes by itself after three months.
	ErrNoID = errors.New("the answer holds no add-on id")

	// ErrClientSecret means that OAuthConfig.ClientSecret returned nothing
	// that could be sent. Nothing was.
	ErrClientSecret = errors.New("the client secret is not usable")

	// ErrNoTokens means that the OAuth server answered 2xx without tokens
	// that could be used. It has issued some all the same; see [TokensLost].
	ErrNoTokens = errors.New("the answer holds no usable tokens")

	// ErrMalformed means that Kenar answered 2xx with something that is not
	// the documented JSON.
	ErrMalformed = errors.New("the answer is not the documented JSON")
)

// maxExcerpt bounds Error.Body and Error.Message, in bytes.
const maxExcerpt = 1 << 10

// An Error is what is known about a call that did not succeed. Neither its
// text nor any of its fields holds the API key, the access token or the URL.
type Error struct {
	// Op is the operation, as in "create post add-on".
	Op string

	// Status is the HTTP status, 0 when there was no answer. It is a 2xx with
	// ErrNoID, ErrNoTokens and ErrMalformed only.
	Status int

	// Code is the google.rpc code in the answer, 0 when it has none.
	Code int

	// OAuthError is the name that an answer of the OAuth server gives to the
	// error (RFC 6749, section 5.2), such as "invalid_grant"; "" when it has
	// none, and for every other operation. See [IsInvalidGrant] and
	// [IsInvalidClient].
	OAuthError string

	// Message is the message in the answer, at most 1 KiB. Like Code it is
	// missing when the answer is not Kenar's but that of an edge server.
	Message string

	// Body is the beginning of the answer, whatever its format: at most 1 KiB
	// of valid UTF-8.
	Body string

	// RetryAfter is how long the answer asks to wait, 0 when it does not say.
	// Kenar documents no such header; edge servers send it. It is at most
	// one year.
	RetryAfter time.Duration

	// Window is "minute" or "day" when the answer has status 429 and clearly
	// names which of the app's two limits is used up; else "".
	Window string

	// NeverSent is true when provably not one byte of the request reached
	// Kenar: there was no connection, or the call ended before it had one.
	// False means unknown unless Status says more.
	NeverSent bool

	// Err is the cause when there was no usable answer; nil otherwise.
	// Canceled and expired contexts are found in it with errors.Is.
	Err error

	// remedy is the advice of operations for which that of the status would
	// be wrong; "" for the others.
	remedy string
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// Error says what failed, how, and what to do about it. Body is left out.
func (e *Error) Error() string {
	var s strings.Builder
	s.WriteString(e.Op)
	switch {
	case e.Status != 0:
		fmt.Fprintf(&s, ": Kenar answered %d", e.Status)
		if text := http.StatusText(e.Status); text != "" {
			s.WriteString(" " + text)
		}
	case e.NeverSent:
		s.WriteString(": nothing was sent")
	default:
		s.WriteString(": no answer")
	}
	if e.Code != 0 {
		fmt.Fprintf(&s, " (code %d)", e.Code)
	}
	if e.OAuthError != "" {
		s.WriteString(": " + e.OAuthError)
	}
	if e.Message != "" {
		s.WriteString(": " + e.Message)
	}
	if e.Err != nil {
		s.WriteString(": " + e.Err.Error())
	}
	if advice := e.advice(); advice != "" {
		s.WriteString("; " + advice)
	}
	return s.String()
}

// accepted reports whether Kenar carried out the call, though its answer is of
// no use.
func (e *Error) accepted() bool { return e.Status >= 200 && e.Status <= 299 }

// inDoubt reports whether the call may have been carried out: its answer is
// missing or tells of a failure on Kenar's side, which may have come after.
func (e *Error) inDoubt() bool {
	return !e.NeverSent && (e.Status == 0 || e.accepted() || e.Status >= 500 || e.Status == http.StatusRequestTimeout)
}

// advice is what whoever reads the error can do about it.
func (e *Error) advice() string {
	switch {
	case errors.Is(e.Err, ErrInvalid): // says so itself
		return ""
	case e.remedy != "":
		return e.remedy
	case errors.Is(e.Err, ErrAPIKey):
		return "set the key shown once in the app's panel"
	case errors.Is(e.Err, ErrClientSecret):
		return "set the client secret of the app's panel"
	case errors.Is(e.Err, ErrNoID):
		return "it was accepted: do not repeat it"
	case errors.Is(e.Err, context.Canceled) && e.NeverSent:
		return "repeat it when there is time"
	case e.Status == 0 && e.NeverSent:
		return "check the network and Kenar's address, then repeat it"
	case e.Status == 0:
		return "it may have been received: repeat it only if that does no harm"
	case e.Status < 400:
		return "check Kenar's address"
	}
	switch e.Status {
	case http.StatusUnauthorized:
		return "refresh the access token; if it is fresh, check the API key"
	case http.StatusForbidden:
		return "check the API key's permissions, the grant's scopes and the app's widgets in the panel"
	case http.StatusNotFound:
		return "check the token or id, and that it still exists"
	case http.StatusTooManyRequests:
		switch {
		case e.RetryAfter > 0:
			return fmt.Sprintf("wait %v", e.RetryAfter)
		case e.Window != "":
			return "the app's limit per " + e.Window + " is used up: wait until it is reset"
		}
		return "wait until a limit of the app is reset"
	}
	if e.Status >= 500 || e.Status == http.StatusRequestTimeout {
		return "repeat it later"
	}
	return "correct the request: the same one will be refused again"
}
