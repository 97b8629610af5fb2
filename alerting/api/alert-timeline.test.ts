import { expect, test } from 'vitest';
import type { AlertEvent } from '../../storage/alert-log.ts';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { fingerprint } from '../fingerprint.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import type { AlertTraits } from './alert-timeline.ts';
import type { CurrentAlert } from './current-alerts.ts';
import { historySection } from './history-endpoints.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 2, 2, 12);
const EXTERNAL = Labels.from({ replica: 'x' });
const LEVELS: Readonly<Record<string, string>> = { serious: 'serious', critical: 'serious', warn: 'warn' };

/** In minutes before now. */
const at = (minutes: number) => NOW - minutes * MINUTE;

const traits = ({ severity = '', pod = '' }: Readonly<Record<string, string>>): AlertTraits => {
  const level = LEVELS[severity] ?? 'other';
  return {
    level,
    rank: ['serious', 'warn', 'remind', 'other'].indexOf(level),
    objectKind: 'pod',
    object: `Object ${pod}`,
  };
};

const event = (
  minutes: number,
  state: AlertEvent['state'],
  { name = 'A', labels = {}, ...part }: Partial<Omit<AlertEvent, 'labels'>> & { name?: string; labels?: object } = {},
): AlertEvent => ({
  timestamp: at(minutes),
  rule: JSON.stringify(['rules.yml', 'group', name, '[]', 'alerting']),
  labels: Labels.from({ alertname: name, severity: 'warn', ...labels }),
  annotations: Labels.EMPTY,
  state,
  activeAt: 0,
  firedAt: 0,
  resolvedAt: 0,
  keepFiringSince: 0,
  value: minutes,
  lastSentAt: 0,
  lastSentStatus: '',
  ...part,
});

interface Answer {
  readonly start: string;
  readonly end: string;
  readonly knownFrom?: string;
  readonly total: number;
  readonly alerts: readonly {
    readonly fingerprint: string;
    readonly labels: Readonly<Record<string, string>> | Labels;
    readonly firingSeconds: number;
    readonly changedAt: string;
    readonly spans: readonly {
      readonly state: string;
      readonly severity: string;
      readonly from: string;
      readonly to: string | null;
      readonly value: string;
    }[];
  }[];
}

/** What asks a log of these events; times are told in minutes before now. */
async function timeline(
  events: readonly AlertEvent[],
  { current = [], maxChanges = 100 }: { readonly current?: readonly CurrentAlert[]; readonly maxChanges?: number } = {},
) {
  const { alertLog, notificationLog, documentLog } = createMemoryStorage();
  await alertLog.append(events);
  const section = historySection({
    ...{ alertLog, notificationLog, documentLog, clock: new SteppedClock(NOW), externalLabels: EXTERNAL, traits },
    ...{ current: () => current, maxChanges },
  });
  const { handle } = section.endpoints.find(({ path }) => path === '/alerts/timeline')!;
  const ask = async (query: string): Promise<Answer> => {
    const signal = new AbortController().signal;
    const request = { params: {}, query: new URLSearchParams(query), contentType: '', headers: {}, body: '', signal };
    return ((await handle(request)).json as { data: Answer }).data;
  };
  const minutes = (text: string | null) => (text === null ? '' : (NOW - Date.parse(text)) / MINUTE);
  const names = async (query = '') =>
    (await ask(query)).alerts.map(({ labels }) => (labels as Labels).get('alertname'));
  const spans = async (query: string) =>
    (await ask(query)).alerts.map(({ labels, spans }) =>
      [
        (labels as Labels).get('alertname'),
        ...spans.map(({ state, severity, from, to }) => `${state} ${severity} ${minutes(from)}-${minutes(to)}`),
      ].join(', '),
    );
  return { ask, names, spans, minutes };
}

const between = (from: number, to: number) => `start=${at(from) / 1000}&end=${at(to) / 1000}`;

