package images

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const onExample = "https://example.com/17/front.jpg?sig=s3cret"

// TestFetch: what is sent, and what comes of the answer.
func TestFetch(t *testing.T) {
	picture := encodePNG(t, quarters(40, 20))
	var requests []*http.Request
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r)
		w.Header().Set("Content-Type", "text/plain") // does not matter
		_, _ = w.Write(picture)
	})
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	f := newFetcher(t, s, Config{Hosts: mustHosts(t, "example.com")})
	got, err := f.JPEG(t.Context(), onExample+"#top")
	if err != nil {
		t.Fatal(err)
	}
	if img := wantJPEG(t, got); seen(img) != "RGBK" || got.Width != 40 || got.Height != 20 {
		t.Errorf("got %d×%d with the quarters %s", got.Width, got.Height, seen(img))
	}
	r := requests[0]
	want := http.Header{
		"Accept":          {"image/jpeg, image/png, image/webp, image/gif"},
		"Accept-Encoding": {"identity"},
		"User-Agent":      {"kenar-addons"},
	}
	if diff := cmp.Diff(want, r.Header); diff != "" || r.Method != http.MethodGet || r.RequestURI != "/17/front.jpg?sig=s3cret" || r.Host != "example.com" {
		t.Errorf("%s %s %s, headers (-want +got):\n%s", r.Method, r.Host, r.RequestURI, diff)
	}
	again, err := f.JPEG(t.Context(), dataURI("png", picture))
	if err != nil || again.SHA256 != got.SHA256 || !bytes.Equal(again.Data, got.Data) {
		t.Errorf("the same bytes came to another JPEG: %v", err)
	}
}

// TestAnswers: which are an image, which may become one, and which never will.
func TestAnswers(t *testing.T) {
	good := encodeJPEG(t, quarters(16, 16))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(make([]byte, 10<<20))
	_ = z.Close()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); _, _ = w.Write(good) }
	}
	tests := []struct {
		name      string
		answer    http.HandlerFunc
		temporary bool
		want      string // "" is success
	}{
		{"JPEG", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(good) }, false, ""},
		{"JPEG by another name", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", "identity")
			_, _ = w.Write(good)
		}, false, ""},
		{"HTML by the name of JPEG", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/jpeg")
			_, _ = io.WriteString(w, "<!DOCTYPE html><p>sign in</p>")
		}, false, "its bytes are those of text/html; charset=utf-8: a JPEG, PNG, WebP or GIF is wanted"},
		{"SVG", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<svg xmlns='x'/>") },
			false, "a JPEG, PNG, WebP or GIF is wanted"},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, false, "it is empty"},
		{"204", status(204), false, "answered 204"},
		{"206", status(206), false, "answered 206"},
		{"300", status(300), false, "answered 300"},
		{"304", status(304), false, "answered 304"},
		{"400", status(400), false, "answered 400 Bad Request: an image is wanted, with 200; check the URL, and whether it has expired"},
		{"403", status(403), false, "answered 403 Forbidden"},
		{"404", status(404), false, "answered 404 Not Found"},
		{"408", status(408), true, "answered 408"},
		{"425", status(425), true, "answered 425"},
		{"429", status(429), true, "answered 429 Too Many Requests: try again later"},
		{"500", status(500), true, "answered 500"},
		{"503", status(503), true, "answered 503"},
		{"599", status(599), true, "answered 599: try again later"},
		{"too large, as announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1048577")
			w.WriteHeader(http.StatusOK)
		}, false, "it has 1048577 bytes, at most 1 MiB are fetched"},
		{"too large, unannounced", func(w http.ResponseWriter, _ *http.Request) {
			for range 17 {
				_, _ = w.Write(make([]byte, 64<<10))
			}
		}, false, "it is larger than the 1 MiB that are fetched at most"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(good)
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, false, "it is larger than the 1 MiB that are fetched at most"},
		{"packed bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed.Bytes())
		}, false, "the answer is packed (Content-Encoding gzip)"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999")
			_, _ = w.Write(good)
		}, true, "the answer broke off after " + strconv.Itoa(len(good)) + " bytes"},
		{"closed", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true, "the host cannot be reached"},
		{"headers without end", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 2*maxHeader))
		}, true, "the host cannot be reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFetcher(t, serve(t, tt.answer), Config{Hosts: mustHosts(t, "example.com"), MaxBytes: 1 << 20})
			got, err := f.JPEG(t.Context(), onExample)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				wantJPEG(t, got)
				return
			}
			e := wantError(t, err, tt.temporary, tt.want)
			if e.Host != "example.com" || strings.Contains(e.Error(), "s3cret") {
				t.Errorf("host %q, text %q", e.Host, err)
			}
			if code, err := strconv.Atoi(tt.name); err == nil && e.Status != code {
				t.Errorf("Status is %d, want %d", e.Status, code)
			}
		})
	}
}

