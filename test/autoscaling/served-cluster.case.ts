import pino from 'pino';
import { Registry } from 'prom-client';
import { Answers } from '../../alerting/autoscaling/answers/answers.ts';
import { MetricsApisBed } from '../../alerting/autoscaling/api/metrics-apis-bed.case.ts';
import { catalogueMetrics } from '../../alerting/autoscaling/catalogue-metrics.ts';
import { createExpressionMetric } from '../../alerting/autoscaling/expressions/expression-metric.ts';
import { readMetric } from '../../alerting/autoscaling/expressions/read-metric.ts';
import { IndexedDirectory, type ListedObject } from '../../alerting/autoscaling/indexed-directory.ts';
import { ResourceUsage } from '../../alerting/autoscaling/resource-usage.ts';
import { TestFeed } from '../../alerting/autoscaling/usage-bed.case.ts';
import { createQuerierReader } from '../../alerting/querier-reader.ts';
import { SteppedClock } from '../../alerting/stepped-clock.case.ts';
import { createEngine } from '../../query/engine.ts';
import { Labels, METRIC_NAME } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import type { Querier } from '../../storage/querier.ts';

export interface ServedPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the metric `k8s_pod_load`, and bytes of memory: no other pod has the same. */
  readonly value: number;
}

export interface ServedQueue {
  readonly labels: Readonly<Record<string, string>>;
  /** Of the external metric `depth`. */
  readonly value: number;
}

const APPS = ['web', 'db', 'mail'];
const NAMESPACES = ['shop', 'bank', 'or', 'default'];

/** Four namespaces with pods of the same names. */
export const PODS: readonly ServedPod[] = NAMESPACES.flatMap((namespace, i) =>
  APPS.flatMap((app, j) =>
    [0, 1].map((k) => ({
      namespace,
      name: `${app}-${k}`,
      labels: { app, ...(k === 0 && { tier: 'front' }), 'app.kubernetes.io/name': `${app}.v1` },
      value: 1000 + i * 100 + j * 10 + k,
    })),
  ),
);

export const QUEUES: readonly ServedQueue[] = [
  { labels: { queue: 'orders', shard: 'a' }, value: 11 },
  { labels: { queue: 'orders', shard: 'b' }, value: 12 },
  { labels: { queue: 'mail' }, value: 13 },
  { labels: { queue: 'a"b\\c{' }, value: 14 },
];

/** The metrics that may be read, whatever is asked for. */
const READ = new Set([
  'k8s_pod_load',
  'queue_depth',
  'up',
  'kubelet_container_cpu_usage_seconds_total',
  'kubelet_container_memory_working_set_bytes',
  'kubelet_node_cpu_usage_seconds_total',
  'kubelet_node_memory_working_set_bytes',
]);

/**
 * The server over TLS, with everything behind it as it is, over a store in memory: of another cluster too, of which nothing may
 * be served.
 */
export class ServedCluster {
  readonly #storage = createMemoryStorage();
  readonly #clock = new SteppedClock();
  /** What was read that nobody may make the server read. */
  readonly wrongReads: string[] = [];
  bed!: MetricsApisBed;

  static async start(): Promise<ServedCluster> {
    const cluster = new ServedCluster();
    await cluster.#fill();
    const feeds = new Map([
      ['pods', new TestFeed()],
      ['nodes', new TestFeed()],
    ]);
    const directory = new IndexedDirectory({
      resources: new Set(feeds.keys()),
      open: (resource) => ({ feed: feeds.get(resource)!, close: () => undefined }),
    });
    const creationTimestamp = new Date(cluster.#clock.now() - 3_600_000).toISOString();
    for (const { namespace, name, labels } of PODS) {
      feeds.get('pods')!.put({
        metadata: { namespace, name, labels, creationTimestamp },
        spec: { nodeName: 'n1' },
        status: { containerStatuses: [{ name: 'app', state: { running: { startedAt: creationTimestamp } } }] },
      } as ListedObject);
    }
    const querier = cluster.#watched();
    const options = { clock: cluster.#clock, logger: pino({ level: 'silent' }), registry: new Registry(), directory };
    const read = createQuerierReader(querier);
    const answers = new Answers(options);
    const metrics = new Map([['k8s_pod_load', { unit: '' }]]);
    answers.setMetrics('catalogue', catalogueMetrics([{ level: 'pod', metrics }], { cluster: 'c', read }));
    const expr = 'sum by (queue, shard) (queue_depth{$selector})';
    const { definition } = readMetric({ name: 'depth', type: 'External', expr }, { form: 'camel', origin: 'a test' });
    const engine = createEngine({ querier });
    const query = async (expr: string, time: number, signal: AbortSignal) => {
      const { value } = await engine.instant({ expr, time }, signal);
      if (value.type !== 'vector') throw new Error(`expected a vector, got a ${value.type}`);
      return { samples: value.samples };
    };
    answers.setMetrics('configuration', [createExpressionMetric(definition!, { query, cluster: 'c' })]);
    const usage = new ResourceUsage({ ...options, read, cluster: 'c' });
    cluster.bed = await MetricsApisBed.start({ metrics: answers, usage, directory });
    return cluster;
  }

  close(): Promise<void> {
    return this.bed.close();
  }

  async #fill(): Promise<void> {
    for (const cluster of ['c', 'other']) {
      const factor = cluster === 'c' ? 1 : 1_000_000;
      for (const { namespace, name: pod, value } of PODS) {
        await this.#put({ __name__: 'k8s_pod_load', cluster, namespace, pod }, [[0, value * factor]]);
        const container = { cluster, namespace, pod, container: 'app', node: 'n1' };
        await this.#put({ ...container, __name__: 'kubelet_container_cpu_usage_seconds_total' }, [
          [-15_000, 100],
          [0, 103],
        ]);
        await this.#put({ ...container, __name__: 'kubelet_container_memory_working_set_bytes' }, [
          [-15_000, value * factor],
          [0, value * factor],
        ]);
      }
      for (const { labels, value } of QUEUES) {
        await this.#put({ ...labels, __name__: 'queue_depth', cluster }, [[0, value * factor]]);
        await this.#put({ ...labels, __name__: 'secret_depth', cluster }, [[0, 666]]);
      }
    }
  }

  async #put(labels: Record<string, string>, samples: readonly (readonly [number, number])[]): Promise<void> {
    const { appender } = this.#storage;
    await appender.append({
      length: samples.length,
      refs: new Uint32Array(samples.length).fill(appender.acquire(Labels.from(labels))),
      timestamps: Float64Array.from(samples, ([at]) => this.#clock.now() + at),
      values: Float64Array.from(samples, ([, value]) => value),
      stale: new Uint8Array(samples.length),
    });
  }

  #watched(): Querier {
    const { querier } = this.#storage;
    return new Proxy(querier, {
      get: (target, key, receiver) => {
        const value: unknown = Reflect.get(target, key, receiver);
        if (key !== 'select' || typeof value !== 'function')
          return typeof value === 'function' ? value.bind(target) : value;
        const select: Querier['select'] = (selection, signal) => {
          const named = selection.matchers.find(({ name }) => name === METRIC_NAME);
          const isOurs = selection.matchers.some(
            ({ name, value, op }) => name === 'cluster' && op === '=' && value === 'c',
          );
          const isKnown = isOurs && named !== undefined && named.op === '=' && READ.has(named.value);
          if (!isKnown) this.wrongReads.push(selection.matchers.map(String).join());
          return target.select(selection, signal);
        };
        return select;
      },
    });
  }
}
