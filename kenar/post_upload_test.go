package kenar

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestPostUploadURLs(t *testing.T) {
	image := UploadURL{"https://open-api.divar.ir/v8/upload/post/live-post-image", "POST"}
	video := UploadURL{"https://open-api.divar.ir/v1/upload-video/", "PUT"}
	tests := []struct {
		name, body string
		want       PostUploadURLs
		malformed  bool
	}{
		{"both", `{"image":{"url":"` + image.URL + `","http_method":"POST"},"video":{"url":"` + video.URL + `","http_method":"PUT"}}`,
			PostUploadURLs{image, video}, false},
		{"no video", `{"image":{"url":"` + image.URL + `","http_method":"POST"}}`, PostUploadURLs{Image: image}, false},
		{"neither", `{}`, PostUploadURLs{}, true},
		{"of another type", `{"image":"` + image.URL + `"}`, PostUploadURLs{}, true},
		{"no object", `[]`, PostUploadURLs{}, true},
	}
	for _, tt := range tests {
		s := serveWire(t, reply(answerOf(200, tt.body)))
		got, err := newTestClient(t, s.url, Config{}).PostUploadURLs(t.Context())
		if got != tt.want || errors.Is(err, ErrMalformed) != tt.malformed || (err != nil) != tt.malformed {
			t.Errorf("%s: %+v, %v; want %+v, malformed: %v", tt.name, got, err, tt.want, tt.malformed)
		}
	}
}

// TestWhereIsUploaded: the API key goes where it goes anyway, or to Divar.
func TestWhereIsUploaded(t *testing.T) {
	const kenar, gateway, here = "https://open-api.divar.ir", "http://kenar.internal:8080/x", "http://127.0.0.1:8080"
	tests := []struct {
		base string
		to   UploadURL
		want string // "": uploaded
	}{
		{kenar, UploadURL{"https://open-api.divar.ir/v8/upload/post/live-post-image", "POST"}, ""},
		{kenar, UploadURL{"https://OPEN-API.divar.ir/x", "PUT"}, ""},
		{kenar, UploadURL{"https://divar.ir:443/x?signature=a", "PUT"}, ""},
		{kenar, UploadURL{"https://up.s3.divarcdn.com/x", "PUT"}, ""},
		{gateway, UploadURL{"http://kenar.internal:8080/upload", "POST"}, ""},
		{gateway, UploadURL{"https://open-api.divar.ir/x", "POST"}, ""},
		{here, UploadURL{"http://127.0.0.1:8080/x", "POST"}, ""},
		{here, UploadURL{"http://localhost:9090/x", "POST"}, ""},
		{here, UploadURL{"http://[::1]:9090/x", "PUT"}, ""},

		{kenar, UploadURL{"http://open-api.divar.ir/x", "POST"}, "upload URL is on http://open-api.divar.ir: the API key is only sent to"},
		{kenar, UploadURL{"https://divar.ir.example.com/hunter2", "POST"}, "upload URL is on https://divar.ir.example.com: the API key is only sent to"},
		{kenar, UploadURL{"https://notdivar.ir/hunter2", "POST"}, "upload URL is on https://notdivar.ir: the API key is only sent to"},
		{kenar, UploadURL{"https://divar.ir:8443/x", "POST"}, "upload URL is on https://divar.ir:8443: the API key is only sent to"},
		{kenar, UploadURL{"http://127.0.0.1/x", "POST"}, "upload URL is on http://127.0.0.1: the API key is only sent to"},
		{kenar, UploadURL{"https://169.254.169.254/x", "POST"}, "upload URL is on https://169.254.169.254: the API key is only sent to"},
		{gateway, UploadURL{"https://kenar.internal:8080/x", "POST"}, "upload URL is on https://kenar.internal:8080: the API key is only sent to"},
		{gateway, UploadURL{"http://kenar.internal/x", "POST"}, "upload URL is on http://kenar.internal: the API key is only sent to"},
		{here, UploadURL{"ftp://127.0.0.1/x", "POST"}, "upload URL is on ftp://127.0.0.1: the API key is only sent to"},
		{kenar, UploadURL{"https://me:hunter2@open-api.divar.ir/x", "POST"}, "upload URL (https://open-api.divar.ir) has a user name or a fragment: ask for it again"},
		{kenar, UploadURL{"https://open-api.divar.ir/x#hunter2", "POST"}, "upload URL (https://open-api.divar.ir) has a user name or a fragment: ask for it again"},
		{kenar, UploadURL{"", "POST"}, "upload URL is not an absolute URL: ask for it again"},
		{kenar, UploadURL{"/v1/hunter2", "POST"}, "upload URL is not an absolute URL: ask for it again"},
		{kenar, UploadURL{"https://open-api.divar.ir:hunter2/", "POST"}, "upload URL is not an absolute URL: ask for it again"},
		{kenar, UploadURL{"https://open-api.divar.ir/x", "DELETE"}, `upload method is "DELETE": it must be POST or PUT`},
		{kenar, UploadURL{"https://open-api.divar.ir/x", ""}, `upload method is "": it must be POST or PUT`},
		{kenar, UploadURL{"https://open-api.divar.ir/x", "post"}, `upload method is "post": it must be POST or PUT`},
	}
	for _, tt := range tests {
		t.Run(tt.base+" "+tt.to.Method+" "+tt.to.URL, func(t *testing.T) {
			sent := ""
			c, err := New(Config{BaseURL: tt.base, APIKey: aKey, Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
				sent = r.Method + " " + r.URL.String()
				return nil, errors.New("not sent")
			})})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.UploadPostVideo(t.Context(), tt.to, []byte(testMP4))
			e := wantError(t, err)
			if tt.want == "" {
				if want := tt.to.Method + " " + tt.to.URL; sent != want {
					t.Errorf("called %s, want %s: %v", sent, want, err)
				}
				return
			}
			if sent != "" || !e.NeverSent || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("called %q, %v; want %s", sent, err, tt.want)
			}
		})
	}
}

