package images

// A medium is what a source is to be: an image or a video.
type medium struct {
	name       string // as errors call it
	indefinite string // with its article
	example    string // a media type, for errors
	accept     string // the media types that a host is asked for
	most       int64  // the largest that is taken, in bytes
}

func (f *Fetcher) image() medium {
	return medium{"image", "an image", "image/jpeg", "image/jpeg, image/png, image/webp, image/gif", f.cfg.MaxBytes}
}

func (f *Fetcher) video() medium {
	return medium{"video", "a video", "video/mp4", "video/mp4, video/quicktime, video/webm, video/x-msvideo", f.cfg.MaxVideoBytes}
}
