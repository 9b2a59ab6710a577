package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// Types of events that the pipeline takes.
const (
	TypeAttach     = "kenar.addon.attach.v1"
	TypeDetach     = "kenar.addon.detach.v1"
	TypeInspection = "kenar.inspection.completed.v1"
	TypeValuation  = "kenar.valuation.completed.v1"
)

// MaxEventSize is the largest event in bytes.
const MaxEventSize = 384 << 10

// MaxMessage is the largest message in bytes that the NATS server must take:
// its own default. A lane carries an event and the request built from it in
// one message.
const MaxMessage = 1 << 20

// Priority orders the work of a lane: urgent leaves before normal.
type Priority string

// The priorities; an event without one is normal.
const (
	Urgent Priority = "urgent"
	Normal Priority = "normal"
)

// An Event is a CloudEvents 1.0 envelope, decoded and validated.
type Event struct {
	ID          string
	Source      string
	Type        string
	Target      Target
	Time        time.Time // zero: not given
	Priority    Priority
	Revision    *uint64
	ExpiresAt   time.Time // zero: never
	GrantID     string
	Traceparent string
	ReplayOf    string // the dead letter's event id, for a replay
	FollowOf    string // the event of the listing that this one follows
	ReplaySeq   uint64 // the original's place in the order, for a replay that is not forced
	// ValidateOnly asks for everything that admission finds out, and no call.
	ValidateOnly bool
	Data         json.RawMessage
}