test('alerts are told with their states, the longest firing first', async () => {
  const { ask, minutes } = await timeline([
    event(50, 'pending', { name: 'Short' }),
    event(40, 'firing', { name: 'Short', value: Number.POSITIVE_INFINITY }),
    event(35, 'inactive', { name: 'Short' }),
    event(30, 'firing', { name: 'Long' }),
  ]);
  const answer = await ask(between(60, 0));
  expect({ ...answer, alerts: answer.alerts.map(({ labels }) => (labels as Labels).get('alertname')) }).toEqual({
    start: '2026-03-02T11:00:00.000Z',
    end: '2026-03-02T12:00:00.000Z',
    total: 2,
    alerts: ['Long', 'Short'],
  });
  const labels = Labels.from({ alertname: 'Short', severity: 'warn', replica: 'x' });
  expect(answer.alerts[1]).toEqual({
    fingerprint: fingerprint(labels),
    labels,
    firingSeconds: 300,
    changedAt: '2026-03-02T11:25:00.000Z',
    spans: [
      {
        state: 'pending',
        severity: 'warn',
        from: '2026-03-02T11:10:00.000Z',
        to: '2026-03-02T11:20:00.000Z',
        value: '50',
      },
      {
        state: 'firing',
        severity: 'warn',
        from: '2026-03-02T11:20:00.000Z',
        to: '2026-03-02T11:25:00.000Z',
        value: '+Inf',
      },
    ],
  });
  expect(answer.alerts[0]!.spans.map(({ from, to }) => [minutes(from), to])).toEqual([[30, null]]);
});

test('what fired since before the range and did not change in it is there, whether it has ended since or not', async () => {
  const { spans } = await timeline([
    event(300, 'pending', { name: 'Over' }),
    event(290, 'firing', { name: 'Over' }),
    event(10, 'inactive', { name: 'Over' }),
    event(280, 'firing', { name: 'Still' }),
    event(270, 'firing', { name: 'Before' }),
    event(200, 'inactive', { name: 'Before' }),
    event(50, 'firing', { name: 'After' }),
  ]);
  expect(await spans(`${between(180, 120)}&sort=name`)).toEqual(['Over, firing warn 290-', 'Still, firing warn 280-']);
  expect(await spans(`${between(30, 0)}&sort=name`)).toEqual([
    'After, firing warn 50-',
    'Over, firing warn 290-10',
    'Still, firing warn 280-',
  ]);
  expect(await spans(between(1000, 900))).toEqual([]);
});

test('severities are one alert: of a policy, and of rules that differ in nothing else', async () => {
  const policy = (severity: string) => ({
    ...{ name: 'P', rule: '["policy","p"]', labels: { severity: '' }, annotations: Labels.from({ severity }) },
  });
  const critical = { name: 'R', rule: '["rules.yml","group","R","critical"]', labels: { severity: 'critical' } };
  const { spans, ask } = await timeline([
    event(50, 'firing', policy('warn')),
    event(40, 'firing', policy('serious')),
    event(30, 'inactive', policy('serious')),
    event(55, 'firing', { name: 'R' }),
    event(45, 'firing', critical),
    event(35, 'inactive', critical),
  ]);
  expect(await spans(between(60, 0))).toEqual([
    'R, firing warn 55-45, firing critical 45-35, firing warn 35-',
    'P, firing warn 50-40, firing serious 40-30',
  ]);
  const [, p] = (await ask(between(60, 0))).alerts;
  expect((p!.labels as Labels).get('severity')).toBe('serious');
  for (const severity of ['warn', 'serious', 'remind']) {
    const print = fingerprint(Labels.from({ alertname: 'P', severity, replica: 'x' }));
    expect(await spans(`${between(48, 0)}&fingerprint=${print}`)).toEqual([
      'P, firing warn 50-40, firing serious 40-30',
    ]);
  }
  expect(await spans(`${between(60, 0)}&fingerprint=0000000000000000`)).toEqual([]);
});

