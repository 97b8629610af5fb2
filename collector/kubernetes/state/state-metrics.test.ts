import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../../storage/labels.ts';
import { Matcher } from '../../../storage/matcher.ts';
import { createMemoryStorage } from '../../../storage/memory.ts';
import { readSamples } from '../../../storage/read-samples.ts';
import { kubernetesMetrics } from '../kubernetes-metrics.ts';
import type { ResourceName } from '../objects.ts';
import { CachedCluster, SteppedClock, settle } from './cached-cluster.case.ts';
import type { Written } from './series-text.case.ts';
import { createStateMetrics, type StateMetricsOptions } from './state-metrics.ts';

const INTERVAL = 30_000;
const PHASES = { metricAllowlist: ['^kube_pod_status_phase$', '^kube_pod_info$'] };

function pod(name: string, { phase = 'Running', node = 'n1', uid = `uid-${name}` } = {}): Written {
  return { metadata: { name, uid }, spec: { nodeName: node, containers: [] }, status: { phase } };
}

function setUp(options: Partial<StateMetricsOptions> & { readonly maxSamples?: number } = {}) {
  const cluster = new CachedCluster();
  const clock = new SteppedClock();
  const storage = createMemoryStorage(options.maxSamples === undefined ? {} : { maxSamples: options.maxSamples });
  const registry = new Registry();
  const logs: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void logs.push(JSON.parse(line).msg) });
  const metrics = createStateMetrics({
    cluster,
    clock,
    registry,
    logger,
    appender: storage.appender,
    labels: Labels.from({ job: 'kube-state-metrics', instance: 'pharos', cluster: 'c1' }),
    interval: INTERVAL,
    families: PHASES,
    ...options,
  });
  const sync = (...resources: ResourceName[]): void => cluster.sync(resources, clock.time);
  /** `value` or `stale` of each sample, by the series' labels without those that all have. */
  const stored = async (metric: string): Promise<Record<string, (number | 'stale')[]>> => {
    const set = await storage.querier.select(
      { matchers: [new Matcher('__name__', '=', metric)], start: 0, end: 2e12 },
      new AbortController().signal,
    );
    const samples = await readSamples(set);
    return Object.fromEntries(
      set.series.map((labels, i) => [
        labels
          .filter((name) => !['__name__', 'job', 'instance', 'cluster', 'namespace', 'uid'].includes(name))
          .toString(),
        samples[i]!.map(({ value, stale }) => (stale ? 'stale' : value)),
      ]),
    );
  };
  const timestamps = async (metric: string): Promise<number[]> => {
    const set = await storage.querier.select(
      { matchers: [new Matcher('__name__', '=', metric)], start: 0, end: 2e12 },
      new AbortController().signal,
    );
    return (await readSamples(set)).flat().map(({ timestamp }) => timestamp);
  };
  return { cluster, clock, storage, registry, logs, metrics, sync, stored, timestamps };
}

