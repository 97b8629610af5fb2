/**
 * An hour of alerts, silences and configuration, to be played to Alertmanager and to Pharos. Times are in beats: of a minute and a half
 * in stepped time, so that 40 beats are an hour, and of a second where a real Alertmanager listens. Every group is looked at on full
 * beats, and what happens in between happens on half ones, so that neither depends on which comes first.
 */
import type { PostedAlert } from '../../alerting/api/alert-board.ts';

/** The length of the script in beats. */
export const BEATS = 40;

/** Something that happens at a time, in beats. */
export type Event =
  | { readonly at: number; readonly kind: 'fire' | 'end'; readonly alerts: readonly ScriptAlert[] }
  /** Alerts with this name, for so many beats. */
  | { readonly at: number; readonly kind: 'silence'; readonly alertname: string; readonly beats: number };

export interface ScriptAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** `url` is of the receiver of that name. */
export function scriptConfiguration(beat: string, url: (receiver: string) => string): string {
  const times = (count: number): string => `${count * Number.parseInt(beat, 10)}${beat.replace(/^\d+/, '')}`;
  const webhook = (receiver: string, more = ''): string =>
    `- name: ${receiver}\n  webhook_configs: [{url: '${url(receiver)}'${more}}]`;
  return `
global: {resolve_timeout: ${times(300)}}
route:
  receiver: default
  group_by: [alertname]
  group_wait: ${times(1)}
  group_interval: ${times(2)}
  repeat_interval: ${times(7)}
  routes:
  - {matchers: [team=db], receiver: single, group_by: ['...'], continue: true}
  - {matchers: ['team=~"db|web"'], receiver: teams, group_by: [team]}
  - {match: {tone: quiet}, receiver: quiet}
  - {matchers: [time=muted], receiver: muted, mute_time_intervals: [always]}
  - {matchers: ['time="off"'], receiver: muted, active_time_intervals: [never]}
  - {matchers: ['time=on'], receiver: awake, mute_time_intervals: [never], active_time_intervals: [never, always]}
  - {matchers: [many=yes], receiver: few, repeat_interval: ${times(100)}}
inhibit_rules:
- {source_matchers: [alertname=NodeDown], target_matchers: [severity=warning], equal: [node]}
- {source_match: {kind: both}, target_match_re: {kind: 'both|other'}, equal: [node]}
time_intervals:
- {name: always, time_intervals: [{years: ['2000:2100']}]}
mute_time_intervals:
- {name: never, time_intervals: [{years: ['2000']}]}
receivers:
${webhook('default')}
${webhook('single')}
${webhook('teams')}
${webhook('quiet', ', send_resolved: false')}
${webhook('muted')}
${webhook('awake')}
${webhook('few', ', max_alerts: 2')}
`;
}

const a = (labels: string, annotations: Readonly<Record<string, string>> = {}): ScriptAlert => ({
  labels: Object.fromEntries(labels.split(' ').map((pair) => pair.split('=') as [string, string])),
  annotations,
});
const HIGH_1 = a('alertname=High instance=1 job=x', { summary: 'same', text: 'one' });
const HIGH_2 = a('alertname=High instance=2 job=x', { summary: 'same', text: 'two' });
const HIGH_NO_JOB = a('alertname=High instance=0', { summary: 'same' });
const DB_1 = a('alertname=Db instance=1 team=db');
const DB_2 = a('alertname=Slow instance=2 team=db zone=b');
const WEB = a('alertname=Web instance=3 team=web');
const QUIET_1 = a('alertname=Quiet instance=1 tone=quiet');
const QUIET_2 = a('alertname=Quiet instance=2 tone=quiet');
const FLAP = a('alertname=Flap instance=1');
const BLINK = a('alertname=Blink instance=1');
const SILENCED = a('alertname=Hush instance=1');
const NODE = a('alertname=NodeDown node=n1');
const POD_1 = a('alertname=Pod node=n1 severity=warning pod=p1');
const POD_2 = a('alertname=Pod node=n2 severity=warning pod=p2');
const BOTH_1 = a('alertname=Both node=n3 kind=both instance=1');
const BOTH_2 = a('alertname=Both node=n3 kind=both instance=2');
const OTHER = a('alertname=Other node=n3 kind=other');
const MANY = ['1', '2', '3', '4'].map((instance) => a(`alertname=Many instance=${instance} many=yes common=c`));
const TIMES = ['muted', 'off', 'on'].map((time) => a(`alertname=Time time=${time}`));

