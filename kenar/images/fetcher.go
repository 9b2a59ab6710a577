package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What a zero field of [Config] stands for.
const (
	DefaultMaxBytes      = 10 << 20
	DefaultMaxVideoBytes = 64 << 20
	DefaultMaxPixels     = 40_000_000
	DefaultMaxSide       = 1600
	DefaultTimeout       = 20 * time.Second
	DefaultMaxDecodes    = 2
	DefaultUserAgent     = "kenar-addons"
)

// maxSide bounds Config.MaxSide by what a JPEG can hold.
const maxSide = 1<<16 - 1

// Config says what a Fetcher may do. The zero value fetches nothing and takes
// data URIs.
type Config struct {
	// Hosts are those that images and videos may be fetched from.
	Hosts Hosts

	// MaxBytes is the largest image as it is fetched or given.
	MaxBytes int64

	// MaxVideoBytes is the largest video. It is held in memory as a whole.
	MaxVideoBytes int64

	// MaxPixels is the largest image as it is decoded, width times height.
	// Decoding takes up to 24 bytes for each, in a progressive CMYK JPEG.
	MaxPixels int

	// MaxSide is the longest side of what comes out, in pixels. Larger images
	// are scaled down, smaller ones stay as they are.
	MaxSide int

	// Timeout bounds one call of JPEG or Video, from waiting for a connection
	// to the finished image or the last byte. An earlier deadline of the
	// context still holds.
	Timeout time.Duration

	// MaxDecodes is how many images are decoded at once, whatever the number
	// of callers. It bounds memory together with MaxPixels.
	MaxDecodes int

	// UserAgent is what the hosts are told.
	UserAgent string
}

// An Image is what a source has become.
type Image struct {
	Data          []byte // a JPEG without metadata
	SHA256        string // of Data, in lower-case hex
	Width, Height int    // in pixels
}

// A Fetcher makes JPEGs of sources, and fetches videos. It is safe for
// concurrent use.
type Fetcher struct {
	cfg       Config
	transport *http.Transport
	decoding  chan struct{} // holds a value for each image being decoded
}

// New returns a Fetcher, or every fault of cfg at once.
func New(cfg Config) (*Fetcher, error) {
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	if cfg.MaxVideoBytes == 0 {
		cfg.MaxVideoBytes = DefaultMaxVideoBytes
	}
	if cfg.MaxPixels == 0 {
		cfg.MaxPixels = DefaultMaxPixels
	}
	if cfg.MaxSide == 0 {
		cfg.MaxSide = DefaultMaxSide
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.MaxDecodes == 0 {
		cfg.MaxDecodes = DefaultMaxDecodes
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = DefaultUserAgent
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return &Fetcher{
		cfg:       cfg,
		transport: newTransport(newDialer(checkAddress)),
		decoding:  make(chan struct{}, cfg.MaxDecodes),
	}, nil
}

// check returns every fault of a Config whose defaults have been filled in.
func (cfg Config) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("images config: "+format, args...))
	}
	if cfg.MaxBytes < 0 {
		fault("MaxBytes is %d: it must be positive, or 0 for %d", cfg.MaxBytes, DefaultMaxBytes)
	}
	if cfg.MaxVideoBytes < 0 {
		fault("MaxVideoBytes is %d: it must be positive, or 0 for %d", cfg.MaxVideoBytes, DefaultMaxVideoBytes)
	}
	if cfg.MaxPixels < 0 {
		fault("MaxPixels is %d: it must be positive, or 0 for %d", cfg.MaxPixels, DefaultMaxPixels)
	}
	if cfg.MaxSide < 0 || cfg.MaxSide > maxSide {
		fault("MaxSide is %d: it must be from 1 to %d, or 0 for %d", cfg.MaxSide, maxSide, DefaultMaxSide)
	}
	if cfg.Timeout < 0 {
		fault("Timeout is %v: it must be positive, or 0 for %v", cfg.Timeout, DefaultTimeout)
	}
	if cfg.MaxDecodes < 0 {
		fault("MaxDecodes is %d: it must be positive, or 0 for %d", cfg.MaxDecodes, DefaultMaxDecodes)
	}
	if strings.ContainsFunc(cfg.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		fault("UserAgent is %q: only printable ASCII characters can be sent", cfg.UserAgent)
	}
	return errors.Join(faults...)
}

