package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/images"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// A Config is what a worker needs. All fields of the first group are
// required.
type Config struct {
	App      string
	NATS     *nats.Conn
	Client   *kenar.Client
	Limiter  *ratelimit.Limiter // its Run is the caller's
	Longest  time.Duration      // the longest window of its limits
	Registry prometheus.Registerer
	Log      zerolog.Logger

	Builder      Builder
	Grants       *Grants              // nil: none; an event that names one is a dead letter
	Keys         Keys                 // where Client has its API key from; nil: from elsewhere, and there is one
	Timeout      time.Duration        // of a call; 0: 15 s
	MaxAttempts  int                  // 0: 6
	Backoff      Backoff              // zero: 30 s … 1 h
	Preflight    Preflight            // "": warn
	ImageHosts   images.Hosts         // from which images may be fetched; zero: none
	ImageFailure ImageFailure         // "": drop
	SpendCap     kenar.Rials          // most rials spent in a day, by the time of Tehran; 0: no cap
	Concurrency  int                  // calls in flight per lane; 0: 16
	Grace        time.Duration        // for calls in flight at the end; 0: 25 s
	Replicas     int                  // of streams, when they are created
	AutoCreate   bool                 // create or update streams and consumers, else only check them
	Version      string               // of the program, for status
	Tracing      trace.TracerProvider // nil: nothing is traced
	Store        func() error         // what is wrong with a NATS server in this process, for status; nil: there is none
}

// Grants is how a worker uses what users have consented to. Both fields are
// required.
type Grants struct {
	Keys    grants.Keys
	Refresh func(ctx context.Context, refresh, access string) (kenar.Tokens, error) // as in grants.Config
}

// Keys are the API keys of the app, of which the client sends the current one:
// while a key is rotated two are good. They are asked by many calls at once.
type Keys interface {
	// Current returns the key that calls are made with from now on.
	Current() string
	// Refused says that Kenar refused a key, which several calls may tell of
	// the same one, and reports whether there is one that it did not refuse.
	Refused(key string) (another bool)
}

// imagePixels bounds what one image takes while it is decoded: some 600 MB at
// the worst, for a kind of JPEG that no camera makes, else a tenth of it.
const imagePixels = 24_000_000

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.Timeout, 15*time.Second)
	def(&c.Backoff.Min, 30*time.Second)
	def(&c.Backoff.Max, time.Hour)
	def(&c.Grace, 25*time.Second)
	if c.MaxAttempts == 0 {
		c.MaxAttempts = 6
	}
	if c.Concurrency == 0 {
		c.Concurrency = 16
	}
	if c.Preflight == "" {
		c.Preflight = PreflightWarn
	}
	if c.ImageFailure == "" {
		c.ImageFailure = ImageDrop
	}
	if c.Version == "" {
		c.Version = "0.0.0"
	}
	return c
}

// A Worker admits events and runs all lanes. Make it with NewWorker.
type Worker struct {
	cfg     Config
	js      jetstream.JetStream
	metrics *metrics
	spans   *spans
	source  string
	timing  timing
	step    func(string) // tests only: called between the steps of handling

	ready atomic.Bool
	parts atomic.Pointer[parts] // nil until the streams are open
}

// NewWorker checks the configuration. It does no I/O.
func NewWorker(cfg Config) (*Worker, error) {
	if cfg.NATS == nil || cfg.Client == nil || cfg.Limiter == nil || cfg.Registry == nil || cfg.App == "" {
		return nil, errors.New("make a worker: App, NATS, Client, Limiter and Registry are required")
	}
	cfg = cfg.withDefaults()
	fetcher, err := images.New(images.Config{Hosts: cfg.ImageHosts, MaxPixels: imagePixels, MaxDecodes: 1})
	if err != nil {
		return nil, fmt.Errorf("make a worker: %w", err)
	}
	cfg.Builder.Images = fetcher
	js, err := jetstream.New(cfg.NATS, jetstream.WithDefaultTimeout(publishWait))
	if err != nil {
		return nil, fmt.Errorf("make a worker: %w", err)
	}
	m, err := newMetrics(cfg.Registry)
	if err != nil {
		return nil, fmt.Errorf("make a worker: %w", err)
	}
	w := &Worker{
		cfg: cfg, js: js, metrics: m, spans: newSpans(cfg.Tracing, cfg.Version), source: "kenar-addons/" + cfg.App,
		timing: defaultTiming(cfg.Timeout), step: func(string) {},
	}
	if err := cfg.Registry.Register(newGauges(w)); err != nil {
		return nil, fmt.Errorf("make a worker: %w", err)
	}
	return w, nil
}

