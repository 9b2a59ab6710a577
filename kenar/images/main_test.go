package images

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newFetcher returns a Fetcher for which the test server is all there is of
// the internet: every name leads to it, and its certificate is trusted.
// Addresses are not checked on this way, see newGuarded.
func newFetcher(t testing.TB, s *httptest.Server, cfg Config) *Fetcher {
	t.Helper()
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if s != nil {
		f.transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
		}
		trust(f, s)
	}
	t.Cleanup(f.CloseIdleConnections)
	return f
}

// trust makes f believe the certificate of a test server, which is that of
// example.com.
func trust(f *Fetcher, s *httptest.Server) {
	if transport, ok := s.Client().Transport.(*http.Transport); ok {
		f.transport.TLSClientConfig.RootCAs = transport.TLSClientConfig.RootCAs
	}
}

// serve starts a TLS server of example.com.
func serve(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // some connections break on purpose
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// serveBytes answers every request with the same.
func serveBytes(t testing.TB, data []byte) *httptest.Server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
}

func mustHosts(t testing.TB, s string) Hosts {
	t.Helper()
	h, err := ParseHosts(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// wantError returns what is in err, the *Error that every method promises, and
// checks its text.
func wantError(t *testing.T, err error, temporary bool, text string) Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T (%v), want *Error with %q", err, err, text)
	}
	if e.Temporary != temporary || !strings.Contains(e.Error(), text) {
		t.Errorf("temporary %v: %v\nwant %v and %q", e.Temporary, e, temporary, text)
	}
	return *e
}

func dataURI(kind string, data []byte) string {
	return "data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
}

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// quarters is an image whose quarters are red, green, blue and black, from
// top left in reading order.
func quarters(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{A: 0xff}
			switch {
			case y < h/2 && x < w/2:
				c.R = 0xff
			case y < h/2:
				c.G = 0xff
			case x < w/2:
				c.B = 0xff
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// seen is what quarters an image has, in reading order, one letter each: Red,
// Green, Blue, blacK, White.
func seen(img image.Image) string {
	b := img.Bounds()
	var s strings.Builder
	for _, at := range []image.Point{{1, 1}, {3, 1}, {1, 3}, {3, 3}} {
		r, g, bl, _ := img.At(b.Min.X+b.Dx()*at.X/4, b.Min.Y+b.Dy()*at.Y/4).RGBA()
		bright := func(v uint32) bool { return v > 0x8000 }
		switch {
		case bright(r) && bright(g) && bright(bl):
			s.WriteByte('W')
		case bright(r):
			s.WriteByte('R')
		case bright(g):
			s.WriteByte('G')
		case bright(bl):
			s.WriteByte('B')
		default:
			s.WriteByte('K')
		}
	}
	return s.String()
}

// wantJPEG decodes what came out and checks what an Image promises.
func wantJPEG(t *testing.T, got Image) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(got.Data))
	if err != nil {
		t.Fatalf("the result is no JPEG: %v", err)
	}
	if size := img.Bounds().Size(); size != (image.Point{got.Width, got.Height}) {
		t.Errorf("the result has %v pixels, Image says %d×%d", size, got.Width, got.Height)
	}
	return img
}
