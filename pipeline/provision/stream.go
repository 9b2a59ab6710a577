package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// streamSettings are those that a program may give for a stream. They are named
// as the server names them.
var streamSettings = []setting[jetstream.StreamConfig]{
	{"retention", always,
		func(c jetstream.StreamConfig) string { return strings.ToLower(c.Retention.String()) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Retention = c.Retention }},
	{"storage", always,
		func(c jetstream.StreamConfig) string { return strings.ToLower(c.Storage.String()) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Storage = c.Storage }},
	{"subjects", always,
		func(c jetstream.StreamConfig) string {
			return strings.Join(slices.Sorted(slices.Values(c.Subjects)), " ")
		},
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Subjects = c.Subjects }},
	{"description", given,
		func(c jetstream.StreamConfig) string { return c.Description },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Description = c.Description }},
	{"num_replicas", always,
		func(c jetstream.StreamConfig) string { return fmt.Sprint(max(c.Replicas, 1)) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Replicas = c.Replicas }},
	{"discard", always,
		func(c jetstream.StreamConfig) string {
			return strings.ToLower(strings.TrimPrefix(c.Discard.String(), "Discard"))
		},
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Discard = c.Discard }},
	{"max_age", always,
		func(c jetstream.StreamConfig) string { return c.MaxAge.String() },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.MaxAge = c.MaxAge }},
	{"max_msgs_per_subject", given,
		func(c jetstream.StreamConfig) string { return number(c.MaxMsgsPerSubject) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.MaxMsgsPerSubject = c.MaxMsgsPerSubject }},
	{"max_msg_size", given,
		func(c jetstream.StreamConfig) string { return number(int64(c.MaxMsgSize)) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.MaxMsgSize = c.MaxMsgSize }},
	{"duplicate_window", given,
		func(c jetstream.StreamConfig) string { return period(c.Duplicates) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.Duplicates = c.Duplicates }},
	{"allow_direct", always,
		func(c jetstream.StreamConfig) string { return fmt.Sprint(c.AllowDirect) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.AllowDirect = c.AllowDirect }},
	// The server turns these on by itself with others, so only their absence is
	// a difference.
	{"allow_rollup_hdrs", given,
		func(c jetstream.StreamConfig) string { return on(c.AllowRollup) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.AllowRollup = c.AllowRollup }},
	{"deny_delete", given,
		func(c jetstream.StreamConfig) string { return on(c.DenyDelete) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.DenyDelete = c.DenyDelete }},
	{"allow_msg_ttl", given,
		func(c jetstream.StreamConfig) string { return on(c.AllowMsgTTL) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.AllowMsgTTL = c.AllowMsgTTL }},
	{"allow_msg_schedules", always,
		func(c jetstream.StreamConfig) string { return fmt.Sprint(c.AllowMsgSchedules) },
		func(to *jetstream.StreamConfig, c jetstream.StreamConfig) { to.AllowMsgSchedules = c.AllowMsgSchedules }},
}

// Stream makes a stream what want says: it is created, or its settings that
// differ are updated. A zero description, max_msgs_per_subject, max_msg_size,
// duplicate_window, allow_rollup_hdrs, deny_delete or allow_msg_ttl is not
// given. The error is a *RefusedError, or one of the way to the server.
func Stream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (Change, error) {
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
	differ := differences(streamSettings, have, want)
	if len(differ) == 0 {
		if c.Result == "" {
			c.Result = Found
		}
		return c, nil
	}
	c.Result, c.Settings = Updated, differ
	s, err = js.UpdateStream(ctx, merge(streamSettings, have, want))
	if err != nil {
		return c, answer("update "+what, differ, err)
	}
	if left := differences(streamSettings, s.CachedInfo().Config, want); len(left) > 0 {
		return c, &RefusedError{Doing: "update " + what, Settings: left}
	}
	return c, nil
}
