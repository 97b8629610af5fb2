import type { Appender } from '../storage/appender.ts';
import type { Labels } from '../storage/labels.ts';

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

/** The series that one rule writes. A series that the next result lacks gets a stale marker. */
export class RuleSeries {
  readonly #appender: Appender;
  #present: ReadonlyMap<string, Labels> = new Map();

  constructor(appender: Appender) {
    this.#appender = appender;
  }

  /** Goes on where another ended, which must not write any more. */
  adopt(other: RuleSeries): void {
    this.#present = other.#present;
  }

  /**
   * Writes a result and the stale markers it implies, all or none. Rejects with a StorageError and changes nothing; with an Error
   * when another rule of the round has written some of the series with other values, which then stay, after the rest has been written.
   */
  async write(samples: readonly RuleSample[], timestamp: number, round = new RoundOfSamples()): Promise<void> {
    const next = new Map<string, Labels>();
    const kept: Labels[] = [];
    const values: number[] = [];
    let refused: Labels | undefined;
    for (const { labels, value } of samples) {
      const before = round.get(labels, timestamp);
      if (before !== undefined && !Object.is(before, value)) {
        refused ??= labels;
        continue;
      }
      round.set(labels, timestamp, value);
      next.set(labels.key, labels);
      kept.push(labels);
      values.push(value);
    }
    const gone: Labels[] = [];
    for (const [key, labels] of this.#present) {
      if (!next.has(key) && round.get(labels, timestamp) === undefined) gone.push(labels);
    }
    await this.#append([...kept, ...gone], values, timestamp);
    this.#present = next;
    if (refused !== undefined) {
      throw new Error(`a rule before this one has given ${refused.toString()} another value at the same time`);
    }
  }

  /** Appends a value for each of the first series, and a stale marker for each of the others. */
  async #append(all: readonly Labels[], values: readonly number[], timestamp: number): Promise<void> {
    const { length } = all;
    if (length === 0) return;
    const batch = {
      length,
      refs: new Uint32Array(length),
      timestamps: new Float64Array(length).fill(timestamp),
      values: new Float64Array(length).fill(Number.NaN),
      stale: new Uint8Array(length),
    };
    batch.values.set(values);
    batch.stale.fill(1, values.length);
    const acquired: number[] = [];
    try {
      for (const [i, labels] of all.entries()) {
        batch.refs[i] = this.#appender.acquire(labels);
        acquired.push(batch.refs[i]!);
      }
      await this.#appender.append(batch);
    } finally {
      this.#appender.release(acquired);
    }
  }
}
