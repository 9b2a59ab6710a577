package kenar

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// facts is the part of an Error that an answer decides.
type facts struct {
	Status, Code    int
	Message, Window string
	RetryAfter      time.Duration
}

// TestFailures: what is known after answers other than 2xx.
func TestFailures(t *testing.T) {
	tests := []struct {
		name   string
		status int
		header http.Header
		body   string
		want   facts
	}{
		{"Kenar's own form", 404, nil, `{"code":5,"message":"post not found","details":[]}`,
			facts{Status: 404, Code: 5, Message: "post not found"}},
		{"code 9 comes as 412", 412, nil, `{"code": 9, "message": "could not retrieve app from db"}`,
			facts{Status: 412, Code: 9, Message: "could not retrieve app from db"}},
		{"only a message", 400, nil, `{"message":"one or more widgets not allowed"}`,
			facts{Status: 400, Message: "one or more widgets not allowed"}},
		{"only a code", 403, nil, `{"code":7}`, facts{Status: 403, Code: 7}},
		{"fields of other types", 400, nil, `{"code":"three","message":{"fa":"نه"}}`, facts{Status: 400}},
		{"a code beyond int32", 400, nil, `{"code":4294967296}`, facts{Status: 400}},
		{"JSON, but no object", 500, nil, `["down"]`, facts{Status: 500}},
		{"null", 500, nil, `null`, facts{Status: 500}},
		{"truncated JSON", 400, nil, `{"code":3,"message":"title is too`, facts{Status: 400}},
		{"empty", 503, nil, ``, facts{Status: 503}},
		{"HTML of an edge server", 502, nil, "<html><body><h1>502 Bad Gateway</h1><hr>openresty</body></html>", facts{Status: 502}},
		{"XML of an object store", 503, nil, `<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>`, facts{Status: 503}},
		{"bytes that are no text", 500, nil, "\x1f\x8b\x00\xff\xfe", facts{Status: 500}},
		{"a status without a name", 599, nil, `{"code":13,"message":"internal"}`, facts{Status: 599, Code: 13, Message: "internal"}},

		{"429 that names no limit", 429, nil, `{"code":8,"message":"rate limit exceeded"}`,
			facts{Status: 429, Code: 8, Message: "rate limit exceeded"}},
		{"429 of the minutely limit", 429, nil, `{"code":8,"message":"minutely limit exceeded"}`,
			facts{Status: 429, Code: 8, Message: "minutely limit exceeded", Window: "minute"}},
		{"429 of the daily quota, in the details", 429, nil, `{"code":8,"message":"no","details":[{"@type":"x","violations":[{"subject":"app/DAILY_quota"}]}]}`,
			facts{Status: 429, Code: 8, Message: "no", Window: "day"}},
		{"429 in Persian", 429, nil, `{"message":"سهمیهٔ روزانهٔ برنامه تمام شده است"}`,
			facts{Status: 429, Message: "سهمیهٔ روزانهٔ برنامه تمام شده است", Window: "day"}},
		{"429 in Persian, escaped", 429, nil, `{"message":"\u062f\u0642\u06cc\u0642\u0647\u200c\u0627\u06cc"}`,
			facts{Status: 429, Message: "دقیقه\u200cای", Window: "minute"}},
		{"429 that names both limits", 429, nil, `{"message":"per minute or per day"}`,
			facts{Status: 429, Message: "per minute or per day"}},
		{"429 that names a time to wait", 429, nil, `{"message":"try again in 5 minutes, not today"}`,
			facts{Status: 429, Message: "try again in 5 minutes, not today"}},
		{"429 of an edge server", 429, nil, `<p>Come back in a minute</p>`, facts{Status: 429}},
		{"a limit in another status", 400, nil, `{"message":"daily"}`, facts{Status: 400, Message: "daily"}},

		{"Retry-After in seconds", 429, http.Header{"Retry-After": {"120"}}, ``,
			facts{Status: 429, RetryAfter: 2 * time.Minute}},
		{"Retry-After as a date", 503, http.Header{
			"Date":        {"Sat, 21 Mar 2026 00:00:00 GMT"},
			"Retry-After": {"Sat, 21 Mar 2026 01:30:00 GMT"},
		}, ``, facts{Status: 503, RetryAfter: 90 * time.Minute}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range tt.header {
					w.Header()[name] = values
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer s.Close()
			c := newTestClient(t, s.URL, Config{})
			for _, op := range operations {
				receipt, err := op.call(t.Context(), c)
				e := wantError(t, err)
				got := facts{e.Status, e.Code, e.Message, e.Window, e.RetryAfter}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", op.name, diff)
				}
				if want := strings.ToValidUTF8(tt.body, "\uFFFD"); e.Body != want {
					t.Errorf("%s: Body is %q, want %q", op.name, e.Body, want)
				}
				if e.Op != op.name || e.NeverSent || e.Err != nil || receipt != (Receipt{}) {
					t.Errorf("Op %q, NeverSent %v, Err %v, receipt %+v; want %q and zeros", e.Op, e.NeverSent, e.Err, receipt, op.name)
				}
			}
		})
	}
}

