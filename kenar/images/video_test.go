package images

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The beginnings of videos, as their encoders write them.
const (
	mp4Video   = "\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"
	mp42Video  = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
	quickTime  = "\x00\x00\x00\x14ftypqt  \x20\x05\x03\x00qt  "
	webmVideo  = "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01"
	aviVideo   = "RIFF\x24\x10\x00\x00AVI LIST"
	heicImage  = "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
	onlySound  = "\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00M4A mp42isom"
	noVideo    = ": an MP4, WebM or AVI is wanted"
	withTheSig = "https://example.com/17/tour.mp4?sig=s3cret"
)

func videoURI(kind, data string) string {
	return "data:video/" + kind + ";base64," + base64.StdEncoding.EncodeToString([]byte(data))
}

// TestVideo: what is sent, and that what comes back is what the host has.
func TestVideo(t *testing.T) {
	var requests []*http.Request
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r)
		w.Header().Set("Content-Type", "text/plain") // does not matter
		_, _ = io.WriteString(w, mp4Video+"the rest")
	})
	f := newFetcher(t, s, Config{Hosts: mustHosts(t, "example.com")})
	got, err := f.Video(t.Context(), withTheSig+"#t=3")
	if err != nil || string(got) != mp4Video+"the rest" {
		t.Fatalf("got %q, %v", got, err)
	}
	r := requests[0]
	want := http.Header{
		"Accept":          {"video/mp4, video/quicktime, video/webm, video/x-msvideo"},
		"Accept-Encoding": {"identity"},
		"User-Agent":      {"kenar-addons"},
	}
	if diff := cmp.Diff(want, r.Header); diff != "" || r.Method != http.MethodGet || r.RequestURI != "/17/tour.mp4?sig=s3cret" || r.Host != "example.com" {
		t.Errorf("%s %s %s, headers (-want +got):\n%s", r.Method, r.Host, r.RequestURI, diff)
	}
}

// TestVideoBytes: what is a video by its first bytes. A URL and a data URI are
// judged alike, and the latter before it is queued, too.
func TestVideoBytes(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		want       string // "" is a video
	}{
		{"MP4", mp4Video, ""},
		{"MP4 of another brand", mp42Video, ""},
		{"QuickTime", quickTime, ""},
		{"WebM", webmVideo, ""},
		{"AVI", aviVideo, ""},
		{"nothing", "", "it is empty" + noVideo},
		{"HTML", "<!DOCTYPE html><p>sign in</p>", "its bytes are those of text/html; charset=utf-8" + noVideo},
		{"an image", "\x89PNG\r\n\x1a\n", "its bytes are those of image/png" + noVideo},
		{"an image of the MP4 family", heicImage, "its bytes are those of an ISO media file of the brand heic" + noVideo},
		{"sound of the MP4 family", onlySound, "its bytes are those of an ISO media file of the brand M4A" + noVideo},
		{"a WebP, which is a RIFF like an AVI", "RIFF\x24\x10\x00\x00WEBPVP8 ", "its bytes are those of image/webp" + noVideo},
		{"cut off in its first box", mp4Video[:11], "its bytes are those of application/octet-stream" + noVideo},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFetcher(t, serveBytes(t, []byte(tt.data)), Config{Hosts: mustHosts(t, "example.com")})
			uri := videoURI("mp4", tt.data)
			fetched, urlErr := f.Video(t.Context(), withTheSig)
			given, uriErr := f.Video(t.Context(), uri)
			checkErr := f.CheckVideo(uri)
			if tt.want == "" {
				if urlErr != nil || uriErr != nil || checkErr != nil || string(fetched) != tt.data || string(given) != tt.data {
					t.Errorf("got %q, %v; from the data URI %q, %v; checked: %v", fetched, urlErr, given, uriErr, checkErr)
				}
				return
			}
			if e := wantError(t, urlErr, false, "video from example.com: "+tt.want); e.Host != "example.com" || !e.Video || strings.Contains(e.Error(), "s3cret") {
				t.Errorf("%#v", e)
			}
			wantError(t, uriErr, false, "video: "+tt.want)
			wantError(t, checkErr, false, "video: "+tt.want)
			if fetched != nil || given != nil {
				t.Errorf("got %q and %q beside the errors", fetched, given)
			}
		})
	}
}

