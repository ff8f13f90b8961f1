{{- define "headrace.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "headrace.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "headrace.selector" . }}
{{- end }}

{{- define "headrace.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "headrace.secret" -}}
{{ .Values.secret.existing | default (printf "%s-keys" (include "headrace.fullname" .)) }}
{{- end }}

{{- define "headrace.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "headrace.fullname" .) }}
{{- end }}

{{- define "headrace.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* Variables of every process, but for what stands in the secret. */ -}}
{{- define "headrace.environment" -}}
- {name: HEADRACE_KAFKA_BOOTSTRAP_SERVERS, value: {{ required "kafka.bootstrapServers is missing: host:port,… of your Kafka cluster" .Values.kafka.bootstrapServers | quote }}}
- {name: HEADRACE_TOPIC_PREFIX, value: {{ .Values.kafka.topicPrefix | quote }}}
- {name: HEADRACE_PARTITIONS, value: {{ .Values.kafka.partitions | quote }}}
- {name: HEADRACE_REPLICATION, value: {{ .Values.kafka.replication | quote }}}
- {name: HEADRACE_CHROMA_URL, value: {{ required "chroma.url is missing: http://host:port of your Chroma server" .Values.chroma.url | quote }}}
- {name: HEADRACE_BLOB_URL, value: {{ required "blobs.url is missing: s3://bucket/prefix, or file:///var/lib/headrace/blobs with blobs.claim" .Values.blobs.url | quote }}}
- {name: HEADRACE_DATA_DIR, value: /var/lib/headrace/data}
- {name: HEADRACE_HOST, value: "0.0.0.0"}
- {name: HEADRACE_METRICS_PORT, value: "9100"}
{{- with .Values.chroma.tenant }}
- {name: HEADRACE_CHROMA_TENANT, value: {{ . | quote }}}
{{- end }}
{{- range $property, $value := .Values.kafka.properties }}
- {name: HEADRACE_KAFKA_{{ $property | upper | replace "." "_" }}, value: {{ $value | quote }}}
{{- end }}
{{- range $name, $value := .Values.env }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- /* The pod of a service: {root, name, own}. */ -}}
{{- define "headrace.pod" -}}
{{- $root := .root -}}
{{- $name := .name -}}
{{- $own := .own -}}
{{- $full := include "headrace.fullname" $root -}}
metadata:
  labels:
    {{- include "headrace.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $name }}
  annotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: "9100"
    {{- with $root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "headrace.serviceAccount" $root }}
  automountServiceAccountToken: false
  # Kubernetes would set HEADRACE_KAFKA_BOOTSTRAP_PORT for a Service `headrace-kafka-bootstrap`: a setting.
  enableServiceLinks: false
  # A service drains what it has in hand before it ends.
  terminationGracePeriodSeconds: {{ $own.terminationGraceSeconds | default 30 }}
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: {{ $name }}
      image: {{ include "headrace.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [service, {{ $name }}]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      {{- with $root.Values.envSecret }}
      envFrom:
        - secretRef: {name: {{ . }}}
      {{- end }}
      env:
        {{- $keys := dict "api" (list "API_KEY" "SECRETS_KEY" "SEARCH_TOKEN" "EMBED_KEY") "connectors" (list "SECRETS_KEY") "embedding" (list "EMBED_KEY") "searching" (list "SEARCH_TOKEN") }}
        {{- range index $keys $name }}
        - name: HEADRACE_{{ . }}
          valueFrom: {secretKeyRef: {name: {{ include "headrace.secret" $root }}, key: HEADRACE_{{ . }}}}
        {{- end }}
        {{- include "headrace.environment" $root | nindent 8 }}
        {{- if eq $name "api" }}
        - {name: HEADRACE_PORT, value: "8080"}
        - {name: HEADRACE_EMBED_URL, value: "http://{{ $full }}-embedding:9200"}
        - {name: HEADRACE_SEARCH_URL, value: "http://{{ $full }}-searching:8384"}
        {{- else if eq $name "embedding" }}
        - {name: HEADRACE_EMBED_PORT, value: "9200"}
        {{- else if eq $name "searching" }}
        - {name: HEADRACE_SEARCH_PORT, value: "8384"}
        {{- end }}
        {{- range $variable, $value := $own.env }}
        - {name: {{ $variable }}, value: {{ $value | quote }}}
        {{- end }}
      ports:
        - {name: metrics, containerPort: 9100}
        {{- if eq $name "api" }}
        - {name: http, containerPort: 8080}
        {{- else if eq $name "embedding" }}
        - {name: http, containerPort: 9200}
        {{- else if eq $name "searching" }}
        - {name: http, containerPort: 8384}
        {{- end }}
      # A worker ends by itself when it hangs; a port that does not answer means that it has.
      livenessProbe:
        httpGet: {path: /metrics, port: metrics}
        periodSeconds: 20
        timeoutSeconds: 10
        failureThreshold: 6
      startupProbe:
        httpGet: {path: /metrics, port: metrics}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 60
      readinessProbe:
        {{- if eq $name "api" }}
        httpGet: {path: /health, port: http}
        {{- else }}
        httpGet: {path: /metrics, port: metrics}
        {{- end }}
        periodSeconds: 10
        timeoutSeconds: 5
      {{- with $own.resources }}
      resources: {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - {name: data, mountPath: /var/lib/headrace/data}
        - {name: tmp, mountPath: /tmp}
        {{- if $root.Values.blobs.claim }}
        - {name: blobs, mountPath: /var/lib/headrace/blobs}
        {{- end }}
  volumes:
    {{- if ne $name "searching" }}
    # Views and caches, rebuilt from the topics.
    - {name: data, emptyDir: {}}
    {{- end }}
    - {name: tmp, emptyDir: {}}
    {{- with $root.Values.blobs.claim }}
    - name: blobs
      persistentVolumeClaim: {claimName: {{ . }}}
    {{- end }}
  {{- with $own.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $own.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $own.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
