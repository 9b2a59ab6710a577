package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

const (
	someVIN  = "IRJC95R23KJ039206"
	vinField = `{"VIN":"` + someVIN + `"}`
)

func TestDeadSubject(t *testing.T) {
	tests := []struct {
		inbox, want string
	}{
		{"kenar.events.post.AZir15UU", "kenar.dead.expired.post.AZir15UU"},
		{"kenar.events.user.a-b_c=", "kenar.dead.expired.user.a-b_c="},
		{"kenar.events.business.a:b", "kenar.dead.expired.business.a:b"}, // a business token may hold a colon
		{"kenar.events.car.x", "kenar.dead.expired.car.x"},
		{"kenar.events.post", "kenar.dead.expired.post._"},
		{"kenar.events.post.", "kenar.dead.expired.post._"},
		{"kenar.events..x", "kenar.dead.expired._.x"},
		{"kenar.events.", "kenar.dead.expired._._"},
		{"kenar.events.post.a.b", "kenar.dead.expired.post._"},
		{"kenar.events.*.>", "kenar.dead.expired._._"},
		{"kenar.events.post.*", "kenar.dead.expired.post._"},
		{"kenar.events.post.a b", "kenar.dead.expired.post._"},
		{"kenar.events.post.a\r\nPUB x", "kenar.dead.expired.post._"},
		{"kenar.events.post.a\n", "kenar.dead.expired.post._"},
		{"kenar.events.post.%2e%2e", "kenar.dead.expired.post._"},
		{"kenar.events.پست.x", "kenar.dead.expired._.x"},
		{"kenar.events.post.۱۲", "kenar.dead.expired.post._"},
		{"kenar.events.post." + strings.Repeat("k", 128), "kenar.dead.expired.post." + strings.Repeat("k", 128)},
		{"kenar.events.post." + strings.Repeat("k", 129), "kenar.dead.expired.post._"},
		{"", "kenar.dead.expired._._"},
	}
	for _, tt := range tests {
		if got := deadSubject(Expired, tt.inbox); got != tt.want {
			t.Errorf("dead letter of %q is on %q, want %q", tt.inbox, got, tt.want)
		}
	}
}

// What an operator filters by is what the letters are filed under: one
// subject for each reason, and a key wherever a target can have it.
func TestDeadSubjectTakesEveryTarget(t *testing.T) {
	for _, target := range []string{"post/AZ-ir_15", "business/aZ0_-=:", "user/aZ0_-=:", "listing/car-17_b"} {
		tg := must1(ParseTarget(target))
		for _, code := range ReasonCodes() {
			want := "kenar.dead." + string(code) + "." + tg.subject()
			if got := deadSubject(code, EventSubjectPrefix+tg.subject()); got != want {
				t.Errorf("dead letter of %s is on %s, want %s", target, got, want)
			}
		}
	}
}

func TestDeadEvent(t *testing.T) {
	hash := must1(kenar.Mask("VIN", someVIN))
	large := func(n int) string { return `{"x":"` + strings.Repeat("x", n-len(`{"x":""}`)) + `"}` }
	objects := []struct{ name, raw, want string }{
		{"an event", string(envelope()), string(envelope())},
		{"any object", `{"a":1}`, `{"a":1}`},
		{"as it was written", " {\"a\" : 1}\n", " {\"a\" : 1}\n"},
		{"identifiers hashed", `{"data":{"semantic":` + vinField + `}}`, `{"data":{"semantic":{"VIN":"` + hash + `"}}}`},
		{"identifiers hashed already", `{"VIN":"` + hash + `"}`, `{"VIN":"` + hash + `"}`},
		{"of the largest size", large(MaxEventSize), large(MaxEventSize)},
	}
	for _, tt := range objects {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(deadEvent([]byte(tt.raw), redacted([]byte(tt.raw)))); got != tt.want {
				t.Errorf("%.200s\nwant %.200s", got, tt.want)
			}
		})
	}
	blobs := []struct{ name, raw string }{
		{"nothing", ""},
		{"garbage", "hello"},
		{"cut off", `{"id":"e1"`},
		{"trailing data", `{"id":"e1"} x`},
		{"a list", `[{"id":"e1"}]`},
		{"a string", `"e1"`},
		{"null", `null`},
		{"invalid UTF-8", "{\"id\":\"\xff\"}"},
		{"bytes", "\x00\x01\xff"},
		{"the largest that is kept", strings.Repeat("x", maxBlob)},
		{"too large by a byte", strings.Repeat("x", maxBlob+1)},
		{"an object too large", large(MaxEventSize + 1)},
	}
	for _, tt := range blobs {
		t.Run(tt.name, func(t *testing.T) {
			b := readBlob(t, deadEvent([]byte(tt.raw), redacted([]byte(tt.raw))))
			sum := sha256.Sum256([]byte(tt.raw))
			if b.Size != len(tt.raw) || b.SHA256 != hex.EncodeToString(sum[:]) || b.Truncated != (len(tt.raw) > maxBlob) {
				t.Errorf("size %d, sha256 %s, truncated %t of %d bytes", b.Size, b.SHA256, b.Truncated, len(tt.raw))
			}
			if got := b.bytes(t); !bytes.Equal(got, []byte(tt.raw)[:min(len(tt.raw), maxBlob)]) {
				t.Errorf("%d bytes that are not the beginning of what came", len(got))
			}
		})
	}
}

