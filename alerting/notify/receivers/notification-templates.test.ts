import { describe, expect, it } from 'vitest';
import { Labels } from '../../../storage/labels.ts';
import { alertOf, NOON, notificationOf, resolvedOf } from './integration-bed.case.ts';
import { CompiledTemplates } from './notification-templates.ts';

const templates = new CompiledTemplates([], { now: () => NOON });
const subject = {
  policyId: 'p',
  policyName: 'CPU',
  objectLevel: 'pod',
  object: { namespace: 'n', pod: 'p-1' },
  metric: 'k8s_pod_rate_cpu_core_used_limit',
  operator: 'ge',
  threshold: 90,
  unit: '%',
  value: 95.5,
  period: 60_000,
  periods: 3,
};
const other = Labels.from({ alertname: 'Down', instance: 'h2:9100', severity: 'warning', zone: 'b' });
const both = notificationOf({ alerts: [alertOf(), resolvedOf({ labels: other })] });

describe('what templates of notifications see', () => {
  it.each([
    [
      '{{ .Receiver }} {{ .Status }} {{ .GroupKey }} {{ .ExternalURL }}',
      'team firing {}:{alertname="Down"} http://pharos.example',
    ],
    ['{{ len .Alerts }} {{ len .Alerts.Firing }} {{ .Alerts.Resolved | len }}', '2 1 1'],
    ['{{ (index .Alerts 1).Labels.zone }} {{ (index .Alerts 0).Labels.nope }}|', 'b |'],
    [
      '{{ range .Alerts.Firing }}{{ .Status }} {{ .Fingerprint | len }} {{ .GeneratorURL }}{{ end }}',
      'firing 16 http://pharos.example/graph?g0.expr=up',
    ],
    ['{{ range .Alerts }}{{ .StartsAt.Unix }} {{ .EndsAt.IsZero }};{{ end }}', '1772449200 true;1772449200 false;'],
    ['{{ range .Alerts }}{{ .Duration }} {{ end }}', '1h0m0s 59m0s '],
    [
      '{{ range (index .Alerts 1).Labels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}',
      'alertname=Down instance=h2:9100 severity=warning zone=b ',
    ],
    [
      '{{ .GroupLabels.Names }} {{ .CommonLabels.Values | join "," }} {{ .GroupLabels }}',
      '[alertname] Down alertname=Down',
    ],
    ['{{ ((index .Alerts 1).Labels.Remove (stringSlice "zone" "severity")).Names | join "+" }}', 'alertname+instance'],
    [
      '{{ (index .Alerts 1).Labels.SortedPairs.Names }} {{ (index .Alerts 1).Labels.SortedPairs }}',
      '[alertname instance severity zone] alertname=Down, instance=h2:9100, severity=warning, zone=b',
    ],
    [
      '{{ .Level }} {{ (index .Alerts 1).Level }} {{ .Reason }} {{ .Repeats }} {{ .TruncatedAlerts }}',
      'critical warning firing 0 0',
    ],
    ['{{ with (index .Alerts 0).Subject }}x{{ else }}none{{ end }}', 'none'],
    ['{{ toJson .GroupLabels }} {{ .Alerts.Firing | len | toJson }}', '{"alertname":"Down"} 1'],
    ['{{ (index .Alerts 0).Labels.instance | reReplaceAll "(.*):.*" "$1" | toUpper }}', 'H1'],
    ['{{ template "nope" . }}', undefined],
  ])('%s', (template, text) => {
    if (text === undefined) expect(() => templates.text(template, both)).toThrow('template "nope" not defined');
    else expect(templates.text(template, both)).toBe(text);
  });

  it("shows a policy's numbers, now and at recovery", () => {
    const text =
      '{{ range .Alerts }}{{ with .Subject }}{{ .PolicyName }} {{ .Object.pod }}: {{ .Metric }} {{ .Value }} {{ .Operator }} {{ .Threshold }}{{ .Unit }} ({{ .Periods }} x {{ .Period }}){{ end }} {{ .Value }}{{ end }}';
    expect(templates.text(text, notificationOf({ alerts: [alertOf({ subject })] }))).toBe(
      'CPU p-1: k8s_pod_rate_cpu_core_used_limit 95.5 >= 90% (3 x 1m0s) 95.5',
    );
    const list = '{{ template "__text_alert_list" .Alerts }}';
    const ended = resolvedOf({ subject: { ...subject, value: 12 } });
    expect(templates.text(list, notificationOf({ alerts: [ended] }))).toContain(
      'k8s_pod_rate_cpu_core_used_limit is 12%, threshold >= 90%',
    );
    const gone = resolvedOf({ subject: { ...subject, value: Number.NaN } });
    expect(templates.text(list, notificationOf({ alerts: [gone] }))).toContain(
      'k8s_pod_rate_cpu_core_used_limit has no value, threshold >= 90%',
    );
  });

  it("shows a rule's value, and whether it is the one of now", () => {
    const list = (alert: ReturnType<typeof alertOf>): string =>
      templates.text('{{ template "__text_alert_list" .Alerts }}', notificationOf({ alerts: [alert] }));
    expect(list(alertOf({ measured: { value: 1234567, isCurrent: true } }))).toContain('  value 1.235M\n');
    expect(list(resolvedOf({ measured: { value: 0.5, isCurrent: true } }))).toContain('  value now 500m\n');
    expect(list(resolvedOf({ measured: { value: 7, isCurrent: false } }))).toContain('  value at last 7\n');
    expect(list(alertOf())).not.toContain('value');
  });

  it('has a page whose values are escaped wherever they stand', () => {
    const labels = Labels.from({ alertname: '<script>alert(1)</script>', x: '"><img src=x onerror=y>' });
    const evil = notificationOf({
      alerts: [alertOf({ labels, generatorUrl: 'javascript:alert(1)' })],
      externalUrl: 'http://h/"onclick="x',
    });
    const page = templates.html('{{ template "email.default.html" . }}', evil);
    expect(page).not.toMatch(/<script|<img|javascript:|"onclick=/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('<a href="#ZgotmplZ">Source</a>');
  });

  it('lists fifty alerts and says how many there are, and gives up on a template that would take too long', () => {
    const many = notificationOf({
      alerts: Array.from({ length: 2_000 }, (_, i) =>
        alertOf({ labels: Labels.from({ alertname: 'Down', i: String(i) }) }),
      ),
    });
    for (const text of [
      templates.text('{{ template "slack.default.text" . }}', many),
      templates.text('{{ template "wecom.default.message" . }}', many),
      templates.html('{{ template "email.default.html" . }}', many),
    ]) {
      expect(text.match(/2026-03-02 11:00:00 UTC/g)).toHaveLength(50);
      expect(text).toContain('... 2000 in all');
    }
    const all = '{{ range .Alerts }}{{ range $.Alerts }}{{ .Status }}{{ end }}{{ end }}';
    expect(() => templates.text(all, many)).toThrow(/the template took more than|the output is longer than/);
  });
});

it('lets a later file replace what an earlier one or Pharos defines', () => {
  const own = new CompiledTemplates(
    [
      { file: '/t/a.tmpl', text: '{{ define "__subject" }}mine {{ .Status }}{{ end }}{{ define "x" }}1{{ end }}' },
      { file: '/t/b.tmpl', text: '{{ define "x" }}2{{ end }}{{ define "slack.default.text" }}{{ end }}' },
      { file: '/t/c.tmpl', text: '{{ define "y" }}' },
    ],
    { now: () => NOON },
  );
  expect(own.text('{{ template "slack.default.title" . }} {{ template "x" . }}', both)).toBe('mine firing 2');
  expect(own.text('{{ template "slack.default.text" . }}', both)).toBe('');
  expect(own.problems.map(({ file, error }) => `${file}:${error.message}`)).toEqual([
    '/t/c.tmpl:1:11: {{define}} without {{end}}',
  ]);
});
