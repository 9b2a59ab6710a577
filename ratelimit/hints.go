package ratelimit

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// pingEvery is how often an idle subscription is checked to be alive. A hint that was
// lost in between costs waiting time and nothing else.
const pingEvery = time.Minute

// listen follows the hints of all replicas until ctx ends.
func (l *Limiter) listen(ctx context.Context) {
	sub := l.cfg.Redis.Subscribe(ctx, l.keys.hints())
	defer func() { _ = sub.Close() }() // nothing to be done about it, and nothing lost
	messages := sub.ChannelWithSubscriptions(redis.WithChannelHealthCheckInterval(pingEvery))
	for {
		select {
		case <-ctx.Done():
			return
		case m, open := <-messages:
			if !open {
				return
			}
			switch m := m.(type) {
			case *redis.Subscription: // connected anew: hints may have been missed
				l.each(func(b *Bucket) { b.bell.ring("", time.Time{}) })
				signal(l.rejoin)
			case *redis.Message:
				l.heed(m.Payload)
			}
		}
	}
}

// heed acts on a hint: "<verb> <scope> <date in µs, 0 for now>". One that is
// not understood comes from a newer version and is ignored.
func (l *Limiter) heed(hint string) {
	fields := strings.Fields(hint)
	if len(fields) != 3 {
		return
	}
	verb, scope := fields[0], fields[1]
	micros, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return
	}
	var at time.Time
	if micros > 0 {
		at = time.UnixMicro(micros)
	}
	switch verb {
	case "wake":
		l.each(func(b *Bucket) {
			if scope == AppKey || scope == b.permission {
				b.bell.ring(scope, at)
			}
		})
	case "resume":
		l.resumed(scope)
	case "limits":
		signal(l.rejoin)
	}
}
