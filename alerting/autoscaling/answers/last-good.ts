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
    const before = this.#labels;
    const moved = alignRows(before, labels);
    const taken = new Uint8Array(labels.length);
    for (const row of moved) if (row >= 0) taken[row] = 1;
    const index = new HashedRows(
      labels.length,
      (row) => (taken[row] === 1 ? undefined : hashOf(...labels[row]!.pairs)),
      (a, b) => labels[a]!.equals(labels[b]!),
    );
    const values = new Float64Array(labels.length);
    const timestamps = new Float64Array(labels.length).fill(Number.NaN);
    const gone: GoneRow[] = [];
    const carry = (old: GoneRow, aligned: number): void => {
      if (!(old.timestamp >= horizon)) return;
      const row =
        aligned >= 0 ? aligned : index.first(hashOf(...old.labels.pairs), (other) => labels[other]!.equals(old.labels));
      if (row < 0) gone.push(old);
      else if (!(timestamps[row]! > old.timestamp)) {
        values[row] = old.value;
        timestamps[row] = old.timestamp;
      }
    };
    for (let row = 0; row < before.length; row++) {
      carry({ labels: before[row]!, value: this.#values[row]!, timestamp: this.#timestamps[row]! }, moved[row]!);
    }
    for (const old of this.#gone) carry(old, -1);
    if (gone.length > MOST_GONE) gone.sort((a, b) => b.timestamp - a.timestamp).length = MOST_GONE;
    this.#labels = labels;
    this.#values = values;
    this.#timestamps = timestamps;
    this.#gone = gone;
  }
}

/** Rows that may have come or gone in one place for the rest to be found by their order. */
const LOOK_AHEAD = 4;

/**
 * Where rows are now, as far as that is seen by going through both in order; -1 for others. Most of the time few rows come or go, and this is
 * a tenth of the work of finding them by their labels.
 */
function alignRows(before: readonly Labels[], after: readonly Labels[]): Int32Array {
  const found = new Int32Array(before.length).fill(-1);
  let old = 0;
  let now = 0;
  while (old < before.length && now < after.length) {
    if (before[old]!.equals(after[now]!)) {
      found[old++] = now++;
      continue;
    }
    let skipped = 1;
    for (; skipped <= LOOK_AHEAD; skipped++) {
      if (after[now + skipped]?.equals(before[old]!)) {
        now += skipped;
        break;
      }
      if (before[old + skipped]?.equals(after[now]!)) {
        old += skipped;
        break;
      }
    }
    if (skipped > LOOK_AHEAD) {
      old++;
      now++;
    }
  }
  return found;
}
