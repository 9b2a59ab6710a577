package images

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// webPOf is a lossless WebP of one colour: five prefix codes of one symbol
// each, so that no bits are left to say for the pixels (WebP lossless
// bitstream specification).
func webPOf(w, h int, c color.NRGBA) []byte {
	var bits, used uint64
	var stream []byte
	put := func(v, n uint64) {
		for bits |= v << used; n > 0; n-- {
			if used++; used == 8 {
				stream = append(stream, byte(bits))
				bits, used = bits>>8, 0
			}
		}
	}
	put(0x2f, 8)
	put(uint64(w-1), 14)
	put(uint64(h-1), 14)
	put(1, 1)     // alpha counts
	put(0, 3)     // version
	put(0b000, 3) // no transform, no colour cache, one group of codes
	for _, symbol := range []byte{c.G, c.R, c.B, c.A, 0} {
		put(0b101, 3) // simple code, one symbol, of eight bits
		put(uint64(symbol), 8)
	}
	put(0, 7)

	size := uint32(len(stream))
	if len(stream)%2 == 1 {
		stream = append(stream, 0)
	}
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(12+len(stream)))
	b = binary.LittleEndian.AppendUint32(append(b, "WEBPVP8L"...), size)
	return append(b, stream...)
}

// TestSources: every kind of image that is taken, as a data URI.
func TestSources(t *testing.T) {
	picture := quarters(40, 40)
	var animation bytes.Buffer
	first, second := image.NewPaletted(picture.Rect, color.Palette{color.Black, color.RGBA{R: 0xff, A: 0xff}}), image.NewPaletted(picture.Rect, color.Palette{color.White})
	for i := range first.Pix {
		first.Pix[i] = 1
	}
	if err := gif.EncodeAll(&animation, &gif.GIF{Image: []*image.Paletted{first, second}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	grey := image.NewGray16(image.Rect(7, 9, 47, 49)) // a corner that is not 0, 0
	for i := range grey.Pix {
		grey.Pix[i] = 0xff
	}
	f := newFetcher(t, nil, Config{})
	for _, tt := range []struct {
		name, source, want string
	}{
		{"JPEG", dataURI("jpeg", encodeJPEG(t, picture)), "RGBK"},
		{"PNG", dataURI("png", encodePNG(t, picture)), "RGBK"},
		{"PNG by the name of JPEG", dataURI("jpeg", encodePNG(t, picture)), "RGBK"},
		{"16 bits of grey", dataURI("png", encodePNG(t, grey)), "WWWW"},
		{"first picture of a GIF", dataURI("gif", animation.Bytes()), "RRRR"},
		{"WebP", dataURI("webp", webPOf(40, 30, color.NRGBA{R: 0xff, A: 0xff})), "RRRR"},
		{"transparent WebP", dataURI("webp", webPOf(40, 30, color.NRGBA{R: 0xff})), "WWWW"},
		{"without padding", strings.TrimRight(dataURI("png", encodePNG(t, picture)), "="), "RGBK"},
		{"in capitals", "DATA:IMAGE/PNG;BASE64," + base64.StdEncoding.EncodeToString(encodePNG(t, picture)), "RGBK"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := f.Check(tt.source); err != nil {
				t.Errorf("Check: %v", err)
			}
			got, err := f.JPEG(t.Context(), tt.source)
			if err != nil {
				t.Fatal(err)
			}
			if img := wantJPEG(t, got); seen(img) != tt.want {
				t.Errorf("the quarters are %s, want %s", seen(img), tt.want)
			}
		})
	}
}

// header is the beginning of a PNG of any size.
func header(w, h uint32) []byte {
	ihdr := []byte("IHDR")
	ihdr = binary.BigEndian.AppendUint32(ihdr, w)
	ihdr = binary.BigEndian.AppendUint32(ihdr, h)
	ihdr = append(ihdr, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(b, ihdr...), crc32.ChecksumIEEE(ihdr))
}

// TestRefused: what Check knows without decoding, JPEG knows as well; some
// only shows when it is decoded.
func TestRefused(t *testing.T) {
	good := encodeJPEG(t, quarters(64, 64))
	f := newFetcher(t, nil, Config{MaxBytes: 64 << 10, MaxPixels: 10_000})
	tests := []struct {
		name, source string
		want         string
		late         bool // Check finds nothing
	}{
		{"URL", "https://cdn.example.com/1.jpg", "no host is allowed", false},
		{"nothing", "", "only https is fetched", false},
		{"an id", "a91b.jpg", "only https is fetched", false},
		{"no image type", "data:text/html;base64,PGI+", "the data URI must be data:image/jpeg;base64,", false},
		{"no base64", "data:image/svg+xml,<svg/>", "the data URI must be", false},
		{"no comma", "data:image/png;base64", "the data URI must be", false},
		{"bad base64", "data:image/png;base64,a*b=", "the data URI is not base64", false},
		{"empty", "data:image/png;base64,", "it is empty", false},
		{"too large", dataURI("png", make([]byte, 64<<10+1)), "the data URI has 65537 bytes, at most 65536 bytes are taken", false},
		{"text", dataURI("jpeg", []byte("<html>")), "its bytes are those of text/html", false},
		{"PDF", dataURI("jpeg", []byte("%PDF-1.7")), "its bytes are those of application/pdf", false},
		{"bomb", dataURI("png", header(60_000, 60_000)), "it is a PNG of 60000×60000 pixels, at most 10000 in all are decoded", false},
		{"overflowing bomb", dataURI("png", header(1<<31-1, 1<<31-1)), "it begins like a PNG and goes on like none", false},
		{"WebP bomb", dataURI("webp", webPOf(16_384, 16_384, color.NRGBA{})), "it is a WebP of 16384×16384 pixels", false},
		{"one row too many", dataURI("png", header(100, 101)), "it is a PNG of 100×101 pixels", false},
		{"header alone", dataURI("png", header(100, 100)), "it is damaged, or no PNG after all: unexpected EOF", true},
		{"half a JPEG", dataURI("jpeg", good[:len(good)-40]), "it is damaged, or no JPEG after all: ", true},
		{"magic alone", dataURI("jpeg", good[:3]), "it begins like a JPEG and goes on like none", false},
		{"no WebP", dataURI("webp", []byte("RIFF\x04\x00\x00\x00WEBP")), "it begins like a WebP and goes on like none", false},
		{"GIF of nothing", dataURI("gif", []byte("GIF89a\x00\x00\x00\x00\x00\x00\x00;")), "it is a GIF of 0×0 pixels", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := f.Check(tt.source)
			if tt.late && err != nil {
				t.Errorf("Check: %v", err)
			}
			if !tt.late {
				wantError(t, err, false, tt.want)
			}
			_, err = f.JPEG(t.Context(), tt.source)
			wantError(t, err, false, tt.want)
		})
	}
}

