package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

// remember notes which posts of the category the user has before the new one is
// submitted, so that it can be told from them if the answer is lost.
func (p *processor) remember(ctx context.Context, pl *plan, s listing.Submission, access string) *Outcome {
	l := pl.entry.Listing
	l.Known, l.Before = false, nil
	if !p.mayLook(ctx, pl.send) {
		return nil
	}
	titles, out := p.ofCategory(ctx, pl, s.GeneralData.CategorySlug, access)
	if out == nil {
		l.Known, l.Before = true, slices.Sorted(maps.Keys(titles))
	}
	return out
}

// mayLook reports whether the grant lets the user's posts be listed.
func (p *processor) mayLook(ctx context.Context, w *Work) bool {
	info, err := p.grants.look(ctx, w)
	scopes, serr := kenar.ScopesFor(kenar.OpGetUserPosts, "")
	return err == nil && serr == nil && kenar.Covered(info.Scopes, scopes)
}

// ofCategory lists the user's posts of a category, and their titles.
func (p *processor) ofCategory(ctx context.Context, pl *plan, category, access string) (titles map[string]string, out *Outcome) {
	titles = make(map[string]string)
	out = p.side(ctx, pl, "list the user's posts", kenar.OpGetUserPosts, access, func() error {
		posts, err := p.client.UserPosts(ctx, access)
		for _, post := range posts {
			if post.Category == category {
				titles[post.Token] = post.Title
			}
		}
		return err
	})
	return titles, out
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
	if since := p.now().Sub(l.Looked); l.Looks > 0 && since < p.timing.relook {
		return p.putOff(ctx, pl, pl.entry.of(w), p.timing.relook-since, errLookAgain)
	}
	titles, out := p.ofCategory(ctx, pl, s.GeneralData.CategorySlug, access)
	if out != nil {
		return out
	}
	var same []string
	for _, token := range slices.Sorted(maps.Keys(titles)) {
		if slices.Contains(l.Before, token) {
			continue
		}
		owner, err := p.ledger.claimant(ctx, token)
		switch {
		case err != nil:
			return later(err)
		case owner != "" && owner != w.root(): // another listing's
		case plainText(titles[token]) == plainText(s.GeneralData.Title):
			same = append(same, token)
		}
	}
	if len(same) == 0 {
		if l.Looks++; l.Looks < mostLooks {
			l.Looked = p.now().UTC()
			return p.putOff(ctx, pl, pl.entry.of(w), p.timing.relook, errLookAgain)
		}
		l.Doubt, l.Looks, l.Looked = time.Time{}, 0, time.Time{}
		return nil
	}
	if len(same) > 1 {
		return p.refuse(ctx, pl, ambiguous(w, l, fmt.Sprintf("%d new posts of the user look like it: %v", len(same), same)))
	}
	why, err := p.unlike(ctx, w, s, same[0], access)
	if err != nil {
		return p.putOff(ctx, pl, pl.entry.of(w), 0, err)
	}
	if why != "" {
		return p.refuse(ctx, pl, ambiguous(w, l, why))
	}
	out, mine := p.created(ctx, pl, pl.entry.of(w), pl.revision, same[0], Step{Name: stepFound, Note: "among the user's posts, after a lost answer"})
	if !mine {
		return p.putOff(ctx, pl, pl.entry.of(w), time.Second, errors.New("the post that was found has just become another listing's"))
	}
	return out
}

var errLookAgain = errors.New("no post is there that may have been submitted; looking once more")

// plainText is a text by its letters and digits alone, which can be told from
// others whatever Divar does to its blanks and marks, and to the forms of its
// letters.
func plainText(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, persian.Digits(persian.Fold(text)))
}

// ambiguous is why a submission is given up that may have made a post.
func ambiguous(w *Work, l *Listing, why string) Reason {
	return Reason{Code: Ambiguous, Message: fmt.Sprintf(
		"the answer to the submission of %s was lost, and a post may have been made; %s. Look at the user's posts in Divar, then tell with: publisher listing resolve %s --post-token TOKEN, or --not-created",
		l.Doubt.UTC().Format(time.RFC3339), why, w.root())}
}

// unlike is why a post is not the one that was submitted, "" when it may be,
// as far as the key may read its text. An error says to look again.
func (p *processor) unlike(ctx context.Context, w *Work, s listing.Submission, token, access string) (string, error) {
	var post kenar.UserPost
	err := p.asker.ask(ctx, kenar.OpGetUserPost, w.ID, true, func() (err error) {
		post, err = p.client.UserPost(ctx, token, access)
		return err
	})
	if c := classify(err); err != nil && c != ClassForbidden && c != ClassPermanent {
		return "", fmt.Errorf("read post %s, which may be it: %w", token, err)
	}
	text := post.GeneralData.Description
	if text == "" || plainText(text) == plainText(s.GeneralData.Description) {
		return "", nil
	}
	return fmt.Sprintf("the one new post with its title, %s, has another description", token), nil
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
