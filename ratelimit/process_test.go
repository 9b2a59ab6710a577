package ratelimit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// realServer is a redis-server process of the test's own, to be killed and stopped.
type realServer struct {
	t    *testing.T
	addr string
	dir  string
	args []string
	cmd  *exec.Cmd
}

func runRedis(t *testing.T, args ...string) *realServer {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("needs redis-server")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &realServer{t: t, addr: listener.Addr().String(), dir: t.TempDir(), args: args}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	s.start()
	return s
}

func (s *realServer) start() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.addr)
	args := append([]string{"--bind", "127.0.0.1", "--port", port, "--dir", s.dir, "--save", "", "--loglevel", "warning"}, s.args...)
	s.cmd = exec.Command("redis-server", args...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	c := s.client()
	eventually(s.t, "redis-server answers", func() bool { return c.Ping(context.Background()).Err() == nil })
}

func (s *realServer) kill() {
	_ = s.cmd.Process.Kill() // it may be dead already
	_ = s.cmd.Wait()
}

func (s *realServer) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

func (s *realServer) client() *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.addr, ContextTimeoutEnabled: true, MaxRetries: -1, DialTimeout: time.Second})
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (s *realServer) limiter(limits string, source Source, change func(*Config)) *Limiter {
	s.t.Helper()
	parsed, err := ParseLimits(limits)
	if err != nil {
		s.t.Fatal(err)
	}
	cfg := Config{Redis: s.client(), App: "test", Limits: parsed, Source: source, Call: time.Second}
	if change != nil {
		change(&cfg)
	}
	l, err := New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

func TestServerRestarts(t *testing.T) {
	for name, args := range map[string][]string{
		"without persistence": nil,
		"with AOF":            {"--appendonly", "yes", "--appendfsync", "always"},
		"with a lossy AOF":    {"--appendonly", "yes", "--appendfsync", "no"},
	} {
		t.Run(name, func(t *testing.T) {
			s, source := runRedis(t, args...), &journal{}
			l := s.limiter("P=5/168h", source, nil)
			start(t, l)
			b := l.Bucket("P")
			holds, err := b.Acquire(t.Context(), 3, false)
			if err != nil {
				t.Fatal(err)
			}
			source.record("P", time.Now(), holds...)
			spend(t, b, "111", holds...)
			s.kill()
			if _, _, err := b.Reserve(t.Context(), 1, false); err == nil {
				t.Error("Reserve without a server is no error")
			}
			b.Refund(holds[0])
			source.void(holds[0])
			s.start()
			if more, err := b.Acquire(t.Context(), 5, false); err != nil || len(more) < 2 || len(more) > 3 {
				t.Errorf("after the restart Acquire = %d holds, %v; want 2, or 3 once the refund is delivered", len(more), err)
			}
			eventually(t, "the refund is delivered", func() bool { return status(t, l, "P").Spent == 2 })
		})
	}
}

func TestStaleReplicaIsPromoted(t *testing.T) {
	master, source := runRedis(t), &journal{}
	host, port, _ := net.SplitHostPort(master.addr)
	replica := runRedis(t, "--replicaof", host, port)
	onReplica := replica.client()

	l := master.limiter("P=100/168h", source, nil)
	start(t, l)
	call := func(n int) {
		holds, err := l.Bucket("P").Acquire(t.Context(), n, false)
		if err != nil || len(holds) != n {
			t.Fatalf("Acquire(%d) = %d holds, %v", n, len(holds), err)
		}
		source.record("P", time.Now(), holds...)
		spend(t, l.Bucket("P"), strings.Repeat("1", n), holds...)
	}
	call(40)
	window := l.agreed.Load().windows[0].key
	eventually(t, "the replica has it", func() bool { return onReplica.ZCard(t.Context(), window).Val() == 41 })
	if err := onReplica.ReplicaOf(t.Context(), "NO", "ONE").Err(); err != nil { // it no longer follows
		t.Fatal(err)
	}
	call(60)
	master.kill()

	promoted := replica.limiter("P=100/168h", source, nil)
	refused(t, promoted.Bucket("P"), WaitRebuild) // although 60 seem to be free
	start(t, promoted)
	eventually(t, "it is rebuilt", func() bool { return status(t, promoted, "P").Known })
	refused(t, promoted.Bucket("P"), WaitQuota)
}

func TestServerHangs(t *testing.T) {
	s, source := runRedis(t), &journal{}
	l := s.limiter("P=5/168h", source, func(c *Config) { c.Hold = time.Minute })
	start(t, l)
	b := l.Bucket("P")
	holds, err := b.Acquire(t.Context(), 2, false)
	if err != nil {
		t.Fatal(err)
	}
	// hung calls f while the server does not answer.
	hung := func(f func(ctx context.Context)) {
		s.signal(syscall.SIGSTOP)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		began := time.Now()
		f(ctx)
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("a context of 200ms was overdrawn to %s", d)
		}
		s.signal(syscall.SIGCONT)
	}
	hung(func(ctx context.Context) {
		if holds, _, err := b.Reserve(ctx, 3, false); err == nil || len(holds) > 0 {
			t.Errorf("Reserve = %d holds, %v", len(holds), err)
		}
	})
	eventually(t, "nothing is taken by a Reserve that nobody heard of", func() bool {
		s := status(t, l, "P")
		return s.Held == 2 && s.Spent == 0
	})
	hung(func(ctx context.Context) {
		if ok, err := b.Spend(ctx, holds...); err == nil || ok[0] || ok[1] {
			t.Errorf("Spend = %v, %v", ok, err)
		}
	})
	eventually(t, "nothing is spent by a Spend that nobody heard of", func() bool { return status(t, l, "P").Free == 5 })

	holds = reserve(t, b, 2)
	spend(t, b, "11", holds...)
	hung(func(context.Context) {
		b.Commit(holds[0], time.Now())
		b.Refund(holds[1])
	})
	eventually(t, "the refund is delivered", func() bool { return status(t, l, "P").Free == 4 })
}

