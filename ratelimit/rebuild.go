package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

const (
	lockLife   = 15 * time.Second // of the rebuild lock; renewed at a third of it
	mergeBatch = 500              // entries per script, so that Redis is never blocked for long
)

var (
	errNoSource = errors.New("there is no Source to rebuild from; if nothing was spent within the longest window, call Limiter.Fill")
	errFenced   = errors.New("state was lost again, or another replica took over; starting anew")
	errBusy     = errors.New("another replica is rebuilding")
)

// keepState rebuilds the state when it is missing or foreign, until ctx ends.
func (l *Limiter) keepState(ctx context.Context) {
	var retry backoff
	for {
		if err := l.rebuild(ctx, l.cfg.Source); err != nil {
			if !sleep(ctx, retry.next(), nil) {
				return
			}
			continue
		}
		retry.reset()
		select {
		case <-ctx.Done():
			return
		case <-l.lost:
		}
	}
}

// Fill initialises whatever state is missing as if nothing had been spent. It is for a
// limiter without a Source, and for an operator who knows that no call was made within
// the longest window: if some were, the limit will be exceeded. State that is
// there is left alone.
func (l *Limiter) Fill(ctx context.Context) error {
	var retry backoff
	for {
		err := l.rebuild(ctx, nothingSpent{})
		passing := errors.Is(err, errBusy) || errors.Is(err, errFenced)
		if !passing || !sleep(ctx, retry.next(), nil) {
			return err
		}
	}
}

type nothingSpent struct{}

func (nothingSpent) Spent(context.Context, time.Time, func(Spend) error) error { return nil }

// rebuilding is one rebuild under way.
type rebuilding struct {
	l       *Limiter
	a       *agreement
	token   string
	epoch   string
	run     string
	missing []int64 // indexes, from 1, into a.windows
	spends  int
}

// rebuild fills the windows that are not whole from the source. Nobody is granted
// anything from these windows before it has finished: a script refuses a window that
// lacks its first member, and finish is what puts it there.
func (l *Limiter) rebuild(ctx context.Context, source Source) error {
	a, err := l.agreement(ctx)
	if err != nil {
		return err
	}
	if len(a.windows) == 0 {
		return nil
	}
	b := &rebuilding{l: l, token: uuid.NewString()}
	r, err := b.begin(ctx, source == nil)
	if err != nil {
		return err
	}
	if r.code == codeReady {
		l.noteRebuilt(0) // by another replica, if it was missing
		return nil
	}
	l.noteRebuild(r.string(0), nil)
	if err := b.fill(ctx, source, r); err != nil {
		if ctx.Err() == nil {
			l.noteRebuild(r.string(0), err)
		}
		return fmt.Errorf("ratelimit: rebuild %s: %w", l.keys.key("*"), err)
	}
	l.noteRebuilt(b.spends)
	l.each(func(b *Bucket) { b.bell.ring("", time.Time{}) })
	signal(l.outbox.ready)
	return nil
}

// fill does the work between begin and the opening of the windows.
func (b *rebuilding) fill(ctx context.Context, source Source, began reply) error {
	if source == nil {
		return errNoSource
	}
	held, release := b.holdLock(ctx)
	defer release()
	if err := b.restore(held, source, began); err != nil {
		return err
	}
	// The pauses that this replica remembers are restored in the same step.
	args := []any{uuid.NewString()}
	for _, p := range b.l.remembered() {
		args = append(args, p.args()...)
	}
	return b.step(held, finishScript, args...)
}

// step runs a script behind the fence.
func (b *rebuilding) step(ctx context.Context, s *redis.Script, args ...any) error {
	argv := make([]any, 0, 4+len(b.missing)+len(args))
	argv = append(argv, b.token, b.epoch, b.run, len(b.missing))
	for _, i := range b.missing {
		argv = append(argv, i)
	}
	r, err := b.l.run(ctx, s, b.a, AppKey, b.a.windows, append(argv, args...)...)
	if err == nil && r.code != codeOK {
		err = errFenced
	}
	return err
}

// begin finds out what is missing and takes the lock.
func (b *rebuilding) begin(ctx context.Context, look bool) (reply, error) {
	for range 3 {
		a, err := b.l.agreement(ctx)
		if err != nil {
			return reply{}, err
		}
		b.a = a
		r, err := b.l.run(ctx, beginScript, a, AppKey, a.windows, b.token, lockLife.Milliseconds(), boolArg(look))
		if err != nil {
			return reply{}, err
		}
		switch r.code {
		case codeBegin:
			b.epoch, b.run, b.missing = r.string(1), r.string(2), r.list(3)
			return r, nil
		case codeReady:
			return r, nil
		case codeLimits:
			if _, err := b.l.join(ctx); err != nil {
				return reply{}, err
			}
		case codeBusy:
			return r, errBusy
		default:
			return r, fmt.Errorf("begin to rebuild %s: Redis says %s", b.l.keys.key("*"), r.code)
		}
	}
	return reply{}, fmt.Errorf("begin to rebuild %s: the limits keep changing", b.l.keys.key("*"))
}

// holdLock renews the lock in the background. The context it returns ends when the
// lock is lost, release stops the renewals.
func (b *rebuilding) holdLock(ctx context.Context) (held context.Context, release func()) {
	held, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for sleep(held, lockLife/3, nil) {
			renewed, err := renewScript.Run(held, b.l.cfg.Redis, []string{b.l.keys.lock()}, b.token, lockLife.Milliseconds()).Int()
			if err == nil && renewed == 0 {
				cancel(errFenced)
			}
			// After an error the fence in every script decides.
		}
	}()
	return held, func() {
		cancel(nil)
		<-done
		// Let go at once, so that the next attempt need not wait for the lock to expire.
		last, stop := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
		defer stop()
		_ = renewScript.Run(last, b.l.cfg.Redis, []string{b.l.keys.lock()}, b.token, 0).Err()
	}
}

// restore reads the source and merges what it yields into the missing windows.
func (b *rebuilding) restore(ctx context.Context, source Source, began reply) error {
	// An intent may be a hold and a call older than its call, and was stamped by a clock
	// that may be off.
	slack := b.l.cfg.Hold + b.l.cfg.Call + maxGuard + 2*maxSkew
	earlier := began.redis
	if began.now.Before(earlier) {
		earlier = began.now
	}
	since := earlier.Add(-b.a.limits.Longest() - slack)

	batch := make([]any, 0, 3*mergeBatch)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		defer func() { batch = batch[:0] }()
		return b.step(ctx, mergeScript, batch...)
	}
	err := source.Spent(ctx, since, func(s Spend) error {
		if s.ID == "" || strings.HasPrefix(s.ID, "!") {
			return fmt.Errorf("the source yields the id %q; ids are those of holds", s.ID)
		}
		counted := false
		for _, i := range b.missing {
			w := b.a.windows[i-1]
			// The worst case: the clock that stamped it was behind, the hold was spent at
			// its end, and the call took its longest.
			back := s.At.Add(maxSkew + b.l.cfg.Hold + b.l.cfg.Call + w.span())
			if (w.permission != s.Permission && w.permission != AppKey) || back.Before(earlier.Add(-maxSkew)) {
				continue
			}
			counted = true
			batch = append(batch, i, back.UnixMicro(), s.ID)
		}
		if counted {
			b.spends++
		}
		if len(batch) >= 3*mergeBatch {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return errors.Join(context.Cause(ctx), fmt.Errorf("read what was spent since %s: %w", since.UTC().Format(time.RFC3339), err))
	}
	return nil
}
