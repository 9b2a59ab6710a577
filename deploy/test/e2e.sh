#!/usr/bin/env bash
#
# Tests the chart on a real cluster: the programs of this checkout in pods, on an API
# server, a kubelet and a container runtime, beside real NATS and Redis servers and a
# simulated Kenar. It must run as root, on Debian or Ubuntu. The first run builds
# Kubernetes, which takes 12 minutes of processor time; others take four.
#
# Everything runs in namespaces of its own (network, mounts, processes) that end with this
# script, however it ends. Nothing listens outside of them.
#
#   KENAR_E2E_CACHE   where builds are kept; by default a directory of the user's caches
#   KENAR_E2E_ROOT    the checkout whose programs are tested; by default this one
#
# Not shown here, since this cluster has none of it: that network policies are enforced,
# that autoscalers act, names of the cluster's DNS, several nodes, and what happens at a
# limit of CPU or memory.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

readonly kubernetes=1.36.3

if (($# > 0)); then
  echo "usage: e2e.sh" >&2
  exit 2
fi
if ((EUID != 0)); then
  echo "e2e.sh: containers and network namespaces take root; run it with sudo, best on a machine that is only for tests" >&2
  exit 2
fi

repository=$(realpath ../..)
root=$(realpath "${KENAR_E2E_ROOT:-$repository}")
cache=${KENAR_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kenar-addons/e2e}
mkdir -p -- "$cache"
exec 9>"$cache/lock"
if ! flock -n 9; then
  echo "e2e.sh: another run uses $cache; wait for it, or set KENAR_E2E_CACHE" >&2
  exit 2
fi

# ---- what is needed --------------------------------------------------------

# The first column is a file that the package brings.
needed=(
  containerd:containerd ctr:containerd runc:runc iptables:iptables ip:iproute2
  /usr/lib/cni/bridge:containernetworking-plugins redis-server:redis-server
  openssl:openssl setpriv:util-linux
)
missing=()
for entry in "${needed[@]}"; do
  command -v -- "${entry%%:*}" >/dev/null || missing+=("${entry##*:}")
done
if ((${#missing[@]} > 0)); then
  echo "installing ${missing[*]}"
  if ! {
    apt-get update -q &&
      DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
  } >"$cache/apt.log" 2>&1; then
    tail -n 20 "$cache/apt.log" >&2
    echo "e2e.sh: the packages ${missing[*]} could not be installed; do it by hand" >&2
    exit 1
  fi
fi

# ---- builds ----------------------------------------------------------------

export CGO_ENABLED=0

# Named after its sources, so that another version is built anew and an old one is not
# taken for it.
kubelite=$cache/kubernetes-$(cat cluster/kubelite/go.mod cluster/kubelite/main.go | sha256sum | cut -c1-16)
if [[ ! -d $kubelite ]]; then
  echo "building Kubernetes $kubernetes and Helm: 12 minutes of processor time and more, 3 GB in Go's build cache"
  rm -rf -- "$cache"/kubernetes-*
  # One package at a time: some of the compiler's runs take more than a gigabyte. Helm
  # looks at the version that the API server tells.
  (cd cluster/kubelite && nice -n 10 go build -p 1 -trimpath -o "$kubelite.part/" \
    -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$kubernetes -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36" \
    . helm.sh/helm/v4/cmd/helm)
  mv -- "$kubelite.part" "$kubelite"
fi

echo "building the programs of $root"
bin=$cache/bin
mkdir -p -- "$bin"
# As the Dockerfile does.
(cd -- "$root" && go build -trimpath -ldflags='-s -w -buildid=' -o "$bin/" ./cmd/worker ./cmd/publisher)
(cd -- "$root" && go build -o "$bin/" github.com/nats-io/nats-server/v2) # the version of go.mod
for tool in kenar audit image pause; do
  go build -C cluster -trimpath -ldflags='-s -w' -o "$bin/$tool" "./$tool"
done

# ---- a place that ends with the script --------------------------------------

# remove_cgroups removes those of a run, which are empty when its processes are gone.
remove_cgroups() { # NAME
  local dir left=0
  for dir in /sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1"; do
    if [[ -d $dir ]]; then
      find "$dir" -depth -type d -exec rmdir -- {} \; 2>/dev/null || true
      if [[ -d $dir ]]; then left=1; fi
    fi
  done
  return "$left"
}

# A run that was killed could not tidy up; its name is still noted.
if [[ -s $cache/running ]]; then
  work=$(<"$cache/running")
  if [[ $work == */kenar-e2e.* ]]; then
    remove_cgroups "${work##*/}" || true
    rm -rf -- "$work"
  fi
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/kenar-e2e.XXXXXX")
echo "$work" >"$cache/running"
name=${work##*/}
inside=''

# cleanup ends the first process in the namespaces, which takes all others with it, and all
# their mounts. What is left then is files, and empty cgroups.
# shellcheck disable=SC2317 # it is called, by trap
cleanup() {
  local status=$? deadline=$((SECONDS + 20))
  trap '' INT TERM
  if [[ -n $inside ]]; then
    kill -KILL "$inside" 2>/dev/null || true
    wait "$inside" 2>/dev/null || true
  fi
  # The last processes may be ending still, and keep their cgroups until then.
  until remove_cgroups "$name" || ((SECONDS > deadline)); do
    sleep 0.2
  done
  rm -rf -- "$cache/log"
  cp -r -- "$work/log" "$cache/log" 2>/dev/null || true
  rm -rf -- "$work"
  if [[ -e $work ]] || ! remove_cgroups "$name" || grep -q -F -- "$work" /proc/self/mountinfo || [[ $(sysctls) != "$sysctls_before" ]]; then
    echo "e2e.sh: something was left behind, or a setting of the machine has changed: see $work, its mounts, and $name in /sys/fs/cgroup" >&2
    status=1
  else
    rm -f -- "$cache/running"
  fi
  exit "$status"
}

# Those of the machine, which a kubelet would change.
sysctls() { cat /proc/sys/vm/{overcommit_memory,panic_on_oom} /proc/sys/kernel/{panic,panic_on_oops} /proc/sys/net/ipv4/ip_forward; }

sysctls_before=$(sysctls)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Cgroups have no namespace here: the pods get one of the root's children, and the kubelet
# wants it to be there in every hierarchy.
if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
  mkdir -- "/sys/fs/cgroup/$name"
else
  mapfile -t hierarchies < <(awk '$3 == "cgroup" {print $2}' /proc/mounts | grep '^/sys/fs/cgroup/')
  mkdir -- "${hierarchies[@]/%//$name}"
fi

mkdir -p -- "$work/log"
export E2E_WORK=$work E2E_BIN=$bin E2E_KUBERNETES=$kubelite E2E_NAME=$name
export E2E_REPOSITORY=$repository
# setpriv: when this script is killed, so is what is inside.
setpriv --pdeathsig KILL unshare --net --mount --pid --fork --kill-child=KILL --mount-proc --propagation private \
  bash cluster/run.sh 9>&- &
inside=$!
status=0
wait "$inside" || status=$?
inside=''
exit "$status"
