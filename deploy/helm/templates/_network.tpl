{{/* kenar.egress (dict "to" peers "ports" ports): one rule, TCP. */}}
{{- define "kenar.egress" -}}
- ports:
    {{- range .ports }}
    - {port: {{ int64 . }}, protocol: TCP}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "kenar.egressDNS" -}}
- ports:
    {{- range .Values.networkPolicy.dns.ports }}
    - {port: {{ int64 . }}, protocol: UDP}
    - {port: {{ int64 . }}, protocol: TCP}
    {{- end }}
  {{- with .Values.networkPolicy.dns.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* kenar.cidrs is the addresses of Kenar, each with those exceptions that are of its family. */}}
{{- define "kenar.cidrs" -}}
{{- range .Values.networkPolicy.kenar.cidrs }}
{{- $six := contains ":" . }}
{{- $except := list }}
{{- if has . (list "0.0.0.0/0" "::/0") }}
{{- range $.Values.networkPolicy.kenar.except }}
{{- if eq $six (contains ":" .) }}{{- $except = append $except . }}{{- end }}
{{- end }}
{{- end }}
- ipBlock:
    cidr: {{ . | quote }}
    {{- with $except }}
    except:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}
{{- end }}

{{/* What a job may reach that talks to NATS alone: kenar.jobNetwork (list . component). */}}
{{- define "kenar.jobNetwork" -}}
{{- $root := index . 0 -}}
podSelector:
  matchLabels:
    {{- include "kenar.selectorLabels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ index . 1 }}
policyTypes: [Ingress, Egress]
egress:
  {{- include "kenar.egressDNS" $root | nindent 2 }}
  {{- include "kenar.egress" $root.Values.networkPolicy.nats | nindent 2 }}
{{- end }}
