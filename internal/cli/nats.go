package cli

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/internal/natstoken"
)

// NATSTarget is where and how to connect: to NATS_URL with its credentials,
// or over TCP to the server that a worker on this machine has embedded. It
// returns a name that may be shown, the URL, and the options.
func NATSTarget(cfg config.Config) (shown, url string, opts []nats.Option, err error) {
	if cfg.Embedded() {
		token, err := natstoken.Read(cfg.DataDir)
		if err != nil {
			return "", "", nil, err
		}
		url = "nats://" + loopback(cfg.EmbeddedNATSAddr)
		return url, url, []nats.Option{nats.Token(token)}, nil
	}
	if cfg.NATSCreds != "" {
		opts = append(opts, nats.UserCredentials(cfg.NATSCreds))
	}
	if cfg.NATSCA != "" {
		opts = append(opts, nats.RootCAs(cfg.NATSCA))
	}
	return cfg.NATSURL.String(), cfg.NATSURL.Reveal(), opts, nil
}

// loopback is an address to listen on as one to dial: a server on all
// addresses is on the loopback one too.
func loopback(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// NATSEvents are the options that tell a log when a connection is lost, comes
// back, or is refused something.
func NATSEvents(log zerolog.Logger) []nats.Option {
	return []nats.Option{
		nats.MaxReconnects(-1),
		nats.NoCallbacksAfterClientClose(),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			log.Warn().AnErr("error", err).Msg("the connection to NATS is lost; waiting until it is back")
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info().Msg("connected to NATS again") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			// A missing permission is told here and nowhere else: whoever asked
			// gets no answer.
			log.Error().Err(err).Msg("NATS reports an error")
		}),
	}
}

// DialNATS connects for a command that somebody waits for: it fails when the
// server is away. A connection that is lost later is made again.
func DialNATS(cfg config.Config, name string, timeout time.Duration, log zerolog.Logger) (*nats.Conn, error) {
	shown, url, opts, err := NATSTarget(cfg)
	if err != nil {
		return nil, err
	}
	opts = append(opts, NATSEvents(log)...)
	nc, err := nats.Connect(url, append(opts, nats.Name(name), nats.Timeout(timeout))...)
	if err != nil {
		return nil, &Error{Err: fmt.Errorf("connect to NATS at %s: %w", shown, err), Hint: dialHint(cfg, err)}
	}
	return nc, nil
}

func dialHint(cfg config.Config, err error) string {
	unauthorized := errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired)
	switch {
	case cfg.Embedded() && unauthorized:
		return fmt.Sprintf("another server listens on EMBEDDED_NATS_ADDR %s than the worker that uses DATA_DIR %s; set the two to those of one worker", cfg.EmbeddedNATSAddr, cfg.DataDir)
	case cfg.Embedded():
		return fmt.Sprintf("no worker that uses DATA_DIR %s listens on EMBEDDED_NATS_ADDR %s: start one with \"worker\", set both to those of the one that runs, or set NATS_URL", cfg.DataDir, cfg.EmbeddedNATSAddr)
	case unauthorized:
		return "the server refuses the credentials: check NATS_CREDS and the user in NATS_URL"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, nats.ErrNoServers):
		return "check that the server runs and that NATS_URL has its address"
	}
	return "check NATS_URL, and NATS_CA if the server has a certificate of your own"
}
