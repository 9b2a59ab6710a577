package main

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// runSetup runs "worker setup" in this process and returns its exit code and
// what it said.
func runSetup(t *testing.T, stderr io.Writer, url string, args ...string) (code int, stdout string) {
	t.Helper()
	var out bytes.Buffer
	root := newCommand(&app{out: &out, err: stderr, environ: []string{"NATS_URL=" + url}, now: time.Now})
	root.SetArgs(append([]string{"setup"}, args...))
	return cli.Run(t.Context(), root), out.String()
}

// The permissions that setup advises are enough for it, whatever there is to
// do, and none of them is more than it needs. One that is missing is told at
// once, not after the time for which a server is waited for.
func TestSetupNeedsWhatItAdvises(t *testing.T) {
	for _, without := range append([]string{""}, askedOfSetup...) {
		name := "all"
		if without != "" {
			name = "without " + without
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, &server.Options{Users: []*server.User{
				{Username: "admin", Password: "admin"},
				{Username: "setup", Password: "setup", Permissions: &server.Permissions{
					Publish:   &server.SubjectPermission{Allow: slices.DeleteFunc(slices.Clone(askedOfSetup), func(s string) bool { return s == without })},
					Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
				}},
			}})
			nc, err := nats.Connect(srv.ClientURL(), nats.UserInfo("admin", "admin"))
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			js, err := jetstream.New(nc)
			if err != nil {
				t.Fatal(err)
			}
			// One stream differs, all others are missing.
			if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: pipeline.EventStream, Subjects: []string{"kenar.events.post.>"}, Retention: jetstream.WorkQueuePolicy}); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			url := strings.Replace(srv.ClientURL(), "nats://", "nats://setup:setup@", 1)
			code, out := runSetup(t, &said, url, "--wait", "20s")
			if without == "" {
				if code != cli.OK || !strings.Contains(out, "1 updated") {
					t.Errorf("exit code %d\n%s%s", code, out, &said)
				}
				if err := (pipeline.Topology{AckWait: pipeline.AckWait(15 * time.Second)}).Check(t.Context(), js); err != nil {
					t.Error(err)
				}
				return
			}
			if code != cli.Failed || !strings.Contains(said.String(), "worker: hint: let this user publish to ") || !strings.Contains(said.String(), without) {
				t.Errorf("exit code %d, want it to advise %s\n%s", code, without, &said)
			}
			if strings.Contains(said.String(), "waiting") {
				t.Errorf("it waited:\n%s", &said)
			}
		})
	}
}

// A server that comes up while setup waits is set up.
func TestSetupWaits(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal("not a TCP address")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	said := &firstWrite{done: make(chan struct{})}
	code := make(chan int, 1)
	go func() {
		c, _ := runSetup(t, said, "nats://"+addr.String(), "--wait", "30s")
		code <- c
	}()
	<-said.done // that it waits
	startServer(t, &server.Options{Port: addr.Port})
	if c := <-code; c != cli.OK || !strings.HasPrefix(said.String(), "waiting up to 30s: ") {
		t.Errorf("exit code %d\n%s", c, said)
	}
}

// Setup notes whose the streams are, and refuses those of another app before it
// changes anything. Without a KENAR_APP it asks nobody.
func TestSetupOfAnotherApp(t *testing.T) {
	srv := startServer(t, new(server.Options))
	for _, step := range []struct {
		app  string
		code int
		says string
	}{
		{"", cli.OK, ""},
		{"shop", cli.OK, "metadata unset → kenar.app=shop"},
		{"", cli.OK, " 0 updated"},
		{"shop", cli.OK, " 0 updated"},
		{"blog", cli.Failed, "these streams belong to app shop, not to blog"},
	} {
		var args []string
		if step.app != "" {
			args = []string{"--kenar-app", step.app}
		}
		var said bytes.Buffer
		code, out := runSetup(t, &said, srv.ClientURL(), append(args, "--wait", "0s")...)
		if code != step.code || !strings.Contains(out+said.String(), step.says) {
			t.Errorf("app %q: exit code %d, want %d, and it says %q\n%s%s", step.app, code, step.code, step.says, out, &said)
		}
	}
}

// Credentials that are refused are told at once.
func TestSetupRefused(t *testing.T) {
	srv := startServer(t, &server.Options{Username: "admin", Password: "admin"})
	var said bytes.Buffer
	code, _ := runSetup(t, &said, srv.ClientURL(), "--wait", "1m")
	if code != cli.Failed || !strings.Contains(said.String(), "Authorization Violation") || strings.Contains(said.String(), "waiting") {
		t.Errorf("exit code %d\n%s", code, &said)
	}
}

// A firstWrite is a buffer that tells when something is first written.
type firstWrite struct {
	mu   sync.Mutex
	text bytes.Buffer
	done chan struct{}
}

func (w *firstWrite) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.text.Len() == 0 {
		close(w.done)
	}
	return w.text.Write(p)
}

func (w *firstWrite) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// startServer starts a JetStream server on a loopback port until the test
// ends.
func startServer(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	o.Host, o.JetStream, o.StoreDir, o.NoSigs, o.NoLog = "127.0.0.1", true, t.TempDir(), true, true
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	srv, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server is not ready")
	}
	return srv
}
