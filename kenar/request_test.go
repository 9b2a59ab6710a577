package kenar

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kenar-addons/kenar-addons/internal/golden"
)

// TestRequest shows the bytes of each operation's request.
func TestRequest(t *testing.T) {
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			s := serveWire(t, reply(okAnswer))
			c := newTestClient(t, s.url, Config{})
			if _, err := op.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			request := strings.Join(s.seen(), "")
			request = strings.ReplaceAll(request, strings.TrimPrefix(s.url, "http://"), "kenar.test")
			request = strings.ReplaceAll(request, "\r\n", "\n")
			golden.File(t, "testdata/requests/"+strings.NewReplacer(" ", "_", "(", "", ")", "").Replace(op.name)+".http", request)
		})
	}
}

func TestAccessTokenIsOptional(t *testing.T) {
	s := serveWire(t, reply(okAnswer))
	c := newTestClient(t, s.url, Config{})
	if _, err := c.CreatePostAddonV1(t.Context(), "AZir15UU", "", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"Authorization", "X-Access-Token"} {
		if strings.Contains(s.seen()[0], header) {
			t.Errorf("a call without access token has the header %s:\n%s", header, s.seen()[0])
		}
	}
}

func TestHostsAndPaths(t *testing.T) {
	var got string
	transport := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		got = r.Method + " " + r.URL.String()
		return nil, errors.New("not sent")
	})
	uuid := "812d56e6-e44d-45e7-8932-f9acbd416999"
	tests := []struct {
		name string
		cfg  Config
		call func(*Client) error
		want string
	}{
		{"v2 posts are on the API's host", Config{},
			func(c *Client) error {
				_, err := c.CreatePostAddon(t.Context(), "AZir15UU", "", []byte("{}"))
				return err
			},
			"POST https://open-api.divar.ir/v2/open-platform/addons/post/AZir15UU"},
		{"v1 posts are on the old host", Config{},
			func(c *Client) error {
				_, err := c.CreatePostAddonV1(t.Context(), "AZir15UU", "", []byte("{}"))
				return err
			},
			"POST https://api.divar.ir/v1/open-platform/add-ons/post/AZir15UU"},
		{"businesses", Config{},
			func(c *Client) error {
				_, err := c.CreateBusinessAddon(t.Context(), uuid, "", []byte("{}"))
				return err
			},
			"POST https://open-api.divar.ir/v2/open-platform/addons/business/" + uuid},
		{"businesses on the other documented path", Config{BusinessAddonPath: "/v1/open-platform/addons/business/{business_token}"},
			func(c *Client) error {
				_, err := c.CreateBusinessAddon(t.Context(), uuid, "", []byte("{}"))
				return err
			},
			"POST https://open-api.divar.ir/v1/open-platform/addons/business/" + uuid},
		{"a base URL may have a path and a slash", Config{BaseURL: "https://gateway.test/kenar/"},
			func(c *Client) error { _, err := c.DeleteUserAddon(t.Context(), uuid); return err },
			"DELETE https://gateway.test/kenar/v1/open-platform/addons/user/" + uuid},
		{"images have a host of their own", Config{},
			func(c *Client) error { _, err := c.UploadWidgetImage(t.Context(), []byte(testJPEG)); return err },
			"PUT https://divar.ir/v2/image-service/open-platform/image.jpg"},
		{"images elsewhere", Config{ImageURL: "https://gateway.test/images/"},
			func(c *Client) error { _, err := c.UploadWidgetImage(t.Context(), []byte(testJPEG)); return err },
			"PUT https://gateway.test/images/v2/image-service/open-platform/image.jpg"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Transport = transport
			tt.cfg.APIKey = func() string { return testKey }
			c, err := New(tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.call(c); err == nil {
				t.Fatal("no error from a transport that fails")
			}
			if got != tt.want {
				t.Errorf("called %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAPIKeyIsAskedAtEachCall(t *testing.T) {
	s := serveWire(t, reply(okAnswer))
	keys := []string{"first-key", "second-key"}
	c := newTestClient(t, s.url, Config{APIKey: func() string {
		key := keys[0]
		keys = keys[1:]
		return key
	}})
	for range 2 {
		if _, err := createPostAddon(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"X-Api-Key: first-key\r\n", "X-Api-Key: second-key\r\n"} {
		if !strings.Contains(s.seen()[i], want) {
			t.Errorf("request %d lacks %q:\n%s", i+1, want, s.seen()[i])
		}
	}
}

func TestConnectionsAreReused(t *testing.T) {
	s := serveWire(t, reply(okAnswer))
	c := newTestClient(t, s.url, Config{})
	for _, op := range operations {
		if _, err := op.call(t.Context(), c); err != nil {
			t.Fatalf("%s: %v", op.name, err)
		}
	}
	if got := s.connections(); got != 1 {
		t.Errorf("%d calls in a row used %d connections, want 1", len(operations), got)
	}
}

// TestWrittenAtMostOnce lets connections break in the ways after which net/http
// repeats what it considers safe to repeat. The server counts.
func TestWrittenAtMostOnce(t *testing.T) {
	breaks := []struct {
		name string
		how  func(net.Conn)
	}{
		{"closed before the answer", func(net.Conn) {}},
		{"reset before the answer", reset},
		{"closed within the status line", func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 2") }},
		{"closed within the headers", func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-") }},
	}
	for _, op := range operations {
		for _, br := range breaks {
			for _, reused := range []bool{false, true} {
				name := op.name + "/" + br.name
				before := 0
				if reused {
					name += " on a reused connection"
					before = 1
				}
				t.Run(name, func(t *testing.T) {
					s := serveWire(t, func(n int, conn net.Conn) bool {
						if n <= before {
							return reply(okAnswer)(n, conn)
						}
						br.how(conn)
						return false
					})
					c := newTestClient(t, s.url, Config{})
					for range before {
						if _, err := op.call(t.Context(), c); err != nil {
							t.Fatal(err)
						}
					}
					_, err := op.call(t.Context(), c)
					e := wantError(t, err)
					if e.NeverSent || e.Status != 0 {
						t.Errorf("NeverSent %v, Status %d; want false and 0: the server has read it", e.NeverSent, e.Status)
					}
					if got := len(s.seen()) - before; got != 1 {
						t.Errorf("the request was written %d times, want 1", got)
					}
				})
			}
		}
	}
}

// deadConn lets one write through and fails all later ones before the first
// byte, like a connection that died while idle.
type deadConn struct {
	net.Conn
	writes int // by the one goroutine of the transport that writes
}

func (c *deadConn) Write(b []byte) (int, error) {
	if c.writes++; c.writes > 1 {
		return 0, errors.New("connection died while idle")
	}
	return c.Conn.Write(b)
}

// TestDeadIdleConnection: what was not written at all may be, and is, written
// to another connection. A budget must not pay for a connection's old age.
func TestDeadIdleConnection(t *testing.T) {
	for _, op := range operations {
		if op.method(t) == http.MethodGet {
			continue // cannot be told apart from one that was written; see newRequest
		}
		t.Run(op.name, func(t *testing.T) {
			s := serveWire(t, reply(okAnswer))
			transport := newTransport(4)
			dial := transport.DialContext
			var dials atomic.Int64
			transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := dial(ctx, network, addr)
				if err == nil && dials.Add(1) == 1 {
					return &deadConn{Conn: conn}, nil
				}
				return conn, err
			}
			c := newTestClient(t, s.url, Config{Transport: transport})
			for range 2 {
				if _, err := op.call(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			if got := len(s.seen()); got != 2 {
				t.Errorf("the server got %d requests for 2 calls", got)
			}
			if got := s.connections(); got != 2 {
				t.Errorf("%d connections were used, want 2: the dead one and another", got)
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			var calls atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				http.Redirect(w, r, "/elsewhere", status)
			}))
			defer s.Close()
			for i, op := range operations {
				_, err := op.call(t.Context(), newTestClient(t, s.URL, Config{}))
				if e := wantError(t, err); e.Status != status {
					t.Errorf("%s: Status is %d, want %d", op.name, e.Status, status)
				}
				if got := calls.Load(); got != int64(i+1) {
					t.Fatalf("%s: the server got %d requests after %d calls", op.name, got, i+1)
				}
			}
		})
	}
}