// Ready reports whether the worker has its streams and is connected to NATS.
func (w *Worker) Ready() bool { return w.ready.Load() && w.cfg.NATS.IsConnected() }

// Run works until ctx ends. Then it takes nothing new, finishes the calls in
// flight within the grace, gives everything else back, and returns nil. While
// NATS is away at the start, or streams are missing or differ from what is
// needed, it waits and tries again: both can be mended without it. It fails
// only where that cannot help: a server that is too old or takes only small
// messages.
func (w *Worker) Run(ctx context.Context) error {
	work, cancel := graceful(ctx, w.cfg.Grace)
	defer cancel()
	parts, err := w.open(ctx)
	if err != nil {
		return err
	}
	if parts == nil {
		return nil // ctx ended first
	}
	w.parts.Store(parts)
	svc, err := w.serveStatus(parts)
	if err != nil {
		return fmt.Errorf("answer status requests: %w", err)
	}
	w.ready.Store(true)
	w.cfg.Log.Info().Str("app", w.cfg.App).Msg("ready")

	var wg sync.WaitGroup
	inbox := newFeed(parts.inbox, 4*admitConcurrency, w.timing.ackWait(), w.cfg.Log)
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	var keeping sync.WaitGroup
	keeping.Go(func() { inbox.keep(keep) })
	wg.Go(func() { _ = parts.admitter.run(ctx, work, inbox) })
	for _, d := range parts.dispatchers {
		wg.Go(func() { _ = d.run(ctx, work) })
	}
	if parts.consents != nil {
		wg.Go(func() { parts.consents.run(ctx, work) })
	}
	<-ctx.Done()
	w.ready.Store(false)
	w.cfg.Log.Info().Msg("stopping: finishing calls in flight")
	wg.Wait()
	stop()
	keeping.Wait()
	if err := svc.Stop(); err != nil {
		w.cfg.Log.Debug().Err(err).Msg("status service not stopped in order")
	}
	return nil
}

// graceful returns a context that ends a while after ctx does.
func graceful(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(grace, cancel)
		context.AfterFunc(work, func() { t.Stop() })
	})
	return work, func() { stop(); cancel() }
}

// parts is what runs in a worker.
type parts struct {
	inbox       jetstream.Consumer
	admitter    *admitter
	dispatchers []*dispatcher
	queues      queues
	retry       jetstream.Stream
	consents    *consents
	schemas     *schemas
}

// open checks the server and makes or checks the streams. It waits while the
// server is away; nil parts and no error mean that ctx ended.
func (w *Worker) open(ctx context.Context) (*parts, error) {
	var p *parts
	err := untilDone(ctx, w.cfg.Log, "open the streams", func() (err error) {
		if !w.cfg.NATS.IsConnected() {
			return errors.New("not connected to NATS")
		}
		if err := CheckServer(w.cfg.NATS); errors.Is(err, nats.ErrConnectionClosed) {
			return err // lost it just now
		} else if err != nil {
			return backoff.Permanent(err)
		}
		top := Topology{App: w.cfg.App, Replicas: w.cfg.Replicas, AckWait: w.timing.ackWait()}
		if w.cfg.AutoCreate {
			err = top.Create(ctx, w.js)
		} else {
			err = top.Check(ctx, w.js)
		}
		if err != nil {
			return err
		}
		consents, err := w.openGrants(ctx)
		if err != nil {
			return err
		}
		p, err = w.build(ctx, consents)
		return err
	})
	select {
	case <-ctx.Done():
		return nil, nil
	default:
		return p, err
	}
}