var (
	idPattern     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	followPattern = regexp.MustCompile(`^([A-Za-z0-9_-]{1,64})\+(?:addon|button)$`)
	replayPattern = regexp.MustCompile(`^([A-Za-z0-9_-]{1,64}(?:\+(?:addon|button))?)~[1-9][0-9]{0,8}$`)
	rfc3339       = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`) // time.Parse takes more
	traceparent   = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
)

// isEventID reports whether s can be the id of an event, of a replay or of what
// follows a listing. None of these means anything else in a subject.
func isEventID(s string) bool {
	return idPattern.MatchString(s) || replayPattern.MatchString(s) || followPattern.MatchString(s)
}

// DecodeEvent reads an event and validates everything but its data. All
// faults are in one *Reason of code invalid_event. Whatever the error, the
// returned event has its ID when the document has a usable one, so that the
// producer can be told under it.
func DecodeEvent(data []byte) (Event, error) {
	var e Event
	if len(data) > MaxEventSize {
		return e, &Reason{Code: InvalidEvent, Message: fmt.Sprintf("event is %d bytes, at most %d allowed", len(data), MaxEventSize)}
	}
	if !utf8.Valid(data) {
		return e, &Reason{Code: InvalidEvent, Message: "event is not valid UTF-8"}
	}
	fields, err := decodeObject(data)
	if err != nil {
		return e, &Reason{Code: InvalidEvent, Message: "event is not a CloudEvents JSON object: " + err.Error()}
	}
	d := attributes{fields: fields}
	if v := d.required("specversion"); v != "" && v != "1.0" {
		d.faults.Add("specversion", "%s is not supported, only \"1.0\"", quote(v))
	}
	e.ReplayOf, e.FollowOf = d.optional("replayof"), d.optional("followof")
	if id := d.required("id"); id != "" {
		base, _, _ := strings.Cut(id, "~")
		follows := followPattern.FindStringSubmatch(base)
		switch m := replayPattern.FindStringSubmatch(id); {
		case (len(follows) == 2) != (e.FollowOf != ""), len(follows) == 2 && follows[1] != e.FollowOf:
			d.faults.Add("id", "+ is reserved for what follows a listing, whose event followof names")
		case idPattern.MatchString(id), id == base && len(follows) == 2:
			if e.ID = id; e.ReplayOf != "" {
				d.faults.Add("replayof", "only a replay, with an id of the form %s~1, has one", e.ReplayOf)
			}
		case len(m) == 2 && m[1] == e.ReplayOf:
			e.ID = id
		case len(m) == 2:
			d.faults.Add("id", "~ is reserved for replays, and replayof does not name %s", quote(m[1]))
		default:
			d.faults.Add("id", "%s is not 1 to 64 of A-Z a-z 0-9 _ -", quote(id))
		}
	}
	e.Source = d.required("source")
	e.Type = d.required("type")
	if s := d.required("subject"); s != "" {
		if t, err := ParseTarget(s); err != nil {
			d.faults.Add("subject", "%s", err)
		} else {
			e.Target = t
		}
	}
	e.Time = d.time("time")
	e.ExpiresAt = d.time("expiresat")
	switch p := Priority(d.optional("priority")); p {
	case Urgent, Normal:
		e.Priority = p
	case "":
		e.Priority = Normal
	default:
		d.faults.Add("priority", "%s is unknown, use urgent or normal", quote(string(p)))
	}
	e.Revision = d.decimal("revision")
	if seq := d.decimal("replayseq"); seq != nil {
		e.ReplaySeq = *seq
		if e.ReplayOf == "" {
			d.faults.Add("replayseq", "only a replay has one")
		}
	}
	if e.GrantID = d.optional("grantid"); e.GrantID != "" && !idPattern.MatchString(e.GrantID) {
		d.faults.Add("grantid", "%s is not 1 to 64 of A-Z a-z 0-9 _ -", quote(e.GrantID))
	}
	if e.Traceparent = d.optional("traceparent"); e.Traceparent != "" && !traceparent.MatchString(e.Traceparent) {
		d.faults.Add("traceparent", "%s is not a W3C trace context", quote(e.Traceparent))
	}
	e.ValidateOnly = d.boolean("validateonly")
	if c := d.optional("datacontenttype"); c != "" && !strings.HasPrefix(c, "application/json") {
		d.faults.Add("datacontenttype", "%s is not supported, only application/json", quote(c))
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if kenar.Credential(name) {
			d.faults.Add(name, "an event must not carry a token or a key: name the user's grant by grantid")
		}
	}
	if _, ok := fields["data_base64"]; ok {
		d.faults.Add("data_base64", "data must be JSON in \"data\"")
	}
	if e.Data = fields["data"]; len(e.Data) == 0 || e.Data[0] != '{' {
		d.faults.Add("data", "must be an object")
	}
	if err := d.faults.Err(); err != nil {
		return e, asReason(InvalidEvent, err)
	}
	return e, nil
}

// DecodeMessage is DecodeEvent for an event that came on a subject, which
// must name the same target.
func DecodeMessage(subject string, data []byte) (Event, error) {
	e, err := DecodeEvent(data)
	if err != nil {
		return e, err
	}
	t, err := targetFromSubject(subject)
	if err != nil {
		return e, &Reason{Code: InvalidEvent, Field: "subject", Message: err.Error()}
	}
	if t != e.Target {
		return e, &Reason{Code: InvalidEvent, Field: "subject",
			Message: fmt.Sprintf("the event names %s, the NATS subject %s", e.Target, t)}
	}
	return e, nil
}

// Version places the event among the others of its target. A replay may keep
// an earlier place, never take a later one.
func (e Event) Version(inboxSeq uint64) Version {
	if e.ReplaySeq != 0 {
		inboxSeq = min(inboxSeq, e.ReplaySeq)
	}
	return Version{Revision: e.Revision, Seq: inboxSeq}
}

// attributes reads the attributes of an envelope and gathers what is wrong.
type attributes struct {
	fields map[string]json.RawMessage
	faults widgets.Faults
}

func (d *attributes) optional(name string) string {
	raw, ok := d.fields[name]
	if !ok || string(raw) == "null" {
		return ""
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		d.faults.Add(name, "must be a string, is %s", shown(raw))
		return ""
	}
	if s == "" {
		d.faults.Add(name, "must not be empty")
	}
	return s
}

func (d *attributes) required(name string) string {
	if raw, ok := d.fields[name]; !ok || string(raw) == "null" {
		d.faults.Add(name, "is missing")
		return ""
	}
	return d.optional(name)
}

func (d *attributes) time(name string) time.Time {
	s := d.optional(name)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.IsZero() || !rfc3339.MatchString(s) {
		d.faults.Add(name, "%s is not an RFC 3339 time such as 2026-01-02T15:04:05Z", quote(s))
		return time.Time{}
	}
	return t
}

// boolean reads a CloudEvents boolean, or its text as other encodings have it.
func (d *attributes) boolean(name string) bool {
	raw := d.fields[name]
	switch string(raw) {
	case "", "null", "false", `"false"`:
	case "true", `"true"`:
		return true
	default:
		d.faults.Add(name, "%s is neither true nor false", shown(raw))
	}
	return false
}

// decimal reads an unsigned 64-bit decimal, given as a string (CloudEvents
// integers have 32 bits only) or as a JSON number.
func (d *attributes) decimal(name string) *uint64 {
	raw, ok := d.fields[name]
	if !ok || string(raw) == "null" {
		return nil
	}
	s := string(raw)
	switch jsonKind(raw) {
	case "a string":
		if s = d.optional(name); s == "" {
			return nil
		}
	case "a number":
	default:
		d.faults.Add(name, "%s is not an unsigned decimal of at most 64 bits", shown(raw))
		return nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != s {
		d.faults.Add(name, "%s is not an unsigned decimal of at most 64 bits", quote(s))
		return nil
	}
	return &n
}

// shown is a JSON value in a message. Objects and lists are only named: they
// may hold what must not be shown.
func shown(raw json.RawMessage) string {
	if raw[0] == '{' || raw[0] == '[' {
		return jsonKind(raw)
	}
	return quote(string(raw))
}

// jsonKind names the type of a JSON value.
func jsonKind(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// decodeObject reads one JSON object, one level deep, and refuses what
// encoding/json would let pass: duplicate keys and trailing data.
func decodeObject(data []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	t, err := dec.Token()
	if err != nil {
		return nil, syntaxError(err)
	}
	if t != json.Delim('{') {
		return nil, errors.New("it does not start with {")
	}
	fields := make(map[string]json.RawMessage, 16)
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, syntaxError(err)
		}
		key, _ := t.(string)
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, fmt.Errorf("value of %s: %w", quote(key), syntaxError(err))
		}
		if _, dup := fields[key]; dup {
			return nil, fmt.Errorf("key %s occurs twice", quote(key))
		}
		fields[key] = raw
	}
	if _, err := dec.Token(); err != nil {
		return nil, syntaxError(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("data after the object, at byte %d", dec.InputOffset())
	}
	return fields, nil
}

func syntaxError(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
