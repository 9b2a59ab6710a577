{{/*
Labels and annotations of the values that would take the place of the chart's own, by
which objects find one another, or be there twice: a JSON list of sentences for
kenar.validate.
*/}}
{{- define "kenar.labelFaults" -}}
{{- $v := .Values -}}
{{- $bad := list -}}
{{- $owned := list "helm.sh/chart" -}}
{{- range list "name" "instance" "component" "part-of" "version" "managed-by" -}}
  {{- $owned = append $owned (printf "app.kubernetes.io/%s" .) -}}
{{- end -}}
{{- $m := $v.monitoring -}}
{{- $labels := dict
      "commonLabels" $v.commonLabels "podLabels" $v.podLabels
      "monitoring.serviceMonitor.labels" $m.serviceMonitor.labels
      "monitoring.podMonitor.labels" $m.podMonitor.labels
      "monitoring.prometheusRule.labels" $m.prometheusRule.labels
      "monitoring.dashboard.labels" $m.dashboard.labels -}}
{{- range $name := keys $labels | sortAlpha -}}
  {{- range $key := keys (get $labels $name) | sortAlpha -}}
    {{- if has $key $owned -}}
      {{- $bad = append $bad (printf "%s: %s is set by this chart; choose another key" $name $key) -}}
    {{- else if and (ne $name "commonLabels") (hasKey $v.commonLabels $key) -}}
      {{- $bad = append $bad (printf "%s: %s is in commonLabels too; keep one of them" $name $key) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $key := list "checksum/config" "kubectl.kubernetes.io/default-container" -}}
  {{- if hasKey $v.podAnnotations $key -}}
    {{- $bad = append $bad (printf "podAnnotations: %s is set by this chart; choose another key" $key) -}}
  {{- end -}}
{{- end -}}
{{- toJson $bad -}}
{{- end }}
