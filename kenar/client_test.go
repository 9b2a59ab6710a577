package kenar

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func aKey() string { return testKey }

func TestConfigDefaults(t *testing.T) {
	c, err := New(Config{APIKey: aKey})
	if err != nil {
		t.Fatal(err)
	}
	type settings struct {
		base, legacy, images, business, userAgent string
		timeout                                   time.Duration
	}
	got := settings{c.base, c.legacy, c.images, c.business, c.userAgent, c.timeout}
	want := settings{
		"https://open-api.divar.ir", "https://api.divar.ir", "https://divar.ir",
		"/v2/open-platform/addons/business/{business_token}", "kenar-addons", 15 * time.Second,
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestConfigFaults: each names the field, what is wrong, and what to write.
func TestConfigFaults(t *testing.T) {
	tests := []struct {
		name string
		cfg  Config
		want []string // its lines
	}{
		{"minimal", Config{APIKey: aKey}, nil},
		{"everything", Config{
			APIKey: aKey, BaseURL: "http://127.0.0.1:8080/kenar/", LegacyURL: "https://[::1]:8443",
			BusinessAddonPath: "/v1/{business_token}/x", Timeout: time.Second, MaxConns: 1, UserAgent: "me/1.0 (test)",
		}, nil},
		{"all faults at once",
			Config{BaseURL: "open-api.divar.ir", LegacyURL: "ftp://x", ImageURL: "https://x?y", BusinessAddonPath: "x", Timeout: -1, MaxConns: -2, UserAgent: "a\r\nb"},
			[]string{
				`kenar config: BaseURL is "://"…: write it as https://host`,
				`kenar config: LegacyURL is "ftp://x"…: write it as https://host`,
				`kenar config: ImageURL (https://x) has a query: remove it`,
				`kenar config: BusinessAddonPath is "x": it must begin with a slash; the default is ` + DefaultBusinessAddonPath,
				`kenar config: APIKey is nil: give a function that returns the key of the app's panel`,
				`kenar config: Timeout is -1ns: it must be positive, or 0 for 15s`,
				`kenar config: MaxConns is -2: it must be positive, or 0 for 64`,
				`kenar config: UserAgent is "a\r\nb": only printable ASCII characters can be sent`,
			}},
		{"no host", Config{APIKey: aKey, BaseURL: "https://:443"},
			[]string{`kenar config: BaseURL is "https://:443"…: write it as https://host`}},
		{"user name", Config{APIKey: aKey, BaseURL: "https://me:hunter2@x"},
			[]string{`kenar config: BaseURL (https://x) has a user name: remove it, Kenar knows the app by its API key`}},
		{"query", Config{APIKey: aKey, BaseURL: "https://x/?key=hunter2"},
			[]string{`kenar config: BaseURL (https://x) has a query: remove it`}},
		{"empty query", Config{APIKey: aKey, LegacyURL: "https://x?"},
			[]string{`kenar config: LegacyURL (https://x) has a query: remove it`}},
		{"fragment", Config{APIKey: aKey, BaseURL: "https://x#hunter2"},
			[]string{`kenar config: BaseURL (https://x) has a fragment: remove it`}},
		{"not a URL", Config{APIKey: aKey, BaseURL: "https://me:hunter2@x:port"},
			[]string{`kenar config: BaseURL is not a URL: write it as https://host`}},
		{"path without the token", Config{APIKey: aKey, BusinessAddonPath: "/business"},
			[]string{`kenar config: BusinessAddonPath is "/business": it has {business_token} as a segment 0 times, once is needed; the default is ` + DefaultBusinessAddonPath}},
		{"path with the token twice", Config{APIKey: aKey, BusinessAddonPath: "/{business_token}/{business_token}"},
			[]string{`kenar config: BusinessAddonPath is "/{business_token}/{business_token}": it has {business_token} as a segment 2 times, once is needed; the default is ` + DefaultBusinessAddonPath}},
		{"path with the token in a segment", Config{APIKey: aKey, BusinessAddonPath: "/b-{business_token}"},
			[]string{`kenar config: BusinessAddonPath is "/b-{business_token}": its segment "b-{business_token}" holds other characters than A-Z, a-z, 0-9 and any of _-=:; the default is ` + DefaultBusinessAddonPath}},
		{"path that climbs", Config{APIKey: aKey, BusinessAddonPath: "/../{business_token}"},
			[]string{`kenar config: BusinessAddonPath is "/../{business_token}": it has the segment ".."; the default is ` + DefaultBusinessAddonPath}},
		{"path with a query", Config{APIKey: aKey, BusinessAddonPath: "/{business_token}/x?a=b"},
			[]string{`kenar config: BusinessAddonPath is "/{business_token}/x?a=b": its segment "x?a=b" holds other characters than A-Z, a-z, 0-9 and any of _-=:; the default is ` + DefaultBusinessAddonPath}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := New(tt.cfg)
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (c == nil) != (err != nil) {
				t.Errorf("client %v with error %v", c, err)
			}
		})
	}
}
