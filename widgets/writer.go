package widgets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// fieldWriter is the visitor that encodes fields as members of an object. It
// writes no white space and leaves absent fields out, so equal widgets have
// equal encodings.
type fieldWriter struct {
	buf []byte
	err error // the first value that has no encoding
}

func (w *fieldWriter) name(name string) {
	if w.buf[len(w.buf)-1] != '{' {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...) // field names need no escapes
	w.buf = append(w.buf, '"', ':')
}

func (w *fieldWriter) object(fields func(visitor)) {
	w.buf = append(w.buf, '{')
	fields(w)
	w.buf = append(w.buf, '}')
}

func (w *fieldWriter) string(name, s string) {
	if s != "" {
		w.name(name)
		w.buf = appendString(w.buf, s)
	}
}

func (w *fieldWriter) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func (w *fieldWriter) text(name string, p *string, _ textLimit) { w.string(name, *p) }

func (w *fieldWriter) flag(name string, p *bool) {
	if *p {
		w.name(name)
		w.buf = append(w.buf, "true"...)
	}
}

func (w *fieldWriter) integer(name string, p *int, _ bounds) {
	w.name(name)
	w.buf = strconv.AppendInt(w.buf, int64(*p), 10)
}

func (w *fieldWriter) optionalInteger(name string, p **int, in bounds) {
	if *p != nil {
		w.integer(name, *p, in)
	}
}

func (w *fieldWriter) enum(name string, p *string, _ enum) { w.string(name, *p) }

func (w *fieldWriter) icon(name string, p *string) { w.string(name, *p) }

func (w *fieldWriter) image(name, _ string, p *string, _ bool) { w.string(name, *p) }

func (w *fieldWriter) link(name, _ string, p *string) { w.string(name, *p) }

func (w *fieldWriter) postToken(name string, p *string) { w.string(name, *p) }

func (w *fieldWriter) data(name string, p *json.RawMessage) {
	w.name(name)
	if len(*p) == 0 {
		w.buf = append(w.buf, "{}"...)
		return
	}
	b := bytes.NewBuffer(w.buf)
	if err := json.Compact(b, *p); err != nil {
		w.fail("encode the %s of an action: %w", name, err)
	}
	w.buf = b.Bytes()
}

func (w *fieldWriter) action(name string, p *Action, _ bool) {
	if *p != nil {
		w.name(name)
		writeAction(w, *p)
	}
}

func (w *fieldWriter) message(name string, set bool, fields func(visitor)) {
	if set {
		w.name(name)
		w.object(fields)
	}
}

func (w *fieldWriter) list(name string, n int, _ bounds, _ func(int), item func(int, visitor)) {
	if n == 0 {
		return
	}
	w.name(name)
	w.buf = append(w.buf, '[')
	for i := range n {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(w.buf, '{')
		item(i, w)
		w.buf = append(w.buf, '}')
	}
	w.buf = append(w.buf, ']')
}

func (w *fieldWriter) constant(name, value string, _ bool) { w.string(name, value) }

func (w *fieldWriter) eitherOf(string, bool, string, bool) {}

func (w *fieldWriter) stripped(string, string) {}

func (w *fieldWriter) ignored(string) {}

// appendString encodes s with the fewest escapes JSON allows, so Persian text
// stays readable. Invalid UTF-8 becomes U+FFFD, as in encoding/json.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + size
			}
			i += size
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
			}
			start = i + 1
		}
		i++
	}
	return append(append(b, s[start:]...), '"')
}
