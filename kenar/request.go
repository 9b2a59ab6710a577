package kenar

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// request is one call to be made.
type request struct {
	op          string // what Error.Op will say
	method, url string
	accessToken string // "" calls with the API key alone
	body        []byte // nil: none
	contentType string // of body; "" is JSON

	// keyless calls without the API key: the host is not the API's.
	keyless bool

	// legacyToken sends the access token under its former header name as
	// well (Kenar docs until April 2025).
	legacyToken bool

	// refused says why the call must not be made; nil when it may.
	refused error

	// longest is how much of the body of a 2xx answer is read, in bytes; 0
	// is maxAnswer.
	longest int

	// remedy returns what to do about an error where the usual advice would
	// do harm, "" where it would not. Nil never does.
	remedy func(*Error) string
}

// send makes the call, once. Its error is an *Error; an answer that is not a
// 2xx is one.
func (c *Client) send(ctx context.Context, r request) (answer, error) {
	var key string
	if !r.keyless {
		key = c.apiKey()
	}
	secrets := newScrubber(key, r.accessToken)
	unsent := func(err error) error {
		return &Error{Op: r.op, NeverSent: true, Err: secrets.err(err)}
	}
	if err := r.check(key); err != nil {
		return answer{}, unsent(err)
	}

	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return answer{}, unsent(err)
	}
	var wire connTrace
	req, err := c.newRequest(wire.attach(ctx, c.tellsWhenBound), r, key)
	if err != nil {
		return answer{}, unsent(err)
	}

	// RoundTrip instead of an http.Client: no redirects, no cookies, and no
	// errors that quote the URL.
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return answer{}, r.failed(&Error{Op: r.op, NeverSent: wire.neverBound(), Err: secrets.err(err)})
	}
	accepted := resp.StatusCode >= 200 && resp.StatusCode <= 299
	longest := maxAnswer
	if accepted && r.longest > 0 {
		longest = r.longest
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(longest)))
	_ = resp.Body.Close() // all that is wanted has been read
	if !accepted {
		return answer{}, r.failed(newStatusError(r.op, resp, body, secrets))
	}
	return answer{status: resp.StatusCode, body: body, longest: longest, err: secrets.err(err)}, nil
}

// ask makes a call for what is in its answer. An answer that decode cannot use
// is an *Error with the 2xx status and the error of decode.
func ask[T any](ctx context.Context, c *Client, r request, decode func(answer) (T, error)) (T, error) {
	var none T
	a, err := c.send(ctx, r)
	if err != nil {
		return none, err
	}
	v, err := decode(a)
	if err != nil {
		return none, r.failed(&Error{Op: r.op, Status: a.status, Err: err})
	}
	return v, nil
}

// failed returns e with the remedy of r.
func (r request) failed(e *Error) *Error {
	if r.remedy != nil {
		e.remedy = r.remedy(e)
	}
	return e
}

// check returns why the call cannot be made as it is.
func (r request) check(key string) error {
	switch {
	case r.refused != nil:
		return fmt.Errorf("%w: %w", ErrInvalid, r.refused)
	case (r.method == http.MethodPost || r.method == http.MethodPut) && len(r.body) == 0:
		return fmt.Errorf("%w: the request body is empty: build it with the Body method of what is sent", ErrInvalid)
	case key == "" && !r.keyless:
		return fmt.Errorf("%w: it is empty", ErrAPIKey)
	case !headerSafe(key):
		return fmt.Errorf("%w: it holds a space, a line break or another character that no key has", ErrAPIKey)
	case !headerSafe(r.accessToken):
		return fmt.Errorf("%w: the access token holds a space, a line break or another character that no token has", ErrInvalid)
	}
	return nil
}

// headerSafe reports whether s consists of visible ASCII characters only.
func headerSafe(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// newRequest gives the request the shape in which net/http writes it at most
// once. On a reused connection its Transport repeats a request in two cases:
//
//   - nothing of it was written: harmless, and even wanted, since it is how a
//     connection that died of old age goes unnoticed. It needs a body that
//     can be read again, or none, as all others have here.
//   - something was written, nothing came back, the method counts as
//     idempotent (GET; not DELETE, POST or PUT) and the body can be read again:
//     a second call that no budget knows of. So the empty body of a GET is
//     one that cannot be read again.
//
// No Idempotency-Key header may ever be added: it makes net/http count every
// method as idempotent.
func (c *Client) newRequest(ctx context.Context, r request, key string) (*http.Request, error) {
	var body io.Reader
	switch {
	case r.body != nil:
		body = bytes.NewReader(r.body)
	case r.method == http.MethodGet:
		body = io.MultiReader()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		// Not err itself: it quotes the URL.
		return nil, fmt.Errorf("%w: its URL cannot be parsed; check the configured addresses", ErrInvalid)
	}
	if r.method == http.MethodGet {
		// The body's length counts as unknown. Identity keeps net/http from
		// announcing such a body as chunked.
		req.TransferEncoding = []string{"identity"}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	if !r.keyless {
		req.Header.Set("X-Api-Key", key)
	}
	switch {
	case r.contentType != "":
		req.Header.Set("Content-Type", r.contentType)
	case r.body != nil:
		req.Header.Set("Content-Type", "application/json")
	}
	if r.accessToken != "" {
		req.Header.Set("Authorization", "Bearer "+r.accessToken)
		if r.legacyToken {
			req.Header.Set("X-Access-Token", r.accessToken)
		}
	}
	return req, nil
}

// connTrace observes whether a request was ever given a connection. Without
// one not a byte of it can have left; with one, no later observation proves
// the opposite, because headers longer than a write buffer are on their way
// before they are reported as written.
type connTrace struct {
	asked, bound atomic.Bool // a connection was asked for; was given
}

// attach returns a context that makes a transport report to t. One that never
// asks for a connection may be one that does not report, so it proves nothing
// unless it is known to report: then certain is true.
func (t *connTrace) attach(ctx context.Context, certain bool) context.Context {
	t.asked.Store(certain)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { t.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.bound.Store(true) },
	})
}

// neverBound reports whether the request provably never had a connection.
func (t *connTrace) neverBound() bool { return t.asked.Load() && !t.bound.Load() }
