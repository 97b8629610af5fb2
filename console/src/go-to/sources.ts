import { getJson } from '../api/get-json.ts';
import { orNothing } from '../api/or-nothing.ts';
import { clusterPath, nodePath, podPath, workloadPath } from '../app/object-paths.ts';
import { filteredPath } from '../objects/filtered-path.ts';
import type { Destination, ObjectKind } from './destination.ts';

/** What a list has of a text: the first of what is called so. */
export type Found = readonly Destination[];

/** A list of the server in which places are looked for. */
export interface Source {
  readonly kind: ObjectKind;
  /** The title of its group. */
  readonly title: string;
  /** The page that lists all of what has a text in it; undefined where there is none. */
  readonly page?: string;
  /** Rejects with an ApiError. What the server does not have at all is nothing. */
  find(words: readonly string[], signal: AbortSignal): Promise<Found>;
}

type Row = Readonly<Record<string, string | undefined>>;

/** Of so many rows the first few are shown whose names are most like what is wanted. */
const LOOKED_AT = 50;

/** In the order of the groups. */
export const SOURCES: readonly Source[] = [
  inventory('clusters', { kind: 'cluster', title: 'Clusters', names: 'cluster' }),
  inventory('namespaces', { kind: 'namespace', title: 'Namespaces', names: 'namespace', places: 'cluster' }),
  inventory('nodes', { kind: 'node', title: 'Nodes', page: '/nodes', names: 'node', places: 'cluster' }),
  inventory('workloads', {
    ...{ kind: 'workload', title: 'Workloads', page: '/workloads' },
    ...{ names: 'name', places: 'kind,namespace,cluster' },
  }),
  inventory('pods', { kind: 'pod', title: 'Pods', page: '/pods', names: 'pod', places: 'namespace,cluster' }),
  inventory('alerts', { kind: 'alert', title: 'Alerts', page: '/alerts', names: 'name,object', places: 'status' }),
  {
    kind: 'policy',
    title: 'Policies',
    page: '/policies',
    find: async (words, signal) => {
      const query = new URLSearchParams({ search: words.join(' '), limit: String(LOOKED_AT) });
      const answer = getJson<{ readonly policies: readonly Row[] }>(`/api/v1/policies?${query}`, { signal });
      const { policies } = await orNothing(answer, { policies: [] });
      return policies.map((row) => destinationOf('policy', row));
    },
  },
];

/** `names` are columns by which rows are found, `places` those in which further words may be. */
function inventory(
  list: string,
  { names, places, ...source }: Omit<Source, 'find'> & { readonly names: string; readonly places?: string },
): Source {
  return {
    ...source,
    find: async (words, signal) => {
      const columns = words.length === 1 || places === undefined ? names : `${names},${places}`;
      const query = new URLSearchParams({ filter: words.join(' '), in: columns, limit: String(LOOKED_AT) });
      const answer = getJson<{ readonly items: readonly Row[] }>(`/api/v1/inventory/${list}?${query}`, { signal });
      const { items } = await orNothing(answer, { items: [] });
      return items.map((row) => destinationOf(source.kind, row));
    },
  };
}

/** The place that a row of a list is about. */
export function destinationOf(kind: ObjectKind, row: Row): Destination {
  const { cluster = '', namespace = '', name = '' } = row;
  const place = [cluster, namespace].filter((part) => part !== '').join(' / ');
  switch (kind) {
    case 'cluster':
      return { kind, name: cluster === '' ? 'Cluster' : cluster, detail: '', href: clusterPath(cluster) };
    case 'namespace': {
      const href = filteredPath('/workloads', { cluster, namespace });
      return { kind, name: namespace, detail: cluster, href };
    }
    case 'node':
      return { kind, name: row.node ?? '', detail: cluster, href: nodePath(cluster, row.node ?? '') };
    case 'workload': {
      const of = row.kind ?? '';
      return { kind, name, detail: `${of} · ${place}`, href: workloadPath(of, { cluster, namespace, name }) };
    }
    case 'pod': {
      const pod = row.pod ?? '';
      return { kind, name: pod, detail: place, href: podPath({ cluster, namespace, name: pod }) };
    }
    case 'alert': {
      const { object = '', status = '', fingerprint = '' } = row;
      const detail = [status, object].filter((part) => part !== '').join(' · ');
      return { kind, name, detail, alias: object, href: `/alerts/${encodeURIComponent(fingerprint)}` };
    }
    case 'policy':
      return { kind, name, detail: row.level ?? '', href: `/policies/${encodeURIComponent(row.id ?? '')}` };
    default:
      return kind satisfies never;
  }
}
