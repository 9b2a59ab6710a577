package images

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestParseHosts(t *testing.T) {
	for _, s := range []string{
		"", "  ", "cdn.example.com", "CDN.Example.com:443", "*.example.org, images.example.net:8443", "xn--mgba3a4f16a.ir",
		"static_1.example.com", "8.8.8.8", "[2606:4700::6810:85e5]:8443", "2606:4700::6810:85e5",
	} {
		if _, err := ParseHosts(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for s, want := range map[string]string{
		"cdn.example.com,":                `host 2 of the list, "": is empty`,
		",":                               `host 1 of the list, "": is empty`,
		"a.ir, https://cdn.example":       `host 2 of the list, "https://cdn.example": is a URL`,
		"cdn.example.com/path":            "has more than a host and a port",
		"user@example.com":                "has more than a host and a port",
		"cdn.example.com:0":               `has the port "0": it must be a number from 1 to 65535`,
		"cdn.example.com:65536":           `has the port "65536"`,
		"cdn.example.com:https":           `has the port "https"`,
		"cdn..example.com":                "has an empty part between dots",
		"cdn.example.com.":                "a dot at an end",
		".example.com":                    "has an empty part between dots",
		"-a.example.com":                  "begins or ends with a hyphen",
		"cdn example.com":                 `has the character ' '`,
		"تصویر.ir":                        "write an international name in its xn-- form",
		"*":                               `has the character '*'`,
		"a.*.com":                         `has the character '*'`,
		"*.com":                           "allows half the internet",
		"*.*.com":                         `has the character '*'`,
		"127.0.0.1":                       "nothing is fetched from it: 127.0.0.1 is loopback",
		"[::1]:8443":                      "nothing is fetched from it: ::1 is loopback",
		"::ffff:10.0.0.1":                 "is private",
		"169.254.169.254":                 "is link-local",
		"127.1":                           "is a number but no IP address",
		"0177.0.0.1":                      "is a number but no IP address",
		"2130706433":                      "is a number but no IP address",
		"0x7f000001":                      "is a number but no IP address",
		strings.Repeat("a.", 127) + "com": "has 257 characters, a host's name has at most 253",
		strings.Repeat("a", 64) + ".com":  "has a part of 64 characters, at most 63 are allowed",
	} {
		_, err := ParseHosts(s)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", s, err, want)
		}
	}
}

func TestAllow(t *testing.T) {
	const list = "cdn.example.com, *.example.org, images.example.net:8443, 8.8.8.8, xn--mgba3a4f16a.ir"
	const unlisted = "the host is not on the list"
	for source, want := range map[string]string{ // "" is allowed
		"https://cdn.example.com/a.jpg":             "",
		"https://cdn.example.com:443/a.jpg?x=1#top": "",
		"HTTPS://CDN.EXAMPLE.COM":                   "",
		"https://a.example.org/":                    "",
		"https://a.b.example.org/":                  "",
		"https://images.example.net:8443/":          "",
		"https://8.8.8.8/":                          "",
		"https://[::ffff:8.8.8.8]/":                 "", // the same address
		"https://xn--mgba3a4f16a.ir/":               "",

		"http://cdn.example.com/":            `the URL has the scheme "http": only https is fetched`,
		"ftp://cdn.example.com/":             "only https is fetched",
		"//cdn.example.com/":                 "only https is fetched",
		"cdn.example.com":                    "only https is fetched",
		"file:///etc/passwd":                 "only https is fetched",
		"https:cdn.example.com":              "the URL has no host",
		"https://":                           "the URL has no host",
		"https://:443/":                      "the URL has no host",
		"https://example.org/":               unlisted, // the wildcard is for what is below
		"https://evilexample.org/":           unlisted,
		"https://a.example.org.evil.com/":    unlisted,
		"https://cdn.example.com.evil.com/":  unlisted,
		"https://cdn.example.com:8443/":      "not allowed on port 8443",
		"https://images.example.net/":        "not allowed on port 443",
		"https://cdn.example.com:0/":         "impossible port",
		"https://cdn.example.com:99999/":     "impossible port",
		"https://cdn.example.com:x/":         "not a valid URL",
		"https://cdn.example.com@evil.com/":  "has a user name",
		"https://u:p@cdn.example.com/":       "has a user name",
		"https://@cdn.example.com/":          "has a user name",
		"https://evil.com#@cdn.example.com":  unlisted,
		"https://evil.com?cdn.example.com":   unlisted,
		"https://evil.com\\@cdn.example.com": "not a valid URL",
		"https://evil.com\\.example.org/":    "not a valid URL",
		"https://cdn.example.com\n.evil.com": "not a valid URL",
		"https://cdn.example.com./":          "a dot at an end",
		"https://cdn%2eexample.com/":         "not a valid URL",
		"https://تصویر.example.org/":         "write an international name in its xn-- form",
		"https://%D8%AA.example.org/":        "write an international name in its xn-- form",
		"https://cdn\uff0eexample.com/":      "has the character", // a fullwidth dot
		"https://127.0.0.1/":                 unlisted,
		"https://[::1]/":                     unlisted,
		"https://[::ffff:127.0.0.1]/":        unlisted,
		"https://[fe80::1%25eth0]/":          unlisted,
		"https://127.1/":                     "is a number but no IP address",
		"https://0177.0.0.1/":                "is a number but no IP address",
		"https://2130706433/":                "is a number but no IP address",
		"https://0x7f.0.0.1/":                "is a number but no IP address",
		"https://0x7f000001/":                "is a number but no IP address",
		"https://1.example.0x7f/":            "is a number but no IP address",
	} {
		err := mustHosts(t, list).Allow(source)
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", source, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%q is allowed, want %q", source, want)
			continue
		}
		wantError(t, err, false, want)
	}
	wantError(t, Hosts{}.Allow("https://cdn.example.com/"), false, "no host is allowed: list those")
}

