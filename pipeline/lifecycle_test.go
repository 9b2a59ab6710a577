package pipeline

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// A stop finishes the call in flight, gives the rest back, and loses nothing.
func TestStopFinishesCalls(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{Latency: 300 * time.Millisecond})
	_, stop := l.worker(func(s *settings) { s.cfg.Concurrency = 2 })
	for i := range 6 {
		l.publish(attach(fmt.Sprintf("e%d", i), fmt.Sprintf("post/P%d", i), "one"))
	}
	_, err := l.kenar.WaitCalls(t.Context(), 1)
	must(t, err)
	stop()
	sent := l.kenar.Count()
	if sent > 4 {
		t.Errorf("%d calls: the stop did not stop new ones", sent)
	}
	accepted := 0
	for i := range 6 {
		f, err := l.client.Final(t.Context(), fmt.Sprintf("e%d", i))
		must(t, err)
		if f != nil && f.Data.Result == ResultAccepted {
			accepted++
		}
	}
	if accepted != sent {
		t.Errorf("%d calls were made, %d outcomes told before the end", sent, accepted)
	}
	begin := time.Now()
	l.worker(nil)
	for i := range 6 {
		l.final(fmt.Sprintf("e%d", i))
	}
	if took := time.Since(begin); took > AckWait(time.Second) {
		t.Errorf("the next worker had the events after %s: they were not given back", took)
	}
	if n := l.kenar.Count(); n != 6 {
		t.Errorf("%d calls for 6 events", n)
	}
}

