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
