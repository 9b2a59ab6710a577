package kenar

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestNeverSent: true only when provably not a byte left.
func TestNeverSent(t *testing.T) {
	silent := func(t *testing.T) string { // reads requests, answers nothing
		release := make(chan struct{})
		s := serveWire(t, func(int, net.Conn) bool { <-release; return false })
		t.Cleanup(func() { close(release) })
		return s.url
	}
	tests := []struct {
		name  string
		url   func(t *testing.T) string
		cfg   Config
		ctx   func(context.Context) context.Context
		call  func(context.Context, *Client) (Receipt, error)
		want  bool
		cause error // nil: any
	}{
		{
			name: "connection refused",
			url: func(t *testing.T) string {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				return "http://" + l.Addr().String()
			},
			want: true,
		},
		{
			name: "certificate of an unknown authority",
			url:  func(t *testing.T) string { return startTLS(t, nil).URL },
			want: true,
		},
		{
			name: "context cancelled before the call",
			url:  silent,
			ctx: func(ctx context.Context) context.Context {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx
			},
			want:  true,
			cause: context.Canceled,
		},
		{
			name: "deadline passed before the call",
			url:  silent,
			ctx: func(ctx context.Context) context.Context {
				ctx, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
				cancel()
				return ctx
			},
			want:  true,
			cause: context.DeadlineExceeded,
		},
		{
			name: "invalid argument",
			url:  silent,
			call: func(ctx context.Context, c *Client) (Receipt, error) {
				return c.CreatePostAddon(ctx, "../AZir15UU", testToken, []byte("{}"))
			},
			want:  true,
			cause: ErrInvalid,
		},
		{
			name: "empty body",
			url:  silent,
			call: func(ctx context.Context, c *Client) (Receipt, error) {
				return c.CreatePostAddon(ctx, "AZir15UU", testToken, nil)
			},
			want:  true,
			cause: ErrInvalid,
		},
		{
			name: "access token with a line break",
			url:  silent,
			call: func(ctx context.Context, c *Client) (Receipt, error) {
				return c.CreatePostAddon(ctx, "AZir15UU", testToken+"\r\nX-Admin: 1", []byte("{}"))
			},
			want:  true,
			cause: ErrInvalid,
		},
		{
			name:  "no API key",
			url:   silent,
			cfg:   Config{APIKey: func() string { return "" }},
			want:  true,
			cause: ErrAPIKey,
		},
		{
			name:  "API key with a line break",
			url:   silent,
			cfg:   Config{APIKey: func() string { return testKey + "\n" }},
			want:  true,
			cause: ErrAPIKey,
		},
		{
			name: "headers without limit",
			url: func(t *testing.T) string {
				return serveWire(t, replyThenClose("HTTP/1.1 200 OK\r\nX-Long: "+strings.Repeat("x", 2*maxHeader)+"\r\n\r\n")).url
			},
		},
		{
			name: "an answer that is not HTTP",
			url:  func(t *testing.T) string { return serveWire(t, replyThenClose("SSH-2.0-OpenSSH_9.6\r\n")).url },
		},
		{
			name: "a transport that does not report connections",
			url:  silent,
			cfg: Config{Transport: roundTripFunc(func(*http.Request) (*http.Response, error) {
				return nil, errors.New("who knows")
			})},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newTestClient(t, tt.url(t), tt.cfg)
			ctx := t.Context()
			if tt.ctx != nil {
				ctx = tt.ctx(ctx)
			}
			if tt.call == nil {
				tt.call = createPostAddon
			}
			_, err := tt.call(ctx, c)
			e := wantError(t, err)
			if e.NeverSent != tt.want {
				t.Errorf("NeverSent is %v, want %v: %v", e.NeverSent, tt.want, err)
			}
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("the cause of %q is not %q", err, tt.cause)
			}
			if e.Status != 0 {
				t.Errorf("Status is %d without an answer", e.Status)
			}
		})
	}
}

// TestDeadline measures calls on a clock that stands still while anything runs.
func TestDeadline(t *testing.T) {
	tests := []struct {
		name             string
		timeout, context time.Duration // 0: none given
		want             time.Duration
	}{
		{"by default", 0, 0, DefaultTimeout},
		{"configured", 4 * time.Second, 0, 4 * time.Second},
		{"the context's, when earlier", 4 * time.Second, 3 * time.Second, 3 * time.Second},
		{"the configured one, when the context's is later", 4 * time.Second, 5 * time.Second, 4 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newTestClient(t, "http://kenar.test", Config{Timeout: tt.timeout, Transport: stallingTransport(1, "")})
				ctx := t.Context()
				if tt.context > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.context)
					defer cancel()
				}
				start := time.Now()
				_, err := createPostAddon(ctx, c)
				if e := wantError(t, err); e.NeverSent || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("NeverSent is %v, want a sent request past its deadline: %v", e.NeverSent, err)
				}
				if got := time.Since(start); got != tt.want {
					t.Errorf("the call took %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// TestWaitingForAConnection: it is part of the call's time, and a call that
// ends while waiting was not sent.
func TestWaitingForAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, "http://kenar.test", Config{Timeout: time.Minute, Transport: stallingTransport(1, "")})
		first := make(chan error)
		go func() {
			_, err := createPostAddon(t.Context(), c)
			first <- err
		}()
		synctest.Wait() // the first call has the only connection
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := createPostAddon(ctx, c)
		if e := wantError(t, err); !e.NeverSent {
			t.Errorf("NeverSent is false for a call that never had a connection: %v", err)
		}
		if e := wantError(t, <-first); e.NeverSent {
			t.Errorf("NeverSent is true for a call that was written: %v", err)
		}
	})
}

// TestStalledAnswers: what has come by the deadline counts.
func TestStalledAnswers(t *testing.T) {
	tests := []struct {
		name, answer string
		status       int // 0: none known
	}{
		{"nothing", "", 0},
		{"part of the status line", "HTTP/1.1 2", 0},
		{"headers that never end", "HTTP/1.1 200 OK\r\nX-Slow: ", 0},
		{"200 and no body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 200},
		{"200 and part of a body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n", 200},
		{"400 and part of a body", "HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n{\"code\":3", 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newTestClient(t, "http://kenar.test", Config{Transport: stallingTransport(1, tt.answer)})
				start := time.Now()
				receipt, err := createPostAddon(t.Context(), c)
				if got := time.Since(start); got != DefaultTimeout {
					t.Errorf("the call took %v, want %v", got, DefaultTimeout)
				}
				if tt.status == 200 {
					if err != nil || receipt.Status != 200 {
						t.Errorf("got %+v, %v; want accepted", receipt, err)
					}
					return
				}
				e := wantError(t, err)
				if e.Status != tt.status || e.NeverSent || errors.Is(err, context.DeadlineExceeded) != (tt.status == 0) {
					t.Errorf("Status %d, NeverSent %v, %v; want %d, false", e.Status, e.NeverSent, err, tt.status)
				}
			})
		})
	}
}

// stallingTransport is the client's own transport over connections within the
// process, to a server that answers each request with the same bytes, in which
// something is missing, and then says nothing more.
func stallingTransport(maxConns int, answer string) *http.Transport {
	transport := newTransport(maxConns)
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			r := bufio.NewReader(server)
			for {
				if _, err := readRequest(r); err != nil {
					return
				}
				if _, err := io.WriteString(server, answer); err != nil {
					return
				}
			}
		}()
		return client, nil
	}
	return transport
}
