import { IndexedDirectory, type ListedObject, type ObjectFeed } from '../alerting/autoscaling/indexed-directory.ts';
import type { KubeCluster } from '../collector/kubernetes/kube-cluster.ts';
import type { ResourceName } from '../collector/kubernetes/objects.ts';
import { RESOURCES } from '../collector/kubernetes/resources.ts';

/** What autoscalers may ask for metrics of. A collector may list and watch all of it but the last. */
const DESCRIBED: readonly ResourceName[] = [
  'pods',
  'nodes',
  'namespaces',
  'services',
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'jobs',
  'cronjobs',
  'ingresses',
  'persistentvolumeclaims',
  'persistentvolumes',
  'horizontalpodautoscalers',
  'replicationcontrollers',
];

/**
 * The objects of a cluster, in caches that this process has but once: `pods` and `nodes` are watched from now on, other resources
 * when they are asked for first. Needs the right to list and watch them in all namespaces. `close` ends the watching, not the cluster's.
 */
export function objectDirectory(cluster: Pick<KubeCluster, 'watch'>): IndexedDirectory {
  const names = new Map(DESCRIBED.map((name) => [qualified(name), name]));
  return new IndexedDirectory({
    resources: new Set(names.keys()),
    open(resource) {
      const { cache, close } = cluster.watch(names.get(resource)!);
      return { feed: cache as unknown as ObjectFeed<ListedObject>, close };
    },
  });
}

/** `deployments` is `deployments.apps`. */
function qualified(name: ResourceName): string {
  const { plural, group } = RESOURCES[name];
  return group === '' ? plural : `${plural}.${group}`;
}
