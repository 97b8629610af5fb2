import type { KubeObject } from '../../kube-object.ts';
import { type ObjectStore, rfc3339 } from '../../object-store.ts';
import type { SimulatedClock } from '../simulated-clock.ts';

/** Events about objects, as the components write them: the same thing said again raises the count. */
export class EventRecorder {
  readonly #store: ObjectStore;
  readonly #clock: SimulatedClock;
  /** Event names by what they say, in the order of their last change. */
  readonly #known = new Map<string, { readonly namespace: string; readonly name: string; at: number }>();
  #sequence = 0;
  /** Nothing is written while this is set. */
  muted = false;

  constructor(store: ObjectStore, clock: SimulatedClock) {
    this.#store = store;
    this.#clock = clock;
    clock.every(60_000, () => this.#expire());
  }

  record(about: KubeObject, event: EventDetails): void {
    if (this.muted) return;
    const { type = 'Normal', reason, message, component, host } = event;
    const namespace = about.metadata.namespace ?? 'default';
    const now = this.#clock.now();
    const time = rfc3339(now);
    const said = `${namespace}/${about.kind}/${about.metadata.name}/${reason}/${message}`;
    const known = this.#known.get(said);
    const before = known && this.#store.get('events', namespace, known.name);
    if (known !== undefined && before !== undefined) {
      this.#known.delete(said);
      this.#known.set(said, { ...known, at: now });
      this.#store.update('events', { ...before, count: Number(before.count) + 1, lastTimestamp: time });
      return;
    }
    const name = `${about.metadata.name}.${(this.#sequence++ + 0x17a0_0000_0000).toString(16).padStart(16, '0')}`;
    this.#known.set(said, { namespace, name, at: now });
    this.#store.create('events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name: about.metadata.name,
        ...(about.metadata.namespace !== undefined && { namespace }),
        uid: about.metadata.uid,
        resourceVersion: about.metadata.resourceVersion,
      },
      reason,
      message,
      type,
      source: { component, ...(host !== undefined && { host }) },
      firstTimestamp: time,
      lastTimestamp: time,
      eventTime: null,
      count: 1,
      reportingComponent: component,
      reportingInstance: host ?? '',
    });
  }

  /** The API keeps events for an hour after their last change. */
  #expire(): void {
    const before = this.#clock.now() - KEPT_MS;
    for (const [said, { namespace, name, at }] of this.#known) {
      if (at > before) break;
      this.#known.delete(said);
      this.#store.delete('events', namespace, name);
    }
  }
}

/** What an event says, and who says it. */
export interface EventDetails {
  /** Default: Normal. */
  readonly type?: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly component: string;
  readonly host?: string;
}

const KEPT_MS = 3_600_000;
