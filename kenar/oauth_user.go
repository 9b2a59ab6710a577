package kenar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// A User is who gave an access token. Printing one with any verb of package
// fmt, or encoding it as JSON, leaves the phone number out.
type User struct {
	// ID is Divar's id of the user for this app, which every other app knows
	// by another one; "" without the scope USER_ID.
	ID string `json:"user_id"`
	// Phone is the user's phone number; "" without the scope USER_PHONE.
	Phone string `json:"-"`
}

// String is "user" and the id.
func (u User) String() string { return "user " + u.ID }

// Format prints String for all verbs. %+v and %#v would print the fields.
func (u User) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, u.String()) // fmt's own buffer takes everything
}

// User returns who gave an access token. The API key needs USER_RETRIEVE, the
// grant USER_ID or USER_PHONE, or both: what it lacks is missing in the answer.
// An answer that has neither is an [*Error] with a 2xx status and the cause
// [ErrMalformed].
func (c *Client) User(ctx context.Context, accessToken string) (User, error) {
	return ask(ctx, c, c.asUser(OpGetUser, "/v1/open-platform/users", accessToken), decodeUser)
}

func decodeUser(a answer) (User, error) {
	fields, err := a.object()
	if err != nil {
		return User{}, err
	}
	user := User{ID: fields.text("user_id"), Phone: fields.text("phone_number")}
	if ValidUserID(user.ID) != nil {
		user.ID = "" // no later request could name it
	}
	if user == (User{}) {
		return User{}, fmt.Errorf("%w: it has neither a user_id nor a phone_number", ErrMalformed)
	}
	return user, nil
}

// Roles of a user in a business (Kenar OpenAPI).
const (
	RoleOwner = "ROLE_OWNER"
	RoleAdmin = "ROLE_ADMIN"
	RoleAgent = "ROLE_AGENT"
)

// A Business is one that a user belongs to. Kenar leaves out what is zero, so
// every field but Token may be.
type Business struct {
	Token       string
	Type        string // such as "REAL_ESTATE_BUSINESS"
	Name        string // of the brand
	Description string // of the brand
	Role        string // the user's: one of the Role constants, or one that came later
}

// UserBusinesses returns the businesses of the user who gave an access token.
// The API key needs GET_USER_BUSINESSES, the grant USER_BUSINESSES_READ.
// Businesses whose token no later request could name are left out. An answer
// that is not a JSON object, or whose businesses are no list, is an
// [*Error] with a 2xx status and the cause [ErrMalformed].
func (c *Client) UserBusinesses(ctx context.Context, accessToken string) ([]Business, error) {
	return ask(ctx, c, c.asUser(OpGetUserBusinesses, "/v1/open-platform/user/businesses", accessToken), decodeBusinesses)
}

func decodeBusinesses(a answer) ([]Business, error) {
	fields, err := a.object()
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if raw := fields["businesses"]; len(raw) > 0 {
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, fmt.Errorf("%w: its businesses are not a list", ErrMalformed)
		}
	}
	var businesses []Business
	for _, raw := range list {
		var of object
		if json.Unmarshal(raw, &of) != nil || ValidBusinessToken(of.text("business_token")) != nil {
			continue
		}
		businesses = append(businesses, Business{
			Token:       of.text("business_token"),
			Type:        of.text("business_type"),
			Name:        of.text("brand_name"),
			Description: of.text("brand_description"),
			Role:        of.text("user_role"),
		})
	}
	return businesses, nil
}

// asUser is a request about the user who gave accessToken, and so not to be
// made without one.
func (c *Client) asUser(op Operation, path, accessToken string) request {
	r := request{op: string(op), method: http.MethodGet, url: c.base + path, accessToken: accessToken}
	if accessToken == "" {
		r.refused = errors.New("access token is empty: whose data is wanted is told by it alone")
	}
	return r
}
