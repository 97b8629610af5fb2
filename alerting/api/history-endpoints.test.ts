import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertEvent } from '../../storage/alert-log.ts';
import { openClickHouseStorage } from '../../storage/clickhouse/storage.ts';
import type { DocumentVersion } from '../../storage/document-log.ts';
import { StorageError } from '../../storage/errors.ts';
import { Labels } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { NotificationEvent } from '../../storage/notification-log.ts';
import type { Storage } from '../../storage/storage.ts';
import { fingerprint } from '../fingerprint.ts';
import { encodeSilence } from '../silences/silence-document.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import { historySection } from './history-endpoints.ts';
import { MemoryBoard } from './memory-board.case.ts';
import { registerAlertingApi } from './server.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 2, 2, 12);
const RULE = JSON.stringify(['rules.yml', 'pods', 'PodDown', '[]', 'alerting']);
const WEB = Labels.from({ alertname: 'PodDown', namespace: 'shop', pod: 'web-1', severity: 'warn' });
const DB = Labels.from({ alertname: 'PodDown', namespace: 'shop', pod: 'db-1' });
const EAST = { cluster: 'east' };
const shown = (labels: Labels) => labels.with('cluster', 'east');
const WEB_PRINT = fingerprint(shown(WEB));

const POLICY = JSON.stringify(['policy', 'disks']);
const DISK = Labels.from({ alertname: 'Disks', node: 'n1' });
const DISK_WARN = fingerprint(shown(DISK.with('severity', 'warn')));
const DAYS_20 = 20 * 24 * 60;
const logged = (severity: string) => Labels.from({ severity, evaluation: '{"at":1}', summary: 'full' });

/** In minutes before now. */
const at = (minutes: number) => NOW - minutes * MINUTE;

const event = (minutes: number, part: Partial<AlertEvent>): AlertEvent => ({
  timestamp: at(minutes),
  rule: RULE,
  labels: WEB,
  annotations: Labels.from({ summary: 'web-1 is down' }),
  state: 'firing',
  activeAt: at(60),
  firedAt: 0,
  resolvedAt: 0,
  keepFiringSince: 0,
  value: 1,
  lastSentAt: 0,
  lastSentStatus: '',
  ...part,
});

const notification = (minutes: number, part: Partial<NotificationEvent>): NotificationEvent => ({
  timestamp: at(minutes),
  receiver: 'team',
  integration: 'webhook/0',
  groupKey: '{}:{alertname="PodDown"}',
  groupLabels: Labels.from({ alertname: 'PodDown' }),
  status: 'firing',
  outcome: 'delivered',
  reason: '',
  attempts: 1,
  duration: 250,
  repeats: 0,
  firing: [WEB_PRINT],
  resolved: [],
  ...part,
});

const silence = (
  minutes: number,
  part: Partial<DocumentVersion> & { readonly matcher?: Matcher; readonly endsAt?: number },
): DocumentVersion => {
  const { matcher = new Matcher('pod', '=~', 'web-.*'), endsAt = NOW, ...rest } = part;
  const id = rest.id ?? 's1';
  const times = { startsAt: at(minutes), endsAt, updatedAt: at(minutes) };
  const said = { createdBy: 'ann', comment: 'deploy', annotations: {} };
  const body = encodeSilence({ id, matchers: [matcher], ...times, ...said });
  return { kind: 'silence', id, version: 1, timestamp: at(minutes), author: 'ann', body, isDeleted: false, ...rest };
};

