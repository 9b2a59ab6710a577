package ratelimit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Hold is a reserved token: the right to make one call, if Spend agrees in time.
type Hold struct {
	ID      string    // unique to this attempt; the ID of the intent to record
	Expires time.Time // by the clock of this process; Spend refuses from then on. Zero: only Redis decides
	Probe   bool      // the one call allowed after a pause with Probe: Resume when it succeeds, Pause again when not
}

// Bucket grants the calls of one permission. It is safe for concurrent use.
type Bucket struct {
	l          *Limiter
	permission string
	bell       bell
	line       line

	cacheMu sync.Mutex // guards cache; held while it is being filled
	cache   pauseCache
}

func newBucket(l *Limiter, permission string) *Bucket {
	return &Bucket{l: l, permission: permission, line: newLine()}
}

// Limited tells whether any window applies, by this limiter's own configuration
// until Redis has first been asked. Unlimited buckets still obey pauses.
func (b *Bucket) Limited() bool {
	if a := b.l.agreed.Load(); a != nil {
		return len(a.draws(b.permission)) > 0
	}
	return len(b.l.cfg.Limits[b.permission]) > 0 || len(b.l.cfg.Limits[AppKey]) > 0
}

// Reserve asks for up to n holds and never blocks for a token. It may return
// fewer than n; with none, Wait says until when and why. It is one round trip
// to Redis, two when the first reply was lost. After an error nothing is held.
func (b *Bucket) Reserve(ctx context.Context, n int, urgent bool) ([]Hold, Wait, error) {
	if n < 1 {
		return nil, Wait{}, fmt.Errorf("ratelimit: reserve %s: %d holds; ask for 1 or more", b.permission, n)
	}
	holds, wait, err := b.try(ctx, min(n, maxBatch), urgent)
	if err != nil {
		err = fmt.Errorf("ratelimit: reserve %s: %w", b.permission, err)
	}
	return holds, wait, err
}

// try asks for holds: the script if there are windows, else the pauses alone.
func (b *Bucket) try(ctx context.Context, n int, urgent bool) ([]Hold, Wait, error) {
	a, err := b.l.agreement(ctx)
	if err != nil {
		return nil, Wait{}, err
	}
	if len(a.draws(b.permission)) > 0 {
		return b.reserve(ctx, n, urgent)
	}
	switch p, err := b.pauseState(ctx, a); {
	case err != nil:
		return nil, Wait{}, err
	case p.changed || p.halfOpen:
		// The limits have changed, or a probe must be granted to one caller alone:
		// both need the script.
		return b.reserve(ctx, n, urgent)
	case p.wait.Reason != "":
		return nil, p.wait, nil
	}
	return b.holds(newIDs(n), b.l.cfg.Now(), false), Wait{}, nil
}

// reserve asks the script.
func (b *Bucket) reserve(ctx context.Context, n int, urgent bool) ([]Hold, Wait, error) {
	l, now, ids := b.l, b.l.cfg.Now(), newIDs(n)
	args := make([]any, 0, 2+n)
	args = append(args, boolArg(urgent), l.cfg.Hold.Microseconds())
	for _, id := range ids {
		args = append(args, id)
	}
	r, err := l.ask(ctx, reserveScript, b.permission, args...)
	if unanswered(err) && ctx.Err() == nil {
		// Perhaps only the reply was lost. The same ids get the same answer.
		r, err = l.ask(ctx, reserveScript, b.permission, args...)
	}
	if err != nil {
		if unanswered(err) {
			b.refund(ids...) // whatever may have been taken
		}
		return nil, Wait{}, err
	}
	if r.code != codeOK {
		return nil, b.wait(r), nil
	}
	granted, probe := min(int(r.int(0)), n), r.int(1) == 1
	l.forgetPause(b.permission, probe)
	return b.holds(ids[:granted], now, probe), Wait{}, nil
}

