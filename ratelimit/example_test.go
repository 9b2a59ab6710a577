package ratelimit_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// memory is a Source for the example. A real one reads a log that outlives the process.
type memory struct {
	mu    sync.Mutex
	calls []ratelimit.Spend
}

func (m *memory) record(permission string, h ratelimit.Hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, ratelimit.Spend{ID: h.ID, Permission: permission, At: time.Now()})
}

func (m *memory) Spent(_ context.Context, since time.Time, yield func(ratelimit.Spend) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, call := range m.calls {
		if call.At.Before(since) {
			continue
		}
		if err := yield(call); err != nil {
			return err
		}
	}
	return nil
}

// Three calls a week are allowed, and five messages want to be sent.
func Example() {
	server, err := miniredis.Run() // any Redis
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true, MaxRetries: -1})
	defer func() { _ = client.Close() }()

	limits, err := ratelimit.ParseLimits("SEND=3/168h; app=60/1m")
	if err != nil {
		panic(err)
	}
	log := &memory{}
	limiter, err := ratelimit.New(ratelimit.Config{
		Redis: client, App: "shop", Limits: limits, Source: log, Call: 20 * time.Second,
	})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- limiter.Run(ctx) }()

	bucket := limiter.Bucket("SEND")
	for sent := 0; sent < 3; {
		holds, err := bucket.Acquire(ctx, 5-sent, false) // waits for at least one
		if err != nil {
			panic(err)
		}
		for _, hold := range holds {
			log.record("SEND", hold) // the intent, durably, before Spend
		}
		ok, err := bucket.Spend(ctx, holds...)
		if err != nil {
			panic(err) // nothing may be sent; the tokens return
		}
		for i, hold := range holds {
			if ok[i] {
				sent++
				fmt.Println("sent", sent) // the call itself
				bucket.Commit(hold, time.Now())
			}
		}
	}

	_, wait, err := bucket.Reserve(ctx, 1, false)
	if err != nil {
		panic(err)
	}
	days := time.Until(wait.Until).Round(24*time.Hour).Hours() / 24
	fmt.Printf("then wait %.0f days: %s, %s\n", days, wait.Reason, wait.Detail)

	cancel()
	if err := <-done; err != nil {
		panic(err)
	}
	// Output:
	// sent 1
	// sent 2
	// sent 3
	// then wait 7 days: quota, SEND 3/168h
}

func ExampleParseLimits() {
	limits, err := ratelimit.ParseLimits("ADD_ON_CREATE=100/168h reserve 10; app=60/60s,5000/24h")
	fmt.Println(limits, err)
	_, err = ratelimit.ParseLimits("ADD_ON_CREATE=100/week")
	fmt.Println(err)
	// Output:
	// ADD_ON_CREATE=100/168h reserve 10; app=60/1m,5000/24h <nil>
	// limits "ADD_ON_CREATE=100/week": ADD_ON_CREATE: window "100/week": "week" is not a duration; use h, m and s, as in 168h for a week
}
