package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/kenar-addons/kenar-addons/internal/cli/clitest"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// steps are the places between taking an event and acknowledging it where a
// worker process is killed.
var steps = []string{
	"built", "claimed", "enqueued", "buried", "validated", "admitted",
	"ahead", "prepared", "intent", "recorded", "spent", "called", "settled", "released",
	"dead letter", "outcome", "parked", "acked",
}

const (
	killLimit  = 40
	killWindow = 3 * time.Second
)

// killTiming is short, so that events of dead workers are soon taken over.
var killTiming = timing{timeout: 300 * time.Millisecond, slack: time.Second, skew: 200 * time.Millisecond}

func TestMain(m *testing.M) {
	if os.Getenv("KENAR_TEST_NATS") != "" {
		victim()
		return
	}
	goleak.VerifyTestMain(m, clitest.ServerLeaks()...)
}

// victim is a worker process that kills itself at the given pass of a step.
func victim() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	t := new(panicTB)
	l := &lab{natsURL: os.Getenv("KENAR_TEST_NATS"), redisURL: os.Getenv("KENAR_TEST_REDIS"), kenarURL: os.Getenv("KENAR_TEST_KENAR"), app: "kill", replicas: 1}
	l.replicas, _ = strconv.Atoi(os.Getenv("KENAR_TEST_REPLICAS"))
	at, pass, _ := strings.Cut(os.Getenv("KENAR_TEST_KILL"), ":")
	var left atomic.Int64
	n, _ := strconv.Atoi(pass)
	left.Store(int64(n))
	_, run := l.build(t, func(s *settings) {
		s.limits = fmt.Sprintf("ADD_ON_CREATE=%d/%s", killLimit, killWindow)
		s.timing = killTiming
		s.cfg.Timeout, s.cfg.Grace = killTiming.timeout, time.Second
		s.cfg.MaxAttempts = 20
		if identity := os.Getenv("KENAR_TEST_IDENTITY"); identity != "" {
			listingVictim(t, s, identity)
		}
		s.step = func(step string) {
			if step == at && left.Add(-1) == 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	})
	run(ctx)
}

// panicTB lets the lab be built outside of a test.
type panicTB struct{ testing.TB }

func (*panicTB) Helper()                   {}
func (*panicTB) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (*panicTB) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// Workers are killed at every step, again and again, while producers send
// duplicated and shuffled revisions and Kenar fails, refuses and loses
// answers. In the end the record of Kenar and the streams must show: one
// final outcome for every event (G1), never more calls than allowed (G2),
// never an older revision after a newer one (G3).
func TestKill(t *testing.T) {
	rounds := 2
	if testing.Short() {
		rounds = 1
	}
	l := newLab(t, kenartest.Config{ImageIDs: kenartest.FreshImageID})
	l.app = "kill"
	must(t, Topology{Replicas: l.replicas, AckWait: killTiming.ackWait()}.Create(t.Context(), l.js))
	l.kenar.SetFaultFunc(func(c kenartest.Call) (kenartest.Fault, bool) {
		switch x := rand.Float64(); {
		case bytes.Contains(c.Body, []byte("poison")):
			return kenartest.Fault{Status: 400, Body: `{"code":3,"message":"poison"}`}, true
		case x < 0.08:
			return kenartest.Fault{Status: 500, Body: "<html>oops</html>"}, true
		case x < 0.12:
			return kenartest.Fault{LoseAnswer: true}, true
		}
		return kenartest.Fault{}, false
	})
	events, ids := killEvents()
	published := 0
	publish := func(n int) {
		for _, e := range events[published:min(published+n, len(events))] {
			l.publish(e)
			if rand.IntN(10) == 0 { // a producer that lost the answer
				l.publish(e)
			}
			published++
		}
	}
	open := func() (n int) { // while it cannot be told, something is
		s, err := l.js.Stream(t.Context(), OutcomeStream)
		if err != nil {
			return 1
		}
		info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(finalSubjectPrefix+">"))
		if err != nil {
			return 1
		}
		return published - len(info.State.Subjects)
	}
	kills := 0
	deadline := time.Now().Add(4 * time.Minute)
	share := len(events)/(rounds*len(steps)) + 1
	for round := range rounds {
		for _, step := range steps {
			publish(share)
			if l.victim(fmt.Sprintf("%s:%d", step, 1+rand.IntN(1+2*round)), open) {
				kills++
			}
		}
	}
	publish(len(events))
	for open() > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d events without a final outcome", open())
		}
		l.victim("never:1", open)
	}
	l.victim("never:1", func() int { // what was settled and not acknowledged
		n, err := l.client.queued(t.Context())
		must(t, err)
		return int(n)
	})
	l.drained()
	t.Logf("%d events, %d workers killed, %d calls", len(ids), kills, l.kenar.Count())
	if kills < rounds*len(steps)/2 {
		t.Errorf("only %d workers were killed at their step", kills)
	}
	l.checkKill(ids)
}

