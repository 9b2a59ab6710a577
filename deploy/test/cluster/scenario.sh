# What is done with the chart. Events have numbers, and each is about a post of its own:
# e2e-041 is the event and the post.

readonly ns=kenar release=kenar full=kenar-kenar-addons
readonly solo=embedded solo_pod=solo-kenar-addons-0
namespaces=("$ns" "$solo")

scenario() {
  namespaces
  install
  events_of_a_pod
  probe
  upgrade_while_work_flows
  replay
  release_without_secret
  release_that_crashes
  kill_and_force
  uninstall
  embedded
}

# ---- what is asked again and again -----------------------------------------

events() { # FROM TO
  local n
  for n in $(seq -f %03g "$1" "$2"); do
    printf '{"specversion":"1.0","id":"e2e-%s","source":"https://inspection.example","type":"kenar.inspection.completed.v1","subject":"post/e2e-%s","data":{"inspection":{"title":"کارشناسی %s","overall":{"score":86}}}}\n' "$n" "$n" "$n"
  done
}

publish() { events "$1" "$2" | publisher publish -; }

# settled waits for the outcomes of events, and compares them with Kenar's record.
settled() { # FROM TO [SENT_TWICE]
  local ids
  mapfile -t ids < <(seq -f e2e-%03g "$1" "$2")
  publisher outcomes --follow --timeout 4m "${ids[@]}" >/dev/null
  publisher outcomes --json | "$bin/audit" -from "$1" -to "$2" -limit "$limit" -again "${3-0}" "$work/calls.ndjson"
}

upgrade() { helm -n "$ns" upgrade "$release" "$chart" -f "$work/values.yaml" --set "image.tag=$new_tag" --wait "$@"; }

readonly worker_selector=app.kubernetes.io/instance=$release,app.kubernetes.io/component=worker

# workers are the pods that are not on their way out, one line each.
workers() { # FIELD, by default the name
  kubectl -n "$ns" get pods -l "$worker_selector" \
    -o "go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{${1:-.metadata.name}}}{{\"\\n\"}}{{end}}{{end}}"
}

ready() { # JSONPATH OF A WORKLOAD WANTED
  equal "$(kubectl -n "$1" get "$2" -o "jsonpath={.status.readyReplicas}")" "$3"
}

container_of() { # POD
  kubectl -n "$ns" get pod "$1" -o 'jsonpath={.status.containerStatuses[0].containerID}' | sed 's,containerd://,,'
}

process_of() { ctr tasks list | awk -v id="$(container_of "$1")" '$1 == id {print $2}'; } # POD

# ended_well tells that a container has ended by itself and in order, as the runtime saw it.
ended_well() { # CONTAINER
  local line
  line=$(grep '/tasks/exit' "$work/log/containerd-events.log" | grep -F "\"id\":\"$1\"") || {
    echo "container $1 has not ended"
    return 1
  }
  if grep -q '"exit_status":[1-9]' <<<"$line"; then
    echo "it ended with a status that is not 0: $line"
    return 1
  fi
}

# call_begins waits for a call that Kenar has just got; its answer takes longer than what is
# done to the caller then.
call_begins() {
  local before
  before=$(creations)
  eventually more_creations "$before" >/dev/null
}

creations() { grep -c '"create":true' "$work/calls.ndjson" || true; }

more_creations() { (($(creations) > $1)); }

# listing is every object of a namespace, as kind/name, without what Kubernetes puts there.
listing() { # NAMESPACE
  local kinds
  kinds=$(kubectl api-resources --namespaced --verbs=list -o name | grep -v -e '^events' -e '^pods.metrics' | paste -sd,)
  kubectl -n "$1" get "$kinds" -o name --ignore-not-found 2>/dev/null |
    grep -v -e /kube-root-ca.crt -e serviceaccount/default | sort
}

# ---- the steps -------------------------------------------------------------

