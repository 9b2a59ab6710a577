package kenar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
)

// A tokenCall calls one of the methods that make a call, with valid arguments.
type tokenCall struct {
	op   string
	call func(context.Context, *OAuth) (Tokens, error)
}

var tokenCalls = []tokenCall{
	{"exchange authorization code", func(ctx context.Context, o *OAuth) (Tokens, error) { return o.Exchange(ctx, testCode) }},
	{"refresh tokens", func(ctx context.Context, o *OAuth) (Tokens, error) { return o.Refresh(ctx, testRefresh, testToken) }},
}

// answerOf is the answer of a server that answers status with body.
func answerOf(status int, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
}

const pairAnswer = `{"access_token":"ory_at_next","expires_in":3600,"refresh_token":"ory_rt_next",` +
	`"scope":"USER_PHONE POST_ADDON_CREATE.AZTH74V2 offline_access","token_type":"bearer"}`

// TestTokenRequest shows the bytes of each request, and what comes of the
// documented answer.
func TestTokenRequest(t *testing.T) {
	want := Tokens{
		Access: "ory_at_next", Refresh: "ory_rt_next", ExpiresIn: time.Hour,
		Scope: []string{"USER_PHONE", "POST_ADDON_CREATE.AZTH74V2", "offline_access"},
	}
	for _, tt := range tokenCalls {
		t.Run(tt.op, func(t *testing.T) {
			s := serveWire(t, reply(answerOf(200, pairAnswer)))
			tokens, err := tt.call(t.Context(), newTestOAuth(t, s.url, OAuthConfig{}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, tokens); diff != "" {
				t.Errorf("tokens (-want +got):\n%s", diff)
			}
			request := strings.Join(s.seen(), "")
			request = strings.ReplaceAll(request, strings.TrimPrefix(s.url, "http://"), "oauth.test")
			golden.File(t, "testdata/requests/"+strings.ReplaceAll(tt.op, " ", "_")+".http", strings.ReplaceAll(request, "\r\n", "\n"))
		})
	}
}

func TestClientSecretIsAskedAtEachCall(t *testing.T) {
	s := serveWire(t, reply(answerOf(200, pairAnswer)))
	secrets := []string{"first-secret", "second-secret"}
	o := newTestOAuth(t, s.url, OAuthConfig{ClientSecret: func() string {
		secret := secrets[0]
		secrets = secrets[1:]
		return secret
	}})
	for range 2 {
		if _, err := o.Exchange(t.Context(), testCode); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"client_secret=first-secret&", "client_secret=second-secret&"} {
		if !strings.Contains(s.seen()[i], want) {
			t.Errorf("request %d lacks %q:\n%s", i+1, want, s.seen()[i])
		}
	}
}

// verdict is what the facts of an error are worth to the keeper of a grant.
type verdict struct {
	Status                            int
	OAuthError, Message               string
	InvalidGrant, InvalidClient, Lost bool
}

// TestTokenFailures: what is known after answers that hold no tokens.
func TestTokenFailures(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   verdict
	}{
		{"the grant is over", 400, `{"error":"invalid_grant","error_description":"The refresh token was revoked."}`,
			verdict{400, "invalid_grant", "The refresh token was revoked.", true, false, false}},
		{"the grant is over, as 401", 401, `{"error":"invalid_grant"}`, verdict{401, "invalid_grant", "", true, false, false}},
		{"the app is unknown", 401, `{"error":"invalid_client","error_description":"Client authentication failed"}`,
			verdict{401, "invalid_client", "Client authentication failed", false, true, false}},
		{"the app may not", 400, `{"error":"unauthorized_client"}`, verdict{400, "unauthorized_client", "", false, true, false}},
		{"the request is wrong", 400, `{"error":"invalid_request"}`, verdict{400, "invalid_request", "", false, false, false}},
		{"Kenar's own form", 400, `{"code":3,"message":"bad request"}`, verdict{400, "", "bad request", false, false, false}},
		{"a gateway's error that says it is over", 502, `{"error":"invalid_grant"}`, verdict{502, "invalid_grant", "", false, false, true}},
		{"fields of other types", 400, `{"error":{"code":1},"error_description":["no"]}`, verdict{400, "", "", false, false, false}},
		{"a name that is none", 400, `{"error":"please read this page"}`, verdict{400, "", "", false, false, false}},
		{"page of an edge server", 504, "<html>504</html>", verdict{504, "", "", false, false, true}},
		{"overload", 503, "", verdict{503, "", "", false, false, true}},
		{"request timeout", 408, "", verdict{408, "", "", false, false, true}},
		{"too many", 429, `{"error":"slow_down"}`, verdict{429, "slow_down", "", false, false, false}},
		{"redirect", 302, "", verdict{302, "", "", false, false, false}},
		{"200 and not JSON", 200, "<html>ok</html>", verdict{200, "", "", false, false, true}},
		{"200 and nothing", 200, "", verdict{200, "", "", false, false, true}},
		{"200 and no access token", 200, `{"refresh_token":"ory_rt_next"}`, verdict{200, "", "", false, false, true}},
		{"200 cut off", 200, pairAnswer[:40], verdict{200, "", "", false, false, true}},
		{"200 too long", 200, `{"x":"` + strings.Repeat("x", maxAnswer) + `"}`, verdict{200, "", "", false, false, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, reply(answerOf(tt.status, tt.body)))
			o := newTestOAuth(t, s.url, OAuthConfig{})
			for _, c := range tokenCalls {
				tokens, err := c.call(t.Context(), o)
				e := wantError(t, err)
				got := verdict{e.Status, e.OAuthError, e.Message, IsInvalidGrant(err), IsInvalidClient(err), TokensLost(err)}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", c.op, diff)
				}
				if e.Op != c.op || e.NeverSent || !cmp.Equal(tokens, Tokens{}) {
					t.Errorf("Op %q, NeverSent %v, tokens %v; want %q and zeros", e.Op, e.NeverSent, tokens, c.op)
				}
				if is2xx := tt.status == 200; errors.Is(err, ErrNoTokens) != is2xx {
					t.Errorf("%s: the cause of %q is ErrNoTokens: %v", c.op, err, !is2xx)
				}
			}
		})
	}
}

