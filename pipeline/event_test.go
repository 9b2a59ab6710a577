package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// envelope returns a valid event with attributes changed, given as pairs of a
// name and its raw JSON; an empty value takes the attribute away.
func envelope(changes ...string) []byte {
	fields := map[string]string{
		"specversion": `"1.0"`, "id": `"e1"`, "source": `"inspections"`, "type": `"kenar.addon.attach.v1"`,
		"subject": `"post/AZir15UU"`, "data": `{}`,
	}
	for i := 0; i < len(changes); i += 2 {
		if fields[changes[i]] = changes[i+1]; changes[i+1] == "" {
			delete(fields, changes[i])
		}
	}
	var members []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		members = append(members, strconv.Quote(name)+":"+fields[name])
	}
	return []byte("{" + strings.Join(members, ",") + "}")
}

// wantReason fails unless err is a *Reason of this code and field whose
// message holds each of the given words.
func wantReason(t *testing.T, err error, code ReasonCode, field string, words ...string) {
	t.Helper()
	r, ok := errors.AsType[*Reason](err)
	if !ok {
		t.Fatalf("error %v, want a *Reason of code %s, field %q", err, code, field)
	}
	if r.Code != code || r.Field != field {
		t.Errorf("code %s, field %q, want %s, %q (message: %s)", r.Code, r.Field, code, field, r.Message)
	}
	for _, w := range words {
		if !strings.Contains(r.Message, w) {
			t.Errorf("message %q does not say %q", r.Message, w)
		}
	}
}

