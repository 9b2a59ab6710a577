// Limiters holds the limiter of this repository against go-redis/redis_rate,
// a well-known continuous one (GCRA), under the same load in one run:
//
//	go run ./internal/bench/limiters -svg docs/limiters.svg
//
// The demand never ends: whatever a limiter grants is used at once, as a
// queue does that has been waiting for days. Time is virtual, so four weeks
// take a moment. Then both are timed on a real server, if there is one:
//
//	go run ./internal/bench/limiters -redis redis://127.0.0.1:6379
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

const (
	limit  = 100
	window = 7 * 24 * time.Hour
	span   = 28 * 24 * time.Hour
	tick   = 10 * time.Minute
	wipeAt = 10 * 24 * time.Hour // after the start Redis loses everything
)

func main() {
	svg := flag.String("svg", "", "write the plot to this `file`")
	url := flag.String("redis", "", "also time both limiters on the Redis at this `url`")
	flag.Parse()
	if err := run(*svg, *url); err != nil {
		fmt.Fprintln(os.Stderr, "limiters: error:", err)
		os.Exit(1)
	}
}

func run(svg, url string) error {
	ctx := context.Background()
	var all []series
	for _, wipe := range []bool{false, true} {
		for _, make := range []func(*miniredis.Miniredis, *clock) (contender, error){newOurs, newTheirs} {
			s, err := simulate(ctx, make, wipe)
			if err != nil {
				return err
			}
			all = append(all, s)
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "limit %d in %s\tcalls in 4 weeks\tmost in any week\tafter the loss of Redis' data\n", limit, window)
	for i := range 2 {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", all[i].name, len(all[i].sent), all[i].most(), all[i+2].most())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if svg != "" {
		if err := os.WriteFile(svg, plot(all[2], all[3]), 0o644); err != nil { //nolint:gosec // an image for everybody
			return fmt.Errorf("write the plot: %w", err)
		}
	}
	if url != "" {
		return timeBoth(ctx, url)
	}
	return nil
}

// A clock is virtual time, for a limiter and for its Redis.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// A contender grants calls.
type contender interface {
	name() string
	take(ctx context.Context) (bool, error)
}

// A series is what one limiter let through.
type series struct {
	name string
	sent []time.Duration // since the start
}

// most is the largest number of calls in any window.
func (s series) most() (most int) {
	first := 0
	for i, at := range s.sent {
		for at-s.sent[first] >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func simulate(ctx context.Context, newContender func(*miniredis.Miniredis, *clock) (contender, error), wipe bool) (series, error) {
	m, err := miniredis.Run()
	if err != nil {
		return series{}, err
	}
	defer m.Close()
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	c := &clock{at: start}
	m.SetTime(start)
	limiter, err := newContender(m, c)
	if err != nil {
		return series{}, err
	}
	s := series{name: limiter.name()}
	for at := time.Duration(0); at <= span; at += tick {
		c.at = start.Add(at)
		m.SetTime(c.at)
		if wipe && at == wipeAt {
			m.FlushAll()
		}
		for {
			ok, err := limiter.take(ctx)
			if err != nil {
				return s, fmt.Errorf("%s: %w", s.name, err)
			}
			if !ok {
				break
			}
			s.sent = append(s.sent, at)
		}
	}
	return s, nil
}

// ours is the bucket with return dates. Its durable log is a slice: what the
// ledger is to a worker.
type ours struct {
	limiter *ratelimit.Limiter
	bucket  *ratelimit.Bucket
	clock   *clock
	log     []ratelimit.Spend
}

const permission = "ADD_ON_CREATE"

func newOurs(m *miniredis.Miniredis, c *clock) (contender, error) {
	o := &ours{clock: c}
	l, err := ratelimit.New(ratelimit.Config{
		Redis: redis.NewClient(&redis.Options{Addr: m.Addr()}), App: "compare",
		Limits: ratelimit.Limits{permission: {{Limit: limit, Every: window}}},
		Call:   25 * time.Second, Now: c.now, Source: o,
	})
	if err != nil {
		return nil, err
	}
	ctx, ready := context.WithTimeout(context.Background(), 5*time.Second)
	defer ready()
	go func() { _ = l.Run(context.Background()) }() // ends with the process
	o.limiter, o.bucket = l, l.Bucket(permission)
	err = o.rebuilt(ctx)
	return o, err
}

func (*ours) name() string { return "return dates (this one)" }

func (o *ours) Spent(_ context.Context, since time.Time, yield func(ratelimit.Spend) error) error {
	for _, s := range o.log {
		if s.At.Before(since) {
			continue
		}
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}

// rebuilt waits until the state is known: with a dry bucket Acquire would wait
// for days.
func (o *ours) rebuilt(ctx context.Context) error {
	for {
		all, err := o.limiter.Status(ctx)
		if err == nil && len(all) == 1 && all[0].Known {
			return nil
		}
		if ctx.Err() != nil {
			return errors.Join(errors.New("the state was not rebuilt"), err)
		}
		if _, _, err := o.bucket.Reserve(ctx, 1, false); err != nil {
			return err
		}
	}
}

func (o *ours) take(ctx context.Context) (bool, error) {
	holds, wait, err := o.bucket.Reserve(ctx, 1, false)
	if err != nil {
		return false, err
	}
	if len(holds) == 0 {
		if wait.Reason == ratelimit.WaitRebuild {
			return false, o.rebuilt(ctx) // the loss was noticed; next hour it goes on
		}
		return false, nil
	}
	o.log = append(o.log, ratelimit.Spend{ID: holds[0].ID, Permission: permission, At: o.clock.at})
	ok, err := o.bucket.Spend(ctx, holds...)
	if err != nil || !ok[0] {
		return false, errors.Join(err, errors.New("a hold was refused"))
	}
	o.bucket.Commit(holds[0], o.clock.at)
	return true, nil
}

// theirs is GCRA with a burst of the whole limit.
type theirs struct{ limiter *redis_rate.Limiter }

func newTheirs(m *miniredis.Miniredis, _ *clock) (contender, error) {
	return theirs{redis_rate.NewLimiter(redis.NewClient(&redis.Options{Addr: m.Addr()}))}, nil
}

func (theirs) name() string { return "redis_rate (GCRA)" }

func (t theirs) take(ctx context.Context) (bool, error) {
	r, err := t.limiter.Allow(ctx, "compare", redis_rate.Limit{Rate: limit, Burst: limit, Period: window})
	if err != nil {
		return false, err
	}
	return r.Allowed > 0, nil
}
