import type { LabelSelector } from './label-selector.ts';
import { MetricsError } from './metrics-error.ts';
import type { KnownObject, KnownPod, ObjectDirectory, RunningContainer } from './object-directory.ts';
import { type IndexedObject, ObjectIndex } from './object-index.ts';

/** The objects of one resource, as somebody watches them. */
export interface ObjectFeed<T> {
  /** Whether a complete list has been seen; from then on it stays true. */
  readonly isSynced: boolean;
  values(): Iterable<T>;
  /** Tells every change from now on. The answer ends it. */
  subscribe(listener: (change: { readonly before: T | undefined; readonly after: T | undefined }) => void): () => void;
}

/** An object as Kubernetes' API has it. */
export interface ListedObject extends IndexedObject {
  readonly metadata: IndexedObject['metadata'] & { readonly creationTimestamp: string };
}

/** A Pod as Kubernetes' API has it. */
export interface ListedPod extends ListedObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly containerStatuses?: readonly ListedContainerStatus[];
    readonly initContainerStatuses?: readonly ListedContainerStatus[];
  };
}

export interface ListedContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly state?: { readonly running?: { readonly startedAt?: string } };
}

export interface IndexedDirectoryOptions {
  /** Resources that can be listed, as `deployments.apps`; `pods` is one of them. */
  readonly resources: ReadonlySet<string>;
  /** Begins to watch one of them; called once for each. `pods` must give ListedPods. */
  open(resource: string): { readonly feed: ObjectFeed<ListedObject>; close(): void };
  /** Those that are opened at once; the others when they are asked for first. Default: `pods` and `nodes`. */
  readonly atOnce?: readonly string[];
}

interface Opened {
  readonly feed: ObjectFeed<ListedObject>;
  readonly index: ObjectIndex<ListedObject>;
  close(): void;
}

const NO_LABELS: Readonly<Record<string, string>> = {};
const NO_STATUSES: readonly ListedContainerStatus[] = [];

/** An ObjectDirectory over watched objects, which it indexes by their labels. What it answers is made when it is asked for. */
export class IndexedDirectory implements ObjectDirectory {
  readonly #options: IndexedDirectoryOptions;
  readonly #opened = new Map<string, Opened>();

  constructor(options: IndexedDirectoryOptions) {
    this.#options = options;
    for (const resource of options.atOnce ?? ['pods', 'nodes']) this.#open(resource);
  }

  knows(resource: string): boolean {
    return this.#options.resources.has(resource);
  }

  select(resource: string, namespace: string, selector: LabelSelector): readonly KnownObject[] {
    return this.#listed(resource).select(namespace, selector).map(describe);
  }

  get(resource: string, namespace: string, name: string): KnownObject | undefined {
    const object = this.#listed(resource).get(namespace, name);
    return object && describe(object);
  }

  pods(namespace: string, selector: LabelSelector): readonly KnownPod[] {
    const pods = this.#listed('pods') as ObjectIndex<ListedPod>;
    return pods.select(namespace, selector).map(describePod);
  }

  pod(namespace: string, name: string): KnownPod | undefined {
    const pod = (this.#listed('pods') as ObjectIndex<ListedPod>).get(namespace, name);
    return pod && describePod(pod);
  }

  /** Ends all watches. */
  close(): void {
    for (const { close } of this.#opened.values()) close();
    this.#opened.clear();
  }

  #listed(resource: string): ObjectIndex<ListedObject> {
    if (!this.knows(resource)) throw new MetricsError('unknownMetric', `no metrics are served of ${resource}`);
    const { feed, index } = this.#opened.get(resource) ?? this.#open(resource);
    if (!feed.isSynced) {
      throw new MetricsError('unavailable', `the ${resource} of the cluster have not been listed yet: ask again`);
    }
    return index;
  }

  #open(resource: string): Opened {
    const { feed, close } = this.#options.open(resource);
    const index = new ObjectIndex<ListedObject>();
    for (const object of feed.values()) index.put(object);
    const unsubscribe = feed.subscribe(({ before, after }) => {
      if (after !== undefined) index.put(after);
      else if (before !== undefined) index.remove(before);
    });
    const opened: Opened = {
      feed,
      index,
      close() {
        unsubscribe();
        close();
      },
    };
    this.#opened.set(resource, opened);
    return opened;
  }
}

function describe({ metadata }: ListedObject): KnownObject {
  const { namespace, name, labels = NO_LABELS, creationTimestamp } = metadata;
  return { namespace, name, labels, created: Date.parse(creationTimestamp) };
}

/** An init container counts while it runs: sidecars always, others until they have done their work. */
function describePod(pod: ListedPod): KnownPod {
  const running: string[] = [];
  const containers: RunningContainer[] = [];
  const { containerStatuses = NO_STATUSES, initContainerStatuses = NO_STATUSES } = pod.status;
  for (const statuses of [containerStatuses, initContainerStatuses]) {
    for (const { name, containerID = '', state } of statuses) {
      if (state?.running === undefined) continue;
      running.push(name);
      const { startedAt } = state.running;
      const started = startedAt === undefined ? Number.NaN : Date.parse(startedAt);
      containers.push({ id: containerID.slice(containerID.lastIndexOf('/') + 1), started });
    }
  }
  const { namespace, name, labels = NO_LABELS, creationTimestamp } = pod.metadata;
  const created = Date.parse(creationTimestamp);
  return { namespace, name, labels, created, node: pod.spec.nodeName ?? '', running, containers };
}