namespaces() {
  step "namespaces in which only pods of the Pod Security Standard restricted may run"
  local n
  for n in "${namespaces[@]}"; do
    kubectl create namespace "$n" >/dev/null
    kubectl label namespace "$n" pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/warn=restricted >/dev/null
    kubectl -n "$n" create configmap kenar-ca --from-file=ca.crt="$work/kenar-ca.crt" >/dev/null
  done
  kubectl -n "$ns" create secret generic kenar --from-literal=api-key="$api_key" \
    --from-literal=nats-url="$(nats_url worker)" \
    --from-literal=redis-url="redis://kenar:$redis_password@$node_ip:6379/0" >/dev/null
  kubectl -n "$ns" create secret generic kenar-admin --from-literal=nats-url="$(nats_url admin)" >/dev/null
  kubectl -n "$ns" create secret generic kenar-operator --from-literal=nats-url="$(nats_url operator)" >/dev/null
  kubectl -n "$ns" create secret generic kenar-producer --from-literal=nats-url="$(nats_url producer)" >/dev/null
  kubectl -n "$solo" create secret generic kenar --from-literal=api-key="$api_key" >/dev/null
  refused "a pod with root is refused" "violates PodSecurity" \
    kubectl -n "$ns" run rooted --image="$image:$old_tag" --image-pull-policy=Never
  before=$(listing "$ns")
}

install() {
  step "helm install"
  check "every object is taken by the API server, without a warning" no_warnings \
    helm -n "$ns" install "$release" "$chart" -f "$work/values.yaml" --dry-run=server
  refused "workers cannot create streams" "permission" \
    env "KENAR_APP=$app" "NATS_URL=$(nats_url worker)" NATS_REPLICAS=1 "$bin/worker" setup --wait 0
  check "the release is installed, its hook has made the streams" \
    helm -n "$ns" install "$release" "$chart" -f "$work/values.yaml" --wait --timeout 4m
  check "two workers are ready" ready "$ns" "deployment/$full" 2
  check "they run as user 65532 with no rights, on a read-only root" confined
  check "they serve metrics" metrics
  check "a drain may take one of them at a time" \
    equal "$(kubectl -n "$ns" get pdb "$full" -o 'jsonpath={.status.disruptionsAllowed}')" 1
  check "the job of the hook is gone" gone job/"$full-setup"
  check "worker check is content with what it finds" \
    kubectl -n "$ns" exec "deployment/$full" -c worker -- worker check
}

no_warnings() {
  local said
  said=$("$@" 2>&1 >/dev/null) || {
    echo "$said"
    return 1
  }
  if grep -i warn <<<"$said"; then return 1; fi
}

# confined looks at the processes, not at what was asked for.
confined() {
  local pod pid
  for pod in $(workers); do
    pid=$(process_of "$pod")
    equal "$(stat -c %u:%g "/proc/$pid")" 65532:65532 &&
      equal "$(awk '/^(CapEff|NoNewPrivs|Seccomp):/ {printf "%s%s ", $1, $2}' "/proc/$pid/status")" "CapEff:0000000000000000 NoNewPrivs:1 Seccomp:2 " &&
      equal "$(awk '$2 == "/" {print substr($4, 1, 2)}' "/proc/$pid/mounts")" ro || return 1
  done
}

metrics() {
  local pods
  mapfile -t pods < <(workers)
  kubectl get --raw "/api/v1/namespaces/$ns/pods/${pods[0]}:9090/proxy/metrics" | grep -c '^kenar_'
}

gone() { must_fail NotFound kubectl -n "$ns" get "$1"; }

events_of_a_pod() {
  step "events that a pod publishes, with the rights of a producer"
  events 1 20 >"$work/events.ndjson"
  kubectl -n "$ns" create configmap events --from-file="$work/events.ndjson" >/dev/null
  kubectl -n "$ns" apply -f - >/dev/null <<P
apiVersion: v1
kind: Pod
metadata: {name: producer}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: producer
      image: $image:$old_tag
      imagePullPolicy: Never
      command: [publisher, publish, /events/events.ndjson]
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      env:
        - {name: KENAR_APP, value: $app}
        - {name: NATS_URL, valueFrom: {secretKeyRef: {name: kenar-producer, key: nats-url}}}
      volumeMounts: [{name: events, mountPath: /events}]
  volumes: [{name: events, configMap: {name: events}}]
P
  check "the pod publishes 20 events" kubectl -n "$ns" wait --for=jsonpath='{.status.phase}'=Succeeded pod/producer --timeout=90s
  kubectl -n "$ns" delete pod/producer configmap/events >/dev/null
  check "each reaches Kenar once, and is accepted" settled 1 20
  note "$said"
}