func TestDecodeEvent(t *testing.T) {
	raw := envelope(
		"id", `"e1~2"`, "replayof", `"e1"`, "replayseq", `"7"`, "time", `"2026-01-02T15:04:05.5+03:30"`,
		"priority", `"urgent"`, "revision", `"18446744073709551615"`, "expiresat", `"2026-01-09T00:00:00Z"`,
		"grantid", `"grant-1"`, "traceparent", `"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"`,
		"datacontenttype", `"application/json; charset=utf-8"`, "data", ` { "widgets" : [] } `,
		"validateonly", `"true"`, "dataschema", `"https://example.com/s"`, "comexampleflag", `true`)
	got, err := DecodeEvent(raw)
	if err != nil {
		t.Fatal(err)
	}
	want := Event{
		ID: "e1~2", Source: "inspections", Type: TypeAttach, Target: Target{KindPost, "AZir15UU"},
		Time: time.Date(2026, 1, 2, 11, 34, 5, 5e8, time.UTC), Priority: Urgent, Revision: new(uint64(1<<64 - 1)),
		ExpiresAt: time.Date(2026, 1, 9, 0, 0, 0, 0, time.UTC), GrantID: "grant-1",
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		ReplayOf:    "e1", ReplaySeq: 7, ValidateOnly: true, Data: json.RawMessage(`{ "widgets" : [] }`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if got, want := got.Version(99), (Version{Revision: want.Revision, Seq: 7}); !cmp.Equal(got, want) {
		t.Errorf("a replay has version %+v, want that of the original, %+v", got, want)
	}
}

// What is left out has a meaning of its own.
func TestDecodeEventDefaults(t *testing.T) {
	for name, raw := range map[string][]byte{
		"missing": envelope(),
		"null": envelope("time", "null", "priority", "null", "revision", "null", "expiresat", "null", "grantid", "null",
			"traceparent", "null", "validateonly", "null", "replayof", "null", "replayseq", "null", "datacontenttype", "null"),
	} {
		got, err := DecodeEvent(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := Event{
			ID: "e1", Source: "inspections", Type: TypeAttach, Target: Target{KindPost, "AZir15UU"},
			Priority: Normal, Data: json.RawMessage(`{}`),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if v := got.Version(99); v.Seq != 99 || v.Revision != nil {
			t.Errorf("%s: version %+v, want that of its arrival, 99", name, v)
		}
	}
}

// Each attribute by itself: an empty fault means that the value is taken.
func TestDecodeEventAttributes(t *testing.T) {
	long := strings.Repeat("a", 65)
	tests := []struct {
		attribute, raw string
		fault          string // in the message, with the actual value
	}{
		{"specversion", ``, "is missing"},
		{"specversion", `null`, "is missing"},
		{"specversion", `"0.3"`, `"0.3" is not supported`},
		{"specversion", `"1.0.1"`, `"1.0.1" is not supported`},
		{"specversion", `1.0`, "must be a string"},

		{"id", `"A-z_9"`, ""},
		{"id", strconv.Quote(long[:64]), ""},
		{"id", ``, "is missing"},
		{"id", `""`, "must not be empty"},
		{"id", strconv.Quote(long), long},
		{"id", `17`, "must be a string"},
		{"id", `["e1"]`, "must be a string"},
		{"id", `"a b"`, `"a b" is not 1 to 64 of`},
		{"id", `"a.b"`, `"a.b"`},
		{"id", `"*"`, `"*"`},
		{"id", `">"`, `">"`},
		{"id", `"../x"`, `"../x"`},
		{"id", `"a\r\nNats-Msg-Id: b"`, `"a\r\nNats-Msg-Id: b"`},
		{"id", `"a\n"`, `"a\n"`},
		{"id", `"a\u0000"`, `"a\x00"`},
		{"id", `"%65"`, `"%65"`},
		{"id", `"۱۲۳"`, `"۱۲۳"`},
		{"id", `"e\u200c1"`, `"e\u200c1"`},

		{"source", ``, "is missing"},
		{"source", `""`, "must not be empty"},
		{"source", `{}`, "must be a string"},
		{"source", `"/کارشناسی"`, ""},

		{"type", ``, "is missing"},
		{"type", `""`, "must not be empty"},
		{"type", `"some.other.type"`, ""}, // known types are the builder's business

		{"subject", `"post/A"`, ""},
		{"subject", `"post/_-aZ012345678901234567"`, "has 22 characters, at most 20"},
		{"subject", `"post/_-aZ0123456789012345"`, ""},
		{"subject", `"business/3f2c-=:_"`, ""},
		{"subject", `"user/a:b=c"`, ""},
		{"subject", `"listing/car-17_b"`, ""},
		{"subject", ``, "is missing"},
		{"subject", `""`, "must not be empty"},
		{"subject", `"AZir15UU"`, `"AZir15UU" is not of the form kind/key`},
		{"subject", `"post/"`, "is empty"},
		{"subject", `"/AZir15UU"`, `"" is no kind`},
		{"subject", `"car/AZir15UU"`, `"car" is no kind`},
		{"subject", `"Post/AZir15UU"`, `"Post" is no kind`},
		{"subject", `"../x"`, `".." is no kind`},
		{"subject", `"post/../x"`, `"../x"`},
		{"subject", `"post/a/b"`, `"a/b"`},
		{"subject", `"post/a.b"`, `"a.b"`},
		{"subject", `"post/*"`, `"*"`},
		{"subject", `"post/>"`, `">"`},
		{"subject", `"post/a b"`, `"a b"`},
		{"subject", `"post/a\r\nX: y"`, `"a\r\nX: y"`},
		{"subject", `"post/a%2Fb"`, `"a%2Fb"`},
		{"subject", `"post/a?b#c"`, `"a?b#c"`},
		{"subject", `"post/۱۲۳"`, `"۱۲۳"`},
		{"subject", `"post/a=b"`, `"a=b"`},
		{"subject", `"post/\ud800"`, `"�"`},
		{"subject", `"user/` + strings.Repeat("u", 128) + `"`, ""},
		{"subject", `"user/` + strings.Repeat("u", 129) + `"`, "129 characters, at most 128"},
		{"subject", `"listing/` + long + `"`, long},
		{"subject", `"listing/a:b"`, `"a:b"`},

		{"time", `"2026-01-02T15:04:05Z"`, ""},
		{"time", `"2026-01-02T15:04:05.123456789-11:30"`, ""},
		{"time", `""`, "must not be empty"},
		{"time", `1767366245`, "must be a string"},
		{"time", `"2026-01-02"`, `"2026-01-02" is not an RFC 3339 time`},
		{"time", `"2026-01-02T15:04:05"`, `"2026-01-02T15:04:05"`},
		{"time", `"2026-01-02 15:04:05Z"`, `"2026-01-02 15:04:05Z"`},
		{"time", `"2026-02-30T15:04:05Z"`, `"2026-02-30T15:04:05Z"`},
		{"time", `"2026-01-02T3:04:05Z"`, `"2026-01-02T3:04:05Z"`},
		{"time", `"2026-01-02T15:04:05,5Z"`, `"2026-01-02T15:04:05,5Z"`},
		{"time", `"۲۰۲۶-01-02T15:04:05Z"`, `"۲۰۲۶-01-02T15:04:05Z"`},

		{"expiresat", `"2001-01-01T00:00:00Z"`, ""}, // over already: the lane says so
		{"expiresat", `"tomorrow"`, `"tomorrow"`},
		{"expiresat", `true`, "must be a string"},
		{"expiresat", `"2026-01-02T15:04:05+24:00"`, `"2026-01-02T15:04:05+24:00"`},
		{"expiresat", `"2026-01-02T15:04:05+23:60"`, `"2026-01-02T15:04:05+23:60"`},
		// The zero time must not be taken for "never".
		{"expiresat", `"0001-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`},

		{"priority", `"urgent"`, ""},
		{"priority", `"normal"`, ""},
		{"priority", `"low"`, `"low" is unknown, use urgent or normal`},
		{"priority", `"Urgent"`, `"Urgent"`},
		{"priority", `1`, "must be a string"},
		{"priority", `""`, "must not be empty"},

		{"revision", `"0"`, ""},
		{"revision", `0`, ""},
		{"revision", `18446744073709551615`, ""},
		{"revision", `18446744073709551616`, `"18446744073709551616" is not an unsigned decimal of at most 64 bits`},
		{"revision", `"18446744073709551616"`, `"18446744073709551616"`},
		{"revision", `-1`, `"-1"`},
		{"revision", `"-1"`, `"-1"`},
		{"revision", `"+1"`, `"+1"`},
		{"revision", `1.0`, `"1.0"`},
		{"revision", `1e3`, `"1e3"`},
		{"revision", `"007"`, `"007"`},
		{"revision", `"1_000"`, `"1_000"`},
		{"revision", `"0x10"`, `"0x10"`},
		{"revision", `"۱۲"`, `"۱۲"`},
		{"revision", `" 1"`, `" 1"`},
		{"revision", `""`, "must not be empty"},
		{"revision", `true`, "unsigned decimal"},
		{"revision", `[1]`, "unsigned decimal"},

		{"grantid", `"A-z_9"`, ""},
		{"grantid", `"a b"`, `"a b"`},
		{"grantid", strconv.Quote(long), long},
		{"grantid", `"../secret"`, `"../secret"`},
		{"grantid", `7`, "must be a string"},

		{"traceparent", `"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"`, ""},
		{"traceparent", `"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"`, "is not a W3C trace context"},
		{"traceparent", `"00-0af7-b7ad-01"`, `"00-0af7-b7ad-01"`},
		{"traceparent", `"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX: y"`, `\r\nX: y`},

		{"validateonly", `true`, ""},
		{"validateonly", `false`, ""},
		{"validateonly", `"true"`, ""},
		{"validateonly", `"false"`, ""},
		{"validateonly", `"yes"`, `is neither true nor false`},
		{"validateonly", `""`, "is neither true nor false"},
		{"validateonly", `1`, `"1" is neither`},
		{"validateonly", `[true]`, "a list is neither"},

		{"replayseq", `"7"`, "only a replay has one"},

		{"datacontenttype", `"application/json"`, ""},
		{"datacontenttype", `"text/xml"`, `"text/xml" is not supported`},

		{"data", ``, "must be an object"},
		{"data", `null`, "must be an object"},
		{"data", `[]`, "must be an object"},
		{"data", `"{}"`, "must be an object"},
		{"data", `1`, "must be an object"},
		{"data_base64", `"e30="`, `data must be JSON in "data"`},
	}
	for _, tt := range tests {
		t.Run(tt.attribute+"="+tt.raw, func(t *testing.T) {
			_, err := DecodeEvent(envelope(tt.attribute, tt.raw))
			if tt.fault == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			wantReason(t, err, InvalidEvent, tt.attribute, tt.fault)
		})
	}
}

// An id with ~ belongs to a replay of the event it names, and to nothing else.
func TestDecodeEventReplayIDs(t *testing.T) {
	tests := []struct {
		id, replayOf string
		ok           bool
	}{
		{"e1~1", "e1", true},
		{"e1~999999999", "e1", true},
		{"e1~1", "", false},
		{"e1~1", "e2", false},
		{"e1~0", "e1", false},
		{"e1~01", "e1", false},
		{"e1~1000000000", "e1", false},
		{"e1~x", "e1", false},
		{"e1~1~1", "e1", false},
		{"e1~1~1", "e1~1", false},
		{"~1", "", false},
		{"e1~", "e1", false},
	}
	for _, tt := range tests {
		changes := []string{"id", strconv.Quote(tt.id)}
		if tt.replayOf != "" {
			changes = append(changes, "replayof", strconv.Quote(tt.replayOf))
		}
		e, err := DecodeEvent(envelope(changes...))
		switch {
		case tt.ok && (err != nil || e.ID != tt.id):
			t.Errorf("%s, a replay of %q: id %q, error %v", tt.id, tt.replayOf, e.ID, err)
		case !tt.ok:
			wantReason(t, err, InvalidEvent, "id", strconv.Quote(tt.id)[1:3])
			if e.ID != "" {
				t.Errorf("%s, a replay of %q: is refused but usable as %q", tt.id, tt.replayOf, e.ID)
			}
		}
	}
}

// What is no CloudEvents object at all has no field to name.
func TestDecodeEventDocument(t *testing.T) {
	tests := []struct{ name, raw, fault string }{
		{"nothing", ``, "unexpected EOF"},
		{"white space", " \n", "unexpected EOF"},
		{"garbage", `hello`, "invalid character 'h'"},
		{"a list", `[` + string(envelope()) + `]`, "it does not start with {"},
		{"null", `null`, "it does not start with {"},
		{"a string", `"{}"`, "it does not start with {"},
		{"cut off", string(envelope()[:40]), "unexpected EOF"},
		{"a trailing comma", `{"id":"e1",}`, "invalid character '}'"},
		{"a second event", string(envelope()) + string(envelope()), "data after the object"},
		{"trailing garbage", string(envelope()) + " x", "data after the object, at byte"},
		{"a key twice", `{"id":"a","source":"s","id":"b"}`, `key "id" occurs twice`},
		{"a key twice, once escaped", `{"id":"a","\u0069d":"b"}`, `key "id" occurs twice`},
		{"a key that is a number", `{1:2}`, "invalid character '1'"},
		{"a byte order mark", "\xef\xbb\xbf{}", "invalid character"},
		{"UTF-16", "{\x00}\x00", "invalid character"},
		{"invalid UTF-8", "{\"id\":\"e\xff\"}", "not valid UTF-8"},
		{"a raw line break", "{\"id\":\"e\n\"}", `value of "id"`},
		{"an unfinished value", `{"id":tru}`, `value of "id"`},
		{"too deep", `{"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, "exceeded max depth"},
		{"too deep and too large", strings.Repeat("[", 1<<20), "event is 1048576 bytes, at most 393216 allowed"},
		{"too large by a byte", string(padded(MaxEventSize + 1)), "event is 393217 bytes, at most 393216 allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := DecodeEvent([]byte(tt.raw))
			wantReason(t, err, InvalidEvent, "", tt.fault)
			if diff := cmp.Diff(Event{}, e); diff != "" {
				t.Errorf("event of an unreadable document (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := DecodeEvent(padded(MaxEventSize)); err != nil {
		t.Errorf("an event of the largest size: %v", err)
	}
}

// padded is a valid event of n bytes.
func padded(n int) []byte {
	e := envelope("padding", `""`)
	return bytes.Replace(e, []byte(`"padding":"`), []byte(`"padding":"`+strings.Repeat("x", n-len(e))), 1)
}

// A producer mends everything in one go, and is told under its own id.
func TestDecodeEventTellsAllFaults(t *testing.T) {
	e, err := DecodeEvent(envelope("specversion", `"2"`, "subject", `"post/../x"`, "priority", `"high"`, "revision", `-1`, "data", `[]`))
	wantReason(t, err, InvalidEvent, "specversion", `specversion: "2"`, "subject: post token", `priority: "high"`, `revision: "-1"`, "data: must be")
	if e.ID != "e1" {
		t.Errorf("id %q, want e1: it is usable", e.ID)
	}
	if e.Target != (Target{}) {
		t.Errorf("target %+v of a subject that was refused, want none: it must not be published as one", e.Target)
	}
}

// However large the fault, its message is fit for a log line.
func TestDecodeEventBoundsMessages(t *testing.T) {
	changes := []string{"id", strconv.Quote(strings.Repeat("\u2028", 50_000))}
	for _, name := range []string{"source", "subject", "priority", "revision", "grantid"} {
		changes = append(changes, name, `[`+strconv.Quote(strings.Repeat("x", 10_000))+`]`)
	}
	_, err := DecodeEvent(envelope(changes...))
	if r, ok := errors.AsType[*Reason](err); !ok || len(r.Message) > 2100 {
		t.Errorf("a message of %d bytes", len(fmt.Sprint(err)))
	}
}

// Reasons are told in outcomes, dead letters and logs, where no identifier of
// a vehicle may be.
func TestReasonsHideSensitiveValues(t *testing.T) {
	const vin = "IRJC95R23KJ039206"
	for name, raw := range map[string][]byte{
		"attribute": envelope("source", `{"VIN":"`+vin+`"}`),
		"revision":  envelope("revision", `{"VIN":"`+vin+`"}`),
		"notes":     envelope("data", `{"widgets":[{"title_row":{"text":"x"}}],"notes":{"VIN":"`+vin+`"}}`),
		"semantic":  envelope("data", `{"widgets":[{"title_row":{"text":"x"}}],"semantic":{"VIN":{"VIN":"`+vin+`"}}}`),
		"unknown":   envelope("data", `{"widgets":[{"title_row":{"text":"x"}}],"VIN":"`+vin+`"}`),
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Builder{}.Validate(raw)
			if err == nil {
				t.Fatal("taken")
			}
			if strings.Contains(err.Error(), vin) {
				t.Errorf("the reason repeats a VIN: %v", err)
			}
		})
	}
}

// The subject a message came on and its body name the same target.
func TestDecodeMessage(t *testing.T) {
	tests := []struct {
		subject string // of the message
		target  string // of the event
		fault   string
	}{
		{"kenar.events.post.AZir15UU", "post/AZir15UU", ""},
		{"kenar.events.user.a:b", "user/a:b", ""},
		{"kenar.events.post.AZir15UV", "post/AZir15UU", "the event names post/AZir15UU, the NATS subject post/AZir15UV"},
		{"kenar.events.business.AZir15UU", "post/AZir15UU", "the event names post/AZir15UU, the NATS subject business/AZir15UU"},
		{"kenar.events.post.azir15uu", "post/AZir15UU", "post/azir15uu"},
		{"kenar.events.post", "post/AZir15UU", `NATS subject "kenar.events.post" is not kenar.events.<kind>.<key>`},
		{"kenar.events.post.", "post/AZir15UU", "is empty"},
		{"kenar.events.post.AZir15UU.x", "post/AZir15UU", "holds '.' at byte 8"},
		{"kenar.events.post.*", "post/AZir15UU", `"*"`},
		{"kenar.events.car.AZir15UU", "post/AZir15UU", `"car" is no kind`},
		{"other.post.AZir15UU", "post/AZir15UU", `"other.post.AZir15UU"`},
		{"", "post/AZir15UU", `""`},
	}
	for _, tt := range tests {
		t.Run(tt.subject, func(t *testing.T) {
			e, err := DecodeMessage(tt.subject, envelope("subject", strconv.Quote(tt.target)))
			if e.ID != "e1" {
				t.Errorf("id %q, want e1", e.ID)
			}
			if tt.fault != "" {
				wantReason(t, err, InvalidEvent, "subject", tt.fault)
				return
			}
			if err != nil || e.Target.String() != tt.target {
				t.Errorf("target %s, error %v", e.Target, err)
			}
		})
	}
}
