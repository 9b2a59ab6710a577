package kenartest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

const imageService = "/v2/image-service/open-platform/image.jpg"

// photo is a JPEG of the given size.
func photo(t *testing.T, width, height int) string {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// upload uploads an image as a client does: without a key.
func upload(t *testing.T, s *kenartest.Server, body string, headers ...header) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, s, "PUT", imageService, body, append([]header{apiKey(""), {"Content-Type", "image/jpeg"}}, headers...)...)
}

// uploaded is the temporary id in the answer to an upload.
func uploaded(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var answer struct {
		ImageName string `json:"image_name"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 201 || answer.ImageName == "" {
		t.Fatalf("got %d %s (%v), want 201 and an image_name", w.Code, w.Body, err)
	}
	return answer.ImageName
}

func TestUpload(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	good := photo(t, 40, 30)
	tests := []struct {
		name         string
		body, kind   string
		status, code int // 0: it is accepted
		message      string
	}{
		{"JPEG", good, "image/jpeg", 0, 0, ""},
		{"JPEG with a parameter", good, "image/jpeg; q=1", 0, 0, ""},
		{"JPEG by another name", good, "image/png", 400, 3, `Content-Type is "image/png", want image/jpeg`},
		{"JPEG without a name", good, "", 400, 3, `Content-Type is "", want image/jpeg`},
		{"PNG by the name of JPEG", picture.String(), "image/jpeg", 400, 3, "the body is not a JPEG"},
		{"half a JPEG", good[:len(good)/2], "image/jpeg", 400, 3, "the body is not a JPEG"},
		{"header of a JPEG", good[:200], "image/jpeg", 400, 3, "the body is not a JPEG"},
		{"nothing", "", "image/jpeg", 400, 3, "the body is not a JPEG"},
		{"too large", photo(t, 400, 400), "image/jpeg", 413, 3, "larger than 1000 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := kenartest.New(kenartest.Config{MaxImageBytes: 1000})
			w := upload(t, s, tt.body, header{"Content-Type", tt.kind})
			if tt.status != 0 {
				wantError(t, w, tt.status, tt.code, tt.message)
				if got := s.Images(); len(got) != 0 {
					t.Errorf("kept %d images", len(got))
				}
				return
			}
			name := uploaded(t, w)
			got := s.Images()
			if len(got) != 1 || got[0].Name != name || got[0].Permanent != "" || got[0].Width != 40 || got[0].Height != 30 || string(got[0].Data) != tt.body {
				t.Errorf("kept %+v, want one of 40×30 as %s", got, name)
			}
		})
	}
}

// The record tells of uploads, and of a key that should not have been sent.
func TestUploadIsRecorded(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  kenartest.Config
		key  string
		want string
	}{
		{"no key", kenartest.Config{}, "", ""},
		{"any key", kenartest.Config{}, "k", "any"},
		{"no key where keys are known", kenartest.Config{Keys: []kenartest.Key{{Value: "k"}}}, "", ""},
		{"known key", kenartest.Config{Keys: []kenartest.Key{{Value: "k", Name: "main"}}}, "k", "main"},
		{"unknown key", kenartest.Config{Keys: []kenartest.Key{{Value: "k"}}}, "x", "unknown"},
	} {
		s := kenartest.New(tt.cfg)
		uploaded(t, upload(t, s, photo(t, 8, 8), apiKey(tt.key)))
		c := s.Calls()[0]
		if c.Op != kenartest.UploadImage || c.Method != http.MethodPut || c.Path != imageService || c.Key != tt.want || c.Grant != "" || !c.Applied ||
			c.Status != 201 || c.Permission != "" || c.Header.Get("Content-Type") != "image/jpeg" || string(c.Body) != photo(t, 8, 8) {
			t.Errorf("%s: recorded %+v, want the upload with key %q", tt.name, c, tt.want)
		}
		if n := s.Max(kenartest.AppWide, time.Hour); n != 0 {
			t.Errorf("%s: %d calls count for the app's limits, want none", tt.name, n)
		}
	}
}

func TestUploadFaults(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	s.Script(
		kenartest.Fault{Op: kenartest.CreatePostAddon, Status: 500},
		kenartest.Fault{Op: kenartest.UploadImage, Status: 503, Body: "<html>", ContentType: "text/html"},
	)
	if w := upload(t, s, photo(t, 8, 8)); w.Code != 503 || w.Body.String() != "<html>" {
		t.Errorf("got %d %s, want the fault", w.Code, w.Body)
	}
	if got := s.Images(); len(got) != 0 {
		t.Errorf("kept %d images", len(got))
	}
	uploaded(t, upload(t, s, photo(t, 8, 8)))
	s.SetDown(true)
	if w := upload(t, s, photo(t, 8, 8)); w.Code != 503 {
		t.Errorf("got %d while down", w.Code)
	}
}

// Where the service is, and where not.
func TestUploadPath(t *testing.T) {
	s := kenartest.New(kenartest.Config{})
	for _, tt := range []struct{ method, path string }{
		{"POST", imageService},
		{"PUT", "/v2/image-service/open-platform/other.jpg"},
		{"PUT", imageService + "/"},
	} {
		wantError(t, do(t, s, tt.method, tt.path, photo(t, 8, 8), header{"Content-Type", "image/jpeg"}), 404, 5, "Not Found")
	}
}

// withImages is a body of each version with an image in every place there is.
func withImages(v1 bool, row, item string) string {
	if v1 {
		return fmt.Sprintf(`{"widgets":{"widget_list":[
			{"widget_type":"TITLE_ROW","data":{"@type":"type.googleapis.com/widgets.TitleRowData","text":"a"}},
			{"widget_type":"EVENT_ROW","data":{"@type":"type.googleapis.com/widgets.EventRowData","title":"a","image_url":%q}},
			{"widget_type":"IMAGE_CAROUSEL_ROW","data":{"@type":"type.googleapis.com/widgets.ImageCarouselRowData","items":[{"image_url":"logo"},{"image_url":%q}]}}]}}`, row, item)
	}
	return fmt.Sprintf(`{"widgets":[
		{"title_row":{"text":"a"},"semantic_paths":{"image_id":"text"}},
		{"selectorRow":{"title":"a","imageId":%q}},
		{"image_carousel_row":{"items":[{"image_id":"logo"},{"image_id":%q}]}}]}`, row, item)
}

func TestImageIDs(t *testing.T) {
	const (
		unknown  = "0b54c8f6.jpg"
		inRow    = `widgets[1].selectorRow.image_id: "0b54c8f6.jpg" is not the id of an image that was uploaded`
		inItem   = `widgets[2].image_carousel_row.items[1].image_id: "0b54c8f6.jpg" is not the id of an image that was uploaded`
		inRowV1  = `widgets.widget_list[1].data.image_url: "0b54c8f6.jpg" is not the id of an image that was uploaded`
		inItemV1 = `widgets.widget_list[2].data.items[1].image_url: "0b54c8f6.jpg" is not the id of an image that was uploaded`
	)
	for _, v1 := range []bool{false, true} {
		path, rowFault, itemFault := postV2, inRow, inItem
		if v1 {
			path, rowFault, itemFault = postV1, inRowV1, inItemV1
		}
		t.Run(path, func(t *testing.T) {
			s := kenartest.New(kenartest.Config{})
			wantOK(t, do(t, s, "POST", path+"p", withImages(v1, unknown, unknown)))

			s = kenartest.New(kenartest.Config{ImageIDs: kenartest.UploadedImageID})
			s.AddPost(kenartest.Post{Token: "p"})
			wantOK(t, do(t, s, "POST", path+"p", withImages(v1, "logo", "logo")))
			name := uploaded(t, upload(t, s, photo(t, 8, 8)))
			wantError(t, do(t, s, "POST", path+"p", withImages(v1, unknown, name)), 400, 3, rowFault)
			wantError(t, do(t, s, "POST", path+"p", withImages(v1, name, unknown)), 400, 3, itemFault)
			if got := s.Images()[0].Permanent; got != "" {
				t.Errorf("permanent as %s without an accepted add-on", got)
			}
			wantOK(t, do(t, s, "POST", path+"p", withImages(v1, name, name)))

			permanent := s.Images()[0].Permanent
			if permanent == "" || permanent == name {
				t.Errorf("permanent id is %q, want one that is not %q", permanent, name)
			}
			addon, _ := s.Attached("post/p")
			if d := cmp.Diff(map[string]string{name: permanent}, addon.Images); d != "" {
				t.Errorf("images of the add-on (-want +got):\n%s", d)
			}
			wantOK(t, do(t, s, "POST", path+"p", withImages(v1, permanent, name)))
			if got := s.Images()[0].Permanent; got != permanent {
				t.Errorf("the permanent id changed from %s to %s", permanent, got)
			}
		})
	}
}

// In the strictest reading a temporary id is used up.
func TestFreshImageID(t *testing.T) {
	s := kenartest.New(kenartest.Config{ImageIDs: kenartest.FreshImageID})
	name := uploaded(t, upload(t, s, photo(t, 8, 8)))
	body := withImages(false, name, "logo")
	s.Script(kenartest.Fault{Op: kenartest.CreatePostAddon, Status: 500})
	do(t, s, "POST", postV2+"p", body) // has no effect
	wantOK(t, do(t, s, "POST", postV2+"p", body))
	wantError(t, do(t, s, "POST", postV2+"p", body), 400, 3, "is not the id of an image that was uploaded")
	wantOK(t, do(t, s, "POST", postV2+"p", withImages(false, s.Images()[0].Permanent, "logo")))
}

func TestImageLifetime(t *testing.T) {
	clock := newClock()
	s := kenartest.New(kenartest.Config{Now: clock.Now, ImageIDs: kenartest.UploadedImageID, ImageLifetime: time.Hour})
	kept := withImages(false, uploaded(t, upload(t, s, photo(t, 8, 8))), "logo")
	left := withImages(false, uploaded(t, upload(t, s, photo(t, 8, 8))), "logo")
	clock.Advance(time.Hour - 1)
	wantOK(t, do(t, s, "POST", postV2+"p", kept))
	clock.Advance(1)
	wantOK(t, do(t, s, "POST", postV2+"p", kept)) // permanent by now
	wantError(t, do(t, s, "POST", postV2+"p", left), 400, 3, "is not the id of an image that was uploaded")
}

func TestUploadWithoutValidation(t *testing.T) {
	s := kenartest.New(kenartest.Config{NoValidation: true})
	uploaded(t, upload(t, s, "not a JPEG"))
}
