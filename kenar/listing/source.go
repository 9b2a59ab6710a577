package listing

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// A Source is a place in the data of an event where an image or a video stands
// that is yet to be uploaded.
type Source struct {
	// Path names the field, such as "data.general_data.images[1]".
	Path string

	// Source is an https URL or a data URI. It may be long, and a URL may hold
	// a signature: neither belongs into logs.
	Source string

	Video bool // not an image
}

// VideoSource is a video that is yet to be uploaded.
type VideoSource struct {
	Source   string        `json:"source"`   // an https URL or a data URI
	Duration kenar.Seconds `json:"duration"` // its length, which Kenar wants to be told
}

// Media is what uploads have been answered with.
type Media struct {
	// Images holds the path of each image by its source; see
	// [kenar.PostImage].
	Images map[string]string

	// Video has the names of the uploaded video. Its duration may be 0 for
	// that of the [VideoSource]. nil: there is no source of one.
	Video *kenar.PostVideo
}

// IsSource reports whether what stands in place of an image's path is the
// source of an image that is yet to be uploaded. It goes by the form alone: a
// URL of whatever scheme is one, and a data URI is. What is not can only be a
// path that Kenar gave for an earlier upload.
func IsSource(s string) bool { return strings.Contains(s, "://") || isDataURI(s) }

func isDataURI(s string) bool { return len(s) >= 5 && strings.EqualFold(s[:5], "data:") }

// isVideoSource reports whether s is an absolute https URL, or a
// data:video/…;base64,… URI.
func isVideoSource(s string) bool {
	if !isDataURI(s) {
		return widgets.IsImageSource(s)
	}
	const scheme, image = "data:video/", "data:image/"
	// But for their type, the two kinds of data URIs have the same form.
	return len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) &&
		widgets.IsImageSource(image+s[len(scheme):])
}

// images reads a list of images: sources, or paths of earlier uploads.
func (f *findings) images(path string, n *strictjson.Node) []string {
	list := f.texts(path, n)
	for i, image := range list {
		switch {
		case n.Items[i].Kind != strictjson.String:
		case image == "":
			f.fault(item(path, i), "is empty: give an https URL, a data URI, or the path of an image uploaded before")
		case IsSource(image) && !widgets.IsImageSource(image):
			f.fault(item(path, i), "is neither an absolute https URL nor data:image/…;base64,… with the image behind it")
		}
	}
	return list
}

// A video is one that was uploaded before, or the source of one.
type video struct {
	uploaded *kenar.PostVideo
	source   *VideoSource
}

func (f *findings) video(path string, n *strictjson.Node) (v video) {
	read(f, path, n, func(o *object) {
		source := optional(o, "source", o.text)
		name, thumbnail := value(o, "name", o.text), value(o, "thumbnail_name", o.text)
		duration := optional(o, "duration", o.seconds)
		if duration == nil {
			o.fault(join(path, "duration"), "is missing: give the length of the video in seconds")
			duration = new(kenar.Seconds)
		}
		switch {
		case source == nil && name == "" && thumbnail == "":
			o.fault(path, "has no source: give the https URL of the video, or name and thumbnail_name of one uploaded before")
		case source == nil:
			v.uploaded = &kenar.PostVideo{Name: name, ThumbnailName: thumbnail, Duration: *duration}
		case name != "" || thumbnail != "":
			o.fault(path, "has a source and the names of an uploaded video: give one of the two")
		default:
			if !isVideoSource(*source) {
				o.fault(join(path, "source"), "is neither an absolute https URL nor data:video/…;base64,… with the video behind it")
			}
			v.source = &VideoSource{Source: *source, Duration: *duration}
		}
	})
	return v
}

// Paths of the media in the data of submissions and edits.
const (
	imagesPath = "data.general_data.images"
	videoPath  = "data.general_data.video.source"
)

// sources lists what is to be uploaded, each source once.
func sources(images []string, video *VideoSource) []Source {
	var list []Source
	for i, image := range images {
		if IsSource(image) && slices.Index(images, image) == i {
			list = append(list, Source{Path: item(imagesPath, i), Source: image})
		}
	}
	if video != nil {
		list = append(list, Source{Path: videoPath, Source: video.Source, Video: true})
	}
	return list
}

// standIns is what uploads of sources might be answered with. What is wrong
// with a body that has them is wrong with any other.
func standIns(of []Source) Media {
	m := Media{Images: make(map[string]string)}
	for _, s := range of {
		if s.Video {
			m.Video = &kenar.PostVideo{Name: "video", ThumbnailName: "thumbnail"}
		} else {
			m.Images[s.Source] = "image"
		}
	}
	return m
}

// imagePaths is the images with the paths of those that were sources.
func (m Media) imagePaths(images []string, faults *widgets.Faults) []string {
	var paths []string
	for i, image := range images {
		path := image
		if IsSource(image) {
			if path = m.Images[image]; path == "" {
				faults.Add(item(imagesPath, i), notUploaded)
			}
		}
		paths = append(paths, path)
	}
	return paths
}

// videoNames is the uploaded video of a source.
func (m Media) videoNames(source VideoSource, faults *widgets.Faults) kenar.PostVideo {
	if m.Video == nil {
		faults.Add(videoPath, notUploaded)
		return kenar.PostVideo{}
	}
	v := *m.Video
	v.Duration = cmp.Or(v.Duration, source.Duration)
	return v
}

const notUploaded = "has not been uploaded: upload it, and give what the answer calls it"