// build wires the parts.
func (w *Worker) build(ctx context.Context, consents *consents) (*parts, error) {
	stream := func(name string) (jetstream.Stream, error) {
		s, err := w.js.Stream(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("open stream %s: %w", name, explainJetStream(err))
		}
		return s, nil
	}
	queues, err := openQueues(ctx, w.js)
	if err != nil {
		return nil, err
	}
	ledger, err := NewLedger(ctx, w.js, w.cfg.Longest)
	if err != nil {
		return nil, err
	}
	retry, err := stream(RetryStream)
	if err != nil {
		return nil, err
	}
	outStream, err := stream(OutcomeStream)
	if err != nil {
		return nil, err
	}
	inbox, err := w.js.Consumer(ctx, EventStream, admitConsumer)
	if err != nil {
		return nil, fmt.Errorf("open the inbox: %w", explainJetStream(err))
	}
	now := time.Now
	out, dead := outcomes{w.js, w.source}, deadLetters{w.js, w.source, w.metrics}
	p := &parts{inbox: inbox, queues: queues, retry: retry, consents: consents}
	p.admitter = &admitter{
		js: w.js, build: w.cfg.Builder, grants: consents, out: out, dead: dead, outcomes: outStream, lanes: queues.streams,
		forecast: &forecaster{queues: queues, limiter: w.cfg.Limiter, now: now, lanes: make(map[Lane]*laneForecast)},
		metrics:  w.metrics, spans: w.spans, log: w.cfg.Log.With().Str("stage", "admit").Logger(), step: w.step,
	}
	settle := &settler{js: w.js, out: out, dead: dead, retry: retry, outcomes: outStream, now: now, log: w.cfg.Log, step: w.step}
	ask := &asker{limiter: w.cfg.Limiter, keys: w.cfg.Keys, ledger: ledger, records: w.cfg.Longest > 0, now: now, log: w.cfg.Log}
	posts := &postCheck{mode: w.cfg.Preflight, client: w.cfg.Client, asker: ask, now: now, log: w.cfg.Log, recheck: w.timing.recheck, patience: w.timing.patience}
	illustrate := &illustrator{images: w.cfg.Builder.Images, client: w.cfg.Client, failure: w.cfg.ImageFailure, video: make(chan struct{}, 1)}
	p.schemas = &schemas{client: w.cfg.Client, asker: ask, now: now}
	spending := &spending{js: w.js, ledger: ledger, limit: w.cfg.SpendCap, now: now}
	for _, l := range Lanes() {
		log := w.cfg.Log.With().Str("lane", string(l)).Logger()
		h := newHealth(now, w.cfg.Backoff.Delay)
		d := &dispatcher{
			lane: l, settler: settle, bucket: w.cfg.Limiter.Bucket(string(l)), health: h,
			concurrency: w.cfg.Concurrency, metrics: w.metrics, spans: w.spans, log: w.cfg.Log,
			busy: make(map[Target]bool), changed: make(chan struct{}, 1),
		}
		d.proc = &processor{
			lane: l, ledger: ledger, queues: queues, bucket: d.bucket, client: w.cfg.Client, keys: w.cfg.Keys, grants: consents, asker: ask, posts: posts, images: illustrate, schemas: p.schemas, spending: spending, metrics: w.metrics, spans: w.spans, source: w.source,
			health: h, backoff: w.cfg.Backoff, timing: w.timing, records: w.cfg.Longest > 0, most: w.cfg.MaxAttempts, now: now, log: log, step: w.step,
		}
		for r, c := range []struct{ stream, consumer string }{
			{RetryStream, l.retryConsumer()}, {l.Stream(Urgent), dispatchConsumer}, {l.Stream(Normal), dispatchConsumer},
		} {
			cons, err := w.js.Consumer(ctx, c.stream, c.consumer)
			if err != nil {
				return nil, fmt.Errorf("open consumer %s of stream %s: %w", c.consumer, c.stream, explainJetStream(err))
			}
			d.feeds[r] = newFeed(cons, max(2*w.cfg.Concurrency, mostInHand), w.timing.ackWait(), log)
		}
		p.dispatchers = append(p.dispatchers, d)
	}
	return p, nil
}
