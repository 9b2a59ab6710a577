package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

func TestLimiterWatch(t *testing.T) {
	away := errors.New("connection refused")
	for _, c := range []struct {
		name     string
		events   []ratelimit.Event
		problems []string // beginnings
		levels   string
	}{
		{"well", nil, nil, ""},
		{"the first start of all", []ratelimit.Event{{Kind: ratelimit.Rebuilding, Reason: "missing state", First: true},
			{Kind: ratelimit.Rebuilding, First: true, Err: fmt.Errorf("open: %w", jetstream.ErrStreamNotFound)}, {Kind: ratelimit.Rebuilt, First: true}}, nil, "debug debug debug"},
		{"a start with a ledger", []ratelimit.Event{{Kind: ratelimit.Rebuilding, Reason: "missing state", First: true}, {Kind: ratelimit.Rebuilt, First: true, Spends: 37}}, nil, "debug info"},
		{"a start while it is unready", []ratelimit.Event{{Kind: ratelimit.Rebuilding, Reason: "missing state", First: true}}, []string{"limiter: rebuilding: missing state"}, "debug"},
		{"the ledger is gone", []ratelimit.Event{{Kind: ratelimit.Rebuilding, Reason: "missing state"},
			{Kind: ratelimit.Rebuilding, Reason: "missing state", Err: fmt.Errorf("open: %w", jetstream.ErrStreamNotFound)}},
			[]string{"limiter: rebuilding: missing state: open"}, "warn warn"},
		{"Redis is lost", []ratelimit.Event{{Kind: ratelimit.RedisLost, Err: away}}, []string{"limiter: redis lost: connection refused"}, "warn"},
		{"Redis is back, and empty", []ratelimit.Event{{Kind: ratelimit.RedisLost, Err: away}, {Kind: ratelimit.RedisBack}, {Kind: ratelimit.Rebuilding, Reason: "missing state"}},
			[]string{"limiter: rebuilding: missing state"}, "warn info warn"},
		{"a loss is made good", []ratelimit.Event{{Kind: ratelimit.Rebuilding, Reason: "missing state"}, {Kind: ratelimit.Rebuilt}}, nil, "warn info"},
		{"the ledger cannot be read", []ratelimit.Event{{Kind: ratelimit.Rebuilding, Reason: "missing", Err: away, First: true}}, []string{"limiter: rebuilding: missing: connection refused"}, "warn"},
		{"a wrong clock beside", []ratelimit.Event{{Kind: ratelimit.ClockOff, Skew: time.Minute}, {Kind: ratelimit.RedisLost, Err: away}},
			[]string{"limiter: redis lost", "limiter: clock off"}, "warn warn"},
		{"a clock put right", []ratelimit.Event{{Kind: ratelimit.ClockOff, Skew: time.Minute}, {Kind: ratelimit.ClockGood}}, nil, "warn info"},
		{"a pause is no reason to be unready", []ratelimit.Event{{Kind: ratelimit.Paused, Permission: "ADD_ON_CREATE"}, {Kind: ratelimit.Resumed}}, nil, "warn info"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var levels []string
			hook := zerolog.HookFunc(func(_ *zerolog.Event, l zerolog.Level, _ string) { levels = append(levels, l.String()) })
			w := &limiterWatch{log: zerolog.New(&strings.Builder{}).Hook(hook)}
			for _, e := range c.events {
				w.notify(e)
			}
			if got := w.problems(); !slices.EqualFunc(got, c.problems, strings.HasPrefix) {
				t.Errorf("problems %q, want %q", got, c.problems)
			}
			if got := strings.Join(levels, " "); got != c.levels {
				t.Errorf("logged at %q, want %q", got, c.levels)
			}
		})
	}
}