// A whole site that stops and starts again, as in embedded mode: what was
// given back leaves at once, and a pause is still in force although Redis
// forgot it.
func TestRestartOfEverything(t *testing.T) {
	t.Parallel()
	port, dir := freePort(t), t.TempDir()
	start := func() *server.Server { return natsAt(t, port, dir) }
	k, err := kenartest.Start(kenartest.Config{})
	must(t, err)
	t.Cleanup(k.Close)
	s := start()
	m := miniredis.RunT(t)
	l := &lab{t: t, natsURL: fmt.Sprintf("nats://127.0.0.1:%d", port), redisURL: "redis://" + m.Addr(), app: "again", kenar: k, kenarURL: k.URL(), replicas: 1}
	l.nc, err = nats.Connect(l.natsURL, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	must(t, err)
	t.Cleanup(l.nc.Close)
	l.js, err = jetstream.New(l.nc)
	must(t, err)
	l.client, err = NewClient(l.nc, Builder{})
	must(t, err)

	limited := func(n int) func(*settings) {
		return func(s *settings) { s.limits = fmt.Sprintf("ADD_ON_CREATE=%d/1h", n) }
	}
	_, stop := l.worker(limited(1))
	for i := range 3 {
		l.publish(attach(fmt.Sprintf("e%d", i), fmt.Sprintf("post/P%d", i), "one"))
		l.queuedAt(fmt.Sprintf("e%d", i))
	}
	l.final("e0")
	k.Script(kenartest.Fault{Op: kenartest.DeletePostAddon, Status: 401, Body: `{}`})
	l.publish(event("d0", TypeDetach, "post/P0", map[string]any{}))
	_, err = k.WaitCalls(t.Context(), 2)
	must(t, err)
	l.eventually("the pause is kept", func() bool {
		_, err := l.stream(LedgerStream).GetLastMsgForSubject(t.Context(), pauseSubjectPrefix+string(PostDelete))
		return err == nil
	})
	restart := func() {
		stop()
		must(t, l.nc.Flush())
		s.Shutdown()
		s.WaitForShutdown()
		m.FlushAll()
		s = start()
		l.eventually("reconnected", l.nc.IsConnected)
	}
	restart()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	begin := time.Now()
	w, _ := l.worker(limited(3))
	l.final("e1")
	l.final("e2")
	if took := time.Since(begin); took > AckWait(time.Second)-2*time.Second {
		t.Errorf("what was given back left after %s", took)
	}
	l.eventually("the lane is paused again", func() bool {
		all, err := w.cfg.Limiter.Status(t.Context())
		must(t, err)
		return slices.ContainsFunc(all, func(s ratelimit.Status) bool {
			return s.Permission == string(PostDelete) && s.PausedUntil.After(time.Now())
		})
	})
	if n := k.Count(); n != 4 {
		t.Errorf("%d calls, want three add-ons and the refused removal", n)
	}
}

// Redis that lost everything does not mint tokens: what was spent is in the
// ledger.
func TestRedisForgets(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	if l.replicas > 1 {
		t.Skip("one server is enough")
	}
	m := miniredis.RunT(t)
	l.redisURL = "redis://" + m.Addr()
	limits := func(s *settings) { s.limits = "ADD_ON_CREATE=3/168h" }
	_, stop := l.worker(limits)
	for i := range 5 {
		l.publish(attach(fmt.Sprintf("e%d", i), fmt.Sprintf("post/P%d", i), "one"))
	}
	_, err := l.kenar.WaitCalls(t.Context(), 3)
	must(t, err)
	l.eventually("three outcomes", func() bool { return l.accepted(5) == 3 })
	stop()
	m.FlushAll()
	w, stop := l.worker(limits)
	l.eventually("the limiter is rebuilt, and says so", func() bool {
		all, err := w.cfg.Limiter.Status(t.Context())
		must(t, err)
		return len(all) == 1 && all[0].Known && all[0].Spent == 3 && all[0].Free == 0
	})
	stop()
	if n := l.kenar.Count(); n != 3 {
		t.Errorf("%d calls, 3 are allowed in a week", n)
	}
}

func (l *lab) accepted(n int) (accepted int) {
	l.t.Helper()
	for i := range n {
		f, err := l.client.Final(l.t.Context(), fmt.Sprintf("e%d", i))
		must(l.t, err)
		if f != nil && f.Data.Result == ResultAccepted {
			accepted++
		}
	}
	return accepted
}

// Without Redis nothing is sent; when it is back, work goes on by itself.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	m := miniredis.RunT(t)
	l.redisURL = "redis://" + m.Addr()
	l.worker(func(s *settings) { s.limits = "ADD_ON_CREATE=100/168h" })
	l.publish(attach("e0", "post/P0", "one"))
	l.final("e0")
	m.SetError("LOADING Redis is loading the dataset in memory")
	l.publish(attach("e1", "post/P1", "one"))
	l.eventually("e1 is admitted", func() bool {
		_, err := l.stream(OutcomeStream).GetLastMsgForSubject(t.Context(), queuedSubjectPrefix+"e1")
		return err == nil
	})
	if n := l.kenar.Count(); n != 1 {
		t.Errorf("%d calls without Redis", n-1)
	}
	m.SetError("")
	if got := l.final("e1"); got.Result != ResultAccepted || got.Attempts != 1 {
		t.Errorf("ended %+v", got)
	}
}

func (l *lab) stream(name string) jetstream.Stream {
	l.t.Helper()
	s, err := l.js.Stream(l.t.Context(), name)
	must(l.t, err)
	return s
}

// A worker that starts before NATS waits for it, is not ready, and goes on by
// itself; the same when NATS goes away later.
func TestNATSAway(t *testing.T) {
	t.Parallel()
	port, dir := freePort(t), t.TempDir()
	start := func() *server.Server { return natsAt(t, port, dir) }
	k, err := kenartest.Start(kenartest.Config{})
	must(t, err)
	t.Cleanup(k.Close)
	l := &lab{t: t, natsURL: fmt.Sprintf("nats://127.0.0.1:%d", port), redisURL: "redis://" + miniredis.RunT(t).Addr(),
		app: "away", kenar: k, kenarURL: k.URL(), replicas: 1}
	w, run := l.build(t, func(s *settings) { s.cfg.Timeout = time.Second })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); run(ctx) }()
	defer func() { cancel(); <-done }()
	if w.Ready() {
		t.Error("ready without NATS")
	}
	s := start()
	l.eventually("ready", w.Ready)
	nc, err := nats.Connect(l.natsURL, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	must(t, err)
	t.Cleanup(nc.Close)
	l.nc = nc
	l.js, err = jetstream.New(nc)
	must(t, err)
	l.client, err = NewClient(nc, Builder{})
	must(t, err)
	l.publish(attach("e0", "post/P0", "one"))
	l.final("e0")

	s.Shutdown()
	s.WaitForShutdown()
	l.eventually("not ready", func() bool { return !w.Ready() })
	s = start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	l.eventually("ready again", w.Ready)
	l.eventually("reconnected", nc.IsConnected)
	l.publish(attach("e1", "post/P1", "one"))
	if got := l.final("e1"); got.Result != ResultAccepted {
		t.Errorf("ended %+v", got)
	}
}