// TestSlow: whatever a host is slow with ends at the timeout.
func TestSlow(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"body": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("\xff\xd8\xff"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-r.Context().Done()
			}
			http.Redirect(w, r, "/slow", http.StatusFound)
		},
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFetcher(t, serve(t, answer), Config{Hosts: mustHosts(t, "example.com"), Timeout: 200 * time.Millisecond})
			_, err := f.JPEG(t.Context(), onExample)
			e := wantError(t, err, true, "(at most 200ms for all)")
			if !errors.Is(err, context.DeadlineExceeded) || e.Host != "example.com" {
				t.Errorf("host %q: %v", e.Host, err)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := newFetcher(t, serve(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }), Config{Hosts: mustHosts(t, "example.com")})
		_, err := f.JPEG(ctx, onExample)
		if wantError(t, err, true, "not enough time for an answer"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestRedirects: each goes where the list allows or nowhere.
func TestRedirects(t *testing.T) {
	good := encodeJPEG(t, quarters(16, 16))
	tests := []struct {
		name, to string
		want     string // "" is success
	}{
		{"relative", "/image", ""},
		{"to another listed host", "https://cdn.example.com/image", ""},
		{"three of them", "/3", ""},
		{"four of them", "/4", "more than 3 redirects: give the URL they end at"},
		{"in a circle", "/circle", "more than 3 redirects"},
		{"to loopback", "https://127.0.0.1/image", "example.com redirects there: the host is not on the list"},
		{"to loopback in IPv6", "https://[::1]/image", "the host is not on the list"},
		{"to metadata", "https://169.254.169.254/latest/meta-data/", "the host is not on the list"},
		{"to a host that is not listed", "https://evil.com/image?s3cret", "the host is not on the list"},
		{"to another port", "https://example.com:8443/image", "not allowed on port 8443"},
		{"to http", "http://example.com/image", "only https is fetched"},
		{"to a file", "file:///etc/passwd", "only https is fetched"},
		{"with a user name", "https://s3cret@example.com/image", "has a user name"},
		{"to nowhere", "", "redirects (302) to nowhere"},
		{"to no URL", "https://exa mple.com/%zz", "redirects (302) to nowhere, or to what is no URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" {
					t.Errorf("sent %v", r.Header)
				}
				w.Header().Set("Set-Cookie", "a=b")
				n, _ := strconv.Atoi(r.URL.Path[1:])
				switch {
				case r.URL.Path == "/image" || r.URL.Path == "/1":
					_, _ = w.Write(good)
					return
				case n > 1:
					w.Header().Set("Location", fmt.Sprintf("/%d", n-1))
				case r.URL.Path == "/circle":
					w.Header().Set("Location", "/circle")
				case tt.to != "":
					w.Header().Set("Location", tt.to)
				}
				w.WriteHeader(http.StatusFound)
			})
			f := newFetcher(t, s, Config{Hosts: mustHosts(t, "example.com, cdn.example.com")})
			got, err := f.JPEG(t.Context(), "https://example.com/start")
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				wantJPEG(t, got)
				return
			}
			if e := wantError(t, err, false, tt.want); strings.Contains(e.Error(), "s3cret") {
				t.Errorf("the error shows the URL: %v", err)
			}
		})
	}
}
