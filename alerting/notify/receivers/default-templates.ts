/**
 * The text of notifications where the user has none. The names are Alertmanager's, so that templates which call or replace them work;
 * those that begin with `pharos.` are the pieces. Lists end after fifty alerts: nobody reads more, and services cut or refuse it.
 */
const PIECES = `
{{ define "__alertmanager" }}Pharos{{ end }}
{{ define "__alertmanagerURL" }}{{ .ExternalURL }}{{ end }}
{{ define "__description" }}{{ end }}

{{ define "__subject" -}}
[{{ if eq .Status "firing" }}FIRING:{{ len .Alerts.Firing }}{{ else }}RESOLVED:{{ len .Alerts.Resolved }}{{ end }}]
{{- with .Level }} {{ . }}:{{ end }}
{{- range .GroupLabels.SortedPairs }} {{ .Value }}{{ else }} alerts{{ end }}
{{- with (.CommonLabels.Remove .GroupLabels.Names).Remove (stringSlice "severity") }}
{{- range .SortedPairs }} {{ .Name }}={{ .Value }}{{ end }}{{ end }}
{{- end }}

{{ define "pharos.name" }}{{ or .Labels.alertname "alert" }}{{ with .Level }} ({{ . }}){{ end }}{{ end }}

{{ define "pharos.message" }}{{ or .Annotations.summary .Annotations.message .Annotations.description }}{{ end }}

{{ define "pharos.value" -}}
{{ if .Subject }}{{ with .Subject -}}
{{ .Metric }} {{ if eq .Value .Value }}is {{ humanize .Value }}{{ .Unit }}{{ else }}has no value{{ end }}, threshold {{ .Operator }} {{ humanize .Threshold }}{{ .Unit }}
{{- end }}{{ else if eq .Value .Value }}value {{ if eq .Status "resolved" }}{{ if .ValueIsCurrent }}now {{ else }}at last {{ end }}{{ end }}{{ humanize .Value }}{{ end }}
{{- end }}

{{ define "pharos.time" }}since {{ .StartsAt.Format "2006-01-02 15:04:05 MST" }}
{{- if eq .Status "resolved" }}, over after {{ humanizeDuration .Duration }}{{ end }}{{ end }}

{{ define "pharos.rest" }}{{ if gt (len .) 50 }}... {{ len . }} in all
{{ end }}{{ end }}

{{ define "__text_alert_list" }}{{ range $i, $_ := . }}{{ if ge $i 50 }}{{ break }}{{ end }}{{ template "pharos.name" . }}: {{ template "pharos.message" . }}
{{ if or .Subject (eq .Value .Value) }}  {{ template "pharos.value" . }}
{{ end }}  {{ template "pharos.time" . }}
{{ range (.Labels.Remove (stringSlice "alertname" "severity")).SortedPairs }}  {{ .Name }}: {{ .Value }}
{{ end }}{{ with .GeneratorURL }}  {{ . }}
{{ end }}{{ end }}{{ template "pharos.rest" . }}{{ end }}

{{ define "__text_alert_list_markdown" }}{{ range $i, $_ := . }}{{ if ge $i 50 }}{{ break }}{{ end }}**{{ template "pharos.name" . }}** {{ template "pharos.message" . }}
{{ if or .Subject (eq .Value .Value) }}> {{ template "pharos.value" . }}
{{ end }}> {{ template "pharos.time" . }}
{{ range (.Labels.Remove (stringSlice "alertname" "severity")).SortedPairs }}> {{ .Name }}: {{ .Value }}
{{ end }}{{ with .GeneratorURL }}> [source]({{ . }})
{{ end }}
{{ end }}{{ template "pharos.rest" . }}{{ end }}

{{ define "pharos.text" -}}
{{ with .Alerts.Firing }}Firing:
{{ template "__text_alert_list" . }}{{ end }}
{{- with .Alerts.Resolved }}Resolved:
{{ template "__text_alert_list" . }}{{ end }}
{{- with .TruncatedAlerts }}and {{ . }} more{{ end }}
{{- end }}

{{ define "pharos.markdown" -}}
{{ with .Alerts.Firing }}{{ template "__text_alert_list_markdown" . }}{{ end }}
{{- with .Alerts.Resolved }}Resolved:

{{ template "__text_alert_list_markdown" . }}{{ end }}
{{- with .TruncatedAlerts }}and {{ . }} more{{ end }}
{{- end }}
`;

