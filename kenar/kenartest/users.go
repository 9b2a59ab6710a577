package kenartest

import (
	"slices"
	"strings"
	"time"
)

// A Business is a shop or an agency that submits posts.
type Business struct {
	Token       string
	Owner       string // id of the user
	Type        string // such as "CAR_BUSINESS"
	Name        string // of the brand
	Description string // of the brand
}

// AddBusiness adds businesses. Calls about others are refused: ownership is
// checked before a business add-on is created (Kenar OpenAPI).
func (s *Server) AddBusiness(businesses ...Business) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range businesses {
		s.businesses[b.Token] = b
	}
}

// Rules of user add-ons (Kenar docs, addons/user-addons).
const (
	backfillPosts   = 30 // a new one is put on so many posts at most
	userAddonMonths = 3  // and expires after so many months
)

// createUserAddon puts an add-on on all future posts of a user, and when it
// is new also on the most recent ones. An update keeps the id and changes
// later posts only: what earlier ones have stays as it is until it expires.
func (s *Server) createUserAddon(req *request) answer {
	addon := s.addon(req)
	at := slot{addon.App, addon.Target}
	_, update := s.ids[at]
	addon.ID = s.id(at)
	addon.ExpiresAt = req.now.AddDate(0, userAddonMonths, 0)
	s.expireBy(addon.ExpiresAt)
	s.enqueue(pending{addon: addon, onto: req.target, backfill: !update}, req.now)
	return successWithID(addon.ID)
}

func (s *Server) deleteUserAddon(req *request) answer {
	for at, id := range s.ids {
		if id == req.id && at.app == req.app.Slug && strings.HasPrefix(at.target, "user/") {
			s.removeUserAddon(at, id)
			return success(nil)
		}
	}
	if s.cfg.MissingIsNotFound {
		return notFound.because("the app has no user add-on %s", quote(req.id))
	}
	return success(nil)
}

// removeUserAddon removes a user add-on with all that posts inherited of it.
func (s *Server) removeUserAddon(at slot, id string) {
	delete(s.ids, at)
	s.detach(func(a Addon, _ string) bool { return a.ID == id })
}

// backfill puts a new user add-on on the user's recent posts.
func (s *Server) backfill(addon Addon) {
	user := strings.TrimPrefix(addon.Target, "user/")
	posts := s.recentPosts(user, func(p *Post) bool { return s.inherits(p, addon) })
	for _, p := range posts[:min(len(posts), backfillPosts)] {
		s.inherited[slot{addon.App, "post/" + p.Token}] = addon
	}
}

// inherit lets a new post have its owner's add-ons.
func (s *Server) inherit(p *Post, now time.Time) {
	for app := range s.apps {
		addon, ok := s.attached[slot{app, "user/" + p.Owner}]
		if ok && s.inherits(p, addon) {
			s.enqueue(pending{addon: addon, onto: "post/" + p.Token}, now)
		}
	}
}

func (s *Server) inherits(p *Post, addon Addon) bool {
	return s.apps[addon.App].mayTouch(p) &&
		(len(addon.Categories) == 0 || slices.Contains(addon.Categories, p.Category))
}

// expire removes the user add-ons, and the copies that posts inherited, whose
// time is over. Kenar allows itself some delay there; this is on time.
func (s *Server) expire(now time.Time) {
	if s.nextExpiry.IsZero() || now.Before(s.nextExpiry) {
		return
	}
	s.nextExpiry = time.Time{}
	alive := make(map[string]bool)
	s.detach(func(a Addon, _ string) bool {
		if a.ExpiresAt.IsZero() {
			return false
		}
		if now.Before(a.ExpiresAt) {
			alive[a.ID] = true
			s.expireBy(a.ExpiresAt)
			return false
		}
		return true
	})
	for at, id := range s.ids {
		if strings.HasPrefix(at.target, "user/") && !alive[id] {
			delete(s.ids, at)
		}
	}
}

// expireBy makes sure that expire looks at the add-ons at the given time.
func (s *Server) expireBy(t time.Time) {
	if s.nextExpiry.IsZero() || t.Before(s.nextExpiry) {
		s.nextExpiry = t
	}
}

// postOf returns the post token of a target that is a post.
func postOf(target string) (token string, ok bool) {
	return strings.CutPrefix(target, "post/")
}
