{{- define "nestd.selector" -}}
app.kubernetes.io/name: nestd
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "nestd.labels" -}}
{{ include "nestd.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "nestd.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "nestd.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{- define "nestd.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* What the download and the server have in common: the model and the cache that it is in. */ -}}
{{- define "nestd.hub" -}}
{{- if not .Values.models -}}
- {name: MODEL_ID, value: {{ .Values.model.download.id | quote }}}
- {name: REVISION, value: {{ .Values.model.download.revision | quote }}}
{{ end -}}
- {name: HF_HUB_CACHE, value: /data}
{{- end }}

{{- /* A download goes to a volume that counts as storage of the containers. */}}
{{- define "nestd.resources" -}}
{{- $amounts := deepCopy .Values.resources }}
{{- if eq .Values.model.source "download" }}
{{- $_ := set $amounts "ephemeral-storage" .Values.model.download.sizeLimit }}
{{- end }}
{{- dict "requests" $amounts "limits" $amounts | toYaml }}
{{- end }}