const (
	swarmLimit = 20
	swarmEvery = time.Second
)

// swarm is the world of the workers that are processes: the server they call, which
// counts, and the log of their intents.
type swarm struct {
	journal
	mu       sync.Mutex
	arrivals []time.Time
}

func (s *swarm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	switch r.URL.Path {
	case "/call":
		s.mu.Lock()
		defer s.mu.Unlock()
		s.arrivals = append(s.arrivals, now)
	case "/record":
		var spends []Spend
		if err := json.NewDecoder(r.Body).Decode(&spends); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.journal.mu.Lock()
		defer s.journal.mu.Unlock()
		s.spends = append(s.spends, spends...)
	case "/spent":
		s.journal.mu.Lock()
		defer s.journal.mu.Unlock()
		if err := json.NewEncoder(w).Encode(s.spends); err != nil {
			panic(err)
		}
	}
}

// remoteSource is the log as a worker process sees it.
type remoteSource struct{ url string }

func (s remoteSource) post(ctx context.Context, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = s.do(ctx, path, bytes.NewReader(text))
	return err
}

func (s remoteSource) do(ctx context.Context, path string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, body)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(response.Body)
	return text, errors.Join(err, response.Body.Close())
}

func (s remoteSource) Spent(ctx context.Context, _ time.Time, yield func(Spend) error) error {
	text, err := s.do(ctx, "/spent", http.NoBody)
	if err != nil {
		return err
	}
	var spends []Spend
	if err := json.Unmarshal(text, &spends); err != nil {
		return err
	}
	for _, s := range spends {
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}

// TestWorkerProcess is not a test: it is the body of the processes of TestProcesses.
func TestWorkerProcess(t *testing.T) {
	server, addr := os.Getenv("RATELIMIT_SWARM"), os.Getenv("RATELIMIT_REDIS")
	if server == "" {
		t.Skip("runs as a process of TestProcesses")
	}
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, MaxRetries: -1})
	source := remoteSource{server}
	l, err := New(Config{
		Redis: client, App: "test", Source: source, Hold: 200 * time.Millisecond, Call: 300 * time.Millisecond,
		Limits: Limits{"P": {{Limit: swarmLimit, Every: swarmEvery}}, AppKey: {{Limit: 5 * swarmLimit, Every: 2 * swarmEvery}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background() // until it is killed
	go func() { _ = l.Run(ctx) }()
	b := l.Bucket("P")
	for {
		holds, err := b.Acquire(ctx, 3, false)
		if err != nil {
			t.Fatal(err)
		}
		var spends []Spend
		for _, h := range holds {
			spends = append(spends, Spend{ID: h.ID, Permission: "P", At: time.Now()})
		}
		if err := source.post(ctx, "/record", spends); err != nil {
			t.Fatal(err)
		}
		ok, err := b.Spend(ctx, holds...)
		spent := time.Now()
		if err != nil {
			continue
		}
		for i, h := range holds {
			if !ok[i] {
				continue
			}
			deadline, cancel := context.WithDeadline(ctx, spent.Add(250*time.Millisecond))
			if err := source.post(deadline, "/call", h.ID); err == nil {
				b.Commit(h, time.Now())
			}
			cancel()
		}
	}
}

// TestProcesses lets four processes compete, kills them and wipes Redis, and counts
// what arrives.
func TestProcesses(t *testing.T) {
	for _, faults := range []bool{false, true} {
		t.Run(fmt.Sprintf("faults=%t", faults), func(t *testing.T) {
			s, world := runRedis(t), &swarm{}
			server := httptest.NewServer(world)
			defer server.Close()
			defer http.DefaultClient.CloseIdleConnections()
			var workers [4]*exec.Cmd
			launch := func(i int) {
				cmd := exec.Command(os.Args[0], "-test.run=^TestWorkerProcess$", "-test.timeout=1m")
				cmd.Env = append(os.Environ(), "RATELIMIT_SWARM="+server.URL, "RATELIMIT_REDIS="+s.addr)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				workers[i] = cmd
			}
			kill := func(i int) {
				_ = workers[i].Process.Kill() // SIGKILL
				_ = workers[i].Wait()
			}
			for i := range workers {
				launch(i)
			}
			defer func() {
				for i := range workers {
					kill(i)
				}
			}()

			client, kills, wipes := s.client(), 0, 0
			eventually(t, "the first call arrives", func() bool {
				world.mu.Lock()
				defer world.mu.Unlock()
				return len(world.arrivals) > 0
			})
			const lasts = 6*time.Second + 500*time.Millisecond
			began := time.Now()
			for tick := time.NewTicker(150 * time.Millisecond); time.Since(began) < lasts; <-tick.C {
				if !faults {
					continue
				}
				if i := rand.IntN(len(workers)); rand.IntN(2) == 0 {
					kill(i)
					launch(i)
					kills++
				}
				if rand.IntN(8) == 0 {
					if err := client.FlushAll(t.Context()).Err(); err != nil {
						t.Fatal(err)
					}
					wipes++
				}
			}
			world.mu.Lock()
			defer world.mu.Unlock()
			most := worst(world.arrivals, swarmEvery)
			optimum := swarmLimit * (1 + int(lasts/(swarmEvery+window{Window: Window{Every: swarmEvery}}.guard())))
			t.Logf("%d calls of at most %d, at most %d within %s; %d kills, %d wipes", len(world.arrivals), optimum, most, swarmEvery, kills, wipes)
			if most > swarmLimit {
				t.Errorf("%d calls arrived within %s, limit %d", most, swarmEvery, swarmLimit)
			}
			if !faults && len(world.arrivals) < optimum*95/100 {
				t.Errorf("%d calls arrived, less than 95%% of the optimum %d", len(world.arrivals), optimum)
			}
			if len(world.arrivals) == 0 || faults && kills == 0 {
				t.Error("nothing happened")
			}
		})
	}
}
