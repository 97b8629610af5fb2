import type { Labels } from '../../../storage/labels.ts';
import type { Evaluation } from '../served-metric.ts';
import { HashedRows, hashOf } from './hashed-rows.ts';

/** A row that was there and is not any more, with its last good value. */
export interface GoneRow {
  readonly labels: Labels;
  readonly value: number;
  readonly timestamp: number;
}

/** Rows that are gone and yet remembered; the oldest values are forgotten first. */
const MOST_GONE = 100_000;

/** The last good value of each row: 16 bytes a row, and an object for each row that is gone. */
export class LastGood {
  #labels: readonly Labels[] = [];
  #values = new Float64Array(0);
  /** NaN: none. */
  #timestamps = new Float64Array(0);
  #gone: readonly GoneRow[] = [];

  /** Takes what is good of an evaluation, and forgets what is older than `horizon`. */
  take(evaluation: Evaluation, isGood: (row: number) => boolean, horizon: number): void {
    const { labels, values, timestamps } = evaluation;
    if (labels !== this.#labels) this.#move(labels, horizon);
    else if (this.#gone.length > 0) this.#gone = this.#gone.filter(({ timestamp }) => timestamp >= horizon);
    for (let row = 0; row < labels.length; row++) {
      if (!isGood(row)) continue;
      this.#values[row] = values[row]!;
      this.#timestamps[row] = timestamps[row]!;
    }
  }

  value(row: number): number {
    return this.#values[row]!;
  }

  /** NaN when the row never had a good value. */
  timestamp(row: number): number {
    return this.#timestamps[row]!;
  }

  /** In no order. */
  get gone(): readonly GoneRow[] {
    return this.#gone;
  }

  get byteLength(): number {
    return this.#values.byteLength + this.#timestamps.byteLength;
  }

  #move(labels: readonly Labels[], horizon: number): void {
    const index = new HashedRows(
      labels.length,
      (row) => hashOf(...labels[row]!.pairs),
      (a, b) => labels[a]!.equals(labels[b]!),
    );
    const values = new Float64Array(labels.length);
    const timestamps = new Float64Array(labels.length).fill(Number.NaN);
    const gone: GoneRow[] = [];
    const carry = (old: GoneRow): void => {
      if (!(old.timestamp >= horizon)) return;
      const row = index.first(hashOf(...old.labels.pairs), (other) => labels[other]!.equals(old.labels));
      if (row < 0) gone.push(old);
      else if (!(timestamps[row]! > old.timestamp)) {
        values[row] = old.value;
        timestamps[row] = old.timestamp;
      }
    };
    for (let row = 0; row < this.#labels.length; row++) {
      carry({ labels: this.#labels[row]!, value: this.#values[row]!, timestamp: this.#timestamps[row]! });
    }
    for (const old of this.#gone) carry(old);
    if (gone.length > MOST_GONE) gone.sort((a, b) => b.timestamp - a.timestamp).length = MOST_GONE;
    this.#labels = labels;
    this.#values = values;
    this.#timestamps = timestamps;
    this.#gone = gone;
  }
}
