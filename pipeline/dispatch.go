package pipeline

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/ratelimit"
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

// A token is a hold, and whether it may be one of those kept for urgent work.
type token struct {
	ratelimit.Hold
	urgent bool
}

// A dispatcher runs one lane of one worker: it has work in hand, waits for
// tokens, and starts calls, at most concurrency at a time and one per target.
type dispatcher struct {
	lane        Lane
	proc        *processor
	settler     *settler
	bucket      *ratelimit.Bucket
	health      *health
	concurrency int
	metrics     *metrics
	log         zerolog.Logger

	feeds [ranks]*feed

	mu      sync.Mutex
	ready   [ranks][]*delivery
	arrived uint64
	busy    map[Target]bool
	running int
	spare   []token // unused by the event they were taken for

	changed chan struct{} // something above changed
	calls   sync.WaitGroup
}

func (d *dispatcher) run(ctx, work context.Context) error {
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	var feeding, keeping sync.WaitGroup
	for r, f := range d.feeds {
		feeding.Go(func() { _ = f.run(ctx, func(m jetstream.Msg) { d.take(work, m, f, rank(r)) }) })
		keeping.Go(func() { f.keep(keep) })
	}
	err := untilDone(ctx, d.log, "restore the pause of the lane", func() error {
		return d.proc.ledger.restorePause(ctx, d.lane, d.bucket)
	})
	if err == nil {
		d.loop(ctx, work)
	}
	feeding.Wait()
	d.giveBack() // at once, so that others need not wait for the calls in flight
	d.calls.Wait()
	d.giveBack()
	stop()
	keeping.Wait()
	return ctx.Err()
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
	d.mu.Lock()
	d.arrived++
	d.ready[r] = append(d.ready[r], &delivery{msg: m, feed: f, rank: r, work: w, order: d.arrived})
	d.mu.Unlock()
	wake(d.changed)
}

// loop starts a call whenever there is work, a free slot and a token. It
// returns when ctx ends.
func (d *dispatcher) loop(ctx, work context.Context) {
	for ctx.Err() == nil {
		n, urgent, again := d.startable()
		if n == 0 {
			d.refundSpare()
			d.await(ctx, again)
			continue
		}
		tokens := d.takeSpare(n)
		if len(tokens) == 0 {
			tokens = d.reserve(ctx, n, false)
		}
		if len(tokens) == 0 && urgent > 0 {
			tokens = d.reserve(ctx, urgent, true)
		}
		if len(tokens) == 0 {
			tokens = d.awaitToken(ctx, work, n, urgent)
		}
		for _, t := range tokens {
			d.start(work, t)
		}
	}
}

// reserve takes what tokens there are now.
func (d *dispatcher) reserve(ctx context.Context, n int, urgent bool) []token {
	holds, _, err := d.bucket.Reserve(ctx, n, urgent)
	if err != nil {
		return nil // Acquire waits until Redis is back
	}
	return tokensOf(holds, urgent)
}

func tokensOf(holds []ratelimit.Hold, urgent bool) []token {
	ts := make([]token, len(holds))
	for i, h := range holds {
		ts[i] = token{h, urgent}
	}
	return ts
}

// startable returns how many calls could start now, and how many of them are
// urgent. With none, again says when to look, zero meaning after the next
// change.
func (d *dispatcher) startable() (n, urgent int, again time.Time) {
	allowed, again := d.health.peek()
	d.mu.Lock()
	defer d.mu.Unlock()
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

// await blocks until something changes, a time comes, or ctx ends.
func (d *dispatcher) await(ctx context.Context, until time.Time) {
	var timer <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-d.changed:
	case <-timer:
	case <-ctx.Done():
	}
}

// awaitToken blocks until the bucket gives a token. Meanwhile it looks
// through what is in hand: what needs no call ends now instead of at its
// turn. It returns without a token when there is nothing left to send, when
// urgent work came that may take what normal work may not, or when ctx ends.
func (d *dispatcher) awaitToken(ctx, work context.Context, n, urgent int) []token {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	if urgent > 0 {
		n = urgent
	}
	got := make(chan []token, 1)
	go func() {
		holds, _ := d.bucket.Acquire(waiting, n, urgent > 0) // fails only when its context ends
		got <- tokensOf(holds, urgent > 0)
	}()
	for {
		select {
		case tokens := <-got:
			return tokens
		default:
		}
		if x := d.unscreened(); x != nil {
			d.screen(work, x)
			continue
		}
		if n, u, _ := d.startable(); n == 0 || (u > 0) != (urgent > 0) {
			cancel()
			return <-got
		}
		select {
		case tokens := <-got:
			return tokens
		case <-d.changed:
		}
	}
}

