package kenartest

import (
	"crypto/rand"
	"encoding/json"
)

// BarUser makes a user one who may not submit posts, or with false one who
// may again. Kenar bars those on a blacklist, offenders, and whoever did not
// verify an identity (Kenar OpenAPI).
func (s *Server) BarUser(id string, barred bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.barred[id] = barred
}

// canSubmit tells whether the access token's user may submit. The answer no is
// a zero value, and thus an empty answer.
func (s *Server) canSubmit(req *request) answer {
	return success(struct {
		CanSubmit bool `json:"can_submit,omitempty"`
	}{!s.barred[req.grant.User]})
}

func (s *Server) submitPost(req *request) answer { return s.submit(req, true) }

func (s *Server) submitUserPost(req *request) answer {
	if s.barred[req.grant.User] {
		return permissionDenied.because("the user may not submit posts")
	}
	return s.submit(req, false)
}

// submit makes a post of a valid body. There is no key against doing so twice:
// the same body again is another post.
func (s *Server) submit(req *request, provider bool) answer {
	token, _ := req.doc.field("business_token")
	business, ok := s.businesses[token.string()]
	if !ok {
		return permissionDenied.because("business_token: the app may not use the business %s", quote(token.string()))
	}
	if req.grant.User != "" && business.Owner != "" && business.Owner != req.grant.User {
		return permissionDenied.because("business_token: the business %s is not the access token's user's", quote(business.Token))
	}
	general, _ := req.doc.field("general_data")
	fields, _ := req.doc.field("category_fields")
	slug, _ := general.field("category_slug")
	schema := s.schemas[slug.string()]
	if schema == nil {
		return invalidArgument.because("general_data.category_slug: no category %s", quote(slug.string()))
	}
	if v := s.checkMedia(general); v != nil {
		return invalidArgument.because("%s", v.in("general_data"))
	}
	if v := schema.check(fields); v != nil {
		return invalidArgument.because("%s", v.in("category_fields"))
	}

	l := &Listing{
		Token: s.newPostToken(), App: req.app.Slug, Submitted: true, Provider: provider,
		Owner: business.Owner, Business: business.Token,
		SubmittedAt: req.now, Fields: make(map[string]json.RawMessage),
	}
	if !provider && req.grant.User != "" {
		l.Owner = req.grant.User
	}
	for _, p := range generalFields {
		value, _ := general.field(p.name)
		l.set(p.name, value)
	}
	for name := range schema.Properties {
		if value := fields.exactly(name); value != nil {
			l.Fields[name] = value.raw
		}
	}
	if landlines, _ := req.doc.field("landline_numbers"); provider {
		l.Landlines = landlines.list()
	}
	s.keepListing(req, l)
	return success(struct {
		Token string `json:"post_token"`
	}{l.Token})
}

// keepListing makes a submitted post known, unpaid and invisible. Its owner's
// add-ons are put on it now and seen when it is published.
func (s *Server) keepListing(req *request, l *Listing) {
	p := &Post{
		Token: l.Token, City: l.City, Category: l.Category, Owner: l.Owner, Business: l.Business,
		Development: req.app.Development,
	}
	s.posts[l.Token], s.listings[l.Token] = p, l
	s.submitted = append(s.submitted, l.Token)
	s.enter(l, PostWaitingForPayment, "", req.now)
	s.inherit(p, req.now)
}

// newPostToken is a post token of 8 characters that no post had.
func (s *Server) newPostToken() string {
	for {
		token := "g" + rand.Text()[:7]
		if s.listings[token] == nil {
			return token
		}
	}
}
