package kenar

import (
	"strings"
	"testing"
)

func TestParseScope(t *testing.T) {
	tests := []struct {
		in   string
		want Scope
		err  string // "": none
	}{
		{"POST_ADDON_CREATE.gZd7omnS", Scope{"POST_ADDON_CREATE", "gZd7omnS"}, ""},
		{"BUSINESS_ADDON_CREATE.812d56e6-e44d-45e7-8932-f9acbd416999", Scope{"BUSINESS_ADDON_CREATE", "812d56e6-e44d-45e7-8932-f9acbd416999"}, ""},
		{"USER_POSTS_ADDON_CREATE", Scope{"USER_POSTS_ADDON_CREATE", ""}, ""},
		{"offline_access", Scope{"offline_access", ""}, ""},
		{"SOMETHING_NEW", Scope{"SOMETHING_NEW", ""}, ""},
		{"SOMETHING_NEW2.a:b=", Scope{"SOMETHING_NEW2", "a:b="}, ""},

		{"", Scope{}, `scope "": it has no name`},
		{".gZd7omnS", Scope{}, `it has no name`},
		{"post_addon_create.gZd7omnS", Scope{}, `its name holds other characters than A-Z, 0-9 and _`},
		{"USER_ID USER_PHONE", Scope{}, `its name holds other characters`},
		{strings.Repeat("A", 65), Scope{}, `its name has 65 characters, at most 64 are allowed`},
		{"POST_ADDON_CREATE", Scope{}, `it is for one post or business: write POST_ADDON_CREATE.<token>`},
		{"POST_ADDON_CREATE.", Scope{}, `post token is empty`},
		{"POST_ADDON_CREATE.gZ.7omnS", Scope{}, `post token "gZ.7omnS" holds '.' at byte 2`},
		{"POST_ADDON_CREATE." + strings.Repeat("x", 21), Scope{}, `has 21 characters, at most 20 are allowed`},
		{"BUSINESS_ADDON_CREATE./x", Scope{}, `business token "/x" holds '/'`},
		{"USER_POSTS_ADDON_CREATE.gZd7omnS", Scope{}, `it is for no single post or business: write USER_POSTS_ADDON_CREATE`},
		{"offline_access.x", Scope{}, `write offline_access`},
		{"SOMETHING_NEW.", Scope{}, `resource is empty`},
	}
	for _, tt := range tests {
		got, err := ParseScope(tt.in)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("ParseScope(%q) = %+v, %v; want %+v, %q", tt.in, got, err, tt.want, tt.err)
		}
	}
}

// TestScopeTables: whatever an operation needs is a scope that Kenar lists.
func TestScopeTables(t *testing.T) {
	for op, names := range operationScopes {
		for _, name := range names {
			if _, ok := scopeResources[name]; !ok {
				t.Errorf("%s needs %s, which is no scope", op, name)
			}
		}
	}
}

// FuzzParseScope: what parses is written as it was read, can stand in a list
// separated by spaces, and needs no escaping that could change it.
func FuzzParseScope(f *testing.F) {
	for _, s := range []string{"POST_ADDON_CREATE.gZd7omnS", "USER_ID", "offline_access", "X.y.z", "A.", ".", "USER_ID\n", "É"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		scope, err := ParseScope(s)
		if err != nil {
			if scope != (Scope{}) {
				t.Errorf("ParseScope(%q) = %+v with error %v", s, scope, err)
			}
			return
		}
		if scope.String() != s {
			t.Errorf("%q is written as %q", s, scope)
		}
		if !headerSafe(s) || s == "" || len(s) > maxScopeName+1+maxOpaque {
			t.Errorf("%q passes for a scope", s)
		}
		if strings.Contains(scope.Name, ".") || strings.Contains(scope.Resource, ".") {
			t.Errorf("%q is parsed as %+v", s, scope)
		}
	})
}
