package kenartest

import (
	"cmp"
	"slices"
	"time"
)

// A Post is a classified ad. Kenar's answers leave zero values out, and so do
// the simulator's.
type Post struct {
	Token       string
	Title       string
	Description string
	City        string // slug, such as "tehran"
	District    string // slug
	Category    string // slug, such as "light"
	// State is PUBLISHED (also when empty), REVIEW_REQ, PAYMENT_REQ or
	// RETIRED. Only what belongs to published posts is shown by
	// [Server.Shown]; that aside add-ons are attached to posts in any state.
	State       string
	Owner       string // id of the user; "" is not known
	Business    string // token of the business that submitted it
	ChatEnabled bool
	Development bool      // a development post
	PublishedAt time.Time // zero: when it is added
	ExpiresAt   time.Time // when it is retired; zero: never
}

const published = "PUBLISHED"

// AddPost adds posts, or replaces those with the same token, whose add-ons
// stay. A new post gets the user add-on of its owner.
func (s *Server) AddPost(posts ...Post) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	for _, p := range posts {
		if p.State == "" {
			p.State = published
		}
		if p.PublishedAt.IsZero() {
			p.PublishedAt = now
		}
		_, replaced := s.posts[p.Token]
		s.posts[p.Token] = &p
		s.listings[p.Token] = listingOf(&p)
		s.retireLater(s.listings[p.Token])
		if !replaced {
			s.inherit(&p, now)
		}
	}
}

// RemovePost makes a post unknown. Its add-ons are gone with it.
func (s *Server) RemovePost(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.now())
	delete(s.listings, token)
	s.removePost(token)
}

// recentPosts returns the user's posts that pass keep, newest first.
func (s *Server) recentPosts(user string, keep func(*Post) bool) []*Post {
	var posts []*Post
	for _, p := range s.posts {
		if p.Owner == user && keep(p) {
			posts = append(posts, p)
		}
	}
	slices.SortFunc(posts, func(a, b *Post) int {
		return cmp.Or(b.PublishedAt.Compare(a.PublishedAt), cmp.Compare(b.Token, a.Token))
	})
	return posts
}

// finderPost is finder's answer (OpenAPI finderGetPostResponse).
type finderPost struct {
	Token            string      `json:"token,omitempty"`
	Category         string      `json:"category,omitempty"`
	City             string      `json:"city,omitempty"`
	District         string      `json:"district,omitempty"`
	ChatEnabled      bool        `json:"chat_enabled,omitempty"`
	State            string      `json:"state,omitempty"`
	FirstPublishedAt time.Time   `json:"first_published_at,omitzero"`
	Data             *finderData `json:"data,omitempty"`
}

type finderData struct {
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Images      []string `json:"images,omitempty"`
}

func (s *Server) getPost(req *request) answer {
	p := s.posts[req.id]
	// What was submitted is shown while it is published.
	if l := s.listings[req.id]; p == nil || l.Submitted && !l.State.visible() {
		return notFound.because("post not found")
	}
	if !req.app.mayTouch(p) {
		return permissionDenied.because("a development app may use development posts only")
	}
	found := finderPost{
		Token:            p.Token,
		Category:         p.Category,
		City:             p.City,
		District:         p.District,
		ChatEnabled:      p.ChatEnabled,
		State:            p.State,
		FirstPublishedAt: p.PublishedAt.UTC().Truncate(time.Second),
	}
	if images := s.listings[req.id].Images; p.Title != "" || p.Description != "" || len(images) > 0 {
		found.Data = &finderData{p.Title, p.Description, images}
	}
	return success(found)
}

// SamplePosts returns a handful of posts to start with: cars to inspect, a
// flat, a phone, of two owners and a dealer.
func SamplePosts() []Post {
	return []Post{
		{Token: "gZ206tip", Title: "پژو ۲۰۶ تیپ ۲، مدل ۱۳۹۸", Description: "بیمه تا پایان سال، بدون تصادف",
			City: "tehran", District: "sadeghiyeh", Category: "light", Owner: "user-sara", ChatEnabled: true},
		{Token: "gZpride1", Title: "پراید ۱۳۱ SE سفید", Description: "دو لکه رنگ، لاستیک نو",
			City: "karaj", Category: "light", Owner: "user-sara", ChatEnabled: true},
		{Token: "gZsamand", Title: "سمند LX دوگانه\u200cسوز", Description: "موتور تازه تعمیر شده",
			City: "isfahan", Category: "light", Owner: "user-reza"},
		{Token: "gZdena_7", Title: "دنا پلاس توربو اتوماتیک", Description: "کارشناسی رسمی دارد",
			City: "mashhad", Category: "light", Owner: "user-reza", Business: "namayeshgah-omid"},
		{Token: "gZflat80", Title: "آپارتمان ۸۰ متری، دو خوابه", Description: "نورگیر، طبقهٔ سوم با آسانسور",
			City: "shiraz", Category: "apartment-sell", Owner: "user-reza", ChatEnabled: true},
		{Token: "gZphone9", Title: "گوشی سامسونگ A54 در حد نو", Description: "با کارتن و شارژر",
			City: "tabriz", Category: "mobile-phones", Owner: "user-sara"},
	}
}