// Spend turns holds into calls, right before they are made. Where the answer is
// false, or on an error, the call must not be made; the hold is then over and
// its token on its way back. An error means that Redis could not be asked. Where it
// is true the call must have reached the server within Config.Call.
func (b *Bucket) Spend(ctx context.Context, holds ...Hold) ([]bool, error) {
	ok := make([]bool, len(holds))
	now := b.l.cfg.Now()
	var live []int // indexes of holds still worth asking for
	for i, h := range holds {
		if !h.Expires.IsZero() && !now.Before(h.Expires) {
			b.Refund(h)
			continue
		}
		live = append(live, i)
	}
	a, err := b.l.agreement(ctx)
	if err != nil {
		b.giveUp(holds, live)
		return ok, fmt.Errorf("ratelimit: spend %d holds of %s: %w", len(live), b.permission, err)
	}
	if len(a.draws(b.permission)) == 0 && !anyProbe(holds) {
		p, err := b.pauseState(ctx, a)
		if err != nil {
			return ok, fmt.Errorf("ratelimit: spend %d holds of %s: %w", len(live), b.permission, err)
		}
		if !p.changed {
			for _, i := range live {
				ok[i] = p.wait.Reason == "" && !p.halfOpen
			}
			return ok, nil
		}
	}
	for len(live) > 0 {
		batch := live[:min(len(live), maxBatch)]
		if err := b.spend(ctx, holds, batch, ok); err != nil {
			b.giveUp(holds, live)
			return ok, fmt.Errorf("ratelimit: spend %d holds of %s: %w", len(live), b.permission, err)
		}
		live = live[len(batch):]
	}
	return ok, nil
}

// spend asks the script about one batch of holds and notes the answers in ok.
func (b *Bucket) spend(ctx context.Context, holds []Hold, batch []int, ok []bool) error {
	args := make([]any, 0, 1+len(batch))
	args = append(args, b.l.cfg.Call.Microseconds())
	for _, i := range batch {
		args = append(args, holds[i].ID)
	}
	r, err := b.l.ask(ctx, spendScript, b.permission, args...)
	if err != nil {
		return err
	}
	switch r.code {
	case codeOK:
		flags := r.list(0)
		for j, i := range batch {
			ok[i] = j < len(flags) && flags[j] == 1
		}
	case codePaused:
		b.l.rememberPause(pauseRecord{scope: r.string(2), until: r.int(0), probe: r.int(1) == 1, reason: r.string(3)})
	default: // the state is lost or the limits keep changing: the token may still be there later
		b.giveUp(holds, batch)
	}
	return nil
}

// Commit tells that the call of a spent hold can no longer reach the server: at is
// the moment the answer came, or a later one. The exact return date replaces the
// worst case. When it is not known whether the request is still under way, do not
// Commit; the worst case stands. A zero at means now. Commit only queues; Run
// delivers, when Redis is there.
func (b *Bucket) Commit(hold Hold, at time.Time) {
	if b.unlimited() && !hold.Probe {
		return
	}
	if at.IsZero() { // no date: count from now, the latest it can have been
		at = b.l.cfg.Now()
	}
	b.l.outbox.add(settlement{permission: b.permission, id: hold.ID, at: at})
}

// Refund returns the tokens of calls that provably never left: not spent, or a
// dial error, or cancelled before anything was written. It queues like Commit.
func (b *Bucket) Refund(holds ...Hold) {
	for _, h := range holds {
		if !b.unlimited() || h.Probe {
			b.refund(h.ID)
		}
	}
}

func (b *Bucket) refund(ids ...string) {
	queue := make([]settlement, len(ids))
	for i, id := range ids {
		queue[i] = settlement{permission: b.permission, id: id}
	}
	b.l.outbox.add(queue...)
}

// giveUp refunds the holds at the given indexes: Spend may have booked them and
// nobody will make their calls.
func (b *Bucket) giveUp(holds []Hold, indexes []int) {
	for _, i := range indexes {
		b.refund(holds[i].ID)
	}
}

// unlimited is Limited without the benefit of the doubt: false until Redis was asked.
func (b *Bucket) unlimited() bool {
	a := b.l.agreed.Load()
	return a != nil && len(a.draws(b.permission)) == 0
}

// holds wraps granted ids. Their life starts when they were asked for, not when the
// answer came.
func (b *Bucket) holds(ids []string, asked time.Time, probe bool) []Hold {
	holds := make([]Hold, len(ids))
	for i, id := range ids {
		holds[i] = Hold{ID: id, Expires: asked.Add(b.l.cfg.Hold), Probe: probe}
	}
	return holds
}

// newIDs returns fresh ids. Reusing one, say that of an event that is
// delivered twice, would pay for two calls with one token.
func newIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	return ids
}

func anyProbe(holds []Hold) bool {
	for _, h := range holds {
		if h.Probe {
			return true
		}
	}
	return false
}
