{{/*
What the schema cannot say: values that depend on one another, and values whose form
is better explained than matched. All that is wrong is told at once.
*/}}
{{- define "kenar.validate" -}}
{{- $v := .Values -}}
{{- $bad := list -}}

{{- if not $v.kenar.app -}}
  {{- $bad = append $bad "kenar.app: not set; set it to the slug of your app in Kenar's panel, which names the quota" -}}
{{- end -}}
{{- if not (or $v.kenar.apiKey.existingSecret $v.kenar.apiKey.value) -}}
  {{- $bad = append $bad "kenar.apiKey.existingSecret: not set; set it to the name of a secret that holds the app's API key under kenar.apiKey.key" -}}
{{- end -}}
{{- $secrets := dict "kenar.apiKey" $v.kenar.apiKey "kenar.clientSecret" $v.kenar.clientSecret "grants.identity" $v.grants.identity "redis.url" $v.redis.url -}}
{{- range $name := keys $secrets | sortAlpha -}}
  {{- $s := get $secrets $name -}}
  {{- if and $s.existingSecret $s.value -}}
    {{- $bad = append $bad (printf "%s: has both existingSecret and value; keep one of them" $name) -}}
  {{- end -}}
{{- end -}}
{{- if and (or $v.kenar.clientSecret.existingSecret $v.kenar.clientSecret.value) (not $v.kenar.redirectURI) -}}
  {{- $bad = append $bad "kenar.redirectURI: not set, and Kenar wants it in each refresh; set it as it is in the app's panel, or remove kenar.clientSecret" -}}
{{- end -}}

{{- if $v.embedded.enabled -}}
  {{- if or $v.nats.url $v.nats.urlSecret.existingSecret $v.nats.creds.existingSecret $v.nats.ca.existingSecret -}}
    {{- $bad = append $bad "nats: set together with embedded.enabled, which runs JetStream inside the worker; remove nats.url, urlSecret, creds and ca, or turn embedded off" -}}
  {{- end -}}
  {{- if or $v.redis.url.existingSecret $v.redis.url.value -}}
    {{- $bad = append $bad "redis.url: set together with embedded.enabled, which keeps the limiter inside the worker; remove it, or turn embedded off" -}}
  {{- end -}}
  {{- if or $v.autoscaling.keda.enabled $v.autoscaling.hpa.enabled -}}
    {{- $bad = append $bad "autoscaling: not with embedded.enabled, which is one worker with one volume; turn one of them off" -}}
  {{- end -}}
  {{- if $v.replay.enabled -}}
    {{- $bad = append $bad "replay.enabled: not with embedded.enabled, whose JetStream only its own pod can reach; replay with kubectl exec, as the notes of the release say" -}}
  {{- end -}}
{{- else -}}
  {{- if not (or $v.nats.url $v.nats.urlSecret.existingSecret) -}}
    {{- $bad = append $bad "nats.url: not set; set it to your servers, such as nats://nats.nats.svc:4222, or nats.urlSecret, or embedded.enabled=true for a single worker without them" -}}
  {{- end -}}
  {{- if not (or $v.redis.url.existingSecret $v.redis.url.value) -}}
    {{- $bad = append $bad "redis.url.existingSecret: not set; set it to a secret with the URL of Redis, or redis.url.value if the URL has no password: workers that count calls each for itself would exceed the quota" -}}
  {{- end -}}
{{- end -}}

