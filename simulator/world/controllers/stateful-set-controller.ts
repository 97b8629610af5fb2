import { isReady, keyOf, type Pod, type StatefulSet } from '../objects.ts';
import { safeHash } from '../random.ts';
import { type ControllerContext, ownerReference } from './controller-context.ts';
import { controllerKeyOf } from './owners.ts';
import { WorkQueue } from './work-queue.ts';

const RESOURCE = 'statefulsets.apps';

/** Keeps a StatefulSet's pods by number, each with its claims, starting and replacing them in order. */
export class StatefulSetController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 150, reconcile: (key) => this.#reconcile(key) });
    context.onChange(RESOURCE, (object, { gone }) => {
      if (!gone) this.#queue.add(keyOf(object));
    });
    context.onChange('pods', (pod) => {
      const owner = controllerKeyOf(pod, 'StatefulSet');
      if (owner !== undefined) this.#queue.add(owner);
    });
  }

  #reconcile(key: string): void {
    const set = this.#context.index.byKey<StatefulSet>(RESOURCE, key);
    if (set === undefined) return;
    const revision = `${set.metadata.name}-${safeHash(JSON.stringify(set.spec.template))}`;
    if (set.metadata.deletionTimestamp === undefined) this.#work(set, revision);
    this.#report(set, revision);
  }

  #work(set: StatefulSet, revision: string): void {
    const pods = this.#podsOf(set);
    const wanted = set.spec.replicas ?? 1;
    const parallel = set.spec.podManagementPolicy === 'Parallel' || this.#context.bootstrapping;
    for (let ordinal = 0; ordinal < wanted; ordinal++) {
      const pod = pods.get(ordinal);
      if (pod === undefined) {
        this.#create(set, ordinal, revision);
        if (!parallel) return;
      } else if (isFinished(pod)) {
        this.#context.deletePod(pod, 0);
        return;
      } else if (!parallel && !isReady(pod)) return;
    }
    const surplus = [...pods.keys()].filter((ordinal) => ordinal >= wanted).sort((a, b) => b - a);
    for (const ordinal of surplus) {
      this.#context.deletePod(pods.get(ordinal)!);
      if (!parallel) return;
    }
    if (surplus.length > 0 || set.spec.updateStrategy?.type === 'OnDelete') return;
    // Highest number first, one at a time, and only while all others are ready.
    const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
    for (let ordinal = wanted - 1; ordinal >= partition; ordinal--) {
      const pod = pods.get(ordinal);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
      if (revisionOf(pod) !== revision) {
        this.#context.deletePod(pod);
        return;
      }
      if (!isReady(pod)) return;
    }
  }

  #create(set: StatefulSet, ordinal: number, revision: string): void {
    const name = `${set.metadata.name}-${ordinal}`;
    const claims = (set.spec.volumeClaimTemplates ?? []).map((template) => {
      const claim = `${template.metadata.name}-${name}`;
      this.#context.store.create('persistentvolumeclaims', {
        ...template,
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          name: claim,
          ...(set.metadata.namespace !== undefined && { namespace: set.metadata.namespace }),
          ...(this.#context.bootstrapping && { creationTimestamp: set.metadata.creationTimestamp! }),
          labels: { ...set.spec.selector.matchLabels },
        },
        status: { phase: 'Pending' },
      });
      return { name: template.metadata.name, persistentVolumeClaim: { claimName: claim } };
    });
    this.#context.createPod(set, {
      name,
      template: set.spec.template,
      labels: {
        'controller-revision-hash': revision,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
      },
      spec: {
        hostname: name,
        subdomain: set.spec.serviceName,
        volumes: [...(set.spec.template.spec.volumes ?? []), ...claims],
      },
    });
    this.#context.store.create('controllerrevisions.apps', {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: revision,
        ...(set.metadata.namespace !== undefined && { namespace: set.metadata.namespace }),
        labels: { ...set.spec.selector.matchLabels },
        ownerReferences: [ownerReference(set)],
      },
      data: { spec: { template: set.spec.template } },
      revision: set.metadata.generation ?? 1,
    });
  }

  #report(set: StatefulSet, revision: string): void {
    const pods = [...this.#podsOf(set).values()].filter((pod) => !isFinished(pod));
    const ready = pods.filter(isReady).length;
    const updated = pods.filter((pod) => revisionOf(pod) === revision).length;
    const done = updated === pods.length && pods.length === (set.spec.replicas ?? 1);
    const current = done ? revision : (set.status?.currentRevision ?? revision);
    this.#context.setStatus(RESOURCE, set, {
      observedGeneration: set.metadata.generation ?? 1,
      replicas: pods.length,
      ...(ready > 0 && { readyReplicas: ready }),
      availableReplicas: ready,
      currentReplicas: pods.filter((pod) => revisionOf(pod) === current).length,
      updatedReplicas: updated,
      currentRevision: current,
      updateRevision: revision,
      collisionCount: 0,
    });
  }

  #podsOf(set: StatefulSet): Map<number, Pod> {
    const pods = new Map<number, Pod>();
    for (const pod of this.#context.index.owned(set.metadata.uid!, 'pods') as readonly Pod[]) {
      pods.set(Number(pod.metadata.name.slice(set.metadata.name.length + 1)), pod);
    }
    return pods;
  }
}

function revisionOf(pod: Pod): string | undefined {
  return pod.metadata.labels?.['controller-revision-hash'];
}

function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}
