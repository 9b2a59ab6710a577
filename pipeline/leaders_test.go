package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A cluster stands for the leaders of streams: what each says to a look, and how
// often it was asked.
type cluster struct {
	mu    sync.Mutex
	says  map[string]error
	info  *jetstream.ClusterInfo
	asked int
}

// A seenStream is what a look brings.
type seenStream struct {
	jetstream.Stream
	info jetstream.StreamInfo
}

func (s seenStream) CachedInfo() *jetstream.StreamInfo { return &s.info }

func (c *cluster) Stream(ctx context.Context, name string) (jetstream.Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return seenStream{info: jetstream.StreamInfo{Cluster: c.info}}, errors.Join(c.says[name], ctx.Err())
}

// A leader that does not answer once is no reason to be unready; one that is
// silent for longer than an election takes is, and one that is gone is at once.
// However often somebody wants to know, the leaders are asked every few seconds.
func TestLeaders(t *testing.T) {
	silence := fmt.Errorf("look: %w", context.DeadlineExceeded)
	unavailable := &jetstream.APIError{Code: 503, ErrorCode: 10008, Description: "JetStream system temporarily unavailable"}
	type look struct {
		after time.Duration // the last one
		says  map[string]error
		want  []string // what the problems contain, in order
		asked int      // in all, 2 a round
	}
	ledger := func(err error) map[string]error { return map[string]error{LedgerStream: err} }
	for name, looks := range map[string][]look{
		"well": {{0, nil, nil, 2}, {leaderRest, nil, nil, 4}},
		"asked seldom": {
			{0, nil, nil, 2}, {0, nil, nil, 2}, {leaderRest - 1, nil, nil, 2}, {1, nil, nil, 4},
		},
		"never answered": {
			{0, ledger(silence), []string{"leader of stream KENAR_LEDGER has not answered yet: most of the servers"}, 2},
		},
		"silent, for so long": {
			{0, nil, nil, 2},
			{leaderRest, ledger(silence), nil, 4},
			{leaderFresh - leaderRest, ledger(silence), nil, 6},
			{leaderRest, ledger(silence), []string{"leader of stream KENAR_LEDGER has not answered for 13s"}, 8},
			{leaderRest, nil, nil, 10},
		},
		"both silent": {
			{0, map[string]error{EventStream: silence, LedgerStream: unavailable},
				[]string{"leader of stream KENAR_EVENTS", "leader of stream KENAR_LEDGER has not answered yet: most of the servers that hold it must run and reach each other: nats: API error: code=503"}, 2},
		},
		"gone": {
			{0, nil, nil, 2},
			{leaderRest, ledger(jetstream.ErrStreamNotFound), []string{"stream KENAR_LEDGER does not exist"}, 4},
			{leaderRest, ledger(silence), []string{"leader of stream KENAR_LEDGER has not answered yet"}, 6},
			{leaderRest, nil, nil, 8},
		},
		"nobody asked for long": {
			{0, nil, nil, 2},
			{time.Hour, ledger(silence), []string{"leader of stream KENAR_LEDGER has not answered for 1h0m0s"}, 4},
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := noon
			l, c := newLeaders(func() time.Time { return now }), &cluster{}
			for i, x := range looks {
				now = now.Add(x.after)
				c.says = x.says
				got := l.silent(t.Context(), c)
				same := len(got) == len(x.want)
				for j := range min(len(got), len(x.want)) {
					same = same && strings.Contains(got[j], x.want[j])
				}
				if !same {
					t.Errorf("look %d: %q, want %q", i+1, got, x.want)
				}
				if c.asked != x.asked {
					t.Errorf("look %d: asked %d times, want %d", i+1, c.asked, x.asked)
				}
			}
		})
	}
}

