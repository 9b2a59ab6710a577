package kenar

import (
	"fmt"
	"strings"
)

// ScopeOfflineAccess is the scope that brings a refresh token.
const ScopeOfflineAccess = "offline_access"

// maxScopeName is well beyond the longest name that Kenar documents.
const maxScopeName = 64

// A Scope is one right that a user can give to an app: as a whole, or on one
// post or business.
type Scope struct {
	Name     string // such as "POST_ADDON_CREATE"
	Resource string // the post or business token; "" for a scope without one
}

// String is the scope as OAuth spells it: NAME or NAME.resource.
func (s Scope) String() string {
	if s.Resource == "" {
		return s.Name
	}
	return s.Name + "." + s.Resource
}

// scopeResources are the scopes that Kenar lists (Kenar OpenAPI, OAuth
// scopes), with the check of the resource they are for; nil for none.
var scopeResources = map[string]func(string) error{
	"POST_ADDON_CREATE":                 ValidPostToken,
	"POST_EDIT":                         ValidPostToken,
	"POST_ONGOING_IMAGES_GET":           ValidPostToken,
	"POST_SEMANTIC_CREATE":              ValidPostToken,
	"BUSINESS_ADDON_CREATE":             ValidBusinessToken,
	"BUSINESS_CREATE_CUSTOMIZED_BUTTON": ValidBusinessToken,
	"DELETE_USER_POST":                  nil,
	"EDIT_USER_POST":                    nil,
	"NOTIFICATION_ACCESS_REVOCATION":    nil,
	"PAYMENT_ALL_POSTS_PRICING_READ":    nil,
	"PAYMENT_ALL_POSTS_RENEW":           nil,
	"PAYMENT_ALL_POSTS_REORDER":         nil,
	"PAY_USER_POST_PROMOTION":           nil,
	"SUBMIT_USER_POST":                  nil,
	"USER_ADDON_CREATE":                 nil,
	"USER_BUSINESSES_READ":              nil,
	"USER_ID":                           nil,
	"USER_PHONE":                        nil,
	"USER_POSTS_ADDON_CREATE":           nil,
	"USER_POSTS_GET":                    nil,
	"USER_SET_CUSTOMIZED_BUTTON":        nil,
	"USER_VERIFICATION_CREATE":          nil,
	ScopeOfflineAccess:                  nil,
}

// ParseScope reads a scope as OAuth spells it. A scope that Kenar lists must
// have a valid resource or none, as listed; of others, which may be newer, only
// the form is checked: upper-case letters, digits and _, and behind a dot at
// most 128 of A-Z, a-z, 0-9, _, -, = and :.
func ParseScope(s string) (Scope, error) {
	name, resource, dotted := strings.Cut(s, ".")
	fault := func(format string, args ...any) (Scope, error) {
		return Scope{}, fmt.Errorf("scope %s: %w", shortened(s, maxScopeName), fmt.Errorf(format, args...))
	}
	check, listed := scopeResources[name]
	switch {
	case name == "":
		return fault("it has no name: write NAME or NAME.resource")
	case len(name) > maxScopeName:
		return fault("its name has %d characters, at most %d are allowed", len(name), maxScopeName)
	case !listed && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "":
		return fault("its name holds other characters than A-Z, 0-9 and _")
	case listed && check == nil && dotted:
		return fault("it is for no single post or business: write %s", name)
	case listed && check != nil && !dotted:
		return fault("it is for one post or business: write %s.<token>", name)
	case listed && check != nil:
		if err := check(resource); err != nil {
			return fault("%w", err)
		}
	case dotted:
		if err := validSegment("resource", resource, maxOpaque, opaqueMarks); err != nil {
			return fault("%w", err)
		}
	}
	return Scope{Name: name, Resource: resource}, nil
}
