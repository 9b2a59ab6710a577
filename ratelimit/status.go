package ratelimit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// Status is the state of one window, or of a paused permission that has none.
type Status struct {
	Permission string        // AppKey for the windows of the whole application
	Window     time.Duration // 0: a paused permission without a window
	Limit      int
	Reserve    int  // tokens of Limit that only urgent work may take
	Known      bool // false while the state is missing or the clocks are apart: counts are zero and nothing is granted
	Spent      int  // calls that left, or may have left, within the window
	Held       int  // reserved and not yet spent
	Free       int  // for urgent work; other work may take Free-Reserve

	NextReturn time.Time   // the first of Returns; zero when nothing is spent
	Returns    []time.Time // when the spent tokens come back, earliest first

	PausedUntil time.Time // zero: not paused; in the past when HalfOpen
	PauseReason string
	HalfOpen    bool // the pause has passed, and a probe must succeed before all may go
}

// Status returns one entry per window and one per paused permission without a
// window, sorted by permission, "app" last, then by window. It is a picture for
// people: the windows are read one after the other.
func (l *Limiter) Status(ctx context.Context) ([]Status, error) {
	look := &rebuilding{l: l, token: uuid.NewString()}
	began, err := look.begin(ctx, true)
	if err != nil && began.code == "" {
		return nil, fmt.Errorf("ratelimit: status: %w", err)
	}
	closed := err != nil // the script refused to look, as it does to grant anything
	a, err := l.agreement(ctx)
	if err != nil {
		return nil, fmt.Errorf("ratelimit: status: %w", err)
	}
	if look.a != nil {
		a = look.a // what the indexes in look.missing are about
	}

	pipe := l.cfg.Redis.Pipeline()
	meta := pipe.HGetAll(ctx, l.keys.meta())
	members := make([]*redis.ZSliceCmd, len(a.windows))
	for i, w := range a.windows {
		members[i] = pipe.ZRangeWithScores(ctx, w.key, 0, -1)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("ratelimit: status: %w", l.redisError(ctx, err))
	}

	now := l.cfg.Now()
	var list []Status
	for i, w := range a.windows {
		s := Status{Permission: w.permission, Window: w.Every, Limit: w.Limit, Reserve: w.Reserve}
		if s.Known = !closed && !slices.Contains(look.missing, int64(i+1)); s.Known {
			s.count(members[i].Val(), now)
		}
		list = append(list, s)
	}
	for field, value := range meta.Val() {
		scope, found := strings.CutPrefix(field, "pause:")
		if !found {
			continue
		}
		p, err := parsePause(scope, value)
		if err != nil {
			return nil, fmt.Errorf("ratelimit: status: %w", err)
		}
		list = addPause(list, p, now)
	}
	slices.SortFunc(list, func(x, y Status) int {
		return cmp.Or(
			cmp.Compare(boolArg(x.Permission == AppKey), boolArg(y.Permission == AppKey)),
			cmp.Compare(x.Permission, y.Permission),
			cmp.Compare(x.Window, y.Window))
	})
	return list, nil
}

// Limits returns the limits that are followed: those of the configuration until
// Redis has answered once, then the strictest of all running limiters of the
// application. The caller may keep the result.
func (l *Limiter) Limits() Limits {
	if a := l.agreed.Load(); a != nil {
		return a.limits.clone()
	}
	return l.cfg.Limits.clone()
}

func (l Limits) clone() Limits {
	c := make(Limits, len(l))
	for permission, windows := range l {
		c[permission] = slices.Clone(windows)
	}
	return c
}

// Closed says why nothing is granted, as this limiter saw it last: Redis does not
// answer, the clocks are apart, or the state is being rebuilt. It is nil while
// tokens may be taken, and asks nobody.
func (l *Limiter) Closed() error {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	switch {
	case l.health.redisLost:
		return errRedisLost
	case l.health.clockOff:
		return errClockOff
	case l.health.rebuilding:
		return errRebuilding
	}
	return nil
}

var (
	errRedisLost  = errors.New("ratelimit: Redis does not answer")
	errClockOff   = fmt.Errorf("ratelimit: the clock of this process and that of Redis are more than %s apart; set both", maxSkew)
	errRebuilding = errors.New("ratelimit: the state is missing and being rebuilt")
)

// count fills in the counts from the members of the window, in order of their score.
func (s *Status) count(members []redis.Z, now time.Time) {
	for _, m := range members {
		score := int64(m.Score)
		back := time.UnixMicro(score)
		switch {
		case score < 0 || !back.After(now): // the first member, and what has come back
		case score%2 != 0:
			s.Held++
		default:
			s.Spent++
			s.Returns = append(s.Returns, back)
		}
	}
	s.Free = max(0, s.Limit-s.Spent-s.Held)
	if len(s.Returns) > 0 {
		s.NextReturn = s.Returns[0]
	}
}

// addPause notes a pause on the windows of its scope, or in an entry of its own.
func addPause(list []Status, p pauseRecord, now time.Time) []Status {
	until := time.UnixMicro(p.until)
	over := !now.Before(until)
	if over && !p.probe {
		return list
	}
	found := false
	for i := range list {
		if list[i].Permission == p.scope {
			found = true
			list[i].PausedUntil, list[i].PauseReason, list[i].HalfOpen = until, p.reason, over
		}
	}
	if !found {
		list = append(list, Status{Permission: p.scope, Known: true, PausedUntil: until, PauseReason: p.reason, HalfOpen: over})
	}
	return list
}