func TestScale(t *testing.T) {
	for _, tt := range []struct{ w, h, most, wantW, wantH int }{
		{40, 20, 1600, 40, 20},
		{160, 120, 160, 160, 120},
		{320, 160, 160, 160, 80},
		{161, 160, 160, 160, 159},
		{700, 1000, 100, 70, 100},
		{1000, 3, 100, 100, 1}, // never nothing
		{999, 997, 64, 64, 64},
		{4, 4, 1, 1, 1},
	} {
		t.Run(fmt.Sprintf("%d×%d to %d", tt.w, tt.h, tt.most), func(t *testing.T) {
			got := scale(t.Context(), quarters(tt.w, tt.h), tt.most)
			if size := got.Bounds().Size(); size != (image.Point{tt.wantW, tt.wantH}) {
				t.Fatalf("came to %v, want %d×%d", size, tt.wantW, tt.wantH)
			}
			if tt.wantW > 2 && tt.wantH > 2 && seen(got) != "RGBK" {
				t.Errorf("the quarters are %s", seen(got))
			}
			if !got.Opaque() {
				t.Error("something shows through")
			}
		})
	}
}

// TestScaleIsTheMean: pixels are not picked, all of them count, by the area
// that they cover.
func TestScaleIsTheMean(t *testing.T) {
	stripes := image.NewGray(image.Rect(0, 0, 300, 200))
	for i := range stripes.Pix {
		stripes.Pix[i] = byte(i % 3 * 100) // 0, 100, 200 in every row
	}
	got := scale(t.Context(), stripes, 100)
	for i := 0; i < len(got.Pix); i += 4 {
		if got.Pix[i] != 100 {
			t.Fatalf("byte %d is %d, want the mean of 0, 100 and 200", i, got.Pix[i])
		}
	}
	// 5 pixels to 2: the middle one belongs to both halves.
	five := image.NewGray(image.Rect(0, 0, 5, 1))
	copy(five.Pix, []byte{0, 0, 100, 200, 200})
	got = scale(t.Context(), five, 2)
	if left, right := got.Pix[0], got.Pix[4]; left != 20 || right != 180 {
		t.Errorf("came to %d and %d, want 20 and 180", left, right)
	}
}

func TestTransparencyIsWhite(t *testing.T) {
	for name, img := range map[string]image.Image{
		"transparent":      image.NewNRGBA(image.Rect(0, 0, 32, 32)),
		"with palette":     image.NewPaletted(image.Rect(0, 0, 32, 32), color.Palette{color.Transparent}),
		"to be scaled too": image.NewNRGBA(image.Rect(0, 0, 64, 320)),
	} {
		f := newFetcher(t, nil, Config{MaxSide: 64})
		got, err := f.JPEG(t.Context(), dataURI("png", encodePNG(t, img)))
		if err != nil {
			t.Fatal(err)
		}
		if s := seen(wantJPEG(t, got)); s != "WWWW" {
			t.Errorf("%s: the quarters are %s, want white", name, s)
		}
	}
	half := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	for i := 3; i < len(half.Pix); i += 4 {
		half.Pix[i] = 0x80
	}
	if v := scale(t.Context(), half, 10).Pix[0]; v < 0x7e || v > 0x80 {
		t.Errorf("half transparent black on white is %#x, want 0x7f", v)
	}
}

