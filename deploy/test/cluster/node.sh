# The one node: a network, containerd, kubelet and kube-proxy.

readonly node=e2e

# network makes the address under which the node and the servers beside the cluster are
# known. It is one end of a pair whose other end leads nowhere.
network() {
  ip link set lo up
  ip link add eth0 type veth peer name nowhere
  ip addr add "$node_ip/24" dev eth0
  ip link set nowhere up
  ip link set eth0 up
  ip route add default via 10.99.0.2 dev eth0
  echo 1 >/proc/sys/net/ipv4/ip_forward # of this network namespace

  # The kubelet insists on these, which belong to the whole machine: it is shown, and
  # writes to, files in their place.
  mkdir -p -- "$work/sysctl"
  local entry file
  for entry in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1; do
    file=$work/sysctl/$(basename -- "${entry%=*}")
    echo "${entry#*=}" >"$file"
    mount --bind "$file" "/proc/sys/${entry%=*}"
  done
  mount --make-rshared / # within this namespace: volumes reach containers
}

runtime() {
  local snapshotter=overlayfs
  if [[ $(stat -f -c %T "$work") == overlayfs ]]; then
    snapshotter=native # there is no overlay on an overlay
  fi
  mkdir -p -- "$work/cni"
  cat >"$work/cni/10-bridge.conflist" <<K
{"cniVersion": "1.0.0", "name": "e2e", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$work/cni/leases", "ranges": [[{"subnet": "$pod_cidr"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
K
  # AppArmor and the protection from the killer of processes take rights that root does not
  # have everywhere, such as in a container.
  cat >"$work/containerd.toml" <<K
version = 2
root = "$work/containerd"
state = "$work/containerd-state"
[grpc]
  address = "$CONTAINERD_ADDRESS"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "e2e.invalid/pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$snapshotter"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$work/cni"
K
  start containerd containerd -c "$work/containerd.toml"
  await 60 "containerd" ctr version
  # Its account of every container that ends, with the status.
  start containerd-events ctr events
}

node() {
  runtime
  # Cgroup v1 and a runtime without the newest calls are fine with this version of the kubelet.
  cat >"$work/kubelet.yaml" <<K
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
address: $node_ip
containerRuntimeEndpoint: unix://$CONTAINERD_ADDRESS
cgroupDriver: cgroupfs
cgroupRoot: /$E2E_NAME
failCgroupV1: false
enforceNodeAllocatable: []
evictionHard: {memory.available: 50Mi}
imageGCHighThresholdPercent: 100
localStorageCapacityIsolation: false
failSwapOn: false
resolvConf: ""
syncFrequency: 10s
podLogsDir: $work/pod-logs
K
  start kubelet "$E2E_KUBERNETES/kubelite" kubelet --config "$work/kubelet.yaml" --kubeconfig "$KUBECONFIG" \
    --root-dir "$work/kubelet" --cert-dir "$work/pki/kubelet" --node-ip "$node_ip" --hostname-override "$node"
  start kube-proxy "$E2E_KUBERNETES/kubelite" kube-proxy --kubeconfig "$KUBECONFIG" --hostname-override "$node" \
    --proxy-mode iptables --cluster-cidr "$pod_cidr" --metrics-bind-address 127.0.0.1:10249 \
    --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0s --conntrack-tcp-timeout-close-wait 0s
  await 60 "the node" kubectl get node "$node"
  await 120 "the node's readiness" kubectl wait --for=condition=Ready "node/$node" --timeout=1s
  note "$(kubectl get node "$node" --no-headers -o custom-columns=V:.status.nodeInfo.kubeletVersion,R:.status.nodeInfo.containerRuntimeVersion,K:.status.nodeInfo.kernelVersion)"
}

readonly image=ghcr.io/kenar-addons/kenar-addons
readonly old_tag=1.0.0-e2e.1 new_tag=1.0.0-e2e.2

# images packs what the Dockerfile does, twice: a second version is another image.
images() {
  local rootfs=$work/rootfs tag
  mkdir -p -- "$work/pause-rootfs"
  cp -- "$bin/pause" "$work/pause-rootfs/"
  import "e2e.invalid/pause:1" "$work/pause-rootfs" pause/Dockerfile
  for tag in "$old_tag" "$new_tag"; do
    rm -rf -- "$rootfs"
    mkdir -p -- "$rootfs"/usr/local/bin "$rootfs"/usr/local/time "$rootfs"/etc/ssl/certs "$rootfs"/tmp "$rootfs"/data
    cp -- "$bin/worker" "$bin/publisher" "$rootfs/usr/local/bin/"
    cp -- "$(go env GOROOT)/lib/time/zoneinfo.zip" "$rootfs/usr/local/time/"
    : >"$rootfs/etc/ssl/certs/ca-certificates.crt" # nobody is trusted but whom the test names
    echo "nonroot:x:65532:65532::/data:/sbin/nologin" >"$rootfs/etc/passwd"
    echo "nonroot:x:65532:" >"$rootfs/etc/group"
    echo "$tag" >"$rootfs/etc/release"
    chown 65532:65532 "$rootfs/data"
    chmod 1777 "$rootfs/tmp"
    import "$image:$tag" "$rootfs" "$E2E_REPOSITORY/Dockerfile"
  done
  note "$("$bin/worker" --version), as $image:$old_tag and :$new_tag"
}

import() { # NAME ROOT DOCKERFILE
  "$bin/image" -name "$1" -root "$2" -dockerfile "$3" -out "$work/image.tar"
  ctr images import "$work/image.tar" >/dev/null
  rm -- "$work/image.tar"
}
