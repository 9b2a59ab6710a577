package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// The versions of the rolling update.
const (
	oldVersion = "1.0.0"
	newVersion = "1.1.0"
)

// What the update must not break: so many calls in a window, while so many
// events wait.
const (
	rollingLimit   = 50
	rollingWindow  = time.Second
	rollingBacklog = 120 // more than one worker has in hand, so that all have work
)

// A new version is rolled out while events flow, on streams that were set up for
// it: it starts beside the old one, which is then asked to end, and another new
// one takes its place. Each event ends well, with exactly one call, and the
// limit holds over all of them.
func TestRollingUpdate(t *testing.T) {
	bin := buildVersions(t, oldVersion, newVersion)
	site := newRollingSite(t)
	before, beside := site.start(t, bin[oldVersion]), site.start(t, bin[newVersion])
	site.eventually(t, "two versions run side by side", func() bool {
		return slices.Equal(site.versions(t), []string{oldVersion, newVersion})
	})

	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	var producing errgroup.Group
	published := 0
	producing.Go(func() (err error) { published, err = site.produce(ctx); return err })

	site.eventually(t, "both versions have made calls", func() bool { return before.accepted() >= 10 && beside.accepted() >= 10 })
	before.stop(t)
	after := site.start(t, bin[newVersion])
	site.eventually(t, "the new one in the place of the old has made calls", func() bool { return after.accepted() > 0 })
	enough()
	if err := producing.Wait(); err != nil {
		t.Fatal(err)
	}
	site.eventually(t, "every event has ended", func() bool { return site.ended(t) >= published })
	site.eventually(t, "nothing is left", func() bool { return site.left(t) == 0 })
	if got := site.versions(t); !slices.Equal(got, []string{newVersion, newVersion}) {
		t.Errorf("versions %q run in the end", got)
	}
	beside.stop(t)
	after.stop(t)
	t.Logf("%d events: %d calls by %s, %d and %d by %s", published, before.accepted(), oldVersion, beside.accepted(), after.accepted(), newVersion)
	site.check(t, published)
}

// buildVersions builds the worker once for each version.
func buildVersions(t *testing.T, versions ...string) map[string]string {
	t.Helper()
	dir, paths := t.TempDir(), make(map[string]string)
	for _, v := range versions {
		paths[v] = filepath.Join(dir, "worker-"+v)
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", paths[v],
			"-ldflags=-s -w -X github.com/kenar-addons/kenar-addons/internal/cli.stamp="+v, ".")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build version %s: %v\n%s", v, err, out)
		}
	}
	return paths
}

// A rollingSite is everything around the workers.
type rollingSite struct {
	env    []string
	kenar  *kenartest.Server
	client *pipeline.Client
}