const CHAT = `
{{ define "slack.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "slack.default.fallback" }}{{ template "slack.default.title" . }} | {{ template "slack.default.titlelink" . }}{{ end }}
{{ define "slack.default.callbackid" }}{{ end }}
{{ define "slack.default.pretext" }}{{ end }}
{{ define "slack.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "slack.default.iconemoji" }}{{ end }}
{{ define "slack.default.iconurl" }}{{ end }}
{{ define "slack.default.text" }}{{ template "pharos.text" . }}{{ end }}
{{ define "slack.default.footer" }}{{ end }}
{{ define "slack.default.color" -}}
{{ if eq .Status "resolved" }}good{{ else if eq .Level "remind" "info" "warn" "warning" }}warning{{ else }}danger{{ end }}
{{- end }}

{{ define "telegram.default.message" }}{{ template "__subject" . }}

{{ template "pharos.text" . }}{{ end }}

{{ define "wechat.default.message" }}{{ template "__subject" . }}
{{ template "pharos.text" . }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "wechat.default.to_user" }}{{ end }}
{{ define "wechat.default.to_party" }}{{ end }}
{{ define "wechat.default.to_tag" }}{{ end }}
{{ define "wechat.default.agent_id" }}{{ end }}

{{ define "wecom.default.message" }}**{{ template "__subject" . }}**
{{ template "pharos.markdown" . }}{{ end }}

{{ define "dingtalk.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "dingtalk.default.message" }}#### {{ template "__subject" . }}

{{ template "pharos.markdown" . }}{{ end }}

{{ define "feishu.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "feishu.default.message" }}{{ template "pharos.markdown" . }}{{ end }}
`;

const PAGERS = `
{{ define "pagerduty.default.description" }}{{ template "__subject" . }}{{ end }}
{{ define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "pagerduty.default.clientURL" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end }}

{{ define "opsgenie.default.message" }}{{ template "__subject" . }}{{ end }}
{{ define "opsgenie.default.description" }}{{ template "pharos.text" . }}{{ end }}
{{ define "opsgenie.default.source" }}{{ template "__alertmanagerURL" . }}{{ end }}
`;

const MAIL = `
{{ define "email.default.subject" }}{{ template "__subject" . }}{{ end }}
{{ define "email.default.text" }}{{ template "__subject" . }}

{{ template "pharos.text" . }}
{{ template "__alertmanagerURL" . }}
{{ end }}

{{ define "pharos.mail.alerts" }}{{ range $i, $_ := . }}{{ if ge $i 50 }}{{ break }}{{ end }}
<table style="border-collapse: collapse; width: 100%; margin: 0 0 16px">
<tr><th colspan="2" style="text-align: left; padding: 6px 8px; border-left: 4px solid {{ if eq .Status "resolved" }}#2e7d32{{ else if eq .Level "remind" "info" "warn" "warning" }}#ed8b00{{ else }}#c62828{{ end }}">{{ template "pharos.name" . }}</th></tr>
{{ with .Annotations.summary }}<tr><td colspan="2" style="padding: 2px 8px">{{ . }}</td></tr>{{ end }}
{{ with .Annotations.description }}<tr><td colspan="2" style="padding: 2px 8px">{{ . }}</td></tr>{{ end }}
{{ if or .Subject (eq .Value .Value) }}<tr><td colspan="2" style="padding: 2px 8px">{{ template "pharos.value" . }}</td></tr>{{ end }}
<tr><td colspan="2" style="padding: 2px 8px; color: #555">{{ template "pharos.time" . }}</td></tr>
{{ range (.Labels.Remove (stringSlice "alertname" "severity")).SortedPairs }}<tr><td style="padding: 2px 8px; color: #555; width: 30%">{{ .Name }}</td><td style="padding: 2px 8px">{{ .Value }}</td></tr>
{{ end }}{{ with .GeneratorURL }}<tr><td colspan="2" style="padding: 2px 8px"><a href="{{ . }}">Source</a></td></tr>{{ end }}
</table>{{ end }}{{ if gt (len .) 50 }}<p>... {{ len . }} in all</p>{{ end }}{{ end }}

{{ define "email.default.html" -}}
<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>{{ template "__subject" . }}</title></head>
<body style="font-family: Arial, Helvetica, sans-serif; font-size: 14px; color: #222; max-width: 640px; margin: 16px auto">
<h2 style="font-size: 18px">{{ template "__subject" . }}</h2>
{{ with .Alerts.Firing }}<h3 style="font-size: 15px">Firing: {{ len . }}</h3>{{ template "pharos.mail.alerts" . }}{{ end }}
{{ with .Alerts.Resolved }}<h3 style="font-size: 15px">Resolved: {{ len . }}</h3>{{ template "pharos.mail.alerts" . }}{{ end }}
{{ with .TruncatedAlerts }}<p>and {{ . }} more</p>{{ end }}
<p style="color: #777; font-size: 12px">Sent by <a href="{{ .ExternalURL }}">{{ template "__alertmanager" . }}</a></p>
</body>
</html>
{{- end }}
`;

/** As one file of definitions; those of the user's files replace them. */
export const DEFAULT_TEMPLATES = { file: 'default.tmpl', text: PIECES + CHAT + PAGERS + MAIL, isBuiltin: true };
