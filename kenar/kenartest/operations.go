package kenartest

import (
	"net/http"
	"net/url"
	"strings"
)

// An Op names an operation of Kenar.
type Op string

// The operations that the simulator knows. A call to anything else has the
// empty Op and is answered 404, as by a gateway.
const (
	CreatePostAddon     Op = "post_addon_v2.create"
	CreatePostAddonV1   Op = "post_addon_v1.create"
	CreateBusinessAddon Op = "business_addon.create"
	CreateUserAddon     Op = "user_addon_v2.create"
	CreateUserAddonV1   Op = "user_addon_v1.create"
	DeletePostAddon     Op = "post_addon.delete"
	DeleteUserAddon     Op = "user_addon.delete"
	GetPost             Op = "finder.get_post"
)

// An operation is a route and what a call of it needs.
type operation struct {
	op         Op
	method     string
	path       string   // {id} stands for the target's
	kind       string   // of target: post, business, user, addon, category, transaction
	permission string   // of the API key; empty: any key will do
	scopes     []string // of the access token, one of them; {id} is the target's id
	body       *schema  // nil: none is read
	serve      func(*Server, *request) answer
}

var postScopes = []string{"POST_ADDON_CREATE.{id}", "USER_POSTS_ADDON_CREATE"}

// operations holds the routes of add-ons and of finder. Sources differ on the version in a business
// add-on's path (docs v2; OpenAPI and SDKs v1) and on the spelling of addons
// in v1 paths (docs add-ons; OpenAPI and SDKs addons): all are served.
var operations = []operation{
	{CreatePostAddon, http.MethodPost, "/v2/open-platform/addons/post/{id}", "post",
		"ADD_ON_CREATE", postScopes, postBodyV2, (*Server).createPostAddon},
	{CreatePostAddonV1, http.MethodPost, "/v1/open-platform/add-ons/post/{id}", "post",
		"ADD_ON_CREATE", postScopes, postBodyV1, (*Server).createPostAddon},
	{CreatePostAddonV1, http.MethodPost, "/v1/open-platform/addons/post/{id}", "post",
		"ADD_ON_CREATE", postScopes, postBodyV1, (*Server).createPostAddon},
	{CreateBusinessAddon, http.MethodPost, "/v1/open-platform/addons/business/{id}", "business",
		"BUSINESS_ADDON_CREATE", []string{"BUSINESS_ADDON_CREATE.{id}"}, businessBody, (*Server).createBusinessAddonV1},
	{CreateBusinessAddon, http.MethodPost, "/v2/open-platform/addons/business/{id}", "business",
		"BUSINESS_ADDON_CREATE", []string{"BUSINESS_ADDON_CREATE.{id}"}, businessBody, (*Server).createBusinessAddonV2},
	{CreateUserAddon, http.MethodPost, "/v2/open-platform/addons/users/{id}", "user",
		"USER_ADDON_CREATE", []string{"USER_ADDON_CREATE"}, userBodyV2, (*Server).createUserAddon},
	// The last segment of the v1 call was a phone number; here it is the user's id.
	{CreateUserAddonV1, http.MethodPost, "/v1/open-platform/addons/user/{id}", "user",
		"USER_ADDON_CREATE", []string{"USER_ADDON_CREATE"}, userBodyV1, (*Server).createUserAddon},
	{DeletePostAddon, http.MethodDelete, "/v1/open-platform/addons/post/{id}", "post",
		"ADD_ON_DELETE", nil, nil, (*Server).deletePostAddon},
	{DeletePostAddon, http.MethodDelete, "/v1/open-platform/add-ons/post/{id}", "post",
		"ADD_ON_DELETE", nil, nil, (*Server).deletePostAddon},
	{DeleteUserAddon, http.MethodDelete, "/v1/open-platform/addons/user/{id}", "addon",
		"USER_ADDON_DELETE", nil, nil, (*Server).deleteUserAddon},
	{GetPost, http.MethodGet, "/v1/open-platform/finder/post/{id}", "post",
		"GET_POST", nil, nil, (*Server).getPost},
}

// addon reports whether a call of the operation brings an add-on.
func (o *operation) addon() bool {
	switch o.op {
	case CreatePostAddon, CreatePostAddonV1, CreateBusinessAddon, CreateUserAddon, CreateUserAddonV1:
		return true
	}
	return false
}

// route finds the operation of a request and the id in its path. The
// operation is nil when there is none.
func route(method string, u *url.URL) (*operation, string) {
	path := u.EscapedPath()
	if imageUpload.path == path && imageUpload.method == method {
		return &imageUpload, ""
	}
	for _, table := range [][]operation{operations, accountOperations, postOperations} {
		for i := range table {
			op := &table[i]
			if op.method != method {
				continue
			}
			if id, ok := op.match(path); ok {
				return op, id
			}
		}
	}
	return nil, ""
}

// match reports whether an escaped path is the operation's, and what its id
// says when unescaped.
func (o *operation) match(path string) (id string, ok bool) {
	before, after, targeted := strings.Cut(o.path, "{id}")
	if !targeted {
		return "", path == o.path
	}
	rest, begins := strings.CutPrefix(path, before)
	rest, ends := strings.CutSuffix(rest, after)
	if !begins || !ends || rest == "" || strings.Contains(rest, "/") {
		return "", false
	}
	id, err := url.PathUnescape(rest)
	return id, err == nil
}