// TestAccepted: a 2xx is success whatever comes with it, unless the id of a
// user add-on is missing.
func TestAccepted(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	tests := []struct {
		name   string
		answer string
		id     string
	}{
		{"empty object", head + "Content-Length: 2\r\n\r\n{}", ""},
		{"id", head + "Content-Length: 12\r\n\r\n{\"id\":\"a-1\"}", "a-1"},
		{"id as a number", head + "Content-Length: 10\r\n\r\n{\"id\":123}", "123"},
		{"id that no request could name", head + "Content-Length: 15\r\n\r\n{\"id\":\"../a-1\"}", ""},
		{"id of another type", head + "Content-Length: 11\r\n\r\n{\"id\":true}", ""},
		{"status 201", "HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\n{\"id\":\"a-1\"}", "a-1"},
		{"status 204", "HTTP/1.1 204 No Content\r\n\r\n", ""},
		{"no body", head + "Content-Length: 0\r\n\r\n", ""},
		{"not JSON", head + "Content-Length: 15\r\n\r\n<html>ok</html>", ""},
		{"JSON, but no object", head + "Content-Length: 7\r\n\r\n[\"id\"]\n", ""},
		{"body that breaks off", head + "Content-Length: 100\r\n\r\n{\"id\":\"a-", ""},
		{"chunks that break off", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n", ""},
		{"bad chunk length", head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, replyThenClose(tt.answer))
			for _, op := range addonOperations[:6] {
				// A client each, as the connection is closing.
				receipt, err := op.call(t.Context(), newTestClient(t, s.url, Config{}))
				if receipt.Status/100 != 2 || receipt.ID != tt.id {
					t.Errorf("%s: receipt is %+v, want a 2xx and id %q", op.name, receipt, tt.id)
				}
				if op.name == "create user add-on" && tt.id == "" {
					if e := wantError(t, err); !errors.Is(err, ErrNoID) || e.Status != receipt.Status || e.NeverSent {
						t.Errorf("accepted without an id: %+v, want status %d and ErrNoID", e, receipt.Status)
					}
				} else if err != nil {
					t.Errorf("%s: %v", op.name, err)
				}
			}
		})
	}
}

// TestBrokenBodies: how a body ends decides nothing once the status is known.
func TestBrokenBodies(t *testing.T) {
	ends := map[string]func(net.Conn){
		"is reset": reset,
		"closes":   func(net.Conn) {},
	}
	for name, end := range ends {
		s := serveWire(t, func(n int, conn net.Conn) bool {
			status := []string{"200 OK", "400 Bad Request"}[n-1]
			fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: 1000\r\n\r\n{\"code\":3", status)
			end(conn)
			return false
		})
		c := newTestClient(t, s.url, Config{})
		if receipt, err := createPostAddon(t.Context(), c); err != nil || receipt.Status != 200 {
			t.Errorf("200 with a body that %s: %+v, %v; want accepted", name, receipt, err)
		}
		_, err := createPostAddon(t.Context(), c)
		if e := wantError(t, err); e.Status != 400 || e.Err != nil {
			t.Errorf("400 with a body that %s: %+v, want the status", name, e)
		}
	}
}

