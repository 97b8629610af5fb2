import type { Logger } from 'pino';
import type { Clock } from '../../../clock/clock.ts';
import type { CacheLease, KubeCluster } from '../kube-cluster.ts';
import type { Namespace, OperatorObject } from '../objects.ts';
import { type CheckedSelector, isSelected } from './label-selector.ts';
import { compileSelection, type OperatorResource, type OperatorSelection } from './operator-selection.ts';

export interface ObjectWatchOptions<R extends OperatorResource> {
  readonly cluster: KubeCluster;
  readonly resources: readonly R[];
  readonly selection: OperatorSelection;
  /** Called when there may be something to look at, at most once per `debounce`. Must not throw. */
  readonly onChange: () => void;
  readonly clock: Clock;
  /** Milliseconds for which changes are collected. Default 1,000. */
  readonly debounce: number | undefined;
  /** Milliseconds after which a resource that cannot be listed does not hold up the others. Default 30,000. */
  readonly syncTimeout: number | undefined;
  readonly logger: Logger;
}

interface Watched<R> {
  readonly resource: R;
  readonly lease: CacheLease<OperatorObject>;
  /** Undefined takes the objects of all namespaces. */
  readonly namespaces: CheckedSelector | undefined;
}

/** Some of Prometheus Operator's resources in a cluster, as far as they are selected. */
export class ObjectWatch<R extends OperatorResource> {
  readonly #options: ObjectWatchOptions<R>;
  readonly #watched: readonly Watched<R>[];
  readonly #namespaces: CacheLease<Namespace> | undefined;
  readonly #cleanups: (() => void)[] = [];
  #cancelTimer: (() => void) | undefined;
  #isLate = false;
  #isClosed = false;

  /** Throws an Error that names what is wrong with the selection; then nothing is watched. */
  constructor(options: ObjectWatchOptions<R>) {
    this.#options = options;
    const { cluster, clock, resources, selection, syncTimeout = 30_000 } = options;
    const selections = resources.map((resource) => [resource, compileSelection(selection, resource)] as const);
    this.#watched = selections.map(([resource, { scope, namespaces }]) => {
      const lease: CacheLease<OperatorObject> = cluster.watch(resource, scope);
      this.#follow(lease);
      return { resource, lease, namespaces };
    });
    if (this.#watched.some(({ namespaces }) => namespaces !== undefined)) {
      this.#namespaces = cluster.watch('namespaces');
      this.#follow(this.#namespaces);
    }
    this.#cleanups.push(clock.schedule(syncTimeout, () => this.#goOn()));
    this.schedule();
  }

  /** Whether the time for a first list is over. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** Whether all has been listed; or anything, when it is late: then what cannot be listed must not hold up the rest. */
  get isReady(): boolean {
    if (this.#namespaces?.cache.isSynced === false) return false;
    const synced = this.#watched.filter(({ lease }) => lease.cache.isSynced).length;
    return synced === this.#watched.length || (this.#isLate && synced > 0);
  }

  /** What is selected now, in no order. An object that has not changed is the same object as before. */
  *objects(): Generator<{ readonly resource: R; readonly object: OperatorObject }> {
    for (const { resource, lease, namespaces } of this.#watched) {
      for (const object of lease.cache.values()) {
        if (namespaces !== undefined) {
          const namespace = this.#namespaces?.cache.get('', object.metadata.namespace);
          if (namespace === undefined || !isSelected(namespaces, namespace.metadata.labels ?? {})) continue;
        }
        yield { resource, object };
      }
    }
  }

  resources(): readonly { readonly resource: R; readonly isSynced: boolean; readonly objects: number }[] {
    return this.#watched.map(({ resource, lease: { cache } }) => ({
      resource,
      isSynced: cache.isSynced,
      objects: cache.size,
    }));
  }

  /** Has `onChange` called. */
  schedule(): void {
    if (this.#isClosed || this.#cancelTimer !== undefined) return;
    const { clock, debounce = 1_000, onChange } = this.#options;
    this.#cancelTimer = clock.schedule(debounce, () => {
      this.#cancelTimer = undefined;
      onChange();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    for (const cleanup of this.#cleanups) cleanup();
  }

  #follow(lease: CacheLease<OperatorObject | Namespace>): void {
    const closing = new AbortController();
    const unsubscribe = lease.cache.subscribe(() => this.schedule());
    lease.cache.synced(closing.signal).then(
      () => this.schedule(),
      () => undefined,
    );
    this.#cleanups.push(() => {
      closing.abort();
      unsubscribe();
      lease.close();
    });
  }

  #goOn(): void {
    this.#isLate = true;
    this.schedule();
    const missing = this.resources().filter(({ isSynced }) => !isSynced);
    if (missing.length === 0 || missing.length === this.#watched.length) return;
    const names = missing.map(({ resource }) => resource);
    const { logger, cluster } = this.#options;
    logger.warn({ cluster: cluster.name, missing: names }, `${names.join(', ')} cannot be listed; the rest begins`);
  }
}
