package pipeline

import (
	"context"
	"time"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// validated ends an event that was only to be validated, with the result and
// the reason of the verdict. Its final outcome claims the id as that of any
// other event does, and is all that is kept of it: there is nothing to send,
// and so nothing to replay.
func (a *admitter) validated(ctx context.Context, v verdict, t Target, warnings []widgets.Warning, seq uint64) (verdict, error) {
	v.validated = true
	d := OutcomeData{EventID: v.event, Result: v.result, Lane: v.lane, At: time.Now().UTC(), Reason: v.reason, Warnings: warnings, InboxSeq: seq}
	err := a.out.claimFinal(ctx, t, d)
	if isConflict(err) {
		first, err := a.first(ctx, v.event)
		switch {
		case err != nil:
			return v, err
		case first == nil || first.Data.InboxSeq != seq:
			v.result, v.reason = resultDuplicate, nil
		case first.Data.Result == ResultQueued:
			// Claimed by this very message, by a worker that knows nothing of
			// validating.
			return v, a.out.final(ctx, t, d)
		}
		return v, nil
	}
	a.step("validated")
	return v, err
}
