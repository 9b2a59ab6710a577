package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// streamSettings are those that a program may give for a stream. They are named
// as the server names them.
var streamSettings = []setting[jetstream.StreamConfig]{
	{"retention", always,
		func(c jetstream.StreamConfig) string { return strings.ToLower(c.Retention.String()) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Retention = c.Retention }, nil},
	{"storage", always,
		func(c jetstream.StreamConfig) string { return strings.ToLower(c.Storage.String()) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Storage = c.Storage }, nil},
	{"subjects", always,
		func(c jetstream.StreamConfig) string {
			return strings.Join(slices.Sorted(slices.Values(c.Subjects)), " ")
		},
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) {
			to.Subjects = union(to.Subjects, c.Subjects)
		},
		func(have, want jetstream.StreamConfig) bool { return TakesAll(have.Subjects, want.Subjects) }},
	{"description", given,
		func(c jetstream.StreamConfig) string { return c.Description },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Description = c.Description }, nil},
	{"num_replicas", always,
		func(c jetstream.StreamConfig) string { return fmt.Sprint(max(c.Replicas, 1)) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Replicas = c.Replicas }, nil},
	{"discard", always,
		func(c jetstream.StreamConfig) string {
			return strings.ToLower(strings.TrimPrefix(c.Discard.String(), "Discard"))
		},
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Discard = c.Discard },
		// What refuses the new keeps the old; a server has no schedules then.
		func(have, want jetstream.StreamConfig) bool {
			return have.Discard == jetstream.DiscardNew && !want.AllowMsgSchedules
		}},
	{"max_age", always,
		func(c jetstream.StreamConfig) string { return c.MaxAge.String() },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.MaxAge = c.MaxAge },
		func(have, want jetstream.StreamConfig) bool { return atLeast(have.MaxAge, want.MaxAge) }},
	{"max_msgs_per_subject", given,
		func(c jetstream.StreamConfig) string { return number(c.MaxMsgsPerSubject) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.MaxMsgsPerSubject = c.MaxMsgsPerSubject },
		func(have, want jetstream.StreamConfig) bool {
			return atLeast(have.MaxMsgsPerSubject, want.MaxMsgsPerSubject)
		}},
	{"max_msg_size", given,
		func(c jetstream.StreamConfig) string { return number(int64(c.MaxMsgSize)) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.MaxMsgSize = c.MaxMsgSize },
		func(have, want jetstream.StreamConfig) bool { return atLeast(have.MaxMsgSize, want.MaxMsgSize) }},
	{"duplicate_window", given,
		func(c jetstream.StreamConfig) string { return period(c.Duplicates) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Duplicates = c.Duplicates },
		func(have, want jetstream.StreamConfig) bool { return have.Duplicates >= want.Duplicates }},
	{"allow_direct", always,
		func(c jetstream.StreamConfig) string { return fmt.Sprint(c.AllowDirect) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.AllowDirect = c.AllowDirect }, nil},
	// The server turns these on by itself with others, so only their absence is
	// a difference.
	{"allow_rollup_hdrs", given,
		func(c jetstream.StreamConfig) string { return on(c.AllowRollup) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.AllowRollup = c.AllowRollup }, nil},
	{"deny_delete", given,
		func(c jetstream.StreamConfig) string { return on(c.DenyDelete) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.DenyDelete = c.DenyDelete }, nil},
	{"allow_msg_ttl", given,
		func(c jetstream.StreamConfig) string { return on(c.AllowMsgTTL) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.AllowMsgTTL = c.AllowMsgTTL }, nil},
	{"allow_msg_schedules", always,
		func(c jetstream.StreamConfig) string { return fmt.Sprint(c.AllowMsgSchedules) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.AllowMsgSchedules = c.AllowMsgSchedules }, nil},
	// A key that is there keeps its value: it may say whose the stream is.
	{"metadata", given,
		func(c jetstream.StreamConfig) string { return pairs(c.Metadata) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) {
			all := maps.Clone(c.Metadata)
			maps.Copy(all, to.Metadata)
			to.Metadata = all
		},
		func(have, want jetstream.StreamConfig) bool {
			for key := range want.Metadata {
				if _, ok := have.Metadata[key]; !ok {
					return false
				}
			}
			return true
		}},
}

// Stream makes a stream what want says: it is created, or what it lacks is
// updated. More than is wanted stays: subjects and metadata beside those that
// are wanted, a discard policy that refuses the new, and larger values of
// max_age, max_msgs_per_subject, max_msg_size and duplicate_window, but not for
// the settings that exact names. A zero description, max_msgs_per_subject,
// max_msg_size, duplicate_window, allow_rollup_hdrs, deny_delete, allow_msg_ttl
// or metadata is not given. The error is a *RefusedError, or one of the way to
// the server.
func Stream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig, exact ...string) (Change, error) {
	settings := exactly(streamSettings, exact)
	c := Change{Kind: "stream", Stream: want.Name}
	what := "stream " + want.Name
	doing := "look at " + what
	s, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		c.Result, doing = Created, "create "+what
		s, err = js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // somebody was faster, who may want it otherwise
			s, err = js.Stream(ctx, want.Name)
		}
	}
	if err != nil {
		return c, answer(doing, nil, err)
	}
	have := s.CachedInfo().Config
	mended, differ := mend(settings, have, want)
	if len(differ) == 0 {
		if c.Result == "" {
			c.Result = Found
		}
		return c, nil
	}
	c.Result, c.Settings = Updated, differ
	s, err = js.UpdateStream(ctx, mended)
	if err != nil {
		return c, answer("update "+what, differ, err)
	}
	if _, left := mend(settings, s.CachedInfo().Config, want); len(left) > 0 {
		return c, &RefusedError{Doing: "update " + what, Settings: left}
	}
	return c, nil
}

// pairs is metadata without that of the server.
func pairs(metadata map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if !strings.HasPrefix(key, "_nats.") {
			all = append(all, key+"="+metadata[key])
		}
	}
	return strings.Join(all, " ")
}
