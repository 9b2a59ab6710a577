package images

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Video fetches or decodes the source of a video and returns it as it is: an
// MP4 or one of its relatives, a WebM or an AVI, as far as its first bytes tell.
// Unlike an image it keeps its metadata; to write it anew is beyond this
// package. The error is an *Error.
func (f *Fetcher) Video(ctx context.Context, source string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Timeout)
	defer cancel()

	data, host, err := f.bytes(ctx, source, f.video())
	if err == nil {
		err = identifyVideo(host, data)
	}
	if err != nil {
		return nil, ofVideo(err)
	}
	return data, nil
}

// CheckVideo is Check for the source of a video.
func (f *Fetcher) CheckVideo(source string) error {
	if !isDataURI(source) {
		return ofVideo(f.cfg.Hosts.Allow(source))
	}
	data, err := f.video().decodeDataURI(source)
	if err == nil {
		err = identifyVideo("", data)
	}
	return ofVideo(err)
}

// ofVideo makes an error one of a video.
func ofVideo(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Video = true
	}
	return err
}

// identifyVideo returns why data is no video that Kenar takes.
func identifyVideo(host string, data []byte) error {
	const wanted = "an MP4, WebM or AVI is wanted"
	switch contentType := videoType(data); {
	case len(data) == 0:
		return refuse(host, "it is empty: "+wanted)
	case !strings.HasPrefix(contentType, "video/"):
		return refuse(host, "its bytes are those of %s: "+wanted, contentType)
	}
	return nil
}

// notVideos are the brands of ISO base media files that begin like an MP4 and
// are pictures or sound alone (ISO/IEC 23008-12, AVIF, and the registry of
// brands at mp4ra.org).
var notVideos = []string{"avif", "heic", "heim", "heis", "heix", "mif1", "M4A ", "M4B "}

// videoType is the content type of data. net/http knows an ISO base media file
// only by brands that begin with "mp4"; its relatives, such as QuickTime's,
// begin with the length of their first box and "ftyp", too.
func videoType(data []byte) string {
	if len(data) >= 12 && string(data[4:8]) == "ftyp" {
		if brand := string(data[8:12]); slices.Contains(notVideos, brand) {
			return "an ISO media file of the brand " + strings.TrimSpace(brand)
		}
		return "video/mp4"
	}
	return http.DetectContentType(data)
}
