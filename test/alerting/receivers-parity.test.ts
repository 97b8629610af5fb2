/**
 * The same configuration, with the same templates, for Alertmanager and for the integrations here: what they send for one firing and one
 * resolved group must be the same JSON. What differs is listed by name.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { Registry } from 'prom-client';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NotifiableAlert } from '../../alerting/notifiable-alert.ts';
import { parseNotifyConfiguration } from '../../alerting/notify/configuration/parse-configuration.ts';
import type { Notification } from '../../alerting/notify/integration.ts';
import { createIntegrationRegistry } from '../../alerting/notify/receivers/integration-registry.ts';
import {
  type Recorded,
  type RecordingServer,
  startRecordingServer,
} from '../../alerting/notify/receivers/recording-server.case.ts';
import { Children } from '../../bench/children.ts';
import { openNotificationHttp } from '../../cli/notification-http.ts';
import { SYSTEM_CLOCK } from '../../clock/clock.ts';
import { Labels } from '../../storage/labels.ts';
import { findAlertmanager, startAlertmanager } from './alertmanager-peer.ts';

const TEMPLATES = `
{{ define "own.title" }}[{{ .Status | toUpper }}:{{ len .Alerts.Firing }}] {{ .GroupLabels.SortedPairs.Values | join " " }}{{ with .CommonLabels.Remove .GroupLabels.Names }} ({{ .Values | join ", " }}){{ end }}{{ end }}
{{ define "own.list" }}{{ range . }}{{ .Labels.alertname | title }} at {{ .Labels.instance | reReplaceAll ":.*" "" }}: {{ .Annotations.summary }} since {{ .StartsAt.Format "Jan 02, 2006 15:04:05 UTC" }}{{ if not .EndsAt.IsZero }} until {{ .EndsAt.Format "15:04" }}{{ end }} {{ .Fingerprint }}
{{ range .Labels.SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end }}{{ end }}{{ end }}
{{ define "own.text" }}{{ template "own.title" . }}
{{ template "own.list" .Alerts.Firing }}{{ template "own.list" .Alerts.Resolved }}
{{- if match "^pag" .Receiver }}paged{{ end }}{{ .ExternalURL }} {{ .CommonAnnotations.plus }} {{ .CommonLabels.Names }} {{ printf "%q" .CommonLabels.team }}{{ end }}
`;

const configuration = (url: string, templates: string): string => `
global:
  slack_api_url: ${url}/slack/services/token
  pagerduty_url: ${url}/pagerduty/enqueue
  opsgenie_api_key: genie
  opsgenie_api_url: ${url}/opsgenie/
  wechat_api_url: ${url}/wechat/
  wechat_api_secret: appsecret
  wechat_api_corp_id: corp
  telegram_api_url: ${url}/telegram
templates: ['${templates}']
route:
  receiver: all
  group_by: [alertname, cluster]
  group_wait: 1s
  group_interval: 1s
receivers:
- name: all
  webhook_configs:
  - url: ${url}/webhook/full
  - url: ${url}/webhook/one
    max_alerts: 1
  slack_configs:
  - send_resolved: true
    channel: '#{{ .CommonLabels.team }}'
    username: me
    color: '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'
    title: '{{ template "own.title" . }}'
    title_link: '{{ .ExternalURL }}/#/alerts'
    pretext: 'before <b>'
    text: '{{ template "own.text" . }}'
    fallback: '{{ template "own.title" . }}'
    callback_id: '{{ .GroupLabels.alertname }}'
    icon_emoji: ':bell:'
    icon_url: ''
    footer: 'the end'
    short_fields: true
    link_names: true
    fields:
    - { title: '{{ .Status }}', value: '{{ len .Alerts }}' }
    - { title: b, value: c, short: false }
    actions:
    - { type: button, text: 'Open {{ .Status }}', url: 'http://x', name: dropped }
    - { type: button, text: Ask, name: n, value: v, style: danger, confirm: { text: 'Sure?', ok_text: 'Yes' } }
  - send_resolved: true
    username: ''
    color: ''
    title: ''
    title_link: ''
    pretext: ''
    text: ''
    fallback: ''
    callback_id: ''
    icon_emoji: ''
    icon_url: ''
    footer: ''
    mrkdwn_in: [text]
  pagerduty_configs:
  - routing_key: 'key-{{ .CommonLabels.team }}'
    client: me
    client_url: '{{ .ExternalURL }}'
    description: '{{ template "own.title" . }}'
    severity: '{{ .CommonLabels.severity }}'
    source: '{{ .GroupLabels.cluster }}'
    class: c
    component: d
    group: '{{ .GroupLabels.alertname }}'
    details:
      firing: 'all - {{ template "own.title" . }}'
      resolved: 'resolved {{ len .Alerts.Resolved }}'
      num_firing: 'firing {{ len .Alerts.Firing }}'
      num_resolved: none
      own: '{{ .Status }}'
    images: [{ src: 'http://i/{{ .Status }}.png', alt: a, href: 'http://h' }]
    links: [{ href: 'http://l', text: '{{ .Status }}' }]
  opsgenie_configs:
  - message: '{{ template "own.title" . }} and so on, which is much longer than the hundred and thirty characters of Opsgenie allow for the message of an alert'
    description: '{{ template "own.text" . }}'
    source: '{{ .ExternalURL }}'
    details: { own: '{{ .Status }}' }
    responders: [{ name: 'a,b', type: teams }, { username: u, type: user }]
    tags: 'x,{{ .CommonLabels.team }},,y'
    note: n
    priority: P2
    entity: e
    actions: 'restart,ignore'
  telegram_configs:
  - bot_token: '42:token'
    chat_id: -1001234
    parse_mode: HTML
    message: '<b>{{ template "own.title" . }}</b> <a href="{{ .ExternalURL }}?x={{ .GroupLabels.alertname }}">{{ template "own.list" .Alerts }}</a> {{ .CommonAnnotations.plus }}'
  - bot_token: '42:token'
    chat_id: 77
    parse_mode: ''
    disable_notifications: true
    message: '{{ template "own.text" . }}'
  wechat_configs:
  - send_resolved: true
    message: '{{ template "own.text" . }}'
    to_user: '@all'
    to_party: '{{ .CommonLabels.team }}'
    to_tag: ''
    agent_id: '1000002'
  - send_resolved: true
    message_type: markdown
    message: '{{ template "own.title" . }}'
    to_user: u
    to_party: ''
    to_tag: t
    agent_id: '1'
`;

/** Answers that each of the services could give. */
function answer({ url }: Recorded) {
  if (url.startsWith('/slack')) return { body: 'ok' };
  if (url.startsWith('/telegram'))
    return { body: { ok: true, result: { message_id: 1, date: 1, chat: { id: 1, type: 'group' } } } };
  if (url.includes('gettoken')) return { body: { errcode: 0, errmsg: 'ok', access_token: 'token', expires_in: 7200 } };
  if (url.startsWith('/wechat')) return { body: { errcode: 0, errmsg: 'ok' } };
  return { status: 202, body: { status: 'success' } };
}

