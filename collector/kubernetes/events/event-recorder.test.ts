import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ApiServer, startApiServer } from '../../../simulator/api/api-server.ts';
import { ObjectStore, rfc3339 } from '../../../simulator/object-store.ts';
import { StorageError } from '../../../storage/errors.ts';
import type { EventLog, KubernetesEvent } from '../../../storage/event-log.ts';
import { Labels } from '../../../storage/labels.ts';
import { Matcher } from '../../../storage/matcher.ts';
import { createMemoryStorage } from '../../../storage/memory.ts';
import { readSamples } from '../../../storage/read-samples.ts';
import type { Storage } from '../../../storage/storage.ts';
import { PLAIN_HTTP_CLIENT } from '../../http-transport.ts';
import { Secret } from '../../secret.ts';
import { createKubeClient } from '../http-kube-client.ts';
import type { KubeClient } from '../kube-client.ts';
import { createEventRecorder, type EventRecorder, type EventRecorderOptions } from './event-recorder.ts';

const NEVER = new AbortController().signal;
const INTERVAL = 40;

let store: ObjectStore;
let server: ApiServer;
let storage: Storage;
let registry: Registry;
let client: KubeClient;
const recorders = new Set<EventRecorder>();
const logged: string[] = [];

beforeEach(async () => {
  store = new ObjectStore({ now: Date.now });
  server = await startApiServer({
    store,
    now: Date.now,
    tokens: [{ token: 'token', user: 'admin', groups: ['system:masters'] }],
  });
  storage = createMemoryStorage();
  registry = new Registry();
  const authorization = { type: 'Bearer', credentials: new Secret('token'), credentialsFile: undefined };
  client = createKubeClient({
    server: server.url,
    http: { ...PLAIN_HTTP_CLIENT, authorization },
    retryDelay: 1,
    retries: 1,
  });
  logged.length = 0;
});

afterEach(async () => {
  for (const recorder of recorders) await recorder.close();
  recorders.clear();
  await client.close();
  await server.close();
});

function start(more: Partial<EventRecorderOptions> = {}): EventRecorder {
  const recorder = createEventRecorder({
    cluster: { name: 'east', client },
    eventLog: storage.eventLog,
    appender: storage.appender,
    logger: pino({}, { write: (line: string) => void logged.push((JSON.parse(line) as { msg: string }).msg) }),
    labels: Labels.from({ job: 'kubernetes-events', cluster: 'east' }),
    interval: INTERVAL,
    registry,
    reflector: { backOff: 5, maxBackOff: 20, pageSize: 10 },
    ...more,
  });
  recorders.add(recorder);
  recorder.start();
  return recorder;
}

async function stop(recorder: EventRecorder, markStale = false): Promise<void> {
  recorders.delete(recorder);
  await recorder.close({ markStale });
}

let sequence = 0;
/** Says something about a pod; gives the event's name, to say it again. */
function say(
  reason: string,
  { type = 'Normal', at = Date.now(), count = 1, pod = 'web-1', namespace = 'shop' } = {},
): string {
  const name = `${pod}.${sequence++}`;
  store.create('events', {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: { kind: 'Pod', namespace, name: pod, uid: `uid-${pod}` },
    reason,
    message: `${reason} of ${pod}`,
    type,
    source: { component: 'kubelet', host: 'node-1' },
    firstTimestamp: rfc3339(at),
    lastTimestamp: rfc3339(at),
    count,
  });
  return name;
}

function again(name: string, count: number, namespace = 'shop'): void {
  const before = store.get('events', namespace, name)!;
  store.update('events', { ...before, count, lastTimestamp: rfc3339(Date.now()) });
}

/** The counter's values, by reason and type, in the order in which they were appended; the stale ones as 'end'. */
async function counters(): Promise<Record<string, (number | 'end')[]>> {
  const matchers = [new Matcher('__name__', '=', 'k8s_events_total')];
  const set = await storage.querier.select({ matchers, start: 0, end: Date.now() + 1000 }, NEVER);
  const samples = await readSamples(set);
  return Object.fromEntries(
    set.series.map((labels, i) => [
      `${labels.get('namespace')}/${labels.get('kind')}/${labels.get('reason')}/${labels.get('type')}`,
      samples[i]!.map(({ value, stale }) => (stale ? ('end' as const) : value)),
    ]),
  );
}

const last = async (key: string) => (await counters())[key]?.at(-1);
const rows = () => storage.eventLog!.find({ start: 0, end: Date.now() + 60_000, limit: 100_000 }, NEVER);
const shownRows = async () => (await rows()).map(({ reason, count }) => `${reason} ${count}`).sort();
const metric = async (name: string) =>
  (await registry.getSingleMetric(`pharos_kubernetes_${name}`)!.get()).values.reduce(
    (sum, { value }) => sum + value,
    0,
  );
/** Until a list has been seen and the watch has begun. */
const watching = () =>
  vi.waitFor(async () => expect(await metric('watches_total')).toBeGreaterThan(0), { timeout: 5000 });

