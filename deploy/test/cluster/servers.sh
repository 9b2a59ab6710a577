# What a release needs and does not bring: NATS and Redis with the users that the chart
# advises, and Kenar.

readonly api_key=e2e-key-that-kenar-knows app=e2e
# Answers take so long that at nearly any time some call is under way, and less than a
# window, so that these are never more than the calls of one.
readonly latency=1.5s limit=5/2s
# Several windows pass while the embedded worker is restarted.
readonly solo_limit=4/12s

# A password of a NATS user begins with a letter, or its configuration may take it for a number.
password() { echo "p$(openssl rand -hex 12)"; }

servers() {
  local file=$work/values.yaml permissions=$work/permissions.yaml user
  values >"$file"
  embedded_values >"$work/embedded-values.yaml"
  helm template kenar "$chart" -f "$file" --set permissions.enabled=true \
    --show-only templates/permissions.yaml >"$permissions"

  for user in admin worker operator producer; do
    declare -gx "KENAR_${user^^}_PASSWORD=$(password)"
  done
  {
    echo "listen: \"$node_ip:4222\""
    echo "jetstream: {store_dir: \"$work/nats\"}"
    of_permissions nats-accounts.conf
  } >"$work/nats.conf"
  start nats "$bin/nats-server" -c "$work/nats.conf"

  redis_password=$(password)
  {
    echo "user default off"
    of_permissions redis-users.acl | sed "s/#<[^>]*>/#$(printf %s "$redis_password" | sha256sum | cut -d' ' -f1)/"
  } >"$work/redis.acl"
  mkdir -p -- "$work/redis"
  start redis redis-server --bind "$node_ip" --port 6379 --dir "$work/redis" --appendonly yes \
    --maxmemory-policy noeviction --aclfile "$work/redis.acl"

  echo "$api_key" >"$work/api-key"
  start kenar "$bin/kenar" -addr "$node_ip:443" -ca "$work/kenar-ca.crt" -key-file "$work/api-key" \
    -record "$work/calls.ndjson" -posts 300 -limit "$limit" -latency "$latency"

  local port
  for port in 4222 6379 443; do
    await 60 "the server on port $port" bash -c "exec 3<>/dev/tcp/$node_ip/$port"
  done
  note "NATS $("$bin/nats-server" --version | grep -o '[0-9.]*$'), Redis $(redis-server --version | grep -o 'v=[0-9.]*' | cut -c3-), Kenar with $limit calls and $latency for each answer"
}

of_permissions() { # KEY: of the ConfigMap
  kubectl create --dry-run=client -f "$work/permissions.yaml" -o "jsonpath={.data.${1/./\\.}}"
}

nats_url() { # USER
  local password=KENAR_${1^^}_PASSWORD
  echo "nats://$1:${!password}@$node_ip:4222"
}

# publisher runs outside of the cluster, as an operator.
publisher() { KENAR_APP=$app NATS_URL=$(nats_url operator) "$bin/publisher" "$@"; }

# values are those of a release: of Kenar, which is a private address here with a
# certificate of its own, and of all that surrounds it.
values() {
  common_values "$app" "$limit"
  cat <<V
nats:
  replicas: 1
  urlSecret: {existingSecret: kenar}
  admin: {urlSecret: {existingSecret: kenar-admin}}
  publisher: {urlSecret: {existingSecret: kenar-operator}}
redis: {url: {existingSecret: kenar}}
replay: {enabled: true}
V
}

embedded_values() {
  common_values solo "$solo_limit"
  cat <<V
embedded:
  enabled: true
  persistence: {storageClass: local}
V
}

common_values() { # APP LIMIT
  cat <<V
image: {tag: $old_tag, pullPolicy: Never}
kenar:
  app: $1
  apiKey: {existingSecret: kenar}
  timeout: 8s
  baseURL: https://$node_ip
  legacyURL: https://$node_ip
  imageURL: https://$node_ip
  oauthURL: https://$node_ip
limits: {ADD_ON_CREATE: $2}
shutdownGrace: 12s
networkPolicy: {kenar: {cidrs: [$node_ip/32]}}
extraEnv: [{name: SSL_CERT_FILE, value: /etc/kenar/ca/ca.crt}]
extraVolumes: [{name: ca, configMap: {name: kenar-ca}}]
extraVolumeMounts: [{name: ca, mountPath: /etc/kenar/ca, readOnly: true}]
V
}