/** A group whose alerts are older than its wait is told at once, so with whatever has arrived until then. */
const START = Date.now();
const END = START + 500;
const sets = (instance: string) => ({
  labels: { alertname: 'disk "full"', cluster: 'c1', team: 'db', severity: 'critical', instance },
  annotations: { summary: `${instance} <is> full & "hot"`, plus: '1+1' },
});
const ALERTS = [sets('h1:9100'), sets('h2:9100')];

/** By where they went: what is sent is JSON, or what a form of it says. */
type Sent = Readonly<Record<string, readonly unknown[]>>;

function sentBy(requests: readonly Recorded[]): Sent {
  const sent: Record<string, unknown[]> = {};
  for (const { method, url, json, text } of requests) (sent[`${method} ${url}`] ??= []).push(json ?? text);
  // Integrations of one receiver are told at the same time.
  for (const list of Object.values(sent)) list.sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1));
  return sent;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/**
 * Without what is different on purpose: Telegram's options are true and not "true", and newer Alertmanagers say in a webhook's body why
 * they tell. Not to be seen here: details of PagerDuty that are text stay text, of which newer Alertmanagers make numbers and mappings
 * where they look like them; a receiver's name stands in a body as it is, without backslashes before its dots.
 */
function withoutKnown(sent: Sent): Sent {
  const bodies = Object.entries(sent).map(([where, list]) => [
    where,
    list.map((body) =>
      JSON.parse(JSON.stringify(body), (key, value: unknown) => {
        if (key === 'notification_reason') return undefined;
        return where.includes('/telegram/') && value === 'true' ? true : value;
      }),
    ),
  ]);
  return Object.fromEntries(bodies);
}

const program = findAlertmanager(process.env);

