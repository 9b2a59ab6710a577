package pipeline

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecodeEvent checks what everything after the decoder relies on.
func FuzzDecodeEvent(f *testing.F) {
	for _, seed := range [][]byte{
		nil,
		envelope(),
		envelope("id", `"e1~1"`, "replayof", `"e1"`, "replayseq", `3`, "revision", `"9"`, "priority", `"urgent"`),
		envelope("time", `"2026-01-02T15:04:05+23:59"`, "expiresat", `"9999-12-31T23:59:59-01:00"`),
		envelope("subject", `"user/a:b="`, "data", `{"a":{"a":[1,"\u2028"]}}`, "extra", `"x"`),
		envelope("subject", `"post/../x"`, "grantid", `"\ud800"`),
		envelope("validateonly", `true`),
		envelope("validateonly", `"no"`),
		[]byte(`{"id":"a","id":"b"}`),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := DecodeEvent(raw)
		if e.ID != "" && !idPattern.MatchString(e.ID) && !replayPattern.MatchString(e.ID) {
			t.Errorf("id %q does not match its pattern", e.ID)
		}
		if err != nil {
			if r, ok := errors.AsType[*Reason](err); !ok || r.Code != InvalidEvent || r.Message == "" {
				t.Errorf("error %#v, want a *Reason of code invalid_event with a message", err)
			}
			return
		}
		if e.ID == "" {
			t.Fatal("decoded without an id")
		}
		if got, err := targetFromSubject(EventSubjectPrefix + e.Target.subject()); err != nil || got != e.Target {
			t.Errorf("target %s comes back from its NATS subject as %s: %v", e.Target, got, err)
		}
		if got, err := ParseTarget(e.Target.String()); err != nil || got != e.Target {
			t.Errorf("target %s comes back from its CloudEvents subject as %s: %v", e.Target, got, err)
		}
		if _, err := DecodeMessage(EventSubjectPrefix+e.Target.subject(), raw); err != nil {
			t.Errorf("refused on its own subject: %v", err)
		}
		again, err := DecodeEvent(encodeEvent(t, e))
		e.Data = compacted(t, e.Data)
		if err != nil {
			t.Fatalf("encoded and decoded: %v", err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Errorf("encoded and decoded (-first +second):\n%s", diff)
		}
	})
}

// encodeEvent writes an event as its producer may have.
func encodeEvent(t *testing.T, e Event) []byte {
	t.Helper()
	fields := map[string]any{
		"specversion": "1.0", "id": e.ID, "source": e.Source, "type": e.Type, "subject": e.Target.String(),
		"priority": e.Priority, "data": e.Data,
	}
	for name, s := range map[string]string{"grantid": e.GrantID, "traceparent": e.Traceparent, "replayof": e.ReplayOf} {
		if s != "" {
			fields[name] = s
		}
	}
	for name, at := range map[string]time.Time{"time": e.Time, "expiresat": e.ExpiresAt} {
		if !at.IsZero() {
			fields[name] = at
		}
	}
	if e.Revision != nil {
		fields["revision"] = strconv.FormatUint(*e.Revision, 10)
	}
	if e.ValidateOnly {
		fields["validateonly"] = true
	}
	if e.ReplaySeq != 0 {
		fields["replayseq"] = e.ReplaySeq
	}
	raw, err := encode(fields)
	if err != nil {
		t.Fatalf("cannot be encoded again: %v", err)
	}
	return raw
}
