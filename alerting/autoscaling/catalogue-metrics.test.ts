import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { RecentSamples } from '../../storage/recent/recent-samples.ts';
import { createQuerierReader } from '../querier-reader.ts';
import { AnswersBed, errorOf } from './answers/answers-bed.case.ts';
import { type CatalogueMetricsOptions, catalogueMetrics } from './catalogue-metrics.ts';
import type { ServedMetric } from './served-metric.ts';

const NEVER = new AbortController().signal;

const LEVELS = [
  { level: 'cluster', metrics: units([['k8s_cluster_cpu_core_total', 'cores']]) },
  { level: 'node', metrics: units([['k8s_node_cpu_usage', '%']]) },
  { level: 'namespace', metrics: units([['k8s_namespace_pod_restart_total', '1']]) },
  { level: 'service', metrics: units([['k8s_service_network_receive_bytes_bw', 'bytes/s']]) },
  { level: 'workload', metrics: units([['k8s_workload_cpu_core_used', 'cores']]) },
  {
    level: 'pod',
    metrics: units([
      ['k8s_pod_cpu_core_used', 'cores'],
      ['k8s_pod_mem_usage_bytes', 'bytes'],
    ]),
  },
  { level: 'container', metrics: units([['k8s_container_cpu_core_used', 'cores']]) },
] as const;

function units(list: readonly (readonly [name: string, unit: string])[]) {
  return new Map(list.map(([name, unit]) => [name, { unit }]));
}

/** The catalogue over a store, with the recent past in memory as it is in a server. */
class CatalogueBed extends AnswersBed {
  readonly recent: RecentSamples;
  readonly metrics: readonly ServedMetric[];

  constructor(options: Partial<CatalogueMetricsOptions> = {}) {
    super({
      onReads: (reads) => this.recent.want('autoscaling', new Map(reads.map((read) => [read.metric, read.back]))),
    });
    this.recent = new RecentSamples({ storage: createMemoryStorage(), now: () => this.clock.now() });
    const read = createQuerierReader(this.recent.storage.querier);
    this.metrics = catalogueMetrics(LEVELS, { cluster: 'c1', read, ...options });
    this.answers.setMetrics('catalogue', this.metrics);
    this.answers.start();
  }

  /** A sample of now, or the end of a series. */
  async put(labels: Readonly<Record<string, string>>, value: number | 'stale'): Promise<void> {
    const { appender } = this.recent.storage;
    const ref = appender.acquire(Labels.from({ cluster: 'c1', ...labels }));
    await appender.append({
      length: 1,
      refs: Uint32Array.of(ref),
      timestamps: Float64Array.of(this.clock.now()),
      values: Float64Array.of(value === 'stale' ? Number.NaN : value),
      stale: Uint8Array.of(value === 'stale' ? 1 : 0),
    });
  }

  pod(name: string, value: number | 'stale', more: Readonly<Record<string, string>> = {}): Promise<void> {
    return this.put({ __name__: 'k8s_pod_cpu_core_used', namespace: 'web', pod: name, node: 'n1', ...more }, value);
  }

  evaluate(name: string) {
    const metric = this.metrics.find((one) => one.name === name)!;
    return metric.evaluate({ at: this.clock.now(), selector: [] }, NEVER);
  }
}

