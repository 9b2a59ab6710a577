package kenar

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestErrorText: what failed, how, and what to do about it.
func TestErrorText(t *testing.T) {
	tests := []struct {
		err  Error
		want string
	}{
		{Error{Op: "create post add-on", Status: 400, Code: 3, Message: "title is too long"},
			"create post add-on: Kenar answered 400 Bad Request (code 3): title is too long; correct the request: the same one will be refused again"},
		{Error{Op: "create post add-on", Status: 401},
			"create post add-on: Kenar answered 401 Unauthorized; refresh the access token; if it is fresh, check the API key"},
		{Error{Op: "create user add-on", Status: 403, Code: 7, Message: "permission denied"},
			"create user add-on: Kenar answered 403 Forbidden (code 7): permission denied; check the API key's permissions, the grant's scopes and the app's widgets in the panel"},
		{Error{Op: "get post", Status: 404, Code: 5, Message: "post not found"},
			"get post: Kenar answered 404 Not Found (code 5): post not found; check the token or id, and that it still exists"},
		{Error{Op: "get post", Status: 429},
			"get post: Kenar answered 429 Too Many Requests; wait until a limit of the app is reset"},
		{Error{Op: "get post", Status: 429, Window: "day"},
			"get post: Kenar answered 429 Too Many Requests; the app's limit per day is used up: wait until it is reset"},
		{Error{Op: "get post", Status: 429, Window: "day", RetryAfter: time.Hour},
			"get post: Kenar answered 429 Too Many Requests; wait 1h0m0s"},
		{Error{Op: "delete post add-on", Status: 502, Body: "<html>not shown</html>"},
			"delete post add-on: Kenar answered 502 Bad Gateway; repeat it later"},
		{Error{Op: "delete post add-on", Status: 302},
			"delete post add-on: Kenar answered 302 Found; check Kenar's address"},
		{Error{Op: "delete post add-on", Status: 599},
			"delete post add-on: Kenar answered 599; repeat it later"},
		{Error{Op: "create user add-on", Status: 200, Err: ErrNoID},
			"create user add-on: Kenar answered 200 OK: the answer holds no add-on id; it was accepted: do not repeat it"},
		{Error{Op: "get post", Status: 200, Err: ErrMalformed},
			"get post: Kenar answered 200 OK: the answer is not the documented JSON; check Kenar's address"},
		{Error{Op: "create post add-on", Err: io.ErrUnexpectedEOF},
			"create post add-on: no answer: unexpected EOF; it may have been received: repeat it only if that does no harm"},
		{Error{Op: "create post add-on", NeverSent: true, Err: errors.New("dial tcp: connection refused")},
			"create post add-on: nothing was sent: dial tcp: connection refused; check the network and Kenar's address, then repeat it"},
		{Error{Op: "create post add-on", NeverSent: true, Err: context.Canceled},
			"create post add-on: nothing was sent: context canceled; repeat it when there is time"},
		{Error{Op: "create post add-on", NeverSent: true, Err: fmt.Errorf("%w: it is empty", ErrAPIKey)},
			"create post add-on: nothing was sent: the API key is not usable: it is empty; set the key shown once in the app's panel"},
		{Error{Op: "get post", NeverSent: true, Err: fmt.Errorf("%w: %w", ErrInvalid, ValidPostToken(""))},
			"get post: nothing was sent: the arguments are not usable: post token is empty: 1 to 20 characters are needed"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// TestSecretsStaySecret has servers return the request's secrets in every way
// that has been thought of.
func TestSecretsStaySecret(t *testing.T) {
	const (
		key   = `k"ey<with>/odd&chars\+%41`
		token = key + "-and-more" // begins with the other secret
	)
	http400 := func(body string) string {
		return "HTTP/1.1 400 Bad Request\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	}
	both := key + " " + token
	answers := map[string]string{
		"JSON message":              http400(`{"message":` + strconv.Quote("no "+both) + `}`),
		"JSON message, slashes":     http400(`{"message":` + strings.ReplaceAll(strconv.Quote(both), "/", `\/`) + `}`),
		"JSON message, HTML-safe":   http400(`{"message":"k\"ey\u003cwith\u003e/odd\u0026chars\\+%41-and-more"}`),
		"JSON details":              http400(`{"details":[{"key":` + strconv.Quote(both) + `}]}`),
		"text":                      http400("headers: " + both),
		"HTML":                      http400("<pre>" + html.EscapeString(both) + "</pre>"),
		"query":                     http400("/login?key=" + url.QueryEscape(key) + "&token=" + url.QueryEscape(token)),
		"path":                      http400("/" + url.PathEscape(key) + "/" + url.PathEscape(token)),
		"text, cut off":             http400("headers: " + key[:len(key)-1]),
		"text, cut off in token":    http400("headers: " + token[:len(token)-1]),
		"across the excerpt's end":  http400(strings.Repeat("x", maxExcerpt-10) + token),
		"across the answer's end":   http400(strings.Repeat(token, maxAnswer/len(token)+1)),
		"redirect":                  "HTTP/1.1 302 Found\r\nLocation: /?t=" + token + "\r\nContent-Length: 0\r\n\r\n",
		"instead of a status line":  token + "\r\n\r\n",
		"instead of a status":       "HTTP/1.1 " + token + "\r\n\r\n",
		"in a malformed header":     "HTTP/1.1 200 OK\r\n" + token + "\r\n\r\n",
		"in a malformed length":     "HTTP/1.1 200 OK\r\nContent-Length: " + token + "\r\n\r\n",
		"in an unknown encoding":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + token + "\r\n\r\n",
		"id of a user add-on":       http400(`{"id":` + strconv.Quote(both) + `}`),
		"body of an accepted call":  "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + both,
		"a status line and nothing": "HTTP/1.1 500 " + token + "\r\n\r\n",
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			s := serveWire(t, replyThenClose(answer))
			client := func() *Client { return newTestClient(t, s.url, Config{APIKey: func() string { return key }}) }
			_, err := client().CreateUserAddon(t.Context(), "u-17", token, []byte("{}"))
			wantNothingOf(t, token, err)
			_, err = client().GetPost(t.Context(), "AZir15UU") // knows of no access token
			wantNothingOf(t, key, err)
		})
	}
}

// wantNothingOf fails if eight characters of secret in a row are in whatever
// could be printed of err.
func wantNothingOf(t *testing.T, secret string, err error) {
	t.Helper()
	e := wantError(t, err)
	for _, text := range []string{e.Error(), e.Message, e.Body, fmt.Sprintf("%v %+v %#v %s", e, e, *e, e.Err)} {
		for i := 0; i+8 <= len(secret); i++ {
			if strings.Contains(text, secret[i:i+8]) {
				t.Fatalf("%q is in %q", secret[i:i+8], text)
			}
		}
	}
}

// TestScrubbedCause: hiding a text does not hide what the error is.
func TestScrubbedCause(t *testing.T) {
	err := newScrubber(testKey, "").err(fmt.Errorf("header %s: %w", testKey, context.DeadlineExceeded))
	if got, want := err.Error(), "header [redacted]: context deadline exceeded"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error("the cause is lost")
	}
	for err != nil {
		if strings.Contains(err.Error(), testKey) {
			t.Errorf("unwrapping leads to %q", err)
		}
		err = errors.Unwrap(err)
	}
}

func TestExcerpt(t *testing.T) {
	tests := []struct {
		name, in string
		want     int // bytes
	}{
		{"short", "سلام", 8},
		{"as long as allowed", strings.Repeat("x", maxExcerpt), maxExcerpt},
		{"one longer", strings.Repeat("x", maxExcerpt+1), maxExcerpt},
		{"a character across the end", strings.Repeat("x", maxExcerpt-1) + "س", maxExcerpt - 1},
		{"not text", strings.Repeat("x\xff", maxExcerpt), maxExcerpt},
	}
	for _, tt := range tests {
		got := excerpt(tt.in)
		if len(got) != tt.want || !utf8.ValidString(got) {
			t.Errorf("%s: %d bytes, valid UTF-8 %v; want %d, true", tt.name, len(got), utf8.ValidString(got), tt.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 21, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	tests := []struct {
		retryAfter, date string
		want             time.Duration
	}{
		{"", "", 0},
		{"0", "", 0},
		{"1", "", time.Second},
		{" 3600 ", "", time.Hour},
		{"-5", "", 0},
		{"1.5", "", 0},
		{"soon", "", 0},
		{"99999999999", "", 365 * day},
		{"99999999999999999999999999", "", 365 * day},
		{"Sat, 21 Mar 2026 12:10:00 GMT", "", 10 * time.Minute},
		{"Saturday, 21-Mar-26 12:10:00 GMT", "", 10 * time.Minute},
		{"Sat Mar 21 12:10:00 2026", "", 10 * time.Minute},
		{"Sat, 21 Mar 2026 11:59:59 GMT", "", 0},
		{"Fri, 21 Mar 2036 12:00:00 GMT", "", 365 * day},
		{"Sat, 21 Mar 2026 12:10:00 GMT", "Sat, 21 Mar 2026 12:09:00 GMT", time.Minute},
		{"Sat, 21 Mar 2026 12:10:00 GMT", "today", 10 * time.Minute},
	}
	for _, tt := range tests {
		h := http.Header{}
		h.Set("Retry-After", tt.retryAfter)
		if tt.date != "" {
			h.Set("Date", tt.date)
		}
		if got := retryAfter(h, now); got != tt.want {
			t.Errorf("Retry-After %q, Date %q: %v, want %v", tt.retryAfter, tt.date, got, tt.want)
		}
	}
}

// TestInvalidTargetIsShort: a management token must not be printed whole.
func TestInvalidTargetIsShort(t *testing.T) {
	s := serveWire(t, func(int, net.Conn) bool { return false })
	_, err := newTestClient(t, s.url, Config{}).GetPost(t.Context(), "AZir15UUmanagement-secret")
	if !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), "management") {
		t.Errorf("got %v, want ErrInvalid without the secret part", err)
	}
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