// TestDecodingIsBounded: however many ask, so many images are decoded at once,
// and who has no time to wait does not.
func TestDecodingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFetcher(t, nil, Config{MaxDecodes: 2, Timeout: time.Minute})
		f.decoding <- struct{}{}
		f.decoding <- struct{}{} // two are at it
		source := dataURI("png", encodePNG(t, quarters(8, 8)))
		start := time.Now()
		_, err := f.JPEG(t.Context(), source)
		if wantError(t, err, true, "not enough time for waiting for other images to be decoded (at most 1m0s for all)"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		done := make(chan error)
		go func() {
			_, err := f.JPEG(t.Context(), source)
			done <- err
		}()
		synctest.Wait() // it waits for its turn
		<-f.decoding
		if err := <-done; err != nil {
			t.Error(err)
		}
		<-f.decoding
		if len(f.decoding) != 0 {
			t.Error("a turn was not given back")
		}
	})
}

// TestDecodingEnds: a decoder that is fed for ever stops with its context.
func TestDecodingEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fm := formats[0]
	if _, err := fm.decodeAll(ctx, encodeJPEG(t, quarters(64, 64))); !errors.Is(err, context.Canceled) {
		t.Errorf("decoding with a cancelled context: %v", err)
	}
	f := newFetcher(t, nil, Config{})
	_, err := f.JPEG(ctx, dataURI("jpeg", encodeJPEG(t, quarters(64, 64))))
	if wantError(t, err, true, "not enough time"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestPanickingDecoder: a mistake in a decoder costs one image.
func TestPanickingDecoder(t *testing.T) {
	_, err := decodeSafely(func() (image.Image, error) { panic("index out of range") })
	if err == nil || !strings.Contains(err.Error(), "the decoder gave up: index out of range") {
		t.Error(err)
	}
}

func TestConfigFaults(t *testing.T) {
	_, err := New(Config{MaxBytes: -1, MaxPixels: -2, MaxSide: 70_000, Timeout: -time.Second, MaxDecodes: -3, UserAgent: "a\r\nb"})
	want := strings.Join([]string{
		"images config: MaxBytes is -1: it must be positive, or 0 for 10485760",
		"images config: MaxPixels is -2: it must be positive, or 0 for 40000000",
		"images config: MaxSide is 70000: it must be from 1 to 65535, or 0 for 1600",
		"images config: Timeout is -1s: it must be positive, or 0 for 20s",
		"images config: MaxDecodes is -3: it must be positive, or 0 for 2",
		`images config: UserAgent is "a\r\nb": only printable ASCII characters can be sent`,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// Whatever the bytes, there is no panic, and what comes out is a JPEG within
// the limits, the same each time; and what Check refuses is not made.
func FuzzJPEG(f *testing.F) {
	var animation bytes.Buffer
	if err := gif.Encode(&animation, quarters(20, 10), nil); err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{
		encodeJPEG(f, quarters(40, 20)), withEXIF(encodeJPEG(f, quarters(40, 20)), exifBlock(binary.BigEndian, 6)),
		encodePNG(f, quarters(20, 40)), webPOf(20, 20, color.NRGBA{B: 0xff, A: 0x80}), animation.Bytes(), header(60_000, 60_000), []byte("<html>"),
	} {
		f.Add(seed)
	}
	const side, pixels = 16, 4096
	fetcher := newFetcher(f, nil, Config{MaxSide: side, MaxPixels: pixels})
	f.Fuzz(func(t *testing.T, data []byte) {
		source := dataURI("jpeg", data)
		known := fetcher.Check(source)
		got, err := fetcher.JPEG(t.Context(), source)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Temporary || e.Reason == "" || len(got.Data) > 0 {
				t.Fatalf("error %#v is no permanent *Error", err)
			}
			return
		}
		if known != nil {
			t.Fatalf("Check refused what JPEG made: %v", known)
		}
		img, err := jpeg.Decode(bytes.NewReader(got.Data))
		if err != nil {
			t.Fatal(err)
		}
		size := img.Bounds().Size()
		if size.X != got.Width || size.Y != got.Height || size.X < 1 || size.Y < 1 || size.X > side || size.Y > side {
			t.Fatalf("came to %v, Image says %d×%d", size, got.Width, got.Height)
		}
		if again, err := fetcher.JPEG(t.Context(), source); err != nil || again.SHA256 != got.SHA256 {
			t.Fatalf("the second time it came to another JPEG: %v", err)
		}
	})
}
