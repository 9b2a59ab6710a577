package pipeline

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

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
	spans       *spans
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

// unscreened returns the next delivery that was not looked at, and marks its
// target busy.
func (d *dispatcher) unscreened() *delivery {
	return d.pick(false, func(x *delivery) bool { return !x.screened })
}

// screen looks at a delivery without a token.
func (d *dispatcher) screen(work context.Context, x *delivery) {
	o := d.proc.screen(work, x.work)
	if o == nil {
		x.screened = true
		o = &Outcome{Next: Hold}
	} else {
		d.settle(work, x, *o)
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
		switch {
		case o.Unused && o.Ahead && t.Probe: // what is asked ahead may be the probe
			d.bucket.Refund(t.Hold)
		case o.Unused:
			d.keepSpare(t)
		}
		if o.Ahead { // still under the permit: a probe is one at a time
			if o = d.proc.ahead(work, x.work); o.Next == Hold && o.Err == nil {
				x.tried = time.Time{} // its call comes next, or what was found out gets old
			}
		}
		d.health.end(permit)
		// What stays in hand is back in its place before another may start,
		// or the order would change. All else is told after that: the next
		// call need not wait for it.
		held := o.Next == Hold && len(o.Finals) == 0
		if held {
			d.putBack(x, o)
		}
		d.mu.Lock()
		d.running--
		d.mu.Unlock()
		wake(d.changed)
		if !held {
			d.settle(work, x, o)
		}
		d.report(x, o)
		if !held {
			d.putBack(x, o)
		}
	})
}

func (d *dispatcher) settle(work context.Context, x *delivery, o Outcome) {
	end := d.spans.settle(x.work, o)
	d.settler.settle(work, x, o)
	end()
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
