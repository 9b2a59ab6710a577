package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// An admin serves health, readiness and metrics.
type admin struct {
	listener net.Listener
	server   *http.Server
}

// newAdmin listens on addr. Of the two functions, sick tells why only a restart
// can help, and unready why no event moves; both are empty when all is well.
func newAdmin(addr string, metrics prometheus.Gatherer, sick, unready func(context.Context) []string) (*admin, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on ADMIN_ADDR %s: the port is taken; stop the program that uses it, or set ADMIN_ADDR to another port: %w", addr, err)
	case err != nil:
		return nil, fmt.Errorf("listen on ADMIN_ADDR %s: %w; set it to an address of this machine", addr, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", answer(sick))
	mux.HandleFunc("GET /readyz", answer(unready))
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	return &admin{listener: l, server: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}}, nil
}

// probeTime bounds the look at what a probe asks for. Kubernetes waits a second
// by default.
const probeTime = 800 * time.Millisecond

// answer is 200 without problems, else 503 with one on each line.
func answer(problems func(context.Context) []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), probeTime)
		defer cancel()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if all := problems(ctx); len(all) > 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprintln(w, strings.Join(all, "\n"))
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	}
}

// addr is where it listens.
func (a *admin) addr() string { return a.listener.Addr().String() }

// run serves until ctx ends.
func (a *admin) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = a.server.Close() })
	defer stop()
	if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve ADMIN_ADDR: %w", err)
	}
	return nil
}
