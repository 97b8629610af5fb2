/** Stands in paths for the cluster of which metrics name none. */
const UNNAMED = '-';

/** An object of a cluster; `cluster` is '' where its metrics have no such label. */
export interface ObjectName {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
}

/** The page of a cluster; '' is the one without a name. */
export function clusterPath(cluster: string): string {
  return path('clusters', clusterSegment(cluster));
}

/** The page of a node. Paths have no query: `keptSearch()` goes behind them. */
export function nodePath(cluster: string, node: string): string {
  return path('nodes', clusterSegment(cluster), node);
}

/** The page of a pod, or of one of its containers. */
export function podPath({ cluster, namespace, name }: ObjectName, container?: string): string {
  return path('pods', clusterSegment(cluster), namespace, name, ...(container === undefined ? [] : [container]));
}

/** The page of a workload; `kind` as Kubernetes writes it: `Deployment`. */
export function workloadPath(kind: string, { cluster, namespace, name }: ObjectName): string {
  return path('workloads', clusterSegment(cluster), namespace, kind, name);
}

/** The cluster that a segment of a path names, as metrics have it. */
export function clusterOfSegment(segment: string): string {
  return segment === UNNAMED ? '' : segment;
}

function clusterSegment(cluster: string): string {
  return cluster === '' ? UNNAMED : cluster;
}

function path(...segments: readonly string[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
}
