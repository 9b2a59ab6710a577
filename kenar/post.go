package kenar

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// States of a post (Kenar OpenAPI, finderPostExtState).
const (
	StatePublished       = "PUBLISHED"
	StateReviewRequired  = "REVIEW_REQ"
	StatePaymentRequired = "PAYMENT_REQ"
	StateRetired         = "RETIRED"
)

// Post is what Kenar publishes about a post, as far as it matters for add-ons.
// Kenar leaves out what is zero, so every field may be.
type Post struct {
	Token    string
	Category string // slug, such as "light"
	City     string // slug, such as "tehran"
	District string // slug
	State    string // one of the State constants, or one that came later
	Title    string

	// BusinessType is that of the business the post belongs to, such as
	// "CAR"; empty for a private post.
	BusinessType string

	FirstPublishedAt, LastModifiedAt time.Time
}

// GetPost returns the public data of a post, of any user. The API key needs
// GET_POST, which has a budget of its own. A post that does not exist is an
// [*Error] with Status 404; an answer that is not a JSON object is one with a
// 2xx status and the cause [ErrMalformed].
func (c *Client) GetPost(ctx context.Context, postToken string) (Post, error) {
	r := request{
		op:      "get post",
		method:  http.MethodGet,
		url:     c.base + "/v1/open-platform/finder/post/" + postToken,
		refused: ValidPostToken(postToken),
	}
	return ask(ctx, c, r, decodePost)
}

// decodePost takes a field of an unexpected type for a missing one: a post
// whose title cannot be read is still a post that exists.
func decodePost(a answer) (Post, error) {
	fields, err := a.object()
	if err != nil {
		return Post{}, err
	}
	return Post{
		Token:            fields.text("token"),
		Category:         fields.text("category"),
		City:             fields.text("city"),
		District:         fields.text("district"),
		State:            fields.text("state"),
		Title:            fields.object("data").text("title"),
		BusinessType:     fields.object("business_data").text("business_type"),
		FirstPublishedAt: fields.time("first_published_at"),
		LastModifiedAt:   fields.time("last_modified_at"),
	}, nil
}

// object reads the answer, which must be a JSON object. The error is
// [ErrMalformed] with what is wrong.
func (a answer) object() (object, error) {
	var fields object
	if err := json.Unmarshal(a.body, &fields); err == nil && fields != nil {
		return fields, nil
	}
	switch {
	case a.err != nil:
		return nil, fmt.Errorf("%w: it broke off: %w", ErrMalformed, a.err)
	case len(a.body) == a.longest:
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrMalformed, a.longest)
	}
	return nil, ErrMalformed
}

// object is a JSON object read leniently: what is missing or of another type
// is the zero value.
type object map[string]json.RawMessage

func (o object) text(key string) (s string) {
	if json.Unmarshal(o[key], &s) != nil {
		return ""
	}
	return s
}

func (o object) object(key string) (v object) {
	if json.Unmarshal(o[key], &v) != nil {
		return nil
	}
	return v
}

func (o object) time(key string) time.Time {
	t, err := time.Parse(time.RFC3339, o.text(key))
	if err != nil {
		return time.Time{}
	}
	return t
}
