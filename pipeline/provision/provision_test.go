package provision_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/kenar-addons/kenar-addons/internal/cli/clitest"
	"github.com/kenar-addons/kenar-addons/pipeline/provision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, clitest.ServerLeaks()...) }

// queue is what the tests want.
func queue() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: "QUEUE", Subjects: []string{"queue.>"}, Description: "for the test",
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, Storage: jetstream.FileStorage,
		Duplicates: 10 * time.Minute, Replicas: 1,
	}
}

func TestStream(t *testing.T) {
	tests := map[string]struct {
		there  func(*jetstream.StreamConfig) // how the stream differs that is there; nil: there is none
		want   func(*jetstream.StreamConfig) // how what is wanted differs from queue
		result provision.Result
		set    []provision.Setting
		refuse []string // what the error must say
		kept   func(jetstream.StreamConfig) error
	}{
		"missing":   {result: provision.Created},
		"as needed": {there: func(*jetstream.StreamConfig) {}, result: provision.Found},
		"settings and subjects changed": {
			there: func(c *jetstream.StreamConfig) {
				c.MaxAge, c.Duplicates, c.Subjects = time.Hour, time.Minute, []string{"queue.a.>"}
			},
			result: provision.Updated,
			set: []provision.Setting{
				{Name: "subjects", Have: "queue.a.>", Want: "queue.>"},
				{Name: "max_age", Have: "1h0m0s", Want: "0s"},
				{Name: "duplicate_window", Have: "1m0s", Want: "10m0s"},
			},
		},
		"more than is needed stays": {
			there: func(c *jetstream.StreamConfig) {
				c.MaxAge, c.Duplicates, c.MaxMsgsPerSubject, c.MaxMsgSize = 48*time.Hour, time.Hour, 64, 2048
				c.Subjects, c.Metadata = []string{"queue.>", "more.>"}, map[string]string{"owner": "us", "note": "ours"}
			},
			want: func(c *jetstream.StreamConfig) {
				c.MaxAge, c.MaxMsgsPerSubject, c.MaxMsgSize = 24*time.Hour, 8, 1024
				c.Subjects, c.Metadata = []string{"queue.a.>"}, map[string]string{"owner": "others"}
			},
			result: provision.Found,
			kept: func(c jetstream.StreamConfig) error {
				if c.MaxAge != 48*time.Hour || c.MaxMsgsPerSubject != 64 || len(c.Subjects) != 2 || c.Metadata["owner"] != "us" {
					return fmt.Errorf("it has %+v", c)
				}
				return nil
			},
		},
		"no limit is the largest": {
			there:  func(*jetstream.StreamConfig) {},
			want:   func(c *jetstream.StreamConfig) { c.MaxAge, c.MaxMsgsPerSubject, c.MaxMsgSize = time.Hour, 8, 1024 },
			result: provision.Found,
		},
		"less than is needed": {
			there: func(c *jetstream.StreamConfig) {
				c.MaxAge, c.MaxMsgsPerSubject, c.Subjects, c.Metadata = time.Hour, 4, []string{"queue.a.>", "more.>"}, map[string]string{"note": "ours"}
			},
			want: func(c *jetstream.StreamConfig) {
				c.MaxAge, c.MaxMsgsPerSubject, c.Metadata = 24*time.Hour, 8, map[string]string{"owner": "us"}
			},
			result: provision.Updated,
			set: []provision.Setting{
				{Name: "subjects", Have: "more.> queue.a.>", Want: "more.> queue.>"},
				{Name: "max_age", Have: "1h0m0s", Want: "24h0m0s"},
				{Name: "max_msgs_per_subject", Have: "4", Want: "8"},
				{Name: "metadata", Have: "note=ours", Want: "note=ours owner=us"},
			},
			kept: func(c jetstream.StreamConfig) error {
				if c.Metadata["note"] != "ours" || c.Metadata["owner"] != "us" {
					return fmt.Errorf("it has %+v", c)
				}
				return nil
			},
		},
		"a refusal of the new stays": {
			there:  func(*jetstream.StreamConfig) {},
			want:   func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld },
			result: provision.Found,
		},
		"a setting that is new": {
			there:  func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld },
			want:   func(c *jetstream.StreamConfig) { c.AllowMsgSchedules, c.Discard = true, jetstream.DiscardOld },
			result: provision.Updated,
			set:    []provision.Setting{{Name: "allow_msg_schedules", Have: "false", Want: "true"}},
		},
		"what an administrator added stays": {
			there: func(c *jetstream.StreamConfig) {
				c.MaxBytes, c.Compression, c.DenyDelete, c.Discard = 1<<20, jetstream.S2Compression, true, jetstream.DiscardOld
			},
			result: provision.Updated,
			set:    []provision.Setting{{Name: "discard", Have: "old", Want: "new"}},
			kept: func(c jetstream.StreamConfig) error {
				if c.MaxBytes != 1<<20 || c.Compression != jetstream.S2Compression || !c.DenyDelete {
					return fmt.Errorf("it has %+v", c)
				}
				return nil
			},
		},
		"retention cannot be changed": {
			there:  func(c *jetstream.StreamConfig) { c.Retention = jetstream.LimitsPolicy },
			refuse: []string{"update stream QUEUE, retention limits → workqueue", "can not change retention", "remove it and set up again"},
		},
		"storage cannot be changed": {
			there:  func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage },
			refuse: []string{"stream QUEUE", "storage memory → file"},
		},
		"schedules cannot be turned off": {
			there:  func(c *jetstream.StreamConfig) { c.AllowMsgSchedules, c.Discard = true, jetstream.DiscardOld },
			want:   func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld },
			refuse: []string{"stream QUEUE", "allow_msg_schedules true → false"},
		},
		"more replicas than servers": {
			there:  func(*jetstream.StreamConfig) {},
			want:   func(c *jetstream.StreamConfig) { c.Replicas = 3 },
			refuse: []string{"stream QUEUE", "num_replicas 1 → 3"},
		},
		"more replicas than servers, missing": {
			want:   func(c *jetstream.StreamConfig) { c.Replicas = 3 },
			refuse: []string{"create stream QUEUE"},
		},
		"subjects of another stream": {
			want:   func(c *jetstream.StreamConfig) { c.Subjects = []string{"other.>"} },
			refuse: []string{"create stream QUEUE", "subjects overlap"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			js := startJetStream(t)
			_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"other.>"}})
			must(t, err)
			if tt.there != nil {
				c := queue()
				tt.there(&c)
				_, err := js.CreateStream(t.Context(), c)
				must(t, err)
			}
			want := queue()
			if tt.want != nil {
				tt.want(&want)
			}
			got, err := provision.Stream(t.Context(), js, want)
			if tt.refuse != nil {
				wantRefused(t, err, tt.refuse)
				return
			}
			must(t, err)
			if d := cmp.Diff(provision.Change{Result: tt.result, Kind: "stream", Stream: "QUEUE", Settings: tt.set}, got); d != "" {
				t.Errorf("change (-want +got):\n%s", d)
			}
			again, err := provision.Stream(t.Context(), js, want)
			must(t, err)
			if again.Result != provision.Found {
				t.Errorf("the same again: %+v", again)
			}
			if s, err := js.Stream(t.Context(), "QUEUE"); err != nil {
				t.Error(err)
			} else if tt.kept != nil {
				must(t, tt.kept(s.CachedInfo().Config))
			}
		})
	}
}

