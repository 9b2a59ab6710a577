package kenartest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// managed is the post that a call is about, which must exist and be the app's
// to touch.
func (s *Server) managed(req *request) (l *Listing, refused answer, ok bool) {
	l = s.listings[req.id]
	if l == nil || l.State == PostDeleted {
		return nil, notFound.because("no post %s", quote(req.id)), false
	}
	if !req.app.mayTouch(s.posts[req.id]) {
		return nil, permissionDenied.because("a development app may use development posts only"), false
	}
	return l, answer{}, true
}

// deletePost ends a post. Its owner can still read that it is deleted, nobody
// else anything. Money that was paid for it stays paid.
func (s *Server) deletePost(req *request) answer {
	l, refused, ok := s.managed(req)
	switch {
	case ok:
		s.enter(l, PostDeleted, "", req.now)
	case refused.verdict != NotFound || s.cfg.MissingIsNotFound:
		return refused
	}
	return success(nil)
}

// removePost makes finder forget a post. Its add-ons and its button are gone
// with it.
func (s *Server) removePost(token string) {
	delete(s.posts, token)
	delete(s.buttons, "post/"+token)
	s.detach(func(_ Addon, onto string) bool { return onto == "post/"+token })
}

// generalData is a post's general data in an answer (OpenAPI
// postPostGeneralData), without its zero values.
type generalData struct {
	Category     string   `json:"category_slug,omitempty"`
	Title        string   `json:"title,omitempty"`
	Description  string   `json:"description,omitempty"`
	Images       []string `json:"images,omitempty"`
	City         string   `json:"city,omitempty"`
	District     string   `json:"district,omitempty"`
	Latitude     float64  `json:"latitude,omitempty"`
	Longitude    float64  `json:"longitude,omitempty"`
	LocationType string   `json:"location_type,omitempty"`
	HidePhone    bool     `json:"hide_phone,omitempty"`
	ChatEnabled  bool     `json:"chat_enabled,omitempty"`
	Video        *Video   `json:"video,omitempty"`
}

// businessData is whose post it is (OpenAPI postGetUserPostResponseBusinessData).
type businessData struct {
	Name string `json:"business_name,omitempty"`
	Type string `json:"business_type,omitempty"`
}

// getUserPost tells an owner all about a post (OpenAPI
// postGetUserPostResponse).
func (s *Server) getUserPost(req *request) answer {
	l := s.listings[req.id]
	if l == nil {
		return notFound.because("no post %s", quote(req.id))
	}
	if req.grant.User != "" && l.Owner != "" && req.grant.User != l.Owner {
		// checkGrant does not know the owner of a deleted post.
		return permissionDenied.because("the post is not the access token's user's")
	}
	var found struct {
		State        PostState                  `json:"state,omitempty"`
		RejectReason string                     `json:"reject_reason,omitempty"`
		General      generalData                `json:"general_data"`
		Category     map[string]json.RawMessage `json:"category_data,omitempty"`
		Business     *businessData              `json:"business_data,omitempty"`
	}
	found.State, found.RejectReason, found.Category = l.State, l.RejectReason, l.Fields
	found.General = generalData{
		Category: l.Category, Title: l.Title, Description: l.Description, Images: l.Images,
		City: l.City, District: l.District, Latitude: l.Latitude, Longitude: l.Longitude,
		LocationType: l.LocationType, HidePhone: l.HidePhone, ChatEnabled: l.ChatEnabled, Video: l.Video,
	}
	if l.LocationType == "LOCATION_TYPE_EMPTY" {
		found.General.LocationType = "" // the enum's zero value
	}
	if b, ok := s.businesses[l.Business]; ok {
		found.Business = &businessData{b.Name, strings.TrimSuffix(b.Type, "_BUSINESS")}
	}
	return success(found)
}

// A userPost is an element of the answer about a user's posts (Kenar docs,
// finder/user_posts; OpenAPI has no title there).
type userPost struct {
	Token       string   `json:"token,omitempty"`
	Title       string   `json:"title,omitempty"`
	Images      []string `json:"images,omitempty"`
	Category    string   `json:"category,omitempty"`
	PhoneHidden bool     `json:"is_phone_hidden,omitempty"`
}

// listed are the states in which a post is among its user's: published, or
// waiting for payment, for review or for an edit (Kenar OpenAPI).
var listed = []PostState{PostPublished, PostEditRejected, PostInPublishQueue,
	PostWaitingForPayment, PostWaitingForReview, PostWaitingForEdit}

// getUserPosts lists the posts of the access token's user, newest first.
func (s *Server) getUserPosts(req *request) answer {
	if !req.grantKnown {
		return unauthenticated.because("access token is missing or not valid: %s needs one", req.op.op)
	}
	var own []*Listing
	for _, l := range s.listings {
		if l.Owner != "" && l.Owner == req.grant.User && slices.Contains(listed, l.State) {
			own = append(own, l)
		}
	}
	slices.SortFunc(own, func(a, b *Listing) int {
		return cmp.Or(b.SubmittedAt.Compare(a.SubmittedAt), cmp.Compare(b.Token, a.Token))
	})
	var found struct {
		Posts []userPost `json:"posts,omitempty"`
	}
	for _, l := range own {
		found.Posts = append(found.Posts, userPost{l.Token, l.Title, l.Images, l.Category, l.HidePhone})
	}
	return success(found)
}
