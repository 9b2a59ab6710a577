package grants

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/pipeline/provision"
)

// Bucket is the key-value bucket of grants. Its keys are grant ids.
const Bucket = "KENAR_GRANTS"

// The stream behind the bucket, as JetStream names it.
const (
	bucketStream   = "KV_" + Bucket
	bucketPrefix   = "$KV." + Bucket + "."
	bucketSubjects = bucketPrefix + ">"
)

// maxValue bounds an entry, in bytes: tokens, scopes and businesses at their
// limits, sealed and in Base64, with room to spare.
const maxValue = 512 << 10

// Topology is the bucket that the store needs.
type Topology struct {
	Replicas int // 1, 3 or 5; 0 means 1
}

// config is that of a bucket, with one difference to those that nats.go
// creates: no direct reads. Any replica may answer those, and one that lags
// behind would show a worker tokens that were replaced.
func (t Topology) config() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: bucketStream, Subjects: []string{bucketSubjects},
		Description:       "consents of users; their tokens are sealed with age",
		MaxMsgsPerSubject: 1,
		MaxMsgSize:        maxValue,
		Storage:           jetstream.FileStorage,
		Replicas:          max(t.Replicas, 1),
		Discard:           jetstream.DiscardNew,
		AllowRollup:       true,
		DenyDelete:        true,
		AllowDirect:       false,
		MaxMsgs:           -1, MaxBytes: -1, MaxConsumers: -1,
	}
}

// Create makes the bucket, or brings it up to date. It needs the permissions
// of an administrator.
func (t Topology) Create(ctx context.Context, js jetstream.JetStream) error {
	_, err := t.Setup(ctx, js)
	return err
}

// Setup is Create that says what it did. A setting that cannot be changed is a
// *provision.RefusedError.
func (t Topology) Setup(ctx context.Context, js jetstream.JetStream) (provision.Change, error) {
	want := t.config()
	// No longer history: it would keep tokens that were replaced.
	c, err := provision.Stream(ctx, js, want, "max_msgs_per_subject")
	if err != nil {
		return c, fmt.Errorf("bucket %s: %w", Bucket, explain(err))
	}
	if s, err := js.Stream(ctx, bucketStream); err != nil {
		return c, fmt.Errorf("look at bucket %s: %w", Bucket, explain(err))
	} else if err := differs(want, s.CachedInfo().Config); err != nil {
		return c, &provision.RefusedError{Doing: "set up bucket " + Bucket, Err: err} // what somebody has added
	}
	return c, nil
}

// Check says in what the bucket differs from what the store needs, without
// changing it.
func (t Topology) Check(ctx context.Context, js jetstream.JetStream) error {
	s, err := js.Stream(ctx, bucketStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return errNoBucket
	}
	if err != nil {
		return fmt.Errorf("look at bucket %s: %w", Bucket, explain(err))
	}
	return differs(t.config(), s.CachedInfo().Config)
}

var errNoBucket = fmt.Errorf("bucket %s is missing: run worker setup as an administrator, or start one worker with NATS_AUTO_CREATE=true", Bucket)

// differs names the settings of the bucket on which a guarantee rests.
func differs(want, have jetstream.StreamConfig) error {
	var bad []string
	note := func(ok bool, what string) {
		if !ok {
			bad = append(bad, what)
		}
	}
	note(have.Retention == want.Retention, "retention "+want.Retention.String())
	note(have.Storage == want.Storage, "file storage")
	note(have.MaxMsgsPerSubject == 1, "history 1 (max messages per subject), so that replaced tokens do not stay")
	note(have.MaxAge == 0, "no TTL (max age), which would forget consents")
	note(have.MaxMsgSize == -1 || have.MaxMsgSize >= want.MaxMsgSize, fmt.Sprintf("max value size %d bytes or more", want.MaxMsgSize))
	note(have.Discard == want.Discard, "discard new, not old")
	note(provision.TakesAll(have.Subjects, want.Subjects), "subjects "+strings.Join(want.Subjects, " "))
	note(!have.AllowDirect, "no direct reads (allow_direct false)")
	note(have.Mirror == nil && len(have.Sources) == 0, "no mirror or sources")
	if len(bad) == 0 {
		return nil
	}
	return fmt.Errorf("bucket %s must have %s: change stream %s as an administrator", Bucket, strings.Join(bad, "; "), bucketStream)
}
