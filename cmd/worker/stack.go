package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/internal/embedded"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/images"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/ratelimit"
	"github.com/kenar-addons/kenar-addons/widgets/template"
)

// A stack is everything that runs in the process of a worker, wired. What was
// not embedded is nil.
type stack struct {
	cfg config.Config
	log zerolog.Logger

	server  *embedded.NATS
	nats    *nats.Conn
	memory  *embedded.Redis
	redis   redis.UniversalClient
	watch   *limiterWatch
	limiter *ratelimit.Limiter
	keys    *keyring
	kenar   *kenar.Client
	oauth   *kenar.OAuth // nil: grants are not refreshed
	worker  *pipeline.Worker
	admin   *admin
}

// newStack opens what is embedded, connects without waiting for servers that
// are away, and wires the rest. There may be no templates and no tracing. The
// caller closes the stack.
func newStack(cfg config.Config, templates *template.Set, tracing *tracing, log zerolog.Logger) (_ *stack, err error) {
	s := &stack{cfg: cfg, log: log, watch: &limiterWatch{log: log}}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	limits, err := ratelimit.ParseLimits(cfg.Limits)
	if err != nil {
		return nil, cli.Misconfigured(err)
	}
	hosts, err := images.ParseHosts(cfg.ImageHosts)
	if err != nil {
		return nil, cli.Misconfigured(fmt.Errorf("IMAGE_HOSTS: %w", err))
	}
	s.keys = &keyring{text: cfg.Follow("KENAR_API_KEY", complain(log)), log: log}
	if s.kenar, err = newKenar(cfg, s.keys.Current); err != nil {
		return nil, cli.Misconfigured(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.admin, err = newAdmin(cfg.AdminAddr, registry, s.sick, s.unready); err != nil {
		return nil, err
	}
	if err := s.openNATS(); err != nil {
		return nil, err
	}
	if err := s.openRedis(); err != nil {
		return nil, err
	}
	consents, err := s.openGrants()
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(s.nats)
	if err != nil {
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	s.limiter, err = ratelimit.New(ratelimit.Config{
		Redis: s.redis, App: cfg.KenarApp, Limits: limits, Call: pipeline.CallTime(cfg.KenarTimeout),
		Source: ledgerSource{js, limits.Longest()}, Notify: s.watch.notify,
	})
	if err != nil {
		return nil, err
	}
	var store func() error
	if s.server != nil {
		store = s.server.Health
	}
	s.worker, err = pipeline.NewWorker(pipeline.Config{
		App: cfg.KenarApp, NATS: s.nats, Client: s.kenar, Limiter: s.limiter, Longest: limits.Longest(),
		Registry: registry, Log: log, Grants: consents, Keys: s.keys,
		Builder: pipeline.Builder{RequireGrant: cfg.RequireGrant, Templates: templates}, Timeout: cfg.KenarTimeout,
		ImageHosts: hosts, ImageFailure: pipeline.ImageFailure(cfg.ImageFailure), SpendCap: kenar.Rials(cfg.SpendCap),
		MaxAttempts: cfg.MaxAttempts, Backoff: pipeline.Backoff{Min: cfg.BackoffMin, Max: cfg.BackoffMax},
		Preflight: pipeline.Preflight(cfg.Preflight), Concurrency: cfg.Concurrency, Grace: cfg.ShutdownGrace,
		Replicas: cfg.NATSReplicas, AutoCreate: cfg.AutoCreate(), Version: cli.Version(), Tracing: tracing.tracerProvider(), Store: store,
	})
	return s, err
}

// openNATS starts the embedded server, or connects to another one in the
// background.
func (s *stack) openNATS() (err error) {
	opts := append(cli.NATSEvents(s.log), nats.Name("kenar worker, app "+s.cfg.KenarApp))
	if s.cfg.Embedded() {
		s.server, err = embedded.StartNATS(embedded.NATSConfig{
			DataDir: s.cfg.DataDir, Addr: s.cfg.EmbeddedNATSAddr,
			Logf: func(format string, args ...any) { s.log.Warn().Msgf(format, args...) },
		})
		if err != nil {
			return err
		}
		if s.nats, err = nats.Connect("", append(opts, s.server.ConnectOptions()...)...); err != nil {
			return fmt.Errorf("connect to the embedded NATS: %w", err)
		}
		return nil
	}
	shown, url, target, err := cli.NATSTarget(s.cfg)
	if err != nil {
		return err
	}
	opts = append(opts, nats.RetryOnFailedConnect(true),
		nats.IgnoreAuthErrorAbort(), // credentials may be rotated: go on trying
		nats.ConnectHandler(func(nc *nats.Conn) {
			s.log.Info().Str("server", nc.ConnectedServerName()).Str("version", nc.ConnectedServerVersion()).Msg("connected to NATS")
		}))
	if s.nats, err = nats.Connect(url, append(opts, target...)...); err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", shown, err)
	}
	if !s.nats.IsConnected() {
		s.log.Warn().AnErr("error", s.nats.LastError()).Str("url", shown).Msg("NATS is away; waiting until it is there")
	}
	return nil
}

// openRedis starts the embedded Redis, or makes a client, which connects when
// it is used.
func (s *stack) openRedis() (err error) {
	redis.SetLogger(redisLog{s.log})
	if s.cfg.EmbeddedRedis() {
		if s.memory, err = embedded.StartRedis(); err == nil {
			s.redis = redis.NewClient(s.memory.Options())
		}
		return err
	}
	open, err := parseRedisURL(s.cfg.RedisURL.Reveal())
	if err != nil {
		return cli.Misconfigured(fmt.Errorf("REDIS_URL: %w", err))
	}
	s.redis = open()
	return nil
}

// Run works until ctx ends, and returns when calls in flight have ended. The
// limiter goes on until then: the last refunds and commits are its to deliver.
// So does the admin server, which tells that the worker is not ready any more.
func (s *stack) Run(ctx context.Context) error {
	s.log.Info().Str("version", cli.Version()).Str("app", s.cfg.KenarApp).Str("nats", s.natsName()).
		Str("redis", s.redisName()).Str("limits", s.cfg.Limits).Str("admin", s.admin.addr()).Msg("starting")
	g, ctx := errgroup.WithContext(ctx)
	after, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	g.Go(func() error { return s.limiter.Run(after) })
	g.Go(func() error { return s.admin.run(after) })
	g.Go(func() error {
		defer end()
		return s.worker.Run(ctx)
	})
	err := g.Wait()
	if err == nil {
		s.log.Info().Msg("stopped")
	}
	return err
}

func (s *stack) natsName() string {
	if s.server != nil {
		return "embedded in " + s.cfg.DataDir + ", " + s.server.URL()
	}
	return s.cfg.NATSURL.String()
}

func (s *stack) redisName() string {
	if s.memory != nil {
		return "embedded"
	}
	return s.cfg.RedisURL.String()
}

// flushTime bounds the last words to NATS.
const flushTime = 2 * time.Second

// Close releases everything, in the reverse order of opening.
func (s *stack) Close() {
	if s.redis != nil {
		_ = s.redis.Close()
	}
	if s.memory != nil {
		s.memory.Close()
	}
	if s.nats != nil {
		// What the worker gave back must have arrived, or it waits for the ack
		// wait of its deliveries after the next start.
		_ = s.nats.FlushTimeout(flushTime)
		s.nats.Close()
	}
	if s.server != nil {
		s.server.Shutdown()
	}
	if s.admin != nil {
		_ = s.admin.listener.Close()
	}
	if s.kenar != nil {
		s.kenar.CloseIdleConnections()
	}
	if s.oauth != nil {
		s.oauth.CloseIdleConnections()
	}
}

// sick tells why a restart is needed: the embedded server acknowledges nothing
// more for a stream that it could not write once.
func (s *stack) sick(context.Context) []string {
	if s.server == nil {
		return nil
	}
	if err := s.server.Health(); err != nil {
		return []string{err.Error()}
	}
	return nil
}

// unready tells why no event moves. NATS and Redis are asked at the same time:
// one that hangs does not make the other look so.
func (s *stack) unready(ctx context.Context) []string {
	var streams, memory []string
	var asking sync.WaitGroup
	asking.Go(func() { streams = s.worker.Unready(ctx) })
	asking.Go(func() {
		if err := s.redis.Ping(ctx).Err(); err != nil && !errors.Is(err, context.Canceled) {
			memory = []string{"Redis does not answer: " + err.Error()}
		}
	})
	asking.Wait()
	return slices.Concat(s.sick(ctx), streams, memory, s.watch.problems())
}
