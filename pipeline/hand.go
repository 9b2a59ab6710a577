package pipeline

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// rank orders the work of a lane: what has the lowest leaves first.
type rank int

const (
	rankRetry rank = iota
	rankUrgent
	rankNormal
	ranks
)

// A delivery is one message in hand.
type delivery struct {
	msg      jetstream.Msg
	feed     *feed
	rank     rank
	work     *Work
	order    uint64    // of arrival here; rows are sorted by it
	screened bool      // looked at without a token, and found to need one
	tried    time.Time // when it was last begun; a probe takes what was tried longest ago
	rest     time.Time // not to be begun before
	suspect  bool      // its last call stopped the lane; others go first
}

// take puts a message at the end of its row.
func (d *dispatcher) take(work context.Context, m jetstream.Msg, f *feed, r rank) {
	w, err := decodeWork(m.Data())
	if err != nil {
		d.calls.Go(func() {
			d.settler.unreadable(work, m, d.lane, err)
			f.release(m)
		})
		return
	}
	d.metrics.delivered(d.lane, m, f.ackWait)
	d.mu.Lock()
	d.arrived++
	d.ready[r] = append(d.ready[r], &delivery{msg: m, feed: f, rank: r, work: w, order: d.arrived})
	d.mu.Unlock()
	wake(d.changed)
}

// startable returns how many calls could start now, and how many of them are
// urgent. With none, again says when to look, zero meaning after the next
// change.
func (d *dispatcher) startable() (n, urgent int, again time.Time) {
	allowed, again := d.health.peek()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.health.watch(d.running > 0 || slices.ContainsFunc(d.ready[:], func(row []*delivery) bool { return len(row) > 0 }))
	free := min(d.concurrency-d.running, allowed)
	if free <= 0 {
		return 0, 0, again
	}
	now := time.Now()
	seen := make(map[Target]bool, free)
	for _, row := range d.ready {
		for _, x := range row {
			switch {
			case d.busy[x.work.Target] || seen[x.work.Target]:
				continue
			case now.Before(x.rest):
				if again.IsZero() || x.rest.Before(again) {
					again = x.rest
				}
				continue
			}
			seen[x.work.Target] = true
			n++
			if x.work.Priority == Urgent {
				urgent++
			}
		}
	}
	return min(n, free), min(urgent, free), again
}

// pick takes the first delivery in order that is wanted, rested and whose
// target is free out of its row, and marks the target busy. A probe takes the
// one that was tried longest ago instead: if one event is the trouble, the
// next probe must not be the same event.
func (d *dispatcher) pick(probe bool, want func(*delivery) bool) *delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	var best *delivery
	for _, row := range d.ready {
		for _, x := range row {
			if d.busy[x.work.Target] || now.Before(x.rest) || !want(x) {
				continue
			}
			switch {
			case best == nil,
				probe && x.tried.Before(best.tried),
				!probe && best.suspect && !x.suspect:
				best = x
			}
		}
	}
	if best == nil {
		return nil
	}
	row := d.ready[best.rank]
	i := slices.Index(row, best)
	d.ready[best.rank] = slices.Delete(row, i, i+1)
	d.busy[best.work.Target] = true
	return best
}

// putBack frees the target; the delivery returns to its place in its row, or
// leaves the hand.
func (d *dispatcher) putBack(x *delivery, o Outcome) {
	d.mu.Lock()
	delete(d.busy, x.work.Target)
	if o.Next == Hold {
		x.rest, x.suspect = o.At, o.Class == ClassAuth || o.Class == ClassForbidden
		row := d.ready[x.rank]
		i, _ := slices.BinarySearchFunc(row, x, func(a, b *delivery) int { return cmp.Compare(a.order, b.order) })
		d.ready[x.rank] = slices.Insert(row, i, x)
	}
	d.mu.Unlock()
	if o.Next == Later {
		d.metrics.gaveBack(x.msg)
	}
	if o.Next != Hold {
		x.feed.release(x.msg)
	}
	wake(d.changed)
}

// giveBack returns what is in hand, so that another worker has it at once.
func (d *dispatcher) giveBack() {
	d.refundSpare()
	d.mu.Lock()
	defer d.mu.Unlock()
	for r, row := range d.ready {
		for _, x := range row {
			// With a delay, since only then does a server that restarts
			// remember that the message was given back.
			_ = x.msg.NakWithDelay(time.Millisecond) // it comes again after the ack wait anyway
			x.feed.release(x.msg)
		}
		d.ready[r] = nil
	}
}

// inHand returns how many deliveries wait here and how many are under way.
func (d *dispatcher) inHand() (ready, running int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, row := range d.ready {
		ready += len(row)
	}
	return ready, d.running
}

// mostInHand is how many deliveries of a row a worker has in hand at least:
// enough that a few events in trouble do not hide the others from a probe.
const mostInHand = 32
