import type { Logger } from 'pino';
import { type Clock, wait } from '../../clock/clock.ts';
import { type KubeClient, KubeError, type ListPage, type Selection, type WatchEvent } from './kube-client.ts';
import type { KubernetesMetrics, WatchedPart } from './kubernetes-metrics.ts';
import type { MutableObjectCache } from './object-cache.ts';
import type { KubeObject } from './objects.ts';
import { type Resource, resourcePath } from './resources.ts';
import { ToldCauses } from './told-causes.ts';

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: Resource<T>;
  /** '' for all. */
  readonly namespace: string;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly cache: MutableObjectCache<T>;
  /** The cluster's name, for messages and metrics. */
  readonly cluster: string;
  readonly logger: Logger;
  readonly metrics: KubernetesMetrics | undefined;
  /** Shared by those of a cluster. Default: it tells of all its failures itself. */
  readonly told?: ToldCauses;
  readonly clock: Clock;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  /** Objects to a page of a list. Default 500. */
  readonly pageSize?: number;
  /** Milliseconds after a first failure; doubled for each further one. Default 800. */
  readonly backOff?: number;
  /** The longest time between two attempts. Default 30,000. */
  readonly maxBackOff?: number;
  /** Milliseconds until a resource is asked for again that the server does not have or does not allow. Default 60,000. */
  readonly absentPause?: number;
}

/** A paging that took longer than the server keeps old versions is begun anew so often, then all is asked for at once. */
const EXPIRED_PAGINGS = 2;
/** How often a resource must be reported as absent before objects that were known are taken to be gone. */
const ABSENCES = 3;
/** A watch that lived so long ends a series of failures. */
const HEALTHY = 30_000;
/** A watch that ended so soon, with nothing, is as good as a failure. */
const SHORT = 1_000;
/** Events that are taken before other work has its turn. */
const EVENTS_PER_TURN = 256;

/**
 * Keeps a cache the same as what the API server has of one resource: lists it page by page, then follows the changes with
 * watches, each from where the last one stopped.
 *
 *     list -> watch -> (ended) -> watch ...         410, or a version that went backwards -> list
 *                      (failed) -> pause -> watch
 *
 * No failure takes anything out of the cache; only a complete list or an event does. Pauses grow and are jittered, so that
 * a server that comes back is not met by everybody at once.
 */