describe('createStateMetrics', () => {
  it('tells the state at moments of the interval, with the base labels', async () => {
    const { cluster, clock, metrics, sync, stored, timestamps, storage } = setUp();
    cluster.put('pods', pod('a', { phase: 'Pending' }));
    sync('pods');
    metrics.start();
    await clock.pass(INTERVAL);
    cluster.put('pods', pod('a'));
    sync('pods');
    await clock.pass(INTERVAL);
    expect((await stored('kube_pod_status_phase'))['{phase="Pending", pod="a"}']).toEqual([1, 0]);
    expect((await stored('kube_pod_status_phase'))['{phase="Running", pod="a"}']).toEqual([0, 1]);
    const [first, second] = await timestamps('kube_pod_info');
    expect(second! - first!).toBe(INTERVAL);
    const series = await storage.querier.series(
      { matcherSets: [[new Matcher('__name__', '=', 'kube_pod_info')]], start: 0, end: 2e12, limit: 0 },
      new AbortController().signal,
    );
    expect(series[0]!.toObject()).toEqual({
      __name__: 'kube_pod_info',
      cluster: 'c1',
      host_network: 'false',
      instance: 'pharos',
      job: 'kube-state-metrics',
      namespace: 'ns',
      node: 'n1',
      pod: 'a',
      uid: 'uid-a',
    });
    await metrics.close({ markStale: false });
  });

  it('falls to other moments for another cluster', async () => {
    const moments = new Set<number>();
    for (const name of ['a', 'b', 'c']) {
      const { cluster, clock, metrics, sync, timestamps } = setUp({
        labels: Labels.from({ job: 'kube-state-metrics', cluster: name }),
      });
      cluster.put('pods', pod('a'));
      sync('pods');
      metrics.start();
      await clock.pass(INTERVAL);
      moments.add((await timestamps('kube_pod_info'))[0]! % INTERVAL);
      await metrics.close({ markStale: false });
    }
    expect(moments.size).toBe(3);
  });

  it('says what it has to say about its metrics', async () => {
    const { metrics, storage } = setUp();
    metrics.start();
    const signal = new AbortController().signal;
    const all = await storage.querier.metadata(undefined, 0, signal);
    expect(all.map(({ metric }) => metric).sort()).toEqual([
      'kube_pod_info',
      'kube_pod_status_phase',
      'kube_state_metrics_list_total',
      'kube_state_metrics_shard_ordinal',
      'kube_state_metrics_total_shards',
      'kube_state_metrics_watch_total',
      'up',
    ]);
    await metrics.close({ markStale: false });
  });

  it('watches only what it tells, until it is closed', async () => {
    const { cluster, metrics } = setUp();
    metrics.start();
    expect([...cluster.leases]).toEqual([['pods', 1]]);
    await metrics.close({ markStale: false });
    expect([...cluster.leases]).toEqual([['pods', 0]]);
  });

  it('tells nothing of a resource before its first complete list', async () => {
    const { cluster, clock, metrics, sync, stored } = setUp();
    metrics.start();
    cluster.put('pods', pod('a'));
    await clock.pass(INTERVAL);
    expect(await stored('kube_pod_info')).toEqual({});
    expect(await stored('up')).toEqual({ '{}': [0] });
    sync('pods');
    await clock.pass(INTERVAL);
    expect(Object.values(await stored('kube_pod_info'))).toEqual([[1]]);
    expect(await stored('up')).toEqual({ '{}': [0, 1] });
    await metrics.close({ markStale: false });
  });

  it('ends the series of a pod that is gone within seconds', async () => {
    const { cluster, clock, metrics, sync, stored } = setUp();
    cluster.put('pods', pod('a'));
    cluster.put('pods', pod('b'));
    sync('pods');
    metrics.start();
    await clock.pass(INTERVAL);
    cluster.cache('pods').remove('ns', 'a');
    await clock.pass(2_000);
    expect(Object.values(await stored('kube_pod_info'))).toEqual([[1, 'stale'], [1]]);
    await clock.pass(INTERVAL);
    expect(Object.values(await stored('kube_pod_info'))).toEqual([
      [1, 'stale'],
      [1, 1],
    ]);
    expect(metrics.stats).toMatchObject({ objects: 1, series: 6 });
    await metrics.close({ markStale: false });
  });

  it('ends and begins series when labels of an object change, and goes on with the others', async () => {
    const { cluster, clock, metrics, sync, stored } = setUp();
    cluster.put('pods', pod('a'));
    sync('pods');
    metrics.start();
    await clock.pass(INTERVAL);
    cluster.put('pods', pod('a', { node: 'n2', phase: 'Failed' }));
    await clock.pass(INTERVAL);
    const info = await stored('kube_pod_info');
    expect(info['{host_network="false", node="n1", pod="a"}']).toEqual([1, 'stale']);
    expect(info['{host_network="false", node="n2", pod="a"}']).toEqual([1]);
    expect((await stored('kube_pod_status_phase'))['{phase="Failed", pod="a"}']).toEqual([0, 1]);
    await metrics.close({ markStale: false });
  });

  it('tells a pod of the same name as another one when it has another uid', async () => {
    const { cluster, clock, metrics, sync, storage } = setUp();
    cluster.put('pods', pod('a', { uid: 'u1' }));
    sync('pods');
    metrics.start();
    await clock.pass(INTERVAL);
    cluster.cache('pods').remove('ns', 'a');
    cluster.put('pods', pod('a', { uid: 'u2' }));
    await clock.pass(INTERVAL);
    const set = await storage.querier.select(
      { matchers: [new Matcher('__name__', '=', 'kube_pod_info')], start: 0, end: 2e12 },
      new AbortController().signal,
    );
    const samples = await readSamples(set);
    expect(set.series.map((labels, i) => [labels.get('uid'), samples[i]!.map(({ stale }) => stale)])).toEqual([
      ['u1', [false, true]],
      ['u2', [false]],
    ]);
    await metrics.close({ markStale: false });
  });

  it('falls silent when its cache is too old, says so, and goes on when it is current again', async () => {
    const { cluster, clock, metrics, sync, stored, logs } = setUp({ maxAge: 60_000 });
    cluster.put('pods', pod('a'));
    sync('pods');
    metrics.start();
    await clock.pass(4 * INTERVAL);
    const before = Object.values(await stored('kube_pod_info'))[0]!;
    expect(before.at(-1)).toBe('stale');
    expect(before.filter((value) => value === 'stale')).toHaveLength(1);
    expect((await stored('up'))['{}']!.at(-1)).toBe(0);
    expect(metrics.stats.resources).toEqual([{ resource: 'pods', objects: 1, series: 6, isOutdated: true }]);
    sync('pods');
    await clock.pass(INTERVAL);
    expect(Object.values(await stored('kube_pod_info'))[0]!.slice(before.length)).toEqual([1]);
    expect((await stored('up'))['{}']!.at(-1)).toBe(1);
    expect(logs).toEqual([
      'no state metrics are told any more: the cache has not been known to be current for 60 s',
      'state metrics are told again: the cache is current',
    ]);
    await metrics.close({ markStale: false });
  });

  it('tells nothing while another process does, and begins with all of it', async () => {
    let isLeader = false;
    const { cluster, clock, metrics, sync, stored } = setUp({ speaks: () => isLeader });
    cluster.put('pods', pod('a'));
    sync('pods');
    metrics.start();
    await clock.pass(INTERVAL);
    expect(await stored('kube_pod_info')).toEqual({});
    expect(await stored('up')).toEqual({});
    expect(metrics.stats.series).toBe(0);
    isLeader = true;
    metrics.reassess();
    await clock.pass(INTERVAL);
    expect(Object.values(await stored('kube_pod_info'))).toEqual([[1]]);
    isLeader = false;
    metrics.reassess();
    await clock.pass(2_000);
    expect(Object.values(await stored('kube_pod_info'))).toEqual([[1, 'stale']]);
    await clock.pass(INTERVAL);
    expect(await stored('up')).toEqual({ '{}': [1, 'stale'] });
    expect(metrics.stats.series).toBe(0);
    await metrics.close({ markStale: false });
  });

  it('tells its part of the objects, and each shard about itself', async () => {
    const { cluster, clock, metrics, sync, stored } = setUp({
      owns: (uid) => uid === 'uid-b',
      shard: { ordinal: 1, total: 3 },
    });
    cluster.put('pods', pod('a'));
    cluster.put('pods', pod('b'));
    sync('pods');
    metrics.start();
    await clock.pass(INTERVAL);
    expect(Object.keys(await stored('kube_pod_info'))).toEqual(['{host_network="false", node="n1", pod="b"}']);
    expect(await stored('kube_state_metrics_shard_ordinal')).toEqual({ '{shard_ordinal="1"}': [1] });
    expect(await stored('kube_state_metrics_total_shards')).toEqual({ '{}': [3] });
    await metrics.close({ markStale: false });
  });

  it('tells how the lists and watches go', async () => {
    const { cluster, clock, metrics, sync, stored, registry } = setUp();
    const { lists, watches, errors } = kubernetesMetrics(registry, () => 0);
    lists.inc({ cluster: 'c1', resource: 'pods' }, 2);
    lists.inc({ cluster: 'other', resource: 'pods' }, 50);
    watches.inc({ cluster: 'c1', resource: 'pods' }, 3);
    errors.inc({ cluster: 'c1', resource: 'pods', verb: 'list', reason: '500' }, 4);
    errors.inc({ cluster: 'c1', resource: 'pods', verb: 'list', reason: 'connection' }, 1);
    errors.inc({ cluster: 'c1', resource: 'pods', verb: 'watch', reason: 'connection' }, 6);
    cluster.put('pods', pod('a'));
    sync('pods');
    metrics.start();
    await clock.pass(INTERVAL);
    expect(await stored('kube_state_metrics_list_total')).toEqual({
      '{resource="*v1.Pod", result="success"}': [2],
      '{resource="*v1.Pod", result="error"}': [5],
    });
    expect(await stored('kube_state_metrics_watch_total')).toEqual({
      '{resource="*v1.Pod", result="success"}': [3],
      '{resource="*v1.Pod", result="error"}': [6],
    });
    await metrics.close({ markStale: false });
  });

  it('ends everything when the cluster is not told any more', async () => {
    const { cluster, clock, metrics, sync, stored } = setUp();
    cluster.put('pods', pod('a'));
    sync('pods');
    metrics.start();
    await clock.pass(INTERVAL);
    await metrics.close({ markStale: true });
    expect(Object.values(await stored('kube_pod_info'))).toEqual([[1, 'stale']]);
    expect(await stored('up')).toEqual({ '{}': [1, 'stale'] });
  });

  it('leaves the series as they are when the process ends', async () => {
    const { cluster, clock, metrics, sync, stored } = setUp();
    cluster.put('pods', pod('a'));
    sync('pods');
    metrics.start();
    await clock.pass(INTERVAL);
    await metrics.close({ markStale: false });
    expect(Object.values(await stored('kube_pod_info'))).toEqual([[1]]);
  });

  it('counts and tells of an object that cannot be read, and goes on with the others', async () => {
    const { cluster, clock, metrics, sync, stored, logs, registry } = setUp({
      families: { metricAllowlist: ['kube_pod_container_resource_requests'] },
    });
    const withMemory = (name: string, memory: string): Written => ({
      metadata: { name, uid: name },
      spec: { containers: [{ name: 'c', resources: { requests: { memory } } }] },
    });
    cluster.put('pods', withMemory('bad', 'much'));
    cluster.put('pods', withMemory('good', '1Ki'));
    sync('pods');
    metrics.start();
    await clock.pass(INTERVAL);
    expect(Object.values(await stored('kube_pod_container_resource_requests'))).toEqual([[1024]]);
    expect(logs).toEqual(['no state metrics can be told of an object']);
    expect(await registry.metrics()).toContain('pharos_state_metrics_failures_total{cluster="c1",resource="pods"} 1');
    cluster.put('pods', withMemory('bad', '2Ki'));
    await clock.pass(INTERVAL);
    expect(Object.values(await stored('kube_pod_container_resource_requests')).sort()).toEqual([[1024, 1024], [2048]]);
    await metrics.close({ markStale: false });
  });

  it('survives a storage that refuses, and says later what is still true', async () => {
    const { cluster, clock, metrics, sync, logs, registry } = setUp({ maxSamples: 3 });
    cluster.put('pods', pod('a'));
    sync('pods');
    metrics.start();
    await clock.pass(2 * INTERVAL);
    expect(logs).toEqual(['state metrics are not stored']);
    expect(await registry.metrics()).toContain('pharos_state_metrics_emissions_total{cluster="c1",result="refused"} 2');
    await metrics.close({ markStale: false });
  });

  it('spreads a large emission and has all of it at one timestamp', async () => {
    const { cluster, clock, metrics, sync, storage } = setUp();
    for (let i = 0; i < 4_000; i++) cluster.put('pods', pod(`p${i}`));
    sync('pods');
    metrics.start();
    for (let i = 0; i < 50 && metrics.stats.series < 24_000; i++) await settle();
    await clock.pass(INTERVAL);
    expect(metrics.stats.lastSamples).toBe(24_007);
    // 24,000 series at 50,000 a second, the last chunk not waited for.
    expect(metrics.stats.lastDuration).toBeGreaterThan(300);
    expect(metrics.stats.lastDuration).toBeLessThan(480);
    const set = await storage.querier.select(
      { matchers: [new Matcher('__name__', '=', 'kube_pod_info')], start: 0, end: 2e12 },
      new AbortController().signal,
    );
    const times = new Set((await readSamples(set)).flat().map(({ timestamp }) => timestamp));
    expect([...times]).toEqual([metrics.stats.lastEmission]);
    await metrics.close({ markStale: false });
  });

  it('refuses a selection that cannot be meant', () => {
    expect(() => setUp({ families: { metricDenylist: ['('] } })).toThrow(
      'metric_denylist must be of regular expressions',
    );
    expect(() => setUp({ families: { resourceOptIn: ['pod'] } })).toThrow(
      'resource_opt_in must name resources of pods, nodes',
    );
    expect(() => setUp({ interval: 0 })).toThrow('interval must be 1 ms or more, got 0');
  });
});
