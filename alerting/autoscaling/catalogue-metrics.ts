import type { Labels } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import type { ReadSamples, SampleReader, SeriesRows } from '../sample-reader.ts';
import type { DescribedObject, Evaluation, EvaluationRequest, MetricRead, ServedMetric } from './served-metric.ts';

/** What a series of the catalogue is about. */
export type CatalogueLevel = 'cluster' | 'node' | 'namespace' | 'service' | 'workload' | 'pod' | 'container';

/** The metrics of one level of the k8s_* catalogue. */
export interface CatalogueMetrics {
  readonly level: CatalogueLevel;
  readonly metrics: ReadonlyMap<string, { readonly unit: string }>;
}

export interface CatalogueMetricsOptions {
  /** The cluster's name, as its series have it; '' when they have none. Series of other clusters never count. */
  readonly cluster: string;
  readonly read: SampleReader;
  /** Milliseconds between two samples. Default: 15 s. */
  readonly scrapeInterval?: number;
  /** Milliseconds that a sample may be old. Default: 90 s, which is two missed scrapes of 30 s and some. */
  readonly freshness?: number;
  /** Milliseconds for which the last good value is served beyond that. Default: 0. */
  readonly hold?: number;
  /** Milliseconds between two evaluations. Default: 15 s. */
  readonly interval?: number;
}

export const CATALOGUE_ORIGIN = 'the k8s_* catalogue';

/** Milliseconds of the rates in the catalogue. */
const RATE_WINDOW = 120_000;

/** Of workloads, by their kind. */
const WORKLOADS: ReadonlyMap<string, string> = new Map([
  ['deployments.apps', 'Deployment'],
  ['statefulsets.apps', 'StatefulSet'],
  ['daemonsets.apps', 'DaemonSet'],
  ['replicasets.apps', 'ReplicaSet'],
  ['jobs.batch', 'Job'],
  ['cronjobs.batch', 'CronJob'],
]);

const RESOURCES: Readonly<Record<CatalogueLevel, readonly string[]>> = {
  cluster: [],
  node: ['nodes'],
  namespace: ['namespaces'],
  service: ['services'],
  workload: [...WORKLOADS.keys()],
  pod: ['pods'],
  // No resource of Kubernetes is a container.
  container: [],
};

/**
 * The k8s_* catalogue as autoscalers can ask for it, with no configuration: what is of pods, workloads, namespaces, nodes and services of these
 * objects, what is of the cluster as external metrics. An evaluation reads the last sample of every series, which is in memory where the reader
 * keeps what is in `reads`.
 */
export function catalogueMetrics(
  levels: readonly CatalogueMetrics[],
  options: CatalogueMetricsOptions,
): readonly ServedMetric[] {
  return levels
    .filter(({ level }) => level !== 'container')
    .flatMap(({ level, metrics }) =>
      [...metrics].map(([name, { unit }]) => new CatalogueMetric(name, { level, unit }, options)),
    );
}

class CatalogueMetric implements ServedMetric {
  readonly name: string;
  readonly api;
  readonly resources;
  readonly window: number;
  readonly freshness: number;
  readonly hold: number;
  readonly namespace = undefined;
  readonly selectsInside = false;
  /** A pod that has moved, or whose owner has become known, goes on in another series. */
  readonly newestCounts = true;
  readonly reads: readonly MetricRead[];
  readonly origin = CATALOGUE_ORIGIN;
  readonly #level: CatalogueLevel;
  readonly #read: SampleReader;
  readonly #matchers: readonly Matcher[];
  readonly #back: number;

  constructor(
    name: string,
    { level, unit }: { readonly level: CatalogueLevel; readonly unit: string },
    {
      cluster,
      read,
      scrapeInterval = 15_000,
      freshness = 90_000,
      hold = 0,
      interval = 15_000,
    }: CatalogueMetricsOptions,
  ) {
    this.name = name;
    this.api = level === 'cluster' ? ('external' as const) : ('custom' as const);
    this.resources = RESOURCES[level];
    this.window = isRate(name, unit) ? RATE_WINDOW : scrapeInterval;
    this.freshness = freshness;
    this.hold = hold;
    this.#level = level;
    this.#read = read;
    this.#matchers = [new Matcher('cluster', '=', cluster)];
    this.#back = freshness + hold + interval;
    this.reads = [{ metric: name, back: this.#back }];
  }

  objectOf(labels: Labels, resource: string): DescribedObject | undefined {
    switch (this.#level) {
      case 'pod':
        return resource === 'pods' ? named(labels.get('namespace'), labels.get('pod')) : undefined;
      case 'workload': {
        const kind = labels.get('workload_kind');
        if (kind === '' || kind !== WORKLOADS.get(resource)) return undefined;
        return named(labels.get('namespace'), labels.get('workload_name'));
      }
      case 'service':
        return resource === 'services' ? named(labels.get('namespace'), labels.get('service')) : undefined;
      case 'namespace':
        return resource === 'namespaces' ? named('', labels.get('namespace')) : undefined;
      case 'node':
        return resource === 'nodes' ? named('', labels.get('node')) : undefined;
      case 'cluster':
      case 'container':
        return undefined;
    }
    return this.#level satisfies never;
  }

  async evaluate({ at }: EvaluationRequest, signal: AbortSignal): Promise<Evaluation> {
    const request = { metric: this.name, matchers: this.#matchers, from: at - this.#back, to: at };
    let found: Evaluation | Error | undefined;
    await this.#read(
      [request],
      (_, answer) => {
        found = answer instanceof Error ? answer : lastSamples(answer, request);
      },
      signal,
    );
    if (found === undefined) throw new Error(`reading ${this.name} gave no answer`);
    if (found instanceof Error) throw found;
    return found;
  }
}

const ENDED = 'its series has ended';

/** The last sample of each series with from < timestamp <= to. */
function lastSamples(answer: ReadSamples, { from, to }: { readonly from: number; readonly to: number }): Evaluation {
  const { series } = answer;
  const values = new Float64Array(series.length).fill(Number.NaN);
  const timestamps = new Float64Array(series.length).fill(Number.NaN);
  const doubts = new Map<number, string>();
  const rows: SeriesRows = { timestamps, values, stale: new Uint8Array(0), from: 0, to: 0 };
  for (let row = 0; row < series.length; row++) {
    answer.locate(row, rows);
    let last = rows.to - 1;
    while (last >= rows.from && rows.timestamps[last]! > to) last--;
    if (last < rows.from || !(rows.timestamps[last]! > from)) continue;
    if (rows.stale[last] === 1) {
      doubts.set(row, ENDED);
      continue;
    }
    values[row] = rows.values[last]!;
    timestamps[row] = rows.timestamps[last]!;
  }
  return { labels: series, values, timestamps, doubts };
}

function named(namespace: string, name: string): DescribedObject | undefined {
  return name === '' ? undefined : { namespace, name };
}

/** Use of CPU and what is counted per second are rates; all else is as of its sample. */
function isRate(name: string, unit: string): boolean {
  return unit.endsWith('/s') || /cpu_(core_)?us(ed|age)/.test(name);
}
