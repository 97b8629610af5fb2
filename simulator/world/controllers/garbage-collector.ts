import type { KubeObject } from '../../kube-object.ts';
import { keyOf, type Pod } from '../objects.ts';
import type { ControllerContext } from './controller-context.ts';

/** Plural names with their groups of what other objects are owned by, by kind. */
const OWNERS: Readonly<Record<string, string>> = {
  Deployment: 'deployments.apps',
  ReplicaSet: 'replicasets.apps',
  StatefulSet: 'statefulsets.apps',
  DaemonSet: 'daemonsets.apps',
  Job: 'jobs.batch',
  CronJob: 'cronjobs.batch',
  Service: 'services',
  Node: 'nodes',
  Pod: 'pods',
};

const SWEEP_MS = 600_000;
/** How long a pod that has ended stays. */
const KEPT_MS = 3_600_000;

/** Takes away what belonged to something that is gone, in the background or before it as its finalizer wants. */
export class GarbageCollector {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    context.clock.every(SWEEP_MS, () => this.#sweep());
    context.store.subscribe(({ type, resource, object }) => {
      if (resource === 'events' || resource.startsWith('leases.')) return;
      if (type === 'DELETED') context.clock.after(250, () => this.#collect(object));
      else if (object.metadata.deletionTimestamp !== undefined && object.metadata.finalizers !== undefined) {
        context.clock.after(300, () => this.#finalize(resource, object));
      } else if (type === 'ADDED' && !context.bootstrapping)
        context.clock.after(400, () => this.#orphaned(resource, object));
    });
  }

  #collect(owner: KubeObject): void {
    for (const { resource, object } of this.#context.index.dependents(owner.metadata.uid!)) {
      // What has another owner that is still there stays.
      const others = object.metadata.ownerReferences!.filter(({ uid }) => uid !== owner.metadata.uid);
      if (!others.some((other) => this.#exists(object, other))) this.#remove(resource, object);
    }
  }

  #remove(resource: string, object: KubeObject): void {
    const { store } = this.#context;
    if (resource === 'pods') this.#context.deletePod(object as Pod);
    else store.delete(resource, object.metadata.namespace ?? '', object.metadata.name);
  }

  /** Foreground deletion: what it owns goes first. Other finalizers are for others to take away. */
  #finalize(resource: string, before: KubeObject): void {
    const { store, index, clock } = this.#context;
    const object = index.byKey(resource, keyOf(before));
    if (object === undefined || object.metadata.uid !== before.metadata.uid) return;
    const { finalizers = [], namespace = '', name } = object.metadata;
    if (!finalizers.includes('foregroundDeletion')) return;
    const dependents = index.dependents(object.metadata.uid!);
    for (const dependent of dependents) this.#remove(dependent.resource, dependent.object);
    if (dependents.length > 0) {
      clock.after(1000, () => this.#finalize(resource, object));
      return;
    }
    const left = finalizers.filter((finalizer) => finalizer !== 'foregroundDeletion');
    if (left.length === 0) store.delete(resource, namespace, name);
    else store.update(resource, { ...object, metadata: { ...object.metadata, finalizers: left } });
  }

  /** Pods that were evicted, or ended otherwise without a Job to keep them for, go some time later. */
  #sweep(): void {
    const { store, clock } = this.#context;
    for (const pod of store.list('pods') as readonly Pod[]) {
      const { phase, conditions = [] } = pod.status ?? {};
      if (phase !== 'Failed' && phase !== 'Succeeded') continue;
      if (pod.metadata.ownerReferences?.some(({ kind }) => kind === 'Job')) continue;
      const changed = Math.max(
        0,
        ...conditions.map(({ lastTransitionTime = '' }) => Date.parse(lastTransitionTime) || 0),
      );
      if (clock.now() - changed > KEPT_MS) this.#context.deletePod(pod, 0);
    }
  }

  /** What was made for an owner that is not there. */
  #orphaned(resource: string, made: KubeObject): void {
    const object = this.#context.index.byKey(resource, keyOf(made));
    const owners = object?.metadata.ownerReferences ?? [];
    if (object === undefined || owners.length === 0) return;
    if (!owners.some((owner) => this.#exists(object, owner))) this.#remove(resource, object);
  }

  /** Owners of kinds that are not known count as there. */
  #exists(
    object: KubeObject,
    { kind, name, uid }: { readonly kind: string; readonly name: string; readonly uid: string },
  ): boolean {
    const resource = OWNERS[kind];
    if (resource === undefined) return true;
    const namespace = kind === 'Node' ? '' : (object.metadata.namespace ?? '');
    return this.#context.store.get(resource, namespace, name)?.metadata.uid === uid;
  }
}
