{{/*
Faults of URLs and ports, each define a JSON list of sentences for kenar.validate.
*/}}

{{/*
URLs that everybody sees who may read ConfigMaps, Deployments or ScaledObjects, and
that hold a user or a password.
*/}}
{{- define "kenar.credentialFaults" -}}
{{- $v := .Values -}}
{{- $bad := list -}}
{{- $instead := dict
      "nats.url" "put the URL into a secret and name it in nats.urlSecret"
      "tracing.endpoint" "leave them out, and give OTEL_EXPORTER_OTLP_HEADERS by extraEnv with valueFrom" -}}
{{- $urls := dict
      "nats.url" $v.nats.url
      "kenar.baseURL" $v.kenar.baseURL "kenar.legacyURL" $v.kenar.legacyURL
      "kenar.imageURL" $v.kenar.imageURL "kenar.oauthURL" $v.kenar.oauthURL
      "kenar.redirectURI" $v.kenar.redirectURI
      "tracing.endpoint" $v.tracing.endpoint
      "autoscaling.keda.prometheusAddress" $v.autoscaling.keda.prometheusAddress -}}
{{- range $name := keys $urls | sortAlpha -}}
  {{- if include "kenar.hasUser" (get $urls $name) -}}
    {{- $bad = append $bad (printf "%s: holds a user or a password, and would be shown to everybody who may look at the objects of the release; %s" $name (get $instead $name | default "leave them out")) -}}
  {{- end -}}
{{- end -}}
{{- range $v.extraEnv -}}
  {{- $value := get . "value" -}}
  {{- if $value -}}
    {{- if regexMatch "^OTEL_EXPORTER_OTLP(_[A-Z]+)?_HEADERS$" .name -}}
      {{- $bad = append $bad (printf "extraEnv: %s holds a secret of the collector, as a rule, and would be shown to everybody who may look at the pod; give it by valueFrom.secretKeyRef" .name) -}}
    {{- else if include "kenar.hasUser" $value -}}
      {{- $bad = append $bad (printf "extraEnv: %s is a URL with a user or a password, and would be shown to everybody who may look at the pod; give it by valueFrom.secretKeyRef" .name) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $bad -}}
{{- end }}

{{/* Not empty if a URL, or one of several separated by commas, has a user. */}}
{{- define "kenar.hasUser" -}}
{{- range splitList "," . -}}
  {{- if regexMatch "^ *[a-z+]+://[^/?#]*@" . -}}yes{{- end -}}
{{- end -}}
{{- end }}

{{/* Ports that a URL or a host names, and that the policy of the workers does not let through. */}}
{{- define "kenar.portFaults" -}}
{{- $v := .Values -}}
{{- $bad := list -}}
{{- if $v.networkPolicy.enabled -}}
  {{- $uses := list
        (dict "of" "kenar.baseURL" "urls" $v.kenar.baseURL "to" "kenar")
        (dict "of" "kenar.imageURL" "urls" $v.kenar.imageURL "to" "kenar")
        (dict "of" "kenar.legacyURL" "urls" $v.kenar.legacyURL "to" "kenar")
        (dict "of" "kenar.oauthURL" "urls" $v.kenar.oauthURL "to" "kenar")
        (dict "of" "tracing.endpoint" "urls" $v.tracing.endpoint "to" "tracing") -}}
  {{- range $v.images.hosts -}}
    {{- $uses = append $uses (dict "of" (printf "images.hosts (%s)" .) "urls" (printf "https://%s" .) "to" "kenar") -}}
  {{- end -}}
  {{- if not $v.embedded.enabled -}}
    {{- $uses = append $uses (dict "of" "nats.url" "urls" $v.nats.url "to" "nats") -}}
    {{- /* Further servers of Sentinel and of a cluster are parameters, addr=host:port. */ -}}
    {{- $redis := regexReplaceAll "[?&]addr=" $v.redis.url.value ",redis://" -}}
    {{- $uses = append $uses (dict "of" "redis.url.value" "urls" $redis "to" "redis") -}}
  {{- end -}}
  {{- range $use := $uses -}}
    {{- $open := list -}}
    {{- range (get $v.networkPolicy $use.to).ports -}}{{- $open = append $open (int64 .) -}}{{- end -}}
    {{- $refused := list -}}
    {{- range splitList "," $use.urls -}}
      {{- $port := include "kenar.portOf" . -}}
      {{- if and $port (not (has (int64 $port) $open)) -}}{{- $refused = append $refused $port -}}{{- end -}}
    {{- end -}}
    {{- range uniq $refused -}}
      {{- $bad = append $bad (printf "%s: uses port %s, which networkPolicy.%s.ports does not let through; add it there" $use.of . $use.to) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $bad -}}
{{- end }}

{{/* The port of a URL, that of its scheme if it names none; empty for a container of the same pod. */}}
{{- define "kenar.portOf" -}}
{{- $scheme := regexFind "^[a-z+]+" (trim .) -}}
{{- $host := regexReplaceAll "^[a-z+]+://([^/?#]*@)?" (trim .) "" | regexFind "^[^/?#&]+" -}}
{{- $port := regexFind ":[0-9]+$" $host -}}
{{- if and $host (not (has (trimSuffix $port $host) (list "127.0.0.1" "localhost" "[::1]"))) -}}
{{- trimPrefix ":" $port | default (get (dict "http" "80" "ws" "80" "https" "443" "wss" "443" "nats" "4222" "tls" "4222" "redis" "6379" "rediss" "6379") $scheme) -}}
{{- end -}}
{{- end }}