// A server may answer for a stream that cannot take a write: its leader has not
// noticed yet that the others are gone, or there is none.
func TestQuorum(t *testing.T) {
	there, gone := &jetstream.PeerInfo{}, &jetstream.PeerInfo{Offline: true}
	for name, tt := range map[string]struct {
		info *jetstream.ClusterInfo
		want string
	}{
		"no cluster":          {nil, ""},
		"one copy":            {&jetstream.ClusterInfo{Leader: "n1"}, ""},
		"all there":           {&jetstream.ClusterInfo{Leader: "n1", Replicas: []*jetstream.PeerInfo{there, there}}, ""},
		"one of three is off": {&jetstream.ClusterInfo{Leader: "n1", Replicas: []*jetstream.PeerInfo{gone, there}}, ""},
		"two of three are":    {&jetstream.ClusterInfo{Leader: "n1", Replicas: []*jetstream.PeerInfo{gone, gone}}, "only 1 of its 3 servers is there"},
		"three of five are":   {&jetstream.ClusterInfo{Leader: "n1", Replicas: []*jetstream.PeerInfo{gone, gone, there, gone}}, "only 2 of its 5 servers are there"},
		"no leader":           {&jetstream.ClusterInfo{Replicas: []*jetstream.PeerInfo{there, there}}, "it has no leader now"},
	} {
		l := newLeaders(func() time.Time { return noon })
		got := l.silent(t.Context(), &cluster{info: tt.info})
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 2 || !strings.HasSuffix(got[0], ": "+tt.want)) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// Who cannot wait for a round that hangs gets what is known.
func TestLeadersTakeNoLongerThanAsked(t *testing.T) {
	l, c := newLeaders(func() time.Time { return noon }), &cluster{}
	l.turn <- struct{}{} // a round that does not end
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := l.silent(ctx, c); len(got) != len(needed()) || c.asked != 0 {
		t.Errorf("%q after %d questions, want to hear of all without any", got, c.asked)
	}
}

// A worker tells from its start that it is not ready, and why; it is when its
// streams are there, and not any more when one is gone.
func TestReady(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	must(t, l.js.DeleteStream(t.Context(), DeadStream))
	reg := prometheus.NewPedanticRegistry()
	w, run := l.build(t, func(s *settings) { s.cfg.Registry, s.cfg.AutoCreate = reg, false })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	names := []string{"ready", "jetstream_up", "scrape_incomplete"}
	expect := func(ready, jetstream, incomplete float64) {
		t.Helper()
		want := map[string]float64{"ready{}": ready, "jetstream_up{}": jetstream, "scrape_incomplete{}": incomplete}
		var got map[string]float64
		l.eventually(fmt.Sprint(want), func() bool {
			got = scrape(t, reg, names...)
			return len(got) == 3 && got["ready{}"] == ready && got["jetstream_up{}"] == jetstream && got["scrape_incomplete{}"] == incomplete
		})
	}
	go func() { defer close(done); run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	expect(0, 1, 1) // a stream is missing
	if got := w.Unready(t.Context()); len(got) != 1 || !strings.Contains(got[0], "has not opened its streams") {
		t.Errorf("without a stream: %q", got)
	}
	l.create(Topology{Replicas: l.replicas, AckWait: AckWait(15 * time.Second)}.Create)
	expect(1, 1, 0)
	if got := w.Unready(t.Context()); len(got) > 0 {
		t.Errorf("with all streams: %q", got)
	}
	must(t, l.js.DeleteStream(t.Context(), LedgerStream))
	expect(0, 1, 0)
	if got := w.Unready(t.Context()); len(got) != 1 || !strings.Contains(got[0], "stream KENAR_LEDGER does not exist") {
		t.Errorf("without the ledger: %q", got)
	}
	cancel()
	<-done
	expect(0, 0, 1)
}

// A cluster that has lost most of its servers still takes connections.
func TestLeadersOfACluster(t *testing.T) {
	t.Parallel()
	servers := startCluster(t, 3)
	nc, err := nats.Connect(servers[0].ClientURL(), nats.DontRandomize(), nats.IgnoreDiscoveredServers())
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	l := &lab{t: t}
	subjects := map[string]string{EventStream: EventSubjectPrefix + ">", LedgerStream: targetSubjectPrefix + ">", OutcomeStream: finalSubjectPrefix + ">"}
	for name, subject := range subjects {
		l.eventually("stream "+name, func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: []string{subject}, Replicas: 3})
			return err == nil
		})
	}
	now := noon
	leaders := newLeaders(func() time.Time { return now })
	l.eventually("the leaders answer", func() bool {
		now = now.Add(leaderRest)
		return len(leaders.silent(t.Context(), js)) == 0
	})
	for _, s := range servers[1:] {
		s.Shutdown()
		s.WaitForShutdown()
	}
	l.eventually("no leader answers, while the connection stands", func() bool {
		now = now.Add(leaderFresh + time.Second)
		return len(leaders.silent(t.Context(), js)) == 2 && nc.IsConnected()
	})
	client := &Client{nc: nc}
	client.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(500*time.Millisecond))
	must(t, err)
	if _, _, err := client.Probe(t.Context(), time.Second); err == nil || !strings.Contains(err.Error(), "has no leader") ||
		!strings.Contains(err.Error(), "most of its servers must run") {
		t.Errorf("a probe says %v", err)
	}
}

// startCluster starts servers of one cluster.
func startCluster(t *testing.T, n int) []*server.Server {
	t.Helper()
	ports, routes := clusterPorts(t, n)
	all := make([]*server.Server, n)
	for i := range all {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("n%d", i+1), Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
			Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: ports[i]},
			Routes:  server.RoutesFromStr(routes),
		})
		must(t, err)
		all[i] = s
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	}
	for _, s := range all {
		if !s.ReadyForConnections(20 * time.Second) {
			t.Fatal("NATS server is not ready")
		}
	}
	return all
}

// clusterPorts finds free ports: each server must know where the others will be.
func clusterPorts(t *testing.T, n int) (ports []int, routes string) {
	t.Helper()
	var urls []string
	var taken []net.Listener
	for len(ports) < n {
		// Below the range from which connections get theirs.
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10000+rand.IntN(20000)))
		if err != nil {
			continue // taken
		}
		taken = append(taken, l)
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			t.Fatalf("%s is not an address of TCP", l.Addr())
		}
		ports, urls = append(ports, addr.Port), append(urls, "nats://"+addr.String())
	}
	for _, l := range taken { // now that all differ
		must(t, l.Close())
	}
	return ports, strings.Join(urls, ",")
}