// An error shows the host, and nothing of what may be a signature.
func TestErrorsHideTheURL(t *testing.T) {
	for _, source := range []string{
		"https://evil.com/s3cret?s3cret#s3cret", "https://s3cret:s3cret@evil.com/", "http://evil.com/s3cret", "https://evil.com:99999/?s3cret",
		"https://evil.com:s3cret/", "https://evil.com/%zz?s3cret",
	} {
		err := mustHosts(t, "cdn.example.com").Allow(source)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// Whatever list is parsed allows only https without a user name on hosts that
// some entry names, and what is allowed parses the same way again.
func FuzzAllow(f *testing.F) {
	f.Add("cdn.example.com, *.example.org:8443", "https://a.example.org:8443/x")
	f.Add("8.8.8.8,[2606:4700::1]", "https://[2606:4700::1]/")
	f.Add("*.example.org", "https://evil.com\\.example.org")
	f.Fuzz(func(t *testing.T, list, source string) {
		h, err := ParseHosts(list)
		if err != nil {
			if len(h.entries) != 0 {
				t.Fatal("hosts with an error")
			}
			return
		}
		err = h.Allow(source)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Temporary || e.Reason == "" {
				t.Fatalf("error %#v is no permanent *Error", err)
			}
			return
		}
		u, err := url.Parse(source)
		if err != nil || u.Scheme != "https" || u.User != nil {
			t.Fatalf("allowed %q, which is not a plain https URL", source)
		}
		name := strings.ToLower(u.Hostname())
		listed := false
		for entry := range strings.SplitSeq(strings.ToLower(list), ",") {
			entry = strings.Trim(strings.TrimSpace(entry), "*[")
			end, _, _ := strings.Cut(entry, "]")
			listed = listed || strings.Contains(entry, ":") || strings.HasSuffix(name, strings.TrimSpace(end))
		}
		if !listed {
			t.Fatalf("allowed %q, which %q does not list", source, list)
		}
	})
}
