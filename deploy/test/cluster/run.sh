#!/usr/bin/env bash
#
# The first process in the namespaces that e2e.sh makes: brings up the cluster and what is
# beside it, and plays the scenario. When it ends, all the others do.
#
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

readonly work=$E2E_WORK bin=$E2E_BIN chart=$E2E_REPOSITORY/deploy/helm
# The node, as pods see it; the servers beside the cluster listen there.
readonly node_ip=10.99.0.1 pod_cidr=10.244.0.0/24

export HOME=$work HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm
export KUBECONFIG=$work/kubeconfig CONTAINERD_ADDRESS=$work/containerd.sock CONTAINERD_NAMESPACE=k8s.io
# No proxy is between the parts, and no setting of the caller's shell reaches the programs.
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy
for variable in $(compgen -e | grep -E '^(NATS|REDIS|KENAR|GRANT|LOG|LIMITS|DATA_DIR|ADMIN|OTEL)' || true); do
  unset "$variable"
done

# The parts of Kubernetes are one binary, which takes their name as its first argument.
kubelite() { "$E2E_KUBERNETES/kubelite" "$@"; }
kubectl() { kubelite kubectl "$@"; }
helm() { "$E2E_KUBERNETES/helm" "$@"; }

start() { # NAME COMMAND...: in the background, with its output in a log
  local log=$work/log/$1.log
  shift
  "$@" >"$log" 2>&1 </dev/null &
}

# await gives the parts of the cluster a generous time: the machine may be busy.
await() { # SECONDS WHAT COMMAND...
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS > deadline)); then
      echo "$what: not there in time; the logs are kept in the cache" >&2
      return 1
    fi
    sleep 0.3
  done
}

# shellcheck source=checks.sh
source checks.sh
# shellcheck source=control-plane.sh
source control-plane.sh
# shellcheck source=node.sh
source node.sh
# shellcheck source=servers.sh
source servers.sh
# shellcheck source=scenario.sh
source scenario.sh

trap summary EXIT

step "network and control plane"
network
control_plane
step "node: containerd, kubelet, kube-proxy"
node
step "images of the programs"
images
step "NATS, Redis and Kenar, on $node_ip"
servers
scenario
