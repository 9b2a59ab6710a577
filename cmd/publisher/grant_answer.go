package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// A tokenAnswer is what the token endpoint answered, as a program kept it, with
// what else that program knows.
type tokenAnswer struct {
	tokens     kenar.Tokens
	at         time.Time // of the answer; zero: not told
	userID     string
	businesses []string
}

// decodeAnswer reads a tokenAnswer: the JSON object of the token endpoint, to
// which obtained_at, user_id and businesses may be added. Other fields are left
// alone. The error names everything that is wrong, and quotes no value: any of
// them may be a token in the wrong place.
func decodeAnswer(data []byte) (tokenAnswer, error) {
	d := answerDecoder{}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // Windows editors write one
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return tokenAnswer{}, errors.New("nothing was given: give the JSON that the token endpoint answered")
	case json.Unmarshal(data, &d.fields) != nil || d.fields == nil:
		return tokenAnswer{}, errors.New("what was given is not one JSON object: give the answer of the token endpoint as it came, with access_token, refresh_token, expires_in and scope")
	}
	if d.fields["error"] != nil && d.fields["access_token"] == nil {
		return tokenAnswer{}, errors.New("the answer is a refusal of the token endpoint and holds no tokens: its fields error and error_description say why")
	}
	a := tokenAnswer{
		tokens: kenar.Tokens{
			Access:    d.token("access_token"),
			Refresh:   d.token("refresh_token"),
			Scope:     d.words("scope"),
			ExpiresIn: d.life("expires_in"),
		},
		at:         d.moment("obtained_at"),
		userID:     d.text("user_id"),
		businesses: d.words("businesses"),
	}
	if a.tokens.Access == "" && !d.faulty["access_token"] {
		d.fault("access_token", "it is missing")
	}
	if kind := d.text("token_type"); kind != "" && !strings.EqualFold(kind, "bearer") {
		d.fault("token_type", "it is not bearer")
	}
	if a.userID != "" {
		if err := kenar.ValidUserID(a.userID); err != nil {
			d.fault("user_id", "it is not an id of Divar for a user")
		}
	}
	return a, errors.Join(d.faults...)
}

// An answerDecoder reads fields and collects what is wrong with them. What is
// missing or null is the zero value.
type answerDecoder struct {
	fields map[string]json.RawMessage
	faults []error
	faulty map[string]bool
}

func (d *answerDecoder) fault(name, format string, args ...any) {
	if d.faulty == nil {
		d.faulty = make(map[string]bool)
	}
	d.faulty[name] = true
	d.faults = append(d.faults, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
}

// decode reports whether the field was there and of the type of v.
func (d *answerDecoder) decode(name string, v any) bool {
	raw := d.fields[name]
	return len(raw) > 0 && string(raw) != "null" && json.Unmarshal(raw, v) == nil
}

func (d *answerDecoder) missing(name string) bool {
	raw := d.fields[name]
	return len(raw) == 0 || string(raw) == "null"
}

func (d *answerDecoder) text(name string) (s string) {
	if !d.decode(name, &s) && !d.missing(name) {
		d.fault(name, "it is not a string")
	}
	return s
}

func (d *answerDecoder) token(name string) string {
	s := d.text(name)
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		d.fault(name, "it holds a space, a line break or another character that no token has: give it whole and alone")
	}
	return s
}

// words reads a list of strings, or a string of words.
func (d *answerDecoder) words(name string) (list []string) {
	var s string
	switch {
	case d.missing(name):
		return nil
	case d.decode(name, &s):
		return strings.Fields(s)
	case d.decode(name, &list):
		return list
	}
	d.fault(name, "it is neither a string nor a list of strings")
	return nil
}

// maxLife is what a token may live, in seconds: a year.
const maxLife = 366 * 24 * 60 * 60

// life reads a number of seconds. Not told, it is the documented hour.
func (d *answerDecoder) life(name string) time.Duration {
	if d.missing(name) {
		return kenar.DefaultTokenLife
	}
	n, ok := d.number(name)
	if !ok || n <= 0 || n > maxLife {
		d.fault(name, "it is not a number of seconds above 0 and up to %d", maxLife)
		return 0
	}
	return time.Duration(n * float64(time.Second))
}

// moment reads RFC 3339, or seconds since 1970.
func (d *answerDecoder) moment(name string) time.Time {
	if d.missing(name) {
		return time.Time{}
	}
	var t time.Time
	if d.decode(name, &t) {
		return t
	}
	if n, ok := d.number(name); ok && n > 0 && n < 1<<33 {
		return time.Unix(int64(n), 0)
	}
	d.fault(name, "it is neither RFC 3339, such as 2006-01-02T15:04:05Z, nor seconds since 1970")
	return time.Time{}
}

// number reads a number, or a string that holds one.
func (d *answerDecoder) number(name string) (float64, bool) {
	var n float64
	if d.decode(name, &n) {
		return n, true
	}
	var s string
	if !d.decode(name, &s) {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}
