// Command kenar is the simulated Kenar of the cluster test, as pods see it: behind TLS,
// with one app, its limit, and as many posts as asked for. Each call is written to a file
// as a line of JSON before it is answered.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/kenar-addons/kenar-addons/deploy/test/cluster/calls"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

type options struct {
	addr    string
	caFile  string
	keyFile string
	record  string
	posts   int
	limit   calls.Limit
	latency time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:443", "listen on this address, which is also the name in the certificate")
	flag.StringVar(&o.caFile, "ca", "ca.crt", "write the certificate of the authority to this `file`")
	flag.StringVar(&o.keyFile, "key-file", "", "`file` with the one API key that is known")
	flag.StringVar(&o.record, "record", "calls.ndjson", "write the calls to this `file`")
	flag.IntVar(&o.posts, "posts", 100, "have so many posts: e2e-001, e2e-002 and so on")
	flag.Var(&o.limit, "limit", "`calls/window` of ADD_ON_CREATE, such as 10/5s")
	flag.DurationVar(&o.latency, "latency", 0, "answer this much later")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kenar:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, o options) (err error) {
	key, err := os.ReadFile(o.keyFile)
	if err != nil {
		return fmt.Errorf("reading the API key: %w; name its file with -key-file", err)
	}
	if o.limit == (calls.Limit{}) {
		return errors.New("no limit was given; set -limit, such as 10/5s")
	}
	record, err := os.Create(o.record)
	if err != nil {
		return fmt.Errorf("making the record of calls: %w", err)
	}
	defer func() { err = errors.Join(err, record.Close()) }()

	server := kenartest.New(kenartest.Config{
		Keys:    []kenartest.Key{{Value: strings.TrimSpace(string(key)), Name: "e2e", App: "e2e"}},
		Limits:  []kenartest.Limit{{Permission: calls.Permission, Calls: o.limit.Calls, Window: o.limit.Window}},
		Latency: o.latency,
		Observe: func(c kenartest.Call) { write(record, c) },
	})
	defer server.Close()
	for n := range o.posts {
		token := calls.Token(n + 1)
		server.AddPost(kenartest.Post{Token: token, Title: token, City: "tehran", Category: "light"})
	}

	certificate, err := newCertificate(o.addr, o.caFile)
	if err != nil {
		return err
	}
	return serve(ctx, o.addr, certificate, server)
}

// write keeps a call. Observe is called for one at a time.
func write(w io.Writer, c kenartest.Call) {
	line, err := json.Marshal(calls.Call{
		At: c.At, Permission: c.Permission, Target: c.Target, Create: c.Op == kenartest.CreatePostAddon,
		Applied: c.Applied, Status: c.Status, Verdict: string(c.Verdict),
	})
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	if err != nil {
		// A record with a gap would prove nothing.
		fmt.Fprintln(os.Stderr, "kenar: writing the record of calls:", err)
		os.Exit(1)
	}
}

// serve answers on addr until ctx ends.
func serve(ctx context.Context, addr string, certificate tls.Certificate, handler http.Handler) error {
	srv := &http.Server{
		Addr: addr, Handler: handler, ReadHeaderTimeout: 30 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.ListenAndServeTLS("", ""); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving on %s: %w", addr, err)
	}
	return nil
}
