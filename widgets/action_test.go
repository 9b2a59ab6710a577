package widgets_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/widgets"
)

func TestActionRoundTrip(t *testing.T) {
	for _, tt := range []struct {
		action widgets.Action
		want   string
	}{
		{widgets.OpenDirectLink("https://example.com/booking/{post_token}?a=1"), `{"open_direct_link":"https://example.com/booking/{post_token}?a=1"}`},
		{widgets.OpenServerLink{Data: json.RawMessage(`{"a":{"b":[1]}}`)}, `{"open_server_link":{"data":{"a":{"b":[1]}}}}`},
		{widgets.OpenServerLink{}, `{"open_server_link":{"data":{}}}`},
		{widgets.GetDynamicAction{Data: json.RawMessage(`{"a":"س"}`)}, `{"get_dynamic_action":{"data":{"a":"س"}}}`},
		{widgets.OpenPostPage{PostToken: "gap5-Twe"}, `{"open_post_page":{"post_token":"gap5-Twe"}}`},
		{widgets.OpenPostManagePage{PostToken: "AJIEWcw"}, `{"open_post_manage_page":{"post_token":"AJIEWcw"}}`},
	} {
		if err := widgets.ValidateAction(tt.action); err != nil {
			t.Error(err)
		}
		data, err := json.Marshal(tt.action)
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != tt.want {
			t.Errorf("encoded %s, want %s", data, tt.want)
		}
		decoded, err := widgets.DecodeAction(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.action, decoded); diff != "" {
			t.Errorf("decoded differs (-built +decoded):\n%s", diff)
		}
	}
}

func TestDecodeActionFaults(t *testing.T) {
	for in, want := range map[string]string{
		``:                                "action: is empty, must be JSON",
		`"https://example.com"`:           "action: is a string, must be an object",
		`{}`:                              "action: has 0 kinds of action, must have exactly one",
		`{"open_direct_link":null}`:       "action: has 0 kinds of action, must have exactly one",
		`{"open_link":"https://a"}`:       "action.open_link: is not a known action; known are open_direct_link, open_server_link, get_dynamic_action, open_post_page, open_post_manage_page",
		`{"open_direct_lnk":"https://a"}`: `action.open_direct_lnk: is not a known action; did you mean "open_direct_link"?`,
		`{"open_direct_link":"https://a","open_post_page":{"post_token":"a"}}`: "action: has 2 kinds of action (open_direct_link, open_post_page), must have exactly one",
		`{"open_direct_link":"https://a","openDirectLink":"https://b"}`:        "action: has 2 kinds of action (open_direct_link, openDirectLink), must have exactly one",
		`{"open_direct_link":"https://a","x":1}`:                               "action.x: is not a known action; known are open_direct_link, open_server_link, get_dynamic_action, open_post_page, open_post_manage_page",
		`{"open_post_page":{"post_token":"a","token":"b"}}`:                    "action.open_post_page.token: is not a known field; known are post_token",
		`{"open_post_page":{}}`:                                                "action.open_post_page.post_token: is missing, must be the token of a post",
		`{"open_server_link":{"data":{"a":1,"a":2}}}`:                          "action.open_server_link.data.a: is given twice in one object",
	} {
		action, err := widgets.DecodeAction([]byte(in))
		assertError(t, err, want)
		if action != nil {
			t.Errorf("%s: decoded as %v beside the error", in, action)
		}
	}
	assertError(t, widgets.ValidateAction(nil), "action: is a <nil>, must be one of the five action types of this package by value")
}

func TestLinks(t *testing.T) {
	const (
		space     = "has white space, a control character or invalid UTF-8 in it; percent-encode what belongs to the URL"
		host      = "has no host, must be an absolute URL such as https://example.com/report"
		scheme    = "has no scheme, must start with https:// or http://"
		malformed = "is not a valid URL"
	)
	for link, want := range map[string]string{
		"https://example.com":                    "",
		"http://example.com":                     "",
		"HTTPS://EXAMPLE.COM/A":                  "",
		"https://example.com:8443/a/b?c=d&e=f#g": "",
		"https://[2001:db8::1]/":                 "",
		"https://مثال.ایران/گزارش":               "",
		"":                                       "is missing, must be an absolute http or https URL",
		"example.com/report":                     scheme,
		"//example.com/report":                   scheme,
		"/report":                                scheme,
		"https:///report":                        host,
		"https://:443/report":                    host,
		"https:example.com":                      host,
		"ftp://example.com":                      `has the scheme "ftp", must be http or https`,
		"javascript:alert(1)":                    `has the scheme "javascript", must be http or https`,
		"divar://post/1":                         `has the scheme "divar", must be http or https`,
		" https://example.com":                   space,
		"https://example.com/a b":                space,
		"https://example.com/a\u00a0b":           space,
		"https://example.com/a\n":                space,
		"https://example.com/\x00":               space,
		"https://example.com:port/":              malformed,
		"https://example.com/%zz":                malformed,
		"://":                                    malformed,
	} {
		if want != "" {
			want = "action.open_direct_link: " + want
		}
		assertError(t, widgets.ValidateAction(widgets.OpenDirectLink(link)), want)
	}
}

// A link may carry a secret of the producer, and a management token is one.
func TestFaultsDoNotRepeatSecrets(t *testing.T) {
	for _, action := range []widgets.Action{
		widgets.OpenDirectLink("ftp://user:hunter2@example.com/hunter2"),
		widgets.OpenDirectLink("https://example.com/hunter2 x"),
		widgets.OpenDirectLink("https://example.com:x/hunter2"),
		widgets.OpenPostPage{PostToken: "gZ7nvW21:hunter2"},
		widgets.OpenPostPage{PostToken: "gZ7nvW21hunter2hunter2hunter2"},
	} {
		err := widgets.ValidateAction(action)
		if err == nil {
			t.Errorf("%v is valid", action)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error repeats the secret: %v", err)
		}
	}
}

func TestPostTokens(t *testing.T) {
	for token, want := range map[string]string{
		"a":                     "",
		"gZ-7_vW21":             "",
		strings.Repeat("a", 20): "",
		strings.Repeat("a", 21): "21 characters, at most 20 allowed",
		"":                      "is missing, must be the token of a post",
		"gZ7 vW21":              "must consist of letters, digits, _ and - only",
		"gZ7/vW21":              "must consist of letters, digits, _ and - only",
		"آگهی":                  "must consist of letters, digits, _ and - only",
	} {
		if want != "" {
			want = "action.open_post_manage_page.post_token: " + want
		}
		assertError(t, widgets.ValidateAction(widgets.OpenPostManagePage{PostToken: token}), want)
	}
}
