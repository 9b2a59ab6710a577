package ratelimit

import (
	"fmt"
	"time"
)

// WaitReason tells why nothing was granted.
type WaitReason string

// The reasons for waiting.
const (
	WaitQuota   WaitReason = "quota"   // the tokens are taken; Until is when one comes back
	WaitPause   WaitReason = "paused"  // see Bucket.Pause
	WaitProbe   WaitReason = "probe"   // half-open after a pause, and another caller holds the probe
	WaitClock   WaitReason = "clock"   // the clocks of Redis and this process are too far apart
	WaitRebuild WaitReason = "rebuild" // the state in Redis is missing or foreign
	WaitLimits  WaitReason = "limits"  // the limits are just changing
)

// guess is when to look again where nothing announces the end of the wait.
const guess = time.Second

// Wait says until when and why nothing was granted. Its zero value: no need to
// wait.
type Wait struct {
	Until  time.Time  // by the clock of this process; for clock, rebuild and limits a guess
	Reason WaitReason // "" when something was granted
	Detail string     // for people: which window, the reason of the pause

	scope string // whose hints matter: the permission, or AppKey; "" for all
}

// String describes the wait for a log or an error.
func (w Wait) String() string {
	if w.Reason == "" {
		return "no wait"
	}
	return fmt.Sprintf("%s (%s) until %s", w.Reason, w.Detail, w.Until.UTC().Format(time.RFC3339))
}

// wait explains a reply of the reserve script that granted nothing.
func (b *Bucket) wait(r reply) Wait {
	switch r.code {
	case codeWait:
		w := Wait{Until: r.date(0), Reason: WaitQuota, Detail: "all tokens are taken"}
		if a := b.l.agreed.Load(); a != nil {
			if i := int(r.int(1)) - 1; i >= 0 && i < len(a.draws(b.permission)) {
				blocking := a.draws(b.permission)[i]
				w.scope = blocking.permission
				w.Detail = fmt.Sprintf("%s %d/%s", blocking.permission, blocking.Limit, shortDuration(blocking.Every))
			}
		}
		return w
	case codePaused:
		scope, reason := r.string(3), r.string(4)
		b.l.rememberPause(pauseRecord{scope: scope, until: r.int(1), probe: r.int(2) == 1, reason: reason})
		return Wait{Until: r.date(0), Reason: WaitPause, Detail: scope + ": " + reason, scope: scope}
	case codeProbe:
		scope, reason := r.string(1), r.string(2)
		return Wait{Until: r.date(0), Reason: WaitProbe, Detail: scope + ": " + reason, scope: scope}
	case codeClock:
		detail := fmt.Sprintf("this process is %s ahead of Redis, more than %s; set both clocks", r.now.Sub(r.redis), maxSkew)
		return Wait{Until: r.now.Add(guess), Reason: WaitClock, Detail: detail}
	case codeLimits:
		return Wait{Until: r.now.Add(guess), Reason: WaitLimits, Detail: "replicas are changing them"}
	case codeForeign:
		return Wait{Until: r.now.Add(guess), Reason: WaitRebuild, Detail: "Redis was restarted or replaced"}
	default:
		return Wait{Until: r.now.Add(guess), Reason: WaitRebuild, Detail: "state is missing in Redis"}
	}
}
