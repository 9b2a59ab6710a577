package pipeline

import (
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// givenBack remembers what this worker gave back on purpose, so that it is not
// taken for the delivery of a worker that died when it comes again. The server
// does not say why a message comes again, and what another worker gave back
// cannot be told.
type givenBack struct {
	mu   sync.Mutex
	seen map[oneDelivery]struct{}
}

// A oneDelivery names one delivery of a message.
type oneDelivery struct {
	stream   string
	sequence uint64
	delivery uint64 // 1 is the first
}

// mostGivenBack bounds the memory; losing it makes some be counted.
const mostGivenBack = 4096

func (g *givenBack) note(meta *jetstream.MsgMetadata) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil || len(g.seen) >= mostGivenBack {
		g.seen = make(map[oneDelivery]struct{})
	}
	g.seen[oneDelivery{meta.Stream, meta.Sequence.Stream, meta.NumDelivered}] = struct{}{}
}

// unasked reports whether a delivery came again though this worker did not give
// it back. A message that was stored less than an ack wait ago was given back
// by somebody: nobody's time for it can be over.
func (g *givenBack) unasked(meta *jetstream.MsgMetadata, ackWait time.Duration, now time.Time) bool {
	if meta.NumDelivered <= 1 {
		return false
	}
	before := oneDelivery{meta.Stream, meta.Sequence.Stream, meta.NumDelivered - 1}
	g.mu.Lock()
	_, mine := g.seen[before]
	delete(g.seen, before)
	g.mu.Unlock()
	return !mine && now.Sub(meta.Timestamp) >= ackWait
}
