# The control plane, on loopback: etcd, API server, controllers and scheduler.

control_plane() {
  local pki=$work/pki token
  mkdir -p -- "$pki"
  openssl genrsa -out "$pki/service-account.key" 2048 2>/dev/null
  token=$(openssl rand -hex 16)
  echo "$token,admin,admin,system:masters" >"$work/tokens.csv"

  start etcd "$E2E_KUBERNETES/kubelite" etcd --data-dir "$work/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
    --initial-cluster default=http://127.0.0.1:2380
  # Nodes are reached by address: there is no DNS.
  start kube-apiserver "$E2E_KUBERNETES/kubelite" kube-apiserver --etcd-servers http://127.0.0.1:2379 \
    --bind-address 127.0.0.1 --advertise-address 127.0.0.1 --secure-port 6443 --endpoint-reconciler-type none \
    --cert-dir "$pki" --token-auth-file "$work/tokens.csv" --authorization-mode RBAC \
    --service-cluster-ip-range 10.96.0.0/24 --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$pki/service-account.key" --service-account-signing-key-file "$pki/service-account.key" \
    --kubelet-preferred-address-types InternalIP
  cat >"$KUBECONFIG" <<K
apiVersion: v1
kind: Config
clusters: [{name: e2e, cluster: {server: "https://127.0.0.1:6443", certificate-authority: "$pki/apiserver.crt"}}]
users: [{name: admin, user: {token: "$token"}}]
contexts: [{name: e2e, context: {cluster: e2e, user: admin}}]
current-context: e2e
K
  await 120 "the API server" kubectl get --raw /readyz
  start kube-controller-manager "$E2E_KUBERNETES/kubelite" kube-controller-manager --kubeconfig "$KUBECONFIG" --leader-elect=false \
    --bind-address 127.0.0.1 --cert-dir "$pki/controllers" --use-service-account-credentials \
    --service-account-private-key-file "$pki/service-account.key" --root-ca-file "$pki/apiserver.crt"
  start kube-scheduler "$E2E_KUBERNETES/kubelite" kube-scheduler --kubeconfig "$KUBECONFIG" --leader-elect=false \
    --bind-address 127.0.0.1 --cert-dir "$pki/scheduler"
  note "$(kubectl get --raw /version | grep -o 'v[0-9][0-9.]*' | head -n 1)"
}
