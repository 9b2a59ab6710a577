package kenartest

import (
	"fmt"
	"time"
)

// A Price is what publishing, reordering and renewing a post costs, in rials.
type Price struct {
	Submit, Reorder, Renew int64
}

// defaultPrice is that of every post until SetPrice. The numbers are those of
// the documents' example (Kenar docs, payment/pricing).
var defaultPrice = Price{Submit: 500_000, Reorder: 400_000, Renew: 350_000}

// A market is what prices depend on; an empty field stands for all. That they
// depend on the app, too, is not simulated.
type market struct{ category, city string }

// SetPrice sets the price of a category in a city, both slugs, from now on. An
// empty one stands for all of them. Of several prices that apply the one for
// category and city goes first, then the one for the category, then the one
// for the city. SetPrice panics when the price is below zero.
func (s *Server) SetPrice(category, city string, p Price) {
	if p.Submit < 0 || p.Reorder < 0 || p.Renew < 0 {
		panic(fmt.Sprintf("kenartest: price %+v is below zero", p))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prices[market{category, city}] = p
}

func (s *Server) price(l *Listing, t TransactionType) int64 {
	p := defaultPrice
	for _, m := range []market{{l.Category, l.City}, {l.Category, ""}, {"", l.City}, {"", ""}} {
		if set, ok := s.prices[m]; ok {
			p = set
			break
		}
	}
	switch t {
	case TransactionReorder:
		return p.Reorder
	case TransactionRenew:
		return p.Renew
	}
	return p.Submit
}

// unavailable tells why a post cannot have what is paid for; "" when it can.
// A payment that is pending does not stand in the way of another: what keeps
// a client from paying twice is the transaction's id alone.
func (s *Server) unavailable(l *Listing, t TransactionType, now time.Time) string {
	if t == TransactionSubmit {
		switch {
		case l.State != PostWaitingForPayment:
			return fmt.Sprintf("the post is in %s, want %s", l.State, PostWaitingForPayment)
		case l.Provider && s.cfg.Posts.UserPostsOnly:
			return "the post was submitted as a provider, want one of a user"
		}
		return ""
	}
	if l.State != PostPublished {
		return fmt.Sprintf("the post is in %s, want %s", l.State, PostPublished)
	}
	if t == TransactionRenew {
		if from := l.ExpiresAt.Add(-s.cfg.Posts.renewWindow()); l.ExpiresAt.IsZero() || now.Before(from) {
			return "the post is not near its expiry"
		}
		return ""
	}
	last := l.SubmittedAt
	if l.ReorderedAt.After(last) {
		last = l.ReorderedAt
	}
	if now.Sub(last) < s.cfg.Posts.reorderPause() {
		return "the post was submitted or reordered a short time ago"
	}
	return ""
}

// service is what one kind of payment costs (OpenAPI GetPostPricingResponse*).
type service struct {
	Available bool  `json:"available,omitempty"`
	Cost      int64 `json:"cost_rials,omitempty,string"`
}

func (s *Server) getPricing(req *request) answer {
	l, refused, ok := s.managed(req)
	if !ok {
		return refused
	}
	offer := func(t TransactionType) service {
		return service{s.unavailable(l, t, req.now) == "", s.price(l, t)}
	}
	return success(struct {
		Submit  service `json:"submit"`
		Reorder service `json:"reorder"`
		Renew   service `json:"renew"`
	}{offer(TransactionSubmit), offer(TransactionReorder), offer(TransactionRenew)})
}
