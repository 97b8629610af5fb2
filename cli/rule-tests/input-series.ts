import type { SeriesLine } from '../../query/promql/series-notation.ts';
import type { Appender } from '../../storage/appender.ts';
import type { SeriesRef } from '../../storage/series.ts';

/** Appends a test's series as time passes: what lies after the time of an evaluation must not be seen by it. */
export class InputSeries {
  readonly #appender: Appender;
  readonly #start: number;
  readonly #interval: number;
  readonly #lines: readonly SeriesLine[];
  readonly #refs: readonly SeriesRef[];
  /** How many items of each series have been appended. */
  #done = 0;

  constructor(
    appender: Appender,
    lines: readonly SeriesLine[],
    { start, interval }: { readonly start: number; readonly interval: number },
  ) {
    this.#appender = appender;
    this.#start = start;
    this.#interval = interval;
    // Of a series that is listed twice the last listing counts.
    this.#lines = [...new Map(lines.map((line) => [line.labels.key, line])).values()];
    this.#refs = this.#lines.map(({ labels }) => appender.acquire(labels));
  }

  /** Appends all samples up to a time that is later than that of the call before. */
  async until(time: number): Promise<void> {
    const end = Math.floor((time - this.#start) / this.#interval) + 1;
    const refs: SeriesRef[] = [];
    const timestamps: number[] = [];
    const values: number[] = [];
    const stale: number[] = [];
    for (const [i, { items }] of this.#lines.entries()) {
      for (let k = this.#done; k < Math.min(end, items.length); k++) {
        const item = items[k]!;
        if (item.kind !== 'value' && item.kind !== 'stale') continue;
        refs.push(this.#refs[i]!);
        timestamps.push(this.#start + k * this.#interval);
        values.push(item.kind === 'value' ? item.value : Number.NaN);
        stale.push(item.kind === 'stale' ? 1 : 0);
      }
    }
    this.#done = Math.max(this.#done, end);
    await this.#appender.append({
      length: refs.length,
      refs: Uint32Array.from(refs),
      timestamps: Float64Array.from(timestamps),
      values: Float64Array.from(values),
      stale: Uint8Array.from(stale),
    });
  }
}
