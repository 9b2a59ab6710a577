package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// The permissions that the check advises are enough for it, and none of them is
// more than it needs.
func TestCheckNeedsWhatItAdvises(t *testing.T) {
	for _, without := range append([]string{""}, asked...) {
		name := "all"
		if without != "" {
			name = "without " + without
		}
		t.Run(name, func(t *testing.T) {
			cfg := restrictedServer(t, slices.DeleteFunc(slices.Clone(asked), func(s string) bool { return s == without }))
			nc, err := cli.DialNATS(cfg, "test", checkTime, zerolog.Nop())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			patience := checkTime
			if without != "" { // what never comes need not be waited for long
				patience = 500 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			got := checkStreams(ctx, cfg, nc)
			if len(got) != 1 {
				t.Fatalf("checks %+v, want one", got)
			}
			if without == "" {
				if got[0].Status != checkOK {
					t.Errorf("check %+v, want ok", got[0])
				}
				return
			}
			if got[0].Status != checkFailed || !strings.Contains(got[0].Do, without) {
				t.Errorf("check %+v, want it to fail and to advise %s", got[0], without)
			}
		})
	}
}

// restrictedServer starts a server with all streams and a user who may publish
// to some subjects and subscribe to answers, and returns the settings of a worker
// that connects as this user.
func restrictedServer(t *testing.T, publish []string) config.Config {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
		Users: []*server.User{
			{Username: "admin", Password: "admin"},
			{Username: "worker", Password: "worker", Permissions: &server.Permissions{
				Publish:   &server.SubjectPermission{Allow: publish},
				Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server is not ready")
	}
	admin, err := nats.Connect(srv.ClientURL(), nats.UserInfo("admin", "admin"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	js, err := jetstream.New(admin)
	if err != nil {
		t.Fatal(err)
	}
	if err := (pipeline.Topology{AckWait: pipeline.AckWait(15 * time.Second)}).Create(t.Context(), js); err != nil {
		t.Fatal(err)
	}
	url := strings.Replace(srv.ClientURL(), "nats://", "nats://worker:worker@", 1)
	cfg, err := config.Load(nil, []string{"NATS_URL=" + url, "REDIS_URL=redis://127.0.0.1:1", "KENAR_API_KEY=key"}, config.Worker, checks())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
