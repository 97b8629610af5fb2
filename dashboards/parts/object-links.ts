import type { BoardLink } from './links.ts';

/** How the value of a label is found where the click was: `cell` or `ofSeries` of links.ts. */
export type Pick = (label: string) => string;

/** To a cluster, by the label `cluster`. */
export const toCluster = (pick: Pick): BoardLink => ({
  title: 'Cluster',
  uid: 'pharos-cluster',
  variables: { cluster: pick('cluster') },
});

/** To a node of the cluster shown, by the label `node`. */
export const toNode = (pick: Pick): BoardLink => ({
  title: 'Node',
  uid: 'pharos-node',
  variables: { cluster: '$cluster', node: pick('node') },
});

/** To the workloads of a namespace of the cluster shown, by the label `namespace`. */
export const toWorkloads = (pick: Pick): BoardLink => ({
  title: 'Workloads',
  uid: 'pharos-workloads',
  variables: { cluster: '$cluster', namespace: pick('namespace') },
});

/** To a workload of the cluster shown, by the labels `namespace`, `workload_name` and `workload_kind`. */
export const toWorkload = (pick: Pick): BoardLink => ({
  title: 'Workload',
  uid: 'pharos-workload',
  variables: {
    cluster: '$cluster',
    namespace: pick('namespace'),
    workload: pick('workload_name'),
    kind: pick('workload_kind'),
  },
});

/** To a pod of the cluster shown, by the labels `namespace` and `pod`. */
export const toPod = (pick: Pick): BoardLink => ({
  title: 'Pod',
  uid: 'pharos-pod',
  variables: { cluster: '$cluster', namespace: pick('namespace'), pod: pick('pod') },
});

/** To a container of the pod shown, by the label `container`. */
export const toContainer = (pick: Pick): BoardLink => ({
  title: 'Container',
  uid: 'pharos-container',
  variables: { cluster: '$cluster', namespace: '$namespace', pod: '$pod', container: pick('container') },
});