probe() {
  step "helm test"
  check "an event that is only validated goes to a worker and back" helm -n "$ns" test "$release" --logs --timeout 90s
  note "$(grep -o 'a worker answered.*' <<<"$said" || true)"
}

upgrade_while_work_flows() {
  step "helm upgrade to another version and another setting, while 40 events are worked on"
  local pod old id
  old=$(workers)
  declare -A ran
  for pod in $old; do
    ran[$pod]=$(container_of "$pod")
    start "drain-$pod" "$E2E_KUBERNETES/kubelite" kubectl -n "$ns" logs -f "$pod"
  done
  check "40 events are published from outside" publish 21 60
  call_begins
  check "the upgrade succeeds" upgrade --set log.level=debug --timeout 4m
  check "two workers are left, of the new image" eventually sole_workers "$new_tag"
  for pod in $old; do
    id=${ran[$pod]}
    check "$pod ended with status 0" ended_well "$id"
    check "its last word is that it stopped" eventually last_word "$work/log/drain-$pod.log"
    note "$(awk '/"message":"stopping/ {stopping = 1} /"message":"handled"/ && stopping {n++} END {print n + 0}' "$work/log/drain-$pod.log") calls ended after SIGTERM"
  done
  check "nothing is lost, nothing is sent twice, the limit is kept" settled 21 60
  note "$said"
}

last_word() { tail -n 1 "$1" | grep '"message":"stopped"'; } # LOG

sole_workers() { # TAG
  equal "$(kubectl -n "$ns" get pods -l "$worker_selector" -o 'jsonpath={range .items[*]}{.spec.containers[0].image}{"\n"}{end}')" \
    "$image:$1"$'\n'"$image:$1"
}

replay() {
  step "the job that replays dead letters, as a dry run"
  check "a job is made of the suspended CronJob" \
    kubectl -n "$ns" create job --from="cronjob/$full-replay" replay-1
  check "it succeeds with the rights of an operator" \
    kubectl -n "$ns" wait --for=condition=Complete job/replay-1 --timeout=90s
  kubectl -n "$ns" delete job/replay-1 >/dev/null
}

release_without_secret() {
  step "a release whose secret does not exist, with --rollback-on-failure"
  local old
  old=$(workers '.metadata.uid' | sort)
  check "15 events are published" publish 61 75
  refused "the upgrade fails" "timed out\|deadline\|not ready\|rolled back" \
    upgrade --set kenar.apiKey.existingSecret=nobody-made-it --rollback-on-failure --timeout 20s
  check "the same workers as before are there" eventually same_workers "$old"
  check "the release is the one before" deployed
  check "work went on" settled 61 75
  note "$said"
}

same_workers() { # UIDS
  equal "$(workers '.metadata.uid' | sort)" "$1"
}

deployed() { equal "$(helm -n "$ns" list --deployed --short)" "$release"; }

release_that_crashes() {
  step "a release whose workers end at their start, and helm rollback"
  local old
  old=$(workers '.metadata.uid' | sort)
  cat >"$work/broken-values.yaml" <<V
templates: {files: {com.example.broken.v1.jq: "{this is no jq"}}
V
  check "15 events are published" publish 76 90
  refused "the upgrade fails" "timed out\|deadline\|not ready\|CrashLoop" \
    upgrade -f "$work/broken-values.yaml" --timeout 20s
  check "the new worker told why" broken_template
  check "helm rollback succeeds" helm -n "$ns" rollback "$release" --wait --timeout 2m
  check "the same workers as before are there" eventually same_workers "$old"
  check "the release is deployed" deployed
  check "work went on" settled 76 90
  note "$said"
}

broken_template() {
  local logs
  logs=$(kubectl -n "$ns" logs -l "$worker_selector" --all-containers --prefix --tail=20 --ignore-errors)
  grep 'com.example.broken' <<<"$logs"
}

