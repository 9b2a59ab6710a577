package kenar

import (
	"context"
	"testing"
)

const (
	paymentID = "550e8400-e29b-41d4-a716-446655440000"

	testMP4 = "\x00\x00\x00\x18ftypmp42 pixels" // as far as the client looks
)

// received is op as an operation, whose result does not matter.
func received[T any](op Operation, call func(context.Context, *Client) (T, error)) operation {
	return operation{string(op), func(ctx context.Context, c *Client) (Receipt, error) {
		_, err := call(ctx, c)
		return Receipt{}, err
	}}
}

// postOperations are those of posts, with the values of Kenar's samples where
// there are some.
var postOperations = []operation{
	received(OpGetSubmitSchema, func(ctx context.Context, c *Client) (any, error) {
		return c.SubmitSchema(ctx, "apartment-rent")
	}),
	received(OpSubmitPost, func(ctx context.Context, c *Client) (any, error) {
		body, err := apartment().Body()
		if err != nil {
			return nil, err
		}
		return c.SubmitPost(ctx, "", body)
	}),
	received(OpSubmitUserPost, func(ctx context.Context, c *Client) (any, error) {
		s := apartment()
		body, err := UserPostSubmission{s.BusinessToken, s.GeneralData, s.CategoryFields}.Body()
		if err != nil {
			return nil, err
		}
		return c.SubmitUserPost(ctx, testToken, body)
	}),
	received(OpCanSubmitUserPost, func(ctx context.Context, c *Client) (any, error) {
		return c.CanSubmitUserPost(ctx, testToken)
	}),
	received(OpGetPostUploadURLs, func(ctx context.Context, c *Client) (any, error) {
		return c.PostUploadURLs(ctx)
	}),
	received(OpUploadPostImage, func(ctx context.Context, c *Client) (any, error) {
		return c.UploadPostImage(ctx, UploadURL{c.base + "/v8/upload/post/live-post-image", "POST"}, []byte(testJPEG))
	}),
	received(OpUploadPostVideo, func(ctx context.Context, c *Client) (any, error) {
		return c.UploadPostVideo(ctx, UploadURL{c.base + "/v1/upload-video/", "PUT"}, []byte(testMP4))
	}),
	received(OpGetPostPricing, func(ctx context.Context, c *Client) (any, error) {
		return c.PostPricing(ctx, "AZir15UU", testToken)
	}),
	received(OpGetBalance, func(ctx context.Context, c *Client) (any, error) {
		return c.Balance(ctx)
	}),
	received(OpPublishPost, func(ctx context.Context, c *Client) (any, error) {
		return c.PublishPost(ctx, "AZir15UU", testToken, Payment{paymentID, "optional extra information"})
	}),
	received(OpRenewPost, func(ctx context.Context, c *Client) (any, error) {
		return c.RenewPost(ctx, "AZir15UU", testToken, Payment{ID: paymentID})
	}),
	received(OpReorderPost, func(ctx context.Context, c *Client) (any, error) {
		return c.ReorderPost(ctx, "AZir15UU", testToken, Payment{ID: paymentID})
	}),
	received(OpGetTransaction, func(ctx context.Context, c *Client) (any, error) {
		return c.Transaction(ctx, paymentID)
	}),
	received(OpListTransactions, func(ctx context.Context, c *Client) (any, error) {
		return c.Transactions(ctx, Page{Size: 100, Token: "opaque/+&=?"})
	}),
	{string(OpEditPost), func(ctx context.Context, c *Client) (Receipt, error) {
		body, err := mileageEdit().Body()
		if err != nil {
			return Receipt{}, err
		}
		return c.EditPost(ctx, "AZir15UU", testToken, body)
	}},
	{string(OpDeletePost), func(ctx context.Context, c *Client) (Receipt, error) {
		return c.DeletePost(ctx, "AZir15UU", testToken)
	}},
	{string(OpSetPostButton), func(ctx context.Context, c *Client) (Receipt, error) {
		body, err := booking().ForPost("AZir15UU").Body()
		if err != nil {
			return Receipt{}, err
		}
		return c.SetPostButton(ctx, "AZir15UU", testToken, body)
	}},
	{string(OpDeletePostButton), func(ctx context.Context, c *Client) (Receipt, error) {
		return c.DeletePostButton(ctx, "AZir15UU", testToken)
	}},
	{string(OpSetBusinessButton), func(ctx context.Context, c *Client) (Receipt, error) {
		body, err := booking().Body()
		if err != nil {
			return Receipt{}, err
		}
		return c.SetBusinessButton(ctx, "xYzAbC123", testToken, body)
	}},
	{string(OpDeleteBusinessButton), func(ctx context.Context, c *Client) (Receipt, error) {
		return c.DeleteBusinessButton(ctx, "xYzAbC123")
	}},
	received(OpGetUserPosts, func(ctx context.Context, c *Client) (any, error) {
		return c.UserPosts(ctx, testToken)
	}),
	received(OpGetUserPost, func(ctx context.Context, c *Client) (any, error) {
		return c.UserPost(ctx, "AZir15UU", testToken)
	}),
}

// answeredAtLength are the operations of which more than maxAnswer is read.
var answeredAtLength = map[string]bool{
	string(OpGetSubmitSchema):  true,
	string(OpListTransactions): true,
	string(OpGetUserPosts):     true,
	string(OpGetUserPost):      true,
}

// TestPermission: every operation has its row, and the values are those of
// Kenar's list.
func TestPermission(t *testing.T) {
	for op := range operationScopes {
		if _, ok := operationPermissions[op]; !ok {
			t.Errorf("%s has scopes and no permission, not even \"\"", op)
		}
	}
	for op := range operationPermissions {
		if _, ok := operationScopes[op]; !ok {
			t.Errorf("%s has a permission and no scopes, not even none", op)
		}
	}
	for op, want := range map[Operation]string{
		OpCreatePostAddon:  "ADD_ON_CREATE",
		OpSubmitPost:       "SUBMIT_POST",
		OpSubmitUserPost:   "SUBMIT_USER_POST",
		OpPublishPost:      "PUBLISH_USER_POST",
		OpEditPost:         "EDIT_POST",
		OpDeletePostButton: "SET_CUSTOMIZED_BUTTON",
		OpGetSubmitSchema:  "",
		"make coffee":      "",
	} {
		if got := Permission(op); got != want {
			t.Errorf("Permission(%q) is %q, want %q", op, got, want)
		}
	}
}
