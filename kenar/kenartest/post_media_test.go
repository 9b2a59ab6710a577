package kenartest_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// An address is where and how to upload, as Kenar tells it.
type address struct {
	URL    string
	Method string `json:"http_method"`
}

// uploadURLs asks where to upload. The server answers with its own address,
// which is that of the request: the path is what is left of it here.
func uploadURLs(t *testing.T, s *kenartest.Server) (images, videos address) {
	t.Helper()
	var answer struct{ Image, Video address }
	decode(t, do(t, s, "GET", uploadURLsPath, ""), &answer)
	for _, a := range []*address{&answer.Image, &answer.Video} {
		path, ok := strings.CutPrefix(a.URL, "http://example.com/")
		if !ok {
			t.Fatalf("the address %q is not the server's own", a.URL)
		}
		a.URL = "/" + path
	}
	return answer.Image, answer.Video
}

func TestUploadOfPostMedia(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	images, videos := uploadURLs(t, s)
	var png1 bytes.Buffer
	if err := png.Encode(&png1, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	const id = `[0-9a-f-]{36}`
	for _, tt := range []struct {
		name, body string
		to         address
		answer     string // a pattern of
		fault      string
	}{
		{"JPEG", photo(t, 8, 6), images, `^{"path":"/neda/live-post-image/` + id + `\.jpg","photo_url":"http[^"]+","thumbnail_url":"http[^"]+"}$`, ""},
		{"PNG", png1.String(), images, `"path":"/neda/live-post-image/`, ""},
		{"no image", "\xff\xd8\xff and so on", images, "", "the body is not an image"},
		{"nothing", "", images, "", "the body is empty"},
		{"video", "\x00\x00\x00\x18ftypmp42", videos, `^{"video_name":"raw/` + id + `\.mp4","video_url":"http[^"]+",` +
			`"thumbnail_name":"thumbnail/` + id + `\.jpg","thumbnail_url":"http[^"]+"}$`, ""},
		{"no video", "", videos, "", "the body is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(s.PostMedia())
			w := do(t, s, tt.to.Method, tt.to.URL, tt.body)
			media := s.PostMedia()
			if tt.fault != "" {
				wantError(t, w, 400, 3, tt.fault)
				return
			}
			if w.Code != 200 || !regexp.MustCompile(tt.answer).MatchString(w.Body.String()) {
				t.Errorf("got %d %s, want %s", w.Code, w.Body, tt.answer)
			}
			if len(media) != before+1 || string(media[before].Data) != tt.body || media[before].Video != (tt.to == videos) {
				t.Errorf("%d uploads are kept, want one more with the bytes as sent", len(media)-before)
			}
		})
	}
}

// An upload has the API key, and no access token.
func TestUploadHeaders(t *testing.T) {
	s := kenartest.New(kenartest.Config{Keys: []kenartest.Key{{Value: "k", Permissions: []string{"UPLOAD_POST_IMAGE"}}}})
	images, videos := uploadURLs(t, s)
	for _, to := range []address{images, videos} {
		wantError(t, do(t, s, to.Method, to.URL, photo(t, 8, 6), apiKey("")), 401, 16, "API key is missing")
		wantError(t, do(t, s, to.Method, to.URL, photo(t, 8, 6), apiKey("wrong")), 401, 16, "invalid API key")
		wantError(t, do(t, s, to.Method, to.URL, photo(t, 8, 6), bearer("t")), 400, 3, "Authorization: must not be sent")
		wantOK(t, do(t, s, to.Method, to.URL, photo(t, 8, 6)))
	}
}

