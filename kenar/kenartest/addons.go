package kenartest

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// An Addon is what an app has put on a target. Its maps and slices are shared
// and must not be changed.
type Addon struct {
	ID         string // of business and user add-ons; a user add-on is deleted by it
	App        string // slug
	Target     string // what the call named: post/<token>, business/<token>, user/<id>
	Body       json.RawMessage
	Widgets    []Widget
	Semantic   map[string]string
	Notes      string
	Images     map[string]string // permanent ids of the uploaded images in Widgets, by the ids there
	Categories []string          // of user add-ons; empty is every category
	AcceptedAt time.Time
	AttachedAt time.Time
	ExpiresAt  time.Time // of user add-ons
}

// A slot holds one add-on: a call about the same target by the same app
// replaces it.
type slot struct {
	app    string
	target string
}

// A pending add-on was accepted and waits for its attachment.
type pending struct {
	due      time.Time
	addon    Addon
	onto     string // the target to attach to: the add-on's own, or a post that inherits it
	backfill bool   // a new user add-on, also to be put on recent posts
}

func (s *Server) createPostAddon(req *request) answer {
	if !req.app.mayTouch(s.posts[req.id]) {
		return permissionDenied.because("a development app may use development posts only")
	}
	s.enqueue(pending{addon: s.addon(req), onto: req.target}, req.now)
	return success(nil)
}

// The documents have the v2 path and an empty answer, the OpenAPI document
// the v1 path and an id.
func (s *Server) createBusinessAddonV1(req *request) answer {
	return s.createBusinessAddon(req, true)
}

func (s *Server) createBusinessAddonV2(req *request) answer {
	return s.createBusinessAddon(req, false)
}

func (s *Server) createBusinessAddon(req *request, withID bool) answer {
	if _, ok := s.businesses[req.id]; !ok {
		return permissionDenied.because("the app may not use the business %s", quote(req.id))
	}
	addon := s.addon(req)
	addon.ID = s.id(slot{addon.App, addon.Target})
	s.enqueue(pending{addon: addon, onto: req.target}, req.now)
	if withID {
		return successWithID(addon.ID)
	}
	return success(nil)
}

func (s *Server) deletePostAddon(req *request) answer {
	if !req.app.mayTouch(s.posts[req.id]) {
		return permissionDenied.because("a development app may use development posts only")
	}
	found := s.detach(func(a Addon, onto string) bool { return a.App == req.app.Slug && onto == req.target })
	if !found && s.cfg.MissingIsNotFound {
		return notFound.because("the app has no add-on on the post %s", quote(req.id))
	}
	return success(nil)
}

// addon makes an add-on of an accepted request.
func (s *Server) addon(req *request) Addon {
	a := Addon{
		App:        req.app.Slug,
		Target:     req.target,
		Body:       req.body,
		Widgets:    req.widgets,
		AcceptedAt: req.now,
		Images:     s.keepImages(req),
	}
	if semantic, _ := req.doc.field("semantic"); semantic != nil {
		a.Semantic = semantic.strings()
	}
	if notes, _ := req.doc.field("notes"); notes != nil {
		a.Notes = notes.text
	}
	if categories, _ := req.doc.field("categories"); categories != nil {
		for _, c := range categories.items {
			a.Categories = append(a.Categories, c.text)
		}
	}
	return a
}

// id is the id of the add-on in a slot, which outlives updates.
func (s *Server) id(at slot) string {
	id, ok := s.ids[at]
	if !ok {
		id = uuid.NewString()
		s.ids[at] = id
	}
	return id
}

func (s *Server) enqueue(p pending, now time.Time) {
	p.due = now.Add(s.cfg.AttachDelay)
	s.pending = append(s.pending, p)
}

// settle does what was due until now: payments, reviews and the end of posts,
// attachments in the order of acceptance, then the expiry of add-ons.
func (s *Server) settle(now time.Time) {
	s.agenda.run(now)
	for len(s.pending) > 0 && !s.pending[0].due.After(now) {
		next := s.pending[0]
		s.pending[0] = pending{} // let go of the body
		s.pending = s.pending[1:]
		s.attach(next, now)
	}
	s.expire(now)
}

// attach carries out one attachment. One to a post that is unknown is lost
// without a trace (Kenar docs, addons/post_addons).
func (s *Server) attach(p pending, now time.Time) {
	p.addon.AttachedAt = now
	if p.onto == p.addon.Target {
		if token, ok := postOf(p.onto); !ok || s.posts[token] != nil {
			s.attached[slot{p.addon.App, p.onto}] = p.addon
		}
		if p.backfill {
			s.backfill(p.addon)
		}
		return
	}
	if token, _ := postOf(p.onto); s.posts[token] != nil {
		s.inherited[slot{p.addon.App, p.onto}] = p.addon
	}
}

// detach removes every add-on, attached or pending, for which gone is true of
// the add-on and what it is attached to. It reports whether there was any.
func (s *Server) detach(gone func(a Addon, onto string) bool) bool {
	found := false
	for _, attached := range []map[slot]Addon{s.attached, s.inherited} {
		for at, a := range attached {
			if gone(a, at.target) {
				delete(attached, at)
				found = true
			}
		}
	}
	before := len(s.pending)
	s.pending = slices.DeleteFunc(s.pending, func(p pending) bool { return gone(p.addon, p.onto) })
	return found || len(s.pending) < before
}

// Settle attaches at once what is still waiting for its delay.
func (s *Server) Settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, p := range s.pending {
		s.attach(p, now)
	}
	s.pending = nil
	s.expire(now)
}

// Attached returns the add-on that calls about the target itself have put
// there, the latest one when several apps have. It is false when there is
// none: deleted, expired, not due yet, or lost.
func (s *Server) Attached(target string) (Addon, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.now())
	var latest Addon
	found := false
	for app := range s.apps {
		a, ok := s.attached[slot{app, target}]
		if ok && (!found || a.AttachedAt.After(latest.AttachedAt)) {
			latest, found = a, true
		}
	}
	return latest, found
}

// Shown returns all add-ons that a visitor of a published post sees: its own,
// its owner's and its business's, in the order of their attachment.
func (s *Server) Shown(postToken string) []Addon {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.now())
	p := s.posts[postToken]
	if p == nil || p.State != published {
		return nil
	}
	var shown []Addon
	for app := range s.apps {
		if a, ok := s.attached[slot{app, "post/" + postToken}]; ok {
			shown = append(shown, a)
		}
		if a, ok := s.inherited[slot{app, "post/" + postToken}]; ok {
			shown = append(shown, a)
		}
		if a, ok := s.attached[slot{app, "business/" + p.Business}]; ok {
			shown = append(shown, a)
		}
	}
	slices.SortFunc(shown, func(a, b Addon) int {
		return cmp.Or(a.AttachedAt.Compare(b.AttachedAt), cmp.Compare(a.Target, b.Target), cmp.Compare(a.App, b.App))
	})
	return shown
}
