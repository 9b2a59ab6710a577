{{/* What a pod of any role has. */}}
{{- define "kenar.podBasics" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What a container of any role has. */}}
{{- define "kenar.containerBasics" -}}
image: {{ include "kenar.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
The pod of a worker, in a Deployment or, embedded, in a StatefulSet.

The checksum covers what a worker reads only at its start. Secrets that it follows by
itself are left out: to rotate them restarts nothing.
*/}}
{{- define "kenar.workerPod" -}}
{{- $v := .Values -}}
metadata:
  annotations:
    checksum/config: {{ printf "%s%s%s" (include "kenar.settings" .) (toJson $v.templates.files) $v.redis.url.value | sha256sum }}
    kubectl.kubernetes.io/default-container: worker
    {{- with $v.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "kenar.labels" (list . "worker") | nindent 4 }}
    {{- with $v.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "kenar.serviceAccountName" . }}
  {{- include "kenar.podBasics" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ include "kenar.gracePeriod" . }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $v.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if and $v.topologySpreadConstraints (not $v.embedded.enabled) }}
  topologySpreadConstraints:
    {{- range $v.topologySpreadConstraints }}
    {{- $filled := dict "labelSelector" (dict "matchLabels" (include "kenar.workerLabels" $ | fromYaml)) "matchLabelKeys" (list "pod-template-hash") }}
    {{- toYaml (list (ternary . (merge (deepCopy .) $filled) (hasKey . "labelSelector"))) | nindent 4 }}
    {{- end }}
  {{- end }}
  containers:
    - name: worker
      {{- include "kenar.containerBasics" . | nindent 6 }}
      command: [worker, run]
      envFrom:
        - configMapRef:
            name: {{ include "kenar.fullname" . }}
      env:
        {{- include "kenar.secretEnv" (list . "worker") | trim | nindent 8 }}
        {{- with $v.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: metrics
          containerPort: 9090
      startupProbe:
        httpGet: {path: /healthz, port: metrics}
        {{- toYaml $v.probes.startup | nindent 8 }}
      livenessProbe:
        httpGet: {path: /healthz, port: metrics}
        {{- toYaml $v.probes.liveness | nindent 8 }}
      readinessProbe:
        httpGet: {path: /readyz, port: metrics}
        {{- toYaml $v.probes.readiness | nindent 8 }}
      resources:
        {{- toYaml (ternary $v.embedded.resources $v.resources $v.embedded.enabled) | nindent 8 }}
      volumeMounts:
        {{- include "kenar.secretMount" . | nindent 8 }}
        {{- if or $v.templates.files $v.templates.existingConfigMap }}
        - name: templates
          mountPath: /etc/kenar/templates
          readOnly: true
        {{- end }}
        {{- if $v.embedded.enabled }}
        - name: data
          mountPath: /data
        {{- end }}
        {{- with $v.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with $v.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "kenar.secretVolume" (list . "worker") | nindent 4 }}
    {{- if or $v.templates.files $v.templates.existingConfigMap }}
    - name: templates
      configMap:
        name: {{ default (printf "%s-templates" (include "kenar.fullname" .)) $v.templates.existingConfigMap }}
    {{- end }}
    {{- if and $v.embedded.enabled $v.embedded.persistence.existingClaim }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ $v.embedded.persistence.existingClaim }}
    {{- end }}
    {{- with $v.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* The pod of a job that runs publisher or setup: kenar.jobPod (dict root role command resources). */}}
{{- define "kenar.jobPod" -}}
{{- $root := .root -}}
{{- $secrets := include "kenar.secrets" (list $root .role) | fromYamlArray -}}
restartPolicy: Never
{{ include "kenar.podBasics" $root }}
containers:
  - name: {{ .name }}
    {{- include "kenar.containerBasics" $root | nindent 4 }}
    command: {{ toJson .command }}
    env:
      - name: KENAR_APP
        value: {{ $root.Values.kenar.app | quote }}
      {{- with include "kenar.natsURL" (list $root .role) }}
      - name: NATS_URL
        value: {{ . | quote }}
      {{- end }}
      {{- with .env }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- include "kenar.secretEnv" (list $root .role) | trim | nindent 6 }}
    resources:
      {{- toYaml .resources | nindent 6 }}
    {{- if $secrets }}
    volumeMounts:
      {{- include "kenar.secretMount" $root | nindent 6 }}
    {{- end }}
{{- if $secrets }}
volumes:
  {{- include "kenar.secretVolume" (list $root .role) | nindent 2 }}
{{- end }}
{{- end }}