// TestUploadContentType: from the first bytes of the file.
func TestUploadContentType(t *testing.T) {
	const (
		png  = "\x89PNG\r\n\x1a\n pixels"
		webp = "RIFF\x10\x00\x00\x00WEBPVP8 pixels"
		mov  = "\x00\x00\x00\x14ftypqt   pixels"
		webm = "\x1a\x45\xdf\xa3 pixels"
	)
	image := func(c *Client, to UploadURL, file []byte) error {
		_, err := c.UploadPostImage(t.Context(), to, file)
		return err
	}
	video := func(c *Client, to UploadURL, file []byte) error {
		_, err := c.UploadPostVideo(t.Context(), to, file)
		return err
	}
	tests := []struct {
		name   string
		upload func(*Client, UploadURL, []byte) error
		file   string
		want   string // a content type, or the error if it has a space
	}{
		{"JPEG", image, testJPEG, "image/jpeg"},
		{"PNG", image, png, "image/png"},
		{"WebP", image, webp, "image/webp"},
		{"GIF", image, "GIF89a pixels", "the image has 13 bytes and begins like image/gif: encode it as a JPEG, PNG or WebP"},
		{"a web page", image, "<html>", "the image has 6 bytes and begins like text/html; charset=utf-8: encode it as a JPEG, PNG or WebP"},
		{"nothing", image, "", "the image has 0 bytes and begins like text/plain; charset=utf-8: encode it as a JPEG, PNG or WebP"},
		{"a video as image", image, testMP4, "the image has 19 bytes and begins like application/octet-stream: encode it as a JPEG, PNG or WebP"},
		{"MP4", video, testMP4, "video/mp4"},
		{"QuickTime", video, mov, "video/mp4"},
		{"WebM", video, webm, "video/webm"},
		{"an image as video", video, testJPEG, "the video has 13 bytes and begins like image/jpeg: encode it as an MP4"},
		{"no video", video, "", "the video has 0 bytes and begins like text/plain; charset=utf-8: encode it as an MP4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, reply(okAnswer))
			err := tt.upload(newTestClient(t, s.url, Config{}), UploadURL{s.url + "/upload", "POST"}, []byte(tt.file))
			if strings.Contains(tt.want, " ") {
				if !errors.Is(err, ErrInvalid) || !strings.HasSuffix(err.Error(), tt.want) || len(s.seen()) != 0 {
					t.Errorf("%v after %d requests, want %s", err, len(s.seen()), tt.want)
				}
				return
			}
			if err != nil || !strings.Contains(s.seen()[0], "\r\nContent-Type: "+tt.want+"\r\n") {
				t.Errorf("%v; sent as %s, want %s", err, s.seen(), tt.want)
			}
		})
	}
}

func TestUploadAnswers(t *testing.T) {
	const image = `{"path":"/neda/live-post-image/1.jpg","photo_url":"https://s100.divarcdn.com/1.jpg","thumbnail_url":"https://s100.divarcdn.com/1t.jpg"}`
	const video = `{"video_name":"raw/1.mp4","video_url":"https://divar.ir/1.mp4","thumbnail_name":"thumbnail/1.jpg","thumbnail_url":"https://divar.ir/1.jpg"}`
	tests := []struct {
		name, body string
		image      PostImage     // zero for ErrMalformed
		video      UploadedVideo // likewise
	}{
		{"an image", image, PostImage{"/neda/live-post-image/1.jpg", "https://s100.divarcdn.com/1.jpg", "https://s100.divarcdn.com/1t.jpg"}, UploadedVideo{}},
		{"a video", video, PostImage{}, UploadedVideo{"raw/1.mp4", "https://divar.ir/1.mp4", "thumbnail/1.jpg", "https://divar.ir/1.jpg"}},
		{"names alone", `{"path":"a","video_name":"b","thumbnail_name":"c"}`, PostImage{Path: "a"}, UploadedVideo{Name: "b", ThumbnailName: "c"}},
		{"a video without picture", `{"video_name":"b"}`, PostImage{}, UploadedVideo{}},
		{"URLs for names", `{"path":"https://a/b","video_name":"https://a/b","thumbnail_name":"c"}`, PostImage{}, UploadedVideo{}},
		{"names of another type", `{"path":1,"video_name":[],"thumbnail_name":"c"}`, PostImage{}, UploadedVideo{}},
		{"nothing", `{}`, PostImage{}, UploadedVideo{}},
		{"not JSON", `<html>`, PostImage{}, UploadedVideo{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveWire(t, reply(answerOf(201, tt.body)))
			c := newTestClient(t, s.url, Config{})
			gotImage, err := c.UploadPostImage(t.Context(), UploadURL{s.url + "/i", "POST"}, []byte(testJPEG))
			if gotImage != tt.image || errors.Is(err, ErrMalformed) != (tt.image == PostImage{}) {
				t.Errorf("image %+v, %v; want %+v", gotImage, err, tt.image)
			}
			gotVideo, err := c.UploadPostVideo(t.Context(), UploadURL{s.url + "/v", "PUT"}, []byte(testMP4))
			if gotVideo != tt.video || errors.Is(err, ErrMalformed) != (tt.video == UploadedVideo{}) {
				t.Errorf("video %+v, %v; want %+v", gotVideo, err, tt.video)
			}
		})
	}
}
