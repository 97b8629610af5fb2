import type { KubeObject } from './objects.ts';

/** What happened to one object. Without `before` it is new, without `after` it is gone. */
export interface Change<T extends KubeObject> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** The objects of one resource as far as they are watched: the present state of a cluster, kept current by a reflector. */
export interface ObjectCache<T extends KubeObject> {
  readonly size: number;
  /** Whether a complete list has been seen; from then on it stays true, however old the cache gets. */
  readonly isSynced: boolean;
  /** When it was last known to be current, by a list, an event or a bookmark; Unix milliseconds, 0 before the first list. */
  readonly currentAt: number;
  values(): Iterable<T>;
  /** `namespace` is '' for what has none. */
  get(namespace: string, name: string): T | undefined;
  /** Resolves when it is synced; rejects with the signal's reason. */
  synced(signal: AbortSignal): Promise<void>;
  /**
   * Calls for every change from now on, after it has been made; what is there now is not told. The listener must not throw.
   * The answer ends it.
   */
  subscribe(listener: (change: Change<T>) => void): () => void;
}

/** Objects that are taken over before other work has its turn. */
const OBJECTS_PER_TURN = 256;

/** The one that is written to: by a reflector, or by a test. */
export class MutableObjectCache<T extends KubeObject> implements ObjectCache<T> {
  readonly #objects = new Map<string, T>();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  readonly #waiting = new Set<() => void>();
  isSynced = false;
  currentAt = 0;

  get size(): number {
    return this.#objects.size;
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  synced(signal: AbortSignal): Promise<void> {
    if (this.isSynced) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        this.#waiting.delete(done);
        reject(signal.reason as Error);
      };
      if (signal.aborted) return abort();
      this.#waiting.add(done);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  subscribe(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The object is there, new or changed. */
  put(object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    this.#objects.set(key, object);
    this.#tell({ before, after: object });
  }

  /** The object is gone; nothing happens when it was not there. */
  remove(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#objects.delete(key);
    this.#tell({ before, after: undefined });
  }

  /** A complete list: what it lacks is gone. Listeners hear the differences only; an equal resource version is none. */
  replace(objects: Iterable<T>, now: number): void {
    const seen = new Set<string>();
    for (const object of objects) {
      const key = keyOf(object);
      seen.add(key);
      const before = this.#objects.get(key);
      const version = object.metadata.resourceVersion;
      if (before !== undefined && version !== '' && before.metadata.resourceVersion === version) continue;
      this.#objects.set(key, object);
      this.#tell({ before, after: object });
    }
    for (const [key, before] of this.#objects) {
      if (seen.has(key)) continue;
      this.#objects.delete(key);
      this.#tell({ before, after: undefined });
    }
    this.complete(now);
  }

  /**
   * The same as `replace` for a long list, in steps between which `turn` is awaited: first what is new or another object
   * than the one that is held, then what is gone. Nobody else must write meanwhile. Rejects when `turn` does, and then the
   * list is taken over in part only.
   */
  async adopt(objects: readonly T[], now: number, turn: () => Promise<void>): Promise<void> {
    const listed = new Set<T>();
    let steps = 0;
    for (const object of objects) {
      if (this.#objects.get(keyOf(object)) !== object) this.put(object);
      listed.add(object);
      if (++steps % OBJECTS_PER_TURN === 0) await turn();
    }
    for (const object of this.values()) {
      if (!listed.has(object)) this.remove(object.metadata.namespace, object.metadata.name);
      if (++steps % OBJECTS_PER_TURN === 0) await turn();
    }
    this.complete(now);
  }

  /** It has been made the same as a complete list of that time. */
  protected complete(now: number): void {
    this.currentAt = now;
    this.isSynced = true;
    for (const done of [...this.#waiting]) done();
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
