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
	every := slices.Concat(asked, askedOfGrants)
	for _, without := range append([]string{""}, every...) {
		name := "all"
		if without != "" {
			name = "without " + without
		}
		t.Run(name, func(t *testing.T) {
			cfg := restrictedServer(t, slices.DeleteFunc(slices.Clone(every), func(s string) bool { return s == without }))
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
			js, err := jetstream.New(nc)
			if err != nil {
				t.Fatal(err)
			}
			streams := checkStreams(ctx, cfg, js)
			if len(streams) != 1 {
				t.Fatalf("checks %+v, want one", streams)
			}
			got := streams[0]
			if without == "" || slices.Contains(askedOfGrants, without) {
				if got.Status != checkOK {
					t.Errorf("check %+v, want ok", got)
				}
				got = checkGrants(ctx, cfg, js)
			}
			if without == "" {
				if got.Status != checkOK || got.Detail != "1 grant can be opened, with 1 identity" {
					t.Errorf("check %+v, want ok", got)
				}
				return
			}
			if got.Status != checkFailed || !strings.Contains(got.Do, without) {
				t.Errorf("check %+v, want it to fail and to advise %s", got, without)
			}
		})
	}
}

// restrictedServer starts a server with all streams, a grant, and a user who may publish
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
	identity := storeGrant(t, js)
	url := strings.Replace(srv.ClientURL(), "nats://", "nats://worker:worker@", 1)
	cfg, err := config.Load(nil, []string{"NATS_URL=" + url, "REDIS_URL=redis://127.0.0.1:1", "KENAR_API_KEY=key", "GRANT_IDENTITY=" + identity}, config.Worker, checks())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