kill_and_force() {
  step "a worker is killed, and another pod is deleted without a grace, while work flows"
  local pods pid
  mapfile -t pods < <(workers)
  check "30 events are published" publish 91 120
  pid=$(process_of "${pods[0]}")
  call_begins
  check "SIGKILL to the process of ${pods[0]}" kill -KILL "$pid"
  check "it is started again, in the same pod" eventually restarted "${pods[0]}"
  check "${pods[1]} is deleted at once" kubectl -n "$ns" delete pod "${pods[1]}" --grace-period=0 --force
  check "two workers are ready again" eventually ready "$ns" "deployment/$full" 2
  # Twice something was cut off, and each time no more than the calls of a window.
  check "nothing is lost; only calls in doubt are made again, within the limit" settled 91 120 10
  note "$said"
  check "over all, the limit was kept" settled 1 120 10
  note "$said"
}

restarted() { # POD
  equal "$(kubectl -n "$ns" get pod "$1" -o 'jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}')" "1 true"
}

uninstall() {
  step "helm uninstall"
  check "the release is uninstalled" helm -n "$ns" uninstall "$release" --wait --timeout 2m
  check "nothing of it is left but the pod of helm test, which stays for its log" eventually as_before
  kubectl -n "$ns" delete pod "$full-probe" --ignore-not-found >/dev/null
}

as_before() { equal "$(listing "$ns" | grep -v "^pod/$full-probe\$")" "$before"; }

# ---- embedded ---------------------------------------------------------------

embedded() {
  step "embedded: one worker with everything inside, and a volume"
  mkdir -p -- "$work/volume"
  kubectl apply -f - >/dev/null <<V
apiVersion: v1
kind: PersistentVolume
metadata: {name: e2e}
spec:
  capacity: {storage: 5Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: local
  local: {path: $work/volume}
  nodeAffinity:
    required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [$node]}]}]}
V
  install_embedded
  check "its worker is ready" ready "$solo" statefulset/solo-kenar-addons 1
  check "helm test has nothing to object" helm -n "$solo" test solo
  check "a worker answers publisher probe in its pod" of_solo publisher probe
  check "7 events are published through kubectl exec" publish_solo 201 207
  eventually solo_ended 1 >/dev/null
  check "the pod is restarted while others wait" kubectl -n "$solo" delete pod "$solo_pod" --wait
  check "its worker is ready again" eventually ready "$solo" statefulset/solo-kenar-addons 1
  check "nothing is lost, nothing is sent twice, the limit outlives the restart" settled_solo 201 207
  note "$said"

  check "it is uninstalled" helm -n "$solo" uninstall solo --wait --timeout 2m
  check "the claim with the waiting events is all that stays" eventually claim_stays
  install_embedded
  check "a new release of that name goes on with the volume" settled_solo 201 207
  check "it is uninstalled" helm -n "$solo" uninstall solo --wait --timeout 2m
}

install_embedded() {
  check "the release is installed" \
    helm -n "$solo" install solo "$chart" -f "$work/embedded-values.yaml" --wait --timeout 3m
}

of_solo() { kubectl -n "$solo" exec -i "$solo_pod" -c worker -- "$@"; }

publish_solo() { events "$1" "$2" | of_solo publisher publish -; }

solo_ended() { # HOW MANY
  local finals
  finals=$(of_solo publisher outcomes --json </dev/null | grep -c '"kenar.outcome.final.v1"')
  ((finals >= $1))
}

settled_solo() { # FROM TO
  local ids
  mapfile -t ids < <(seq -f e2e-%03g "$1" "$2")
  of_solo publisher outcomes --follow --timeout 3m "${ids[@]}" </dev/null >/dev/null
  of_solo publisher outcomes --json </dev/null | "$bin/audit" -from "$1" -to "$2" -limit "$solo_limit" "$work/calls.ndjson"
}

claim_stays() {
  equal "$(listing "$solo" | grep -v -e configmap/kenar-ca -e secret/kenar)" "persistentvolumeclaim/data-$solo_pod"
}
