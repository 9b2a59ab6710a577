package ratelimit

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	masterName = "kenar-test"
	// downAfter is how long a master may be silent. A failover takes that and a second or
	// two; a shorter time would take a busy machine for a dead master.
	downAfter = 2 * time.Second
	// failoverTime bounds a failover, even one whose first election has no winner.
	failoverTime = 20 * time.Second
)

// sentinels is a master, its replica, and three processes that watch over them.
type sentinels struct {
	t               *testing.T
	master, replica *realServer
	addrs           []string // of the three
}

func runSentinels(t *testing.T) *sentinels {
	t.Helper()
	s := &sentinels{t: t, master: runRedis(t)}
	host, port, _ := net.SplitHostPort(s.master.addr)
	s.replica = runRedis(t, "--replicaof", host, port)
	addLimitedUser(t, s.master.client()) // users are not replicated
	addLimitedUser(t, s.replica.client())
	s.waitForLink("up")
	for range 3 {
		s.launch(host, port)
	}
	for _, addr := range s.addrs {
		c := s.watch(addr)
		eventually(t, "the sentinels know the replica and each other", func() bool {
			m := c.Master(t.Context(), masterName).Val()
			return m["num-slaves"] == "1" && m["num-other-sentinels"] == "2"
		})
	}
	return s
}

// launch starts one more sentinel, which needs a majority of two to act.
func (s *sentinels) launch(host, port string) {
	s.t.Helper()
	addr, dir := freeAddr(s.t), s.t.TempDir()
	_, own, _ := net.SplitHostPort(addr)
	config := filepath.Join(dir, "sentinel.conf") // it keeps its state in there
	text := fmt.Sprintf("bind 127.0.0.1\nport %s\ndir %s\n", own, dir) +
		fmt.Sprintf("sentinel monitor %s %s %s 2\n", masterName, host, port) +
		fmt.Sprintf("sentinel down-after-milliseconds %s %d\n", masterName, downAfter.Milliseconds()) +
		fmt.Sprintf("sentinel failover-timeout %s 3000\n", masterName)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command("redis-server", config, "--sentinel")
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	s.addrs = append(s.addrs, addr)
	c := s.watch(addr)
	eventually(s.t, "the sentinel answers", func() bool { return c.Ping(s.t.Context()).Err() == nil })
}

// watch returns a client of one sentinel.
func (s *sentinels) watch(addr string) *redis.SentinelClient {
	c := redis.NewSentinelClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, MaxRetries: -1, DialTimeout: time.Second})
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// limiter returns a limiter that asks the sentinels for the master, as a user
// with the least rights there.
func (s *sentinels) limiter(limits string, source Source, events *recorder) *Limiter {
	s.t.Helper()
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: masterName, SentinelAddrs: s.addrs,
		Username: limitedUser, Password: limitedPassword,
		ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1, DialTimeout: time.Second,
	})
	s.t.Cleanup(func() { _ = client.Close() })
	return s.master.limiter(limits, source, func(c *Config) {
		c.Redis, c.Notify, c.Hold = client, events.notify, time.Minute // a hold outlives the failover
	})
}

// waitForLink waits until the replica says that the link to its master is up, or down.
func (s *sentinels) waitForLink(state string) {
	s.t.Helper()
	c := s.replica.client()
	eventually(s.t, "the link of the replica is "+state, func() bool {
		return strings.Contains(c.Info(s.t.Context(), "replication").Val(), "master_link_status:"+state)
	})
}

// part stops replication for good, as a partition between the two nodes would: the
// replica is sent away and its credentials no longer get it back in.
func (s *sentinels) part() {
	s.t.Helper()
	c := s.replica.client()
	for _, setting := range [][2]string{{"masteruser", "nobody"}, {"masterauth", "wrong"}} {
		if err := c.ConfigSet(s.t.Context(), setting[0], setting[1]).Err(); err != nil {
			s.t.Fatalf("set %s: %v", setting[0], err)
		}
	}
	if n, err := s.master.client().ClientKillByFilter(s.t.Context(), "TYPE", "replica").Result(); err != nil || n != 1 {
		s.t.Fatalf("sent %d replicas away, %v; want 1", n, err)
	}
	s.waitForLink("down")
}

// follow hears of failovers. The function it returns waits for the next one and
// returns the address of the new master.
func (s *sentinels) follow() (next func() (master string)) {
	s.t.Helper()
	sub := s.watch(s.addrs[0]).Subscribe(s.t.Context(), "+switch-master")
	s.t.Cleanup(func() { _ = sub.Close() })
	if _, err := sub.Receive(s.t.Context()); err != nil { // the subscription is confirmed
		s.t.Fatal(err)
	}
	return func() string {
		s.t.Helper()
		ctx, cancel := context.WithTimeout(s.t.Context(), failoverTime)
		defer cancel()
		m, err := sub.ReceiveMessage(ctx)
		if err != nil {
			s.t.Fatalf("no failover within %s: %v", failoverTime, err)
		}
		f := strings.Fields(m.Payload) // name, old host and port, new host and port
		if len(f) != 5 {
			s.t.Fatalf("+switch-master %q", m.Payload)
		}
		return net.JoinHostPort(f[3], f[4])
	}
}

