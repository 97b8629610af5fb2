import type { Appender } from '../../../storage/appender.ts';
import type { Labels } from '../../../storage/labels.ts';
import type { EmittedSeries, Slot } from '../../emission/emitted-series.ts';
import type { CacheLease, KubeCluster } from '../kube-cluster.ts';
import type { KubeObject } from '../objects.ts';
import type { SelectedResource } from './family-selection.ts';
import { ObjectSeries } from './object-series.ts';

export interface ResourceStateOptions {
  readonly cluster: KubeCluster;
  readonly namespaces: readonly string[] | undefined;
  readonly appender: Appender;
  readonly selected: SelectedResource;
  readonly base: Labels;
  /** Whether an object is told here, by its uid. */
  readonly owns: (uid: string) => boolean;
  /** There is work for `work`. */
  readonly onChange: () => void;
  /** No series can be made of an object. */
  readonly onFailure: (object: KubeObject, error: unknown) => void;
}

/**
 * The state metrics of one resource: notes which objects changed, and brings their series up to date when it is given time.
 * Of an object that changed twice in between only the last state counts.
 */
export class ResourceState {
  readonly selected: SelectedResource;
  readonly #options: ResourceStateOptions;
  readonly #series: ObjectSeries;
  readonly #lease: CacheLease<KubeObject>;
  readonly #unsubscribe: () => void;
  readonly #dirty = new Set<string>();
  /** All objects of the first complete list have their series. */
  #isFilled = false;
  #ended: Slot[] = [];

  constructor(options: ResourceStateOptions) {
    this.#options = options;
    this.selected = options.selected;
    this.#series = new ObjectSeries(options.appender, options.selected, options.base);
    this.#lease = options.cluster.watch(options.selected.resource, {
      namespaces: options.namespaces,
    }) as CacheLease<KubeObject>;
    this.#unsubscribe = this.#lease.cache.subscribe(({ before, after }) => this.#mark((after ?? before)!));
    for (const object of this.#lease.cache.values()) this.#mark(object);
  }

  get series(): EmittedSeries {
    return this.#series.series;
  }

  get objects(): number {
    return this.#series.objects;
  }

  get byteLength(): number {
    return this.#series.byteLength;
  }

  get hasWork(): boolean {
    return this.#dirty.size > 0;
  }

  /** Whether all that there is has its series: before, a sum over them would be too small. */
  get isReady(): boolean {
    this.#isFilled ||= this.#lease.cache.isSynced && this.#dirty.size === 0;
    return this.#isFilled;
  }

  /** When the cache was last known to be current; 0 for never. */
  get currentAt(): number {
    return this.#lease.cache.currentAt;
  }

  /** Slots of objects that are gone, since it was asked last. */
  takeEnded(): readonly Slot[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  /** Looks anew whether each object is told here, as part of the work. */
  reassess(): void {
    // Who takes over from another begins with all of it.
    if (this.#series.objects === 0) this.#isFilled = false;
    for (const object of this.#lease.cache.values()) this.#mark(object);
  }

  /** Brings series up to date until all are, or the time is over (in `performance.now()`'s time). */
  work(until: number): void {
    const { owns, onFailure } = this.#options;
    let count = 0;
    for (const key of this.#dirty) {
      // The clock costs as much as a small object.
      if (++count % 8 === 0 && performance.now() > until) break;
      this.#dirty.delete(key);
      const slash = key.indexOf('/');
      const found = this.#lease.cache.get(key.slice(0, slash), key.slice(slash + 1));
      const object = found !== undefined && owns(found.metadata.uid) ? found : undefined;
      if (object === undefined && !this.#series.has(key)) continue;
      try {
        const closed = this.#series.update(key, object);
        if (object === undefined) for (const slot of closed) this.#ended.push(slot);
      } catch (error) {
        onFailure(object!, error);
      }
    }
    this.#isFilled ||= this.#lease.cache.isSynced && this.#dirty.size === 0;
  }

  /** Ends the watch and gives all series back, without stale markers. */
  close(): void {
    this.#unsubscribe();
    this.#lease.close();
    this.#dirty.clear();
    this.#series.series.release();
  }

  #mark(object: KubeObject): void {
    this.#dirty.add(keyOf(object));
    this.#options.onChange();
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
