package kenartest

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// UploadImage is the operation of the image service, for which there is no API
// key. A call is accepted with one, too, and its Key then tells.
const UploadImage Op = "image.upload"

// imageUpload is the only route of the image service. The file name in it is
// a constant (Kenar docs, images).
var imageUpload = operation{
	op: UploadImage, method: http.MethodPut, path: "/v2/image-service/open-platform/image.jpg",
	serve: (*Server).uploadImage,
}

// defaultMaxImageBytes is an assumption: no limit is documented.
const defaultMaxImageBytes = 10 << 20

// ImageIDs says which ids of images a widget may have beside "logo". Anything
// but AnyImageID also wants the images and the video of a post uploaded. What
// Kenar makes of one that it does not know is not documented; here it is 400
// with code 3.
type ImageIDs int

// The strictness about image ids.
const (
	// AnyImageID takes every id.
	AnyImageID ImageIDs = iota
	// UploadedImageID takes those of uploads, temporary and permanent.
	UploadedImageID
	// FreshImageID takes a temporary id until an add-on with it is accepted,
	// from then on only the permanent one. It is the strictest reading of the
	// documents, which do not say what becomes of the temporary id.
	FreshImageID
)

// An Image is one that was uploaded. Its Data is shared and must not be
// changed.
type Image struct {
	Name string // the temporary id, which the upload answered
	// Permanent is the id under which the image is kept since an add-on with
	// it was accepted; empty before (Kenar docs, images).
	Permanent     string
	Data          []byte
	Width, Height int // 0 with Config.NoValidation
	UploadedAt    time.Time
}

// Images returns all that were uploaded, in this order.
func (s *Server) Images() []Image {
	s.mu.Lock()
	defer s.mu.Unlock()
	images := make([]Image, 0, len(s.uploads))
	for _, image := range s.uploads {
		images = append(images, *image)
	}
	return images
}

// readImage decodes an upload, which needs no lock.
func (req *request) readImage() {
	kind, _, err := mime.ParseMediaType(req.header.Get("Content-Type"))
	if err != nil || kind != "image/jpeg" {
		req.fault = fmt.Sprintf("Content-Type is %s, want image/jpeg", quote(req.header.Get("Content-Type")))
		return
	}
	img, err := jpeg.Decode(bytes.NewReader(req.body))
	if err != nil {
		req.fault = fmt.Sprintf("the body is not a JPEG: %v", err)
		return
	}
	size := img.Bounds().Size()
	req.image = Image{Width: size.X, Height: size.Y}
}

// uploadImage keeps an image under a temporary id.
func (s *Server) uploadImage(req *request) answer {
	if req.fault != "" {
		return invalidArgument.because("%s", req.fault)
	}
	image := req.image
	image.Name = uuid.NewString() + ".jpg"
	image.Data = req.body
	image.UploadedAt = req.now
	s.uploads = append(s.uploads, &image)
	a := success(struct {
		ImageName string `json:"image_name"`
	}{image.Name})
	a.status = http.StatusCreated // what clients in the wild expect
	return a
}

// checkImages is the rule that the images of a body are known, as far as the
// configuration cares.
func (s *Server) checkImages(req *request) *violation {
	if s.cfg.ImageIDs == AnyImageID {
		return nil
	}
	for _, use := range imagesOf(req.doc) {
		if !s.usable(use.id, req.now) {
			return violate("%s is not the id of an image that was uploaded", quote(use.id)).in(use.path)
		}
	}
	return nil
}

// usable reports whether a widget may have the image at the time.
func (s *Server) usable(id string, now time.Time) bool {
	if id == "logo" {
		return true
	}
	image := s.upload(id)
	switch {
	case image == nil:
		return false
	case image.Permanent == "":
		return s.cfg.ImageLifetime <= 0 || now.Sub(image.UploadedAt) < s.cfg.ImageLifetime
	case id == image.Name:
		return s.cfg.ImageIDs != FreshImageID
	}
	return true
}

// upload finds an image by either of its ids, nil when there is none.
func (s *Server) upload(id string) *Image {
	i := slices.IndexFunc(s.uploads, func(image *Image) bool { return id != "" && (id == image.Name || id == image.Permanent) })
	if i < 0 {
		return nil
	}
	return s.uploads[i]
}

// keepImages makes the images of an accepted body permanent, and returns
// under which ids.
func (s *Server) keepImages(req *request) map[string]string {
	var kept map[string]string
	for _, use := range imagesOf(req.doc) {
		image := s.upload(use.id)
		if image == nil {
			continue
		}
		if image.Permanent == "" {
			image.Permanent = uuid.NewString() + ".jpg"
		}
		if kept == nil {
			kept = make(map[string]string)
		}
		kept[use.id] = image.Permanent
	}
	return kept
}

// An imageUse is a place in a body where the id of an image stands.
type imageUse struct {
	path string
	id   string
}

// imagesOf finds the images of a body of either version: image_id in v2,
// image_url in v1, of a row and of its items.
func imagesOf(doc *node) []imageUse {
	list, _ := doc.field("widgets")
	path, name := "widgets", "image_id"
	if list != nil && list.kind == objectKind {
		list, _ = list.field("widget_list")
		path, name = "widgets.widget_list", "image_url"
	}
	if list == nil {
		return nil
	}
	var uses []imageUse
	for i := range list.items {
		for j := range list.items[i].members {
			m := &list.items[i].members[j]
			if names(m.name, "semantic_paths") {
				continue // its keys are free text
			}
			at := fmt.Sprintf("%s[%d].%s", path, i, m.name)
			uses = m.value.appendImage(uses, name, at)
			items, _ := m.value.field("items")
			if items == nil {
				continue
			}
			for k := range items.items {
				uses = items.items[k].appendImage(uses, name, fmt.Sprintf("%s.items[%d]", at, k))
			}
		}
	}
	return uses
}

// appendImage adds the image that n itself has.
func (n *node) appendImage(uses []imageUse, name, path string) []imageUse {
	if id, _ := n.field(name); id != nil && id.text != "" {
		uses = append(uses, imageUse{path + "." + name, id.text})
	}
	return uses
}

func (s *Server) maxImageBytes() int64 {
	if s.cfg.MaxImageBytes > 0 {
		return s.cfg.MaxImageBytes
	}
	return defaultMaxImageBytes
}
