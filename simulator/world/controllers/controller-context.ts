import type { KubeObject } from '../../kube-object.ts';
import { type ObjectStore, rfc3339 } from '../../object-store.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Container, Pod, PodSpec, PodTemplate, Toleration } from '../objects.ts';
import type { Random } from '../random.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import type { EventRecorder } from './event-recorder.ts';

export interface ControllerContextOptions {
  readonly store: ObjectStore;
  readonly clock: SimulatedClock;
  readonly index: ClusterIndex;
  readonly random: Random;
  readonly events: EventRecorder;
}

/** What every controller works with, and the few changes that all of them make in the same way. */
export class ControllerContext {
  readonly store: ObjectStore;
  readonly clock: SimulatedClock;
  readonly index: ClusterIndex;
  readonly random: Random;
  readonly events: EventRecorder;
  /**
   * True while the cluster is made: what is created then was created long ago, and starts at once. Ages are set from what
   * owns it.
   */
  bootstrapping = false;
  readonly #defaults = new WeakMap<PodSpec, PodDefaults>();

  constructor({ store, clock, index, random, events }: ControllerContextOptions) {
    this.store = store;
    this.clock = clock;
    this.index = index;
    this.random = random;
    this.events = events;
  }

  /** The present time as the API writes it. */
  get timestamp(): string {
    return rfc3339(this.clock.now());
  }

  /** Calls for every change of a resource. */
  onChange(resource: string, changed: (object: KubeObject, change: Change) => void): void {
    this.store.subscribe((event) => {
      if (event.resource === resource) changed(event.object, { before: event.before, gone: event.type === 'DELETED' });
    });
  }

  /** Replaces the status unless it says the same already. */
  setStatus(resource: string, object: KubeObject, status: unknown): void {
    const { namespace = '', name } = object.metadata;
    const present = this.store.get(resource, namespace, name);
    if (present === undefined || present.metadata.uid !== object.metadata.uid) return;
    if (JSON.stringify(present.status) === JSON.stringify(status)) return;
    this.store.update(resource, { ...present, status });
  }

  /** Replaces the spec and raises the generation, as the API server does. */
  setSpec(resource: string, object: KubeObject, spec: unknown): KubeObject | undefined {
    const { namespace = '', name } = object.metadata;
    const present = this.store.get(resource, namespace, name);
    if (present === undefined) return undefined;
    const metadata = { ...present.metadata, generation: (present.metadata.generation ?? 1) + 1 };
    return this.store.update(resource, { ...present, metadata, spec });
  }

  /**
   * Deletes a pod as the API does: at once when no kubelet has it, else by asking its kubelet. A pod that is being deleted
   * already stays as it is.
   */
  deletePod(pod: Pod, grace = pod.spec.terminationGracePeriodSeconds ?? 30): void {
    const { namespace = '', name, uid } = pod.metadata;
    const present = this.store.get('pods', namespace, name) as Pod | undefined;
    if (present === undefined || present.metadata.uid !== uid) return;
    if (present.spec.nodeName === undefined || grace === 0 || phaseIsFinal(present)) {
      this.store.delete('pods', namespace, name);
      return;
    }
    if (present.metadata.deletionTimestamp !== undefined) return;
    this.store.update('pods', {
      ...present,
      metadata: {
        ...present.metadata,
        deletionTimestamp: rfc3339(this.clock.now() + grace * 1000),
        deletionGracePeriodSeconds: grace,
      },
    });
  }

  /** Creates a pod from a template for an owner, with what the API server's admission adds. */
  createPod(owner: KubeObject, { name, template, labels, annotations, spec }: PodCreation): Pod | undefined {
    const defaults = this.#defaultsOf(template.spec);
    const tolerations = spec?.tolerations === undefined ? defaults.tolerations : withDefaults(spec.tolerations);
    return this.store.create('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        ...(owner.metadata.namespace !== undefined && { namespace: owner.metadata.namespace }),
        ...(this.bootstrapping && { creationTimestamp: this.#pastTime(owner) }),
        labels: { ...template.metadata?.labels, ...labels },
        ...((template.metadata?.annotations ?? annotations) !== undefined && {
          annotations: { ...template.metadata?.annotations, ...annotations },
        }),
        ownerReferences: [ownerReference(owner)],
      },
      spec: {
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        serviceAccountName: 'default',
        schedulerName: 'default-scheduler',
        priority: 0,
        enableServiceLinks: true,
        ...template.spec,
        ...defaults,
        ...spec,
        tolerations,
      },
      status: { phase: 'Pending', qosClass: qosClassOf(template) },
    }) as Pod | undefined;
  }

  /** What the API server fills in; the pods of one template share it. */
  #defaultsOf(spec: PodSpec): PodDefaults {
    let defaults = this.#defaults.get(spec);
    if (defaults === undefined) {
      const { containers, initContainers, tolerations = [] } = spec;
      defaults = {
        containers: containers.map(withRequests),
        ...(initContainers !== undefined && { initContainers: initContainers.map(withRequests) }),
        tolerations: withDefaults(tolerations),
      };
      this.#defaults.set(spec, defaults);
    }
    return defaults;
  }

  /** Some time between the owner's creation and now; most are young. */
  #pastTime(owner: KubeObject): string {
    const now = this.clock.now();
    const age = Math.max(0, now - Date.parse(owner.metadata.creationTimestamp ?? rfc3339(now)));
    return rfc3339(now - age * this.random.next() ** 2);
  }
}

/** What a controller knows of a change beside the object. */
export interface Change {
  readonly before: KubeObject | undefined;
  readonly gone: boolean;
}

export interface PodCreation {
  readonly name: string;
  readonly template: PodTemplate;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: { readonly tolerations?: readonly Toleration[]; readonly [field: string]: unknown };
}

/** A reference that says: this one controls it. */
export function ownerReference(owner: KubeObject) {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid!,
    controller: true,
    blockOwnerDeletion: true,
  };
}

interface PodDefaults {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly tolerations: readonly Toleration[];
}

/** What is limited and requests nothing requests its limit. */
function withRequests(container: Container): Container {
  const { resources } = container;
  if (resources?.limits === undefined) return container;
  return { ...container, resources: { ...resources, requests: { ...resources.limits, ...resources.requests } } };
}

/** Pods stay for five minutes on a node that is lost. */
function withDefaults(tolerations: readonly Toleration[]): readonly Toleration[] {
  const all = [...tolerations];
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    if (all.some((toleration) => toleration.key === key || toleration.key === undefined)) continue;
    all.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  return all;
}

function phaseIsFinal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Guaranteed, Burstable or BestEffort, by the containers' requests and limits. */
export function qosClassOf(template: PodTemplate): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let any = false;
  let all = true;
  for (const { resources } of [...template.spec.containers, ...(template.spec.initContainers ?? [])]) {
    for (const resource of ['cpu', 'memory'] as const) {
      const limit = resources?.limits?.[resource];
      const request = resources?.requests?.[resource] ?? limit;
      if (request !== undefined) any = true;
      if (limit === undefined || String(request) !== String(limit)) all = false;
    }
  }
  return all && any ? 'Guaranteed' : any ? 'Burstable' : 'BestEffort';
}
