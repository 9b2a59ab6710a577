package embedded

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// readyTimeout is how long a started server may take to accept connections.
// Streams have been recovered by then, so what remains is opening a listener.
const readyTimeout = 10 * time.Second

// NATSConfig says where the embedded NATS server keeps its data and listens.
type NATSConfig struct {
	// DataDir holds the lock, the token and the JetStream store. It is created,
	// readable by its owner alone, when it does not exist.
	DataDir string
	// Addr is the host:port to listen on; port 0 picks a free one. Clients send
	// the token in the clear, so it should be a loopback address.
	Addr string
	// Logf receives the server's warnings and errors, one line per call, without
	// a newline at the end; nil drops them. It is called from many goroutines.
	Logf func(format string, args ...any)
}

// NATS is a NATS server with JetStream in this process. Its methods may be
// called from several goroutines.
type NATS struct {
	server   *server.Server
	token    string
	lock     *lock
	shutdown func()
}

// StartNATS starts a NATS server that has recovered all its streams and accepts
// connections. It fails, having started nothing, when the data directory is not
// usable or is in use by another process, when the address is taken, and when a
// stream that is on disk could not be recovered.
//
// Every write is synced before it is acknowledged (about half a millisecond on
// an SSD): a message that was acknowledged survives the loss of power.
//
// The server may fill three quarters of the space that is free at the start in
// addition to what it has stored already. Beyond that, publishing is refused
// while acknowledging still works, and so is creating a stream that reserves
// more (MaxBytes); streams without a reservation start on a disk of any size.
func StartNATS(cfg NATSConfig) (_ *NATS, err error) {
	if cfg.Logf == nil {
		cfg.Logf = func(string, ...any) {}
	}
	host, port, err := splitAddr(cfg.Addr)
	if err != nil {
		return nil, err
	}
	if err := createDataDir(cfg.DataDir); err != nil {
		return nil, err
	}
	held, err := acquireLock(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			held.release()
		}
	}()
	token, err := createToken(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	// Asked before the store is opened: recovering it can take seconds, and the
	// server reports a listener's error only as a line of its log.
	if err := probeAddr(cfg.Addr); err != nil {
		return nil, err
	}

	log := &serverLog{logf: cfg.Logf}
	srv, err := server.NewServer(&server.Options{
		ServerName:             "kenar-embedded",
		Host:                   host,
		Port:                   port,
		Authorization:          token,
		JetStream:              true,
		StoreDir:               cfg.DataDir,
		SyncAlways:             true,
		NoSigs:                 true,
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, fmt.Errorf("configure the embedded NATS server: %w", err)
	}
	srv.SetLoggerV2(log, false, false, false)
	srv.Start()

	n := &NATS{server: srv, token: token, lock: held}
	n.shutdown = sync.OnceFunc(n.stop)
	if err := n.checkStarted(cfg, log); err != nil {
		n.Shutdown()
		return nil, err
	}
	return n, nil
}

// checkStarted reports why a server that was started is not fit for use.
func (n *NATS) checkStarted(cfg NATSConfig, log *serverLog) error {
	defer log.endStart()
	if reason := log.failure(); reason != "" {
		return fmt.Errorf("start the embedded NATS server in DATA_DIR %s: %s%s", cfg.DataDir, reason, hint(reason))
	}
	if !n.server.ReadyForConnections(readyTimeout) {
		return fmt.Errorf("start the embedded NATS server on EMBEDDED_NATS_ADDR %s: not accepting connections after %s", cfg.Addr, readyTimeout)
	}
	return n.checkRecovered(cfg.DataDir, log)
}

// ConnectOptions are the options with which [nats.Connect] reaches the server
// through memory, whatever URL it is given.
func (n *NATS) ConnectOptions() []nats.Option {
	return []nats.Option{nats.InProcessServer(n.server), nats.Token(n.token)}
}

// URL is the address for clients in other processes. It holds no token.
func (n *NATS) URL() string { return n.server.ClientURL() }

// Token is the secret that every client must present.
func (n *NATS) Token() string { return n.token }

// Shutdown closes all connections, writes the store to disk, waits for that and
// gives up the data directory. Calling it again waits for the same and no more.
func (n *NATS) Shutdown() { n.shutdown() }

func (n *NATS) stop() {
	n.server.Shutdown()
	n.server.WaitForShutdown()
	n.lock.release()
}

// splitAddr turns host:port into the form of the server's options, in which a
// free port is asked for with -1 because 0 means the default one.
func splitAddr(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("EMBEDDED_NATS_ADDR %q: want host:port, such as 127.0.0.1:4222: %w", addr, err)
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("EMBEDDED_NATS_ADDR %q: want a port from 0 to 65535: %w", addr, err)
	}
	if number == 0 {
		return host, server.RANDOM_PORT, nil
	}
	return host, int(number), nil
}

// probeAddr reports whether this process may listen on addr.
func probeAddr(addr string) error {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen on EMBEDDED_NATS_ADDR %s: the port is taken; stop the program that uses it, or set EMBEDDED_NATS_ADDR to another port: %w", addr, err)
	case err != nil:
		return fmt.Errorf("listen on EMBEDDED_NATS_ADDR %s: %w; set EMBEDDED_NATS_ADDR to an address of this machine", addr, err)
	}
	return l.Close()
}