// However an event is carried, an identifier that can be found in it is
// hashed: also where it is too large, or not the object it should be.
func TestDeadEventHidesIdentifiers(t *testing.T) {
	for name, raw := range map[string]string{
		"an object":             vinField,
		"a list of events":      `[` + vinField + `]`,
		"an object too large":   `{"a":` + vinField + `,"x":"` + strings.Repeat("x", MaxEventSize) + `"}`,
		"too large once hashed": `{"a":` + vinField + `,"x":[` + strings.Repeat(`{"VIN":1},`, MaxEventSize/11) + `1]}`,
	} {
		t.Run(name, func(t *testing.T) {
			got := []byte(deadEvent([]byte(raw), redacted([]byte(raw))))
			var b letterBlob
			if json.Unmarshal(got, &b) == nil && b.Base64 != "" {
				got = b.bytes(t)
			}
			if bytes.Contains(got, []byte(someVIN)) {
				t.Errorf("the dead letter holds a VIN: %.120s…", got)
			}
		})
	}
}

// A letterBlob is what stands for an event in a dead letter, as its readers
// know it.
type letterBlob struct {
	Base64    string `json:"base64"`
	Size      int    `json:"size"`
	SHA256    string `json:"sha256"`
	Truncated bool   `json:"truncated"`
}

func readBlob(t *testing.T, raw []byte) (b letterBlob) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		t.Fatalf("not a blob: %.200s: %v", raw, err)
	}
	return b
}

func (b letterBlob) bytes(t *testing.T) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(b.Base64)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// letter is a dead letter as it lies in the stream.
type letter struct {
	subject string
	DeadLetter
}

func (l *lab) letters() []letter {
	l.t.Helper()
	s, err := l.js.Stream(l.t.Context(), DeadStream)
	must(l.t, err)
	var all []letter
	must(l.t, browse(l.t.Context(), s, jetstream.OrderedConsumerConfig{}, func(m jetstream.Msg) error {
		got := letter{subject: m.Subject()}
		all = append(all, got)
		return json.Unmarshal(m.Data(), &all[len(all)-1].DeadLetter)
	}))
	return all
}

