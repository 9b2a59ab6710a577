package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// A lab is everything around a worker: a real JetStream, a Redis that speaks
// the protocol, and a Kenar. With TEST_NATS_URL the first is a server, or a
// cluster, that runs elsewhere; with TEST_REDIS_URL the second.
type lab struct {
	t        *testing.T
	natsURL  string
	nc       *nats.Conn
	js       jetstream.JetStream
	redisURL string
	kenarURL string
	app      string
	kenar    *kenartest.Server
	client   *Client
	replicas int
}

func newLab(t *testing.T, cfg kenartest.Config) *lab {
	t.Helper()
	l := &lab{t: t, app: fmt.Sprintf("t%d", time.Now().UnixNano()), replicas: 1}
	if l.natsURL = os.Getenv("TEST_NATS_URL"); l.natsURL == "" {
		l.natsURL = startNATS(t, t.TempDir())
	}
	if l.redisURL = os.Getenv("TEST_REDIS_URL"); l.redisURL == "" {
		m := miniredis.RunT(t)
		l.redisURL = "redis://" + m.Addr()
	}
	l.redisURL, _, _ = strings.Cut(l.redisURL, ",")
	nc, err := nats.Connect(l.natsURL, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	must(t, err)
	t.Cleanup(nc.Close)
	l.nc = nc
	l.js, err = jetstream.New(nc)
	must(t, err)
	if os.Getenv("TEST_NATS_URL") != "" {
		l.replicas = len(nc.Servers())
		l.wipe()
	}
	l.create(Topology{Replicas: l.replicas, AckWait: AckWait(15 * time.Second)}.Create)
	l.kenar, err = kenartest.Start(cfg)
	must(t, err)
	t.Cleanup(l.kenar.Close)
	l.kenarURL = l.kenar.URL()
	l.client, err = NewClient(nc, Builder{})
	must(t, err)
	return l
}

// wipe removes our streams from a server that outlives the test.
func (l *lab) wipe() {
	l.t.Helper()
	names := []string{"KV_" + grants.Bucket}
	for _, s := range (Topology{}).streams() {
		names = append(names, s.Name)
	}
	for _, name := range names {
		if err := l.js.DeleteStream(l.t.Context(), name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			l.t.Fatal(err)
		}
	}
}

// create makes the streams. A cluster answers the deletion of a stream before
// all its nodes have let go of it; until then it does not make it anew.
func (l *lab) create(create func(context.Context, jetstream.JetStream) error) {
	l.t.Helper()
	var err error
	l.eventually("the cluster takes the streams", func() bool {
		err = create(l.t.Context(), l.js)
		if errors.Is(err, context.DeadlineExceeded) { // it is choosing a leader
			return false
		}
		var api *jetstream.APIError
		return !errors.As(err, &api) || api.ErrorCode != codeStreamNotCreated && api.ErrorCode != codeUnavailable
	})
	must(l.t, err)
}

// What a cluster answers that is not ready for what it was asked.
const (
	codeStreamNotCreated jetstream.ErrorCode = 10049 // whatever the cause
	codeUnavailable      jetstream.ErrorCode = 10008 // among others while there is no leader
)

func startNATS(t testing.TB, dir string) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
	})
	must(t, err)
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS server is not ready")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s.ClientURL()
}

// settings are what a test may change of a worker.
type settings struct {
	limits string
	cfg    Config
	timing timing // zero: the default
	step   func(string)
}

// worker runs a worker until the test ends or the returned function is
// called, which waits for its end.
func (l *lab) worker(change func(*settings)) (*Worker, func()) {
	l.t.Helper()
	w, run := l.build(l.t, change)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); run(ctx) }()
	stop := func() { cancel(); <-done }
	l.t.Cleanup(stop)
	l.eventually("the worker is ready", func() bool { return w.Ready() })
	return w, stop
}

// build wires a worker and returns what runs it.
func (l *lab) build(t testing.TB, change func(*settings)) (*Worker, func(context.Context)) {
	t.Helper()
	s := settings{cfg: Config{
		App: l.app, Timeout: time.Second, Preflight: PreflightOff, AutoCreate: true, Replicas: l.replicas,
		Backoff: Backoff{Min: 20 * time.Millisecond, Max: 200 * time.Millisecond}, Grace: 5 * time.Second,
		Log: zerolog.Nop(), Registry: prometheus.NewRegistry(),
	}}
	if os.Getenv("TEST_LOG") != "" {
		level, err := zerolog.ParseLevel(os.Getenv("TEST_LOG"))
		must(t, err)
		s.cfg.Log = zerolog.New(zerolog.NewTestWriter(t)).Level(level).With().Timestamp().Logger()
	}
	if change != nil {
		change(&s)
	}
	nc, err := nats.Connect(l.natsURL, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.RetryOnFailedConnect(true))
	must(t, err)
	js, err := jetstream.New(nc)
	must(t, err)
	opts, err := redis.ParseURL(l.redisURL)
	must(t, err)
	opts.ContextTimeoutEnabled, opts.MaxRetries = true, -1
	rdb := redis.NewClient(opts)
	limits, err := ratelimit.ParseLimits(s.limits)
	must(t, err)
	call := CallTime(s.cfg.Timeout)
	if s.timing != (timing{}) {
		call = s.timing.lease()
	}
	limiter, err := ratelimit.New(ratelimit.Config{
		Redis: rdb, App: l.app, Limits: limits, Call: call,
		Source: lazyLedger{js, limits.Longest()},
		Notify: func(e ratelimit.Event) { s.cfg.Log.Info().Msg(e.String()) },
	})
	must(t, err)
	key := func() string { return "test-key" }
	if s.cfg.Keys != nil {
		key = s.cfg.Keys.Current
	}
	client, err := kenar.New(kenar.Config{
		BaseURL: l.kenarURL, LegacyURL: l.kenarURL, ImageURL: l.kenarURL, Timeout: s.cfg.Timeout, APIKey: key,
	})
	must(t, err)
	s.cfg.NATS, s.cfg.Client, s.cfg.Limiter, s.cfg.Longest = nc, client, limiter, limits.Longest()
	w, err := NewWorker(s.cfg)
	must(t, err)
	if s.step != nil {
		w.step = s.step
	}
	if s.timing != (timing{}) {
		w.timing = s.timing
	}
	return w, func(ctx context.Context) {
		flush, stop := context.WithCancel(context.WithoutCancel(ctx))
		limiting := make(chan struct{})
		go func() { defer close(limiting); _ = limiter.Run(flush) }()
		if err := w.Run(ctx); err != nil {
			t.Errorf("worker: %v", err)
		}
		stop()
		<-limiting
		client.CloseIdleConnections()
		_ = rdb.Close()
		nc.Close()
	}
}