test('counts what is said as often as it is said, from 0 on, and makes rows of it', async () => {
  start();
  await watching();
  const name = say('BackOff', { type: 'Warning' });
  await vi.waitFor(async () => expect(await last('shop/Pod/BackOff/Warning')).toBe(1));
  again(name, 4);
  say('BackOff', { type: 'Warning', pod: 'web-2' });
  say('Pulled');
  await vi.waitFor(async () => expect(await last('shop/Pod/BackOff/Warning')).toBe(5));
  await vi.waitFor(async () => expect(await last('shop/Pod/Pulled/Normal')).toBe(1));
  const values = await counters();
  expect(values['shop/Pod/BackOff/Warning']![0]).toBe(0);
  expect(values['shop/Pod/Pulled/Normal']![0]).toBe(0);
  await vi.waitFor(async () => expect(await shownRows()).toEqual(['BackOff 1', 'BackOff 1', 'BackOff 4', 'Pulled 1']));
  const [row] = (await rows()).filter(({ count }) => count === 4);
  expect(row).toEqual({
    timestamp: expect.any(Number),
    firstTimestamp: expect.any(Number),
    cluster: 'east',
    namespace: 'shop',
    kind: 'Pod',
    name: 'web-1',
    objectUid: 'uid-web-1',
    reason: 'BackOff',
    type: 'Warning',
    message: 'BackOff of web-1',
    component: 'kubelet',
    host: 'node-1',
    count: 4,
    uid: store.get('events', 'shop', name)!.metadata.uid,
  } satisfies Record<keyof KubernetesEvent, unknown>);
  expect(await storage.querier.metadata('k8s_events_total', 1, NEVER)).toMatchObject([{ type: 'counter' }]);
});

test('a list that is read again counts nothing twice, and what the watch has missed', async () => {
  start();
  await watching();
  const name = say('BackOff');
  await vi.waitFor(async () => expect(await last('shop/Pod/BackOff/Normal')).toBe(1));
  const lists = await metric('lists_total');
  // The next watch begins at a version that is gone.
  await server.stop();
  again(name, 3);
  store.compact();
  await server.start();
  await vi.waitFor(async () => expect(await metric('lists_total')).toBeGreaterThan(lists), { timeout: 5000 });
  say('Killing');
  await vi.waitFor(async () => expect(await last('shop/Pod/Killing/Normal')).toBe(1));
  expect(await last('shop/Pod/BackOff/Normal')).toBe(3);
  expect(await shownRows()).toEqual(['BackOff 1', 'BackOff 3', 'Killing 1']);
});

test('a restart counts nothing that the log has, and all that came meanwhile', async () => {
  const first = start();
  await watching();
  const name = say('BackOff', { count: 5 });
  await vi.waitFor(async () => expect(await shownRows()).toEqual(['BackOff 5']));
  await stop(first);
  again(name, 7);
  say('Killing', { count: 2 });
  // Older than all that is recorded, and not recorded: it was shed.
  say('Pulled', { at: Date.now() - 600_000 });
  registry = new Registry();
  start();
  await watching();
  await vi.waitFor(async () => expect(await last('shop/Pod/Killing/Normal')).toBe(2));
  await vi.waitFor(async () => expect(await last('shop/Pod/BackOff/Normal')).toBe(2));
  expect((await counters())['shop/Pod/Pulled/Normal']).toBeUndefined();
  await vi.waitFor(async () => expect(await shownRows()).toEqual(['BackOff 5', 'BackOff 7', 'Killing 2', 'Pulled 1']));
});

test('what was there before the first start is in the log, but no increase; so it is without a log', async () => {
  for (let i = 0; i < 25; i++) say('Pulled', { count: 3, pod: `web-${i}` });
  const first = start();
  await vi.waitFor(async () => expect(await rows()).toHaveLength(25));
  say('Started');
  await vi.waitFor(async () => expect(await last('shop/Pod/Started/Normal')).toBe(1));
  expect((await counters())['shop/Pod/Pulled/Normal']).toBeUndefined();
  await stop(first);
  storage = createMemoryStorage();
  registry = new Registry();
  start({ eventLog: undefined });
  await watching();
  say('Killing');
  await vi.waitFor(async () => expect(await last('shop/Pod/Killing/Normal')).toBe(1));
  expect(Object.keys(await counters())).toEqual(['shop/Pod/Killing/Normal']);
});