func TestVerdictsOnOtherErrors(t *testing.T) {
	for _, err := range []error{nil, errors.New("x"), ErrNoTokens, &Error{Op: "get post", Status: 404}} {
		if IsInvalidGrant(err) || IsInvalidClient(err) || TokensLost(err) {
			t.Errorf("%v is taken for an error of the OAuth server", err)
		}
	}
	wrapped := fmt.Errorf("grant sara: %w", &Error{Status: 400, OAuthError: "invalid_grant"})
	if !IsInvalidGrant(wrapped) {
		t.Errorf("%v is not recognised", wrapped)
	}
}

// TestTokenRequestNeverSent: true only when provably not a byte left, and then
// no tokens are lost.
func TestTokenRequestNeverSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	closing := serveWire(t, func(int, net.Conn) bool { return false })
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	secret := func(s string) OAuthConfig { return OAuthConfig{ClientSecret: func() string { return s }} }
	exchange, refresh := tokenCalls[0].call, tokenCalls[1].call
	tests := []struct {
		name  string
		url   string
		cfg   OAuthConfig
		ctx   context.Context
		call  func(context.Context, *OAuth) (Tokens, error)
		sent  bool
		cause error  // nil: any
		text  string // in the error
	}{
		{"connection refused", refused, OAuthConfig{}, t.Context(), refresh, false, nil, "nothing was sent"},
		{"context cancelled", closing.url, OAuthConfig{}, cancelled, refresh, false, context.Canceled, "repeat it when there is time"},
		{"no client secret", closing.url, secret(""), t.Context(), exchange, false, ErrClientSecret, "it is empty; set the client secret"},
		{"client secret with a line break", closing.url, secret(testSecret + "\n"), t.Context(), refresh, false, ErrClientSecret, "a line break"},
		{"no code", closing.url, OAuthConfig{}, t.Context(),
			func(ctx context.Context, o *OAuth) (Tokens, error) { return o.Exchange(ctx, "") }, false, ErrInvalid, "authorization code is empty"},
		{"code with what came with it", closing.url, OAuthConfig{}, t.Context(),
			func(ctx context.Context, o *OAuth) (Tokens, error) { return o.Exchange(ctx, testCode+" state=1") }, false, ErrInvalid, "authorization code holds a space"},
		{"no tokens", closing.url, OAuthConfig{}, t.Context(),
			func(ctx context.Context, o *OAuth) (Tokens, error) { return o.Refresh(ctx, "", "") }, false, ErrInvalid, "refresh token is empty"},
		{"no access token", closing.url, OAuthConfig{}, t.Context(),
			func(ctx context.Context, o *OAuth) (Tokens, error) { return o.Refresh(ctx, testRefresh, "") }, false, ErrInvalid, "access token is empty"},
		{"closed without an answer", closing.url, OAuthConfig{}, t.Context(), refresh, true, io.EOF, "repeat it within 2m0s, while the old tokens are good"},
		{"code, closed without an answer", closing.url, OAuthConfig{}, t.Context(), exchange, true, io.EOF, "ask the user to allow the app again"},
		{"transport that does not report", "http://oauth.test", OAuthConfig{Transport: roundTripFunc(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("who knows")
		})}, t.Context(), refresh, true, nil, "no answer: who knows"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.call(tt.ctx, newTestOAuth(t, tt.url, tt.cfg))
			e := wantError(t, err)
			if e.NeverSent == tt.sent || TokensLost(err) != tt.sent || e.Status != 0 {
				t.Errorf("NeverSent %v, lost %v, status %d; want sent: %v", e.NeverSent, TokensLost(err), e.Status, tt.sent)
			}
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("the cause of %q is not %q", err, tt.cause)
			}
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %q lacks %q", err, tt.text)
			}
		})
	}
	if got := len(closing.seen()); got != 2 {
		t.Errorf("the server got %d requests, want those of the 2 calls that were sent", got)
	}
}

