package kenar

import (
	"fmt"
	"slices"
	"strings"
)

// An Operation is what an app can do at Kenar, named as in [Error.Op]. What it
// needs of the user is told by [ScopesFor], what it needs of the API key by
// [Permission], and an operation needs both.
type Operation string

// Operations on add-ons.
const (
	OpCreatePostAddon     Operation = "create post add-on"
	OpCreatePostAddonV1   Operation = "create post add-on (v1)"
	OpCreateBusinessAddon Operation = "create business add-on"
	OpCreateUserAddon     Operation = "create user add-on"
	OpDeletePostAddon     Operation = "delete post add-on"
	OpDeleteUserAddon     Operation = "delete user add-on"
	OpUploadWidgetImage   Operation = "upload widget image"
)

// Operations on semantic data.
const (
	OpCreatePostSemantic Operation = "create post semantic"
	OpCreateUserSemantic Operation = "create user semantic"
)

// Operations that read.
const (
	OpGetPost           Operation = "get post"
	OpGetUser           Operation = "get user"
	OpGetUserPosts      Operation = "get user posts"
	OpGetUserBusinesses Operation = "get user businesses"
	OpGetUserPost       Operation = "get user post"
)

// Operations on posts.
const (
	OpSubmitPost           Operation = "submit post" // as a provider
	OpSubmitUserPost       Operation = "submit user post"
	OpCanSubmitUserPost    Operation = "can submit user post"
	OpGetPostPricing       Operation = "get post pricing"
	OpPublishPost          Operation = "publish post"
	OpRenewPost            Operation = "renew post"
	OpReorderPost          Operation = "reorder post"
	OpPayPostPromotion     Operation = "pay post promotion"
	OpEditPost             Operation = "edit post"
	OpEditPostV1           Operation = "edit post (v1)"
	OpDeletePost           Operation = "delete post"
	OpSetPostButton        Operation = "set post button"
	OpDeletePostButton     Operation = "delete post button"
	OpSetBusinessButton    Operation = "set business button"
	OpDeleteBusinessButton Operation = "delete business button"
)

// Operations around posts.
const (
	OpGetSubmitSchema   Operation = "get submit schema"
	OpGetPostUploadURLs Operation = "get post upload URLs"
	OpUploadPostImage   Operation = "upload post image"
	OpUploadPostVideo   Operation = "upload post video"
	OpGetBalance        Operation = "get balance"
	OpGetTransaction    Operation = "get transaction"
	OpListTransactions  Operation = "list transactions"
)

// operationScopes holds for every operation the names of the scopes of which
// the user must have given one (Kenar OpenAPI; Kenar docs, scopes). A scope
// that is for one post or business is for the one that the operation is about.
var operationScopes = map[Operation][]string{
	OpCreatePostAddon:     {"POST_ADDON_CREATE", "USER_POSTS_ADDON_CREATE"},
	OpCreatePostAddonV1:   {"POST_ADDON_CREATE", "USER_POSTS_ADDON_CREATE"},
	OpCreateBusinessAddon: {"BUSINESS_ADDON_CREATE"},
	OpCreateUserAddon:     {"USER_ADDON_CREATE"},
	OpDeletePostAddon:     nil,
	OpDeleteUserAddon:     nil,
	OpUploadWidgetImage:   nil,

	OpCreatePostSemantic: {"POST_SEMANTIC_CREATE"},
	OpCreateUserSemantic: {"USER_VERIFICATION_CREATE"},

	OpGetPost:           nil,
	OpGetUser:           {"USER_ID", "USER_PHONE"},
	OpGetUserPosts:      {"USER_POSTS_GET"},
	OpGetUserBusinesses: {"USER_BUSINESSES_READ"},
	OpGetUserPost:       {"USER_POSTS_GET"},

	OpSubmitPost:           nil,
	OpSubmitUserPost:       {"SUBMIT_USER_POST"},
	OpCanSubmitUserPost:    {"SUBMIT_USER_POST"},
	OpGetPostPricing:       {"PAYMENT_ALL_POSTS_PRICING_READ"},
	OpPublishPost:          {"SUBMIT_USER_POST"},
	OpRenewPost:            {"PAYMENT_ALL_POSTS_RENEW"},
	OpReorderPost:          {"PAYMENT_ALL_POSTS_REORDER"},
	OpPayPostPromotion:     {"PAY_USER_POST_PROMOTION"},
	OpEditPost:             {"POST_EDIT", "EDIT_USER_POST"},
	OpEditPostV1:           {"POST_EDIT"},
	OpDeletePost:           {"DELETE_USER_POST"},
	OpSetPostButton:        {"USER_SET_CUSTOMIZED_BUTTON"},
	OpDeletePostButton:     {"USER_SET_CUSTOMIZED_BUTTON"},
	OpSetBusinessButton:    {"BUSINESS_CREATE_CUSTOMIZED_BUTTON"},
	OpDeleteBusinessButton: nil,

	OpGetSubmitSchema:   nil,
	OpGetPostUploadURLs: nil,
	OpUploadPostImage:   nil,
	OpUploadPostVideo:   nil,
	OpGetBalance:        nil,
	OpGetTransaction:    nil,
	OpListTransactions:  nil,
}

// ScopesFor returns the scopes of which a user must have given one for an
// operation, the narrowest first; none when no consent is needed. resource is
// the token of the post or business that the operation is about, where one of
// the scopes is for a single one.
//
// It fails for an operation that is not one of the constants, and when
// resource cannot be what it must be.
func ScopesFor(op Operation, resource string) ([]string, error) {
	names, known := operationScopes[op]
	if !known {
		return nil, fmt.Errorf("scopes for %q: there is no such operation: use one of the Op constants", string(op))
	}
	var scopes []string
	for _, name := range names {
		scope := Scope{Name: name}
		if check := scopeResources[name]; check != nil {
			if err := check(resource); err != nil {
				return nil, fmt.Errorf("scopes for %q: %w", string(op), err)
			}
			scope.Resource = resource
		}
		scopes = append(scopes, scope.String())
	}
	return scopes, nil
}

// Covered reports whether the granted scopes hold one of anyOf, which is always
// so when there is nothing in anyOf. Scopes are compared whole: one for all
// posts does not cover one for a single post unless anyOf has both.
func Covered(granted, anyOf []string) bool {
	return len(anyOf) == 0 || slices.ContainsFunc(anyOf, func(s string) bool { return slices.Contains(granted, s) })
}

// CheckScopes returns nil if the granted scopes allow an operation on a
// resource, a [*ScopeError] if they do not, and the error of [ScopesFor] if
// that has one.
func CheckScopes(granted []string, op Operation, resource string) error {
	anyOf, err := ScopesFor(op, resource)
	if err != nil {
		return err
	}
	if !Covered(granted, anyOf) {
		return &ScopeError{Op: op, AnyOf: anyOf}
	}
	return nil
}

// A ScopeError says that a user has not allowed an operation.
type ScopeError struct {
	Op    Operation
	AnyOf []string // the scopes to ask the user for, of which one is enough
}

// Error names what to ask the user for.
func (e *ScopeError) Error() string {
	return fmt.Sprintf("%s: the user has not allowed it; ask for the scope %s", e.Op, strings.Join(e.AnyOf, " or "))
}