// victim runs one worker process until it was killed at its step, which it
// reports, or nothing is open any more, or it had its time. env is more for
// its environment.
func (l *lab) victim(kill string, open func() int, env ...string) (killed bool) {
	l.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "KENAR_TEST_NATS="+l.natsURL, "KENAR_TEST_REDIS="+l.redisURL,
		"KENAR_TEST_KENAR="+l.kenarURL, "KENAR_TEST_REPLICAS="+strconv.Itoa(l.replicas), "KENAR_TEST_KILL="+kill)
	cmd.Env = append(cmd.Env, env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	must(l.t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	limit, tick := time.After(6*time.Second), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			if endedBy(err, syscall.SIGKILL) {
				return true
			}
			l.t.Fatalf("worker (%s): %v\n%s", kill, err, &out)
		case <-limit:
			must(l.t, cmd.Process.Kill())
			endedBy(<-ended, syscall.SIGKILL)
			return false
		case <-tick.C:
			if open() > 0 {
				continue
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
				l.t.Fatal(err)
			}
			if err := <-ended; endedBy(err, syscall.SIGTERM) {
				return false // before it listened to signals
			} else if endedBy(err, syscall.SIGKILL) {
				return true // it came to its step on the way out
			} else if err != nil {
				l.t.Fatalf("worker (%s) after SIGTERM: %v\n%s", kill, err, &out)
			}
			return false
		}
	}
}

func endedBy(err error, s syscall.Signal) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == s
}

// onlyValidated stands for the revision of an event that is not to be sent.
const onlyValidated = -1

// killEvents makes targets with revisions in any order, some of which Kenar
// refuses, events that are invalid, and events that are only to be validated.
func killEvents() (events []map[string]any, ids map[string]int) {
	ids = make(map[string]int)
	for target := range 40 {
		for rev := 1; rev <= 6; rev++ {
			id := fmt.Sprintf("t%02d-r%d", target, rev)
			text := strconv.Itoa(rev)
			if rand.IntN(15) == 0 {
				text += " poison"
			}
			more := map[string]any{"revision": strconv.Itoa(rev)}
			if rand.IntN(5) == 0 {
				more["priority"] = "urgent"
			}
			e := attach(id, fmt.Sprintf("post/T%02d", target), text, more)
			if target%4 == 0 {
				e["data"] = illustratedData(text, tinyJPEG(byte(rev)))
			}
			events = append(events, e)
			ids[id] = rev
		}
	}
	for i := range 40 {
		id := fmt.Sprintf("bad-%d", i)
		events = append(events, attach(id, "post/BAD", strings.Repeat("x", 60)))
		ids[id] = 0
	}
	for i := range 40 {
		id := fmt.Sprintf("check-%d", i)
		events = append(events, attach(id, "post/T00", strings.Repeat("x", 20+40*(i%2)), validateOnly()))
		ids[id] = onlyValidated
	}
	rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	return events, ids
}

func (l *lab) checkKill(ids map[string]int) {
	l.t.Helper()
	finals := l.finals()
	dead := l.dead()
	for id, rev := range ids {
		f := finals[id]
		_, buried := dead[id]
		if rev == onlyValidated {
			if buried || f.Result != ResultUnchanged && f.Result != ResultDead {
				l.t.Errorf("%s, only to be validated, ended %q, dead letter: %t", id, f.Result, buried)
			}
			continue
		}
		if buried != (f.Result == ResultDead) {
			l.t.Errorf("%s ended %q, dead letter: %t", id, f.Result, buried)
		}
		if rev == 0 && (f.Reason == nil || f.Reason.Code != InvalidWidgets) {
			l.t.Errorf("%s ended %+v", id, f)
		}
	}
	// What Kenar saw, target by target.
	newest, last := make(map[string]int), make(map[string]int)
	for _, c := range l.kenar.Calls() {
		if c.Op == kenartest.UploadImage {
			continue
		}
		var body struct {
			Widgets []struct {
				Row struct{ Text string } `json:"title_row"`
			}
		}
		must(l.t, json.Unmarshal(c.Body, &body))
		text, poison, _ := strings.Cut(body.Widgets[0].Row.Text, " ")
		rev, err := strconv.Atoi(text)
		must(l.t, err)
		if poison == "" {
			if rev < newest[c.Target] {
				l.t.Errorf("%s: revision %d was sent after %d", c.Target, rev, newest[c.Target])
			}
			newest[c.Target] = max(newest[c.Target], rev)
		}
		if c.Applied {
			last[c.Target] = rev
		}
	}
	for target, rev := range newest {
		id := strings.Replace(strings.TrimPrefix(target, "post/"), "T", "t", 1) + "-r" + strconv.Itoa(rev)
		if f := finals[id]; f.Result == ResultAccepted && last[target] != rev {
			l.t.Errorf("%s shows revision %d, newest accepted is %d", target, last[target], rev)
		} else if !slices.Contains([]Result{ResultAccepted, ResultDead}, f.Result) {
			l.t.Errorf("%s was sent and ended %+v", id, f)
		}
	}
	if most := l.kenar.Max(string(PostCreate), killWindow); most > killLimit {
		l.t.Errorf("%d calls within %s, %d are allowed", most, killWindow, killLimit)
	}
}
