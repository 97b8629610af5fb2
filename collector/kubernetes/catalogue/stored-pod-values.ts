import type { Labels } from '../../../storage/labels.ts';
import { Matcher } from '../../../storage/matcher.ts';
import type { Querier } from '../../../storage/querier.ts';
import { SampleTable } from '../../../storage/sample-table.ts';
import { YOUNG } from './cadvisor-tap.ts';
import { type Answer, COMPONENT_JOBS, componentOfJob, ETCD_SIZES } from './component-health.ts';
import { metricName, POD_LEVEL } from './definitions.ts';
import type { PodEntry } from './pod-entry.ts';
import type { PodIndex } from './pod-index.ts';
import { type LatestValues, type PodValues, SUMMED } from './pod-values.ts';
import { clear, podScope, type Usage } from './scopes.ts';

/** How long the store may take. */
const TIMEOUT = 20_000;

/** The pods' metrics that are a sum's parts as they are, by name. */
const PARTS = partsOf();

export interface StoredPodValuesOptions {
  /** The value of the label `cluster`; '' for none. */
  readonly cluster: string;
  readonly interval: number;
}

/**
 * The newest k8s_pod_* samples in the store, which all collectors of the cluster write to: what the leader sums where each
 * scrapes only its share of the kubelets.
 */
export class StoredPodValues implements PodValues {
  readonly #querier: Querier;
  readonly #options: StoredPodValuesOptions;

  constructor(querier: Querier, options: StoredPodValuesOptions) {
    this.#querier = querier;
    this.#options = options;
  }

  async refresh(
    { index, latest }: { readonly index: PodIndex; readonly latest: LatestValues },
    timestamp: number,
  ): Promise<void> {
    const found = new Map<PodEntry, { at: number; values: Usage }>();
    await this.#newest([...PARTS.keys()], { timestamp }, (labels, at, value) => {
      const entry = index.get(labels.get('namespace'), labels.get('pod'));
      // Of a pod that was on another node before.
      if (entry === undefined || entry.slot.name !== labels.get('node')) return;
      let known = found.get(entry);
      if (known === undefined || known.at < at) {
        known = { at, values: podScope() };
        found.set(entry, known);
      }
      if (known.at === at) known.values[PARTS.get(labels.metric)!] = value;
    });
    const sample = podScope();
    for (const [entry, { at, values }] of found) {
      clear(sample);
      Object.assign(sample, values);
      const { capacity } = entry.slot;
      if (!Number.isNaN(sample.cpu)) sample.cpuResource = orCapacity(entry.cpuResource, capacity.cpu);
      if (!Number.isNaN(sample.memory)) sample.memoryResource = orCapacity(entry.memoryResource, capacity.memory);
      // CPU that a pod had and has no more although it runs: at least one of its containers has none.
      const goesOn = Number.isNaN(sample.cpu) && entry.containers.length > 0 && latest.isKnown(entry.index);
      if (!goesOn) latest.put(entry.index, at, sample);
      else if (entry.startedAt > at - YOUNG * this.#options.interval) latest.goOn(entry.index, at, sample);
    }
  }

  async answers(timestamp: number): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    const jobs = new Matcher('job', '=~', COMPONENT_JOBS);
    await this.#newest(['up', ...ETCD_SIZES], { timestamp, also: [jobs] }, (labels, at, value) => {
      const component = componentOfJob(labels.get('job'));
      if (component === undefined) return;
      const isUp = labels.metric === 'up' ? value === 1 : undefined;
      answers.push({ component, isUp, at, etcdSize: isUp === undefined ? value : Number.NaN });
    });
    return answers;
  }

  /** The newest sample of each series of these metrics in the last two intervals, unless it is a stale marker. */
  async #newest(
    metrics: readonly string[],
    { timestamp, also = [] }: { readonly timestamp: number; readonly also?: readonly Matcher[] },
    visit: (labels: Labels, at: number, value: number) => void,
  ): Promise<void> {
    const { cluster, interval } = this.#options;
    const set = await this.#querier.select(
      {
        matchers: [new Matcher('__name__', '=~', metrics.join('|')), new Matcher('cluster', '=', cluster), ...also],
        start: timestamp - 2 * interval,
        end: timestamp,
      },
      AbortSignal.timeout(TIMEOUT),
    );
    const table = new SampleTable(set.series.length);
    for await (const block of set.blocks()) table.add(block);
    for (const [index, labels] of set.series.entries()) {
      const { length, timestamps, values, stale } = table.read(index);
      if (length > 0 && stale[length - 1] === 0) visit(labels, timestamps[length - 1]!, values[length - 1]!);
    }
  }
}

function orCapacity(own: number, capacity: number): number {
  return Number.isNaN(own) ? capacity : own;
}

/** Which metric of a pod is which of its quantities: the table's definitions tell, when they are given one at a time. */
function partsOf(): ReadonlyMap<string, keyof Usage> {
  const scope = podScope();
  const parts = new Map<string, keyof Usage>();
  for (const name of SUMMED) {
    if (name === 'cpuResource' || name === 'memoryResource') continue;
    clear(scope);
    scope[name] = 1;
    const definition = POD_LEVEL.definitions.find(({ value }) => value(scope) === 1)!;
    parts.set(metricName(POD_LEVEL.level, definition), name);
  }
  return parts;
}
