package pipeline

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// What a queue holds and this version cannot read, such as work of a newer one
// or what somebody else put there, ends as a dead letter with all of it. The
// work behind it leaves, and nothing is called for it.
func TestUnreadableWork(t *testing.T) {
	t.Parallel()
	target := Target{Kind: KindPost, Key: "P1"}
	for _, tt := range []struct {
		name, subject, data string
		stream              string
		because             string
	}{
		{"not JSON", PostCreate.workSubject(Normal, target), "\x00work", PostCreate.Stream(Normal), "invalid character"},
		{"of another form", PostCreate.workSubject(Urgent, target), `{"v":2,"work":{"id":"e1"}}`, PostCreate.Stream(Urgent), "id, target or operation is missing"},
		{"empty", PostCreate.workSubject(Normal, target), "", PostCreate.Stream(Normal), "unexpected end"},
		{"a retry that is due", dueSubjectPrefix + string(PostCreate) + "." + target.subject(), `[]`, RetryStream, "cannot unmarshal array"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kenartest.Config{})
			l.publishRaw(tt.subject, "", []byte(tt.data))
			l.worker(nil)
			l.publish(attach("behind", "post/P1", "one"))
			if got := l.final("behind"); got.Result != ResultAccepted {
				t.Errorf("the event behind it ended %+v", got)
			}
			l.drained()

			id := tt.stream + ":1"
			got, ok := l.dead()[id]
			if !ok {
				t.Fatalf("dead letters %+v, want one of %s", l.dead(), id)
			}
			want := DeadData{Lane: PostCreate, Reason: Reason{Code: InvalidEvent}, Attempts: []Attempt{}}
			ignored := []cmp.Option{cmpopts.IgnoreFields(DeadData{}, "Event"), cmpopts.IgnoreFields(Reason{}, "Message")}
			if diff := cmp.Diff(want, got, ignored...); diff != "" {
				t.Errorf("dead letter -want +got:\n%s", diff)
			}
			if !strings.HasPrefix(got.Reason.Message, "read queued work: ") || !strings.Contains(got.Reason.Message, tt.because) {
				t.Errorf("reason %q, want %q in it", got.Reason.Message, tt.because)
			}
			var b Blob
			must(t, json.Unmarshal(got.Event, &b))
			if kept, err := base64.StdEncoding.DecodeString(b.Base64); err != nil || string(kept) != tt.data || b.Size != len(tt.data) || b.Truncated {
				t.Errorf("the letter keeps %q of %+v (%v), want %q", kept, b, err, tt.data)
			}
			if n := l.kenar.Count(); n != 1 {
				t.Errorf("%d calls, want that of the event behind it alone", n)
			}
			if told := l.told(); !cmp.Equal(told, []string{"behind"}) {
				t.Errorf("outcomes of %q; nobody can say whose the unreadable work was", told)
			}
		})
	}
}

// A worker that dies after the letter and before the acknowledgement has its
// work done once more, and the letter is there once.
func TestUnreadableWorkIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	l.publishRaw(PostCreate.workSubject(Normal, Target{Kind: KindPost, Key: "P1"}), "", []byte("?"))
	cons, err := l.js.Consumer(t.Context(), PostCreate.Stream(Normal), dispatchConsumer)
	must(t, err)
	m, err := cons.Next(jetstream.FetchMaxWait(10 * time.Second))
	must(t, err)
	dying, die := context.WithCancel(t.Context())
	defer die()
	m0, err := newMetrics(prometheus.NewRegistry())
	must(t, err)
	s := &settler{js: l.js, dead: deadLetters{l.js, "test", m0}, now: time.Now, log: zerolog.Nop(), step: func(string) {}}
	s.unreadable(dying, lostAck{m, die}, PostCreate, errors.New("read queued work: for the test"))
	if n := len(l.dead()); n != 1 {
		t.Fatalf("%d dead letters before the acknowledgement, want 1", n)
	}
	must(t, m.NakWithDelay(time.Millisecond)) // instead of waiting for the ack wait

	l.worker(nil)
	l.drained()
	if n := len(l.dead()); n != 1 {
		t.Errorf("%d dead letters, want 1", n)
	}
}

// A lostAck is a message whose worker dies acknowledging it.
type lostAck struct {
	jetstream.Msg
	die func()
}

func (m lostAck) DoubleAck(context.Context) error {
	m.die()
	return context.Canceled
}

// told returns the ids of the events that have an outcome, in order.
func (l *lab) told() []string {
	l.t.Helper()
	var ids []string
	must(l.t, l.client.Outcomes(l.t.Context(), nil, false, func(e OutcomeEvent) error {
		ids = append(ids, e.Data.EventID)
		return nil
	}))
	return slices.Compact(ids)
}
