package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
}

// An Upload is an image that Divar has, and that no accepted call used yet.
type Upload struct {
	Source string    `json:"source"` // SHA-256 of the source
	Image  string    `json:"image"`  // SHA-256 of what was uploaded
	Name   string    `json:"name"`   // what Divar calls it
	At     time.Time `json:"at"`
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

// illustrate uploads the images that a body names and puts their names in
// place. known are uploads of earlier attempts. With last, an image whose own
// server fails is treated like one that never comes; for Divar's it waits.
//
// An *errImage says that the add-on is not to be sent; any other error that
// it may be tried again.
func (l *illustrator) illustrate(ctx context.Context, body []byte, known []Upload, last bool, now time.Time) (illustrated, error) {
	list, raw, err := bodyWidgets(body)
	if err != nil {
		return illustrated{}, err
	}
	out := illustrated{uploads: slices.DeleteFunc(slices.Clone(known), func(u Upload) bool { return now.Sub(u.At) >= uploadFresh })}
	names := make(map[string]string)
	for _, image := range list.ImageSources() {
		if _, done := names[image.Source]; done {
			continue
		}
		name, err := l.upload(ctx, image.Source, &out, now)
		if err != nil {
			if passing(err, last) {
				return out, err
			}
			if l.failure != ImageDrop {
				return out, &errImage{image.Path, err}
			}
			out.warnings = append(out.warnings, widgets.Warning{Path: image.Path, Message: excerpt(err.Error(), 300)})
		}
		names[image.Source] = name
	}
	list, dropped := list.MapImages(func(source string) (string, bool) {
		name := names[source]
		return name, name != ""
	})
	out.warnings = append(out.warnings, dropped...)
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

// upload returns the name of an image at Divar.
func (l *illustrator) upload(ctx context.Context, source string, out *illustrated, now time.Time) (string, error) {
	sum := sha256.Sum256([]byte(source))
	key := hex.EncodeToString(sum[:])
	for _, u := range out.uploads {
		if u.Source == key {
			return u.Name, nil
		}
	}
	image, err := l.images.JPEG(ctx, source)
	if err != nil {
		return "", err
	}
	u := Upload{Source: key, Image: image.SHA256, At: now.UTC()}
	for _, same := range out.uploads {
		if same.Image == u.Image {
			u.Name, u.At = same.Name, same.At
		}
	}
	if u.Name == "" {
		if u.Name, err = l.client.UploadWidgetImage(ctx, image.Data); err != nil {
			return "", err
		}
	}
	out.uploads = append(out.uploads, u)
	return u.Name, nil
}

// passing reports whether the add-on waits for an image that failed.
func passing(err error, last bool) bool {
	if image, ok := errors.AsType[*images.Error](err); ok {
		return image.Temporary && !last
	}
	switch classify(err) {
	case ClassRetryable, ClassRateLimited, ClassOutage:
		return true
	default:
		return false
	}
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