func TestGetPost(t *testing.T) {
	published := time.Date(2026, 3, 21, 8, 30, 0, 0, time.UTC)
	tests := []struct {
		name, body string
		want       Post
	}{
		{"all fields", `{
			"token": "AZir15UU", "category": "light", "city": "tehran", "district": "nazi-abad",
			"state": "PUBLISHED", "chat_enabled": true,
			"first_published_at": "2026-03-21T12:00:00+03:30", "last_modified_at": "2026-03-21T08:30:00.5Z",
			"business_data": {"business_type": "CAR", "business_name": "نمایشگاه"},
			"data": {"title": "پژو ۲۰۶", "price": {"mode": "مقطوع", "value": 1100000}}}`,
			Post{
				Token: "AZir15UU", Category: "light", City: "tehran", District: "nazi-abad",
				State: StatePublished, Title: "پژو ۲۰۶", BusinessType: "CAR",
				FirstPublishedAt: published, LastModifiedAt: published.Add(time.Second / 2),
			}},
		{"absent is zero", `{"token":"AZir15UU"}`, Post{Token: "AZir15UU"}},
		{"empty object", `{}`, Post{}},
		{"fields of other types", `{"token":7,"city":null,"state":"RETIRED","data":[],"business_data":"x","first_published_at":"yesterday"}`,
			Post{State: StateRetired}},
		{"a state that came later", `{"state":"ARCHIVED"}`, Post{State: "ARCHIVED"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, tt.body)
			}))
			defer s.Close()
			got, err := newTestClient(t, s.URL, Config{}).GetPost(t.Context(), "AZir15UU")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestGetPostMalformed(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	tests := map[string]string{
		"empty":      head + "Content-Length: 0\r\n\r\n",
		"HTML":       head + "Content-Length: 6\r\n\r\n<html>",
		"an array":   head + "Content-Length: 2\r\n\r\n[]",
		"null":       head + "Content-Length: 4\r\n\r\nnull",
		"cut off":    head + "Content-Length: 99\r\n\r\n{\"token\":\"AZir15UU\"",
		"endless":    head + "\r\n{\"token\":\"" + strings.Repeat("x", maxAnswer),
		"no content": "HTTP/1.1 204 No Content\r\n\r\n",
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			s := serveWire(t, replyThenClose(answer))
			post, err := newTestClient(t, s.url, Config{}).GetPost(t.Context(), "AZir15UU")
			if e := wantError(t, err); !errors.Is(err, ErrMalformed) || e.Status/100 != 2 || post != (Post{}) {
				t.Errorf("got %+v, %+v; want no post, the 2xx and ErrMalformed", post, e)
			}
		})
	}
}

// endless is a body that never ends and counts what is read of it.
type endless struct {
	read   int
	closed bool
}

func (b *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	b.read += len(p)
	return len(p), nil
}

func (b *endless) Close() error { b.closed = true; return nil }

func TestEndlessBody(t *testing.T) {
	for _, status := range []int{200, 500} {
		for _, op := range operations {
			body := new(endless)
			c := newTestClient(t, "http://kenar.test", Config{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: body, Request: r}, nil
			})})
			_, err := op.call(t.Context(), c)
			most := maxAnswer
			if status == 200 && answeredAtLength[op.name] {
				most = maxDocument
			}
			if body.read > most || !body.closed {
				t.Errorf("%s, status %d: read %d bytes, closed %v; want at most %d, closed", op.name, status, body.read, body.closed, most)
			}
			if e := (*Error)(nil); errors.As(err, &e) && len(e.Body) > maxExcerpt {
				t.Errorf("%s, status %d: Body has %d bytes, want at most %d", op.name, status, len(e.Body), maxExcerpt)
			}
		}
	}
}

// TestGzipBomb: 16 MiB that come as 16 KiB are never held, whether or not the
// transport inflates.
func TestGzipBomb(t *testing.T) {
	const inflated = 16 << 20
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range inflated / len(zeros) {
		_, _ = z.Write(zeros)
	}
	_ = z.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write(bomb.Bytes())
	}))
	defer s.Close()
	for name, transport := range map[string]http.RoundTripper{
		"own transport":            nil,
		"transport that inflates":  &http.Transport{},
		"transport that keeps all": &http.Transport{DisableCompression: true},
	} {
		c := newTestClient(t, s.URL, Config{Transport: transport})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := createPostAddon(t.Context(), c)
		runtime.ReadMemStats(&after)
		if e := wantError(t, err); e.Status != http.StatusBadGateway || len(e.Body) > maxExcerpt {
			t.Errorf("%s: Status %d, %d bytes of Body", name, e.Status, len(e.Body))
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > inflated/4 {
			t.Errorf("%s: the call allocated %d bytes", name, used)
		}
	}
}
