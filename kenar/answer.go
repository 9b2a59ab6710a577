package kenar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxAnswer is how much of an answer's body is read, in bytes. Kenar's answers
// are far smaller; error pages of an edge server need not be.
const maxAnswer = 64 << 10

// maxDocument is maxAnswer for answers that grow with a category's choices or
// a user's posts.
const maxDocument = 4 << 20

// answer is what came back with a 2xx status.
type answer struct {
	status  int
	body    []byte // at most longest bytes
	longest int
	err     error // why body is incomplete; nil when it is not
}

// id returns the id of an answer of the form {"id": …}, a string or a number,
// or "" for anything else, and for an id that no later request could name.
func (a answer) id() string {
	var body struct {
		ID any `json:"id"`
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	if err := d.Decode(&body); err != nil {
		return ""
	}
	var id string
	switch v := body.ID.(type) {
	case string:
		id = v
	case json.Number:
		id = v.String()
	}
	if ValidAddonID(id) != nil {
		return ""
	}
	return id
}

// decode reads the answer, which must be a JSON object, into v. Unlike the
// fields of an object, a field of another type than documented is an error:
// nobody is to take an amount that cannot be read for nothing. The error is
// [ErrMalformed] with what is wrong; it repeats nothing of the answer, which
// may echo a secret.
func (a answer) decode(v any) error {
	if _, err := a.object(); err != nil {
		return err
	}
	err := json.Unmarshal(a.body, v)
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%w: its %s is of another type", ErrMalformed, wrong.Field)
	}
	return fmt.Errorf("%w: one of its values cannot be read", ErrMalformed)
}

// newStatusError describes an answer that is not a 2xx. body is what could be
// read of it.
func newStatusError(op string, resp *http.Response, body []byte, secrets scrubber) *Error {
	e := &Error{
		Op:         op,
		Status:     resp.StatusCode,
		Body:       excerpt(secrets.cutText(string(body))),
		RetryAfter: retryAfter(resp.Header, time.Now()),
	}
	// google.rpc.Status, read leniently: none of its fields is required, and
	// anything between Kenar and here may answer in its own way.
	var status any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&status); err != nil {
		return e
	}
	if fields, ok := status.(map[string]any); ok {
		message, _ := fields["message"].(string)
		e.Message = excerpt(secrets.text(message))
		e.Code = code(fields["code"])
	}
	if e.Status == http.StatusTooManyRequests {
		e.Window = window(status)
	}
	return e
}

// code reads a google.rpc code, 0 for anything else.
func code(v any) int {
	n, ok := v.(json.Number)
	if !ok {
		return 0
	}
	i, err := strconv.ParseInt(n.String(), 10, 32)
	if err != nil {
		return 0
	}
	return int(i)
}

// excerpt returns the first maxExcerpt bytes of s as valid UTF-8.
func excerpt(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if len(s) <= maxExcerpt {
		return s
	}
	end := maxExcerpt
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// retryAfter reads the Retry-After header in its two forms, seconds and a date
// (RFC 9110, section 10.2.3). A date counts from the Date of the same answer,
// when it has one, so that a wrong clock here does not matter. Zero means that
// the header is missing, unreadable or in the past.
func retryAfter(h http.Header, now time.Time) time.Duration {
	const most = 365 * 24 * time.Hour
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v != "" && strings.Trim(v, "0123456789") == "" {
		seconds, err := strconv.ParseInt(v, 10, 64)
		if err != nil || seconds > int64(most/time.Second) {
			return most
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		now = sent
	}
	return min(max(at.Sub(now), 0), most)
}

// window finds which limit the strings of a 429's JSON body name. Kenar says
// that the body tells it, without showing one, so only the plain words count,
// in English and Persian, and only when they do not contradict each other.
// Plurals do not: "in 5 minutes" names a time to wait, not a limit.
func window(body any) string {
	var minute, day bool
	eachString(body, func(s string) {
		for word := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) }) {
			switch word {
			case "minute", "minutely", "perminute", "دقیقه", "دقيقه":
				minute = true
			case "day", "daily", "perday", "روز", "روزانه":
				day = true
			}
		}
	})
	switch {
	case minute && !day:
		return "minute"
	case day && !minute:
		return "day"
	}
	return ""
}

// eachString calls f with every string value of a decoded JSON document.
func eachString(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, e := range v {
			eachString(e, f)
		}
	case map[string]any:
		for _, e := range v {
			eachString(e, f)
		}
	}
}