// A setting that is to be exact is, also where more would do no harm otherwise.
func TestExact(t *testing.T) {
	t.Parallel()
	js := startJetStream(t)
	c := queue()
	c.MaxMsgsPerSubject, c.MaxAge = 5, 0
	_, err := js.CreateStream(t.Context(), c)
	must(t, err)
	want := queue()
	want.MaxMsgsPerSubject, want.MaxAge = 1, time.Hour
	got, err := provision.Stream(t.Context(), js, want, "max_msgs_per_subject")
	must(t, err)
	set := []provision.Setting{{Name: "max_msgs_per_subject", Have: "5", Want: "1"}}
	if d := cmp.Diff(provision.Change{Result: provision.Updated, Kind: "stream", Stream: "QUEUE", Settings: set}, got); d != "" {
		t.Errorf("change (-want +got):\n%s", d)
	}
}

func TestTakesAll(t *testing.T) {
	for _, tt := range []struct {
		have, want string // separated by blanks
		takes      bool
	}{
		{"a", "a", true}, {"a", "b", false}, {"a b", "b", true}, {"a", "a b", false},
		{"a.>", "a.b.>", true}, {"a.>", "a.b", true}, {"a.>", "a", false}, {"a.b.>", "a.>", false},
		{"a.*", "a.b", true}, {"a.*", "a.>", false}, {"a.*", "a.b.c", false}, {"a.*", "a.*", true}, {"a.b", "a.*", false},
		{"*.b.>", "a.b.c", true}, {">", "a.b c", true}, {"", "a", false}, {"a", "", true},
	} {
		if got := provision.TakesAll(strings.Fields(tt.have), strings.Fields(tt.want)); got != tt.takes {
			t.Errorf("%q takes all of %q: %t, want %t", tt.have, tt.want, got, tt.takes)
		}
	}
}

