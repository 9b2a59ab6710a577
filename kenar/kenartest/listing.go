package kenartest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A PostState is where a post is in its life, as its owner sees it (Kenar
// OpenAPI, postPostState).
type PostState string

// The states of a post. The simulator by itself uses neither the publish queue
// nor those about edits; see [Server.SetPostState].
const (
	PostInPublishQueue    PostState = "POST_STATE_IN_PUBLISH_QUEUE"
	PostPublished         PostState = "POST_STATE_PUBLISHED"
	PostWaitingForEdit    PostState = "POST_STATE_WAITING_FOR_EDIT"
	PostWaitingForPayment PostState = "POST_STATE_WAITING_FOR_PAYMENT"
	PostWaitingForReview  PostState = "POST_STATE_WAITING_FOR_REVIEW"
	PostEditRejected      PostState = "POST_STATE_PUBLISHED_AND_EDIT_REJECTED"
	PostRejected          PostState = "POST_STATE_REJECTED"
	PostDeleted           PostState = "POST_STATE_DELETED"
	PostRetired           PostState = "POST_STATE_RETIRED"
)

// finderStates are the states as finder has them. Every state is a key.
var finderStates = map[PostState]string{
	PostInPublishQueue:    "REVIEW_REQ",
	PostPublished:         published,
	PostWaitingForEdit:    "REVIEW_REQ",
	PostWaitingForPayment: "PAYMENT_REQ",
	PostWaitingForReview:  "REVIEW_REQ",
	PostEditRejected:      published,
	PostRejected:          "RETIRED",
	PostDeleted:           "RETIRED",
	PostRetired:           "RETIRED",
}

// visible reports whether everybody can see the post.
func (p PostState) visible() bool { return p == PostPublished || p == PostEditRejected }

// A Listing is all of a post that its owner and the app that submitted it
// know. Its slices and maps are shared and must not be changed.
type Listing struct {
	Token string
	// App is the slug of the app that submitted the post; empty also for one
	// of AddPost.
	App string
	// Submitted says that the post came by a call, Provider that it was the
	// provider's, not the user's.
	Submitted, Provider bool
	Owner               string // id of the user
	Business            string // token
	State               PostState
	RejectReason        string

	Category, City, District string // slugs
	Title, Description       string
	Images                   []string
	Video                    *Video // nil: none
	Latitude, Longitude      float64
	LocationType             string
	HidePhone, ChatEnabled   bool
	Fields                   map[string]json.RawMessage // of the category
	Landlines                []string

	// The times are zero while they are not known. Those of a reorder and of
	// the expiry are of the latest one.
	SubmittedAt, PublishedAt, ReorderedAt, ExpiresAt time.Time

	reviewAt time.Time // of the review that it waits for
}

// Listing returns a post as its owner knows it, also a deleted one.
func (s *Server) Listing(token string) (Listing, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.now())
	l := s.listings[token]
	if l == nil {
		return Listing{}, false
	}
	return l.clone(), true
}

// Submitted returns the posts that were submitted by calls, also those whose
// answer was lost, in the order of their submission.
func (s *Server) Submitted() []Listing {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.now())
	submitted := make([]Listing, 0, len(s.submitted))
	for _, token := range s.submitted {
		if l := s.listings[token]; l != nil {
			submitted = append(submitted, l.clone())
		}
	}
	return submitted
}

// SetReview sets who decides about the posts that were paid: it returns why to
// refuse one, "" to publish it. With nil, and at first, all are published. The
// function must not call the server.
func (s *Server) SetReview(review func(Listing) (rejectReason string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.review = review
}

// SetPostState puts a post into a state, as Kenar's own people may do. It
// fails when the post or the state is not known.
func (s *Server) SetPostState(token string, state PostState, rejectReason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	l := s.listings[token]
	if l == nil {
		return fmt.Errorf("setting the state of the post %q: there is no such post; add or submit it first", token)
	}
	if l.State == PostDeleted {
		return fmt.Errorf("setting the state of the post %q: it is deleted for good; add it anew", token)
	}
	if _, ok := finderStates[state]; !ok {
		return fmt.Errorf("setting the state of the post %q: %q is not a state; use one of the Post constants", token, state)
	}
	s.enter(l, state, rejectReason, now)
	return nil
}

func (l *Listing) clone() Listing {
	c := *l
	c.Images, c.Landlines, c.Fields = slices.Clone(l.Images), slices.Clone(l.Landlines), maps.Clone(l.Fields)
	return c
}

// listingOf is the listing of a post that was added and not submitted.
func listingOf(p *Post) *Listing {
	l := &Listing{
		Token: p.Token, Owner: p.Owner, Business: p.Business, State: PostRetired,
		Category: p.Category, City: p.City, District: p.District, Title: p.Title, Description: p.Description,
		ChatEnabled: p.ChatEnabled, SubmittedAt: p.PublishedAt, PublishedAt: p.PublishedAt, ExpiresAt: p.ExpiresAt,
	}
	switch p.State {
	case published:
		l.State = PostPublished
	case "REVIEW_REQ":
		l.State = PostWaitingForReview
	case "PAYMENT_REQ":
		l.State = PostWaitingForPayment
	}
	return l
}

// enter changes the state of a post, and lets follow what follows from it.
func (s *Server) enter(l *Listing, state PostState, reason string, at time.Time) {
	wasVisible := l.State.visible()
	l.State, l.RejectReason = state, reason
	switch {
	case state == PostWaitingForReview:
		l.reviewAt = at.Add(s.cfg.Posts.ReviewDelay)
		s.agenda.add(l.reviewAt, func(at time.Time) { s.judgePost(l, at) })
	case state.visible() && !wasVisible:
		if l.PublishedAt.IsZero() {
			l.PublishedAt = at
		}
		s.prolong(l, at)
	case state == PostDeleted:
		s.removePost(l.Token)
	}
	s.show(l)
}

// judgePost is the review, when the post still waits for this one.
func (s *Server) judgePost(l *Listing, at time.Time) {
	if s.listings[l.Token] != l || l.State != PostWaitingForReview || !l.reviewAt.Equal(at) {
		return
	}
	if s.review != nil {
		if reason := s.review(l.clone()); reason != "" {
			s.enter(l, PostRejected, reason, at)
			return
		}
	}
	s.enter(l, PostPublished, "", at)
}

// prolong begins the life of a published post anew (Kenar OpenAPI, renewal).
func (s *Server) prolong(l *Listing, at time.Time) {
	l.ExpiresAt = at.Add(s.cfg.Posts.lifetime())
	s.retireLater(l)
}

func (s *Server) retireLater(l *Listing) {
	if l.ExpiresAt.IsZero() {
		return
	}
	s.agenda.add(l.ExpiresAt, func(at time.Time) {
		if s.listings[l.Token] == l && l.State.visible() && l.ExpiresAt.Equal(at) {
			s.enter(l, PostRetired, "", at)
		}
	})
}

// show brings what finder and the add-ons know of a post up to date.
func (s *Server) show(l *Listing) {
	p := s.posts[l.Token]
	if p == nil {
		return
	}
	p.State = finderStates[l.State]
	p.Title, p.Description, p.District, p.ChatEnabled = l.Title, l.Description, l.District, l.ChatEnabled
	p.PublishedAt, p.ExpiresAt = l.PublishedAt, l.ExpiresAt
}
