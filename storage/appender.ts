import type { Labels } from './labels.ts';
import type { Metadata, SampleBatch, SeriesRef } from './series.ts';

/**
 * The write half of the waist. A writer acquires a ref for each series once, appends batches by ref, and releases the
 * refs of series that ended. Samples may come in any order of time; of two samples of one series at the same
 * millisecond the one appended later counts.
 */
export interface Appender {
  /**
   * The ref of a series, created on first use. Each acquire of the same labels gives the same ref and adds one holder;
   * `release` takes one away. The labels must contain a metric name.
   */
  acquire(labels: Labels): SeriesRef;

  /** The labels of a series that is held; what an appender has that others can stand in front of. Throws a StorageError otherwise. */
  labelsOf?(ref: SeriesRef): Labels;

  /** Gives refs back, one holder each. Samples already appended by them stay. */
  release(refs: Iterable<SeriesRef>): void;

  /**
   * Takes the whole batch or none of it. The columns are copied before this returns, so the caller may reuse them at
   * once, and may release the refs. Resolves when the samples are durable: from then on a crash of the process loses
   * nothing and stores nothing twice. They become visible to queries a little later. Rejects with a StorageError:
   * `full` (nothing was taken; decided before the call returns, at no cost) or `canceled` after close.
   */
  append(batch: SampleBatch): Promise<void>;

  /** Remembers metadata; the newest of a metric counts. Never fails: metadata is best effort. */
  describe(metadata: readonly Metadata[]): void;
}
