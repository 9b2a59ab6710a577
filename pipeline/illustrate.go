package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/images"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// ImageFailure says what becomes of an add-on with an image that cannot be
// had, or that Divar does not take.
type ImageFailure string

// The two ways.
const (
	ImageDrop ImageFailure = "drop" // goes without it; the final outcome warns
	ImageDead ImageFailure = "dead" // is a dead letter
)

// An illustrator fetches the images of add-ons and uploads them, right before
// the call: Divar keeps an image for a while only, until an add-on uses it.
type illustrator struct {
	images  *images.Fetcher
	client  *kenar.Client
	failure ImageFailure
	video   chan struct{} // one at a time
	place   uploadPlace   // of the images and videos of posts
}

// An Upload is an image that Divar has, and that no call used yet that may
// have been applied; or one that will not be had.
type Upload struct {
	Source  string           `json:"source"`            // SHA-256 of the source
	Image   string           `json:"image,omitempty"`   // SHA-256 of what was uploaded
	Name    string           `json:"name,omitempty"`    // what Divar calls it
	Dropped string           `json:"dropped,omitempty"` // why it is left out; then it has no name
	Video   *kenar.PostVideo `json:"video,omitempty"`   // what Divar calls a video, which has no name
	At      time.Time        `json:"at"`
}

// uploadFresh is how long an upload is believed to be there. Kenar documents
// no time; a call that is repeated after longer uploads again.
const uploadFresh = time.Hour

// imageTries is how often an image is asked for whose server fails.
const imageTries = 5

// illustrated is a body whose images are uploaded.
type illustrated struct {
	body     []byte
	uploads  []Upload
	warnings []widgets.Warning
}

// errImage is an image that will not come: the event needs a decision.
type errImage struct {
	path string
	err  error
}

func (e *errImage) Error() string { return e.path + ": " + e.err.Error() }
func (e *errImage) Unwrap() error { return e.err }

// illustrate uploads the images that work names and puts their names in
// place. known are uploads of earlier attempts. With last, an image whose own
// server fails is treated like one that never comes; for Divar's it waits.
//
// An *errImage says that the add-on is not to be sent; any other error that
// it may be tried again.
func (l *illustrator) illustrate(ctx context.Context, w *Work, known []Upload, last bool, now time.Time) (illustrated, error) {
	body := w.Body
	list, raw, err := bodyWidgets(body)
	if err != nil {
		return illustrated{}, err
	}
	out := illustrated{uploads: freshUploads(known, now)}
	names := make(map[string]string)
	for i, image := range list.ImageSources() {
		path := imagePath(w.Report, image.Path, i)
		if _, done := names[image.Source]; done {
			continue
		}
		u, err := l.upload(ctx, image.Source, &out, now)
		if err != nil {
			if passing(err, last) {
				return out, err
			}
			if l.failure != ImageDrop {
				return out, &errImage{path, err}
			}
			u = Upload{Source: sourceKey(image.Source), Dropped: excerpt(err.Error(), 300), At: now.UTC()}
			out.uploads = append(out.uploads, u)
		}
		if u.Dropped != "" {
			out.warnings = append(out.warnings, widgets.Warning{Path: path, Message: u.Dropped})
		}
		names[image.Source] = u.Name
	}
	list, dropped := list.MapImages(func(source string) (string, bool) {
		name := names[source]
		return name, name != ""
	})
	if w.Report == "" { // else what was left out is told in the producer's terms
		out.warnings = append(out.warnings, dropped...)
	}
	if len(list) == 0 {
		return out, &errImage{"widgets", errors.New("nothing is left to show without the images that could not be had")}
	}
	encoded, err := list.MarshalJSON()
	if err != nil {
		return out, err
	}
	out.body = slices.Concat(body[:raw.start], encoded, body[raw.end:])
	return out, nil
}

// upload returns what became of an image, now or before.
func (l *illustrator) upload(ctx context.Context, source string, out *illustrated, now time.Time) (Upload, error) {
	u := Upload{Source: sourceKey(source), At: now.UTC()}
	if i := slices.IndexFunc(out.uploads, func(have Upload) bool { return have.Source == u.Source }); i >= 0 {
		return out.uploads[i], nil
	}
	image, err := l.images.JPEG(ctx, source)
	if err != nil {
		return u, err
	}
	u.Image = image.SHA256
	for _, same := range out.uploads {
		if same.Image == u.Image {
			u.Name, u.At = same.Name, same.At
		}
	}
	if u.Name == "" {
		if u.Name, err = l.client.UploadWidgetImage(ctx, image.Data); err != nil {
			return u, err
		}
	}
	out.uploads = append(out.uploads, u)
	return u, nil
}

func sourceKey(source string) string {
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:])
}

func freshUploads(known []Upload, now time.Time) []Upload {
	return slices.DeleteFunc(slices.Clone(known), func(u Upload) bool { return now.Sub(u.At) >= uploadFresh })
}

// ready reports whether everything that a body names is uploaded, or known
// not to come.
func (l *illustrator) ready(body []byte, known []Upload, now time.Time) bool {
	list, _, err := bodyWidgets(body)
	if err != nil {
		return false
	}
	fresh := freshUploads(known, now)
	for _, image := range list.ImageSources() {
		key := sourceKey(image.Source)
		if !slices.ContainsFunc(fresh, func(u Upload) bool { return u.Source == key }) {
			return false
		}
	}
	return true
}

// passing reports whether the add-on waits for an image that failed. Of what
// the image service can answer, only what it says of the image itself is
// final: anything else is trouble of the service, or on the way to it.
func passing(err error, last bool) bool {
	if image, ok := errors.AsType[*images.Error](err); ok {
		return image.Temporary && !last
	}
	var k *kenar.Error
	if errors.Is(err, kenar.ErrInvalid) || !errors.As(err, &k) {
		return false
	}
	switch k.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return false
	}
	return true
}

// A part is a place in a document, in bytes.
type part struct{ start, end int }

// bodyWidgets finds the widgets in a request body.
func bodyWidgets(body []byte) (widgets.List, part, error) {
	fields, err := decodeObject(body)
	if err != nil {
		return nil, part{}, fmt.Errorf("read the request body: %w", err)
	}
	// The value is a part of the body as it stands there, and the first of it.
	raw := fields["widgets"]
	at := part{start: bytes.Index(body, raw)}
	at.end = at.start + len(raw)
	// Found good at admission, by the rules of the time.
	d := widgets.Decoder{AllowUnknownIcons: true, MaxWidgets: len(body), ImageSources: true}
	list, _, err := d.Decode(raw)
	if err != nil {
		return nil, at, fmt.Errorf("read the widgets of the request: %w", err)
	}
	return list, at, nil
}