test('understands events that count in a series, and times with microseconds', async () => {
  start();
  await watching();
  store.create('events', {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'n1', namespace: 'default' },
    involvedObject: { kind: 'Node', name: 'node-1' },
    reason: 'NodeNotReady',
    type: 'Warning',
    eventTime: '2026-01-15T12:00:00.123456Z',
    series: { count: 6, lastObservedTime: '2026-01-15T12:05:00.654321Z' },
    firstTimestamp: null,
    reportingComponent: 'node-controller',
    reportingInstance: 'control-plane-1',
  });
  await vi.waitFor(async () => expect(await last('/Node/NodeNotReady/Warning')).toBe(6));
  await vi.waitFor(async () => expect(await rows()).toHaveLength(1));
  expect((await rows())[0]).toMatchObject({
    timestamp: Date.UTC(2026, 0, 15, 12, 5, 0, 654),
    firstTimestamp: Date.UTC(2026, 0, 15, 12, 0, 0, 123),
    namespace: '',
    component: 'node-controller',
    host: 'control-plane-1',
    message: '',
    count: 6,
  });
});

test('a storm is counted whole, and of its rows as many are kept as may be, warnings first; the rest is told', async () => {
  start({ rate: 1, burst: 100 });
  await watching();
  for (let i = 0; i < 1000; i++) say('Pulled', { pod: `web-${i}` });
  for (let i = 0; i < 10; i++) say('Failed', { type: 'Warning', pod: `web-${i}` });
  await vi.waitFor(async () => expect(await last('shop/Pod/Pulled/Normal')).toBe(1000), { timeout: 5000 });
  await vi.waitFor(async () => expect(await last('shop/Pod/Failed/Warning')).toBe(10));
  const kept = await rows();
  const normal = kept.filter(({ type }) => type === 'Normal').length;
  expect(normal).toBeGreaterThanOrEqual(75);
  expect(normal).toBeLessThan(90);
  expect(kept.filter(({ type }) => type === 'Warning')).toHaveLength(10);
  expect(await metric('event_rows_shed_total')).toBe(1000 - normal);
  expect(await metric('event_rows_total')).toBe(normal + 10);
  await vi.waitFor(() =>
    expect(logged).toContain('more events than are kept: some are counted only, and not in the log'),
  );
});

test('reasons without end are counted under one', async () => {
  start({ maxSeries: 3 });
  await watching();
  for (let i = 0; i < 20; i++) say(`Reason${i}`);
  await vi.waitFor(async () => expect(await last('//other/Normal')).toBe(17));
  expect(Object.keys(await counters())).toHaveLength(4);
  expect(await rows()).toHaveLength(20);
});

test('only the leader records; when it is none any more its series end, and the next one goes on', async () => {
  let leads = false;
  start({ isLeader: () => leads });
  const name = say('BackOff');
  await new Promise((resolve) => setTimeout(resolve, 3 * INTERVAL));
  expect(await rows()).toEqual([]);
  leads = true;
  await watching();
  again(name, 2);
  await vi.waitFor(async () => expect(await last('shop/Pod/BackOff/Normal')).toBe(1));
  leads = false;
  await vi.waitFor(async () => expect(await last('shop/Pod/BackOff/Normal')).toBe('end'));
  again(name, 6);
  leads = true;
  await vi.waitFor(async () => expect(await last('shop/Pod/BackOff/Normal')).toBe(4));
  expect(await shownRows()).toEqual(['BackOff 1', 'BackOff 2', 'BackOff 6']);
});

test('waits for a log that does not answer, and keeps rows while it refuses them', async () => {
  let isDown = true;
  const real = storage.eventLog!;
  const refuse = () => Promise.reject(new StorageError('unavailable', 'ClickHouse does not answer'));
  const eventLog: EventLog = {
    append: (events) => (isDown ? refuse() : real.append(events)),
    find: (filter, signal) => real.find(filter, signal),
    recorded: (cluster, since, signal) => (isDown ? refuse() : real.recorded(cluster, since, signal)),
  };
  const recorder = start({ eventLog });
  await vi.waitFor(() =>
    expect(logged).toContain('events wait: the log does not say what it has: ClickHouse does not answer'),
  );
  isDown = false;
  await watching();
  isDown = true;
  say('BackOff');
  await vi.waitFor(() => expect(logged).toContain('events of Kubernetes wait: the log refuses them'));
  expect(await rows()).toEqual([]);
  isDown = false;
  await vi.waitFor(async () => expect(await shownRows()).toEqual(['BackOff 1']));
  say('Killing');
  await vi.waitFor(async () => expect(await last('shop/Pod/Killing/Normal')).toBeTypeOf('number'));
  await stop(recorder, true);
  expect(await shownRows()).toEqual(['BackOff 1', 'Killing 1']);
  expect(await last('shop/Pod/Killing/Normal')).toBe('end');
});

test('ends at once while the log is asked what it has', async () => {
  const real = storage.eventLog!;
  let isAsked = false;
  const eventLog: EventLog = {
    append: (events) => real.append(events),
    find: (filter, signal) => real.find(filter, signal),
    recorded: (_, __, signal) => {
      isAsked = true;
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new StorageError('canceled', 'the flush was canceled')));
      });
    },
  };
  const recorder = start({ eventLog });
  await vi.waitFor(() => expect(isAsked).toBe(true));
  await stop(recorder);
  expect(logged).toEqual([]);
});