{{- $durations := dict "kenar.timeout" $v.kenar.timeout "shutdownGrace" $v.shutdownGrace "retries.backoffMin" $v.retries.backoffMin "retries.backoffMax" $v.retries.backoffMax "setup.wait" $v.setup.wait "tests.timeout" $v.tests.timeout "monitoring.prometheusRule.promise.urgent" $v.monitoring.prometheusRule.promise.urgent "monitoring.prometheusRule.promise.normal" $v.monitoring.prometheusRule.promise.normal -}}
{{- $ms := dict -}}
{{- range $name := keys $durations | sortAlpha -}}
  {{- $length := include "kenar.milliseconds" (get $durations $name) -}}
  {{- if or (not $length) (eq $length "0") -}}
    {{- $bad = append $bad (printf "%s: is %q; want a duration such as 30s or 1h30m, with the units h, m, s and ms" $name (get $durations $name | toString)) -}}
  {{- else -}}
    {{- $_ := set $ms $name (int64 $length) -}}
  {{- end -}}
{{- end -}}
{{- $timeout := get $ms "kenar.timeout" -}}
{{- $grace := get $ms "shutdownGrace" -}}
{{- if $timeout -}}
  {{- if or (lt $timeout 1000) (gt $timeout 60000) -}}
    {{- $bad = append $bad (printf "kenar.timeout: is %s; want 1s to 1m" $v.kenar.timeout) -}}
  {{- else if and $grace (lt $grace $timeout) -}}
    {{- $bad = append $bad (printf "shutdownGrace: is %s; want at least kenar.timeout, which is %s, or a call that is under way when a pod stops is cut off, and made again" $v.shutdownGrace $v.kenar.timeout) -}}
  {{- end -}}
{{- end -}}
{{- if and $grace $v.terminationGracePeriodSeconds -}}
  {{- $least := include "kenar.leastGracePeriod" . | int64 -}}
  {{- if lt (int64 $v.terminationGracePeriodSeconds) $least -}}
    {{- $bad = append $bad (printf "terminationGracePeriodSeconds: is %d; want at least %d, which is shutdownGrace (%s) and what the worker takes to end after it, or Kubernetes kills it before it is done; 0 is just that" (int64 $v.terminationGracePeriodSeconds) $least $v.shutdownGrace) -}}
  {{- end -}}
{{- end -}}
{{- if and (get $ms "retries.backoffMin") (get $ms "retries.backoffMax") -}}
  {{- if gt (get $ms "retries.backoffMin") (get $ms "retries.backoffMax") -}}
    {{- $bad = append $bad (printf "retries.backoffMin: is %s; want at most retries.backoffMax, which is %s" $v.retries.backoffMin $v.retries.backoffMax) -}}
  {{- end -}}
{{- end -}}

{{- $window := "[1-9][0-9]*/([0-9]+(\\.[0-9]+)?(h|ms|m|s))+( +reserve +[0-9]+)?" -}}
{{- if not (hasKey $v.limits "ADD_ON_CREATE") -}}
  {{- $bad = append $bad "limits.ADD_ON_CREATE: not set; set it to what Kenar grants your app, such as 100/168h, or to unlimited" -}}
{{- end -}}
{{- range $permission, $limit := $v.limits -}}
  {{- if and (ne (toString $limit) "unlimited") (not (regexMatch (printf "^ *%s *(, *%s *)*$" $window $window) (toString $limit))) -}}
    {{- $bad = append $bad (printf "limits.%s: is %q; want calls/window, such as 100/168h or 100/168h reserve 10, several separated by commas; or unlimited" $permission (toString $limit)) -}}
  {{- end -}}
{{- end -}}

{{- range $name, $url := dict "baseURL" $v.kenar.baseURL "legacyURL" $v.kenar.legacyURL "imageURL" $v.kenar.imageURL "oauthURL" $v.kenar.oauthURL -}}
  {{- $parts := urlParse $url -}}
  {{- $host := regexReplaceAll ":[0-9]+$" (get $parts "host") "" -}}
  {{- $loopback := has $host (list "127.0.0.1" "localhost" "[::1]") -}}
  {{- if not (and $host (or (eq (get $parts "scheme") "https") (and (eq (get $parts "scheme") "http") $loopback))) -}}
    {{- $bad = append $bad (printf "kenar.%s: is %q; want an https URL, because keys travel with the requests; plain http only to another container of the pod, such as http://127.0.0.1:8080" $name $url) -}}
  {{- end -}}
{{- end -}}

{{- if and $v.templates.files $v.templates.existingConfigMap -}}
  {{- $bad = append $bad "templates: has both files and existingConfigMap; keep one of them" -}}
{{- end -}}
{{- range $name := keys $v.templates.files | sortAlpha -}}
  {{- if or (not (regexMatch "^[a-z0-9][a-z0-9._-]*\\.jq$" $name)) (hasPrefix "kenar." $name) -}}
    {{- $bad = append $bad (printf "templates.files: %q is no name of a template; want the event type, in lower case and not beginning with kenar., and .jq" $name) -}}
  {{- end -}}
{{- end -}}

