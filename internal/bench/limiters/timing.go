package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

const (
	rounds   = 5
	perRound = 500
)

// timeBoth times one decision of each limiter, alternating rounds so that
// both meet the same noise. All limits are far away: what is timed is the
// way to a grant.
func timeBoth(ctx context.Context, url string) error {
	opts, err := redis.ParseURL(url)
	if err != nil {
		return fmt.Errorf("-redis: %w", err)
	}
	client := redis.NewClient(opts)
	app := "compare-" + uuid.NewString()
	defer cleanUp(ctx, client, app)
	three := []ratelimit.Window{{Limit: 4000, Every: time.Hour}, {Limit: 4000, Every: 24 * time.Hour}, {Limit: 4000, Every: window}}
	l, err := ratelimit.New(ratelimit.Config{
		Redis: client, App: app, Call: time.Second, Hold: time.Second,
		Limits: ratelimit.Limits{"one": three[:1], "three": three},
	})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	go func() { _ = l.Run(running) }()
	if err := l.Fill(ctx); err != nil {
		return err
	}
	gcra := redis_rate.NewLimiter(client)
	allow := func(n int) func() error {
		return func() error {
			for i := range n {
				if _, err := gcra.Allow(ctx, fmt.Sprint(app, i), redis_rate.PerSecond(1_000_000)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	reserve := func(permission string, spend bool) func() error {
		b := l.Bucket(permission)
		return func() error {
			holds, wait, err := b.Reserve(ctx, 1, false)
			if err == nil && len(holds) == 0 {
				err = fmt.Errorf("no token: %s", wait)
			}
			if err == nil && spend {
				_, err = b.Spend(ctx, holds...)
			}
			if err == nil {
				b.Refund(holds...)
			}
			return err
		}
	}
	contenders := []struct {
		name string
		do   func() error
		took []time.Duration
	}{
		{"redis_rate, 1 limit", allow(1), nil},
		{"redis_rate, 3 limits one after another", allow(3), nil},
		{"reserve, 1 window", reserve("one", false), nil},
		{"reserve and spend, 1 window", reserve("one", true), nil},
		{"reserve, 3 windows at once", reserve("three", false), nil},
		{"reserve and spend, 3 windows at once", reserve("three", true), nil},
	}
	for range rounds {
		for i := range contenders {
			c := &contenders[i]
			for range perRound {
				start := time.Now()
				if err := c.do(); err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				c.took = append(c.took, time.Since(start))
			}
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\none client\tops/s\tp50\tp99\t")
	for _, c := range contenders {
		slices.Sort(c.took)
		var sum time.Duration
		for _, d := range c.took {
			sum += d
		}
		n := len(c.took)
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%s\t\n", c.name, float64(n)/sum.Seconds(), c.took[n/2].Round(time.Microsecond), c.took[n*99/100].Round(time.Microsecond))
	}
	return w.Flush()
}

// cleanUp removes the keys of the run.
func cleanUp(ctx context.Context, client *redis.Client, app string) {
	for _, pattern := range []string{"kenar:{" + app + "}:*", "rate:" + app + "*"} {
		it := client.Scan(ctx, 0, pattern, 1000).Iterator()
		for it.Next(ctx) {
			client.Del(ctx, it.Val())
		}
	}
}
