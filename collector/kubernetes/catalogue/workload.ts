import type { ObjectCache } from '../object-cache.ts';
import type { Job, KubeObject, OwnerReference, Pod, ReplicaSet } from '../objects.ts';

/** What a pod belongs to. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
}

/** The caches that know who owns the owners of pods. */
export interface Owners {
  readonly replicasets: Pick<ObjectCache<ReplicaSet>, 'get'>;
  readonly jobs: Pick<ObjectCache<Job>, 'get'>;
}

/**
 * A ReplicaSet's pod belongs to what owns the ReplicaSet (a Deployment), a Job's to what owns the Job (a CronJob), any
 * other to its controller. A pod without one is a workload by itself, of kind Pod. The static pods of nodes (kubelets own
 * these) are of kind StaticPod, and those of one name without the node's are one workload.
 *
 * While a ReplicaSet is not known, a name that ends in its pods' template hash tells the Deployment that made it.
 */
export function workloadOf(pod: Pod, { replicasets, jobs }: Owners): Workload {
  const { name, namespace, labels } = pod.metadata;
  const owner = controllerOf(pod);
  if (owner === undefined) return { kind: 'Pod', name };
  switch (owner.kind) {
    case 'Node': {
      const suffix = `-${owner.name}`;
      return { kind: 'StaticPod', name: name.endsWith(suffix) ? name.slice(0, -suffix.length) : name };
    }
    case 'ReplicaSet': {
      const replicaSet = replicasets.get(namespace, owner.name);
      if (replicaSet !== undefined) return above(replicaSet, owner);
      const hash = labels?.['pod-template-hash'];
      if (hash === undefined || !owner.name.endsWith(`-${hash}`)) return { kind: owner.kind, name: owner.name };
      return { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) };
    }
    case 'Job': {
      const job = jobs.get(namespace, owner.name);
      return job === undefined ? { kind: owner.kind, name: owner.name } : above(job, owner);
    }
    default:
      return { kind: owner.kind, name: owner.name };
  }
}

/** The owner that controls an object. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

function above(object: KubeObject, itself: OwnerReference): Workload {
  const owner = controllerOf(object) ?? itself;
  return { kind: owner.kind, name: owner.name };
}