{{- if and $v.autoscaling.keda.enabled $v.autoscaling.hpa.enabled -}}
  {{- $bad = append $bad "autoscaling: keda and hpa are both enabled, and would fight over the number of workers; keep one of them" -}}
{{- end -}}
{{- if and $v.autoscaling.keda.enabled (not $v.autoscaling.keda.triggers) (not $v.autoscaling.keda.prometheusAddress) -}}
  {{- $bad = append $bad "autoscaling.keda.prometheusAddress: not set; set it to the Prometheus that scrapes the workers, or give triggers of your own" -}}
{{- end -}}
{{- if and (or (and $v.autoscaling.keda.enabled (not $v.autoscaling.keda.triggers)) (and $v.autoscaling.hpa.enabled (not $v.autoscaling.hpa.metrics))) (not $v.monitoring.prometheusRule.enabled) -}}
  {{- $bad = append $bad "autoscaling: looks at the series kenar:events_sendable:sum, which monitoring.prometheusRule records; enable that, or give triggers or metrics of your own" -}}
{{- end -}}
{{- if gt (int64 $v.autoscaling.minReplicas) (int64 $v.autoscaling.maxReplicas) -}}
  {{- $bad = append $bad (printf "autoscaling.minReplicas: is %d; want at most autoscaling.maxReplicas, which is %d" (int64 $v.autoscaling.minReplicas) (int64 $v.autoscaling.maxReplicas)) -}}
{{- end -}}
{{- if and $v.monitoring.serviceMonitor.enabled $v.monitoring.podMonitor.enabled -}}
  {{- $bad = append $bad "monitoring: serviceMonitor and podMonitor are both enabled, and every worker would be scraped twice; keep one of them" -}}
{{- end -}}

{{- if and (not $v.embedded.enabled) (eq $v.strategy.type "RollingUpdate") $v.strategy.rollingUpdate -}}
  {{- $surge := get $v.strategy.rollingUpdate "maxSurge" | toString -}}
  {{- $missing := get $v.strategy.rollingUpdate "maxUnavailable" | toString -}}
  {{- if and (regexMatch "^0+%?$" $surge) (regexMatch "^0+%?$" $missing) -}}
    {{- $bad = append $bad "strategy.rollingUpdate: maxSurge and maxUnavailable are both 0, and no pod could be replaced; want maxSurge 1, or strategy.type Recreate" -}}
  {{- end -}}
{{- end -}}
{{- if and $v.podDisruptionBudget.enabled (not $v.embedded.enabled) (regexMatch "^0+%?$" (toString $v.podDisruptionBudget.maxUnavailable)) -}}
  {{- $bad = append $bad "podDisruptionBudget.maxUnavailable: is 0, and no node with a worker could be drained; want at least 1, or podDisruptionBudget.enabled=false" -}}
{{- end -}}

{{- $set := include "kenar.settings" . | fromYaml -}}
{{- range $v.extraEnv -}}
  {{- $name := trimSuffix "_FILE" .name -}}
  {{- if or (hasKey $set .name) (has $name (list "KENAR_API_KEY" "KENAR_CLIENT_SECRET" "GRANT_IDENTITY" "REDIS_URL" "NATS_URL" "NATS_CREDS" "NATS_CA" "NATS_AUTO_CREATE" "DATA_DIR" "EMBEDDED_NATS_ADDR" "ADMIN_ADDR" "TEMPLATES" "GRANT_RECIPIENT" "KENAR_REDIRECT_URI" "KENAR_BUSINESS_ADDON_PATH" "IMAGE_HOSTS")) -}}
    {{- $bad = append $bad (printf "extraEnv: %s is set by this chart; use the value for it, listed in the chart's README" .name) -}}
  {{- end -}}
{{- end -}}

{{- range list "kenar.labelFaults" "kenar.credentialFaults" "kenar.portFaults" -}}
  {{- $bad = concat $bad (include . $ | fromJsonArray) -}}
{{- end -}}

{{- if $bad -}}
{{- fail (printf "\n\n%s cannot be installed with these values:\n\n  - %s\n" .Chart.Name (join "\n  - " $bad)) -}}
{{- end -}}
{{- end }}
