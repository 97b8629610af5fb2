/**
 * Which metrics got samples at times that were thought to be complete: counters in shared memory, so that caches of all
 * threads can look, one for each of many buckets into which metrics are hashed, and one for all of them.
 */
export class LateSamples {
  readonly #counters: Int32Array<ArrayBufferLike>;

  /** With the counters of another thread's; else with new ones. */
  constructor(
    counters: Int32Array<ArrayBufferLike> = new Int32Array(
      new SharedArrayBuffer((BUCKETS + 1) * Int32Array.BYTES_PER_ELEMENT),
    ),
  ) {
    this.#counters = counters;
  }

  /** For another thread. */
  get counters(): Int32Array<ArrayBufferLike> {
    return this.#counters;
  }

  /** To be called after such samples were stored, or may have been. */
  count(metrics: Iterable<string>): void {
    for (const metric of metrics) Atomics.add(this.#counters, bucketOf(metric), 1);
    Atomics.add(this.#counters, ANY, 1);
  }

  /** When it is not known of which metrics: all may have got some. */
  countAll(): void {
    for (let i = 0; i <= BUCKETS; i++) Atomics.add(this.#counters, i, 1);
  }

  /** A text that differs after late samples of one of the metrics; without names, of any. */
  token(metrics: readonly string[] | undefined): string {
    if (metrics === undefined) return String(Atomics.load(this.#counters, ANY));
    return metrics.map((metric) => Atomics.load(this.#counters, bucketOf(metric))).join();
  }
}

/**
 * Samples are expected in ClickHouse so many milliseconds after their time; later ones are counted as late. Half of it is for
 * the way to Pharos, half for waiting in the outbox.
 */
export const SETTLED = 5 * 60_000;
/** A sample that is older than this when it is appended is late. */
export const LATE_WHEN_APPENDED = SETTLED / 2;

const BUCKETS = 1024;
const ANY = BUCKETS;

/** FNV-1a. */
function bucketOf(metric: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < metric.length; i++) hash = Math.imul(hash ^ metric.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % BUCKETS;
}