// Every message of the inbox that cannot succeed becomes exactly one dead
// letter, whatever it is and wherever it came; one with a usable id is told
// under it too.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	tooLong := string(padded(MaxEventSize + 1))
	messages := []struct {
		name    string
		subject string // after kenar.events.
		raw     string
		reason  ReasonCode
		field   string
		filed   string // after kenar.dead.<reason>.
		id      string // the event's; "" when it has none
		blob    bool
	}{
		{"garbage", "post.AZir15UU", "hello", InvalidEvent, "", "post.AZir15UU", "", true},
		{"nothing", "post.AZir15UU", "", InvalidEvent, "", "post.AZir15UU", "", true},
		{"garbage again", "post.AZir15UU", "hello", InvalidEvent, "", "post.AZir15UU", "", true},
		{"bytes", "user.u1", "\xff\x00", InvalidEvent, "", "user.u1", "", true},
		{"a list", "post.AZir15UU", "[" + string(envelope("id", `"list"`)) + "]", InvalidEvent, "", "post.AZir15UU", "", true},
		{"too large", "post.AZir15UU", tooLong, InvalidEvent, "", "post.AZir15UU", "", true},
		{"an object", "post.AZir15UU", `{"a":1}`, InvalidEvent, "specversion", "post.AZir15UU", "", false},
		{"no kind and key", "x", string(envelope("id", `"d1"`)), InvalidEvent, "subject", "x._", "d1", false},
		{"three tokens", "post.AZir15UU.x", string(envelope("id", `"d2"`)), InvalidEvent, "subject", "post._", "d2", false},
		{"a key in Persian", "post.پلاک", string(envelope("id", `"d3"`)), InvalidEvent, "subject", "post._", "d3", false},
		{"an escaped key", "post.%2e%2e", string(envelope("id", `"d4"`)), InvalidEvent, "subject", "post._", "d4", false},
		{"another target", "user.u1", string(envelope("id", `"d5"`)), InvalidEvent, "subject", "user.u1", "d5", false},
		{"no widgets", "post.AZir15UU", string(envelope("id", `"d6"`)), InvalidWidgets, "widgets", "post.AZir15UU", "d6", false},
		{"unknown type", "post.AZir15UU", string(envelope("id", `"d7"`, "type", `"x"`)), UnknownType, "type", "post.AZir15UU", "d7", false},
		{"no id", "post.AZir15UU", string(envelope("id", ``)), InvalidEvent, "id", "post.AZir15UU", "", false},
		{"no usable id", "post.AZir15UU", string(envelope("id", `"../x"`)), InvalidEvent, "id", "post.AZir15UU", "", false},
		{"a VIN", "business.a:b", string(envelope("id", `"d8"`, "subject", `"business/a:b"`, "type", `"x"`, "data", vinField)),
			UnknownType, "type", "business.a:b", "d8", false},
	}
	for _, m := range messages {
		l.publishRaw(EventSubjectPrefix+m.subject, "", []byte(m.raw))
	}
	l.drained()

	bySeq := make(map[uint64][]letter) // of the inbox, which has only these
	for _, d := range l.letters() {
		bySeq[d.Data.Version.Seq] = append(bySeq[d.Data.Version.Seq], d)
	}
	for i, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			got := bySeq[uint64(i+1)]
			if len(got) != 1 {
				t.Fatalf("%d dead letters, want 1: %+v", len(got), got)
			}
			d := got[0]
			if want := "kenar.dead." + string(m.reason) + "." + m.filed; d.subject != want {
				t.Errorf("on %s, want %s", d.subject, want)
			}
			r := d.Data.Reason
			if r.Code != m.reason || r.Field != m.field || r.Message == "" {
				t.Errorf("reason %+v, want %s of %q with a message", r, m.reason, m.field)
			}
			if d.Type != "kenar.dead.v1" || d.SpecVersion != "1.0" || d.ID == "" || d.Source == "" || time.Since(d.Time) > time.Minute {
				t.Errorf("envelope %+v", d)
			}
			if diff := cmp.Diff([]Attempt{}, d.Data.Attempts); diff != "" {
				t.Errorf("attempts (-want +got):\n%s", diff)
			}
			var b letterBlob
			if isBlob := json.Unmarshal(d.Data.Event, &b) == nil && b.SHA256 != ""; isBlob != m.blob {
				t.Errorf("the event is carried as a blob: %t, want %t", isBlob, m.blob)
			} else if !isBlob && bytes.Contains(d.Data.Event, []byte(someVIN)) {
				t.Errorf("the event holds a VIN: %s", d.Data.Event)
			}
			if m.id == "" {
				return
			}
			if d.ID != m.id+".dead" {
				t.Errorf("id %s, want %s.dead", d.ID, m.id)
			}
			if o := l.final(m.id); o.Result != ResultDead || o.Attempts != 0 || o.Reason == nil || *o.Reason != r {
				t.Errorf("outcome %+v, want dead with the reason of the letter", o)
			}
		})
	}
	if n := len(l.letters()); n != len(messages) {
		t.Errorf("%d dead letters of %d messages", n, len(messages))
	}
	if n := l.kenar.Count(); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

// No producer can choose an id that takes the place of a message without
// one, and so make its dead letter look like one that was written before.
func TestDeadLettersDoNotCollide(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.worker(nil)
	l.publishRaw(EventSubjectPrefix+"post.AZir15UU", "", []byte("garbage"))
	l.drained()
	first := l.letters()
	if len(first) != 1 {
		t.Fatalf("%d dead letters, want 1", len(first))
	}
	// Whatever the id is that the first got, take it.
	taken := strings.TrimSuffix(first[0].ID, ".dead")
	l.publishRaw(EventSubjectPrefix+"post.AZir15UU", "", envelope("id", strconv.Quote(taken), "type", `"x"`))
	l.drained()
	if n := len(l.letters()); n != 2 {
		t.Errorf("%d dead letters of 2 messages: an event with the id %q has none", n, taken)
	}
}

// The largest dead letter there can be fits a message of a NATS server with
// default settings.
func TestDeadLetterFitsMessage(t *testing.T) {
	const maxPayload, headers = 1 << 20, 1 << 10 // bytes
	for name, raw := range map[string][]byte{
		"a subject that JSON escapes": envelope("subject", `"post/`+strings.Repeat("\u2028", MaxEventSize/3-100)+`"`),
		"hashes":                      envelope("x", "["+strings.Repeat(`{"VIN":1},`, MaxEventSize/10-40)+"1]", "type", ""),
		"as large as can be":          padded(MaxEventSize),
		"larger":                      bytes.Repeat([]byte("\xff"), 1<<20-1),
	} {
		e, err := DecodeEvent(raw)
		if err == nil {
			err = fmt.Errorf("%s", strings.Repeat("\u2028", 700))
		}
		d := DeadLetter{ID: e.ID, Type: typeDead, Data: DeadData{
			Event: deadEvent(raw, redacted(raw)), Reason: *asReason(InvalidEvent, err), Version: e.Version(1)}}
		if e.Target != (Target{}) {
			d.Subject = e.Target.String()
		}
		body, err := encode(d)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(body) > maxPayload-headers {
			t.Errorf("%s: an event of %d bytes makes a dead letter of %d, and a server takes %d", name, len(raw), len(body), maxPayload)
		}
	}
}
