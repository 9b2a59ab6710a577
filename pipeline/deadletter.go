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

// maxBlob is how much of an unreadable event a dead letter carries.
const maxBlob = 256 << 10

// blob wraps bytes that cannot stand in a dead letter as they are.
func blob(data []byte) json.RawMessage {
	sum := sha256.Sum256(data)
	b := Blob{Size: len(data), SHA256: hex.EncodeToString(sum[:]), Truncated: len(data) > maxBlob}
	b.Base64 = base64.StdEncoding.EncodeToString(data[:min(len(data), maxBlob)])
	raw, _ := json.Marshal(b) // a struct of strings and numbers
	return raw
}

// deadEvent is the original event as a dead letter shows it: an object with
// its sensitive identifiers hashed, or a Blob.
func deadEvent(raw []byte) json.RawMessage {
	if len(raw) > MaxEventSize || !utf8.Valid(raw) || !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) {
		return blob(raw)
	}
	masked, err := kenar.MaskJSON(raw)
	if err != nil || len(masked) > 2*MaxEventSize {
		return blob(raw)
	}
	return masked
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
	js     jetstream.JetStream
	source string
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
	_, err = d.js.Publish(ctx, deadSubject(data.Reason.Code, inboxSubject), body, jetstream.WithMsgID("dead/"+id))
	if err != nil {
		return fmt.Errorf("publish dead letter of %s: %w", id, err)
	}
	return nil
}
