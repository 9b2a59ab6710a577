package embedded

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func startRedis(t *testing.T) *Redis {
	t.Helper()
	r, err := StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func client(t *testing.T, opts *redis.Options) *redis.Client {
	t.Helper()
	c := redis.NewClient(opts)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestRedisListensOnLoopback(t *testing.T) {
	addr, err := net.ResolveTCPAddr("tcp", startRedis(t).Options().Addr)
	if err != nil || !addr.IP.IsLoopback() {
		t.Errorf("listens on %v, %v, want a loopback address", addr, err)
	}
}

func TestRedisNeedsThePassword(t *testing.T) {
	r := startRedis(t)
	if err := client(t, r.Options()).Ping(t.Context()).Err(); err != nil {
		t.Errorf("PING with Options(): %v", err)
	}
	for name, password := range map[string]string{"none": "", "wrong": "guess"} {
		opts := r.Options()
		opts.Password = password
		if err := client(t, opts).Ping(t.Context()).Err(); err == nil {
			t.Errorf("PING with %s password was answered", name)
		}
	}
	if startRedis(t).Options().Password == r.Options().Password {
		t.Error("two servers have one password")
	}
}

func TestRedisOptionsAreTheCallersOwn(t *testing.T) {
	r := startRedis(t)
	r.Options().Password = "changed"
	if r.Options().Password == "changed" {
		t.Error("changing the result of Options changed the next one")
	}
}

// Locks of the limiter must end by themselves, as on a real server.
func TestRedisKeysExpire(t *testing.T) {
	c := client(t, startRedis(t).Options())
	if err := c.Set(t.Context(), "lock", "me", 20*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		err := c.Get(t.Context(), "lock").Err()
		if errors.Is(err, redis.Nil) {
			return
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("GET of a key that lives 20 ms: %v 5 s later", err)
		}
	}
}

func TestRedisForgets(t *testing.T) {
	r, err := StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, r.Options())
	if err := c.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if err := c.Get(t.Context(), "k").Err(); err == nil || errors.Is(err, redis.Nil) {
		t.Errorf("GET after Close: %v, want a refused connection", err)
	}
	err = client(t, startRedis(t).Options()).Get(t.Context(), "k").Err()
	if !errors.Is(err, redis.Nil) {
		t.Errorf("GET from the next server: %v, want nothing there", err)
	}
}

func TestRedisRunsScriptsOnItsClock(t *testing.T) {
	c := client(t, startRedis(t).Options())
	got, err := c.Eval(t.Context(), `return redis.call('TIME')[1]`, nil).Text()
	if err != nil || strings.Trim(got, "0123456789") != "" {
		t.Errorf("TIME in a script: %q, %v, want seconds", got, err)
	}
}
