package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// resumeSubject is where workers end pauses before their time. One of them
// takes a request: what it does, it does for all.
const resumeSubject = "kenar.worker.resume"

const (
	resumeTime = 5 * time.Second // for a worker's look at Redis and the ledger
	resumeWait = resumeTime + 2*time.Second
)

// PauseScopes lists all that can be paused: the lanes, what is asked before
// their calls, and the whole app.
func PauseScopes() []string {
	var all []string
	for _, l := range Lanes() {
		all = append(all, string(l))
	}
	for _, op := range sideOperations() {
		all = append(all, permissionOf(op))
	}
	return append(slices.Compact(all), ratelimit.AppKey)
}

// An EndedPause is a pause that was ended before its time, or with a dry run
// would be.
type EndedPause struct {
	Scope  string    `json:"scope"`           // one of PauseScopes
	Since  time.Time `json:"since,omitzero"`  // absent when it was not recorded
	Until  time.Time `json:"until"`           // when it would have ended
	Reason string    `json:"reason"`          // why it began
	Probe  bool      `json:"probe,omitempty"` // one call finds out first whether the cause is gone
}

type resumeRequest struct {
	Scopes []string `json:"scopes,omitempty"` // none: all
	DryRun bool     `json:"dry_run,omitempty"`
}

// wants reports whether a scope is to be resumed. The app's pause is, with any:
// whoever names a lane wants it to send.
func (q resumeRequest) wants(scope string) bool {
	return len(q.Scopes) == 0 || scope == ratelimit.AppKey || slices.Contains(q.Scopes, scope)
}

type resumeResponse struct {
	Pauses []EndedPause `json:"pauses"`
}

// Resume ends the pauses of some scopes before their time, of all when none is
// named, and returns those that were in force, in the order of PauseScopes. The
// app's pause stops every lane, so it ends with any of them. With dryRun they
// only are returned. After an error some may have ended; to ask again is
// harmless.
//
// A pause that Kenar's answers made becomes half-open, as when its time had
// come: one call finds out whether the cause is gone.
func (c *Client) Resume(ctx context.Context, scopes []string, dryRun bool) ([]EndedPause, error) {
	var r resumeResponse
	err := c.askWorker(ctx, resumeSubject, "end pauses", resumeWait, resumeRequest{Scopes: scopes, DryRun: dryRun}, &r)
	return r.Pauses, err
}

// resumeAsked answers a request of Client.Resume.
func (w *Worker) resumeAsked(ctx context.Context, q resumeRequest) (resumeResponse, error) {
	for _, s := range q.Scopes {
		if !slices.Contains(PauseScopes(), s) {
			return resumeResponse{}, &Reason{Message: fmt.Sprintf("%s cannot be paused; use %s", quote(s), strings.Join(PauseScopes(), ", "))}
		}
	}
	ended, err := w.resume(ctx, q)
	return resumeResponse{ended}, err
}

// resume ends pauses: first in the ledger, whose word counts at the next start,
// then in the limiter. If it dies in between the lanes are still paused, and it
// is asked again.
func (w *Worker) resume(ctx context.Context, q resumeRequest) ([]EndedPause, error) {
	l, err := NewLedger(ctx, w.js, w.cfg.Longest)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	recorded := make(map[Lane]pauseRecord) // what the ledger has in force
	found := make(map[string]EndedPause)
	for _, lane := range Lanes() {
		r, at, err := l.lastPause(ctx, lane)
		if err != nil {
			return nil, err
		}
		scope := string(lane)
		if r.App {
			scope = ratelimit.AppKey
		}
		if !r.Until.After(now) || !q.wants(scope) {
			continue
		}
		recorded[lane] = r
		if p, ok := found[scope]; !ok || r.Until.After(p.Until) {
			found[scope] = EndedPause{Scope: scope, Since: at.UTC(), Until: r.Until, Reason: r.Reason, Probe: r.Probe}
		}
	}
	all, err := w.cfg.Limiter.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for pauses: %w", err)
	}
	for _, s := range all {
		if s.PausedUntil.After(now) && q.wants(s.Permission) {
			p := found[s.Permission]
			p.Scope, p.Until, p.Reason = s.Permission, s.PausedUntil.UTC(), s.PauseReason
			found[s.Permission] = p
		}
	}
	if !q.DryRun {
		for lane, r := range recorded {
			r.Until = now
			if err := l.keepPause(ctx, lane, ratelimit.Pause(r)); err != nil {
				return nil, err
			}
		}
	}
	ended := []EndedPause{}
	for _, scope := range PauseScopes() {
		p, ok := found[scope]
		if !ok {
			continue
		}
		if !q.DryRun {
			was, ok, err := w.cfg.Limiter.Bucket(scope).Lift(ctx)
			if err != nil {
				return nil, err
			}
			if ok {
				p.Probe = was.Probe
			}
			w.cfg.Log.Info().Str("scope", scope).Time("until", p.Until).Str("reason", p.Reason).Msg("a pause was ended before its time, on request")
		}
		ended = append(ended, p)
	}
	return ended, nil
}