export const EVENTS: readonly Event[] = [
  { at: 0, kind: 'silence', alertname: 'Hush', beats: 6.5 },
  {
    at: 0,
    kind: 'fire',
    alerts: [HIGH_1, HIGH_NO_JOB, DB_1, WEB, QUIET_1, QUIET_2, FLAP, SILENCED, NODE, POD_1, BOTH_1, BOTH_2, OTHER],
  },
  { at: 0, kind: 'fire', alerts: [...MANY, ...TIMES] },
  // While the group waits: both come in the first notification; what ends before is never told.
  { at: 0.5, kind: 'fire', alerts: [HIGH_2, BLINK] },
  { at: 0.75, kind: 'end', alerts: [BLINK] },
  { at: 1.5, kind: 'fire', alerts: [DB_2, POD_2] },
  { at: 3.5, kind: 'end', alerts: [HIGH_1, QUIET_1, FLAP] },
  // Before the end has been told: it never is.
  { at: 4.5, kind: 'fire', alerts: [FLAP] },
  { at: 5.5, kind: 'end', alerts: [NODE, DB_1, MANY[0]!] },
  // After its end has been told: a beginning again.
  { at: 8.5, kind: 'fire', alerts: [HIGH_1] },
  { at: 10.5, kind: 'end', alerts: [QUIET_2, WEB] },
  { at: 12, kind: 'fire', alerts: [QUIET_2, NODE] },
  { at: 14.5, kind: 'silence', alertname: 'High', beats: 12 },
  { at: 16.5, kind: 'end', alerts: [BOTH_1, FLAP] },
  { at: 18.5, kind: 'end', alerts: [BOTH_2, HIGH_2] },
  { at: 20.5, kind: 'end', alerts: [NODE, POD_1] },
  { at: 30.5, kind: 'end', alerts: [HIGH_1, HIGH_NO_JOB, ...MANY, ...TIMES, OTHER, QUIET_2, SILENCED] },
];

/** The alert as a client posts it at a time; times are milliseconds. */
export function posted({ labels, annotations = {} }: ScriptAlert, kind: 'fire' | 'end', now: number): PostedAlert {
  return {
    labels,
    annotations,
    generatorUrl: 'http://prometheus/graph',
    startsAt: kind === 'fire' ? now : undefined,
    endsAt: kind === 'end' ? now : undefined,
  };
}

/** A notification that a webhook was sent, with the time in beats. */
export interface Sent {
  readonly at: number;
  readonly receiver: string;
  // biome-ignore lint/suspicious/noExplicitAny: a body is whatever came.
  readonly body: any;
}

/**
 * The body with its times in beats, and without what differs: where the sender is, and why it sends it, which Alertmanager says in newer
 * versions only.
 */
export function comparable(body: Sent['body'], start: number, beat: number): unknown {
  const time = (text: string): string =>
    text === '0001-01-01T00:00:00Z' ? text : `beat ${(Date.parse(text) - start) / beat}`;
  const { externalURL: _, notification_reason: __, alerts, ...rest } = body;
  return {
    ...rest,
    alerts: alerts.map((alert: Sent['body']) => ({
      ...alert,
      startsAt: time(alert.startsAt),
      endsAt: time(alert.endsAt),
    })),
  };
}

/** A notification in words: `receiver groupKey status: alerts | labels of the group, and what the alerts have in common`. */
export interface SentLine {
  readonly at: number;
  readonly text: string;
  readonly body: Sent['body'];
}

/** By the receiver and the group, and then in the order in which they came. */
export function sentLines(sent: readonly Sent[]): SentLine[] {
  const keyed = sent.map(({ at, receiver, body }) => ({ at, group: `${receiver} ${body.groupKey}`, body }));
  return keyed
    .sort((x, y) => order(x.group, y.group) || x.at - y.at)
    .map(({ at, group, body }) => ({ at, text: `${group} ${line(body)}`, body }));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function line(body: Sent['body']): string {
  const alerts = body.alerts.map((alert: Sent['body']) =>
    `${alert.status} ${alert.labels.alertname} ${alert.labels.instance ?? alert.labels.pod ?? ''}`.trim(),
  );
  const common = [body.groupLabels, body.commonLabels, body.commonAnnotations].map(pairs).join(' ');
  const more = body.truncatedAlerts > 0 ? ` and ${body.truncatedAlerts} more` : '';
  return `${body.status}: ${alerts.join(', ')}${more} | ${common}`;
}

function pairs(object: Readonly<Record<string, string>>): string {
  return `{${Object.entries(object)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(',')}}`;
}
