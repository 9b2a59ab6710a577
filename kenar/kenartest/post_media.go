package kenartest

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"image/png"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// maxVideoBytes is an assumption: no limit is documented.
const maxVideoBytes = 64 << 20

// PostMedia is an image or a video that was uploaded for a post. Its Data is
// shared and must not be changed.
type PostMedia struct {
	Video bool
	// Name is what a post refers to it by: an image's path, a video's name.
	Name      string
	Thumbnail string // of a video: its thumbnail_name
	Data      []byte
	// UploadedAt is by Config.Now.
	UploadedAt time.Time
}

// A mediaStore is what was uploaded, and where uploads go at present.
type mediaStore struct {
	uploads []PostMedia
	turn    int // how often the addresses were changed
}

// address is the present path and method of an upload. They begin as in the
// documents' example (Kenar docs, post/get_media_upload_url_v2).
func (m *mediaStore) address(op Op) (version, path, method string) {
	first, pattern, methods := 8, "/upload/post/live-post-image", []string{http.MethodPost, http.MethodPut}
	if op == UploadPostVideo {
		first, pattern, methods = 1, "/upload-video/", []string{http.MethodPut, http.MethodPost}
	}
	version = "v" + strconv.Itoa(first+m.turn)
	return version, "/" + version + pattern, methods[m.turn%2]
}

// RotateUploads changes the addresses and methods of post image and video
// uploads, as Kenar may at any time; the earlier ones are answered 404 from
// then on.
func (s *Server) RotateUploads() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.media.turn++
}

// PostMedia returns all that was uploaded for posts, in this order.
func (s *Server) PostMedia() []PostMedia {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.media.uploads)
}

// uploadFormat is where and how to upload (OpenAPI UploadFormat).
type uploadFormat struct {
	URL    string `json:"url"`
	Method string `json:"http_method"`
}

func (s *Server) uploadFormat(req *request, op Op) uploadFormat {
	_, path, method := s.media.address(op)
	return uploadFormat{req.base + path, method}
}

func (s *Server) getUploadURLs(req *request) answer {
	return success(struct {
		Image uploadFormat `json:"image"`
		Video uploadFormat `json:"video"`
	}{s.uploadFormat(req, UploadPostImage), s.uploadFormat(req, UploadPostVideo)})
}

func (s *Server) getMediaUploadURLs(req *request) answer {
	return success(struct {
		Addon uploadFormat `json:"addon_images"`
		Image uploadFormat `json:"submit_post_images"`
		Video uploadFormat `json:"submit_post_videos"`
	}{
		uploadFormat{req.base + imageUpload.path, imageUpload.method},
		s.uploadFormat(req, UploadPostImage), s.uploadFormat(req, UploadPostVideo),
	})
}

// readMedia looks at an upload, which needs no lock. What Kenar takes is not
// documented: here an image is a JPEG or a PNG whatever its Content-Type, and
// a video anything that is not empty.
func (req *request) readMedia() {
	if len(req.body) == 0 {
		req.fault = "the body is empty, want the bytes of the file"
		return
	}
	if req.op.op == UploadPostVideo {
		return
	}
	decode := jpeg.Decode
	if http.DetectContentType(req.body) == "image/png" {
		decode = png.Decode
	}
	if _, err := decode(bytes.NewReader(req.body)); err != nil {
		req.fault = fmt.Sprintf("the body is not an image: %v", err)
	}
}

// misplaced tells what is wrong with the address or the headers of an upload;
// ok is false when something is.
func (s *Server) misplaced(req *request) (refused answer, ok bool) {
	version, _, method := s.media.address(req.op.op)
	switch {
	case req.id != version || req.method != method:
		return notFound.because("nothing is uploaded here any more: ask for the upload URLs again"), false
	case req.bearer != "":
		// Kenar docs, post/get_media_upload_url_v2: the API key only.
		return invalidArgument.because("Authorization: must not be sent with an upload"), false
	}
	return answer{}, true
}

func (s *Server) uploadPostImage(req *request) answer {
	if refused, ok := s.misplaced(req); !ok {
		return refused
	}
	name := uuid.NewString() + ".jpg"
	path := "/neda/live-post-image/" + name
	s.media.uploads = append(s.media.uploads, PostMedia{Name: path, Data: req.body, UploadedAt: req.now})
	return success(struct {
		Path      string `json:"path"`
		Photo     string `json:"photo_url"`
		Thumbnail string `json:"thumbnail_url"`
	}{path, req.base + path, req.base + "/neda/live-post-thumbnail/" + name})
}

func (s *Server) uploadPostVideo(req *request) answer {
	if refused, ok := s.misplaced(req); !ok {
		return refused
	}
	id := uuid.NewString()
	video, thumbnail := "raw/"+id+".mp4", "thumbnail/"+id+".jpg"
	s.media.uploads = append(s.media.uploads,
		PostMedia{Video: true, Name: video, Thumbnail: thumbnail, Data: req.body, UploadedAt: req.now})
	return success(struct {
		Name         string `json:"video_name"`
		URL          string `json:"video_url"`
		Thumbnail    string `json:"thumbnail_name"`
		ThumbnailURL string `json:"thumbnail_url"`
	}{video, req.base + "/" + video, thumbnail, req.base + "/" + thumbnail})
}

// checkMedia is the rule that the images and the video of a post were
// uploaded, as far as the configuration cares. general is a general_data.
func (s *Server) checkMedia(general *node) *violation {
	if s.cfg.ImageIDs == AnyImageID {
		return nil
	}
	images, _ := general.field("images")
	for i, name := range images.list() {
		if !slices.ContainsFunc(s.media.uploads, func(m PostMedia) bool { return !m.Video && m.Name == name }) {
			return violate("%s is not the path of an image that was uploaded", quote(name)).in(fmt.Sprintf("images[%d]", i))
		}
	}
	video, _ := general.field("video")
	if video == nil {
		return nil
	}
	name, _ := video.field("name")
	thumbnail, _ := video.field("thumbnail_name")
	i := slices.IndexFunc(s.media.uploads, func(m PostMedia) bool { return m.Video && m.Name == name.string() })
	if i < 0 {
		return violate("%s is not the name of a video that was uploaded", quote(name.string())).in("video.name")
	}
	if want := s.media.uploads[i].Thumbnail; thumbnail.string() != want {
		return violate("is %s, want that of the video, %q", quote(thumbnail.string()), want).in("video.thumbnail_name")
	}
	return nil
}
