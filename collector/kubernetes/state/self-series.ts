import type { Registry } from 'prom-client';
import type { Clock } from '../../../clock/clock.ts';
import type { Appender } from '../../../storage/appender.ts';
import { type Labels, METRIC_NAME } from '../../../storage/labels.ts';
import { EmittedSeries, type Slot } from '../../emission/emitted-series.ts';
import { REPORT_METADATA } from '../../scrape/report.ts';
import type { KubeCluster } from '../kube-cluster.ts';
import { type KubernetesMetrics, kubernetesMetrics } from '../kubernetes-metrics.ts';
import type { ResourceName } from '../objects.ts';
import { RESOURCES } from '../resources.ts';

/** Which part of a cluster's objects a process tells: number `ordinal`, from 0, of `total`. */
export interface Shard {
  readonly ordinal: number;
  readonly total: number;
}

export interface SelfSeriesOptions {
  readonly cluster: KubeCluster;
  readonly appender: Appender;
  readonly registry: Registry;
  readonly labels: Labels;
  readonly clock: Clock;
  readonly speaks?: () => boolean;
  readonly shard?: Shard;
  /** Whose lists and watches are counted. */
  readonly resources: readonly ResourceName[];
}

const LISTS = 'kube_state_metrics_list_total';
const WATCHES = 'kube_state_metrics_watch_total';
const ORDINAL = 'kube_state_metrics_shard_ordinal';
const TOTAL = 'kube_state_metrics_total_shards';

const METADATA = [
  { metric: LISTS, type: 'counter', help: 'Lists of a resource, by whether they succeeded.', unit: '' },
  { metric: WATCHES, type: 'counter', help: 'Watches of a resource, by whether they succeeded.', unit: '' },
  { metric: ORDINAL, type: 'gauge', help: 'Which of the shards this is, from 0.', unit: '' },
  { metric: TOTAL, type: 'gauge', help: 'Over how many shards the objects are distributed.', unit: '' },
] as const;

/**
 * What kube-state-metrics tells about itself, and `up`, which a scrape of it would give: 1 when the state that is told is
 * current. Of shards each tells its own; of processes that take turns, the one that tells the objects.
 */
export class SelfSeries {
  readonly #options: SelfSeriesOptions;
  readonly #metrics: KubernetesMetrics;
  readonly #series: EmittedSeries;
  readonly #slots = new Map<string, Slot>();

  constructor(options: SelfSeriesOptions) {
    this.#options = options;
    this.#metrics = kubernetesMetrics(options.registry, () => options.clock.now());
    this.#series = new EmittedSeries(options.appender);
  }

  describe(): void {
    this.#options.appender.describe([...METADATA, ...REPORT_METADATA.filter(({ metric }) => metric === 'up')]);
  }

  /** Resolves and rejects as EmittedSeries' emit. */
  async emit(timestamp: number, isUp: boolean): Promise<number> {
    const { speaks, shard = { ordinal: 0, total: 1 }, resources } = this.#options;
    if (speaks?.() === false) return this.#series.emit(timestamp, { silent: true });
    this.#set(isUp ? 1 : 0, 'up');
    this.#set(shard.ordinal, ORDINAL, ['shard_ordinal', String(shard.ordinal)]);
    this.#set(shard.total, TOTAL);
    const { lists, watches, errors } = this.#metrics;
    const counts = await Promise.all([
      this.#sums(lists, {}),
      this.#sums(watches, {}),
      this.#sums(errors, { verb: 'list' }),
      this.#sums(errors, { verb: 'watch' }),
    ]);
    for (const name of resources) {
      const { version, kind } = RESOURCES[name];
      const resource = ['resource', `*${version}.${kind}`];
      const [listed, watched, listErrors, watchErrors] = counts.map((sums) => sums.get(name) ?? 0);
      this.#set(listed!, LISTS, [...resource, 'result', 'success']);
      this.#set(listErrors!, LISTS, [...resource, 'result', 'error']);
      this.#set(watched!, WATCHES, [...resource, 'result', 'success']);
      this.#set(watchErrors!, WATCHES, [...resource, 'result', 'error']);
    }
    return this.#series.emit(timestamp);
  }

  /** Ends all of it with stale markers. */
  end(timestamp: number): Promise<number> {
    return this.#series.emit(timestamp, { silent: true });
  }

  close(): void {
    this.#series.release();
  }

  /** A counter of this cluster by resource, as far as its labels are these. */
  async #sums(counter: CounterValues, only: Readonly<Record<string, string>>): Promise<Map<string, number>> {
    const sums = new Map<string, number>();
    const { values } = await counter.get();
    for (const { labels, value } of values) {
      if (labels.cluster !== this.#options.cluster.name) continue;
      if (Object.entries(only).some(([name, wanted]) => labels[name] !== wanted)) continue;
      const resource = String(labels.resource);
      sums.set(resource, (sums.get(resource) ?? 0) + value);
    }
    return sums;
  }

  #set(value: number, metric: string, labels: readonly string[] = []): void {
    const key = [metric, ...labels].join(' ');
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      let all = this.#options.labels.with(METRIC_NAME, metric);
      for (let i = 0; i < labels.length; i += 2) all = all.with(labels[i]!, labels[i + 1]!);
      slot = this.#series.open(all);
      this.#slots.set(key, slot);
    }
    this.#series.set(slot, value);
  }
}

interface CounterValues {
  get(): Promise<{
    readonly values: readonly { readonly labels: Partial<Record<string, string | number>>; readonly value: number }[];
  }>;
}
