package kenar

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestUploadWidgetImage(t *testing.T) {
	const uuid = "0b54c8f6-3f0a-4a51-9d0e-7f2f4f1a2b3c.jpg"
	long := strings.Repeat("a", maxImageName)
	tests := []struct {
		name   string
		status int
		answer string
		want   string // "" for ErrMalformed
	}{
		{"as documented", 200, `{"image_name":"` + uuid + `"}`, uuid},
		{"created", 201, `{"image_name":"` + uuid + `","size":17}`, uuid},
		{"as long as can be", 200, `{"image_name":"` + long + `"}`, long},
		{"too long", 200, `{"image_name":"` + long + `a"}`, ""},
		{"no name", 200, `{}`, ""},
		{"empty name", 200, `{"image_name":""}`, ""},
		{"no string", 200, `{"image_name":17}`, ""},
		{"a path", 200, `{"image_name":"../a.jpg"}`, ""},
		{"a URL", 200, `{"image_name":"https://divar.ir/a.jpg"}`, ""},
		{"white space", 200, `{"image_name":"a b.jpg"}`, ""},
		{"the app's avatar", 200, `{"image_name":"logo"}`, ""},
		{"nearly the app's avatar", 200, `{"image_name":"Logo"}`, ""},
		{"no object", 200, `["` + uuid + `"]`, ""},
		{"not JSON", 200, `<html>`, ""},
		{"nothing", 204, ``, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.answer)
			}))
			defer s.Close()
			got, err := newTestClient(t, s.URL, Config{}).UploadWidgetImage(t.Context(), []byte(testJPEG))
			if got != tt.want {
				t.Errorf("name %q, want %q", got, tt.want)
			}
			if tt.want != "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if e := wantError(t, err); !errors.Is(err, ErrMalformed) || e.Status != tt.status {
				t.Errorf("error %+v, want ErrMalformed with status %d", e, tt.status)
			}
		})
	}
}

// TestUploadBreaksOff: unlike an add-on, an image whose name was lost is of no
// use.
func TestUploadBreaksOff(t *testing.T) {
	s := serveWire(t, replyThenClose("HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{\"image_name\":\"a"))
	_, err := newTestClient(t, s.url, Config{}).UploadWidgetImage(t.Context(), []byte(testJPEG))
	if e := wantError(t, err); !errors.Is(err, ErrMalformed) || !errors.Is(err, io.ErrUnexpectedEOF) || e.Status != 201 {
		t.Errorf("error %+v, want ErrMalformed, the end of the body, and status 201", e)
	}
}

// TestUploadOfNoJPEG: what cannot be one is refused without a call.
func TestUploadOfNoJPEG(t *testing.T) {
	c := newTestClient(t, "http://kenar.test", Config{Transport: roundTripFunc(func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, errors.New("not sent")
	})})
	for _, image := range []string{"", "\xff\xd8", "\x89PNG\r\n\x1a\n", "<html>"} {
		_, err := c.UploadWidgetImage(t.Context(), []byte(image))
		if e := wantError(t, err); !e.NeverSent || !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: error %+v, want NeverSent and ErrInvalid", image, e)
		}
	}
}

// TestUploadNeedsNoKey: whether the app has one does not matter, and the key
// is not even asked for.
func TestUploadNeedsNoKey(t *testing.T) {
	s := serveWire(t, reply(okAnswer))
	c := newTestClient(t, s.url, Config{APIKey: func() string {
		t.Error("the API key was asked for")
		return testKey
	}})
	if _, err := c.UploadWidgetImage(context.Background(), []byte(testJPEG)); err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"X-Api-Key", "Authorization", "X-Access-Token", "Cookie", testKey} {
		if strings.Contains(s.seen()[0], header) {
			t.Errorf("the upload has %s:\n%s", header, s.seen()[0])
		}
	}
}
