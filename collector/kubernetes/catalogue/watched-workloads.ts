import type { CacheLease, KubeCluster } from '../kube-cluster.ts';
import type { CronJob, DaemonSet, Deployment, Job, KubeObject, ReplicaSet, StatefulSet } from '../objects.ts';
import { controllerOf } from './workload.ts';

/** A workload's object: there is a series of it even while it has no pods. */
export interface WatchedWorkload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  abnormal: number;
  /** Where its pods are summed; undefined until the next sums. */
  group: object | undefined;
}

/** How abnormal an object is; undefined when it is no workload by itself but part of its owner. */
type Abnormal<T> = (object: T) => number | undefined;

const deployment: Abnormal<Deployment> = ({ status }) => status.unavailableReplicas ?? 0;
const daemonSet: Abnormal<DaemonSet> = ({ status }) => status.numberUnavailable ?? 0;
const statefulSet: Abnormal<StatefulSet> = ({ spec, status }) =>
  Math.max((spec.replicas ?? 1) - (status.readyReplicas ?? 0), 0);
const replicaSet: Abnormal<ReplicaSet> = (object) =>
  controllerOf(object) === undefined
    ? Math.max((object.spec.replicas ?? 1) - (object.status.readyReplicas ?? 0), 0)
    : undefined;
const job: Abnormal<Job> = (object) => (controllerOf(object) === undefined ? (object.status.failed ?? 0) : undefined);
const cronJob: Abnormal<CronJob> = () => 0;

/** All workloads of a cluster that are objects, kept current by the watch caches. */
export class WatchedWorkloads {
  readonly workloads = new Map<string, WatchedWorkload>();
  readonly #leases: CacheLease<KubeObject>[] = [];
  readonly #ends: (() => void)[] = [];

  constructor(cluster: KubeCluster) {
    this.#follow('Deployment', cluster.watch('deployments'), deployment);
    this.#follow('DaemonSet', cluster.watch('daemonsets'), daemonSet);
    this.#follow('StatefulSet', cluster.watch('statefulsets'), statefulSet);
    this.#follow('ReplicaSet', cluster.watch('replicasets'), replicaSet);
    this.#follow('Job', cluster.watch('jobs'), job);
    this.#follow('CronJob', cluster.watch('cronjobs'), cronJob);
  }

  close(): void {
    for (const end of this.#ends) end();
    for (const lease of this.#leases) lease.close();
  }

  #follow<T extends KubeObject>(kind: string, lease: CacheLease<T>, abnormalOf: Abnormal<T>): void {
    this.#leases.push(lease as unknown as CacheLease<KubeObject>);
    const take = (object: T, isThere: boolean): void => {
      const { namespace, name } = object.metadata;
      const key = `${namespace}/${kind}/${name}`;
      const abnormal = isThere ? abnormalOf(object) : undefined;
      const known = this.workloads.get(key);
      if (abnormal === undefined) this.workloads.delete(key);
      else if (known !== undefined) known.abnormal = abnormal;
      else this.workloads.set(key, { kind, namespace, name, abnormal, group: undefined });
    };
    for (const object of lease.cache.values()) take(object, true);
    this.#ends.push(
      lease.cache.subscribe(({ before, after }) => (after === undefined ? take(before!, false) : take(after, true))),
    );
  }
}