async function fill(storage: Storage): Promise<void> {
  await storage.alertLog.append([
    event(60, { state: 'pending', value: 3 }),
    event(60, { state: 'pending', labels: DB, value: Number.NaN }),
    event(55, { firedAt: at(55), value: 4.5 }),
    event(54, { rule: `${RULE}"team"`, firedAt: at(55), lastSentAt: at(54), lastSentStatus: 'firing' }),
    event(50, { state: 'inactive', labels: DB, resolvedAt: at(50), value: Number.POSITIVE_INFINITY }),
    event(30, { state: 'inactive', firedAt: at(55), resolvedAt: at(30), value: 0.25 }),
    event(20 * 24 * 60, { labels: Labels.from({ alertname: 'Old' }), rule: 'policy/p1' }),
  ]);
  // A policy's alert, whose severity rises.
  await storage.alertLog.append([
    event(DAYS_20 - 4, { rule: POLICY, labels: DISK, annotations: logged('warn'), value: 80 }),
    event(DAYS_20 - 5, { rule: POLICY, labels: DISK, annotations: logged('serious'), value: 95 }),
  ]);
  const serious = fingerprint(shown(DISK.with('severity', 'serious')));
  await storage.notificationLog.append([
    notification(DAYS_20 - 4, { firing: [DISK_WARN] }),
    notification(DAYS_20 - 5, { firing: [serious] }),
  ]);
  await storage.notificationLog.append([
    notification(54, {}),
    notification(45, { outcome: 'failed', reason: 'HTTP 500', attempts: 4, receiver: 'boss', repeats: 1 }),
    notification(29, { status: 'resolved', firing: [], resolved: [WEB_PRINT] }),
    notification(10, { firing: ['aaaaaaaaaaaaaaaa'], receiver: 'other' }),
  ]);
  const log = storage.documentLog;
  await log.append(silence(52, {}));
  await log.append(silence(48, { version: 2, endsAt: at(48) }));
  await log.append(silence(51, { id: 's2', matcher: new Matcher('pod', '=', 'db-1') }));
  await log.append(silence(40, { id: 's3', matcher: new Matcher('cluster', '=', 'east') }));
  await log.append(silence(2 * 24 * 60, { id: 's4' }));
  await log.append(silence(5, { id: 's4', version: 2, isDeleted: true, body: '', author: '' }));
  await log.append(silence(4, { id: 's5', body: 'not JSON' }));
  await storage.flush(new AbortController().signal);
}

function serve(storage: Storage): FastifyInstance {
  const app = fastify();
  const clock = new SteppedClock(NOW);
  const { alertLog, notificationLog, documentLog } = storage;
  registerAlertingApi(app, {
    board: new MemoryBoard({ clock, silencedBy: () => [], receivers: {}, config: '' }),
    silences: { list: () => [], get: () => undefined, set: () => Promise.reject(), expire: () => Promise.reject() },
    clock,
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    version: '1',
    startTime: 0,
    sections: [
      historySection({
        ...{ alertLog, notificationLog, documentLog, clock, externalLabels: Labels.from(EAST), current: () => [] },
        traits: ({ severity }) => ({
          ...(severity === 'serious' ? { level: 'serious', rank: 0 } : { level: 'warn', rank: 1 }),
          ...{ objectKind: '', object: '' },
        }),
      }),
    ],
  });
  return app;
}

const memory = async () => ({ storage: createMemoryStorage(), dispose: async () => {} });
const embedded = async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pharos-history-'));
  const path = join(dataDir, 'db');
  const storage = await openClickHouseStorage({ clickhouse: { embedded: { path } }, dataDir, retention: 0 });
  const dispose = async () => {
    await storage.close(10_000);
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { storage, dispose };
};

