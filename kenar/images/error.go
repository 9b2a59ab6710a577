package images

import (
	"fmt"
	"strings"
)

// An Error says why a source did not become a JPEG or a video. Its text names
// the host, what is wrong and the limit, and never more of a URL than its host,
// because the rest may be a signature.
type Error struct {
	// Host is the host that was to be asked, after redirects the last one. It
	// is empty for a data URI, and for a URL that has none.
	Host string

	// Reason is what is wrong, and what to do about it.
	Reason string

	// Status is the HTTP status when the host answered with another than 200,
	// else 0.
	Status int

	// Temporary is true when the same source may be good later: the host could
	// not be reached, was too slow, or said so itself (408, 425, 429, 5xx).
	Temporary bool

	// Video is true when the source was to be a video.
	Video bool

	// Err is the cause when there is one. Cancelled and expired contexts are
	// found in it with errors.Is.
	Err error
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	var s strings.Builder
	if e.Video {
		s.WriteString("video")
	} else {
		s.WriteString("image")
	}
	if e.Host != "" {
		s.WriteString(" from " + e.Host)
	}
	s.WriteString(": " + e.Reason)
	if e.Err != nil {
		s.WriteString(": " + e.Err.Error())
	}
	return s.String()
}

// refuse is a permanent error.
func refuse(host, format string, args ...any) *Error {
	return &Error{Host: host, Reason: fmt.Sprintf(format, args...)}
}

// sized writes a number of bytes for people.
func sized(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// shown is a host as far as it is fit to be shown: what it holds came from
// outside.
func shown(host string) string {
	const most = 64
	if len(host) > most {
		host = host[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == '\ufffd' {
			return '?'
		}
		return r
	}, host)
}