describe.skipIf(program === undefined)('beside Alertmanager (needs it in PATH, or PHAROS_ALERTMANAGER)', () => {
  let directory: string;
  let server: RecordingServer;
  let children: Children;
  let theirs: { firing: Sent; resolved: Sent };
  let ours: { firing: Sent; resolved: Sent };
  /** The configuration as Alertmanager shows it, with all its defaults. */
  let shown: string;
  /** Alertmanager makes its own of the machine's name. */
  let externalUrl: string;

  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'pharos-receivers-'));
    children = new Children(directory);
    server = await startRecordingServer(answer);
    const templates = path.join(directory, 'own.tmpl');
    writeFileSync(templates, TEMPLATES);
    const text = configuration(server.url, templates);
    theirs = await askAlertmanager(text);
    [{ externalURL: externalUrl }] = theirs.firing['POST /webhook/full'] as [{ externalURL: string }];
    ours = await askPharos(text);
  }, 60_000);
  afterAll(async () => {
    await children.stopAll();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function askAlertmanager(config: string) {
    const url = await startAlertmanager(program!, { children, directory, config });
    const post = async (endsAt: number): Promise<Sent> => {
      const times = { startsAt: new Date(START).toISOString(), endsAt: new Date(endsAt).toISOString() };
      const body = JSON.stringify(ALERTS.map((alert) => ({ ...alert, ...times, generatorURL: 'http://g/?a=1&b=2' })));
      await request(`${url}/api/v2/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      await quiet();
      return sentBy(server.requests.splice(0));
    };
    const sent = { firing: await post(Date.now() + 3_600_000), resolved: await post(END) };
    const { body } = await request(`${url}/api/v2/status`);
    shown = ((await body.json()) as { config: { original: string } }).config.original;
    await children.stopAll();
    return sent;
  }

  /** Until nothing has come for a while. */
  async function quiet(): Promise<void> {
    for (let count = -1; count !== server.requests.length || count === 0; ) {
      count = server.requests.length;
      await sleep(1_500);
    }
  }

  function parse(text: string) {
    const registry = createIntegrationRegistry({
      openHttp: openNotificationHttp,
      clock: SYSTEM_CLOCK,
      registry: new Registry(),
    });
    return { registry, ...parseNotifyConfiguration({ file: 'alertmanager.yml', directory, text }, registry) };
  }

  async function askPharos(config: string) {
    const { registry, ...parsed } = parse(config);
    expect(parsed.problems).toEqual([]);
    const { templates, problems } = registry.templates([{ file: 'own.tmpl', text: TEMPLATES }]);
    expect(problems).toEqual([]);
    const logger = pino({ level: 'silent' });
    const integrations = parsed.configuration!.receivers[0]!.integrations.map(({ name, settings }) =>
      settings.create(name, { templates, clock: SYSTEM_CLOCK, logger }),
    );
    const tell = async (status: 'firing' | 'resolved'): Promise<Sent> => {
      for (const integration of integrations) {
        const outcome = await integration.notify(
          notification(status, integration.maxAlerts),
          new AbortController().signal,
        );
        expect([integration.name, outcome]).toEqual([integration.name, { kind: 'delivered' }]);
      }
      return sentBy(server.requests.splice(0));
    };
    const sent = { firing: await tell('firing'), resolved: await tell('resolved') };
    for (const integration of integrations) await integration.close?.();
    return sent;
  }

  /** What both are told of. */
  function notification(status: 'firing' | 'resolved', maxAlerts: number): Notification {
    const all = ALERTS.map(({ labels, annotations }): NotifiableAlert => {
      const key = Labels.from(labels);
      return {
        rule: 'r',
        key: key.key,
        labels: key,
        annotations: Labels.from(annotations),
        status,
        startsAt: START,
        endsAt: status === 'firing' ? 0 : END,
        validUntil: Date.now() + 3_600_000,
        generatorUrl: 'http://g/?a=1&b=2',
      };
    });
    const alerts = maxAlerts > 0 ? all.slice(0, maxAlerts) : all;
    const common = (read: (alert: NotifiableAlert) => Labels): Labels =>
      read(alerts[0]!).filter((name, value) => alerts.every((alert) => read(alert).get(name) === value));
    const groupLabels = Labels.from({ alertname: 'disk "full"', cluster: 'c1' });
    return {
      receiver: 'all',
      groupKey: '{}:{alertname="disk \\"full\\"", cluster="c1"}',
      groupLabels,
      status,
      reason: status,
      repeats: 0,
      alerts,
      truncatedAlerts: all.length - alerts.length,
      commonLabels: common(({ labels }) => labels),
      commonAnnotations: common(({ annotations }) => annotations),
      externalUrl,
      at: Date.now(),
    };
  }

  it.each(['firing', 'resolved'] as const)('sends the same JSON for a group that is %s', (status) => {
    expect(Object.keys(ours[status])).toHaveLength(status === 'firing' ? 8 : 7);
    expect(withoutKnown(ours[status])).toEqual(withoutKnown(theirs[status]));
  });

  it('reads the configuration as Alertmanager shows it, with all its defaults', () => {
    expect(shown).toContain('telegram_configs:');
    const { configuration: read, problems } = parse(shown.replaceAll('url: <secret>', `url: ${server.url}`));
    expect(problems).toEqual([]);
    expect(read!.receivers[0]!.integrations).toHaveLength(10);
  });
});
