import type { Labels } from '../../storage/labels.ts';
import { type Part, type Reading, read } from './reading.ts';

/** What a pod belongs to. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
}

/** The owners of pods, and of what owns these: of a ReplicaSet its Deployment, of a Job its CronJob. */
export class Owners {
  readonly #owners = new Map<string, Workload>();

  /** What the catalogue of metrics counts the pod to. Undefined for a pod of its own, or one that is not known. */
  workloadOf(cluster: string, namespace: string, pod: string): Workload | undefined {
    const owner = this.#owners.get(key(cluster, namespace, 'Pod', pod));
    return owner === undefined ? undefined : (this.ownerOf(cluster, namespace, owner) ?? owner);
  }

  ownerOf(cluster: string, namespace: string, { kind, name }: Workload): Workload | undefined {
    return this.#owners.get(key(cluster, namespace, kind, name));
  }

  /** A part that learns owners from a metric of kube-state-metrics with the label `label` for what is owned. */
  part(kind: string, expr: string, label: string): Part {
    return {
      expr,
      take: (labels: Labels) => {
        const owner = { kind: labels.get('owner_kind'), name: labels.get('owner_name') };
        if (owner.kind === '' || owner.kind === '<none>') return;
        this.#owners.set(key(labels.get('cluster'), labels.get('namespace'), kind, labels.get(label)), owner);
      },
    };
  }
}

/** All owners of pods, ReplicaSets and Jobs. */
export async function readOwners(reading: Reading): Promise<Owners> {
  const owners = new Owners();
  await read(reading, [
    owners.part('Pod', 'kube_pod_owner', 'pod'),
    owners.part('ReplicaSet', 'kube_replicaset_owner', 'replicaset'),
    owners.part('Job', 'kube_job_owner', 'job_name'),
  ]);
  return owners;
}

function key(...parts: readonly string[]): string {
  return parts.join('\0');
}
