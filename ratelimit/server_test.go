package ratelimit

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis reports every connection that the tests cut
	goleak.VerifyTestMain(m)
}

// server is a Redis that a test runs against: miniredis always, and every server named
// in TEST_REDIS_URL (redis:// or rediss://, redis+cluster:// for a cluster; separated by
// commas). Tests share real servers, so each has an application of its own.
type server struct {
	t    *testing.T
	mini *miniredis.Miniredis // nil: a real server
	url  string
	app  string
}

// onServers runs a test against every server.
func onServers(t *testing.T, f func(t *testing.T, s *server)) {
	t.Run("miniredis", func(t *testing.T) { f(t, newMini(t)) })
	for i, u := range strings.FieldsFunc(os.Getenv("TEST_REDIS_URL"), func(r rune) bool { return r == ',' }) {
		t.Run(fmt.Sprintf("redis%d", i+1), func(t *testing.T) {
			s := &server{t: t, url: u, app: "test-" + uuid.NewString()}
			t.Cleanup(s.wipe)
			f(t, s)
		})
	}
}

func newMini(t *testing.T) *server {
	return &server{t: t, mini: miniredis.RunT(t), app: "test"}
}

// client returns a new client, closed at the end of the test.
func (s *server) client() redis.UniversalClient {
	s.t.Helper()
	c := s.open()
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (s *server) open() redis.UniversalClient {
	if s.mini != nil {
		return redis.NewClient(&redis.Options{Addr: s.mini.Addr(), ContextTimeoutEnabled: true, MaxRetries: -1})
	}
	if plain, found := strings.CutPrefix(s.url, "redis+cluster://"); found {
		u, err := url.Parse("redis://" + plain)
		if err != nil {
			s.t.Fatal(err)
		}
		return redis.NewClusterClient(&redis.ClusterOptions{Addrs: strings.Split(u.Host, "+"), ContextTimeoutEnabled: true})
	}
	o, err := redis.ParseURL(s.url)
	if err != nil {
		s.t.Fatalf("TEST_REDIS_URL: %v", err)
	}
	o.ContextTimeoutEnabled, o.MaxRetries = true, -1
	return redis.NewClient(o)
}

// wipe deletes everything the application has in Redis.
func (s *server) wipe() {
	c := s.open()
	defer func() { _ = c.Close() }()
	ctx := context.Background()
	for _, key := range s.allKeys(ctx, c) {
		if err := c.Del(ctx, key).Err(); err != nil {
			s.t.Errorf("wipe %s: %v", key, err)
		}
	}
}

func (s *server) allKeys(ctx context.Context, c redis.UniversalClient) []string {
	pattern := "kenar:{" + s.app + "}:*"
	var mu sync.Mutex
	var all []string
	scan := func(ctx context.Context, c *redis.Client) error {
		keys, err := c.Keys(ctx, pattern).Result()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, keys...)
		return err
	}
	var err error
	switch c := c.(type) {
	case *redis.ClusterClient:
		err = c.ForEachMaster(ctx, scan)
	case *redis.Client:
		err = scan(ctx, c)
	}
	if err != nil {
		s.t.Errorf("list the keys of %s: %v", s.app, err)
	}
	return all
}

// limiter returns a limiter on the server; change may adjust its configuration. Its
// windows are as after a first start, unless its Source says otherwise.
func (s *server) limiter(limits string, change func(*Config)) *Limiter {
	s.t.Helper()
	l := s.stranger(limits, change)
	source := l.cfg.Source
	if source == nil {
		source = nothingSpent{}
	}
	if err := l.rebuild(s.t.Context(), source); err != nil {
		s.t.Fatal(err)
	}
	return l
}

