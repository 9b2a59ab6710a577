package images

import (
	"encoding/base64"
	"strings"
)

// isDataURI reports whether a source is an image within itself.
func isDataURI(source string) bool {
	return len(source) >= 5 && strings.EqualFold(source[:5], "data:")
}

// decodeDataURI returns the bytes of a data:image/…;base64,… URI (RFC 2397).
// Which image type it claims does not matter, the bytes tell.
func (f *Fetcher) decodeDataURI(source string) ([]byte, error) {
	head, data, ok := strings.Cut(source[len("data:"):], ",")
	head = strings.ToLower(head)
	if !ok || !strings.HasPrefix(head, "image/") || !strings.HasSuffix(head, ";base64") {
		return nil, refuse("", "the data URI must be data:image/jpeg;base64, or another image type, with the base64 of the image behind it")
	}
	// Padding may be missing, as in many encoders' output.
	data = strings.TrimRight(data, "=")
	if n := int64(base64.RawStdEncoding.DecodedLen(len(data))); n > f.cfg.MaxBytes {
		return nil, refuse("", "the data URI has %s, at most %s are taken", sized(n), sized(f.cfg.MaxBytes))
	}
	decoded, err := base64.RawStdEncoding.DecodeString(data)
	if err != nil {
		return nil, &Error{Reason: "the data URI is not base64", Err: err}
	}
	return decoded, nil
}
