package images

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"

	"golang.org/x/image/webp"
)

// jpegQuality is that of what comes out: the usual one for photographs, above
// which files grow faster than anybody sees.
const jpegQuality = 85

// A format is a kind of image that is taken.
type format struct {
	name   string
	is     func(data []byte) bool
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	exif   func(data []byte) []byte // the EXIF block, nil when there is none
}

// formats are all that are taken. The registry of package image is left alone,
// because other parts of a program may put decoders into it that were never
// meant for hostile bytes.
var formats = []format{
	{"JPEG", hasMagic("\xff\xd8\xff"), jpeg.DecodeConfig, jpeg.Decode, exifOfJPEG},
	{"PNG", hasMagic("\x89PNG\r\n\x1a\n"), png.DecodeConfig, png.Decode, exifOfPNG},
	{"WebP", isWebP, webp.DecodeConfig, webp.Decode, exifOfWebP},
	{"GIF", hasMagic("GIF8"), gif.DecodeConfig, gif.Decode, func([]byte) []byte { return nil }},
}

func hasMagic(magic string) func([]byte) bool {
	return func(data []byte) bool { return bytes.HasPrefix(data, []byte(magic)) }
}

func isWebP(data []byte) bool {
	return len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// identify finds out what data is by its first bytes, and whether its header
// promises an image that may be decoded: a few bytes can promise gigabytes.
func (f *Fetcher) identify(data []byte) (format, error) {
	for _, fm := range formats {
		if !fm.is(data) {
			continue
		}
		cfg, err := decodeSafely(func() (image.Config, error) { return fm.config(bytes.NewReader(data)) })
		if err != nil {
			return format{}, &Error{Reason: "it begins like a " + fm.name + " and goes on like none", Err: err}
		}
		if cfg.Width <= 0 || cfg.Height <= 0 {
			return format{}, refuse("", "it is a %s of %d×%d pixels: there is nothing to see", fm.name, cfg.Width, cfg.Height)
		}
		if int64(cfg.Width)*int64(cfg.Height) > int64(f.cfg.MaxPixels) {
			return format{}, refuse("", "it is a %s of %d×%d pixels, at most %d in all are decoded", fm.name, cfg.Width, cfg.Height, f.cfg.MaxPixels)
		}
		return fm, nil
	}
	if len(data) == 0 {
		return format{}, refuse("", "it is empty: a JPEG, PNG, WebP or GIF is wanted")
	}
	return format{}, refuse("", "its bytes are those of %s: a JPEG, PNG, WebP or GIF is wanted", http.DetectContentType(data))
}

// decodeAll decodes the whole image. It ends soon after ctx does: some JPEGs
// of a few megabytes keep a decoder busy for minutes.
func (fm format) decodeAll(ctx context.Context, data []byte) (image.Image, error) {
	return decodeSafely(func() (image.Image, error) {
		return fm.decode(&stoppableReader{ctx: ctx, r: bytes.NewReader(data)})
	})
}

// decodeSafely makes an error of a decoder's panic. Decoders index where the
// bytes of strangers tell them to; the one image that finds a mistake there
// must not take the program with it.
func decodeSafely[T any](decode func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the decoder gave up: %v", p)
		}
	}()
	return decode()
}

// A stoppableReader reads until ctx ends.
type stoppableReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *stoppableReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// scale returns src on white, scaled down so that no side is longer than most.
// Each pixel is the mean of the area it covers, which needs memory for one row
// of src only; the kernels of golang.org/x/image/draw would hold all rows as
// floats. When ctx ends it returns early, with rows missing.
func scale(ctx context.Context, src image.Image, most int) *image.RGBA {
	from := src.Bounds()
	sw, sh := from.Dx(), from.Dy()
	dw, dh := fit(sw, sh, most)
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	row := image.NewRGBA(image.Rect(0, 0, sw, 1))

	// A pixel of src is dw×dh units large and one of dst sw×sh, so that all
	// overlaps are whole numbers. One of src reaches into two of dst at most.
	across := make([]uint64, 3*dw) // sums of the current row of src
	sums := make([]uint64, 3*dw)   // sums of the current row of dst
	y, room := 0, sh
	for sy := range sh {
		if ctx.Err() != nil {
			return dst
		}
		draw.Draw(row, row.Bounds(), image.White, image.Point{}, draw.Src)
		draw.Draw(row, row.Bounds(), src, image.Pt(from.Min.X, from.Min.Y+sy), draw.Over)
		sumAcross(across, row.Pix, sw, dw)
		here := min(dh, room)
		addRow(sums, across, here)
		if room -= here; room > 0 {
			continue
		}
		setRow(dst.Pix[y*dst.Stride:], sums, uint64(sw)*uint64(sh))
		clear(sums)
		y, room = y+1, sh
		if rest := dh - here; rest > 0 {
			addRow(sums, across, rest)
			room -= rest
		}
	}
	return dst
}

// fit is the size of an image whose longer side is at most so long.
func fit(w, h, most int) (int, int) {
	long := max(w, h)
	if long <= most {
		return w, h
	}
	shrink := func(side int) int { return max(1, int((int64(side)*int64(most)+int64(long)/2)/int64(long))) }
	return shrink(w), shrink(h)
}

// sumAcross adds up a row of sw opaque pixels into dw.
func sumAcross(sums []uint64, pix []byte, sw, dw int) {
	clear(sums)
	x, room := 0, sw
	for sx := range sw {
		p := pix[4*sx : 4*sx+3]
		here := min(dw, room)
		for c, v := range p {
			sums[3*x+c] += uint64(v) * uint64(here)
		}
		if room -= here; room > 0 {
			continue
		}
		x, room = x+1, sw
		if rest := dw - here; rest > 0 {
			for c, v := range p {
				sums[3*x+c] += uint64(v) * uint64(rest)
			}
			room -= rest
		}
	}
}

func addRow(sums, row []uint64, weight int) {
	for i, v := range row {
		sums[i] += v * uint64(weight)
	}
}

// setRow writes the means of a row.
func setRow(pix []byte, sums []uint64, area uint64) {
	for i := range len(sums) / 3 {
		for c := range 3 {
			pix[4*i+c] = byte((sums[3*i+c] + area/2) / area)
		}
		pix[4*i+3] = 0xff
	}
}

// orient returns img turned and mirrored as an EXIF orientation from 1 to 8
// says it is to be shown (Exif 2.32, tag 0x0112).
func orient(img *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 || orientation > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			out.SetRGBA(x, y, orientedAt(img, orientation, x, y, w, h))
		}
	}
	return out
}

// orientedAt is the pixel of img that is shown at x, y.
func orientedAt(img *image.RGBA, orientation, x, y, w, h int) color.RGBA {
	switch orientation {
	case 2:
		return img.RGBAAt(w-1-x, y)
	case 3:
		return img.RGBAAt(w-1-x, h-1-y)
	case 4:
		return img.RGBAAt(x, h-1-y)
	case 5:
		return img.RGBAAt(y, x)
	case 6:
		return img.RGBAAt(y, h-1-x)
	case 7:
		return img.RGBAAt(w-1-y, h-1-x)
	case 8:
		return img.RGBAAt(w-1-y, x)
	}
	return img.RGBAAt(x, y)
}

func encode(w io.Writer, img image.Image) error {
	return jpeg.Encode(w, img, &jpeg.Options{Quality: jpegQuality})
}
