// The lists are made of each other (nodes count their pods, workloads are known by theirs), so each is kept for a while and all
// who ask share it: what one client looks at costs the same as what a hundred do.
import type { Cardinality } from '../../storage/store-statistics.ts';
import { alertRows, type CurrentAlert } from './alerts.ts';
import { readClusters } from './clusters.ts';
import { readContainerStates } from './container-states.ts';
import { readContainers } from './containers.ts';
import { type Kept, KeptList } from './kept-list.ts';
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
  /** How long whoever asks waits for a newer list where there is an older one, in milliseconds. Default 200. */
  readonly patience?: number;
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

/** A list, with what is told besides its rows. */
interface Listed extends Kept<readonly object[]> {
  readonly totals?: ListAnswer['totals'];
}

const NO_SERIES: Cardinality = { series: 0, newSeries: 0, metrics: [], labels: [] };

/** How old a list may be for whoever would have to wait for the next, in milliseconds. */
const USABLE = 120_000;
const UNKEPT = { keep: 0, usable: 0 };
/** How long a count of series serves, in milliseconds: it costs the store a read of its index. */
const KEEP_CARDINALITY = 30_000;
/** More metrics, or labels, than this are not listed. */
const MOST_COUNTED = 100_000;

/** An inventory that evaluates nothing more often than once per `keep`, and nothing that nobody asks for. */
export function createInventory({
  query,
  sources = {},
  now,
  keep = 10_000,
  patience = 200,
  timeout = 30_000,
}: InventoryOptions): Inventory {
  const kept = <T>(make: (reading: Reading) => Promise<T>, serves = { keep, usable: USABLE }): KeptList<T> =>
    new KeptList({
      make: (time) => make({ query, time, signal: AbortSignal.timeout(timeout) }),
      isEmpty: (value) => Array.isArray(value) && value.length === 0,
      ...{ now, patience, ...serves },
    });
  const states = kept(readContainerStates);
  const owners = kept(readOwners);
  const pods = kept(async (reading) => {
    const [{ value: of }, { value: owned }] = await Promise.all([states.fresh(), owners.fresh()]);
    return readPods(reading, { states: of, owners: owned });
  });
  const containers = kept(async (reading) => {
    const [{ value: of }, { value: all }] = await Promise.all([states.fresh(), pods.fresh()]);
    return readContainers(reading, { states: of, pods: all });
  });
  const nodes = kept(async (reading) => readNodes(reading, { pods: (await pods.fresh()).value }));
  const workloads = kept(async (reading) => {
    const [{ value: all }, { value: owned }] = await Promise.all([pods.fresh(), owners.fresh()]);
    return readWorkloads(reading, { pods: all, owners: owned });
  });
  const namespaces = kept(async (reading) => {
    const [{ value: all }, { value: those }] = await Promise.all([pods.fresh(), workloads.fresh()]);
    return readNamespaces(reading, { pods: all, workloads: those });
  });
  const clusters = kept(async (reading) => {
    const [{ value: machines }, { value: all }, { value: those }] = await Promise.all([
      nodes.fresh(),
      pods.fresh(),
      workloads.fresh(),
    ]);
    return readClusters(reading, { nodes: machines, pods: all, workloads: those });
  });
  const costs = kept(readScrapeCosts);
  const targets = kept(
    async ({ signal }) => {
      const [all, { value: cost }] = await Promise.all([sources.targets?.(signal) ?? [], costs.soon()]);
      return targetRows(all, cost);
    },
    { keep: 2_000, usable: 0 },
  );
  // What somebody does to alerts and silences is to be seen at once, so these are not kept.
  const alerts = kept(async ({ signal }) => alertRows((await sources.alerts?.(signal)) ?? []), UNKEPT);
  const silences = kept(async ({ signal }) => silenceRows((await sources.silences?.(signal)) ?? []), UNKEPT);
  const cardinality = kept(async ({ signal }) => (await sources.cardinality?.(MOST_COUNTED, signal)) ?? NO_SERIES, {
    keep: KEEP_CARDINALITY,
    usable: USABLE,
  });
  const part = (name: 'metrics' | 'labels') => ({
    async soon(): Promise<Listed> {
      const { value, time } = await cardinality.soon();
      const { series, newSeries } = value;
      return { value: value[name], time, totals: { series, newSeries } };
    },
  });
  const lists: Record<Resource, { soon(): Promise<Listed> }> = {
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
    const { value, time, totals } = await lists[resource].soon();
    const answer = rowsOf(value as readonly Row[], request, time);
    return totals === undefined ? answer : { ...answer, totals };
  };
}