func TestConsumer(t *testing.T) {
	worker := jetstream.ConsumerConfig{
		Durable: "worker", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second, MaxDeliver: -1, MaxAckPending: 100, FilterSubject: "queue.a",
	}
	tests := map[string]struct {
		there  func(*jetstream.ConsumerConfig)
		result provision.Result
		set    []provision.Setting
		refuse []string
	}{
		"missing":   {result: provision.Created},
		"as needed": {there: func(*jetstream.ConsumerConfig) {}, result: provision.Found},
		"another ack wait and filter": {
			there:  func(c *jetstream.ConsumerConfig) { c.AckWait, c.FilterSubject = time.Second, "queue.b" },
			result: provision.Updated,
			set:    []provision.Setting{{Name: "ack_wait", Have: "1s", Want: "30s"}, {Name: "filter_subject", Have: "queue.b", Want: "queue.a"}},
		},
		"a longer ack wait and more at a time": {
			there:  func(c *jetstream.ConsumerConfig) { c.AckWait, c.MaxAckPending = time.Minute, 200 },
			result: provision.Found,
		},
		"several filters, and waits for each delivery": {
			there: func(c *jetstream.ConsumerConfig) {
				c.FilterSubject, c.FilterSubjects = "", []string{"queue.a", "queue.b"}
				c.AckWait, c.MaxDeliver, c.BackOff = 0, 5, []time.Duration{30 * time.Second, time.Minute}
			},
			result: provision.Updated,
			set: []provision.Setting{
				{Name: "max_deliver", Have: "5", Want: "-1"},
				{Name: "filter_subject", Have: "[queue.a queue.b]", Want: "queue.a"},
				{Name: "backoff", Have: "[30s 1m0s]", Want: "unset"},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			js := startJetStream(t)
			_, err := js.CreateStream(t.Context(), queue())
			must(t, err)
			if tt.there != nil {
				c := worker
				tt.there(&c)
				_, err := js.CreateConsumer(t.Context(), "QUEUE", c)
				must(t, err)
			}
			got, err := provision.Consumer(t.Context(), js, "QUEUE", worker)
			must(t, err)
			want := provision.Change{Result: tt.result, Kind: "consumer", Stream: "QUEUE", Consumer: "worker", Settings: tt.set}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("change (-want +got):\n%s", d)
			}
			again, err := provision.Consumer(t.Context(), js, "QUEUE", worker)
			must(t, err)
			if again.Result != provision.Found {
				t.Errorf("the same again: %+v", again)
			}
		})
	}
	t.Run("ack policy cannot be changed", func(t *testing.T) {
		t.Parallel()
		js := startJetStream(t)
		c := queue()
		c.Retention = jetstream.LimitsPolicy // a queue has no other policy
		_, err := js.CreateStream(t.Context(), c)
		must(t, err)
		_, err = js.CreateConsumer(t.Context(), "QUEUE", jetstream.ConsumerConfig{Durable: "worker", AckPolicy: jetstream.AckAllPolicy, FilterSubject: "queue.a"})
		must(t, err)
		_, err = provision.Consumer(t.Context(), js, "QUEUE", worker)
		wantRefused(t, err, []string{"update consumer worker of stream QUEUE", "AckAll → AckExplicit", "ack policy can not be updated"})
	})
}

// Several that start at once, as replicas do, get in nobody's way.
func TestAtOnce(t *testing.T) {
	js := startJetStream(t)
	worker := jetstream.ConsumerConfig{Durable: "worker", AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Minute, MaxDeliver: -1, MaxAckPending: 1}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := provision.Stream(t.Context(), js, queue()); err != nil {
				t.Error(err)
			}
			if _, err := provision.Consumer(t.Context(), js, "QUEUE", worker); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// Silence is no judgement: it may be different the next time.
func TestNoAnswer(t *testing.T) {
	js := startJetStream(t)
	js.Conn().Close()
	_, err := provision.Stream(t.Context(), js, queue())
	if _, refused := errors.AsType[*provision.RefusedError](err); refused || !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("without a connection: %v", err)
	}
}

func wantRefused(t *testing.T, err error, parts []string) {
	t.Helper()
	if _, ok := errors.AsType[*provision.RefusedError](err); !ok {
		t.Fatalf("error %v, want a RefusedError", err)
	}
	for _, want := range parts {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func startJetStream(t *testing.T) jetstream.JetStream {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	must(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS server is not ready")
	}
	nc, err := nats.Connect(s.ClientURL())
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	return js
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
