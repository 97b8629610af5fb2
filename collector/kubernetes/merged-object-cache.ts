import type { Change, ObjectCache } from './object-cache.ts';
import type { KubeObject } from './objects.ts';

/** Caches of single namespaces, as one. Synced when all of them are, and as current as the one that is least so. */
export class MergedObjectCache<T extends KubeObject> implements ObjectCache<T> {
  readonly #parts: ReadonlyMap<string, ObjectCache<T>>;

  /** By namespace; at least one. */
  constructor(parts: ReadonlyMap<string, ObjectCache<T>>) {
    this.#parts = parts;
  }

  get size(): number {
    let size = 0;
    for (const part of this.#parts.values()) size += part.size;
    return size;
  }

  get isSynced(): boolean {
    for (const part of this.#parts.values()) if (!part.isSynced) return false;
    return true;
  }

  get currentAt(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const part of this.#parts.values()) oldest = Math.min(oldest, part.currentAt);
    return oldest;
  }

  *values(): Iterable<T> {
    for (const part of this.#parts.values()) yield* part.values();
  }

  get(namespace: string, name: string): T | undefined {
    return this.#parts.get(namespace)?.get(namespace, name);
  }

  async synced(signal: AbortSignal): Promise<void> {
    for (const part of this.#parts.values()) await part.synced(signal);
  }

  subscribe(listener: (change: Change<T>) => void): () => void {
    const ends = [...this.#parts.values()].map((part) => part.subscribe(listener));
    return () => {
      for (const end of ends) end();
    };
  }
}
