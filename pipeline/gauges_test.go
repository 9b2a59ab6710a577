package pipeline

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Whatever closes the limiter, the metrics tell that it is: it is not up, its
// windows are still there, and what is free in them is nobody's guess.
func TestLimiterGauges(t *testing.T) {
	const (
		up    = "limiter_up{}"
		limit = `tokens_limit{permission="ADD_ON_CREATE",window="1h0m0s"}`
		free  = `tokens_free{permission="ADD_ON_CREATE",window="1h0m0s"}`
		app   = `tokens_limit{permission="app",window="1m0s"}`
		part  = "scrape_incomplete{}"
	)
	for name, tt := range map[string]struct {
		close   func(*testing.T, *lab, *miniredis.Miniredis)
		partial float64
	}{
		"Redis is away": {func(_ *testing.T, _ *lab, m *miniredis.Miniredis) { m.Close() }, 1},
		"Redis hangs":   {func(t *testing.T, _ *lab, m *miniredis.Miniredis) { hang(t, m) }, 1},
		"the clocks are apart": {func(_ *testing.T, _ *lab, m *miniredis.Miniredis) {
			m.SetTime(time.Now().Add(time.Hour))
		}, 0},
		"the state is lost, and the ledger cannot be read": {func(t *testing.T, l *lab, m *miniredis.Miniredis) {
			must(t, l.js.DeleteStream(t.Context(), LedgerStream))
			m.FlushAll()
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kenartest.Config{})
			m := miniredis.RunT(t)
			l.redisURL = "redis://" + m.Addr()
			reg := prometheus.NewPedanticRegistry()
			l.worker(func(s *settings) { s.limits, s.cfg.Registry = "ADD_ON_CREATE=3/1h; app=5/1m", reg })
			look := func() map[string]float64 {
				return scrape(t, reg, "limiter_up", "tokens_limit", "tokens_free", "scrape_incomplete", "events_waiting")
			}
			l.eventually("the limiter is up", func() bool {
				got := look()
				return got[up] == 1 && got[free] == 3 && got[limit] == 3 && got[app] == 5 && got[part] == 0
			})
			tt.close(t, l, m)
			var got map[string]float64
			l.eventually("it is not any more", func() bool {
				got = look()
				_, told := got[free]
				return got[up] == 0 && !told
			})
			if got[limit] != 3 || got[app] != 5 {
				t.Errorf("the windows are told as %v", got)
			}
			if got[part] != tt.partial {
				t.Errorf("the scrape is incomplete: %v, want %v", got[part], tt.partial)
			}
			if _, told := got[`events_waiting{lane="ADD_ON_CREATE",priority="normal"}`]; !told {
				t.Error("the streams are not told: they had no time left")
			}
		})
	}
}

// hang puts a server that takes connections and says nothing in the place of
// Redis.
func hang(t *testing.T, m *miniredis.Miniredis) {
	t.Helper()
	addr := m.Addr()
	m.Close()
	l, err := net.Listen("tcp", addr)
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		var taken []net.Conn
		for {
			c, err := l.Accept()
			if err != nil { // the end of the test
				break
			}
			taken = append(taken, c)
		}
		for _, c := range taken {
			_ = c.Close()
		}
	}()
}

// All streams are asked at the same time, so that the way to NATS is gone once
// and not sixty times: here nobody is answered before all have asked.
func TestBacklogIsAskedAtOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	var held []func()
	var holding bool
	var mu sync.Mutex
	const prefix = "TEST.API"
	sub, err := l.nc.Subscribe(prefix+".>", func(m *nats.Msg) {
		forward := func() {
			_ = l.nc.PublishRequest("$JS.API"+strings.TrimPrefix(m.Subject, prefix), m.Reply, m.Data) // the test sees what is missing
		}
		mu.Lock()
		defer mu.Unlock()
		if !holding {
			forward()
			return
		}
		if held = append(held, forward); len(held) == 2*len(Lanes())+2 {
			for _, forward := range held {
				forward()
			}
		}
	})
	must(t, err)
	t.Cleanup(func() { must(t, sub.Unsubscribe()) })
	js, err := jetstream.NewWithAPIPrefix(l.nc, prefix)
	must(t, err)
	p := &parts{}
	p.queues, err = openQueues(t.Context(), js)
	must(t, err)
	p.retry, err = js.Stream(t.Context(), RetryStream)
	must(t, err)
	p.inbox, err = js.Consumer(t.Context(), EventStream, admitConsumer)
	must(t, err)
	for _, lane := range Lanes() {
		p.dispatchers = append(p.dispatchers, &dispatcher{lane: lane})
	}
	mu.Lock()
	holding = true
	mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	b := new(Worker).lookAtBacklog(ctx, p)
	mu.Lock()
	defer mu.Unlock()
	if !b.complete() {
		t.Errorf("the backlog lacks something: %+v; %d asked", b, len(held))
	}
}