describe('the catalogue as served metrics', () => {
  it('is of the objects of its levels, with the windows of rates and of gauges', () => {
    const { metrics } = new CatalogueBed({ scrapeInterval: 30_000 });
    expect(metrics.map(({ name, api, resources, window }) => [name, api, resources.join(), window])).toEqual([
      ['k8s_cluster_cpu_core_total', 'external', '', 30_000],
      ['k8s_node_cpu_usage', 'custom', 'nodes', 120_000],
      ['k8s_namespace_pod_restart_total', 'custom', 'namespaces', 30_000],
      ['k8s_service_network_receive_bytes_bw', 'custom', 'services', 120_000],
      [
        'k8s_workload_cpu_core_used',
        'custom',
        'deployments.apps,statefulsets.apps,daemonsets.apps,replicasets.apps,jobs.batch,cronjobs.batch',
        120_000,
      ],
      ['k8s_pod_cpu_core_used', 'custom', 'pods', 120_000],
      ['k8s_pod_mem_usage_bytes', 'custom', 'pods', 30_000],
    ]);
  });

  it.each([
    ['k8s_pod_cpu_core_used', { pod: 'a' }, 'pods', 'web/a'],
    ['k8s_workload_cpu_core_used', { workload_kind: 'Deployment', workload_name: 'a' }, 'deployments.apps', 'web/a'],
    ['k8s_workload_cpu_core_used', { workload_kind: 'CronJob', workload_name: 'a' }, 'cronjobs.batch', 'web/a'],
    ['k8s_service_network_receive_bytes_bw', { service: 'a' }, 'services', 'web/a'],
    ['k8s_namespace_pod_restart_total', {}, 'namespaces', '/web'],
    ['k8s_node_cpu_usage', { node: 'a' }, 'nodes', '/a'],
  ])('%s with %j is of %s', (name, labels, resource, expected) => {
    const metric = new CatalogueBed().metrics.find((one) => one.name === name)!;
    const all = Labels.from({ namespace: 'web', ...labels });
    const resources = [...metric.resources, 'ingresses.networking.k8s.io'];
    const found = resources.flatMap((one) => {
      const object = metric.objectOf(all, one);
      return object === undefined ? [] : [`${one} ${object.namespace}/${object.name}`];
    });
    expect(found).toEqual([`${resource} ${expected}`]);
    expect(metric.objectOf(Labels.EMPTY, resource)).toBeUndefined();
  });

  it('is the last sample of each series with its own time, of its own cluster only', async () => {
    const bed = new CatalogueBed();
    bed.pods('a', 'b', 'c');
    await bed.pod('a', 1);
    await bed.pod('b', 2);
    await bed.pod('c', 3, { cluster: 'c2' });
    const start = bed.clock.now();
    await bed.clock.advance(15_000);
    await bed.pod('a', 4);
    const answer = await bed.ask({ metric: 'k8s_pod_cpu_core_used' });
    expect(answer.map(({ name, value, timestamp }) => [name, value, timestamp - start])).toEqual([
      ['a', 4, 15_000],
      ['b', 2, 0],
    ]);
    await bed.clock.advance(75_001);
    const later = await bed.ask({ metric: 'k8s_pod_cpu_core_used' });
    expect(later.map(({ name }) => name)).toEqual(['a']);
  });

  it('is of no named cluster when the cluster has no name', async () => {
    const bed = new CatalogueBed({ cluster: '' });
    bed.pods('a', 'b');
    await bed.pod('a', 1);
    await bed.pod('b', 2, { cluster: '' });
    expect((await bed.ask({ metric: 'k8s_pod_cpu_core_used' })).map(({ name }) => name)).toEqual(['b']);
  });

  it('has no value where a series has ended, until it goes on, here or on another node', async () => {
    const bed = new CatalogueBed();
    bed.pods('a', 'b');
    await bed.pod('a', 1);
    await bed.pod('b', 2);
    await bed.clock.advance(15_000);
    await bed.pod('a', 'stale');
    expect((await bed.ask({ metric: 'k8s_pod_cpu_core_used' })).map(({ name }) => name)).toEqual(['b']);
    expect(await errorOf(bed.ask({ metric: 'k8s_pod_cpu_core_used', name: 'a' }))).toBe(
      'noValue: pod web/a has a value of k8s_pod_cpu_core_used that is in doubt: its series has ended',
    );
    await bed.pod('a', 5, { node: 'n2' });
    // The other series is as fresh, and that it has not ended is nobody's fault.
    await bed.pod('b', 6, { node: 'n2' });
    await bed.clock.advance(15_000);
    const answer = await bed.ask({ metric: 'k8s_pod_cpu_core_used' });
    expect(answer.map(({ name, value }) => [name, value])).toEqual([
      ['a', 5],
      ['b', 6],
    ]);
  });

  it('holds the last value beyond a stale marker when told to', async () => {
    const bed = new CatalogueBed({ hold: 60_000 });
    bed.pods('a');
    await bed.pod('a', 1);
    const start = bed.clock.now();
    await bed.ask({ metric: 'k8s_pod_cpu_core_used' });
    await bed.clock.advance(15_000);
    await bed.pod('a', 'stale');
    await bed.clock.advance(135_000);
    expect(await bed.ask({ metric: 'k8s_pod_cpu_core_used' })).toEqual([
      { namespace: 'web', name: 'a', value: 1, timestamp: start, window: 120_000 },
    ]);
    await bed.clock.advance(1);
    expect(await errorOf(bed.ask({ metric: 'k8s_pod_cpu_core_used' }))).toMatch(/^noValue: /);
  });

  it('is one value of the cluster', async () => {
    const bed = new CatalogueBed();
    await bed.put({ __name__: 'k8s_cluster_cpu_core_total' }, 64);
    const question = { metric: 'k8s_cluster_cpu_core_total' };
    expect(await bed.askExternal(question)).toEqual([
      { labels: Labels.from({ cluster: 'c1' }), value: 64, timestamp: bed.clock.now(), window: 15_000 },
    ]);
    await bed.clock.advance(15_000);
    await bed.put({ __name__: 'k8s_cluster_cpu_core_total' }, 'stale');
    await bed.clock.advance(15_000);
    expect(await errorOf(bed.askExternal(question))).toMatch(/^noValue: .* its series has ended$/);
  });

  it('gives the same labels while no series comes or goes, read from memory, and tells what it reads', async () => {
    const bed = new CatalogueBed({ hold: 30_000 });
    bed.pods('a');
    await bed.pod('a', 1);
    await bed.ask({ metric: 'k8s_pod_cpu_core_used' });
    const pod = bed.metrics.find(({ name }) => name === 'k8s_pod_cpu_core_used')!;
    expect(pod.reads).toEqual([{ metric: 'k8s_pod_cpu_core_used', back: 135_000 }]);
    await bed.clock.advance(15_000);
    await bed.pod('a', 2);
    const first = await bed.evaluate('k8s_pod_cpu_core_used');
    await bed.pod('a', 3);
    const second = await bed.evaluate('k8s_pod_cpu_core_used');
    expect(second.labels).toBe(first.labels);
    await bed.pod('b', 1);
    const third = await bed.evaluate('k8s_pod_cpu_core_used');
    expect([...third.values].sort()).toEqual([1, 3]);
  });

  it('is an error when the store cannot be read', async () => {
    const bed = new CatalogueBed({
      read: async (_, take) => take(0, new Error('the store is away')),
    });
    bed.pods('a');
    expect(await errorOf(bed.ask({ metric: 'k8s_pod_cpu_core_used' }))).toBe(
      'unavailable: metric k8s_pod_cpu_core_used cannot be evaluated: the store is away',
    );
  });
});
