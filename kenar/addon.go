package kenar

import (
	"context"
	"net/http"
	"strings"
)

// CreatePostAddon puts this app's add-on on a post, in place of the one it has
// there already, if any. body is made by [PostAddon.Body].
//
// An empty accessToken calls with the API key alone; else its grant needs the
// scope POST_ADDON_CREATE.<post token> or USER_POSTS_ADDON_CREATE. The API key
// needs ADD_ON_CREATE (Kenar docs, post add-ons).
func (c *Client) CreatePostAddon(ctx context.Context, postToken, accessToken string, body []byte) (Receipt, error) {
	return c.deliver(ctx, request{
		op:          "create post add-on",
		method:      http.MethodPost,
		url:         c.base + "/v2/open-platform/addons/post/" + postToken,
		refused:     ValidPostToken(postToken),
		accessToken: accessToken,
		body:        body,
	})
}

// CreatePostAddonV1 is CreatePostAddon by the first generation of the API,
// which Kenar deprecated in April 2025: on its own host, with the widgets of a
// [PostAddonV1]. Permission and scopes are the same.
func (c *Client) CreatePostAddonV1(ctx context.Context, postToken, accessToken string, body []byte) (Receipt, error) {
	return c.deliver(ctx, request{
		op:          "create post add-on (v1)",
		method:      http.MethodPost,
		url:         c.legacy + "/v1/open-platform/add-ons/post/" + postToken,
		refused:     ValidPostToken(postToken),
		accessToken: accessToken,
		legacyToken: true,
		body:        body,
	})
}

// CreateBusinessAddon puts this app's add-on on all published posts of a
// business. body is made by [BusinessAddon.Body]. Unlike a post token, the
// business token is checked by Kenar at once.
//
// The API key needs BUSINESS_ADDON_CREATE, the grant of accessToken
// BUSINESS_ADDON_CREATE.<business token>. Receipt.ID may be empty: the guide
// documents no id, the OpenAPI description does.
func (c *Client) CreateBusinessAddon(ctx context.Context, businessToken, accessToken string, body []byte) (Receipt, error) {
	return c.deliver(ctx, request{
		op:          "create business add-on",
		method:      http.MethodPost,
		url:         c.base + strings.Replace(c.business, businessTokenVar, businessToken, 1),
		refused:     ValidBusinessToken(businessToken),
		accessToken: accessToken,
		body:        body,
	})
}

// CreateUserAddon puts this app's add-on on all future posts of a user and at
// most the 30 latest ones. It goes by itself after three months. body is made
// by [UserAddon.Body].
//
// Receipt.ID is the add-on's id, the only handle for [Client.DeleteUserAddon].
// If Kenar accepts the add-on without one, the error has the status of the
// answer and [ErrNoID] as its cause, and the receipt says accepted all the
// same.
//
// The API key needs USER_ADDON_CREATE, as does the grant of accessToken.
func (c *Client) CreateUserAddon(ctx context.Context, userID, accessToken string, body []byte) (Receipt, error) {
	r := request{
		op:          "create user add-on",
		method:      http.MethodPost,
		url:         c.base + "/v2/open-platform/addons/users/" + userID,
		refused:     ValidUserID(userID),
		accessToken: accessToken,
		body:        body,
	}
	receipt, err := c.deliver(ctx, r)
	if err == nil && receipt.ID == "" {
		err = &Error{Op: r.op, Status: receipt.Status, Err: ErrNoID}
	}
	return receipt, err
}

// DeletePostAddon removes all add-ons of this app from a post. To replace one,
// create it again. The API key needs ADD_ON_DELETE; no grant is involved.
// What Kenar answers for a post without add-ons is not documented.
func (c *Client) DeletePostAddon(ctx context.Context, postToken string) (Receipt, error) {
	return c.deliver(ctx, request{
		op:      "delete post add-on",
		method:  http.MethodDelete,
		url:     c.base + "/v1/open-platform/addons/post/" + postToken,
		refused: ValidPostToken(postToken),
	})
}

// DeleteUserAddon removes a user add-on by the id in the [Receipt] of its
// creation, and the post add-ons made of it. The API key needs
// USER_ADDON_DELETE; no grant is involved.
func (c *Client) DeleteUserAddon(ctx context.Context, addonID string) (Receipt, error) {
	return c.deliver(ctx, request{
		op:      "delete user add-on",
		method:  http.MethodDelete,
		url:     c.base + "/v1/open-platform/addons/user/" + addonID,
		refused: ValidAddonID(addonID),
	})
}
