package embedded

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Redis is a Redis server in this process, on a loopback port, guarded by a
// random password. Nothing in it is durable: all of it is gone when the process
// ends, so it may hold only what can be rebuilt, as the rate limiter's state can
// from the ledger. It is not shared with other workers.
type Redis struct {
	server   *miniredis.Miniredis
	password string
}

// StartRedis starts an empty Redis server.
func StartRedis() (*Redis, error) {
	r := &Redis{server: miniredis.NewMiniRedis(), password: rand.Text()}
	r.server.RequireAuth(r.password)
	// By default the server's time to live stands still, for tests; a lock
	// that its holder did not release would then be held for ever.
	r.server.ClockTTL(true)
	if err := r.server.Start(); err != nil {
		return nil, fmt.Errorf("start the embedded Redis on a loopback port: %w; set REDIS_URL to use a Redis server instead", err)
	}
	return r, nil
}

// Options are the options of a client to the server; each call returns new ones.
// Contexts are honoured and nothing is retried, because a script that was sent
// twice could take two tokens.
func (r *Redis) Options() *redis.Options {
	return &redis.Options{
		Addr:                  r.server.Addr(),
		Password:              r.password,
		DialTimeout:           time.Second,
		DialerRetries:         1,
		ContextTimeoutEnabled: true,
		MaxRetries:            -1,
	}
}

// Close ends all connections and forgets everything.
func (r *Redis) Close() { r.server.Close() }
