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
	prefix     string   // the path up to the last segment, which is the target's id
	kind       string   // of target: post, business, user, addon
	permission string   // of the API key
	scopes     []string // of the access token, one of them; {id} is the target's id
	body       *schema  // nil: none is read
	serve      func(*Server, *request) answer
}

var postScopes = []string{"POST_ADDON_CREATE.{id}", "USER_POSTS_ADDON_CREATE"}

// operations holds every route. Sources differ on the version in a business
// add-on's path (docs v2; OpenAPI and SDKs v1) and on the spelling of addons
// in v1 paths (docs add-ons; OpenAPI and SDKs addons): all are served.
var operations = []operation{
	{CreatePostAddon, http.MethodPost, "/v2/open-platform/addons/post/", "post",
		"ADD_ON_CREATE", postScopes, postBodyV2, (*Server).createPostAddon},
	{CreatePostAddonV1, http.MethodPost, "/v1/open-platform/add-ons/post/", "post",
		"ADD_ON_CREATE", postScopes, postBodyV1, (*Server).createPostAddon},
	{CreatePostAddonV1, http.MethodPost, "/v1/open-platform/addons/post/", "post",
		"ADD_ON_CREATE", postScopes, postBodyV1, (*Server).createPostAddon},
	{CreateBusinessAddon, http.MethodPost, "/v1/open-platform/addons/business/", "business",
		"BUSINESS_ADDON_CREATE", []string{"BUSINESS_ADDON_CREATE.{id}"}, businessBody, (*Server).createBusinessAddonV1},
	{CreateBusinessAddon, http.MethodPost, "/v2/open-platform/addons/business/", "business",
		"BUSINESS_ADDON_CREATE", []string{"BUSINESS_ADDON_CREATE.{id}"}, businessBody, (*Server).createBusinessAddonV2},
	{CreateUserAddon, http.MethodPost, "/v2/open-platform/addons/users/", "user",
		"USER_ADDON_CREATE", []string{"USER_ADDON_CREATE"}, userBodyV2, (*Server).createUserAddon},
	// The last segment of the v1 call was a phone number; here it is the user's id.
	{CreateUserAddonV1, http.MethodPost, "/v1/open-platform/addons/user/", "user",
		"USER_ADDON_CREATE", []string{"USER_ADDON_CREATE"}, userBodyV1, (*Server).createUserAddon},
	{DeletePostAddon, http.MethodDelete, "/v1/open-platform/addons/post/", "post",
		"ADD_ON_DELETE", nil, nil, (*Server).deletePostAddon},
	{DeletePostAddon, http.MethodDelete, "/v1/open-platform/add-ons/post/", "post",
		"ADD_ON_DELETE", nil, nil, (*Server).deletePostAddon},
	{DeleteUserAddon, http.MethodDelete, "/v1/open-platform/addons/user/", "addon",
		"USER_ADDON_DELETE", nil, nil, (*Server).deleteUserAddon},
	{GetPost, http.MethodGet, "/v1/open-platform/finder/post/", "post",
		"GET_POST", nil, nil, (*Server).getPost},
}

// route finds the operation of a request and the id at the end of its path.
// The operation is nil when there is none.
func route(method string, u *url.URL) (*operation, string) {
	path := u.EscapedPath()
	for i := range accountOperations {
		if op := &accountOperations[i]; path == op.prefix && method == op.method {
			return op, ""
		}
	}
	if path == imageUpload.prefix && method == imageUpload.method {
		return &imageUpload, ""
	}
	for i := range operations {
		op := &operations[i]
		rest, ok := strings.CutPrefix(path, op.prefix)
		if !ok || method != op.method || rest == "" || strings.Contains(rest, "/") {
			continue
		}
		if id, err := url.PathUnescape(rest); err == nil {
			return op, id
		}
	}
	return nil, ""
}