// lazyLedger is the limiter's source, opened when it is asked.
type lazyLedger struct {
	js      jetstream.JetStream
	longest time.Duration
}

func (s lazyLedger) Spent(ctx context.Context, since time.Time, yield func(ratelimit.Spend) error) error {
	l, err := NewLedger(ctx, s.js, s.longest)
	if err != nil {
		return err
	}
	return l.Spent(ctx, since, yield)
}

// publish puts raw events into the inbox as any NATS client would.
func (l *lab) publish(events ...map[string]any) {
	l.t.Helper()
	for _, e := range events {
		raw, err := json.Marshal(e)
		must(l.t, err)
		l.publishRaw("kenar.events."+strings.Replace(fmt.Sprint(e["subject"]), "/", ".", 1), fmt.Sprint(e["id"]), raw)
	}
}

func (l *lab) publishRaw(subject, id string, raw []byte) {
	l.t.Helper()
	var opts []jetstream.PublishOpt
	if id != "" {
		opts = append(opts, jetstream.WithMsgID(id))
	}
	_, err := l.js.Publish(l.t.Context(), subject, raw, opts...)
	must(l.t, err)
}

// final waits for the final outcome of an event.
func (l *lab) final(id string) OutcomeData {
	l.t.Helper()
	var got *OutcomeEvent
	l.eventually("final outcome of "+id, func() bool {
		var err error
		got, err = l.client.Final(l.t.Context(), id)
		must(l.t, err)
		return got != nil
	})
	return got.Data
}

// finals are all final outcomes, of which an event may have one.
func (l *lab) finals() map[string]OutcomeData {
	l.t.Helper()
	finals := make(map[string]OutcomeData)
	must(l.t, l.client.Outcomes(l.t.Context(), nil, false, func(e OutcomeEvent) error {
		if e.Type != typeFinal {
			return nil
		}
		if _, twice := finals[e.Data.EventID]; twice {
			l.t.Errorf("two final outcomes of %s", e.Data.EventID)
		}
		finals[e.Data.EventID] = e.Data
		return nil
	}))
	return finals
}

// eventually polls real servers, which do not know of the test.
func (l *lab) eventually(what string, ok func() bool) {
	l.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for tick := time.Tick(5 * time.Millisecond); !ok(); <-tick {
		if time.Now().After(deadline) {
			l.t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// drained waits until no event is in the inbox, a lane or a schedule.
func (l *lab) drained() {
	l.t.Helper()
	l.eventually("all queues are empty", func() bool {
		s, err := l.client.queued(l.t.Context())
		must(l.t, err)
		return s == 0
	})
}

func (c *Client) queued(ctx context.Context) (n uint64, err error) {
	names := []string{EventStream, RetryStream}
	for _, l := range Lanes() {
		names = append(names, l.Stream(Urgent), l.Stream(Normal))
	}
	for _, name := range names {
		s, err := c.js.Stream(ctx, name)
		if err != nil {
			return 0, err
		}
		n += s.CachedInfo().State.Msgs
	}
	return n, nil
}

// dead returns the dead letters by event id.
func (l *lab) dead() map[string]DeadData {
	l.t.Helper()
	all := make(map[string]DeadData)
	must(l.t, l.client.DeadLetters(l.t.Context(), DeadFilter{}, func(r DeadRecord) error {
		if _, twice := all[r.EventID]; twice {
			l.t.Errorf("two dead letters of %s", r.EventID)
		}
		all[r.EventID] = r.Letter.Data
		return nil
	}))
	return all
}

// attach makes an event with one title row.
func attach(id, target, text string, more ...map[string]any) map[string]any {
	return event(id, TypeAttach, target, map[string]any{"widgets": []any{map[string]any{"title_row": map[string]any{"text": text}}}}, more...)
}

func event(id, typ, target string, data any, more ...map[string]any) map[string]any {
	e := map[string]any{
		"specversion": "1.0", "id": id, "source": "test", "type": typ, "subject": target,
		"time": "2026-01-02T15:04:05Z", "data": data,
	}
	for _, m := range more {
		maps.Copy(e, m)
	}
	return e
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