describe.each([
  ['in memory', memory],
  ['in embedded ClickHouse', embedded],
])('%s', (_, open) => {
  let opened: Awaited<ReturnType<typeof open>>;
  let app: FastifyInstance;
  beforeAll(async () => {
    opened = await open();
    await fill(opened.storage);
    app = serve(opened.storage);
  });
  afterAll(async () => {
    await app.close();
    await opened.dispose();
  });

  // biome-ignore lint/suspicious/noExplicitAny: whatever the API says.
  const get = async (path: string, parameters: readonly (readonly [string, string])[] = []): Promise<any> => {
    const query = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString();
    const response = await app.inject(`/api/v1${path}?${query}`);
    return { code: response.statusCode, ...response.json() };
  };
  const ages = (list: readonly { readonly time: string }[]) =>
    list.map(({ time }) => (NOW - Date.parse(time)) / MINUTE);
  const changes = async (...parameters: (readonly [string, string])[]) =>
    ages((await get('/alerts/history', parameters)).data.events);
  const told = async (...parameters: (readonly [string, string])[]) =>
    ages((await get('/notifications', parameters)).data.notifications);

  test('changes of state come the newest first, whole, and without what receivers were told', async () => {
    const { code, status, data } = await get('/alerts/history');
    expect([code, status]).toEqual([200, 'success']);
    expect(ages(data.events)).toEqual([30, 50, 55, 60, 60]);
    expect(data.next).toBeUndefined();
    expect(data.events[0]).toEqual({
      position: expect.stringMatching(/^\d+-\d+$/),
      time: '2026-03-02T11:30:00.000Z',
      fingerprint: WEB_PRINT,
      rule: { id: RULE, file: 'rules.yml', group: 'pods', name: 'PodDown' },
      state: 'inactive',
      // The value at the end, not the one that it last fired with.
      value: '0.25',
      labels: { ...EAST, ...WEB.toObject() },
      annotations: { summary: 'web-1 is down' },
      object: { cluster: 'east', namespace: 'shop', pod: 'web-1' },
      activeAt: '2026-03-02T11:00:00.000Z',
      firedAt: '2026-03-02T11:05:00.000Z',
      resolvedAt: '2026-03-02T11:30:00.000Z',
      keepFiringSince: null,
    });
    expect(data.events.map(({ value }: { value: string }) => value)).toEqual(['0.25', '+Inf', '4.5', 'NaN', '3']);
    const old = await get('/alerts/history', [['start', String((NOW - 30 * DAY) / 1000)]]);
    expect(old.data.events.at(-1)).toMatchObject({ rule: { id: 'policy/p1' }, object: { cluster: 'east' } });
  });

  test('changes of state are selected by labels, external ones too, by state, alert and time', async () => {
    expect(await changes(['match[]', '{pod=~"web-.*"}'])).toEqual([30, 55, 60]);
    expect(await changes(['match[]', 'pod="web-1",severity="warn"'])).toEqual([30, 55, 60]);
    expect(await changes(['match[]', '{pod="db-1"}'], ['match[]', '{pod="web-1",severity="none"}'])).toEqual([50, 60]);
    expect(await changes(['match[]', '{cluster="east"}'])).toHaveLength(5);
    expect(await changes(['match[]', '{cluster!="east"}'])).toEqual([]);
    expect(await changes(['match[]', '{cluster=~"w.*|"}'])).toEqual([]);
    expect(await changes(['state', 'firing'], ['state', 'pending'])).toEqual([55, 60, 60]);
    expect(await changes(['fingerprint', WEB_PRINT], ['state', 'inactive'])).toEqual([30]);
    expect(await changes(['fingerprint', '0'.repeat(16)])).toEqual([]);
    const start = new Date(at(55)).toISOString();
    expect(await changes(['start', start], ['end', String(at(50) / 1000)])).toEqual([50, 55]);
  });

  test("a policy's alert has its severity, and its story all of them", async () => {
    const start = ['start', String((NOW - 30 * DAY) / 1000)] as const;
    const { data } = await get('/alerts/history', [start, ['match[]', '{severity="serious"}']]);
    expect(data.events).toHaveLength(1);
    expect(data.events[0]).toMatchObject({
      rule: { id: POLICY, policy: 'disks' },
      labels: { alertname: 'Disks', cluster: 'east', node: 'n1', severity: 'serious' },
      value: '95',
    });
    expect(data.events[0].annotations).toEqual({ summary: 'full' });
    expect(await changes(start, ['fingerprint', DISK_WARN])).toEqual([DAYS_20 - 5, DAYS_20 - 4]);
    const story = (await get(`/alerts/history/${DISK_WARN}`)).data;
    expect(story.labels.severity).toBe('warn');
    // With the silence for the whole cluster.
    expect(ages(story.entries)).toEqual([40, ...[5, 5, 4, 4].map((minutes) => DAYS_20 - minutes)]);
  });

  test('pages follow each other without a gap, also within a millisecond', async () => {
    const seen: number[] = [];
    let before = '';
    do {
      const { data } = await get('/alerts/history', [
        ['limit', '1'],
        ...(before === '' ? [] : [['before', before] as const]),
      ]);
      expect(data.events).toHaveLength(1);
      seen.push(...ages(data.events));
      before = data.next ?? '';
    } while (before !== '');
    expect(seen).toEqual([30, 50, 55, 60, 60]);
  });

  test('notifications say who was told what, and what came of it', async () => {
    const { data } = await get('/notifications');
    expect(ages(data.notifications)).toEqual([10, 29, 45, 54]);
    expect(data.notifications[2]).toEqual({
      position: expect.stringMatching(/^\d+-\d+$/),
      time: '2026-03-02T11:15:00.000Z',
      receiver: 'boss',
      integration: 'webhook/0',
      groupKey: '{}:{alertname="PodDown"}',
      groupLabels: { alertname: 'PodDown' },
      status: 'firing',
      outcome: 'failed',
      reason: 'HTTP 500',
      attempts: 4,
      durationSeconds: 0.25,
      repeats: 1,
      firing: [WEB_PRINT],
      firingCount: 1,
      resolved: [],
      resolvedCount: 0,
    });
    expect(await told(['receiver', 'boss'], ['receiver', 'other'])).toEqual([10, 45]);
    expect(await told(['fingerprint', WEB_PRINT], ['outcome', 'delivered'])).toEqual([29, 54]);
    expect(await told(['limit', '2'])).toEqual([10, 29]);
    expect((await get('/notifications', [['limit', '4']])).data.next).toBeUndefined();
    const { next } = (await get('/notifications', [['limit', '3']])).data;
    expect(await told(['before', next])).toEqual([54]);
  });

  test("one alert's story has its changes, notifications and silences, in the order of time", async () => {
    const path = `/alerts/history/${WEB_PRINT}`;
    const { code, data } = await get(path);
    expect(code).toBe(200);
    expect([data.fingerprint, data.labels]).toEqual([WEB_PRINT, { ...EAST, ...WEB.toObject() }]);
    const own = (await get(`/alerts/history/${fingerprint(WEB)}`)).data;
    expect([own.labels, own.entries.length]).toEqual([data.labels, data.entries.length]);
    const line = (entry: Record<string, unknown>) =>
      [
        ages([entry as { time: string }])[0],
        entry.kind,
        entry.state ?? entry.change ?? `${entry.said} ${entry.outcome}`,
      ].join(' ');
    const all = [
      '5 silence deleted',
      '29 notification resolved delivered',
      '30 transition inactive',
      '40 silence created',
      '45 notification firing failed',
      '48 silence changed',
      '52 silence created',
      '54 notification firing delivered',
      '55 transition firing',
      '60 transition pending',
      `${2 * 24 * 60} silence created`,
    ];
    expect(data.entries.map(line)).toEqual(all);
    expect(data.entries[6]).toMatchObject({
      id: 's1',
      author: 'ann',
      comment: 'deploy',
      matchers: [{ name: 'pod', value: 'web-.*', isRegex: true, isEqual: true }],
      startsAt: new Date(at(52)).toISOString(),
      endsAt: new Date(NOW).toISOString(),
    });
    const paged: string[] = [];
    for (let before: string | undefined = ''; before !== undefined; ) {
      const page = await get(path, [['limit', '4'], ...(before === '' ? [] : [['before', before] as const])]);
      paged.push(...page.data.entries.map(line));
      before = page.data.next;
    }
    expect(paged).toEqual(all);
    const some = await get(path, [
      ['start', String(at(50) / 1000)],
      ['end', String(at(30) / 1000)],
    ]);
    expect(some.data.entries.map(line)).toEqual(all.slice(2, 6));
    expect(await get('/alerts/history/0000000000000000')).toMatchObject({ code: 404, errorType: 'not_found' });
  });

  test('the alerts of a time come with their states, also those that did not change in it', async () => {
    const states = async (...parameters: (readonly [string, string])[]) => {
      const { data } = await get('/alerts/timeline', parameters);
      type Span = Readonly<Record<'state' | 'severity' | 'from', string>> & { readonly to: string | null };
      const age = (time: string | null) => (time === null ? '' : ages([{ time }])[0]);
      return data.alerts.map(({ labels, spans }: { labels: Record<string, string>; spans: readonly Span[] }) =>
        [
          labels.pod ?? labels.alertname,
          ...spans.map(({ state, severity, from, to }) => `${state} ${severity} ${age(from)}-${age(to)}`),
        ].join(', '),
      );
    };
    const disks = `Disks, firing serious ${DAYS_20 - 5}-`;
    const old = `Old, firing  ${DAYS_20}-`;
    const web = 'web-1, pending warn 60-55, firing warn 55-30';
    const db = 'db-1, pending  60-50';
    expect(await states()).toEqual([disks, old, web, db]);
    expect(await states(['limit', '2'], ['offset', '1'], ['sort', 'name'])).toEqual([old, db]);
    // In the past, between two changes.
    const past = [['start', String(at(54) / 1000)] as const, ['end', String(at(52) / 1000)] as const];
    expect(await states(...past, ['filter', 'shop'], ['sort', '-changed'])).toEqual([
      'web-1, firing warn 55-',
      'db-1, pending  60-',
    ]);
    expect(await states(['level', 'serious'])).toEqual([disks]);
    expect(await states(['cluster', 'west'])).toEqual([]);
    expect(await states(['cluster', 'west'], ['cluster', 'east'], ['filter', 'disks'])).toEqual([disks]);
    expect(await states(['fingerprint', DISK_WARN])).toEqual([disks]);
    // Without the external labels, as evaluation has it.
    expect(await states(['fingerprint', fingerprint(WEB)])).toEqual([web]);
    const { data } = await get('/alerts/timeline', [['filter', 'web-1']]);
    expect(data).toMatchObject({
      end: '2026-03-02T12:00:00.000Z',
      total: 1,
      alerts: [{ fingerprint: WEB_PRINT, firingSeconds: 1500 }],
    });
    expect(data.alerts[0].labels).toEqual({ ...EAST, ...WEB.toObject() });
    expect(data.alerts[0].spans[1].value).toBe('4.5');
    expect(data.knownFrom).toBeUndefined();
  });

  const refused: readonly (readonly [string, string, string | undefined, string, (readonly [string, string])?])[] = [
    ['/alerts/history', 'limit', '0', 'expected a whole number from 1 to 1000, got "0"'],
    ['/alerts/history', 'limit', '1001', 'expected a whole number from 1 to 1000, got "1001"'],
    [
      '/alerts/history',
      'start',
      'soon',
      'expected seconds since 1970 or a time such as 2026-01-15T12:00:00Z, got "soon"',
    ],
    ['/alerts/history', 'start', '2026-13-45T00:00:00Z', 'expected seconds since 1970'],
    ['/alerts/history', 'end', '1', 'the end must not be before the start', ['start', '2']],
    ['/alerts/history', 'before', 'x', 'expected the position of an entry'],
    ['/alerts/history', 'state', 'resolved', 'expected one of pending, firing, inactive, got "resolved"'],
    ['/alerts/history', 'match[]', '{pod=~"("}', 'error parsing regexp: missing closing )'],
    ['/alerts/history', 'match[]', '{}', 'expected a matcher such as'],
    ['/alerts/history', 'fingerprint', 'ABC', 'expected 16 hex digits in lower case, got "ABC"'],
    ['/alerts/history', 'lmit', '5', 'expected one of match[], state, fingerprint, start, end, limit, before'],
    ['/alerts/timeline', 'sort', 'age', 'expected one of firing, changed, name, maybe after a minus, got "age"'],
    ['/alerts/timeline', 'level', 'bad', 'expected one of serious, warn, remind, other, got "bad"'],
    ['/alerts/timeline', 'limit', '5000', 'expected a whole number from 1 to 1000, got "5000"'],
    ['/alerts/timeline', 'offset', '-1', 'expected a whole number from 0 to 999999999, got "-1"'],
    ['/alerts/timeline', 'end', '1', 'the end must not be before the start', ['start', '2']],
    ['/alerts/timeline', 'fingerprint', 'f', 'expected 16 hex digits in lower case, got "f"'],
    ['/alerts/timeline', 'words', 'a', 'expected one of start, end, filter, cluster, level, fingerprint, sort, limit'],
    ['/alerts/history/xyz', 'fingerprint', undefined, 'expected 16 hex digits in lower case, got "xyz"'],
    ['/notifications', 'outcome', 'lost', 'expected one of delivered, refused, failed, got "lost"'],
    ['/notifications', 'state', 'firing', 'expected one of receiver, fingerprint, outcome'],
  ];
  for (const [path, name, value, problem, more] of refused) {
    test(`${path} refuses ${name}=${value}`, async () => {
      const parameters = value === undefined ? [] : [[name, value] as const, ...(more === undefined ? [] : [more])];
      const { code, status, errorType, error } = await get(path, parameters);
      expect([code, status, errorType]).toEqual([400, 'error', 'bad_data']);
      expect(error).toContain(`invalid parameter "${name}": ${problem}`);
    });
  }
});

test('what the store cannot do is told, and defects are not', async () => {
  const storage = createMemoryStorage();
  let reason: Error = new StorageError('unavailable', 'ClickHouse does not answer');
  const app = serve({
    ...storage,
    notificationLog: { ...storage.notificationLog, find: () => Promise.reject(reason) },
  });
  const first = await app.inject('/api/v1/notifications');
  expect([first.statusCode, first.headers['retry-after'], first.json()]).toEqual([
    503,
    '1',
    { status: 'error', errorType: 'unavailable', error: 'ClickHouse does not answer' },
  ]);
  reason = new Error('secret detail');
  const second = await app.inject('/api/v1/notifications');
  expect(second.statusCode).toBe(500);
  expect(second.body).not.toContain('secret');
  await app.close();
});
