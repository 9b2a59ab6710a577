package kenar

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	testKey   = "key.0123456789abcdef"
	testToken = "ory_at_secret-of-the-user"

	testJPEG = "\xff\xd8\xff pixels \xff\xd9" // as far as the client looks
)

// newTestClient returns a client of a server on this machine, over the
// client's own transport unless cfg brings another.
func newTestClient(t *testing.T, url string, cfg Config) *Client {
	t.Helper()
	cfg.BaseURL, cfg.LegacyURL, cfg.ImageURL = url, url, url
	if cfg.APIKey == nil {
		cfg.APIKey = func() string { return testKey }
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// An operation calls one method of Client with valid arguments.
type operation struct {
	name string
	call func(context.Context, *Client) (Receipt, error)
}

// operations is every operation there is.
var operations = slices.Concat(addonOperations, postOperations)

// addonOperations are those of add-ons, beginning with the six that are
// answered with a Receipt.
var addonOperations = []operation{
	{"create post add-on", func(ctx context.Context, c *Client) (Receipt, error) {
		return c.CreatePostAddon(ctx, "AZir15UU", testToken, []byte(`{"widgets":[]}`))
	}},
	{"create post add-on (v1)", func(ctx context.Context, c *Client) (Receipt, error) {
		return c.CreatePostAddonV1(ctx, "gap5-Twe", testToken, []byte(`{"widgets":{}}`))
	}},
	{"create business add-on", func(ctx context.Context, c *Client) (Receipt, error) {
		return c.CreateBusinessAddon(ctx, "xYzAbC123", testToken, []byte(`{"widgets":[]}`))
	}},
	{"create user add-on", func(ctx context.Context, c *Client) (Receipt, error) {
		return c.CreateUserAddon(ctx, "u-17", testToken, []byte(`{"widgets":[]}`))
	}},
	{"delete post add-on", func(ctx context.Context, c *Client) (Receipt, error) {
		return c.DeletePostAddon(ctx, "AZir15UU")
	}},
	{"delete user add-on", func(ctx context.Context, c *Client) (Receipt, error) {
		return c.DeleteUserAddon(ctx, "812d56e6-e44d-45e7-8932-f9acbd416999")
	}},
	{"get post", func(ctx context.Context, c *Client) (Receipt, error) {
		_, err := c.GetPost(ctx, "AZir15UU")
		return Receipt{}, err
	}},
	{"upload widget image", func(ctx context.Context, c *Client) (Receipt, error) {
		_, err := c.UploadWidgetImage(ctx, []byte(testJPEG))
		return Receipt{}, err
	}},
}

// createPostAddon is the operation for tests in which it does not matter.
var createPostAddon = operations[0].call

// method returns the HTTP method of an operation.
func (op operation) method(t *testing.T) (method string) {
	t.Helper()
	c := newTestClient(t, "http://kenar.test", Config{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
		method = r.Method
		return nil, errors.New("not sent")
	})})
	_, _ = op.call(t.Context(), c)
	return method
}

// wireServer is a TCP server which keeps the exact bytes of every request and
// leaves the answer, or the lack of one, to the test.
type wireServer struct {
	url string

	mu       sync.Mutex
	requests []string
	conns    []net.Conn
}

// serveWire starts a server. answer is called with the number of the request,
// from 1, once it has been read; the connection is closed unless it returns
// true.
func serveWire(t *testing.T, answer func(n int, conn net.Conn) (keep bool)) *wireServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &wireServer{url: "http://" + l.Addr().String()}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			serving.Go(func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					request, err := readRequest(r)
					if err != nil {
						return
					}
					s.mu.Lock()
					s.requests = append(s.requests, request)
					n := len(s.requests)
					s.mu.Unlock()
					if !answer(n, conn) {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for _, conn := range s.conns {
			_ = conn.Close()
		}
		s.mu.Unlock()
		serving.Wait()
	})
	return s
}

// seen returns the requests so far.
func (s *wireServer) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// connections returns how many there were so far.
func (s *wireServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// readRequest reads the bytes of one HTTP/1.1 request with a Content-Length or
// without a body.
func readRequest(r *bufio.Reader) (string, error) {
	var raw strings.Builder
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		raw.WriteString(line)
		if line == "\r\n" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		if textproto.CanonicalMIMEHeaderKey(name) == "Content-Length" {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return "", err
			}
		}
	}
	_, err := io.CopyN(&raw, r, int64(length))
	return raw.String(), err
}

// reply returns an answer for serveWire that writes s and keeps the connection.
func reply(s string) func(int, net.Conn) bool {
	return func(_ int, conn net.Conn) bool {
		_, err := io.WriteString(conn, s)
		return err == nil
	}
}

// replyThenClose is reply, but closes the connection afterwards.
func replyThenClose(s string) func(int, net.Conn) bool {
	return func(_ int, conn net.Conn) bool {
		_, _ = io.WriteString(conn, s)
		return false
	}
}

// okAnswer is one that every operation is content with.
var okAnswer = answerOf(http.StatusOK, `{"id":"`+paymentID+`","image_name":"a.jpg",`+
	`"post_token":"AZir15UU","transaction":{"id":"`+paymentID+`"},"image":{"url":"https://divar.ir/"},`+
	`"path":"/a.jpg","video_name":"a.mp4","thumbnail_name":"a.jpg"}`)

// reset closes a connection with a TCP reset.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// wantError returns err as the *Error that every method promises.
func wantError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T (%v), want *Error", err, err)
	}
	return e
}
