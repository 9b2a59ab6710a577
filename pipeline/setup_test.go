package pipeline

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/pipeline/provision"
)

// results are what a setup did, by name.
func results(t *testing.T, js jetstream.JetStream, top Topology) (map[string]provision.Result, error) {
	t.Helper()
	all := make(map[string]provision.Result)
	err := top.Setup(t.Context(), js, func(c provision.Change) {
		if _, twice := all[c.Name()]; twice {
			t.Errorf("%s is told twice", c.Name())
		}
		all[c.Name()] = c.Result
	})
	return all, err
}

// An upgrade adds the streams and consumers that are new and changes what is
// different now; everything else, and what waits, stays as it is. What cannot
// be changed is named, and does not keep the others from being set up.
func TestSetupUpgrades(t *testing.T) {
	t.Parallel()
	nc, err := nats.Connect(startNATS(t, t.TempDir()))
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	top := Topology{AckWait: AckWait(15 * time.Second)}

	made, err := results(t, js, top)
	must(t, err)
	must(t, top.Check(t.Context(), js))
	if n := len(top.streams()) + len(top.consumers()); len(made) != n {
		t.Errorf("%d are told, there are %d", len(made), n)
	}
	for name, r := range made {
		if r != provision.Created {
			t.Errorf("%s is %s, want created", name, r)
		}
	}

	// As an older version left it, with work that waits.
	retries := RetryStream + "/" + PostDelete.retryConsumer()
	must(t, js.DeleteStream(t.Context(), UserDelete.Stream(Urgent)))
	must(t, js.DeleteConsumer(t.Context(), RetryStream, PostDelete.retryConsumer()))
	_, err = js.Publish(t.Context(), EventSubjectPrefix+"post.P1", []byte("waits"))
	must(t, err)
	top.AckWait += time.Minute // KENAR_TIMEOUT was raised
	after, err := results(t, js, top)
	must(t, err)
	must(t, top.Check(t.Context(), js))
	want := make(map[string]provision.Result)
	for name := range made {
		want[name] = provision.Found
		if strings.Contains(name, "/") {
			want[name] = provision.Updated // its ack wait
		}
	}
	for _, name := range []string{UserDelete.Stream(Urgent), UserDelete.Stream(Urgent) + "/" + dispatchConsumer, retries} {
		want[name] = provision.Created
	}
	if !maps.Equal(after, want) {
		t.Errorf("the upgrade told %v, want %v", after, want)
	}
	inbox, err := js.Stream(t.Context(), EventStream)
	must(t, err)
	if n := inbox.CachedInfo().State.Msgs; n != 1 {
		t.Errorf("%d events wait, want 1", n)
	}

	// A queue that somebody made otherwise.
	wrong := PostCreate.Stream(Normal)
	must(t, js.DeleteStream(t.Context(), wrong))
	must(t, js.DeleteStream(t.Context(), DeadStream))
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: wrong, Subjects: []string{"kenar.work.ADD_ON_CREATE.normal.>"}})
	must(t, err)
	mended, err := results(t, js, top)
	if _, ok := errors.AsType[*provision.RefusedError](err); !ok {
		t.Fatalf("error %v, want a RefusedError", err)
	}
	for _, part := range []string{"stream " + wrong, "retention limits → workqueue"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	if mended[DeadStream] != provision.Created {
		t.Errorf("the stream after the one that is refused: %q", mended[DeadStream])
	}
	if r, told := mended[wrong+"/"+dispatchConsumer]; told {
		t.Errorf("the consumer of the stream that is refused: %q", r)
	}
}

// emptyServer starts a server without any stream.
func emptyServer(t *testing.T) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(startNATS(t, t.TempDir()))
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	return js
}

// change updates a stream as an administrator does.
func change(t *testing.T, js jetstream.JetStream, stream string, by func(*jetstream.StreamConfig)) {
	t.Helper()
	s, err := js.Stream(t.Context(), stream)
	must(t, err)
	c := s.CachedInfo().Config
	by(&c)
	_, err = js.UpdateStream(t.Context(), c)
	must(t, err)
}

