{{/*
Secrets reach a program as files, never as variables: those show in "kubectl
describe" and in core dumps, and cannot change while the program runs.

kenar.secrets (list . role) is a YAML list of the files of a role: worker, admin or
publisher. Each has the setting that names it, the file, and whose key it is.
*/}}
{{- define "kenar.secrets" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $v := $root.Values -}}
{{- $own := include "kenar.fullname" $root -}}
{{- $files := list -}}
{{- if eq $role "worker" -}}
  {{- $values := list
        (list "KENAR_API_KEY_FILE" "api-key" $v.kenar.apiKey)
        (list "KENAR_CLIENT_SECRET_FILE" "client-secret" $v.kenar.clientSecret)
        (list "GRANT_IDENTITY_FILE" "grant-identity" $v.grants.identity)
        (list "REDIS_URL_FILE" "redis-url" $v.redis.url) -}}
  {{- range $values -}}
    {{- $s := index . 2 -}}
    {{- if $s.existingSecret -}}
      {{- $files = append $files (dict "env" (index . 0) "file" (index . 1) "secret" $s.existingSecret "key" $s.key) -}}
    {{- else if $s.value -}}
      {{- $files = append $files (dict "env" (index . 0) "file" (index . 1) "secret" $own "key" (index . 1)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if not $v.embedded.enabled -}}
  {{- $who := ternary $v.nats (get $v.nats $role) (eq $role "worker") -}}
  {{- $url := $who.urlSecret -}}
  {{- if and (not $url.existingSecret) (not $v.nats.url) -}}{{- $url = $v.nats.urlSecret -}}{{- end -}}
  {{- range (list (list "NATS_URL_FILE" "nats-url" $url) (list "NATS_CREDS" "nats.creds" $who.creds) (list "NATS_CA" "nats-ca.crt" $v.nats.ca)) -}}
    {{- $s := index . 2 -}}
    {{- if $s.existingSecret -}}
      {{- $files = append $files (dict "env" (index . 0) "file" (index . 1) "secret" $s.existingSecret "key" $s.key) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toYaml $files -}}
{{- end }}

{{- define "kenar.secretsDir" -}}/etc/kenar/secrets{{- end }}

{{/* The variables that name the files. */}}
{{- define "kenar.secretEnv" -}}
{{- range (include "kenar.secrets" . | fromYamlArray) }}
- name: {{ .env }}
  value: {{ include "kenar.secretsDir" $ }}/{{ .file }}
{{- end }}
{{- end }}

{{/*
The volume of the files. It is mounted as a whole: Kubernetes does not update a file
that is mounted by subPath. Only the group of the pod can read it.
*/}}
{{- define "kenar.secretVolume" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range (include "kenar.secrets" . | fromYamlArray) }}
      - secret:
          name: {{ .secret }}
          items:
            - key: {{ .key | quote }}
              path: {{ .file }}
      {{- end }}
{{- end }}

{{- define "kenar.secretMount" -}}
- name: secrets
  mountPath: {{ include "kenar.secretsDir" . }}
  readOnly: true
{{- end }}

{{/* Where NATS is, for a program that does not read it from a file. */}}
{{- define "kenar.natsURL" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $who := ternary $root.Values.nats (get $root.Values.nats $role) (eq $role "worker") -}}
{{- if not $who.urlSecret.existingSecret -}}{{- $root.Values.nats.url -}}{{- end -}}
{{- end }}
