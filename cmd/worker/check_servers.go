package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// checkNATS looks at the server, its version, the streams, and the grants.
func checkNATS(ctx context.Context, cfg config.Config) []check {
	if cfg.Embedded() && !listening(cfg.EmbeddedNATSAddr) {
		_, keys := checkIdentity(cfg)
		return append(checkEmbedded(cfg), keys)
	}
	nc, err := cli.DialNATS(cfg, "kenar worker check", checkTime, zerolog.Nop())
	if err != nil {
		var hinted *cli.Error
		do := "check NATS_URL"
		if errors.As(err, &hinted) {
			do = hinted.Hint
		}
		if cfg.Embedded() {
			do = fmt.Sprintf("another program listens on EMBEDDED_NATS_ADDR %s: stop it, or choose another address", cfg.EmbeddedNATSAddr)
		}
		return []check{failed("NATS", err, do)}
	}
	defer nc.Close()
	server := passed("NATS", "server %s at %s", nc.ConnectedServerVersion(), nc.ConnectedUrlRedacted())
	if err := pipeline.CheckServer(nc); err != nil {
		return []check{failed("NATS", err, "update the server to "+pipeline.MinServer+" or later")}
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return []check{server, failed("JetStream", err, "")}
	}
	all := append([]check{server}, checkStreams(ctx, cfg, js)...)
	if all[len(all)-1].Name == "JetStream" { // without it there is no more to look at
		return all
	}
	return append(all, checkGrants(ctx, cfg, js))
}

// listening reports whether something listens on an address of this machine.
func listening(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		_ = l.Close()
	}
	return errors.Is(err, syscall.EADDRINUSE)
}

// checkEmbedded looks at the place of a server that does not run yet. It
// changes nothing.
func checkEmbedded(cfg config.Config) []check {
	info, err := os.Stat(cfg.DataDir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return []check{skipped("NATS", "embedded, not running; the worker will create DATA_DIR %s", cfg.DataDir)}
	case err != nil:
		return []check{failed("NATS", fmt.Errorf("look at DATA_DIR: %w", err), "let DATA_DIR be a directory that this user may write to")}
	case !info.IsDir():
		return []check{failed("NATS", fmt.Errorf("DATA_DIR %s is not a directory", cfg.DataDir), "set DATA_DIR to a directory")}
	}
	probe, err := os.CreateTemp(cfg.DataDir, ".check-*")
	if err != nil {
		return []check{failed("NATS", fmt.Errorf("write to DATA_DIR: %w", err), "let DATA_DIR be a directory that this user may write to")}
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	return []check{skipped("NATS", "embedded, not running; DATA_DIR %s can be written to", cfg.DataDir)}
}

// checkStreams compares the streams with what a worker needs.
func checkStreams(ctx context.Context, cfg config.Config, js jetstream.JetStream) []check {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	switch _, err := js.AccountInfo(ctx); {
	case silent(err):
		return []check{failed("JetStream", err, mayAsk)}
	case err != nil:
		return []check{failed("JetStream", err, "turn JetStream on for this server and account")}
	}
	top := pipeline.Topology{App: cfg.KenarApp, Replicas: cfg.NATSReplicas, AckWait: pipeline.AckWait(cfg.KenarTimeout)}
	err := top.Check(ctx, js)
	switch {
	case err == nil:
		return []check{passed("streams", "all there, as needed")}
	case silent(err):
		return []check{failed("streams", brief(err), mayAsk)}
	case errors.As(err, new(*pipeline.OtherAppError)):
		return []check{failed("streams", brief(err), "give this app a NATS account of its own, or set KENAR_APP to the app whose streams these are")}
	case cfg.AutoCreate():
		return []check{passed("streams", "not all as needed; the worker will create or update them (NATS_AUTO_CREATE)")}
	}
	return []check{failed("streams", brief(err), "run worker setup as an administrator, or start one worker with NATS_AUTO_CREATE=true")}
}

// asked are the subjects to which the check publishes, beside which it needs to
// subscribe to answers. A worker needs more: see docs/operating.md.
var asked = []string{"$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.CONSUMER.INFO.*.*"}

// mayAsk is advice for who gets no answer.
var mayAsk = "check that the server answers, and let this user publish to " + strings.Join(slices.Concat(asked, askedOfGrants), ", ") + " and subscribe to _INBOX.>"

// silent reports whether there was no answer, which is how NATS tells that a
// permission is missing.
func silent(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout)
}

// brief is the beginning of what may be a long list of errors.
func brief(err error) error {
	const most = 3
	lines := strings.Split(err.Error(), "\n")
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most:most], fmt.Sprintf("and %d more", more))
	}
	return errors.New(strings.Join(lines, "; "))
}

// checkRedis says hello.
func checkRedis(ctx context.Context, cfg config.Config) check {
	if cfg.EmbeddedRedis() {
		return skipped("Redis", "embedded; starts with the worker, its state is rebuilt from the ledger")
	}
	open, err := parseRedisURL(cfg.RedisURL.Reveal())
	if err != nil {
		return failed("Redis", err, "")
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	redis.SetLogger(redisLog{zerolog.Nop()})
	client := open()
	defer func() { _ = client.Close() }()
	start := time.Now()
	if err := client.Ping(ctx).Err(); err != nil {
		return failed("Redis", err, "check that the server runs, and REDIS_URL, which is "+cfg.RedisURL.String())
	}
	took := time.Since(start).Round(time.Millisecond)
	return passed("Redis", "%s answers in %s%s", cfg.RedisURL, took, redisVersion(ctx, client))
}

// redisVersion is for people; not every server tells it.
func redisVersion(ctx context.Context, client redis.UniversalClient) string {
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		return ""
	}
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "redis_version:"); ok {
			return ", version " + v
		}
	}
	return ""
}

// checkKenar connects to the hosts that calls go to, and makes none.
func checkKenar(ctx context.Context, cfg config.Config) []check {
	var all []check
	seen := make(map[string]bool)
	for _, base := range []string{cfg.KenarBaseURL, cfg.KenarLegacyURL} {
		u, err := url.Parse(base)
		if err != nil || seen[u.Host] {
			continue
		}
		seen[u.Host] = true
		all = append(all, dialKenar(ctx, "Kenar", u))
	}
	return all
}

func dialKenar(ctx context.Context, name string, u *url.URL) check {
	const do = "check DNS, firewall and the URL; Kenar may be out of reach from networks outside Iran"
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	addr := net.JoinHostPort(u.Hostname(), port)
	if u.Scheme == "http" {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return failed(name, fmt.Errorf("connect to %s: %w", addr, err), do)
		}
		_ = conn.Close()
		return passed(name, "%s can be reached, without TLS", addr)
	}
	d := tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return failed(name, fmt.Errorf("connect to %s: %w", addr, err), do)
	}
	defer func() { _ = conn.Close() }()
	detail := fmt.Sprintf("%s can be reached", addr)
	if c, ok := conn.(*tls.Conn); ok {
		s := c.ConnectionState()
		detail += ", " + tls.VersionName(s.Version)
		if len(s.PeerCertificates) > 0 {
			detail += ", certificate valid until " + s.PeerCertificates[0].NotAfter.Format(time.DateOnly)
		}
	}
	return passed(name, "%s", detail)
}
