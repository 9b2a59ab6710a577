package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/internal/natstoken"
)

// start starts a server on dir that ends with the test.
func start(t *testing.T, dir string) *NATS {
	t.Helper()
	n, err := StartNATS(NATSConfig{DataDir: dir, Addr: "127.0.0.1:0", Logf: t.Logf})
	if err != nil {
		t.Fatalf("StartNATS: %v", err)
	}
	t.Cleanup(n.Shutdown)
	return n
}

// connect opens a connection that ends with the test.
func connect(t *testing.T, url string, opts ...nats.Option) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(url, opts...)
	if err != nil {
		t.Fatalf("connect to %q: %v", url, err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func createQueue(t *testing.T, js jetstream.JetStream) jetstream.Stream {
	t.Helper()
	s, err := js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "QUEUE", Subjects: []string{"queue.*"}, Retention: jetstream.WorkQueuePolicy,
	})
	if err != nil {
		t.Fatalf("create the stream: %v", err)
	}
	return s
}

func publish(t *testing.T, js jetstream.JetStream, subject, body string) {
	t.Helper()
	if _, err := js.Publish(t.Context(), subject, []byte(body)); err != nil {
		t.Fatalf("publish to %s: %v", subject, err)
	}
}

// bodies are the messages in the queue, oldest first.
func bodies(t *testing.T, js jetstream.JetStream) []string {
	t.Helper()
	s, err := js.Stream(t.Context(), "QUEUE")
	if err != nil {
		t.Fatalf("open the stream: %v", err)
	}
	state := s.CachedInfo().State
	var got []string
	for seq := state.FirstSeq; seq <= state.LastSeq; seq++ {
		m, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatalf("get message %d: %v", seq, err)
		}
		got = append(got, string(m.Data))
	}
	return got
}

func TestRestartKeepsStreams(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	n := start(t, dir)
	js := connect(t, "", n.ConnectOptions()...)
	createQueue(t, js)
	publish(t, js, "queue.a", "first")
	publish(t, js, "queue.b", "second")
	n.Shutdown()
	n.Shutdown() // the second call is harmless

	again := start(t, dir)
	got := bodies(t, connect(t, "", again.ConnectOptions()...))
	if diff := cmp.Diff([]string{"first", "second"}, got); diff != "" {
		t.Errorf("messages after a restart (-want +got):\n%s", diff)
	}
	if again.Token() != n.Token() {
		t.Error("the token changed over a restart: clients that know it would be locked out")
	}
	if err := again.Health(); err != nil {
		t.Errorf("Health() = %v after a clean restart", err)
	}
}

// child starts a server in another process and returns its URL.
func child(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), serveEnv+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("read the URL from the other process: %v", err)
	}
	return cmd, strings.TrimSpace(url)
}

func TestKillKeepsWhatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	cmd, url := child(t, dir)
	token, err := natstoken.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	js := connect(t, url, nats.Token(token), nats.NoReconnect())
	createQueue(t, js)
	var want []string
	for i := range 50 {
		body := fmt.Sprintf("message %d", i)
		publish(t, js, "queue.a", body)
		want = append(want, body)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the killed process ended well")
	}

	n := start(t, dir)
	got := bodies(t, connect(t, "", n.ConnectOptions()...))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages after SIGKILL (-want +got):\n%s", diff)
	}
}

func TestOneServerPerDataDir(t *testing.T) {
	tests := []struct {
		name  string
		other func(t *testing.T, dir string) (pid int)
	}{
		{"another process", func(t *testing.T, dir string) int {
			cmd, _ := child(t, dir)
			return cmd.Process.Pid
		}},
		{"this process", func(t *testing.T, dir string) int {
			start(t, dir)
			return os.Getpid()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			pid := tt.other(t, dir)
			_, err := StartNATS(NATSConfig{DataDir: dir, Addr: "127.0.0.1:0"})
			wantError(t, err, fmt.Sprintf("another worker (pid %d) uses DATA_DIR %s", pid, dir))
		})
	}
}

func TestFailedStartGivesTheDirectoryBack(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	dir := t.TempDir()

	_, err = StartNATS(NATSConfig{DataDir: dir, Addr: taken.Addr().String()})
	wantError(t, err, "EMBEDDED_NATS_ADDR "+taken.Addr().String(), "the port is taken", "another port")
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("errors.Is(%v, EADDRINUSE) = false", err)
	}
	start(t, dir)
}

func TestBadAddresses(t *testing.T) {
	tests := []struct{ addr, want string }{
		{"", "want host:port"},
		{"localhost", "want host:port"},
		{"127.0.0.1:nats", "want a port from 0 to 65535"},
		{"127.0.0.1:65536", "want a port from 0 to 65535"},
		{"192.0.2.1:4222", "an address of this machine"}, // RFC 5737: nobody's
	}
	for _, tt := range tests {
		t.Run(tt.addr, func(t *testing.T) {
			_, err := StartNATS(NATSConfig{DataDir: t.TempDir(), Addr: tt.addr})
			wantError(t, err, "EMBEDDED_NATS_ADDR", tt.want)
		})
	}
}

func TestClientsNeedTheToken(t *testing.T) {
	n := start(t, t.TempDir())
	if strings.Contains(n.URL(), n.Token()) {
		t.Error("URL() holds the token")
	}
	tests := []struct {
		name string
		opts []nats.Option
		want error
	}{
		{"right token", []nats.Option{nats.Token(n.Token())}, nil},
		{"no token", nil, nats.ErrAuthorization},
		{"wrong token", []nats.Option{nats.Token("guess")}, nats.ErrAuthorization},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := nats.Connect(n.URL(), tt.opts...)
			if conn != nil {
				conn.Close()
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("Connect: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestServerWarningsReachLogf(t *testing.T) {
	lines := make(chan string, 100)
	n, err := StartNATS(NATSConfig{DataDir: t.TempDir(), Addr: "127.0.0.1:0", Logf: func(format string, args ...any) {
		lines <- fmt.Sprintf(format, args...)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Shutdown)
	if _, err := nats.Connect(n.URL(), nats.Token("wrong-token-of-somebody")); err == nil {
		t.Fatal("connected with a wrong token")
	}
	// Notices are dropped, so the refused connection is the first line there is.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	select {
	case line := <-lines:
		if !strings.HasPrefix(line, "nats-server: ") || !strings.Contains(line, "authentication error") {
			t.Errorf("first line %q, want nats-server's authentication error", line)
		}
		if strings.Contains(line, "wrong-token") || strings.Contains(line, n.Token()) {
			t.Errorf("line %q holds a token", line)
		}
	case <-ctx.Done():
		t.Error("no line about the refused connection")
	}
}

// wantError fails the test unless err holds every fragment.
func wantError(t *testing.T, err error, fragments ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", fragments)
	}
	for _, f := range fragments {
		if !strings.Contains(err.Error(), f) {
			t.Errorf("error %q does not hold %q", err, f)
		}
	}
}