// stranger is a limiter that has not looked at Redis yet.
func (s *server) stranger(limits string, change func(*Config)) *Limiter {
	s.t.Helper()
	parsed, err := ParseLimits(limits)
	if err != nil {
		s.t.Fatal(err)
	}
	cfg := Config{Redis: s.client(), App: s.app, Limits: parsed, Call: time.Second}
	if change != nil {
		change(&cfg)
	}
	l, err := New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

// start runs the limiter until the test, or stop, ends it. It returns when the limiter
// hears hints.
func start(t *testing.T, l *Limiter) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)

	b := l.Bucket("start")
	rings := b.bell.listen()
	defer b.bell.stop(rings)
	eventually(t, "the limiter hears hints", func() bool {
		if err := l.cfg.Redis.Publish(t.Context(), l.keys.hints(), "wake start 1").Err(); err != nil {
			t.Fatal(err)
		}
		_, heard := rings.hint("start")
		return heard
	})
	return stop
}

// reserve asks for n holds and expects exactly that many.
func reserve(t *testing.T, b *Bucket, n int) []Hold {
	t.Helper()
	holds, wait, err := b.Reserve(t.Context(), n, false)
	if err != nil || len(holds) != n {
		t.Fatalf("Reserve(%d) = %d holds, %s, %v", n, len(holds), wait, err)
	}
	return holds
}

// refused expects that nothing is granted, for a reason.
func refused(t *testing.T, b *Bucket, reason WaitReason) Wait {
	t.Helper()
	holds, wait, err := b.Reserve(t.Context(), 1, true)
	if err != nil || len(holds) != 0 || wait.Reason != reason {
		t.Fatalf("Reserve(1) = %d holds, %s, %v; want to wait for %s", len(holds), wait, err, reason)
	}
	return wait
}

// spend expects the answers of Spend, "1" for yes and "0" for no.
func spend(t *testing.T, b *Bucket, want string, holds ...Hold) {
	t.Helper()
	ok, err := b.Spend(t.Context(), holds...)
	if err != nil {
		t.Fatalf("Spend: %v", err)
	}
	got := ""
	for _, yes := range ok {
		got += fmt.Sprint(boolArg(yes))
	}
	if got != want {
		t.Fatalf("Spend = %s, want %s", got, want)
	}
}

// delivered flushes the outbox.
func delivered(t *testing.T, l *Limiter) {
	t.Helper()
	if err := l.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// status returns the only entry of a permission.
func status(t *testing.T, l *Limiter, permission string) Status {
	t.Helper()
	list, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if s.Permission == permission {
			return s
		}
	}
	t.Fatalf("no status of %s in %+v", permission, list)
	return Status{}
}

// counts expects what the first window of a permission says.
func counts(t *testing.T, l *Limiter, permission string, spent, held, free int) {
	t.Helper()
	s := status(t, l, permission)
	if s.Spent != spent || s.Held != held || s.Free != free {
		t.Fatalf("%s: spent %d, held %d, free %d; want %d, %d, %d", permission, s.Spent, s.Held, s.Free, spent, held, free)
	}
}

// journal is a Source in memory.
type journal struct {
	mu     sync.Mutex
	spends []Spend
	err    error  // what Spent fails with
	before func() // called before Spent yields
}

func (j *journal) record(permission string, at time.Time, holds ...Hold) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, h := range holds {
		j.spends = append(j.spends, Spend{ID: h.ID, Permission: permission, At: at})
	}
}

// Spent implements Source.
func (j *journal) Spent(_ context.Context, since time.Time, yield func(Spend) error) error {
	j.mu.Lock()
	spends, err, before := append([]Spend(nil), j.spends...), j.err, j.before
	j.mu.Unlock()
	if before != nil {
		before()
	}
	for _, s := range spends {
		if s.At.Before(since) {
			continue
		}
		if err := yield(s); err != nil {
			return err
		}
	}
	return err
}

// recorder keeps the events a limiter notifies of.
type recorder struct {
	mu     sync.Mutex
	events []Event
}

func (r *recorder) notify(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// kinds returns the kinds told of so far, in order.
func (r *recorder) kinds() []EventKind {
	r.mu.Lock()
	defer r.mu.Unlock()
	var kinds []EventKind
	for _, e := range r.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// eventually waits for a condition that a real server and goroutines bring about.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			t.Fatalf("not within 10 s: %s", what)
		case <-tick.C:
		}
	}
}

// newClosedClient returns a client that never connects.
func newClosedClient() redis.UniversalClient {
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	_ = c.Close()
	return c
}
