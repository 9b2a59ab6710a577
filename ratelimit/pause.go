package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// pauseCacheLife is how long an unlimited bucket trusts what it has read.
const pauseCacheLife = 250 * time.Millisecond

// Pause is a stop until a time, seen by all replicas.
type Pause struct {
	Until  time.Time
	Reason string // for people
	App    bool   // the whole application, not only the permission

	// Probe: after Until only one hold at a time is granted, across replicas, until
	// Resume (the call succeeded) or another Pause (it did not). The right returns
	// by itself when its holder dies; a committed probe keeps it for one more
	// second, for the verdict to arrive.
	Probe bool
}

// Pause stops the permission, or the whole application, until the later of
// p.Until and the end of any pause in force. After an error it may not be in
// force: try again. A reason longer than 300 bytes is cut.
func (b *Bucket) Pause(ctx context.Context, p Pause) error {
	if p.Until.IsZero() {
		return fmt.Errorf("ratelimit: pause %s: Until is zero; say when the pause ends", b.permission)
	}
	record := pauseRecord{scope: b.permission, until: max(0, p.Until.UnixMicro()), probe: p.Probe, reason: shorten(p.Reason)}
	if p.App {
		record.scope = AppKey
	}
	r, err := b.l.ask(ctx, pauseScript, b.permission, record.args()...)
	if err != nil {
		return fmt.Errorf("ratelimit: pause %s until %s: %w", record.scope, p.Until.UTC().Format(time.RFC3339), err)
	}
	record.until = r.int(0)
	b.l.rememberPause(record)
	b.l.each(func(b *Bucket) { b.dropCache() })
	return nil
}

// Resume ends the pause of the permission, and that of the application when it is
// half-open: call it after a successful probe. An application that is paused is
// resumed by Bucket(AppKey).Resume.
func (b *Bucket) Resume(ctx context.Context) error {
	r, err := b.l.ask(ctx, resumeScript, b.permission)
	if err != nil {
		return fmt.Errorf("ratelimit: resume %s: %w", b.permission, err)
	}
	for i := range r.more {
		b.l.resumed(r.string(i))
	}
	return nil
}

// Lift ends the pause of the permission before its time, for an operator who knows
// that its cause is gone. A pause with Probe becomes half-open, so that one call
// finds out whether the operator is right; any other is over. It returns the pause
// that was in force, and false if there was none: one that has passed and waits for
// its probe is not in force. After an error it may have ended: try again. The
// application's pause is lifted by Bucket(AppKey).Lift.
func (b *Bucket) Lift(ctx context.Context) (Pause, bool, error) {
	r, err := b.l.ask(ctx, liftScript, b.permission)
	if err != nil {
		return Pause{}, false, fmt.Errorf("ratelimit: lift the pause of %s: %w", b.permission, err)
	}
	if r.code != codeOK {
		return Pause{}, false, fmt.Errorf("ratelimit: lift the pause of %s: Redis says %s; try again", b.permission, r.code)
	}
	if len(r.more) == 0 {
		return Pause{}, false, nil
	}
	b.l.resumed(b.permission)
	return Pause{Until: r.date(1), Probe: r.int(0) == 1, Reason: r.string(2), App: b.permission == AppKey}, true, nil
}

// shorten cuts a reason, which may come from a server, to what is worth keeping.
func shorten(reason string) string {
	const most = 300
	if len(reason) > most {
		reason = reason[:most] + "…"
	}
	return strings.ToValidUTF8(reason, "")
}

// pauseRecord is a pause as Redis has it.
type pauseRecord struct {
	scope  string // a permission, or AppKey
	until  int64  // µs
	probe  bool
	reason string
}

func (p pauseRecord) args() []any { return []any{p.scope, p.until, boolArg(p.probe), p.reason} }

// rememberPause keeps a pause that was seen, to restore it after a loss of data,
// and tells of it when it is new.
func (l *Limiter) rememberPause(p pauseRecord) {
	l.mu.Lock()
	old, known := l.memory[p.scope]
	l.memory[p.scope] = p
	l.mu.Unlock()
	if !known || old.until != p.until {
		l.notify(Event{Kind: Paused, Permission: p.scope, Until: time.UnixMicro(p.until), Reason: p.reason})
	}
}

