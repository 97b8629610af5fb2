import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import type { KubernetesEvent } from '../../storage/event-log.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { createEngine } from '../engine.ts';
import { registerQueryApi } from './server.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const HOUR = 3_600_000;
const event = (part: Partial<KubernetesEvent>): KubernetesEvent => ({
  timestamp: NOW - HOUR,
  firstTimestamp: NOW - 2 * HOUR,
  cluster: 'east',
  namespace: 'shop',
  kind: 'Pod',
  name: 'web-1',
  objectUid: 'o1',
  reason: 'BackOff',
  type: 'Warning',
  message: 'Back-off restarting failed container',
  component: 'kubelet',
  host: 'node-1',
  count: 3,
  uid: 'u1',
  ...part,
});

let app: FastifyInstance;
afterEach(() => app.close());

async function serve(events: readonly KubernetesEvent[] | undefined): Promise<void> {
  const storage = createMemoryStorage();
  if (events !== undefined) await storage.eventLog!.append(events);
  app = fastify();
  registerQueryApi(app, {
    engine: createEngine({ querier: storage.querier }),
    querier: storage.querier,
    now: () => NOW,
    registry: new Registry(),
    logger: pino({ level: 'silent' }),
    status: { buildInfo: {}, configYaml: () => '', flags: () => ({}), startTime: 0, retention: '0s' },
    targets: () => ({ activeTargets: [], droppedTargets: [], droppedTargetCounts: {} }),
    rules: () => [],
    alerts: () => [],
    ready: () => true,
    reload: async () => {},
    limits: { queryTimeout: 5_000 },
    eventLog: events === undefined ? undefined : storage.eventLog,
  });
}

const get = async (query: string) => {
  const response = await app.inject(`/api/v1/kubernetes/events${query}`);
  return { ...response.json(), code: response.statusCode };
};
const uids = async (query: string) => (await get(query)).data.map(({ uid }: { uid: string }) => uid);

test('gives events as they are, the newest first', async () => {
  await serve([event({}), event({ uid: 'u2', timestamp: NOW - 1 })]);
  const { code, data, warnings } = await get('');
  expect([code, warnings]).toEqual([200, undefined]);
  expect(data.map(({ uid }: { uid: string }) => uid)).toEqual(['u2', 'u1']);
  expect(data[1]).toEqual({
    time: '2026-01-15T11:00:00.000Z',
    firstTime: '2026-01-15T10:00:00.000Z',
    cluster: 'east',
    namespace: 'shop',
    kind: 'Pod',
    name: 'web-1',
    objectUid: 'o1',
    reason: 'BackOff',
    type: 'Warning',
    message: 'Back-off restarting failed container',
    component: 'kubelet',
    host: 'node-1',
    count: 3,
    uid: 'u1',
  });
});

test('selects by every parameter, of repeated ones any, and by time', async () => {
  await serve([
    event({}),
    event({ uid: 'u2', cluster: 'west', reason: 'Killing', type: 'Normal' }),
    event({ uid: 'u3', namespace: '', kind: 'Node', name: 'node-1' }),
    event({ uid: 'u4', timestamp: NOW - 30 * HOUR }),
  ]);
  expect(await uids('?cluster=east')).toEqual(['u1', 'u3']);
  expect(await uids('?namespace=shop&kind=Pod&name=web-1&reason=BackOff&type=Warning')).toEqual(['u1']);
  expect(await uids('?reason=Killing&reason=BackOff&kind=Pod')).toEqual(['u1', 'u2']);
  expect(await uids('?namespace=')).toEqual(['u3']);
  expect(await uids(`?start=${NOW / 1000 - 31 * 3600}&end=${NOW / 1000 - 29 * 3600}`)).toEqual(['u4']);
});

test('says when there are more than it gives', async () => {
  await serve(Array.from({ length: 5 }, (_, i) => event({ uid: `u${i}`, timestamp: NOW - i })));
  const { data, warnings } = await get('?limit=2');
  expect(data).toHaveLength(2);
  expect(warnings).toEqual(['results truncated due to limit']);
  expect((await get('?limit=5')).warnings).toBeUndefined();
});

test('refuses what cannot be meant, and says when no events are kept', async () => {
  await serve([]);
  for (const [query, reason] of [
    ['?limit=10001', 'invalid parameter "limit": limit must be at most 10000, got 10001'],
    ['?limit=-1', 'invalid parameter "limit": limit must be non-negative'],
    ['?start=5&end=4', 'invalid parameter "end": end timestamp must not be before start time'],
    ['?start=soon', 'invalid parameter "start": '],
  ]) {
    const { code, errorType, error } = await get(query!);
    expect([code, errorType]).toEqual([400, 'bad_data']);
    expect(error).toContain(reason);
  }
  await app.close();
  await serve(undefined);
  expect(await get('')).toMatchObject({ code: 404, errorType: 'not_found' });
});
