package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/pipeline/provision"
)

// appKey is the key of the app in the metadata of the ledger. Two apps in one
// account would take each other's events, and send them with the wrong API key.
const appKey = "kenar.app"

// UnnamedApp is the app of who has not named one. It claims no streams, so that
// a name can be given later; those of a named app are not its own.
const UnnamedApp = "default"

// An OtherAppError says that the streams of this NATS account belong to another
// app.
type OtherAppError struct {
	App   string // that they were wanted for
	Owner string // whose they are
}

// Error tells what to do too.
func (e *OtherAppError) Error() string {
	return fmt.Sprintf("these streams belong to app %s, not to %s: give each app a NATS account of its own; was the app renamed, change %s in the metadata of stream %s",
		e.Owner, e.App, appKey, LedgerStream)
}

// owned refuses the ledger of another app. One without an app is anybody's.
func (t Topology) owned(ledger jetstream.StreamConfig) error {
	if owner := ledger.Metadata[appKey]; t.App != "" && owner != "" && owner != t.App {
		return &OtherAppError{App: t.App, Owner: owner}
	}
	return nil
}

// Check says everything in which the streams and consumers lack what workers
// need, without changing them. More than that is fine: they may have been set
// up for a newer version, or for longer calls. The streams of another app are
// an *OtherAppError.
func (t Topology) Check(ctx context.Context, js jetstream.JetStream) error {
	var problems []error
	for _, want := range t.streams() {
		s, err := js.Stream(ctx, want.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			problems = append(problems, fmt.Errorf("stream %s is missing: run worker setup as an administrator, or start one worker with NATS_AUTO_CREATE=true", want.Name))
			continue
		}
		if err != nil {
			return fmt.Errorf("look at stream %s: %w", want.Name, explainJetStream(err))
		}
		have := s.CachedInfo().Config
		if want.Name == LedgerStream {
			problems = append(problems, t.owned(have))
		}
		problems = append(problems, differs(want, have))
	}
	for _, c := range t.consumers() {
		got, err := js.Consumer(ctx, c.stream, c.Durable)
		if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
			problems = append(problems, fmt.Errorf("consumer %s of stream %s is missing", c.Durable, c.stream))
			continue
		}
		if err != nil {
			return fmt.Errorf("look at consumer %s of stream %s: %w", c.Durable, c.stream, explainJetStream(err))
		}
		if have := got.CachedInfo().Config; have.AckWait < c.AckWait || have.MaxDeliver != c.MaxDeliver || have.FilterSubject != c.FilterSubject {
			problems = append(problems, fmt.Errorf("consumer %s of stream %s has ack wait %s, max deliver %d, filter %q; needed are %s or more, %d, %q",
				c.Durable, c.stream, have.AckWait, have.MaxDeliver, have.FilterSubject, c.AckWait, c.MaxDeliver, c.FilterSubject))
		}
	}
	return errors.Join(problems...)
}

// differs names the settings of a stream on which a guarantee rests.
func differs(want, have jetstream.StreamConfig) error {
	var bad []string
	note := func(ok bool, what string) {
		if !ok {
			bad = append(bad, what)
		}
	}
	note(have.Retention == want.Retention, "retention "+want.Retention.String())
	note(have.Storage == want.Storage, "file storage")
	note(have.AllowMsgSchedules == want.AllowMsgSchedules, fmt.Sprintf("message schedules %t", want.AllowMsgSchedules))
	note(have.AllowMsgTTL || !want.AllowMsgTTL, "message TTLs")
	note(want.MaxMsgsPerSubject <= 0 || have.MaxMsgsPerSubject <= 0 || have.MaxMsgsPerSubject >= want.MaxMsgsPerSubject,
		fmt.Sprintf("max messages per subject %d or more", want.MaxMsgsPerSubject))
	note(provision.TakesAll(have.Subjects, want.Subjects), "subjects "+strings.Join(want.Subjects, " "))
	note(!have.DiscardNewPerSubject, "no discard_new_per_subject, which refuses what its history has no room for")
	note(!have.AllowDirect, "no direct reads (allow_direct false)")
	var wrong []error
	if len(bad) > 0 {
		wrong = append(wrong, fmt.Errorf("stream %s must have %s", want.Name, strings.Join(bad, ", ")))
	}
	return errors.Join(append(wrong, keepsAll(want, have))...)
}

// keepsAll refuses the limits of a stream that would drop what nobody has
// finished, without a word: an event, a scheduled retry, the record of a call.
// Outcomes and dead letters are kept for a time anyway. A limit of a stream that
// refuses the new is no loss: whoever publishes is told.
func keepsAll(want, have jetstream.StreamConfig) error {
	if want.MaxAge > 0 {
		return nil
	}
	var drops, flags []string
	drop := func(yes bool, setting, flag string) {
		if yes {
			drops, flags = append(drops, setting), append(flags, flag)
		}
	}
	old := have.Discard == jetstream.DiscardOld
	drop(have.MaxAge > 0, "max_age "+have.MaxAge.String(), "--max-age=-1")
	drop(old && have.MaxBytes > 0, fmt.Sprintf("max_bytes %d", have.MaxBytes), "--max-bytes=-1")
	drop(old && have.MaxMsgs > 0, fmt.Sprintf("max_msgs %d", have.MaxMsgs), "--max-msgs=-1")
	drop(want.MaxMsgsPerSubject <= 0 && have.MaxMsgsPerSubject > 0, fmt.Sprintf("max_msgs_per_subject %d", have.MaxMsgsPerSubject), "--max-msgs-per-subject=-1")
	if len(drops) == 0 {
		return nil
	}
	return fmt.Errorf("stream %s drops events or records that are still needed, without a word, for its %s: as an administrator run nats stream edit %s %s; to bound the space, limit the account, which refuses the new instead",
		want.Name, strings.Join(drops, ", "), want.Name, strings.Join(flags, " "))
}