// CloseIdleConnections closes the connections that no fetch is using.
func (f *Fetcher) CloseIdleConnections() { f.transport.CloseIdleConnections() }

// Check returns what is known to be wrong with the source of an image without
// fetching or decoding it: a URL that is not allowed, a data URI that is too
// large or whose bytes do not begin like an image of bearable size. The error
// is an *Error, never a temporary one.
func (f *Fetcher) Check(source string) error {
	if !isDataURI(source) {
		return f.cfg.Hosts.Allow(source)
	}
	data, err := f.image().decodeDataURI(source)
	if err != nil {
		return err
	}
	if _, err := f.identify(data); err != nil {
		return err
	}
	return nil
}

// JPEG fetches or decodes a source and makes a JPEG of it: upright by its EXIF
// orientation, transparency laid on white, scaled down to MaxSide, without
// metadata. The same bytes give the same JPEG. JPEG, PNG, WebP and GIF are
// taken, of an animation the first picture. Colours are taken for sRGB,
// whatever profile there is. The error is an *Error.
func (f *Fetcher) JPEG(ctx context.Context, source string) (Image, error) {
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Timeout)
	defer cancel()

	data, host, err := f.bytes(ctx, source, f.image())
	if err != nil {
		return Image{}, err
	}
	img, err := f.convert(ctx, data)
	if e := (*Error)(nil); errors.As(err, &e) {
		e.Host = host
	}
	return img, err
}

// bytes returns those of the image or video as it is at its source, and the
// host that had them.
func (f *Fetcher) bytes(ctx context.Context, source string, m medium) (data []byte, host string, err error) {
	if isDataURI(source) {
		data, err = m.decodeDataURI(source)
		return data, "", err
	}
	u, refused := f.cfg.Hosts.allow(source)
	if refused != nil {
		return nil, "", refused
	}
	return f.fetch(ctx, u, m)
}

// convert makes the JPEG of an image's bytes.
func (f *Fetcher) convert(ctx context.Context, data []byte) (Image, error) {
	format, err := f.identify(data)
	if err != nil {
		return Image{}, err
	}
	select {
	case f.decoding <- struct{}{}:
		defer func() { <-f.decoding }()
	case <-ctx.Done():
		return Image{}, f.late(ctx, "waiting for other images to be decoded")
	}
	src, err := format.decodeAll(ctx, data)
	if ctx.Err() != nil {
		return Image{}, f.late(ctx, "decoding it")
	}
	if err != nil {
		return Image{}, &Error{Reason: "it is damaged, or no " + format.name + " after all", Err: err}
	}
	result := orient(scale(ctx, src, f.cfg.MaxSide), format.orientation(data))
	if ctx.Err() != nil {
		return Image{}, f.late(ctx, "scaling it")
	}
	var out bytes.Buffer
	if err := encode(&out, result); err != nil {
		return Image{}, &Error{Reason: "it cannot be encoded as JPEG", Err: err}
	}
	sum := sha256.Sum256(out.Bytes())
	size := result.Bounds().Size()
	return Image{Data: out.Bytes(), SHA256: hex.EncodeToString(sum[:]), Width: size.X, Height: size.Y}, nil
}

// late is the error of a call whose time is over, while it was doing what.
func (f *Fetcher) late(ctx context.Context, what string) *Error {
	reason := "there was not enough time for " + what
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		reason += fmt.Sprintf(" (at most %v for all)", f.cfg.Timeout)
	}
	return &Error{Reason: reason, Temporary: true, Err: ctx.Err()}
}