export class Reflector<T extends KubeObject> implements WatchedPart {
  readonly #options: ReflectorOptions<T>;
  readonly #causes: ToldCauses;
  readonly #path: string;
  readonly #what: string;
  /** Where the next watch begins; undefined when a list is needed. */
  #version: string | undefined;
  #failures = 0;
  #absences = 0;
  #expired = 0;
  /** Known versions may belong to a history that the server has no more. */
  #isUnsure = false;
  /** The failure that was told last, so that it is told once; '' when there is none. */
  #told = '';
  /** Another reflector tells of the failure, because the whole API server has it. */
  #isQuiet = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#causes = options.told ?? new ToldCauses();
    const { resource, namespace, cluster } = options;
    this.#path = resourcePath(resource, namespace);
    this.#what = `${resource.plural}${namespace === '' ? '' : ` of namespace ${namespace}`}${cluster === '' ? '' : ` of cluster ${cluster}`}`;
  }

  get cluster(): string {
    return this.#options.cluster;
  }

  get resource(): string {
    return this.#options.resource.plural;
  }

  get objects(): number {
    return this.#options.cache.size;
  }

  get isSynced(): boolean {
    return this.#options.cache.isSynced;
  }

  get currentAt(): number {
    return this.#options.cache.currentAt;
  }

  get version(): number | undefined {
    return this.#version === undefined ? undefined : versionNumber(this.#version);
  }

  /** Resolves when the signal has aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const forget = this.#options.metrics?.add(this);
    try {
      while (!signal.aborted) {
        const begun = this.#options.clock.elapsed();
        let pause = 0;
        try {
          if (this.#version === undefined) await this.#list(signal);
          else if (this.#isUnsure) await this.#verify(signal);
          else {
            const events = await this.#watch(signal);
            // A server that ends every watch at once must not be asked at once every time.
            const isShort = events === 0 && this.#options.clock.elapsed() - begun < SHORT;
            pause = isShort ? this.#nextBackOff() : 0;
          }
        } catch (error) {
          if (signal.aborted) break;
          if (this.#options.clock.elapsed() - begun > HEALTHY) this.#failures = 0;
          pause = this.#failed(error);
        }
        if (pause > 0) await wait(this.#options.clock, pause, signal);
      }
    } finally {
      this.#causes.end(this);
      forget?.();
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, cache, clock, pageSize = 500 } = this.#options;
    const objects: T[] = [];
    const limit = this.#expired >= EXPIRED_PAGINGS ? 0 : pageSize;
    // The first page fixes the moment that the list is of, and was asked for after this.
    const now = clock.now();
    let page: ListPage<T> | undefined;
    do {
      const next: string | undefined = page?.continue;
      page = await client.list<T>(this.#path, {
        ...this.#selection(signal),
        limit,
        continue: next,
        map: resource.slim,
      });
      if (page.continue !== '' && page.continue === next)
        throw new Error('the list leads from a page to the same page');
      for (const object of page.items) objects.push(this.#known(object, page));
    } while (page.continue !== '');
    signal.throwIfAborted();
    if (this.#isRestored(page)) this.#tellRestored(this.#lastSeen!, page.resourceVersion);
    await cache.adopt(objects, now, () => turn(signal));
    this.#options.metrics?.lists.inc(this.#labels);
    this.#version = page.resourceVersion;
    this.#lastSeen = page.resourceVersion;
    this.#expired = 0;
    this.#isUnsure = false;
    this.#recovered();
  }

  /** The cache's own object when it is the same, so that a list does not take its room a second time. */
  #known(object: T, page: ListPage<T>): T {
    // Versions of another history say nothing about what is the same.
    if (this.#isRestored(page)) return object;
    const { namespace, name, resourceVersion } = object.metadata;
    const known = this.#options.cache.get(namespace, name);
    return known?.metadata.resourceVersion === resourceVersion ? known : object;
  }

  /** Whether the list is of a history in which the version that was seen last has not been yet. */
  #isRestored({ resourceVersion }: ListPage<T>): boolean {
    return this.#lastSeen !== undefined && isOlder(resourceVersion, this.#lastSeen);
  }

  /** The version that was seen last, also when it is of no use for a watch any more. */
  #lastSeen: string | undefined;

  /** The number of events until the watch ended. */
  async #watch(signal: AbortSignal): Promise<number> {
    const { client, metrics } = this.#options;
    metrics?.watches.inc(this.#labels);
    let events = 0;
    for await (const event of client.watch(this.#path, {
      ...this.#selection(signal),
      resourceVersion: this.#version!,
    })) {
      if (signal.aborted) break;
      metrics?.events.inc({ ...this.#labels, type: event.type });
      events++;
      if (!this.#take(event)) break;
      this.#recovered();
      if (events % EVENTS_PER_TURN === 0) await turn(signal);
    }
    return events;
  }

  /** False when the event shows that the server's history is another one: then a list is needed. */
  #take({ type, object }: WatchEvent): boolean {
    const { resource, cache, clock } = this.#options;
    const version = object.metadata.resourceVersion ?? '';
    if (version !== '') {
      if (isOlder(version, this.#version!)) {
        this.#version = undefined;
        return false;
      }
      this.#version = version;
      this.#lastSeen = version;
    }
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        cache.put(resource.slim(object));
        break;
      case 'DELETED':
        cache.remove(object.metadata.namespace ?? '', object.metadata.name);
        break;
      case 'BOOKMARK':
        break;
      default:
        return type satisfies never;
    }
    cache.currentAt = clock.now();
    return true;
  }

  /**
   * After a connection was lost: asks for the version that the server is at. One that was restored from a backup is behind
   * what was seen, and would be silent on a watch from there until it has caught up.
   */
  async #verify(signal: AbortSignal): Promise<void> {
    const { client, resource } = this.#options;
    const page = await client.list(this.#path, { ...this.#selection(signal), limit: 1, map: resource.slim });
    this.#isUnsure = false;
    if (isOlder(page.resourceVersion, this.#version!)) this.#version = undefined;
  }

  /** Takes note of a failure; how long to wait. */
  #failed(error: unknown): number {
    const { backOff = 800, absentPause = 60_000, resource, cache, clock } = this.#options;
    const kubeError =
      error instanceof KubeError ? error : new KubeError(String(error), { status: 0 }, { cause: error });
    const { status, retryAfter = 0 } = kubeError;
    const verb = this.#version === undefined ? 'list' : 'watch';
    this.#options.metrics?.errors.inc({ ...this.#labels, verb, reason: reasonOf(kubeError) });
    if (status === 410) {
      if (this.#version === undefined) this.#expired++;
      this.#version = undefined;
      return this.#jitter(backOff);
    }
    if (status === 404 && resource.group !== '') {
      // The API does not have the resource, so there are none. But one that was there may be back in a moment.
      this.#absences++;
      if (!cache.isSynced || cache.size === 0 || this.#absences >= ABSENCES) cache.replace([], clock.now());
      this.#version = undefined;
      this.#lastSeen = undefined;
      this.#tell(
        'info',
        `the API server has no ${resource.plural}.${resource.group} (${resource.version}); it will be asked again`,
        kubeError,
      );
      return this.#jitter(absentPause);
    }
    if (status === 403) {
      this.#tell('warn', `may not list and watch ${this.#what}: ${this.#missingRule()}`, kubeError);
      return this.#jitter(absentPause);
    }
    if (status === 0 || status >= 500) this.#isUnsure = this.#version !== undefined;
    // A watch that was cut and goes on is nothing to tell.
    if (this.#version === undefined || this.#failures > 0) {
      this.#tell('warn', `cannot watch ${this.#what}: ${kubeError.message}; what is known stays`, kubeError);
    }
    return Math.max(retryAfter, this.#nextBackOff());
  }

  #nextBackOff(): number {
    const { maxBackOff = 30_000, backOff = 800 } = this.#options;
    return this.#jitter(Math.min(maxBackOff, backOff * 2 ** Math.min(this.#failures++, 16)));
  }

  #recovered(): void {
    this.#failures = 0;
    this.#absences = 0;
    if (this.#told === '') return;
    this.#told = '';
    this.#causes.end(this);
    this.#options.logger[this.#isQuiet ? 'debug' : 'info'](this.#labels, `${this.#what} can be watched again`);
  }

  #tell(level: 'info' | 'warn', message: string, { status, message: reason }: KubeError): void {
    // Different words of the same failure are the same failure.
    const key = String(status);
    // Others may have stopped telling of it.
    if (this.#told === key && !this.#isQuiet) return;
    const isQuiet = isOfServer(status) && !this.#causes.begin(key, this);
    if (this.#told === key && isQuiet) return;
    this.#told = key;
    this.#isQuiet = isQuiet;
    this.#options.logger[isQuiet ? 'debug' : level]({ ...this.#labels, status, reason }, message);
  }

  #tellRestored(before: string, now: string): void {
    this.#options.logger.warn(
      { ...this.#labels, before, now },
      `the API server's versions went backwards (${this.#what}): it was restored, and all is taken over anew`,
    );
  }

  #missingRule(): string {
    const { resource, namespace } = this.#options;
    const role = namespace === '' ? 'a ClusterRole' : `a Role in namespace ${namespace}`;
    return `it needs ${role} with the rule {apiGroups: ["${resource.group}"], resources: ["${resource.plural}"], verbs: ["list", "watch"]}`;
  }

  #selection(signal: AbortSignal): Selection {
    const { labelSelector, fieldSelector, resource } = this.#options;
    return { labelSelector, fieldSelector, metadataOnly: resource.metadataOnly, signal };
  }

  get #labels(): { cluster: string; resource: string } {
    return { cluster: this.cluster, resource: this.resource };
  }

  /** Between half and one and a half of it. */
  #jitter(milliseconds: number): number {
    return milliseconds * (0.5 + this.#options.random());
  }
}

/** Lets other work have its turn; rejects when the signal has aborted. */
async function turn(signal: AbortSignal): Promise<void> {
  await new Promise(setImmediate);
  signal.throwIfAborted();
}

/** Whether a failure is mostly one of all resources: nobody answers, or refuses our credentials. */
function isOfServer(status: number): boolean {
  return status === 0 || status === 401 || status >= 500;
}

function reasonOf({ status, reason }: KubeError): string {
  if (status === 0) return 'connection';
  if (status === 410) return 'expired';
  return reason === '' ? String(status) : reason.toLowerCase();
}

function versionNumber(version: string): number | undefined {
  return /^\d{1,15}$/.test(version) ? Number(version) : undefined;
}

/** Versions count up; those that are no numbers cannot be compared. */
function isOlder(version: string, than: string): boolean {
  const a = versionNumber(version);
  const b = versionNumber(than);
  return a !== undefined && b !== undefined && a < b;
}
