package kenar

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A PostState says how far a post of a user has come. It is more than what
// [Post.State] tells the public. Others than the constants may come.
type PostState string

// States of a user's post (Kenar OpenAPI, postPostState).
const (
	PostInPublishQueue           PostState = "POST_STATE_IN_PUBLISH_QUEUE"
	PostPublished                PostState = "POST_STATE_PUBLISHED"
	PostWaitingForEdit           PostState = "POST_STATE_WAITING_FOR_EDIT"
	PostWaitingForPayment        PostState = "POST_STATE_WAITING_FOR_PAYMENT"
	PostWaitingForReview         PostState = "POST_STATE_WAITING_FOR_REVIEW"
	PostPublishedAndEditRejected PostState = "POST_STATE_PUBLISHED_AND_EDIT_REJECTED"
	PostRejected                 PostState = "POST_STATE_REJECTED"
	PostDeleted                  PostState = "POST_STATE_DELETED"
	PostRetired                  PostState = "POST_STATE_RETIRED"
)

// UserPost is what Kenar tells about a post to the user whose it is. Kenar
// leaves out what is zero, so every field may be.
type UserPost struct {
	State        PostState
	RejectReason string // why a review refused the post or its last edit

	// GeneralData is as much of it as could be read. HidePhone and
	// ChatEnabled are nil where Kenar leaves them out, which means false.
	GeneralData GeneralData

	// CategoryData is a JSON object, nil when there is none. When a post is
	// submitted it is called category_fields.
	CategoryData json.RawMessage

	BusinessName, BusinessType string
}

// UserPost returns a post of the user who gave accessToken, whatever its
// state. The API key needs GET_USER_POST, the grant USER_POSTS_GET. An answer
// that is not a JSON object is an [*Error] with a 2xx status and the cause
// [ErrMalformed].
func (c *Client) UserPost(ctx context.Context, postToken, accessToken string) (UserPost, error) {
	r := c.onPost(OpGetUserPost, http.MethodGet, "/v1/open-platform/user-post/{post_token}", postToken, accessToken)
	r.longest = maxDocument
	return ask(ctx, c, r, decodeUserPost)
}

func decodeUserPost(a answer) (UserPost, error) {
	fields, err := a.object()
	if err != nil {
		return UserPost{}, err
	}
	p := UserPost{
		State:        PostState(fields.text("state")),
		RejectReason: fields.text("reject_reason"),
		BusinessName: fields.object("business_data").text("business_name"),
		BusinessType: fields.object("business_data").text("business_type"),
	}
	// A field of another type is left zero and the rest is read.
	_ = json.Unmarshal(fields["general_data"], &p.GeneralData)
	if fields.object("category_data") != nil {
		p.CategoryData = fields["category_data"]
	}
	return p, nil
}

// A ListedPost is a post in the list of a user's posts.
type ListedPost struct {
	Token       string
	Title       string
	Category    string   // slug
	Images      []string // URLs
	PhoneHidden bool
}

// UserPosts returns the posts of the user who gave accessToken that are
// published, or wait for payment, a review or a correction. The API key needs
// GET_USER_POSTS, the grant USER_POSTS_GET.
//
// Whoever looks for a post that may exist has to see the whole list, so one in
// which an element cannot be read is an [*Error] with a 2xx status and the
// cause [ErrMalformed], as is an answer that is not a JSON object.
func (c *Client) UserPosts(ctx context.Context, accessToken string) ([]ListedPost, error) {
	r := c.asUser(OpGetUserPosts, "/v1/open-platform/finder/user-posts", accessToken)
	r.longest = maxDocument
	return ask(ctx, c, r, decodeUserPosts)
}

func decodeUserPosts(a answer) ([]ListedPost, error) {
	var body struct {
		Posts []struct {
			Token       string   `json:"token"`
			Title       string   `json:"title"`
			Category    string   `json:"category"`
			Images      []string `json:"images"`
			PhoneHidden bool     `json:"is_phone_hidden"`
		} `json:"posts"`
	}
	if err := a.decode(&body); err != nil {
		return nil, err
	}
	var posts []ListedPost
	for i, p := range body.Posts {
		if ValidPostToken(p.Token) != nil {
			return nil, fmt.Errorf("%w: its post %d has no usable token", ErrMalformed, i+1)
		}
		posts = append(posts, ListedPost(p))
	}
	return posts, nil
}

// onPost is a request about a post of the user who gave accessToken, and so
// not to be made without one.
func (c *Client) onPost(op Operation, method, path, postToken, accessToken string) request {
	return request{
		op:          string(op),
		method:      method,
		url:         c.base + strings.Replace(path, postTokenVar, postToken, 1),
		refused:     cmp.Or(ValidPostToken(postToken), neededToken(accessToken)),
		accessToken: accessToken,
	}
}

// postTokenVar is the part of a path or link that a post token takes the place
// of.
const postTokenVar = "{post_token}"

// neededToken says why an empty access token is not enough.
func neededToken(accessToken string) error {
	if accessToken == "" {
		return errors.New("access token is empty: the user has to allow this")
	}
	return nil
}
