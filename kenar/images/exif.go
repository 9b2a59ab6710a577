package images

import (
	"bytes"
	"encoding/binary"
)

// upright is the orientation of an image that is stored as it is to be shown.
const upright = 1

// orientation is how the image's EXIF block says it is to be shown, from 1 to
// 8, and upright when it does not say.
func (fm format) orientation(data []byte) int {
	return tiffOrientation(bytes.TrimPrefix(fm.exif(data), []byte("Exif\x00\x00")))
}

// tiffOrientation reads the orientation from a TIFF header and its first
// directory, which is what an EXIF block is (Exif 2.32, 4.5 and 4.6).
func tiffOrientation(tiff []byte) int {
	const (
		entrySize      = 12
		tagOrientation = 0x0112
		typeShort      = 3
	)
	if len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return upright
	}
	directory := int64(order.Uint32(tiff[4:]))
	if directory+2 > int64(len(tiff)) {
		return upright
	}
	entries := tiff[directory+2:]
	for range order.Uint16(tiff[directory:]) {
		if len(entries) < entrySize {
			return upright
		}
		if order.Uint16(entries) == tagOrientation {
			value := int(order.Uint16(entries[8:]))
			if order.Uint16(entries[2:]) != typeShort || value < 1 || value > 8 {
				return upright
			}
			return value
		}
		entries = entries[entrySize:]
	}
	return upright
}

// exifOfJPEG finds the APP1 segment that is an EXIF block, before the first
// scan (ITU-T T.81, B.1.1; Exif 2.32, 4.7).
func exifOfJPEG(data []byte) []byte {
	const (
		app1 = 0xe1
		sos  = 0xda
	)
	for rest := data[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != sos; {
		if rest[1] == 0xff { // a fill byte
			rest = rest[1:]
			continue
		}
		length := int(binary.BigEndian.Uint16(rest[2:])) // with its own two bytes
		if length < 2 || 2+length > len(rest) {
			return nil
		}
		segment := rest[4 : 2+length]
		if rest[1] == app1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")) {
			return segment
		}
		rest = rest[2+length:]
	}
	return nil
}

// exifOfPNG finds the eXIf chunk (PNG, third edition, 11.3.4.3).
func exifOfPNG(data []byte) []byte {
	for rest := data[8:]; len(rest) >= 12; {
		length := int64(binary.BigEndian.Uint32(rest))
		if 12+length > int64(len(rest)) {
			return nil
		}
		if string(rest[4:8]) == "eXIf" {
			return rest[8 : 8+length]
		}
		rest = rest[12+length:]
	}
	return nil
}

// exifOfWebP finds the EXIF chunk (WebP container specification).
func exifOfWebP(data []byte) []byte {
	for rest := data[12:]; len(rest) >= 8; {
		length := int64(binary.LittleEndian.Uint32(rest[4:]))
		if 8+length > int64(len(rest)) {
			return nil
		}
		if string(rest[:4]) == "EXIF" {
			return rest[8 : 8+length]
		}
		rest = rest[min(8+length+length%2, int64(len(rest))):]
	}
	return nil
}
