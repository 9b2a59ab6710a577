package cli

import (
	"regexp"
	"runtime/debug"
	"strings"
)

var semver = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

// Version is the version of this build as SemVer without a "v": that of the
// module when it was built as one or in a tagged checkout, else 0.0.0-dev.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := strings.TrimPrefix(info.Main.Version, "v"); semver.MatchString(v) {
			return v
		}
	}
	return "0.0.0-dev"
}
