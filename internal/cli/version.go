package cli

import (
	"regexp"
	"runtime/debug"
	"strings"
)

var semver = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

// stamp is the version that a build was given, for those that know it and have
// no tagged checkout, such as a container's:
//
//	go build -ldflags '-X github.com/kenar-addons/kenar-addons/internal/cli.stamp=1.2.3' ./cmd/...
var stamp string

// Version is the version of this build as SemVer without a "v": the one it was
// stamped with, else that of the module when it was built as one or in a tagged
// checkout, else 0.0.0-dev.
func Version() string {
	if v := strings.TrimPrefix(stamp, "v"); semver.MatchString(v) {
		return v
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := strings.TrimPrefix(info.Main.Version, "v"); semver.MatchString(v) {
			return v
		}
	}
	return "0.0.0-dev"
}