// TestVideoLimits: a video has a limit of its own, announced or not, and within
// a URI.
func TestVideoLimits(t *testing.T) {
	exact := mp4Video + strings.Repeat("x", 1<<20-len(mp4Video))
	chunked := func(data string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, data[:len(mp4Video)])
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, data[len(mp4Video):])
		}
	}
	announced := func(data string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(data))
		}
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   string // "" is success
	}{
		{"as large as allowed, announced", announced(exact), ""},
		{"as large as allowed, unannounced", chunked(exact), ""},
		{"a byte more, announced", announced(exact + "x"), "it has 1048577 bytes, at most 1 MiB are fetched"},
		{"a byte more, unannounced", chunked(exact + "x"), "it is larger than the 1 MiB that are fetched at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFetcher(t, serve(t, tt.answer), Config{Hosts: mustHosts(t, "example.com"), MaxVideoBytes: 1 << 20, MaxBytes: 10})
			got, err := f.Video(t.Context(), withTheSig)
			if tt.want != "" {
				wantError(t, err, false, tt.want)
				return
			}
			if err != nil || string(got) != exact {
				t.Errorf("got %d bytes, %v, want %d", len(got), err, len(exact))
			}
		})
	}
	f := newFetcher(t, nil, Config{MaxVideoBytes: 64})
	if got, err := f.Video(t.Context(), videoURI("mp4", exact[:64])); err != nil || len(got) != 64 {
		t.Errorf("of 64 bytes in a data URI: %d, %v", len(got), err)
	}
	_, err := f.Video(t.Context(), videoURI("mp4", exact[:65]))
	wantError(t, err, false, "video: the data URI has 65 bytes, at most 64 bytes are taken")
	_, err = New(Config{MaxVideoBytes: -1})
	if err == nil || err.Error() != "images config: MaxVideoBytes is -1: it must be positive, or 0 for 67108864" {
		t.Errorf("a negative limit: %v", err)
	}
}

// TestVideoSources: which are refused before anything is fetched.
func TestVideoSources(t *testing.T) {
	f := newFetcher(t, serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("fetched %s", r.URL) }), Config{Hosts: mustHosts(t, "example.com")})
	for source, want := range map[string]string{
		"http://example.com/1.mp4?sig=s3cret":  `video from example.com: the URL has the scheme "http": only https is fetched`,
		"https://evil.example/1.mp4?s3cret":    "video from evil.example: the host is not on the list",
		"https://127.0.0.1/1.mp4?s3cret":       "video from 127.0.0.1: the host is not on the list",
		"https://s3cret@example.com/1.mp4":     "the URL has a user name",
		"1.mp4":                                "only https is fetched",
		"data:image/png;base64,iVBORw0KGgo=":   "video: the data URI must be data:video/mp4;base64, or another video type, with the base64 of the video behind it",
		"data:video/mp4,AAAA":                  "the data URI must be data:video/mp4;base64",
		"data:video/mp4;base64,s3cret s3cret!": "video: the data URI is not base64",
	} {
		_, err := f.Video(t.Context(), source)
		for _, err := range []error{err, f.CheckVideo(source)} {
			if e := wantError(t, err, false, want); !e.Video || strings.Contains(e.Error(), "s3cret") {
				t.Errorf("%q: %v", source, err)
			}
		}
	}
	if err := f.CheckVideo(withTheSig); err != nil {
		t.Errorf("an allowed URL: %v", err)
	}
	if err := f.Check(videoURI("mp4", mp4Video)); err == nil {
		t.Error("a video passes for an image")
	}
}

// TestVideoOnTheWay: an answer that is no video yet, or comes too slowly, may
// be one later; one that leads elsewhere is followed by the rules for images.
func TestVideoOnTheWay(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"/404": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"/503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"/packed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, mp4Video)
		},
		"/broken": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999")
			_, _ = io.WriteString(w, mp4Video)
		},
		"/slow": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, mp4Video)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
		"/moved": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/video", http.StatusFound) },
		"/away": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://169.254.169.254/", http.StatusFound)
		},
		"/video": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, mp4Video) },
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answers[r.URL.Path](w, r) })
	f := newFetcher(t, s, Config{Hosts: mustHosts(t, "example.com")})
	impatient := newFetcher(t, s, Config{Hosts: mustHosts(t, "example.com"), Timeout: 300 * time.Millisecond})
	for path, tt := range map[string]struct {
		temporary bool
		want      string
	}{
		"/404":    {false, "video from example.com: the host answered 404 Not Found: a video is wanted, with 200"},
		"/503":    {true, "the host answered 503 Service Unavailable: try again later"},
		"/packed": {false, "which was not asked for: serve videos as they are"},
		"/broken": {true, "the answer broke off after 32 bytes"},
		"/away":   {false, "example.com redirects there: the host is not on the list"},
	} {
		got, err := f.Video(t.Context(), "https://example.com"+path)
		if e := wantError(t, err, tt.temporary, tt.want); !e.Video || got != nil {
			t.Errorf("%s: %q beside %v", path, got, err)
		}
	}
	_, err := impatient.Video(t.Context(), "https://example.com/slow")
	if e := wantError(t, err, true, "(at most 300ms for all)"); !e.Video || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
	if got, err := f.Video(t.Context(), "https://example.com/moved"); err != nil || !bytes.Equal(got, []byte(mp4Video)) {
		t.Errorf("moved: %q, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Video(ctx, "https://example.com/video"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestVideoOfInnerAddresses: a listed name does not help an address that is not
// public.
func TestVideoOfInnerAddresses(t *testing.T) {
	g := newGuarded(t, func(string) []string { return []string{"169.254.169.254"} })
	_, err := g.Video(t.Context(), "https://cdn.example.com/1.mp4?s3cret")
	wantError(t, err, false, "video from cdn.example.com: the name leads to an address that nothing is fetched from: 169.254.169.254 is link-local")
	if g.connected != nil {
		t.Errorf("connected to %v", g.connected)
	}
}
