#!/usr/bin/env bash
#
# Checks the chart without a cluster: it is linted, rendered by Helm 4 and Helm 3 with
# the values in ci/, compared with the schemas of Kubernetes and the Pod Security Standard,
# fed wrong values, held against the worker's own settings and rights, and its alerts
# are fired by promtool. It needs Go, and apt-get or a promtool in the path.
#
#   deploy/test/check.sh             all of it
#   deploy/test/check.sh -update     writes README.md of the chart first
#   deploy/test/check.sh -run Alerts these tests
#
# Tools and schemas are kept in CHART_CHECK_CACHE, by default a directory of the user's
# caches, so that a second run is a matter of seconds.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

cache=${CHART_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kenar-addons/chart}
mkdir -p -- "$cache"

# The version of the schemas is that of their sources, so they are made anew when it
# changes.
schemas=$cache/schemas-$(sha256sum schemagen/main.go | cut -c1-16)
if [[ ! -d $schemas ]]; then
  echo "making schemas of Kubernetes objects"
  go run ./schemagen "$schemas"
fi

promtool=$(command -v promtool || true)
if [[ -z $promtool ]]; then
  promtool=$cache/prometheus/usr/bin/promtool
  if [[ ! -x $promtool ]]; then
    echo "fetching promtool"
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf -- "$work"' EXIT
    # Taken out of the package, which is not installed: it would start a server.
    fetch() { (cd -- "$work" && apt-get -q -o APT::Sandbox::User=root download prometheus); }
    fetch || { as_root apt-get update -q && fetch; }
    dpkg -x "$work"/prometheus_*.deb "$work/root"
    mkdir -p -- "$cache/prometheus/usr/bin"
    mv -- "$work/root/usr/bin/promtool" "$promtool"
  fi
fi

gofmt_bad=$(gofmt -l -- *.go schemagen)
if [[ -n $gofmt_bad ]]; then
  echo "not formatted, run gofmt -w on: $gofmt_bad"
  exit 1
fi
# -count=1: templates and values are no Go files, and the go command would not notice a
# change of theirs.
# -vet=off: vet would look at all of Helm and Kubernetes too, which takes as long again as
# to build them.
status=0
KUBE_SCHEMAS=$schemas PROMTOOL=$promtool go test -vet=off -count=1 ./... "$@" || status=$?
if ((status != 0)); then
  echo "the chart has faults: see what is above, from the first FAIL on"
fi
exit "$status"
