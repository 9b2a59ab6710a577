package kenar

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestCheckScopes(t *testing.T) {
	const post, business = "gZd7omnS", "xYzAbC123"
	tests := []struct {
		op       Operation
		resource string
		granted  string
		ask      string // "": covered
	}{
		{OpCreatePostAddon, post, "POST_ADDON_CREATE.gZd7omnS", ""},
		{OpCreatePostAddon, post, "USER_ID USER_POSTS_ADDON_CREATE", ""},
		{OpCreatePostAddon, post, "POST_ADDON_CREATE.other", "POST_ADDON_CREATE.gZd7omnS or USER_POSTS_ADDON_CREATE"},
		{OpCreatePostAddon, post, "POST_ADDON_CREATE.gZd7omn", "POST_ADDON_CREATE.gZd7omnS or USER_POSTS_ADDON_CREATE"},
		{OpCreatePostAddon, post, "POST_ADDON_CREATE", "POST_ADDON_CREATE.gZd7omnS or USER_POSTS_ADDON_CREATE"},
		{OpCreatePostAddon, post, "", "POST_ADDON_CREATE.gZd7omnS or USER_POSTS_ADDON_CREATE"},
		{OpCreatePostAddonV1, post, "USER_POSTS_ADDON_CREATE", ""},
		{OpCreatePostAddonV1, post, "USER_ADDON_CREATE", "POST_ADDON_CREATE.gZd7omnS or USER_POSTS_ADDON_CREATE"},
		{OpCreateBusinessAddon, business, "BUSINESS_ADDON_CREATE.xYzAbC123", ""},
		{OpCreateBusinessAddon, business, "BUSINESS_ADDON_CREATE.x", "BUSINESS_ADDON_CREATE.xYzAbC123"},
		{OpCreateUserAddon, "user-17", "USER_ADDON_CREATE", ""},
		{OpCreateUserAddon, "user-17", "USER_POSTS_ADDON_CREATE", "USER_ADDON_CREATE"},
		{OpDeletePostAddon, post, "", ""},
		{OpDeleteUserAddon, "", "", ""},
		{OpUploadWidgetImage, "", "", ""},
		{OpCreatePostSemantic, post, "", "POST_SEMANTIC_CREATE.gZd7omnS"},
		{OpCreateUserSemantic, "", "", "USER_VERIFICATION_CREATE"},
		{OpGetPost, "", "", ""},
		{OpGetUser, "", "USER_PHONE", ""},
		{OpGetUser, "", "", "USER_ID or USER_PHONE"},
		{OpGetUserPosts, "", "", "USER_POSTS_GET"},
		{OpGetUserBusinesses, "", "", "USER_BUSINESSES_READ"},
		{OpSubmitPost, "", "", ""},
		{OpSubmitUserPost, "", "", "SUBMIT_USER_POST"},
		{OpCanSubmitUserPost, "", "", "SUBMIT_USER_POST"},
		{OpGetPostPricing, post, "", "PAYMENT_ALL_POSTS_PRICING_READ"},
		{OpPublishPost, post, "", "SUBMIT_USER_POST"},
		{OpRenewPost, post, "", "PAYMENT_ALL_POSTS_RENEW"},
		{OpReorderPost, post, "", "PAYMENT_ALL_POSTS_REORDER"},
		{OpPayPostPromotion, post, "", "PAY_USER_POST_PROMOTION"},
		{OpEditPost, post, "", "POST_EDIT.gZd7omnS or EDIT_USER_POST"},
		{OpEditPostV1, post, "EDIT_USER_POST", "POST_EDIT.gZd7omnS"},
		{OpDeletePost, post, "", "DELETE_USER_POST"},
		{OpSetPostButton, post, "", "USER_SET_CUSTOMIZED_BUTTON"},
		{OpDeletePostButton, post, "", "USER_SET_CUSTOMIZED_BUTTON"},
		{OpSetBusinessButton, business, "", "BUSINESS_CREATE_CUSTOMIZED_BUTTON.xYzAbC123"},
		{OpDeleteBusinessButton, business, "", ""},
		{OpGetUserPost, post, "", "USER_POSTS_GET"},
		{OpGetSubmitSchema, "", "", ""},
		{OpGetPostUploadURLs, "", "", ""},
		{OpUploadPostImage, "", "", ""},
		{OpUploadPostVideo, "", "", ""},
		{OpGetBalance, "", "", ""},
		{OpGetTransaction, "", "", ""},
		{OpListTransactions, "", "", ""},
	}
	tested := make(map[Operation]bool)
	for _, tt := range tests {
		tested[tt.op] = true
		err := CheckScopes(strings.Fields(tt.granted), tt.op, tt.resource)
		if tt.ask == "" {
			if err != nil {
				t.Errorf("%s with %q: %v", tt.op, tt.granted, err)
			}
			continue
		}
		want := string(tt.op) + ": the user has not allowed it; ask for the scope " + tt.ask
		if e, ok := errors.AsType[*ScopeError](err); !ok || err.Error() != want || e.Op != tt.op {
			t.Errorf("%s with %q\ngot  %v\nwant %s", tt.op, tt.granted, err, want)
		}
	}
	for op := range operationScopes {
		if !tested[op] {
			t.Errorf("%s has no row in this table", op)
		}
	}
}

func TestScopesForFaults(t *testing.T) {
	tests := []struct {
		op       Operation
		resource string
		want     string
	}{
		{"create everything", "x", `scopes for "create everything": there is no such operation: use one of the Op constants`},
		{OpCreatePostAddon, "", `scopes for "create post add-on": post token is empty: 1 to 20 characters are needed`},
		{OpCreateBusinessAddon, "a b", `scopes for "create business add-on": business token "a b" holds ' ' at byte 1`},
	}
	for _, tt := range tests {
		scopes, err := ScopesFor(tt.op, tt.resource)
		if scopes != nil || err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got %q, %v\nwant %s", scopes, err, tt.want)
		}
		if again := CheckScopes([]string{"USER_POSTS_ADDON_CREATE"}, tt.op, tt.resource); again == nil || again.Error() != err.Error() {
			t.Errorf("CheckScopes says %v, want %v", again, err)
		}
	}
}

// TestScopesCanBeAskedFor: each is accepted where scopes are asked for.
func TestScopesCanBeAskedFor(t *testing.T) {
	for op := range operationScopes {
		scopes, err := ScopesFor(op, "gZd7omnS")
		if err != nil {
			t.Errorf("%s: %v", op, err)
		}
		for _, s := range scopes {
			if scope, err := ParseScope(s); err != nil || scope.String() != s {
				t.Errorf("%s needs %q, which is read as %q, %v", op, s, scope, err)
			}
		}
	}
}

// TestOperationNames: the operations of a Client name themselves in errors as
// the constants do.
func TestOperationNames(t *testing.T) {
	c := newTestClient(t, "http://kenar.test", Config{Transport: roundTripFunc(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("not sent")
	})})
	for _, op := range operations {
		_, err := op.call(t.Context(), c)
		if _, known := operationScopes[Operation(wantError(t, err).Op)]; !known {
			t.Errorf("no Operation is called %q", wantError(t, err).Op)
		}
	}
}
