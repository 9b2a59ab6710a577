package images

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image/color"
	"strings"
	"testing"
)

// gps stands in an EXIF block for what nobody is to learn from a picture.
const gps = "35.6892N 51.3890E"

// exifBlock is an EXIF block with an orientation and a place.
func exifBlock(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("Exif\x00\x00II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("Exif\x00\x00MM\x00*")
	}
	b = order.AppendUint32(b, 8) // the directory follows
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 0x010e) // a description, at its end
	b = order.AppendUint16(b, 2)
	b = order.AppendUint32(b, uint32(len(gps)))
	b = order.AppendUint32(b, 8+2+2*12+4)
	b = order.AppendUint16(b, 0x0112)
	b = order.AppendUint16(b, 3)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, orientation)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, 0) // no further directory
	return append(b, gps...)
}

// withEXIF is a JPEG with an APP1 segment.
func withEXIF(jpeg, exif []byte) []byte {
	b := append([]byte{}, jpeg[:2]...)
	b = append(b, 0xff, 0xe1)
	b = binary.BigEndian.AppendUint16(b, uint16(2+len(exif)))
	return append(append(b, exif...), jpeg[2:]...)
}

// pngWithEXIF is a PNG with an eXIf chunk behind its header.
func pngWithEXIF(png, exif []byte) []byte {
	const afterHeader = 8 + 25
	chunk := append([]byte("eXIf"), bytes.TrimPrefix(exif, []byte("Exif\x00\x00"))...)
	b := append([]byte{}, png[:afterHeader]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(chunk)-4))
	b = append(b, chunk...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
	return append(b, png[afterHeader:]...)
}

// TestOrientation: what comes out is upright, and the block is gone.
func TestOrientation(t *testing.T) {
	// How quarters, RG over BK, are to be shown.
	shown := map[uint16]string{
		1: "RGBK", 2: "GRKB", 3: "KBGR", 4: "BKRG", 5: "RBGK", 6: "BRKG", 7: "KGBR", 8: "GKRB",
		0: "RGBK", 9: "RGBK", 0xffff: "RGBK", // none of the eight
	}
	f := newFetcher(t, nil, Config{MaxSide: 64})
	for orientation, want := range shown {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			exif := exifBlock(order, orientation)
			for name, data := range map[string][]byte{
				"JPEG":              withEXIF(encodeJPEG(t, quarters(40, 20)), exif),
				"PNG":               pngWithEXIF(encodePNG(t, quarters(40, 20)), exif),
				"JPEG to be scaled": withEXIF(encodeJPEG(t, quarters(400, 200)), exif),
			} {
				t.Run(fmt.Sprintf("%s, %d, %v", name, orientation, order), func(t *testing.T) {
					if !bytes.Contains(data, []byte(gps)) {
						t.Fatal("the source does not name the place")
					}
					got, err := f.JPEG(t.Context(), dataURI("jpeg", data))
					if err != nil {
						t.Fatal(err)
					}
					if s := seen(wantJPEG(t, got)); s != want {
						t.Errorf("the quarters are %s, want %s", s, want)
					}
					if wide := orientation < 5 || orientation > 8; wide != (got.Width == 2*got.Height) || !wide && got.Height != 2*got.Width {
						t.Errorf("came to %d×%d", got.Width, got.Height)
					}
					for _, trace := range []string{gps, "Exif", "eXIf", "\xff\xe1"} {
						if bytes.Contains(got.Data, []byte(trace)) {
							t.Errorf("the result still has %q", trace)
						}
					}
				})
			}
		}
	}
}

// TestEXIFOfWebP: the block is a chunk behind the picture.
func TestEXIFOfWebP(t *testing.T) {
	data := webPOf(8, 8, color.NRGBA{})
	if got := exifOfWebP(data); got != nil {
		t.Errorf("found %q where there is none", got)
	}
	exif := exifBlock(binary.LittleEndian, 6)
	data = append(data, "EXIF"...)
	data = binary.LittleEndian.AppendUint32(data, uint32(len(exif)))
	data = append(data, exif...)
	if got := formats[2].orientation(data); got != 6 {
		t.Errorf("orientation %d, want 6", got)
	}
}

// TestBrokenEXIF: what cannot be read is as if it were not there.
func TestBrokenEXIF(t *testing.T) {
	whole := exifBlock(binary.BigEndian, 6)
	f := newFetcher(t, nil, Config{})
	for n := range whole {
		cut := tiffOrientation(whole[min(6, n):n])
		if cut != upright && cut != 6 {
			t.Errorf("the first %d bytes tell the orientation %d", n, cut)
		}
		if _, err := f.JPEG(t.Context(), dataURI("jpeg", withEXIF(encodeJPEG(t, quarters(8, 8)), whole[:n]))); err != nil {
			t.Errorf("the first %d bytes spoil the image: %v", n, err)
		}
	}
	far := bytes.Clone(whole[6:])
	binary.BigEndian.PutUint32(far[4:], 0xfffffff0)
	if got := tiffOrientation(far); got != upright {
		t.Errorf("a directory outside of the block tells the orientation %d", got)
	}
	typed := []byte(strings.Replace(string(whole[6:]), "\x01\x12\x00\x03", "\x01\x12\x00\x04", 1))
	if got := tiffOrientation(typed); got != upright {
		t.Errorf("an orientation of another type is taken for %d", got)
	}
}

// Whatever the bytes, an orientation comes out that there is.
func FuzzOrientation(f *testing.F) {
	f.Add(exifBlock(binary.BigEndian, 6), byte(0))
	f.Add(withEXIF(encodeJPEG(f, quarters(8, 8)), exifBlock(binary.LittleEndian, 3)), byte(1))
	f.Add(pngWithEXIF(encodePNG(f, quarters(8, 8)), exifBlock(binary.LittleEndian, 3)), byte(2))
	f.Fuzz(func(t *testing.T, data []byte, which byte) {
		fm := formats[int(which)%len(formats)]
		if n := tiffOrientation(data); n < 1 || n > 8 {
			t.Fatalf("orientation %d", n)
		}
		if !fm.is(data) {
			return
		}
		if n := fm.orientation(data); n < 1 || n > 8 {
			t.Fatalf("%s: orientation %d", fm.name, n)
		}
	})
}
