package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// DeadData is the data of a dead letter: the event, why it cannot succeed,
// and everything that was tried.
type DeadData struct {
	Event    json.RawMessage `json:"event"` // an object, or a Blob
	Reason   Reason          `json:"reason"`
	Lane     Lane            `json:"lane,omitempty"`
	Attempts []Attempt       `json:"attempts"`
	Version  Version         `json:"version"`
}

// A Blob stands for an event that is not JSON, or is too large to carry.
type Blob struct {
	Base64    string `json:"base64"`
	Size      int    `json:"size"` // bytes
	SHA256    string `json:"sha256"`
	Truncated bool   `json:"truncated"`
}

// DeadLetter is the event that the pipeline publishes for an event that
// cannot succeed.
type DeadLetter = CloudEvent[DeadData]

const (
	maxBlob      = 256 << 10 // how much of an unreadable event a dead letter carries
	maxDeadEvent = 768 << 10 // of a readable one
)

// blob stands for raw, and shows what may be shown of it.
func blob(raw, show []byte) json.RawMessage {
	sum := sha256.Sum256(raw)
	b := Blob{Size: len(raw), SHA256: hex.EncodeToString(sum[:]), Truncated: len(show) > maxBlob || len(show) < len(raw) && len(show) == 0}
	b.Base64 = base64.StdEncoding.EncodeToString(show[:min(len(show), maxBlob)])
	data, _ := json.Marshal(b) // a struct of strings and numbers
	return data
}

// hidden finds what looks like a sensitive identifier or a credential in text
// that is not JSON, but was perhaps meant to be.
var hidden = regexp.MustCompile(`(?i)((?:vin|chassis_number|engine_number|real_estate_id|old_real_estate_id|[a-z_-]*token|[a-z_-]*secret|[a-z_-]*api[_-]?key|authorization|password)["'\\]*\s*[:=]\s*["'\\]*)[^"'\\,;}\s]+`)

// redacted is a document with its sensitive identifiers hashed and credentials
// replaced. In what is not JSON both are replaced where they can be made out.
func redacted(raw []byte) []byte {
	if masked, err := kenar.RedactJSON(raw); err == nil {
		return masked
	}
	return hidden.ReplaceAll(raw, []byte("${1}•••"))
}

// deadEvent is the original event as a dead letter shows it, given what may be
// shown of it: an object, or a Blob.
func deadEvent(raw, show []byte) json.RawMessage {
	if utf8.Valid(raw) && json.Valid(raw) && len(raw) <= MaxEventSize && len(show) <= maxDeadEvent && jsonKind(bytes.TrimLeft(show, " \t\r\n")) == "an object" {
		return show
	}
	return blob(raw, show)
}

var plainToken = regexp.MustCompile(`^[A-Za-z0-9_=:~-]{1,128}$`)

// deadSubject files a dead letter under its reason and the target that the
// event's own subject names; what cannot be a subject token becomes "_".
func deadSubject(code ReasonCode, inbox string) string {
	kind, key, _ := strings.Cut(strings.TrimPrefix(inbox, EventSubjectPrefix), ".")
	for _, s := range []*string{&kind, &key} {
		if !plainToken.MatchString(*s) {
			*s = "_"
		}
	}
	return deadSubjectPrefix + string(code) + "." + kind + "." + key
}

// deadLetters publishes dead letters.
type deadLetters struct {
	js      jetstream.JetStream
	source  string
	metrics *metrics
}

// put publishes a dead letter once: id is the event's, or names the message
// when the event has none, and is the key of deduplication.
func (d deadLetters) put(ctx context.Context, id, inboxSubject string, t Target, data DeadData, at time.Time) error {
	if data.Attempts == nil {
		data.Attempts = []Attempt{}
	}
	e := DeadLetter{
		SpecVersion: "1.0", ID: id + ".dead", Source: d.source, Type: typeDead,
		Time: at, ContentType: "application/json", Data: data,
	}
	if t != (Target{}) {
		e.Subject = t.String()
	}
	body, err := encode(e)
	if err != nil {
		return fmt.Errorf("publish dead letter of %s: %w", id, err)
	}
	ack, err := d.js.Publish(ctx, deadSubject(data.Reason.Code, inboxSubject), body, jetstream.WithMsgID("dead/"+id))
	if err != nil {
		return fmt.Errorf("publish dead letter of %s: %w", id, err)
	}
	if !ack.Duplicate { // else it was counted
		d.metrics.buried(data.Reason.Code)
	}
	return nil
}