// TestTokenRequestIsWrittenOnce: a refresh that is repeated unasked would lose
// a pair unnoticed.
func TestTokenRequestIsWrittenOnce(t *testing.T) {
	for _, tt := range tokenCalls {
		t.Run(tt.op, func(t *testing.T) {
			s := serveWire(t, func(n int, conn net.Conn) bool {
				return n == 1 && reply(answerOf(200, pairAnswer))(n, conn)
			})
			o := newTestOAuth(t, s.url, OAuthConfig{})
			if _, err := tt.call(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			_, err := tt.call(t.Context(), o) // on a connection that breaks
			if e := wantError(t, err); e.NeverSent || !TokensLost(err) {
				t.Errorf("NeverSent %v, lost %v; want the request sent and the tokens lost", e.NeverSent, TokensLost(err))
			}
			if got := len(s.seen()); got != 2 {
				t.Errorf("2 calls wrote %d requests", got)
			}
		})
	}
}

func TestTokenRequestFollowsNoRedirect(t *testing.T) {
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	_, err := newTestOAuth(t, s.URL, OAuthConfig{}).Exchange(t.Context(), testCode)
	if e := wantError(t, err); e.Status != 307 || calls != 1 {
		t.Errorf("Status %d after %d calls, want 307 after 1", e.Status, calls)
	}
}

func TestTokenRequestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newTestOAuth(t, "http://oauth.test", OAuthConfig{Timeout: 4 * time.Second, Transport: stallingTransport(1, "")})
		start := time.Now()
		_, err := o.Refresh(t.Context(), testRefresh, testToken)
		if !errors.Is(err, context.DeadlineExceeded) || !TokensLost(err) {
			t.Errorf("got %v, want a sent request past its deadline", err)
		}
		if got := time.Since(start); got != 4*time.Second {
			t.Errorf("the call took %v, want 4s", got)
		}
	})
}

