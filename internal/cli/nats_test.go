package cli

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/internal/embedded"
)

func TestLoopback(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:4222": "127.0.0.1:4222", "0.0.0.0:4222": "127.0.0.1:4222", "[::]:4222": "127.0.0.1:4222",
		":4222": "127.0.0.1:4222", "nats.example:4222": "nats.example:4222", "nonsense": "nonsense",
	} {
		if got := loopback(addr); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

func TestDialEmbedded(t *testing.T) {
	dir := t.TempDir()
	server, err := embedded.StartNATS(embedded.NATSConfig{DataDir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	cfg := config.Config{DataDir: dir, EmbeddedNATSAddr: strings.TrimPrefix(server.URL(), "nats://")}

	nc, err := DialNATS(cfg, "test", 5*time.Second, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()

	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "nats.token"), []byte("the token of another worker"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.DataDir = other
	_, err = DialNATS(cfg, "test", 5*time.Second, zerolog.Nop())
	hinted, ok := errors.AsType[*Error](err)
	if !ok || !errors.Is(err, nats.ErrAuthorization) || !strings.Contains(hinted.Hint, "another server listens") {
		t.Errorf("with the wrong token: %v, hint %q", err, hinted.Hint)
	}
}

func TestDialNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = DialNATS(config.Config{NATSURL: config.NewSecretURL("nats://me:hunter2@" + addr)}, "test", time.Second, zerolog.Nop())
	hinted, ok := errors.AsType[*Error](err)
	if !ok || hinted.Hint != "check that the server runs and that NATS_URL has its address" {
		t.Errorf("error %v", err)
	}
	if err == nil || strings.Contains(err.Error()+hinted.Hint, "hunter2") || !strings.Contains(err.Error(), addr) {
		t.Errorf("error tells %v", err)
	}
}
