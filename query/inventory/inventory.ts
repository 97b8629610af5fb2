// The lists are made of each other (nodes count their pods, workloads are known by theirs), so each is kept for a while and all
// who ask share it: what one client looks at costs the same as what a hundred do.
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
import { readWorkloads } from './workloads.ts';

export interface InventoryOptions {
  readonly query: InventoryQuery;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long a list serves, in milliseconds. Default 10 s. */
  readonly keep?: number;
  /** After how many milliseconds making a list fails. Default 30 s. */
  readonly timeout?: number;
}

/** The lists that there are. */
export const RESOURCES = ['clusters', 'nodes', 'namespaces', 'workloads', 'pods', 'containers'] as const;
export type Resource = (typeof RESOURCES)[number];

/**
 * What is in the clusters, from what is stored of them. Answers a page of a list, from the query string of its request. Rejects
 * with a QueryError: bad_data for a wrong parameter, else what the engine says.
 */
export type Inventory = (resource: Resource, parameters: URLSearchParams) => Promise<ListAnswer>;

/** Something with the moment as of which it is true. */
interface Kept<T> {
  readonly value: T;
  readonly time: number;
}

/** An inventory that evaluates nothing more than once per `keep`, and nothing that nobody asks for. */
export function createInventory({ query, now, keep = 10_000, timeout = 30_000 }: InventoryOptions): Inventory {
  /** A list that is made when it is older than `keep`; while it is, all wait for the same one. A failure is not kept. */
  function kept<T>(make: (reading: Reading) => Promise<T>): () => Promise<Kept<T>> {
    let last: Promise<Kept<T>> | undefined;
    let begun = 0;
    return () => {
      const time = now();
      if (last === undefined || time - begun >= keep || time < begun) {
        const made = make({ query, time, signal: AbortSignal.timeout(timeout) }).then((value) => ({ value, time }));
        last = made;
        begun = time;
        made.catch(() => {
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
  const lists: Record<Resource, () => Promise<Kept<readonly object[]>>> = {
    clusters,
    nodes,
    namespaces,
    workloads,
    pods,
    containers,
  };
  return async (resource, parameters) => {
    const request = parseListRequest(resource, parameters);
    const { value, time } = await lists[resource]();
    return rowsOf(value as readonly Row[], request, time);
  };
}