// TestTokenErrorText: what to do differs from other operations.
func TestTokenErrorText(t *testing.T) {
	tests := []struct {
		status         int
		body           string
		exchange, text string // of the two operations
	}{
		{400, `{"error":"invalid_grant","error_description":"expired"}`,
			"Kenar answered 400 Bad Request: invalid_grant: expired; ask the user to allow the app again; a code is good once, and soon after it was issued",
			"Kenar answered 400 Bad Request: invalid_grant: expired; the grant has ended: ask the user to allow the app again"},
		{401, `{"error":"invalid_client"}`,
			"Kenar answered 401 Unauthorized: invalid_client; check the app's slug, client secret and redirect URI in its panel", ""},
		{403, `forbidden`, "Kenar answered 403 Forbidden; check the app's slug, client secret and redirect URI in its panel", ""},
		{404, `nothing here`, "Kenar answered 404 Not Found; check the OAuth server's address", ""},
		{429, ``, "Kenar answered 429 Too Many Requests; repeat it later", ""},
		{400, `{"error":"invalid_request"}`, "Kenar answered 400 Bad Request: invalid_request; correct the request: the same one will be refused again", ""},
		{503, ``,
			"Kenar answered 503 Service Unavailable; the code is probably used up: ask the user to allow the app again",
			"Kenar answered 503 Service Unavailable; repeat it within 2m0s, while the old tokens are good"},
		{200, `{}`,
			"Kenar answered 200 OK: the answer holds no usable tokens: it has no access_token; the code is probably used up: ask the user to allow the app again",
			"Kenar answered 200 OK: the answer holds no usable tokens: it has no access_token; repeat it within 2m0s, while the old tokens are good"},
	}
	for _, tt := range tests {
		s := serveWire(t, reply(answerOf(tt.status, tt.body)))
		o := newTestOAuth(t, s.url, OAuthConfig{})
		if tt.text == "" {
			tt.text = tt.exchange
		}
		for i, want := range []string{tt.exchange, tt.text} {
			_, err := tokenCalls[i].call(t.Context(), o)
			if want = tokenCalls[i].op + ": " + want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		}
	}
}

// TestTokensStaySecret has servers return secrets in every way that has been
// thought of: the request's, and those that they issue.
func TestTokensStaySecret(t *testing.T) {
	const (
		secret = `cl"ient<secret>/odd&chars\+%41`
		next   = "ory_rt_not-seen-before"
	)
	sent := "code " + testCode + " " + testToken + " " + testRefresh + " " + secret
	quoted := strconv.Quote(sent)
	answers := map[string]string{
		"description":               answerOf(400, `{"error":"invalid_grant","error_description":`+quoted+`}`),
		"message":                   answerOf(400, `{"message":`+quoted+`}`),
		"name":                      answerOf(400, `{"error":"`+testRefresh+`"}`),
		"text":                      answerOf(400, sent),
		"tokens with an error":      answerOf(500, `{"access_token":"opaque-and-new","refresh_token":"`+next+`"}`),
		"tokens in a page":          answerOf(502, `<pre>{"access_token":"opaque-and-new"</pre>`),
		"tokens in a text":          answerOf(502, `upstream said `+next),
		"tokens in a description":   answerOf(400, `{"error":"invalid_request","error_description":"issued `+next+`"}`),
		"tokens, cut off":           answerOf(200, `{"access_token":"opaque-and-new","refresh_tok`),
		"tokens of another type":    answerOf(200, `{"access_token":"opaque-and-new","token_type":"`+next+`"}`),
		"unusable refresh token":    answerOf(200, `{"access_token":"opaque-and-new","refresh_token":"`+next+` x"}`),
		"instead of a status line":  next + "\r\n\r\n",
		"in a malformed header":     "HTTP/1.1 200 OK\r\n" + next + "\r\n\r\n",
		"in a malformed length":     "HTTP/1.1 200 OK\r\nContent-Length: " + testRefresh + "\r\n\r\n",
		"a body that breaks off":    "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + pairAnswer[:60],
		"an error that breaks off":  "HTTP/1.1 400 Bad Request\r\nContent-Length: 900\r\n\r\n" + next[:12],
		"a redirect with the token": "HTTP/1.1 302 Found\r\nLocation: /?t=" + next + "\r\nContent-Length: 0\r\n\r\n",
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			for _, tt := range tokenCalls {
				s := serveWire(t, replyThenClose(answer))
				o := newTestOAuth(t, s.url, OAuthConfig{ClientSecret: func() string { return secret }})
				_, err := tt.call(t.Context(), o)
				// Only the own secrets of a call are known to it; others go by their form.
				for _, s := range []string{testCode, testToken, testRefresh, secret, "opaque-and-new", next, "ory_at_next"} {
					wantNothingOf(t, s, err)
				}
			}
		})
	}
}