// What an administrator has widened, setup leaves as it is: above all, nothing
// that is kept is lost by it.
func TestSetupTakesNothingAway(t *testing.T) {
	t.Parallel()
	js := emptyServer(t)
	top := Topology{AckWait: AckWait(15 * time.Second)}
	must(t, top.Create(t.Context(), js))
	change(t, js, DeadStream, func(c *jetstream.StreamConfig) { c.MaxAge = 365 * 24 * time.Hour })
	change(t, js, OutcomeStream, func(c *jetstream.StreamConfig) { c.MaxAge, c.Discard = 0, jetstream.DiscardNew })
	change(t, js, LedgerStream, func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 64 })
	change(t, js, EventStream, func(c *jetstream.StreamConfig) { c.MaxBytes, c.Duplicates = 1<<30, time.Hour })
	change(t, js, PostCreate.Stream(Normal), func(c *jetstream.StreamConfig) { c.MaxMsgs = 1_000_000 })
	for range 40 {
		_, err := js.Publish(t.Context(), targetSubjectPrefix+"post.x", []byte("{}"))
		must(t, err)
	}
	must(t, top.Check(t.Context(), js))
	after, err := results(t, js, top)
	must(t, err)
	for name, r := range after {
		if r != provision.Found {
			t.Errorf("%s is %s, want found", name, r)
		}
	}
	ledger, err := js.Stream(t.Context(), LedgerStream)
	must(t, err)
	if n := ledger.CachedInfo().State.Msgs; n != 40 {
		t.Errorf("%d records of the target are left, want 40", n)
	}
}

// Limits by which the server would drop, without a word, what is still needed
// are refused by both, with what to do; setup mends those it can.
func TestLimitsThatDrop(t *testing.T) {
	lane := PostCreate.Stream(Urgent)
	for name, tt := range map[string]struct {
		stream string
		by     func(*jetstream.StreamConfig)
		says   string // the check
		mended bool   // by setup
	}{
		"retries, by size":       {RetryStream, func(c *jetstream.StreamConfig) { c.MaxBytes = 64 << 10 }, "max_bytes 65536: as an administrator run nats stream edit KENAR_RETRY --max-bytes=-1", false},
		"retries, by number":     {RetryStream, func(c *jetstream.StreamConfig) { c.MaxMsgs = 10 }, "max_msgs 10: as an administrator run nats stream edit KENAR_RETRY --max-msgs=-1", false},
		"retries, by age":        {RetryStream, func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, "max_age 1h0m0s", true},
		"the ledger, by size":    {LedgerStream, func(c *jetstream.StreamConfig) { c.MaxBytes, c.Discard = 64<<10, jetstream.DiscardOld }, "max_bytes 65536", true},
		"the ledger, by age":     {LedgerStream, func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, "max_age 1h0m0s", true},
		"the inbox, by number":   {EventStream, func(c *jetstream.StreamConfig) { c.MaxMsgs, c.Discard = 10, jetstream.DiscardOld }, "max_msgs 10", true},
		"work, by target":        {lane, func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 }, "max_msgs_per_subject 1", false},
		"the ledger, by refusal": {LedgerStream, func(c *jetstream.StreamConfig) { c.DiscardNewPerSubject = true }, "no discard_new_per_subject", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			js := emptyServer(t)
			top := Topology{AckWait: AckWait(15 * time.Second)}
			must(t, top.Create(t.Context(), js))
			change(t, js, tt.stream, tt.by)
			if err := top.Check(t.Context(), js); err == nil || !strings.Contains(err.Error(), "stream "+tt.stream) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("check: %v, want it to say %q", err, tt.says)
			}
			err := top.Create(t.Context(), js)
			if tt.mended {
				must(t, err)
				must(t, top.Check(t.Context(), js))
				return
			}
			if _, ok := errors.AsType[*provision.RefusedError](err); !ok || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("setup: %v, want a RefusedError that says %q", err, tt.says)
			}
		})
	}
}

// The ledger of a full store refuses new records, and keeps the old ones; those
// of a target still make room for each other, and those of calls still end.
func TestLedgerRefusesTheNew(t *testing.T) {
	t.Parallel()
	js := emptyServer(t)
	must(t, Topology{AckWait: AckWait(15 * time.Second)}.Create(t.Context(), js))
	l, err := NewLedger(t.Context(), js, time.Hour)
	must(t, err)
	var rev uint64
	for i := range 3 * ledgerHistory {
		rev, err = l.Write(t.Context(), "post.x", Entry{Attempt: i}, rev)
		must(t, err)
	}
	must(t, l.RecordCall(t.Context(), string(PostCreate), "hold", "event", time.Now()))
	s, err := js.Stream(t.Context(), LedgerStream)
	must(t, err)
	if n := s.CachedInfo().State.Msgs; n != ledgerHistory+1 {
		t.Errorf("%d records, want %d of the target and one of the call", n, ledgerHistory)
	}
	change(t, js, LedgerStream, func(c *jetstream.StreamConfig) { c.MaxMsgs = ledgerHistory + 1 })
	if err := l.RecordCall(t.Context(), string(PostCreate), "more", "event", time.Now()); err == nil {
		t.Error("a full ledger takes a record")
	}
	if e, _, err := l.Read(t.Context(), "post.x"); err != nil || e.Attempt != 3*ledgerHistory-1 {
		t.Errorf("the target's entry is %+v, %v", e, err)
	}
}