// forgetPause drops what a grant has shown to be over: pauses whose time has come,
// and half-open ones unless the grant was the probe.
func (l *Limiter) forgetPause(permission string, probe bool) {
	now := l.cfg.Now().UnixMicro()
	for _, scope := range []string{permission, AppKey} {
		l.mu.Lock()
		p, known := l.memory[scope]
		over := known && p.until <= now && (!p.probe || !probe)
		if over {
			delete(l.memory, scope)
		}
		l.mu.Unlock()
		if over {
			l.notify(Event{Kind: Resumed, Permission: scope})
		}
	}
}

// resumed forgets the pause of a scope and wakes whoever waited for its end.
func (l *Limiter) resumed(scope string) {
	l.mu.Lock()
	_, known := l.memory[scope]
	delete(l.memory, scope)
	l.mu.Unlock()
	if known {
		l.notify(Event{Kind: Resumed, Permission: scope})
	}
	l.each(func(b *Bucket) {
		b.dropCache()
		b.bell.ring("", time.Time{})
	})
}

// remembered returns the pauses that are not over.
func (l *Limiter) remembered() []pauseRecord {
	now := l.cfg.Now().UnixMicro()
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []pauseRecord
	for _, p := range l.memory {
		if p.probe || p.until > now {
			list = append(list, p)
		}
	}
	return list
}

// pauseCache is what an unlimited bucket last read.
type pauseCache struct {
	read  time.Time
	state pauseState
}

// pauseState is all that an unlimited bucket must know.
type pauseState struct {
	changed  bool // the limits are no longer those of the agreement
	halfOpen bool // only the holder of a probe may call
	wait     Wait // zero: not paused
}

func (b *Bucket) dropCache() {
	b.cacheMu.Lock()
	defer b.cacheMu.Unlock()
	b.cache = pauseCache{}
}

// pauseState reads the pauses with one plain command, at most every 250 ms however
// many callers there are.
func (b *Bucket) pauseState(ctx context.Context, a *agreement) (pauseState, error) {
	b.cacheMu.Lock()
	defer b.cacheMu.Unlock()
	now := b.l.cfg.Now()
	if age := now.Sub(b.cache.read); age < 0 || age >= pauseCacheLife {
		values, err := b.l.cfg.Redis.HMGet(ctx, b.l.keys.meta(), "limits", "pause:"+b.permission, "pause:"+AppKey).Result()
		if err != nil {
			return pauseState{}, fmt.Errorf("read the pauses of %s: %w", b.permission, b.l.redisError(ctx, err))
		}
		b.l.noteRedis(nil)
		state, err := b.readPauses(a, values, now)
		if err != nil {
			return pauseState{}, fmt.Errorf("read the pauses of %s in %s: %w", b.permission, b.l.keys.meta(), err)
		}
		b.cache = pauseCache{read: now, state: state}
	}
	s := b.cache.state
	if s.wait.Reason != "" && !now.Before(s.wait.Until) {
		// It ended since it was read; what comes after it must be read anew.
		b.cache = pauseCache{}
		s = pauseState{changed: true}
	}
	return s, nil
}

func (b *Bucket) readPauses(a *agreement, values []any, now time.Time) (pauseState, error) {
	var s pauseState
	if len(values) != 3 {
		return s, fmt.Errorf("%d values instead of 3", len(values))
	}
	text, written := values[0].(string)
	s.changed = !written || text != a.text
	for i, scope := range []string{b.permission, AppKey} {
		value, found := values[i+1].(string)
		if !found {
			continue
		}
		p, err := parsePause(scope, value)
		if err != nil {
			return s, err
		}
		until := time.UnixMicro(p.until)
		switch {
		case now.Before(until):
			b.l.rememberPause(p)
			if until.After(s.wait.Until) {
				s.wait = Wait{Until: until, Reason: WaitPause, Detail: scope + ": " + p.reason, scope: scope}
			}
		case p.probe:
			s.halfOpen = true
		}
	}
	if s.wait.Reason != "" {
		s.halfOpen = false
	}
	return s, nil
}

// parsePause reads "<until µs> <0|1> <reason>".
func parsePause(scope, value string) (pauseRecord, error) {
	until, rest, _ := strings.Cut(value, " ")
	probe, reason, found := strings.Cut(rest, " ")
	micros, err := strconv.ParseInt(until, 10, 64)
	if err != nil || !found {
		return pauseRecord{}, errors.New("the pause of " + scope + " is not in the expected form; is another program using the key?")
	}
	return pauseRecord{scope: scope, until: micros, probe: probe == "1", reason: reason}, nil
}
