import type { Appender } from '../storage/appender.ts';
import type { Labels } from '../storage/labels.ts';
import type { SeriesRef } from '../storage/series.ts';

/** A sample that a rule produced; its labels contain a metric name. */
export interface RuleSample {
  readonly labels: Labels;
  readonly value: number;
}

/**
 * What rules that are evaluated together have written in one round. Two of them may write one series, in turn or at once: what one
 * has written the other must not end, nor write again with another value.
 */
export class RoundOfSamples {
  readonly #values = new Map<number, Map<string, number>>();

  /** The value that a series has been given at a time in this round. */
  get(labels: Labels, timestamp: number): number | undefined {
    return this.#values.get(timestamp)?.get(labels.key);
  }

  set(labels: Labels, timestamp: number, value: number): void {
    let values = this.#values.get(timestamp);
    if (values === undefined) this.#values.set(timestamp, (values = new Map()));
    values.set(labels.key, value);
  }
}

/** A series that was written, and the ref by which it is held. */
interface HeldSeries {
  readonly labels: Labels;
  readonly ref: SeriesRef;
}

/**
 * The series that one rule writes. A series that the next result lacks gets a stale marker. Those that are there are held, so that
 * writing them again costs the appender nothing but their samples.
 */
export class RuleSeries {
  readonly #appender: Appender;
  #present: ReadonlyMap<string, HeldSeries> = new Map();

  constructor(appender: Appender) {
    this.#appender = appender;
  }

  /** Goes on where another ended, which must not write any more. */
  adopt(other: RuleSeries): void {
    this.#appender.release(refsOf(this.#present.values()));
    this.#present = other.#present;
    other.#present = new Map();
  }

  /** Counts a series as written: another process did. */
  resume(labels: Labels): void {
    if (this.#present.has(labels.key)) return;
    const held = { labels, ref: this.#appender.acquire(labels) };
    this.#present = new Map(this.#present).set(labels.key, held);
  }

  /** Gives all series back without stale markers: another process goes on with them. */
  release(): void {
    this.#appender.release(refsOf(this.#present.values()));
    this.#present = new Map();
  }

  /**
   * Writes a result and the stale markers it implies, all or none. Rejects with a StorageError and changes nothing; with an Error
   * when another rule of the round has written some of the series with other values, which then stay, after the rest has been written.
   */
  async write(samples: readonly RuleSample[], timestamp: number, round = new RoundOfSamples()): Promise<void> {
    const before = this.#present;
    const next = new Map<string, HeldSeries>();
    const kept: HeldSeries[] = [];
    const acquired: HeldSeries[] = [];
    const values: number[] = [];
    let refused: Labels | undefined;
    try {
      for (const { labels, value } of samples) {
        const other = round.get(labels, timestamp);
        if (other !== undefined && !Object.is(other, value)) {
          refused ??= labels;
          continue;
        }
        round.set(labels, timestamp, value);
        let held = before.get(labels.key) ?? next.get(labels.key);
        if (held === undefined) {
          held = { labels, ref: this.#appender.acquire(labels) };
          acquired.push(held);
        }
        next.set(labels.key, held);
        kept.push(held);
        values.push(value);
      }
      const gone = [...before].filter(([key]) => !next.has(key)).map(([, held]) => held);
      const ended = gone.filter(({ labels }) => round.get(labels, timestamp) === undefined);
      await this.#append([...kept, ...ended], values, timestamp);
      this.#present = next;
      this.#appender.release(refsOf(gone));
    } catch (error) {
      this.#appender.release(refsOf(acquired));
      throw error;
    }
    if (refused !== undefined) {
      throw new Error(`a rule before this one has given ${refused.toString()} another value at the same time`);
    }
  }

  /** Appends a value for each of the first series, and a stale marker for each of the others. */
  async #append(all: readonly HeldSeries[], values: readonly number[], timestamp: number): Promise<void> {
    const { length } = all;
    if (length === 0) return;
    const batch = {
      length,
      refs: Uint32Array.from(all, ({ ref }) => ref),
      timestamps: new Float64Array(length).fill(timestamp),
      values: new Float64Array(length).fill(Number.NaN),
      stale: new Uint8Array(length),
    };
    batch.values.set(values);
    batch.stale.fill(1, values.length);
    await this.#appender.append(batch);
  }
}

function refsOf(series: Iterable<HeldSeries>): SeriesRef[] {
  return Array.from(series, ({ ref }) => ref);
}