// The server has no schedules in a stream that refuses the new: then the stream
// of retries cannot, and limits of it have to be refused. When this fails, it
// can.
func TestRetriesCannotRefuseTheNew(t *testing.T) {
	t.Parallel()
	js := emptyServer(t)
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", AllowMsgSchedules: true, Discard: jetstream.DiscardNew})
	if err == nil || !strings.Contains(err.Error(), "discard new") {
		t.Errorf("error %v", err)
	}
}

// A worker of the version before runs on the streams of a newer one, whose
// longer calls and new subjects it does not know, and does not undo them when
// it may.
func TestOlderTopologyOnNewerStreams(t *testing.T) {
	t.Parallel()
	js := emptyServer(t)
	older, newer := Topology{AckWait: AckWait(15 * time.Second)}, Topology{App: "shop", AckWait: AckWait(45 * time.Second)}
	must(t, newer.Create(t.Context(), js))
	change(t, js, LedgerStream, func(c *jetstream.StreamConfig) {
		c.Subjects, c.MaxMsgsPerSubject = append(c.Subjects, "kenar.ledger.new.>"), 2*ledgerHistory
	})
	change(t, js, RetryStream, func(c *jetstream.StreamConfig) { c.Subjects = []string{"kenar.retry.>"} })
	lane := jetstream.StreamConfig{Name: "KENAR_WORK_NEW_LANE_NORMAL", Subjects: []string{"kenar.work.NEW_LANE.normal.>"}, Retention: jetstream.WorkQueuePolicy}
	_, err := js.CreateStream(t.Context(), lane)
	must(t, err)
	_, err = js.CreateConsumer(t.Context(), RetryStream, jetstream.ConsumerConfig{
		Durable: "dispatch_NEW_LANE", AckPolicy: jetstream.AckExplicitPolicy, FilterSubject: dueSubjectPrefix + "NEW_LANE.>",
	})
	must(t, err)
	must(t, older.Check(t.Context(), js))
	after, err := results(t, js, older)
	must(t, err)
	for name, r := range after {
		if r != provision.Found {
			t.Errorf("%s is %s, want found", name, r)
		}
	}
	must(t, newer.Check(t.Context(), js))
}

// The streams of an account are those of one app: two would take each other's
// events. Whoever has no name, or knows of none, is let in.
func TestStreamsOfAnotherApp(t *testing.T) {
	t.Parallel()
	js := emptyServer(t)
	of := func(app string) Topology { return Topology{App: app, AckWait: AckWait(15 * time.Second)} }
	owner := func() string {
		s, err := js.Stream(t.Context(), LedgerStream)
		must(t, err)
		return s.CachedInfo().Config.Metadata["kenar.app"]
	}
	for _, app := range []string{"", UnnamedApp} { // of a version that did not name any
		must(t, of(app).Create(t.Context(), js))
		must(t, of("shop").Check(t.Context(), js))
	}
	if got := owner(); got != "" {
		t.Errorf("nobody's streams are those of %q", got)
	}
	must(t, of("shop").Create(t.Context(), js))
	for _, app := range []string{"shop", ""} {
		must(t, of(app).Check(t.Context(), js))
		must(t, of(app).Create(t.Context(), js))
	}
	longer := of("blog")
	longer.AckWait += time.Minute
	for _, app := range []Topology{longer, of(UnnamedApp)} {
		want := "these streams belong to app shop, not to " + app.App + ": give each app a NATS account of its own"
		if err := app.Check(t.Context(), js); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("check: %v, want it to say %q", err, want)
		}
		told, err := results(t, js, app)
		if other, ok := errors.AsType[*OtherAppError](err); !ok || other.Owner != "shop" || !strings.Contains(err.Error(), want) {
			t.Errorf("setup: %v, want an OtherAppError", err)
		}
		if len(told) > 0 {
			t.Errorf("setup did %v", told)
		}
	}
	must(t, of("shop").Check(t.Context(), js))
	if got := owner(); got != "shop" {
		t.Errorf("the streams of shop are those of %q", got)
	}
}
