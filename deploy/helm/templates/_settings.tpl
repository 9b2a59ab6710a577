{{/*
kenar.settings are the worker's settings that are no secrets, as a YAML map from the
names of their variables. Empty ones are left out, and mean the worker's default: a
list of limits with nothing in it is ";".
*/}}
{{- define "kenar.settings" -}}
{{- $v := .Values -}}
{{- $limits := list -}}
{{- range $permission := keys $v.limits | sortAlpha -}}
  {{- $limit := get $v.limits $permission -}}
  {{- if ne (toString $limit) "unlimited" -}}
    {{- $limits = append $limits (printf "%s=%s" $permission $limit) -}}
  {{- end -}}
{{- end -}}
{{- $s := dict
  "KENAR_APP" $v.kenar.app
  "KENAR_BASE_URL" $v.kenar.baseURL
  "KENAR_LEGACY_URL" $v.kenar.legacyURL
  "KENAR_IMAGE_URL" $v.kenar.imageURL
  "KENAR_OAUTH_URL" $v.kenar.oauthURL
  "KENAR_REDIRECT_URI" $v.kenar.redirectURI
  "KENAR_BUSINESS_ADDON_PATH" $v.kenar.businessAddonPath
  "KENAR_TIMEOUT" $v.kenar.timeout
  "REQUIRE_GRANT" $v.kenar.requireGrant
  "LIMITS" (join "; " $limits | default ";")
  "PREFLIGHT" $v.preflight
  "IMAGE_HOSTS" (join "," $v.images.hosts)
  "IMAGE_FAILURE" $v.images.failure
  "MAX_ATTEMPTS" $v.retries.maxAttempts
  "BACKOFF_MIN" $v.retries.backoffMin
  "BACKOFF_MAX" $v.retries.backoffMax
  "SPEND_CAP_RIALS" (int64 $v.spending.capRials)
  "CONCURRENCY" $v.concurrency
  "SHUTDOWN_GRACE" $v.shutdownGrace
  "GRANT_RECIPIENT" $v.grants.recipient
  "LOG_LEVEL" $v.log.level
  "LOG_FORMAT" $v.log.format
  "ADMIN_ADDR" ":9090" -}}
{{- if $v.embedded.enabled -}}
  {{- $_ := set $s "DATA_DIR" "/data" -}}
{{- else -}}
  {{- $_ := set $s "NATS_URL" (include "kenar.natsURL" (list . "worker")) -}}
  {{- $_ := set $s "NATS_REPLICAS" $v.nats.replicas -}}
  {{- $_ := set $s "NATS_AUTO_CREATE" false -}}
{{- end -}}
{{- if or $v.templates.files $v.templates.existingConfigMap -}}
  {{- $_ := set $s "TEMPLATES" "/etc/kenar/templates" -}}
{{- end -}}
{{- range $name, $value := $s -}}
{{- if ne (toString $value) "" }}
{{ $name }}: {{ toString $value | quote }}
{{- end -}}
{{- end -}}
{{- if $v.tracing.endpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ $v.tracing.endpoint | quote }}
OTEL_EXPORTER_OTLP_PROTOCOL: http/protobuf
OTEL_SERVICE_NAME: {{ include "kenar.fullname" . | quote }}
OTEL_TRACES_SAMPLER: {{ $v.tracing.sampler | quote }}
OTEL_TRACES_SAMPLER_ARG: {{ $v.tracing.samplerArg | quote }}
{{- with $v.tracing.resourceAttributes }}
OTEL_RESOURCE_ATTRIBUTES: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
