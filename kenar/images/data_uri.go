package images

import (
	"encoding/base64"
	"strings"
)

// isDataURI reports whether a source is an image or a video within itself.
func isDataURI(source string) bool {
	return len(source) >= 5 && strings.EqualFold(source[:5], "data:")
}

// decodeDataURI returns the bytes of a data:image/…;base64,… URI (RFC 2397), or
// of one of a video. Which of their types it claims does not matter, the bytes
// tell.
func (m medium) decodeDataURI(source string) ([]byte, error) {
	head, data, ok := strings.Cut(source[len("data:"):], ",")
	head = strings.ToLower(head)
	if !ok || !strings.HasPrefix(head, m.name+"/") || !strings.HasSuffix(head, ";base64") {
		return nil, refuse("", "the data URI must be data:%s;base64, or another %s type, with the base64 of the %[2]s behind it", m.example, m.name)
	}
	// Padding may be missing, as in many encoders' output.
	data = strings.TrimRight(data, "=")
	if n := int64(base64.RawStdEncoding.DecodedLen(len(data))); n > m.most {
		return nil, refuse("", "the data URI has %s, at most %s are taken", sized(n), sized(m.most))
	}
	decoded, err := base64.RawStdEncoding.DecodeString(data)
	if err != nil {
		return nil, &Error{Reason: "the data URI is not base64", Err: err}
	}
	return decoded, nil
}
