package kenar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// An UploadURL says where and how to upload a file.
type UploadURL struct {
	URL    string `json:"url"`
	Method string `json:"http_method"`
}

// PostUploadURLs says where the images and videos of posts are uploaded. What
// Kenar leaves out is zero.
type PostUploadURLs struct {
	Image UploadURL `json:"image"`
	Video UploadURL `json:"video"`
}

// PostUploadURLs returns where to upload the images and videos of posts. That
// may change without notice, so it is asked right before (Kenar docs, media
// upload). The API key needs UPLOAD_POST_IMAGE; no grant is involved.
//
// The addresses are as they came. They are checked where they are used.
func (c *Client) PostUploadURLs(ctx context.Context) (PostUploadURLs, error) {
	return ask(ctx, c, request{
		op:     string(OpGetPostUploadURLs),
		method: http.MethodGet,
		url:    c.base + "/v2/open-platform/post/upload-urls",
	}, func(a answer) (PostUploadURLs, error) {
		var urls PostUploadURLs
		if err := a.decode(&urls); err != nil {
			return PostUploadURLs{}, err
		}
		if urls.Image.URL == "" && urls.Video.URL == "" {
			return PostUploadURLs{}, fmt.Errorf("%w: it has no URL", ErrMalformed)
		}
		return urls, nil
	})
}

// A PostImage is an uploaded image.
type PostImage struct {
	Path         string `json:"path"` // for [GeneralData.Images]
	PhotoURL     string `json:"photo_url"`
	ThumbnailURL string `json:"thumbnail_url"`
}

// UploadPostImage uploads a JPEG, PNG or WebP image for use in a post, to
// where [Client.PostUploadURLs] says. The API key is sent, which needs
// UPLOAD_POST_IMAGE, and no access token (Kenar docs, media upload).
//
// Since the key goes wherever the URL says, that must be where it goes anyway,
// or Divar's: the scheme and host of Config.BaseURL; https on divar.ir,
// divarcdn.com or a subdomain of theirs; or this machine if BaseURL is on it,
// too. The method must be POST or PUT. An answer without a path is an [*Error]
// with a 2xx status and the cause [ErrMalformed].
func (c *Client) UploadPostImage(ctx context.Context, to UploadURL, image []byte) (PostImage, error) {
	contentType := http.DetectContentType(image)
	var fault error
	switch contentType {
	case "image/jpeg", "image/png", "image/webp":
	default:
		fault = fmt.Errorf("the image has %d bytes and begins like %s: encode it as a JPEG, PNG or WebP", len(image), contentType)
	}
	return ask(ctx, c, c.upload(OpUploadPostImage, to, image, contentType, fault), func(a answer) (PostImage, error) {
		var p PostImage
		if err := a.decode(&p); err != nil {
			return PostImage{}, err
		}
		return p, checkNames(p.Path)
	})
}

// An UploadedVideo is an uploaded video and the picture that Divar made of its
// beginning. The two names are for a [PostVideo].
type UploadedVideo struct {
	Name          string `json:"video_name"`
	URL           string `json:"video_url"`
	ThumbnailName string `json:"thumbnail_name"`
	ThumbnailURL  string `json:"thumbnail_url"`
}

// UploadPostVideo is UploadPostImage for a video: MP4 or one of its relatives,
// WebM or AVI. Config.Timeout bounds it like every call; for videos that take
// longer use a client of their own.
func (c *Client) UploadPostVideo(ctx context.Context, to UploadURL, video []byte) (UploadedVideo, error) {
	contentType := videoType(video)
	var fault error
	if !strings.HasPrefix(contentType, "video/") {
		fault = fmt.Errorf("the video has %d bytes and begins like %s: encode it as an MP4", len(video), contentType)
	}
	return ask(ctx, c, c.upload(OpUploadPostVideo, to, video, contentType, fault), func(a answer) (UploadedVideo, error) {
		var v UploadedVideo
		if err := a.decode(&v); err != nil {
			return UploadedVideo{}, err
		}
		return v, checkNames(v.Name, v.ThumbnailName)
	})
}

// videoType is the content type of a video. An ISO base media file begins with
// the length of its first box and "ftyp"; which of them are MP4s is for Kenar
// to say.
func videoType(video []byte) string {
	contentType := http.DetectContentType(video)
	if contentType == "application/octet-stream" && len(video) >= 12 && string(video[4:8]) == "ftyp" {
		return "video/mp4"
	}
	return contentType
}

// upload is the request that sends a file. fault is what is wrong with it.
func (c *Client) upload(op Operation, to UploadURL, file []byte, contentType string, fault error) request {
	return request{
		op:          string(op),
		method:      to.Method,
		url:         to.URL,
		refused:     cmp.Or(c.checkUpload(to), fault),
		body:        file,
		contentType: contentType,
	}
}

// checkUpload never prints more of a URL than its scheme and host: the rest
// may hold a signature.
func (c *Client) checkUpload(to UploadURL) error {
	u, err := url.Parse(to.URL)
	if err != nil || u.Hostname() == "" {
		return errors.New("upload URL is not an absolute URL: ask for it again")
	}
	base, err := url.Parse(c.base)
	if err != nil {
		return fmt.Errorf("BaseURL is not a URL: %w", err)
	}
	where := u.Scheme + "://" + u.Host
	switch {
	case to.Method != http.MethodPost && to.Method != http.MethodPut:
		return fmt.Errorf("upload method is %s: it must be POST or PUT", shortened(to.Method, shownOfTarget))
	case u.User != nil || u.Fragment != "":
		return fmt.Errorf("upload URL (%s) has a user name or a fragment: ask for it again", where)
	case u.Scheme == base.Scheme && strings.EqualFold(u.Host, base.Host):
		return nil
	case u.Scheme == "https" && isDivar(u):
		return nil
	case (u.Scheme == "http" || u.Scheme == "https") && isLoopback(u) && isLoopback(base):
		return nil
	}
	return fmt.Errorf("upload URL is on %s: the API key is only sent to BaseURL's host, and by https to those of divar.ir and divarcdn.com", where)
}

// isDivar reports whether a host is one of Divar's, on its usual port.
func isDivar(u *url.URL) bool {
	if p := u.Port(); p != "" && p != "443" {
		return false
	}
	host := "." + strings.ToLower(u.Hostname())
	return strings.HasSuffix(host, ".divar.ir") || strings.HasSuffix(host, ".divarcdn.com")
}

func isLoopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || ip.IsLoopback()
}

// checkNames returns why what a file is called in an answer could not stand in
// a post.
func checkNames(names ...string) error {
	var faults widgets.Faults
	for _, name := range names {
		checkUploaded("", name, &faults)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%w: it does not say what the file is called", ErrMalformed)
	}
	return nil
}
