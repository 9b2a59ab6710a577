package pipeline

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Only what may be the delivery of a worker that died is counted.
func TestUnaskedRedelivery(t *testing.T) {
	const wait = 30 * time.Second
	delivery := func(sequence, n uint64, age time.Duration) *jetstream.MsgMetadata {
		return &jetstream.MsgMetadata{Stream: "S", Sequence: jetstream.SequencePair{Stream: sequence}, NumDelivered: n, Timestamp: noon.Add(-age)}
	}
	for name, tt := range map[string]struct {
		given *jetstream.MsgMetadata // back, before
		got   *jetstream.MsgMetadata
		want  bool
	}{
		"the first":  {nil, delivery(1, 1, time.Hour), false},
		"the second": {nil, delivery(1, 2, time.Hour), true},
		"the second, before any wait can be over": {nil, delivery(1, 2, wait-time.Nanosecond), false},
		"the second, when one can be over":        {nil, delivery(1, 2, wait), true},
		"given back here":                         {delivery(1, 1, time.Hour), delivery(1, 2, time.Hour), false},
		"given back here, an earlier time":        {delivery(1, 1, time.Hour), delivery(1, 3, time.Hour), true},
		"another one given back":                  {delivery(2, 1, time.Hour), delivery(1, 2, time.Hour), true},
	} {
		var g givenBack
		if tt.given != nil {
			g.note(tt.given)
		}
		if got := g.unasked(tt.got, wait, noon); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
	var g givenBack
	for i := range uint64(3 * mostGivenBack) {
		g.note(delivery(i, 1, 0))
		if len(g.seen) > mostGivenBack {
			t.Fatalf("%d are remembered, want at most %d", len(g.seen), mostGivenBack)
		}
	}
}

// An event that a worker gives back as it stops comes again at once, and is not
// taken for one of a worker that died.
func TestGivenBackIsNotRedelivered(t *testing.T) {
	t.Parallel()
	l := newLab(t, kenartest.Config{})
	limited := func(reg *prometheus.Registry) func(*settings) {
		return func(s *settings) { s.limits, s.cfg.Registry = "ADD_ON_CREATE=1/1h", reg }
	}
	first, second := prometheus.NewRegistry(), prometheus.NewRegistry()
	w, stop := l.worker(limited(first))
	must(t, w.cfg.Limiter.Bucket(string(PostCreate)).Pause(t.Context(), testPause()))
	inHand := func(reg *prometheus.Registry) func() bool {
		return func() bool {
			return scrape(t, reg, "deliveries_in_hand")[`deliveries_in_hand{lane="ADD_ON_CREATE"}`] == 1
		}
	}
	l.publish(attach("a", "post/P1", "one"))
	l.eventually("it is in hand", inHand(first))
	stop()
	l.worker(limited(second))
	l.eventually("it is in the next one's hand", inHand(second))
	for _, reg := range []*prometheus.Registry{first, second} {
		if got := moved(scrape(t, reg, "deliveries_redelivered_total")); len(got) != 0 {
			t.Errorf("counted: %v", got)
		}
	}
}
