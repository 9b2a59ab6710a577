package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
)

// remember notes which posts look like the new one before it is submitted, so
// that it can be told from them if the answer is lost.
func (p *processor) remember(ctx context.Context, pl *plan, s listing.Submission, access string) *Outcome {
	l := pl.entry.Listing
	l.Known, l.Before = false, nil
	if !p.mayLook(ctx, pl.send) {
		return nil
	}
	posts, out := p.alike(ctx, pl, s, access)
	if out == nil {
		l.Known, l.Before = true, posts
	}
	return out
}

// mayLook reports whether the grant lets the user's posts be listed.
func (p *processor) mayLook(ctx context.Context, w *Work) bool {
	info, err := p.grants.look(ctx, w)
	scopes, serr := kenar.ScopesFor(kenar.OpGetUserPosts, "")
	return err == nil && serr == nil && kenar.Covered(info.Scopes, scopes)
}

// alike lists the user's posts with the title and category of a submission.
func (p *processor) alike(ctx context.Context, pl *plan, s listing.Submission, access string) (tokens []string, out *Outcome) {
	out = p.side(ctx, pl, "list the user's posts", kenar.OpGetUserPosts, access, func() error {
		posts, err := p.client.UserPosts(ctx, access)
		for _, post := range posts {
			if post.Title == s.GeneralData.Title && post.Category == s.GeneralData.CategorySlug {
				tokens = append(tokens, post.Token)
			}
		}
		return err
	})
	return tokens, out
}

// mostLooks is how often the user's posts are looked through for one that may
// have been submitted, before it is submitted again.
const mostLooks = 2

// look finds out what became of a submission whose answer was lost. It returns
// nil when there is no post, so that it can be submitted again.
func (p *processor) look(ctx context.Context, pl *plan, s listing.Submission, access string) *Outcome {
	w, l := pl.send, pl.entry.Listing
	if !l.Known || !p.mayLook(ctx, w) {
		return p.refuse(ctx, pl, ambiguous(w, l, "the grant does not let the user's posts be listed (scope USER_POSTS_GET)"))
	}
	tokens, out := p.alike(ctx, pl, s, access)
	if out != nil {
		return out
	}
	var free []string
	for _, token := range tokens {
		if slices.Contains(l.Before, token) {
			continue
		}
		owner, err := p.ledger.claimant(ctx, token)
		if err != nil {
			return later(err)
		}
		if owner == "" || owner == w.root() {
			free = append(free, token)
		}
	}
	tokens = free
	switch len(tokens) {
	case 0:
		if l.Looks++; l.Looks < mostLooks {
			return p.putOff(ctx, pl, pl.entry.of(w), p.timing.relook, errors.New("no post is there that may have been submitted; looking once more"))
		}
		l.Doubt, l.Looks = time.Time{}, 0
		return nil
	case 1:
		if why := p.unlike(ctx, w, s, tokens[0], access); why != "" {
			return p.refuse(ctx, pl, ambiguous(w, l, why))
		}
		out, mine := p.created(ctx, pl, pl.entry.of(w), pl.revision, tokens[0], Step{Name: stepFound, Note: "among the user's posts, after a lost answer"})
		if !mine {
			return p.putOff(ctx, pl, pl.entry.of(w), time.Second, errors.New("the post that was found has just become another listing's"))
		}
		return out
	}
	return p.refuse(ctx, pl, ambiguous(w, l, fmt.Sprintf("%d new posts of the user look like it: %v", len(tokens), tokens)))
}

// ambiguous is why a submission is given up that may have made a post.
func ambiguous(w *Work, l *Listing, why string) Reason {
	return Reason{Code: Ambiguous, Message: fmt.Sprintf(
		"the answer to the submission of %s was lost, and a post may have been made; %s. Look at the user's posts in Divar, then tell with: publisher listing resolve %s --post-token TOKEN, or --not-created",
		l.Doubt.UTC().Format(time.RFC3339), why, w.root())}
}

// unlike is why a post is not the one that was submitted, "" when it may be,
// as far as Kenar lets its text be read.
func (p *processor) unlike(ctx context.Context, w *Work, s listing.Submission, token, access string) string {
	var post kenar.UserPost
	err := p.asker.ask(ctx, kenar.OpGetUserPost, w.ID, func() (err error) {
		post, err = p.client.UserPost(ctx, token, access)
		return err
	})
	plain := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	if err != nil || post.GeneralData.Description == "" || plain(post.GeneralData.Description) == plain(s.GeneralData.Description) {
		return ""
	}
	return fmt.Sprintf("the one new post with its title, %s, has another description", token)
}

// A post belongs to one listing. Which one is in the ledger beside it: of two
// that look alike and are submitted at the same time, only one may take it.
func claimPlace(postToken string) Place {
	return Target{Kind: KindPost, Key: postToken}.place() + ".listing"
}

// claimant is the event whose listing a post is, "" when it is nobody's.
func (l *Ledger) claimant(ctx context.Context, postToken string) (event string, err error) {
	e, _, err := l.Read(ctx, claimPlace(postToken))
	return e.Event, err
}

// claimPost makes a post that of the listing of an event, and reports whether
// it is.
func (l *Ledger) claimPost(ctx context.Context, event, postToken string) (mine bool, err error) {
	_, err = l.Write(ctx, claimPlace(postToken), Entry{Event: event}, 0)
	if !errors.Is(err, errConflict) {
		return err == nil, err
	}
	owner, err := l.claimant(ctx, postToken)
	return owner == event, err
}
