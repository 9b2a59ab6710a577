package main

import (
	"errors"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// A limiterWatch logs what the limiter tells and remembers why it is closed. It
// is safe for concurrent use.
type limiterWatch struct {
	log zerolog.Logger

	mu     sync.Mutex
	closed map[ratelimit.EventKind]string
}

// ends are the events that end the state which another one began.
var ends = map[ratelimit.EventKind]ratelimit.EventKind{
	ratelimit.RedisBack: ratelimit.RedisLost,
	ratelimit.Rebuilt:   ratelimit.Rebuilding,
	ratelimit.ClockGood: ratelimit.ClockOff,
}

// notify is [ratelimit.Config.Notify].
func (w *limiterWatch) notify(e ratelimit.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	level := zerolog.InfoLevel
	switch e.Kind {
	case ratelimit.RedisLost, ratelimit.Rebuilding, ratelimit.ClockOff:
		if w.closed == nil {
			w.closed = make(map[ratelimit.EventKind]string)
		}
		w.closed[e.Kind] = e.String()
		level = zerolog.WarnLevel
		if e.First && (e.Err == nil || errors.Is(e.Err, jetstream.ErrStreamNotFound)) {
			level = zerolog.DebugLevel // a beginning, as at each start with an embedded Redis: what it finds is told by Rebuilt
		}
	case ratelimit.RedisBack, ratelimit.Rebuilt, ratelimit.ClockGood:
		delete(w.closed, ends[e.Kind])
		if e.First && e.Spends == 0 {
			level = zerolog.DebugLevel
		}
	case ratelimit.Paused, ratelimit.LimitsDiffer:
		level = zerolog.WarnLevel
	case ratelimit.Resumed, ratelimit.LimitsAgree:
	}
	w.log.WithLevel(level).Str("event", string(e.Kind)).Msg("limiter: " + e.String())
}

// problems are the reasons for which the limiter grants nothing.
func (w *limiterWatch) problems() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, kind := range []ratelimit.EventKind{ratelimit.RedisLost, ratelimit.Rebuilding, ratelimit.ClockOff} {
		if why, ok := w.closed[kind]; ok {
			all = append(all, "limiter: "+why)
		}
	}
	return all
}
