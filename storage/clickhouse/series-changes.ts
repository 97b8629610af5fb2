/**
 * What this process did to the table `series`, as two counters in shared memory that worker threads can read: a cached
 * index asks ClickHouse again only when they moved. They wrap around; only a difference means something.
 */
export type SeriesChanges = Int32Array;

const INSERTS = 0;
const REMOVALS = 1;

export function createSeriesChanges(): SeriesChanges {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** To be called after an insert into `series`, whether it succeeded or may have. */
export function countInsert(changes: SeriesChanges): void {
  Atomics.add(changes, INSERTS, 1);
}

/** To be called after rows of `series` were deleted, or may have been. */
export function countRemoval(changes: SeriesChanges): void {
  Atomics.add(changes, REMOVALS, 1);
}

export function insertsOf(changes: SeriesChanges): number {
  return Atomics.load(changes, INSERTS);
}

export function removalsOf(changes: SeriesChanges): number {
  return Atomics.load(changes, REMOVALS);
}