test('what others have posted, and what began before all that is kept, is there while it lasts', async () => {
  const posted = (name: string, part: Partial<CurrentAlert> = {}): CurrentAlert => ({
    ...{ fingerprint: 'f'.repeat(16), state: 'firing', annotations: {} },
    labels: { alertname: name, severity: 'warn', replica: 'x' },
    ...{ activeAt: at(40), value: undefined, silencedBy: [], inhibitedBy: [], receivers: [] },
    ...{ threshold: undefined, metric: undefined, query: undefined },
    ...part,
  });
  const inEast = posted('East', { labels: { alertname: 'East', cluster: 'east' }, state: 'pending', value: '1e+1' });
  const { spans } = await timeline([event(30, 'firing')], { current: [posted('A'), posted('Posted'), inEast] });
  expect(await spans(`${between(60, 0)}&sort=name`)).toEqual([
    'A, firing warn 30-',
    'East, pending  40-',
    'Posted, firing warn 40-',
  ]);
  expect(await spans(`${between(60, 0)}&sort=name&cluster=west`)).toEqual([
    'A, firing warn 30-',
    'Posted, firing warn 40-',
  ]);
  expect(await spans(`${between(60, 0)}&fingerprint=${'f'.repeat(16)}&filter=posted`)).toEqual([
    'Posted, firing warn 40-',
  ]);
  expect(await spans(between(60, 41))).toEqual([]);
});

test('words, levels and clusters select', async () => {
  const { names } = await timeline([
    event(50, 'pending', { name: 'Disk', labels: { cluster: 'east', pod: 'db-1', severity: 'critical' } }),
    event(50, 'firing', { name: 'Cpu', labels: { cluster: 'west', pod: 'web-1' } }),
    event(40, 'firing', { name: 'Net', labels: { severity: '' } }),
  ]);
  expect(await names('filter=')).toEqual(['Cpu', 'Net', 'Disk']);
  expect(await names('filter=POD%3Ddb')).toEqual(['Disk']);
  expect(await names('filter=firing+object')).toEqual(['Cpu', 'Net']);
  expect(await names('filter=serious')).toEqual(['Disk']);
  expect(await names('filter=web+db')).toEqual([]);
  expect(await names('level=serious&level=warn')).toEqual(['Cpu', 'Disk']);
  expect(await names('level=other')).toEqual(['Net']);
  // What names no cluster is in each.
  expect(await names('cluster=east')).toEqual(['Net', 'Disk']);
  expect(await names('cluster=east&cluster=west')).toEqual(['Cpu', 'Net', 'Disk']);
  expect(await names('cluster=-')).toEqual(['Net']);
});

test('pages follow each other in a stable order', async () => {
  const events = ['e', 'D', 'c', 'B', 'a'].map((name, i) => event(50 - i, 'firing', { name }));
  const { names, ask } = await timeline([...events, event(20, 'firing', { name: 'a', labels: { pod: 'a' } })]);
  expect(await names()).toEqual(['e', 'D', 'c', 'B', 'a', 'a']);
  expect(await names('sort=name')).toEqual(['a', 'a', 'B', 'c', 'D', 'e']);
  expect(await names('sort=-changed&limit=2')).toEqual(['a', 'a']);
  const paged: string[] = [];
  for (let offset = 0; offset < 6; offset += 2) paged.push(...(await names(`sort=-name&limit=2&offset=${offset}`)));
  expect(paged).toEqual(['e', 'D', 'c', 'B', 'a', 'a']);
  expect(await ask('offset=6')).toMatchObject({ total: 6, alerts: [] });
});

test('of more changes than are read the newest are, and the answer says from when on it is whole', async () => {
  const events = [event(100, 'firing', { name: 'Long' }), event(80, 'firing', { name: 'Cut' })];
  for (let minute = 60; minute > 50; minute--) events.push(event(minute, minute % 2 === 0 ? 'firing' : 'inactive'));
  const { ask, spans, minutes } = await timeline([...events, event(40, 'inactive', { name: 'Cut' })], {
    maxChanges: 4,
  });
  const query = between(90, 0);
  expect((await ask(query)).knownFrom).toBe(new Date(at(54) + 1).toISOString());
  expect(await spans(query)).toEqual([
    'Long, firing warn 100-',
    'Cut, firing warn 80-40',
    // It is known to have fired at the beginning of what is whole.
    'A, firing warn 54-53, firing warn 52-51',
  ]);
  expect((await ask(query)).alerts[1]!.firingSeconds).toBeCloseTo(14 * 60, 0);
  expect(minutes((await ask(query)).alerts[2]!.changedAt)).toBe(51);
  expect((await ask(between(53.5, 0))).knownFrom).toBeUndefined();
});
