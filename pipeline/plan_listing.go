package pipeline

import (
	"context"
	"fmt"
)

// planListing ends work of a listing that has nothing to do, or must not be
// done: a key is one listing, whatever becomes of the events for it.
func (p *processor) planListing(ctx context.Context, w *Work, e Entry, rev uint64) *Outcome {
	if !w.Op.submits() && w.Op != PublishPost {
		return nil
	}
	l := e.Listing
	switch {
	case l.taken(w.root()) && l.PostToken != "":
		return p.giveUp(ctx, w, e, rev, Reason{Code: Rejected, Field: "subject", Message: fmt.Sprintf(
			"listing %s has become post %s by event %s: edit that, or use another key", w.Target.Key, l.PostToken, l.Event)})
	case l.taken(w.root()):
		return p.giveUp(ctx, w, e, rev, Reason{Code: Ambiguous, Field: "subject", Message: fmt.Sprintf(
			"it is not known yet whether event %s has made a post of listing %s; when that is, replay this one", l.Event, w.Target.Key)})
	case w.Op == PublishPost && (l == nil || l.PostToken == ""):
		return p.giveUp(ctx, w, e, rev, Reason{Code: Ambiguous, Message: errNoListing.Error() + ", though it was submitted: look at the user's posts"})
	case l == nil || l.Event != w.root() || l.PostToken == "":
		return nil
	case l.Done: // by the event, or by another replay of it
		return p.unchanged(ctx, w, w, e, rev)
	case w.Op.submits() && !w.Listing.Publish: // a person told that there is a post
		pl := &plan{own: w, send: w, entry: e, revision: rev}
		o, mine := p.created(ctx, pl, e.of(w), rev, l.PostToken, Step{Name: stepFound, Note: "as was told"})
		if !mine {
			o = p.giveUp(ctx, w, e, rev, Reason{Code: Ambiguous, Message: fmt.Sprintf("post %s, which was told, is another listing's", l.PostToken)})
		}
		return o
	case w.Op.submits():
		o := p.afterSubmission(w, w, e)
		o.Class = ClassRepeated
		return o
	}
	return nil
}
