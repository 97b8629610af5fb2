import { Labels, METRIC_NAME } from '../labels.ts';
import type { Matcher } from '../matcher.ts';
import { LabelPostings } from './label-postings.ts';
import { SeriesLookup } from './series-lookup.ts';

/** A series, the halves of its id, and when it may have samples: from `first` to before `last`. */
export interface SeriesRow {
  readonly labels: Labels;
  readonly low: number;
  readonly high: number;
  readonly first: number;
  readonly last: number;
}

/** Series of one metric in columns, sorted by Labels.compare. Which they are is fixed; their times can grow. */
export class IndexedSeries {
  readonly labels: readonly Labels[];
  /** Pairs of halves, the low one first. */
  readonly ids: Uint32Array;
  readonly #first: Float64Array;
  readonly #last: Float64Array;
  readonly #lookup: SeriesLookup;
  readonly #postings = new Map<string, LabelPostings>();

  /** The rows are sorted by Labels.compare, each series once. */
  constructor(rows: readonly SeriesRow[]) {
    this.labels = rows.map((row) => row.labels);
    this.ids = new Uint32Array(2 * rows.length);
    this.#first = Float64Array.from(rows, (row) => row.first);
    this.#last = Float64Array.from(rows, (row) => row.last);
    for (let row = 0; row < rows.length; row++) {
      this.ids[2 * row] = rows[row]!.low;
      this.ids[2 * row + 1] = rows[row]!.high;
    }
    this.#lookup = new SeriesLookup(this.ids);
  }

  get size(): number {
    return this.labels.length;
  }

  /** Widens a series' time. False when the series is not here. */
  cover(row: Omit<SeriesRow, 'labels'>): boolean {
    const at = this.#lookup.find(row.low, row.high);
    if (at < 0) return false;
    this.#first[at] = Math.min(this.#first[at]!, row.first);
    this.#last[at] = Math.max(this.#last[at]!, row.last);
    return true;
  }

  *rows(): Generator<SeriesRow> {
    for (let row = 0; row < this.size; row++) {
      yield {
        labels: this.labels[row]!,
        low: this.ids[2 * row]!,
        high: this.ids[2 * row + 1]!,
        first: this.#first[row]!,
        last: this.#last[row]!,
      };
    }
  }

  /** The rows, ascending, that may have samples in the range and whose labels, the name aside, satisfy all matchers. */
  select(matchers: readonly Matcher[], { start, end }: { readonly start: number; readonly end: number }): number[] {
    const tests: { readonly numbers: Uint32Array; readonly accepted: Uint8Array }[] = [];
    let candidates: { readonly postings: LabelPostings; readonly values: readonly number[] } | undefined;
    // When a quarter of the rows come into question, walking all of them costs no more than picking those out.
    let fewest = this.size / 4;
    for (const matcher of matchers) {
      if (matcher.name === METRIC_NAME) continue;
      const postings = this.#postingsOf(matcher.name);
      const values = postings.literalNumbers(matcher);
      if (values !== undefined && postings.count(values) <= fewest) {
        candidates = { postings, values };
        fewest = postings.count(values);
      }
      tests.push({ numbers: postings.numbers, accepted: postings.accepted(matcher) });
    }
    const found: number[] = [];
    const consider = (row: number): void => {
      if (this.#first[row]! > end || this.#last[row]! <= start) return;
      for (const { numbers, accepted } of tests) if (accepted[numbers[row]!] === 0) return;
      found.push(row);
    };
    if (candidates !== undefined) candidates.postings.rowsOf(candidates.values).forEach(consider);
    else for (let row = 0; row < this.size; row++) consider(row);
    return found;
  }

  #postingsOf(name: string): LabelPostings {
    let postings = this.#postings.get(name);
    if (postings === undefined) this.#postings.set(name, (postings = new LabelPostings(this.labels, name)));
    return postings;
  }
}

/** Two lists of different series, both sorted by Labels.compare, as one such list. */
export function mergeSorted<T extends { readonly labels: Labels }>(left: readonly T[], right: readonly T[]): T[] {
  const merged: T[] = [];
  let l = 0;
  for (const row of right) {
    while (l < left.length && Labels.compare(left[l]!.labels, row.labels) < 0) merged.push(left[l++]!);
    merged.push(row);
  }
  while (l < left.length) merged.push(left[l++]!);
  return merged;
}
