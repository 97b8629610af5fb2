import pino from 'pino';
import { expect, test, vi } from 'vitest';
import type { KubeObject } from '../../../simulator/kube-object.ts';
import { startSimulator } from '../../../simulator/simulator.ts';
import { Labels } from '../../../storage/labels.ts';
import { Matcher } from '../../../storage/matcher.ts';
import { createMemoryStorage } from '../../../storage/memory.ts';
import { readSamples } from '../../../storage/read-samples.ts';
import { PLAIN_HTTP_CLIENT } from '../../http-transport.ts';
import { Secret } from '../../secret.ts';
import { createKubeClient } from '../http-kube-client.ts';
import { createEventRecorder } from './event-recorder.ts';

const NEVER = new AbortController().signal;

test('what a simulated cluster says in twenty minutes is counted exactly, and recorded', async () => {
  const simulator = await startSimulator({ nodes: 6, pods: 60, running: false });
  const storage = createMemoryStorage();
  const authorization = { type: 'Bearer', credentials: new Secret(simulator.token), credentialsFile: undefined };
  const client = createKubeClient({ server: simulator.url, http: { ...PLAIN_HTTP_CLIENT, authorization } });
  const recorder = createEventRecorder({
    cluster: { name: 'simulated', client },
    eventLog: storage.eventLog,
    appender: storage.appender,
    logger: pino({ level: 'silent' }),
    labels: Labels.from({ cluster: 'simulated' }),
    interval: 30,
    rate: 10_000,
    burst: 20_000,
  });
  const said = new Map<string, number>();
  const entries = new Set<string>();
  try {
    recorder.start();
    const history = simulator.world.store.list('events');
    await vi.waitFor(async () => expect(await found(0)).toHaveLength(history.length));
    for (const { metadata, count } of history) entries.add(`${metadata.uid} ${count}`);
    simulator.world.store.subscribe(({ type, resource, object, before }) => {
      if (resource !== 'events' || type === 'DELETED') return;
      const times = Number(object.count) - Number(before?.count ?? 0);
      said.set(keyOf(object), (said.get(keyOf(object)) ?? 0) + times);
      entries.add(`${object.metadata.uid} ${object.count}`);
    });
    simulator.down('worker-02');
    for (let minute = 0; minute < 20; minute++) {
      simulator.world.advance(60_000);
      await new Promise(setImmediate);
    }
    expect(said.size).toBeGreaterThan(5);
    await vi.waitFor(async () => expect(await counted()).toEqual(new Map([...said].sort())), { timeout: 5000 });
    await vi.waitFor(async () => {
      const rows = await found(0);
      expect(new Set(rows.map(({ uid, count }) => `${uid} ${count}`))).toEqual(entries);
    });
    expect((await found(0)).some(({ kind, name }) => kind === 'Node' && name === 'worker-02')).toBe(true);
  } finally {
    await recorder.close();
    await client.close();
    await simulator.close();
  }

  function found(start: number) {
    return storage.eventLog!.find({ start, end: Date.now() + 86_400_000, limit: 100_000 }, NEVER);
  }

  async function counted(): Promise<Map<string, number>> {
    const matchers = [new Matcher('__name__', '=', 'k8s_events_total')];
    const set = await storage.querier.select({ matchers, start: 0, end: Date.now() + 1000 }, NEVER);
    const samples = await readSamples(set);
    const values = set.series.map((labels, i): [string, number] => [
      ['namespace', 'kind', 'reason', 'type'].map((name) => labels.get(name)).join('/'),
      samples[i]!.at(-1)!.value,
    ]);
    return new Map(values.sort());
  }
});

function keyOf({ involvedObject, reason, type }: KubeObject): string {
  const { namespace = '', kind } = involvedObject as { readonly namespace?: string; readonly kind: string };
  return [namespace, kind, reason, type].join('/');
}