// natsAt starts a NATS server that can be stopped and started again in its
// place.
func natsAt(t *testing.T, port int, dir string) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	must(t, err)
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS server is not ready")
	}
	return s
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, ln.Close()) }()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	must(t, err)
	n, err := strconv.Atoi(port)
	must(t, err)
	return n
}

// Two workers share a lane: together they make each call once, and never more
// calls than allowed.
func TestTwoWorkers(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	limits := func(s *settings) { s.limits = "ADD_ON_CREATE=30/1h" }
	l.worker(limits)
	l.worker(limits)
	for i := range 40 {
		l.publish(attach(fmt.Sprintf("e%d", i), fmt.Sprintf("post/P%d", i), "one"))
	}
	_, err := l.kenar.WaitCalls(t.Context(), 30)
	must(t, err)
	l.eventually("thirty outcomes", func() bool { return l.accepted(40) == 30 })
	s, err := l.client.Status(t.Context())
	must(t, err)
	if len(s.Workers) != 2 {
		t.Errorf("%d workers answered", len(s.Workers))
	}
	lane := s.Lanes[slices.IndexFunc(s.Lanes, func(x LaneStatus) bool { return x.Lane == PostCreate })]
	if lane.Waiting() != 10 || len(lane.Windows) != 1 || lane.Windows[0].Free != 0 || lane.Windows[0].Spent != 30 {
		t.Errorf("status %+v", lane)
	}
	if eta := time.Until(lane.LastETA); eta < 50*time.Minute || eta > 70*time.Minute {
		t.Errorf("the last event is due in %s", eta)
	}
	if n := l.kenar.Count(); n != 30 {
		t.Errorf("%d calls, 30 are allowed", n)
	}
}

// The metrics tell the state of lanes and limits, under names that follow the
// conventions.
func TestGauges(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	reg := prometheus.NewPedanticRegistry()
	w, _ := l.worker(func(s *settings) { s.limits, s.cfg.Registry = "ADD_ON_CREATE=1/1h; app=5/1m", reg })
	l.publish(attach("e0", "post/P0", "one"))
	l.final("e0")
	l.publish(attach("e1", "post/P1", "one"))
	l.queuedAt("e1")
	must(t, w.cfg.Limiter.Bucket(string(PostDelete)).Pause(t.Context(), testPause()))
	want := `
# HELP kenar_tokens_free Tokens that can be taken now, with those kept for urgent work.
# TYPE kenar_tokens_free gauge
kenar_tokens_free{permission="ADD_ON_CREATE",window="1h0m0s"} 0
kenar_tokens_free{permission="app",window="1m0s"} 4
# HELP kenar_limiter_up Whether the limiter grants tokens: it answers, its state is whole, and the clocks agree.
# TYPE kenar_limiter_up gauge
kenar_limiter_up 1
# HELP kenar_scrape_incomplete Whether gauges are missing from this scrape, because something did not answer in time.
# TYPE kenar_scrape_incomplete gauge
kenar_scrape_incomplete 0
`
	finished := map[string]float64{`events_finished_total{lane="ADD_ON_CREATE",reason="",result="accepted"}`: 1}
	l.eventually("the metrics are as they should be", func() bool {
		return maps.Equal(finished, moved(scrape(t, reg, "events_finished_total"))) &&
			testutil.GatherAndCompare(reg, strings.NewReader(want), "kenar_tokens_free", "kenar_limiter_up", "kenar_scrape_incomplete") == nil
	})
	problems, err := testutil.GatherAndLint(reg)
	must(t, err)
	if len(problems) > 0 {
		t.Errorf("%v", problems)
	}
}
