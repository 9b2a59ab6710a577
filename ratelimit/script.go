package ratelimit

import (
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed lua/prelude.lua
	preludeLua string
	//go:embed lua/reserve.lua
	reserveLua string
	//go:embed lua/spend.lua
	spendLua string
	//go:embed lua/commit.lua
	commitLua string
	//go:embed lua/refund.lua
	refundLua string
	//go:embed lua/pause.lua
	pauseLua string
	//go:embed lua/resume.lua
	resumeLua string
	//go:embed lua/lift.lua
	liftLua string
	//go:embed lua/join.lua
	joinLua string
	//go:embed lua/begin.lua
	beginLua string
	//go:embed lua/fence.lua
	fenceLua string
	//go:embed lua/merge.lua
	mergeLua string
	//go:embed lua/finish.lua
	finishLua string
	//go:embed lua/renew.lua
	renewLua string
)

var (
	reserveScript = redis.NewScript(preludeLua + reserveLua)
	spendScript   = redis.NewScript(preludeLua + spendLua)
	commitScript  = redis.NewScript(preludeLua + commitLua)
	refundScript  = redis.NewScript(preludeLua + refundLua)
	pauseScript   = redis.NewScript(preludeLua + pauseLua)
	resumeScript  = redis.NewScript(preludeLua + resumeLua)
	liftScript    = redis.NewScript(preludeLua + liftLua)
	joinScript    = redis.NewScript(joinLua)
	beginScript   = redis.NewScript(preludeLua + beginLua)
	mergeScript   = redis.NewScript(preludeLua + fenceLua + mergeLua)
	finishScript  = redis.NewScript(preludeLua + fenceLua + finishLua)
	renewScript   = redis.NewScript(renewLua)
)

// keys names everything the limiter has in Redis.
type keys struct{ prefix, app string }

func (k keys) key(name string) string { return k.prefix + ":{" + k.app + "}:" + name }
func (k keys) meta() string           { return k.key("meta") }
func (k keys) register() string       { return k.key("register") }
func (k keys) lock() string           { return k.key("lock") }
func (k keys) hints() string          { return k.key("hints") }
func (k keys) window(name string) string {
	return k.key("w:" + name)
}

// The first element of a script's reply.
const (
	codeOK      = "OK"
	codeWait    = "WAIT"
	codePaused  = "PAUSED"
	codeProbe   = "PROBE"
	codeClock   = "CLOCK"
	codeLimits  = "LIMITS"
	codeLost    = "LOST"
	codeForeign = "FOREIGN"
	codeReady   = "READY"
	codeBusy    = "BUSY"
	codeBegin   = "BEGIN"
	codeFenced  = "FENCED"
)

// reply is what a script answered: a code, the clock of Redis, and more.
type reply struct {
	code  string
	redis time.Time // the clock of Redis
	now   time.Time // the clock of this process when it asked
	more  []any
}

// int returns the i-th further element as a number, 0 if there is none.
func (r reply) int(i int) int64 {
	if i >= len(r.more) {
		return 0
	}
	n, _ := r.more[i].(int64)
	return n
}

// string returns the i-th further element as a string, "" if there is none.
func (r reply) string(i int) string {
	if i >= len(r.more) {
		return ""
	}
	s, _ := r.more[i].(string)
	return s
}

// list returns the i-th further element as a list of numbers.
func (r reply) list(i int) []int64 {
	if i >= len(r.more) {
		return nil
	}
	elements, _ := r.more[i].([]any)
	numbers := make([]int64, 0, len(elements))
	for _, e := range elements {
		n, _ := e.(int64)
		numbers = append(numbers, n)
	}
	return numbers
}

// date returns the i-th further element, a date in µs, by the clock of this
// process: when a date passes is decided by the earlier of the two clocks.
func (r reply) date(i int) time.Time {
	ahead := max(0, r.now.Sub(r.redis))
	return time.UnixMicro(r.int(i)).Add(ahead)
}

// window is one sorted set.
type window struct {
	Window
	permission string
	name       string // <permission>/<µs>
	key        string
}

func (w window) span() time.Duration { return w.Every + w.guard() }

// ask runs a script for a permission over its windows. When the limits turn out
// to have changed it joins again and asks once more with the new windows.
func (l *Limiter) ask(ctx context.Context, s *redis.Script, permission string, args ...any) (reply, error) {
	var r reply
	for range 3 {
		a, err := l.agreement(ctx)
		if err != nil {
			return reply{}, err
		}
		if r, err = l.run(ctx, s, a, permission, a.draws(permission), args...); err != nil || r.code != codeLimits {
			return r, err
		}
		if _, err := l.join(ctx); err != nil {
			return reply{}, err
		}
	}
	return r, nil
}

// run runs a script over some windows: one EVALSHA.
func (l *Limiter) run(ctx context.Context, s *redis.Script, a *agreement, permission string, windows []window, args ...any) (reply, error) {
	names := make([]string, 0, 2+len(windows))
	names = append(names, l.keys.meta(), l.keys.lock())
	own := 0
	for _, w := range windows {
		names = append(names, w.key)
		if w.permission == permission {
			own++
		}
	}
	now := l.cfg.Now()
	argv := make([]any, 0, 8+3*len(windows)+len(args))
	argv = append(argv, now.UnixMicro(), maxSkew.Microseconds(), a.text, l.keys.hints(), permission, a.life.Milliseconds(), len(windows), own)
	for _, w := range windows {
		argv = append(argv, w.Limit, w.Reserve, w.span().Microseconds())
	}
	argv = append(argv, args...)

	answer, err := s.Run(ctx, l.cfg.Redis, names, argv...).Slice()
	if err != nil {
		return reply{}, l.redisError(ctx, err)
	}
	l.noteRedis(nil)
	if len(answer) < 2 {
		return reply{}, fmt.Errorf("script answered %d elements; is another program using the keys %s?", len(answer), l.keys.key("*"))
	}
	r := reply{now: now, more: answer[2:]}
	r.code, _ = answer[0].(string)
	clock, _ := answer[1].(int64)
	r.redis = time.UnixMicro(clock)
	switch skew := now.Sub(r.redis); {
	case r.code == codeClock:
		l.noteClock(true, skew)
	case skew.Abs() <= maxSkew:
		l.noteClock(false, 0)
	}
	if r.code == codeLost || r.code == codeForeign {
		signal(l.lost)
	}
	return r, nil
}

// redisError notes that Redis did not answer, unless it was the caller who gave up.
func (l *Limiter) redisError(ctx context.Context, err error) error {
	err = fmt.Errorf("ask Redis for %s: %w", l.keys.key("*"), err)
	if !errors.Is(ctx.Err(), context.Canceled) {
		l.noteRedis(err)
	}
	return err
}

// unanswered tells an error of the connection, after which the script may or
// may not have run, from an error that the server reported.
func unanswered(err error) bool {
	var reported redis.Error
	return err != nil && !errors.As(err, &reported)
}

func boolArg(b bool) int {
	if b {
		return 1
	}
	return 0
}
