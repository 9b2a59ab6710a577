package ratelimit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// A limiter announces its limits every announceEvery; one that has been silent for
	// announceLife no longer counts.
	announceEvery = time.Minute
	announceLife  = 3 * time.Minute
)

// agreement is what all running limiters of the application follow.
type agreement struct {
	limits  Limits
	text    string // as written by the join script, compared by all others
	windows []window
	life    time.Duration // of the keys in Redis
}

// limitsText writes limits for the join script: "<permission>/<µs>=<limit>:<reserve>;".
func limitsText(l Limits) string {
	var b strings.Builder
	for _, permission := range l.permissions() {
		for _, w := range l[permission] {
			fmt.Fprintf(&b, "%s/%d=%d:%d;", permission, w.Every.Microseconds(), w.Limit, w.Reserve)
		}
	}
	return b.String()
}

// newAgreement reads what the join script answered.
func newAgreement(text string, k keys) (*agreement, error) {
	a := &agreement{limits: Limits{}, text: text}
	for entry := range strings.SplitSeq(strings.TrimSuffix(text, ";"), ";") {
		if entry == "" {
			continue
		}
		name, counts, _ := strings.Cut(entry, "=")
		permission, every, _ := strings.Cut(name, "/")
		w := window{permission: permission, name: name, key: k.window(name)}
		var micros int64
		if _, err := fmt.Sscanf(every+" "+counts, "%d %d:%d", &micros, &w.Limit, &w.Reserve); err != nil {
			return nil, fmt.Errorf("limits %q in %s: %w; is another program using these keys?", entry, k.meta(), err)
		}
		w.Every = time.Duration(micros) * time.Microsecond
		a.limits[permission] = append(a.limits[permission], w.Window)
		a.windows = append(a.windows, w)
	}
	// A day at least, so that pauses and the register outlive any restart.
	a.life = max(2*a.limits.Longest(), 24*time.Hour)
	return a, nil
}

// draws returns the windows that a permission draws on, its own first.
func (a *agreement) draws(permission string) []window {
	var own, app []window
	for _, w := range a.windows {
		switch w.permission {
		case permission:
			own = append(own, w)
		case AppKey:
			app = append(app, w)
		}
	}
	return slices.Concat(own, app)
}

// agreement returns what is followed, after asking Redis the first time.
func (l *Limiter) agreement(ctx context.Context) (*agreement, error) {
	if a := l.agreed.Load(); a != nil {
		return a, nil
	}
	return l.join(ctx)
}

// join announces the limits of this limiter and learns what is followed.
func (l *Limiter) join(ctx context.Context) (*agreement, error) {
	l.joinMu.Lock()
	defer l.joinMu.Unlock()

	own := limitsText(l.cfg.Limits)
	r, err := l.announce(ctx, own)
	if err != nil {
		return nil, err
	}
	differ, birth := r.int(1) == 1, r.string(2)
	old := l.agreed.Load()
	a, err := newAgreement(r.string(0), l.keys)
	if err != nil {
		return nil, err
	}
	if l.birth != "" && l.birth != birth {
		if err := l.restorePauses(ctx, a); err != nil {
			return nil, err
		}
	}
	l.birth = birth
	changed := old == nil || old.text != a.text
	if changed {
		l.agreed.Store(a)
	}
	if l.health.change(&l.health.differ, differ) || (differ && changed) {
		kind := LimitsAgree
		if differ {
			kind = LimitsDiffer
		}
		l.notify(Event{Kind: kind, Limits: a.limits})
	}
	if changed && old != nil {
		l.each(func(b *Bucket) {
			b.dropCache()
			b.bell.ring("", time.Time{})
		})
	}
	return a, nil
}

// leave withdraws the announcement, so that limits raised elsewhere apply at once.
func (l *Limiter) leave(ctx context.Context) error {
	l.joinMu.Lock()
	defer l.joinMu.Unlock()
	_, err := l.announce(ctx, "-")
	return err
}

func (l *Limiter) announce(ctx context.Context, text string) (reply, error) {
	life := max(2*l.cfg.Limits.Longest(), 24*time.Hour)
	answer, err := joinScript.Run(ctx, l.cfg.Redis, []string{l.keys.meta(), l.keys.register()},
		l.id, text, announceLife.Microseconds(), l.keys.hints(), life.Milliseconds()).Slice()
	if err != nil {
		return reply{}, l.redisError(ctx, err)
	}
	l.noteRedis(nil)
	return reply{more: answer}, nil
}

// restorePauses repeats the pauses this replica remembers, after Redis lost everything.
func (l *Limiter) restorePauses(ctx context.Context, a *agreement) error {
	for _, p := range l.remembered() {
		if _, err := l.run(ctx, pauseScript, a, p.scope, nil, p.args()...); err != nil {
			return fmt.Errorf("restore the pause of %s: %w", p.scope, err)
		}
	}
	return nil
}

// keepAgreement announces the limits until ctx ends.
func (l *Limiter) keepAgreement(ctx context.Context) {
	var retry backoff
	for {
		wait := announceEvery
		attempt, cancel := context.WithTimeout(ctx, commandTime)
		_, err := l.join(attempt)
		cancel()
		if err != nil {
			wait = retry.next()
		} else {
			retry.reset()
		}
		if !sleep(ctx, wait, l.rejoin) {
			return
		}
	}
}