// TestSentinelFailover kills the master when its replica lacks 30 of 70 calls. To the
// promoted replica 60 of 100 tokens seem to be free; 30 are.
func TestSentinelFailover(t *testing.T) {
	const limit, arrived, missing = 100, 40, 30
	s, source := runSentinels(t), &journal{}
	var events [2]recorder
	var limiters [2]*Limiter
	for i := range limiters {
		limiters[i] = s.limiter(fmt.Sprintf("P=%d/168h", limit), source, &events[i])
		start(t, limiters[i])
	}
	first, second := limiters[0].Bucket("P"), limiters[1].Bucket("P")
	calls := 0 // that Spend agreed to
	call := func(b *Bucket, n int) {
		t.Helper()
		holds, err := b.Acquire(t.Context(), n, false)
		if err != nil || len(holds) != n {
			t.Fatalf("Acquire(%d) = %d holds, %v", n, len(holds), err)
		}
		source.record("P", time.Now(), holds...)
		spend(t, b, strings.Repeat("1", n), holds...)
		calls += n
	}

	call(first, arrived)
	window, onReplica := limiters[0].agreed.Load().windows[0].key, s.replica.client()
	eventually(t, "the replica has them", func() bool { return onReplica.ZCard(t.Context(), window).Val() == arrived+1 })
	s.part()
	call(second, missing)
	held := reserve(t, first, 3)
	recorded, unrecorded, late := held[0], held[1], held[2]
	source.record("P", time.Now(), recorded, late)
	if n := onReplica.ZCard(t.Context(), window).Val(); n != arrived+1 {
		t.Fatalf("the replica has %d members, want %d: it still follows", n, arrived+1)
	}
	next := s.follow()
	s.master.kill()

	if holds, _, err := second.Reserve(t.Context(), 1, true); err == nil || len(holds) != 0 {
		t.Errorf("without a master Reserve = %d holds, %v; want an error", len(holds), err)
	}
	if ok, err := first.Spend(t.Context(), late); err == nil || ok[0] {
		t.Errorf("without a master Spend = %v, %v; want an error", ok, err)
	}
	source.void(late)
	if master := next(); master != s.replica.addr {
		t.Fatalf("the new master is %s, want the replica %s", master, s.replica.addr)
	}

	// What was held before counts if the log knows of it, and only then.
	eventually(t, "the state is rebuilt", func() bool {
		list, err := limiters[0].Status(t.Context())
		return err == nil && list[0].Known
	})
	spend(t, first, "10", recorded, unrecorded)
	calls++
	eventually(t, "one of them says that the log was read", func() bool {
		return slices.Equal(restored(&events[0], &events[1]), []int{arrived + missing + 1})
	})

	// All callers together get what is left and not one call more.
	if calls += drain(t, source, first, second, limit-calls); calls != limit {
		t.Errorf("%d calls in all, limit %d", calls, limit)
	}
	refused(t, first, WaitQuota)
	refused(t, second, WaitQuota)
}

// drain lets callers of both processes compete for tokens until they have made as many
// calls as are left. It returns how many they made, those in flight at that moment included.
func drain(t *testing.T, source *journal, first, second *Bucket, left int) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var calls atomic.Int64
	var wg sync.WaitGroup
	for _, b := range []*Bucket{first, first, second, second} {
		wg.Go(func() {
			for {
				holds, err := b.Acquire(ctx, 3, false)
				if err != nil {
					return // ctx has ended
				}
				source.record("P", time.Now(), holds...)
				ok, err := b.Spend(t.Context(), holds...)
				if err != nil {
					t.Errorf("Spend: %v", err)
					return
				}
				for _, yes := range ok {
					if calls.Add(int64(boolArg(yes))) >= int64(left) {
						cancel()
					}
				}
			}
		})
	}
	wg.Wait()
	return int(calls.Load())
}

// restored returns how many calls each rebuild found in the source, of those that
// found any.
func restored(recorders ...*recorder) (calls []int) {
	for _, r := range recorders {
		r.mu.Lock()
		for _, e := range r.events {
			if e.Kind == Rebuilt && e.Spends > 0 {
				calls = append(calls, e.Spends)
			}
		}
		r.mu.Unlock()
	}
	return calls
}
