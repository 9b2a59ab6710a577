{{/*
kenar.milliseconds is the length of a duration of Go, such as 1h30m, and empty for
what is none.
*/}}
{{- define "kenar.milliseconds" -}}
{{- $text := toString . -}}
{{- if regexMatch "^([0-9]+(\\.[0-9]+)?(h|ms|m|s))+$" $text -}}
{{- $unit := dict "h" 3600000 "m" 60000 "s" 1000 "ms" 1 -}}
{{- $sum := 0.0 -}}
{{- range regexFindAll "[0-9]+(\\.[0-9]+)?(h|ms|m|s)" $text -1 -}}
{{- $sum = addf $sum (mulf (regexFind "^[0-9.]+" . | float64) (get $unit (regexFind "[a-z]+$" .) | float64)) -}}
{{- end -}}
{{- ceil $sum | int64 -}}
{{- end -}}
{{- end }}

{{/*
The least grace of the pod: ten seconds more than calls in flight get, in which the
worker gives back what it has in hand; embedded ten more, in which JetStream syncs its
files. So it is never killed while a call is under way.
*/}}
{{- define "kenar.leastGracePeriod" -}}
{{- add (ternary 20 10 .Values.embedded.enabled) (include "kenar.seconds" .Values.shutdownGrace | int64) -}}
{{- end }}

{{- define "kenar.gracePeriod" -}}
{{- if .Values.terminationGracePeriodSeconds -}}
{{- .Values.terminationGracePeriodSeconds | int64 -}}
{{- else -}}
{{- include "kenar.leastGracePeriod" . -}}
{{- end -}}
{{- end }}

{{/* kenar.seconds is the length of a duration in seconds, rounded up. */}}
{{- define "kenar.seconds" -}}
{{- divf (include "kenar.milliseconds" . | float64) 1000 | ceil | int64 -}}
{{- end }}
