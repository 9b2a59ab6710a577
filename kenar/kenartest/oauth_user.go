package kenartest

import (
	"cmp"
	"slices"
)

// A User is somebody with a phone.
type User struct {
	ID    string
	Phone string
}

// AddUser adds users, or replaces those with the same id. A user who is not
// added has no phone number, and is a user all the same.
func (s *Server) AddUser(users ...User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range users {
		s.users[u.ID] = u
	}
}

// getUser tells who gave the access token, as far as its scopes allow.
func (s *Server) getUser(req *request) answer {
	if !req.grantKnown {
		return unauthenticated.because("access token is missing or not valid: %s needs one", req.op.op)
	}
	var found struct {
		ID    string `json:"user_id,omitempty"`
		Phone string `json:"phone_number,omitempty"`
	}
	if slices.Contains(req.grant.Scopes, "USER_ID") {
		found.ID = req.grant.User
	}
	if slices.Contains(req.grant.Scopes, "USER_PHONE") {
		found.Phone = s.users[req.grant.User].Phone
	}
	return success(found)
}

// A userBusiness is an element of the answer about a user's businesses
// (OpenAPI finderGetUserBusinessesResponse).
type userBusiness struct {
	Token       string `json:"business_token,omitempty"`
	Type        string `json:"business_type,omitempty"`
	Name        string `json:"brand_name,omitempty"`
	Description string `json:"brand_description,omitempty"`
	Role        string `json:"user_role,omitempty"`
}

// getUserBusinesses lists the businesses that the access token's user owns.
// Other roles are not simulated.
func (s *Server) getUserBusinesses(req *request) answer {
	if !req.grantKnown {
		return unauthenticated.because("access token is missing or not valid: %s needs one", req.op.op)
	}
	var found struct {
		Businesses []userBusiness `json:"businesses,omitempty"`
	}
	for _, b := range s.businesses {
		if b.Owner != "" && b.Owner == req.grant.User {
			found.Businesses = append(found.Businesses, userBusiness{b.Token, b.Type, b.Name, b.Description, "ROLE_OWNER"})
		}
	}
	slices.SortFunc(found.Businesses, func(a, b userBusiness) int { return cmp.Compare(a.Token, b.Token) })
	return success(found)
}