func newRollingSite(t *testing.T) *rollingSite {
	t.Helper()
	srv := startServer(t, new(server.Options))
	if code, out := runSetup(t, io.Discard, srv.ClientURL()); code != 0 {
		t.Fatalf("set up: exit code %d\n%s", code, out)
	}
	newerStreams(t, srv.ClientURL())
	k, err := kenartest.Start(kenartest.Config{Latency: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	nc, err := nats.Connect(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	client, err := pipeline.NewClient(nc, pipeline.Builder{})
	if err != nil {
		t.Fatal(err)
	}
	return &rollingSite{kenar: k, client: client, env: []string{
		"NATS_URL=" + srv.ClientURL(), "NATS_AUTO_CREATE=false", "REDIS_URL=redis://" + miniredis.RunT(t).Addr(),
		"KENAR_API_KEY=key", "KENAR_BASE_URL=" + k.URL(), "KENAR_LEGACY_URL=" + k.URL(), "KENAR_IMAGE_URL=" + k.URL(),
		fmt.Sprintf("LIMITS=%s=%d/%s", pipeline.PostCreate, rollingLimit, rollingWindow),
		"PREFLIGHT=off", "CONCURRENCY=4", "ADMIN_ADDR=127.0.0.1:0", "LOG_FORMAT=json",
	}}
}

// newerStreams makes the streams those of a version that neither worker knows:
// with longer calls, and with subjects that are new.
func newerStreams(t *testing.T, url string) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	// Not much longer: a delivery that was on its way to the worker that stops
	// comes again after that time only.
	if err := (pipeline.Topology{AckWait: pipeline.AckWait(20 * time.Second)}).Create(t.Context(), js); err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), pipeline.LedgerStream)
	if err != nil {
		t.Fatal(err)
	}
	c := s.CachedInfo().Config
	c.Subjects = append(c.Subjects, "kenar.ledger.newer.>")
	if _, err := js.UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// eventually polls: the workers are other processes.
func (s *rollingSite) eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for tick := time.Tick(20 * time.Millisecond); !ok(); <-tick {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// versions are those of the workers that answer, sorted.
func (s *rollingSite) versions(t *testing.T) (all []string) {
	t.Helper()
	status, err := s.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range status.Workers {
		all = append(all, w.Version)
	}
	slices.Sort(all)
	return all
}

// left is how many events wait anywhere.
func (s *rollingSite) left(t *testing.T) int {
	t.Helper()
	status, err := s.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := status.Inbox
	for _, l := range status.Lanes {
		n += l.Waiting()
	}
	return n
}

// produce publishes events for one post each, as long as not too many wait,
// until ctx ends. It returns how many.
func (s *rollingSite) produce(ctx context.Context) (n int, err error) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return n, nil
		case <-tick.C:
		}
		if n-s.kenar.Count() >= rollingBacklog {
			continue
		}
		id := rollingID(n)
		raw := fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"test","type":"kenar.addon.attach.v1","subject":"post/%s",`+
			`"data":{"widgets":[{"title_row":{"text":"کارشناسی"}}]}}`, id, id)
		e, err := pipeline.DecodeEvent(raw)
		if err != nil {
			return n, err
		}
		// Not ctx: an event whose publishing is given up may have been stored.
		if _, err := s.client.Publish(context.WithoutCancel(ctx), e, raw); err != nil {
			return n, err
		}
		n++
	}
}

func rollingID(i int) string { return fmt.Sprintf("P%05d", i) }

// finals are the final outcomes, by event.
func (s *rollingSite) finals(t *testing.T) map[string]pipeline.OutcomeData {
	t.Helper()
	all := make(map[string]pipeline.OutcomeData)
	err := s.client.Outcomes(t.Context(), nil, false, func(e pipeline.OutcomeEvent) error {
		if e.Data.Result == pipeline.ResultQueued {
			return nil
		}
		if _, twice := all[e.Data.EventID]; twice {
			t.Errorf("two final outcomes of %s", e.Data.EventID)
		}
		all[e.Data.EventID] = e.Data
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (s *rollingSite) ended(t *testing.T) int { return len(s.finals(t)) }

// check compares what was published with what Kenar saw and what was told.
func (s *rollingSite) check(t *testing.T, published int) {
	t.Helper()
	calls := make(map[string]int)
	for _, c := range s.kenar.Calls() {
		if c.Status != 200 {
			t.Errorf("call %s", c)
		}
		calls[c.Target]++
	}
	finals := s.finals(t)
	for i := range published {
		id := rollingID(i)
		if f := finals[id]; f.Result != pipeline.ResultAccepted || f.Attempts != 1 {
			t.Errorf("%s ended %+v", id, f)
		}
		if n := calls["post/"+id]; n != 1 {
			t.Errorf("%d calls for %s, want 1", n, id)
		}
	}
	if len(finals) != published || len(calls) != published {
		t.Errorf("%d events, %d ended, %d were called for", published, len(finals), len(calls))
	}
	if most := s.kenar.Max(string(pipeline.PostCreate), rollingWindow); most > rollingLimit {
		t.Errorf("%d calls within %s, %d are allowed", most, rollingWindow, rollingLimit)
	}
}

// A workerProcess is a worker that runs, and its log.
type workerProcess struct {
	cmd  *exec.Cmd
	read chan struct{} // closed when the log has been read to its end

	mu      sync.Mutex
	log     []string
	calls   int // that were accepted
	ready   bool
	stopped bool
}

// start starts a worker and waits until it is ready. It is killed at the end
// of the test, if it still runs then.
func (s *rollingSite) start(t *testing.T, path string) *workerProcess {
	t.Helper()
	p := &workerProcess{cmd: exec.Command(path), read: make(chan struct{})}
	p.cmd.Env = s.env
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.follow(stderr)
	t.Cleanup(func() {
		if p.stopped {
			return
		}
		_ = p.cmd.Process.Kill()
		<-p.read
		_ = p.cmd.Wait()
	})
	s.eventually(t, filepath.Base(path)+" is ready", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.ready
	})
	return p
}

// follow reads the log.
func (p *workerProcess) follow(stderr io.Reader) {
	defer close(p.read)
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		var line struct{ Message, Class string }
		_ = json.Unmarshal(lines.Bytes(), &line) // what is not JSON is kept as well
		p.mu.Lock()
		p.log = append(p.log, lines.Text())
		p.ready = p.ready || line.Message == "ready"
		if line.Message == "handled" && line.Class == string(pipeline.ClassAccepted) {
			p.calls++
		}
		p.mu.Unlock()
	}
}

// accepted is how many of its calls were.
func (p *workerProcess) accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// stop asks the worker to end, which it must do in order.
func (p *workerProcess) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.read
	p.stopped = true
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v; its log:\n%s", err, strings.Join(p.log, "\n"))
	}
}
