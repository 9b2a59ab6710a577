package cli

import (
	"regexp"
	"strings"
	"testing"
)

func TestNewLogger(t *testing.T) {
	for _, c := range []struct{ name, level, format, want string }{
		{"json unless on a terminal", "info", "", `^{"level":"info","time":"[^"]+","message":"seen"}\n$`},
		{"console without colours", "info", "console", `^\d\d:\d\d:\d\d INF seen\n$`},
		{"a level", "warn", "json", `^$`},
		{"an unknown level is info", "loud", "json", `"message":"seen"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			log := NewLogger(&b, c.level, c.format)
			log.Info().Msg("seen")
			if !regexp.MustCompile(c.want).MatchString(b.String()) {
				t.Errorf("%q does not match %s", b.String(), c.want)
			}
		})
	}
}

func TestVersionIsSemVer(t *testing.T) {
	if v := Version(); !semver.MatchString(v) {
		t.Errorf("%q", v)
	}
}
