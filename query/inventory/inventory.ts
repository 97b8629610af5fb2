// The lists are made of each other (nodes count their pods, workloads are known by theirs), so each is kept for a while and all
// who ask share it: what one client looks at costs the same as what a hundred do.
import type { Cardinality } from '../../storage/store-statistics.ts';
import { alertRows, type CurrentAlert } from './alerts.ts';
import { readClusters } from './clusters.ts';
import { readContainerStates } from './container-states.ts';
import { readContainers } from './containers.ts';
import { type ListAnswer, type Row, rowsOf } from './list.ts';
import { parseListRequest } from './list-request.ts';
import { readNamespaces } from './namespaces.ts';
import { readNodes } from './nodes.ts';
import { readOwners } from './owners.ts';
import { readPods } from './pods.ts';
import type { InventoryQuery, Reading } from './reading.ts';
import type { Resource } from './resources.ts';
import { type KnownSilence, silenceRows } from './silences.ts';
import { readScrapeCosts, type ScrapedTarget, targetRows } from './targets.ts';
import { readWorkloads } from './workloads.ts';

export interface InventoryOptions {
  readonly query: InventoryQuery;
  /** Default: none. */
  readonly sources?: InventorySources;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long a list serves, in milliseconds. Default 10 s. */
  readonly keep?: number;
  /** After how many milliseconds making a list fails. Default 30 s. */
  readonly timeout?: number;
}

/** What is listed besides what is stored of the clusters; asked for as the lists are. They reject with a QueryError. Default: there is none. */
export interface InventorySources {
  readonly targets?: (signal: AbortSignal) => Promise<readonly ScrapedTarget[]>;
  readonly alerts?: (signal: AbortSignal) => Promise<readonly CurrentAlert[]>;
  readonly silences?: (signal: AbortSignal) => Promise<readonly KnownSilence[]>;
  /** At most so many metrics and labels. */
  readonly cardinality?: (limit: number, signal: AbortSignal) => Promise<Cardinality>;
}

/**
 * What is in the clusters, from what is stored of them. Answers a page of a list, from the query string of its request. Rejects
 * with a QueryError: bad_data for a wrong parameter, else what the engine says.
 */
export type Inventory = (resource: Resource, parameters: URLSearchParams) => Promise<ListAnswer>;

/** Something with the moment as of which it is true. */
interface Kept<T> {
  readonly value: T;
  readonly time: number;
  readonly totals?: ListAnswer['totals'];
}

const NO_SERIES: Cardinality = { series: 0, newSeries: 0, metrics: [], labels: [] };

/** How long a count of series serves, in milliseconds: it costs the store a read of its index. */
const KEEP_CARDINALITY = 30_000;
/** More metrics, or labels, than this are not listed. */
const MOST_COUNTED = 100_000;

/** An inventory that evaluates nothing more than once per `keep`, and nothing that nobody asks for. */
export function createInventory({
  query,
  sources = {},
  now,
  keep = 10_000,
  timeout = 30_000,
}: InventoryOptions): Inventory {
  /** A list that is made when it is older than `keep`; while it is made, all wait for the same one. A failure is not kept. */
  function kept<T>(make: (reading: Reading) => Promise<T>, serves = keep): () => Promise<Kept<T>> {
    let last: Promise<Kept<T>> | undefined;
    let begun = 0;
    let isMaking = false;
    return () => {
      const time = now();
      if (last === undefined || (!isMaking && (time - begun >= serves || time < begun))) {
        const made = make({ query, time, signal: AbortSignal.timeout(timeout) }).then((value) => ({ value, time }));
        last = made;
        begun = time;
        isMaking = true;
        const end = () => {
          isMaking = false;
        };
        made.then(end, () => {
          end();
          if (last === made) last = undefined;
        });
      }
      return last;
    };
  }
  const states = kept(readContainerStates);
  const owners = kept(readOwners);
  const pods = kept(async (reading) => {
    const [{ value: of }, { value: owned }] = await Promise.all([states(), owners()]);
    return readPods(reading, { states: of, owners: owned });
  });
  const containers = kept(async (reading) => {
    const [{ value: of }, { value: all }] = await Promise.all([states(), pods()]);
    return readContainers(reading, { states: of, pods: all });
  });
  const nodes = kept(async (reading) => readNodes(reading, { pods: (await pods()).value }));
  const workloads = kept(async (reading) => {
    const [{ value: all }, { value: owned }] = await Promise.all([pods(), owners()]);
    return readWorkloads(reading, { pods: all, owners: owned });
  });
  const namespaces = kept(async (reading) => {
    const [{ value: all }, { value: those }] = await Promise.all([pods(), workloads()]);
    return readNamespaces(reading, { pods: all, workloads: those });
  });
  const clusters = kept(async (reading) => {
    const [{ value: machines }, { value: all }, { value: those }] = await Promise.all([nodes(), pods(), workloads()]);
    return readClusters(reading, { nodes: machines, pods: all, workloads: those });
  });
  const costs = kept(readScrapeCosts);
  const targets = kept(async ({ signal }) => {
    const [all, { value: cost }] = await Promise.all([sources.targets?.(signal) ?? [], costs()]);
    return targetRows(all, cost);
  }, 2_000);
  // What somebody does to alerts and silences is to be seen at once, so these are not kept.
  const alerts = kept(async ({ signal }) => alertRows((await sources.alerts?.(signal)) ?? []), 0);
  const silences = kept(async ({ signal }) => silenceRows((await sources.silences?.(signal)) ?? []), 0);
  const cardinality = kept(
    async ({ signal }) => (await sources.cardinality?.(MOST_COUNTED, signal)) ?? NO_SERIES,
    KEEP_CARDINALITY,
  );
  const part =
    <K extends 'metrics' | 'labels'>(name: K) =>
    async (): Promise<Kept<readonly object[]>> => {
      const { value, time } = await cardinality();
      const { series, newSeries } = value;
      return { value: value[name], time, totals: { series, newSeries } };
    };
  const lists: Record<Resource, () => Promise<Kept<readonly object[]>>> = {
    clusters,
    nodes,
    namespaces,
    workloads,
    pods,
    containers,
    targets,
    alerts,
    silences,
    metrics: part('metrics'),
    labels: part('labels'),
  };
  return async (resource, parameters) => {
    const request = parseListRequest(resource, parameters);
    const { value, time, totals } = await lists[resource]();
    const answer = rowsOf(value as readonly Row[], request, time);
    return totals === undefined ? answer : { ...answer, totals };
  };
}
