package kenar

import (
	"strings"
	"testing"
)

// TestTargets: what is put into a path can change nothing but its segment.
func TestTargets(t *testing.T) {
	valid := []struct {
		name  string
		check func(string) error
		most  int
		good  []string
	}{
		{"post token", ValidPostToken, 20, []string{"A", "AZir15UU", "gap5-Twe", "Ab_9-", "AJIEWcw", strings.Repeat("x", 20)}},
		{"business token", ValidBusinessToken, 128, []string{"xYzAbC123", "812d56e6-e44d-45e7-8932-f9acbd416999", "YWJj=", "a:b"}},
		{"user id", ValidUserID, 128, []string{"u-17", "9a8b7c"}},
		{"add-on id", ValidAddonID, 128, []string{"812d56e6-e44d-45e7-8932-f9acbd416999"}},
	}
	// Whatever ends a segment, climbs, escapes, or means something elsewhere.
	bad := []string{
		"", ".", "..", "../x", "a/b", "/", `a\b`, "a.b", "%2e%2e", "a%2Fb", "a?x=1", "a#b", "a;b", "a b", "a\tb", "a\r\nb",
		"a\x00b", "*", ">", "a*", "a>", "~", "$JS", "{business_token}", "توکن", "a\u200cb", "\u202ea", "ａ", "a\xff", "a@b", "a+b", "a,b", `a"b`,
	}
	for _, v := range valid {
		for _, s := range append(v.good, strings.Repeat("x", v.most)) {
			if err := v.check(s); err != nil {
				t.Errorf("%s %q: %v", v.name, s, err)
			}
		}
		for _, s := range append(bad, strings.Repeat("x", v.most+1)) {
			if err := v.check(s); err == nil {
				t.Errorf("%s %q is valid", v.name, s)
			}
		}
	}
}

// TestTargetErrors: field, limit and actual value, shortened.
func TestTargetErrors(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{ValidPostToken(""), `post token is empty: 1 to 20 characters are needed`},
		{ValidPostToken("a/b"), `post token "a/b" holds '/' at byte 1: only A-Z, a-z, 0-9 and any of _- are allowed`},
		{ValidPostToken("a=b"), `post token "a=b" holds '=' at byte 1: only A-Z, a-z, 0-9 and any of _- are allowed`},
		{ValidPostToken("AZir15UUx0123456789ab"), `post token "AZir15UU"… has 21 characters, at most 20 are allowed`},
		{ValidPostToken("a\r\nb"), `post token "a\r\nb" holds '\r' at byte 1: only A-Z, a-z, 0-9 and any of _- are allowed`},
		{ValidBusinessToken("توکن\u200cکسب\u200cوکار"), `business token "توکن\u200cکسب"… holds 'ت' at byte 0: only A-Z, a-z, 0-9 and any of _-=: are allowed`},
		{ValidUserID("a*"), `user id "a*" holds '*' at byte 1: only A-Z, a-z, 0-9 and any of _-=: are allowed`},
		{ValidAddonID("a.b"), `add-on id "a.b" holds '.' at byte 1: only A-Z, a-z, 0-9 and any of _-=: are allowed`},
	}
	for _, tt := range tests {
		if tt.err == nil || tt.err.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", tt.err, tt.want)
		}
	}
}
