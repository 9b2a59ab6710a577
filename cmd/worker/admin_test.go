package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestAdmin(t *testing.T) {
	var sick, unready []string
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "answer", Help: "of all"}, func() float64 { return 42 }))
	a, err := newAdmin("127.0.0.1:0", registry,
		func(context.Context) []string { return sick }, func(context.Context) []string { return unready })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- a.run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}()

	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	expect := func(path string, status int, body string) {
		t.Helper()
		r, err := client.Get("http://" + a.addr() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		b, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != status || !strings.Contains(string(b), body) {
			t.Errorf("%s: %d %q (%v), want %d %q", path, r.StatusCode, b, err, status, body)
		}
	}
	expect("/healthz", 200, "ok\n")
	expect("/readyz", 200, "ok\n")
	expect("/metrics", 200, "\nanswer 42\n")
	expect("/", 404, "")
	unready = []string{"NATS is away", "Redis does not answer"}
	expect("/readyz", 503, "NATS is away\nRedis does not answer\n")
	expect("/healthz", 200, "ok\n")
	sick = []string{"the disk is full"}
	expect("/healthz", 503, "the disk is full\n")

	if _, err := newAdmin(a.addr(), registry, nil, nil); err == nil || !strings.Contains(err.Error(), "the port is taken") {
		t.Errorf("a second one on the same port: %v", err)
	}
}

func TestQuoteShell(t *testing.T) {
	for path, want := range map[string]string{
		"/tmp/kenar-demo-1": "/tmp/kenar-demo-1", "/tmp/my data": "'/tmp/my data'", "it's": `'it'\''s'`, "$HOME": "'$HOME'",
	} {
		if got := quoteShell(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