// The addresses change without notice; whoever kept them gets 404.
func TestRotateUploads(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	oldImages, oldVideos := uploadURLs(t, s)
	for range 3 {
		s.RotateUploads()
		images, videos := uploadURLs(t, s)
		if images.URL == oldImages.URL || images.Method == oldImages.Method || videos.URL == oldVideos.URL || videos.Method == oldVideos.Method {
			t.Fatalf("from %+v and %+v to %+v and %+v: want other addresses and methods", oldImages, oldVideos, images, videos)
		}
		wantError(t, do(t, s, oldImages.Method, oldImages.URL, photo(t, 8, 6)), 404, 5, "ask for the upload URLs again")
		wantError(t, do(t, s, oldVideos.Method, oldVideos.URL, photo(t, 8, 6)), 404, 5, "ask for the upload URLs again")
		wantError(t, do(t, s, oldImages.Method, images.URL, photo(t, 8, 6)), 404, 5, "ask for the upload URLs again")
		wantOK(t, do(t, s, images.Method, images.URL, photo(t, 8, 6)))
		wantOK(t, do(t, s, videos.Method, videos.URL, "video"))
		oldImages, oldVideos = images, videos
	}
}

// Beside those of posts, the newer list of addresses has that of add-ons.
func TestMediaUploadURLs(t *testing.T) {
	s := kenartest.New(kenartest.Config{Keys: []kenartest.Key{{Value: "k", Permissions: []string{}}}})
	wantBody(t, do(t, s, "GET", mediaURLsPath, ""),
		`{"addon_images":{"url":"http://example.com/v2/image-service/open-platform/image.jpg","http_method":"PUT"},`+
			`"submit_post_images":{"url":"http://example.com/v8/upload/post/live-post-image","http_method":"POST"},`+
			`"submit_post_videos":{"url":"http://example.com/v1/upload-video/","http_method":"PUT"}}`)
	wantError(t, do(t, s, "GET", uploadURLsPath, ""), 403, 7, "UPLOAD_POST_IMAGE")
}

// With strict image ids a post has what was uploaded, and in its place.
func TestUploadedMediaOnly(t *testing.T) {
	s, _ := newMarket(t, kenartest.Config{ImageIDs: kenartest.UploadedImageID})
	images, videos := uploadURLs(t, s)
	wantOK(t, do(t, s, images.Method, images.URL, photo(t, 8, 6)))
	wantOK(t, do(t, s, videos.Method, videos.URL, "video"))
	image, video := s.PostMedia()[0], s.PostMedia()[1]
	clip := document{"name": video.Name, "thumbnail_name": video.Thumbnail, "duration": "5"}
	tests := []struct {
		name   string
		images []string
		video  document
		fault  string
	}{
		{"uploaded", []string{image.Name}, clip, ""},
		{"no media", []string{}, nil, ""},
		{"another image", []string{image.Name, "other"}, nil, `general_data.images[1]: "other" is not the path`},
		{"a video for an image", []string{video.Name}, nil, "general_data.images[0]"},
		{"another video", nil, document{"name": "other", "thumbnail_name": video.Thumbnail, "duration": "5"}, "general_data.video.name"},
		{"another thumbnail", nil, document{"name": video.Name, "thumbnail_name": "other", "duration": "5"}, "general_data.video.thumbnail_name"},
	}
	token := ""
	for _, tt := range tests {
		w := do(t, s, "POST", submitPath, flat(func(_, general, _ document) {
			if tt.images != nil {
				general["images"] = tt.images
			}
			if tt.video != nil {
				general["video"] = tt.video
			}
		}))
		if tt.fault == "" {
			wantOK(t, w)
			token = s.Submitted()[0].Token
		} else {
			wantError(t, w, 400, 3, tt.fault)
		}
	}
	edit := func(images string, mask string) string {
		return fmt.Sprintf(`{"update_mask":[%q],"general_data":{"title":"نو","images":[%q]}}`, mask, images)
	}
	path := fmt.Sprintf(editPath, token)
	wantOK(t, do(t, s, "PUT", path, edit(image.Name, "general_data.images")))
	wantError(t, do(t, s, "PUT", path, edit("other", "general_data.images")), 400, 3, "general_data.images[0]")
	wantOK(t, do(t, s, "PUT", path, edit("other", "general_data.title"))) // not in the mask
	wantError(t, do(t, s, "PUT", fmt.Sprintf(postPath, token), `{"title":"abc","description":"d","image_paths":["other"]}`),
		http.StatusBadRequest, 3, "image_paths")
	if l, _ := s.Listing(token); l.Title != "نو" || len(l.Images) != 1 || l.Images[0] != image.Name {
		t.Errorf("edited to %q with %q", l.Title, l.Images)
	}
}
