import { clusterPath, podPath, workloadPath } from '../app/object-paths.ts';
import type { Crumb } from '../app/page-header.tsx';
import { filteredPath } from './filtered-path.ts';

/** Where an object is; what is known of it. */
export interface ObjectPlace {
  readonly cluster: string;
  readonly namespace: string;
  readonly workloadKind?: string | undefined;
  readonly workloadName?: string | undefined;
  readonly pod?: string | undefined;
}

/** The way down to an object: cluster, namespace, and, as far as they are given, workload and pod. `list` is the list that the namespace narrows down. */
export function objectCrumbs(list: '/workloads' | '/pods', place: ObjectPlace): readonly Crumb[] {
  const { cluster, namespace, workloadKind, workloadName, pod } = place;
  return [
    { title: cluster === '' ? 'Cluster' : cluster, href: clusterPath(cluster) },
    { title: namespace, href: filteredPath(list, { cluster, namespace }) },
    ...(workloadKind !== undefined && workloadName !== undefined
      ? [{ title: workloadName, href: workloadPath(workloadKind, { cluster, namespace, name: workloadName }) }]
      : []),
    ...(pod === undefined ? [] : [{ title: pod, href: podPath({ cluster, namespace, name: pod }) }]),
  ];
}