// unscreened returns the next delivery that was not looked at, and marks its
// target busy.
func (d *dispatcher) unscreened() *delivery {
	return d.pick(false, func(x *delivery) bool { return !x.screened })
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

// screen looks at a delivery without a token.
func (d *dispatcher) screen(work context.Context, x *delivery) {
	o := d.proc.screen(work, x.work)
	if o == nil {
		x.screened = true
		o = &Outcome{Next: Hold}
	} else {
		d.settler.settle(work, x, *o)
		d.report(x, *o)
	}
	d.putBack(x, *o)
}

// start begins the best event in hand that may have the token.
func (d *dispatcher) start(work context.Context, t token) {
	permit, ok, _ := d.health.allow()
	if !ok {
		d.keepSpare(t)
		return
	}
	probe := permit.probe != 0 || t.Probe
	x := d.pick(probe, func(x *delivery) bool { return !t.urgent || x.work.Priority == Urgent })
	if x == nil {
		d.health.end(permit)
		d.keepSpare(t)
		return
	}
	d.mu.Lock()
	d.running++
	x.tried = time.Now()
	d.mu.Unlock()
	d.calls.Go(func() {
		o := d.proc.process(work, x.work, t.Hold)
		d.health.end(permit)
		if o.Unused {
			d.keepSpare(t)
		}
		d.mu.Lock()
		d.running--
		d.mu.Unlock()
		wake(d.changed) // the slot is free: the next call need not wait for what is told of this one
		d.settler.settle(work, x, o)
		d.report(x, o)
		d.putBack(x, o)
	})
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
	if o.Next != Hold {
		x.feed.release(x.msg)
	}
	wake(d.changed)
}

// report writes the one line and the metrics of a handled delivery.
func (d *dispatcher) report(x *delivery, o Outcome) {
	d.metrics.handled(d.lane, o)
	ev := d.log.Info()
	if o.Err != nil {
		ev = d.log.Warn().Str("error", excerpt(o.Err.Error(), 500))
	}
	if o.Sent != nil && o.Sent.ID != x.work.ID {
		ev = ev.Str("sent", o.Sent.ID)
	}
	if o.Call != nil {
		ev = ev.Int("http_status", o.Call.HTTPStatus).Int64("call_ms", o.Call.DurationMS)
	}
	for _, f := range o.Finals {
		if f.Work.ID == x.work.ID {
			ev = ev.Str("result", string(f.Data.Result)).Int("attempts", f.Data.Attempts)
		}
	}
	if o.Next == Park {
		ev = ev.Time("again", o.At)
	}
	ev.Str("id", x.work.ID).Str("lane", string(d.lane)).Str("target", string(x.work.Target.Kind)).
		Str("class", string(o.Class)).Dur("waited", time.Since(x.work.AdmittedAt)).Msg("handled")
}

// spareTime is how much of a hold's life must be left for another event.
const spareTime = 3 * time.Second

// keepSpare keeps an unused token for the next event.
func (d *dispatcher) keepSpare(t token) {
	if !d.bucket.Limited() {
		if t.Probe {
			d.bucket.Refund(t.Hold) // else its right to probe stays taken
		}
		return
	}
	d.mu.Lock()
	d.spare = append(d.spare, t)
	d.mu.Unlock()
	wake(d.changed)
}

// takeSpare returns up to n spare tokens that any event may have and that are
// still good. All others go back, to be taken again by whoever may.
func (d *dispatcher) takeSpare(n int) []token {
	d.mu.Lock()
	defer d.mu.Unlock()
	var good, rest []token
	for _, t := range d.spare {
		if len(good) < n && !t.urgent && time.Until(t.Expires) > spareTime {
			good = append(good, t)
		} else {
			rest = append(rest, t)
		}
	}
	d.spare = rest
	d.refundLocked()
	return good
}

// refundSpare gives all spare tokens back: nothing here can use them.
func (d *dispatcher) refundSpare() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refundLocked()
}

func (d *dispatcher) refundLocked() {
	for _, t := range d.spare {
		d.bucket.Refund(t.Hold)
	}
	d.spare = nil
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
