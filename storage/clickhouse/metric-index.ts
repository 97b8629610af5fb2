import { Labels } from '../labels.ts';
import type { Matcher } from '../matcher.ts';
import type { FoundSeries } from './found-series.ts';
import { IndexedSeries, mergeSorted, type SeriesRow } from './indexed-series.ts';
import { SeriesLookup } from './series-lookup.ts';

/** When the series of some ids may have samples, in columns; `ids` are pairs of halves, the low one first. */
export interface Coverage {
  readonly ids: Uint32Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
}

/**
 * The series of one metric that may have samples after `from`. New ones gather in a small set of their own, so that what was
 * computed about the big one stays; when they become many, the two are joined.
 */
export class MetricIndex {
  readonly from: number;
  #settled: IndexedSeries;
  #fresh = new IndexedSeries([]);

  /** The rows in any order, each series once. */
  constructor(from: number, rows: readonly SeriesRow[]) {
    this.from = from;
    this.#settled = new IndexedSeries(rows.toSorted((a, b) => Labels.compare(a.labels, b.labels)));
  }

  get size(): number {
    return this.#settled.size + this.#fresh.size;
  }

  /** Widens the times of the series that are known, and gives the others. */
  cover({ ids, first, last }: Coverage): Coverage {
    const unknown: number[] = [];
    for (let at = 0; at < first.length; at++) {
      const row = { low: ids[2 * at]!, high: ids[2 * at + 1]!, first: first[at]!, last: last[at]! };
      if (!this.#settled.cover(row) && !this.#fresh.cover(row)) unknown.push(at);
    }
    return {
      ids: Uint32Array.from(unknown.flatMap((at) => [ids[2 * at]!, ids[2 * at + 1]!])),
      first: Float64Array.from(unknown, (at) => first[at]!),
      last: Float64Array.from(unknown, (at) => last[at]!),
    };
  }

  /** Adds series that are not known, in any order, each once. */
  add(rows: readonly SeriesRow[]): void {
    if (rows.length === 0) return;
    const sorted = rows.toSorted((a, b) => Labels.compare(a.labels, b.labels));
    const fresh = mergeSorted([...this.#fresh.rows()], sorted);
    if (fresh.length <= FEW + this.#settled.size / 8) {
      this.#fresh = new IndexedSeries(fresh);
    } else {
      this.#settled = new IndexedSeries(mergeSorted([...this.#settled.rows()], fresh));
      this.#fresh = new IndexedSeries([]);
    }
  }

  /** The same series with their times anew, less those that the coverage does not name; undefined when it names others. */
  renewed(from: number, coverage: Coverage): MetricIndex | undefined {
    const lookup = new SeriesLookup(coverage.ids);
    const rows: SeriesRow[] = [];
    for (const row of mergeSorted([...this.#settled.rows()], [...this.#fresh.rows()])) {
      const at = lookup.find(row.low, row.high);
      if (at >= 0) rows.push({ ...row, first: coverage.first[at]!, last: coverage.last[at]! });
    }
    return rows.length === coverage.first.length ? new MetricIndex(from, rows) : undefined;
  }

  /** The series that may have samples in the range, which begins at `from` or later, and satisfy all matchers (the name aside). */
  find(matchers: readonly Matcher[], range: { readonly start: number; readonly end: number }): FoundSeries {
    const settled = this.#settled.select(matchers, range);
    const fresh = this.#fresh.select(matchers, range);
    if (fresh.length === 0 && settled.length === this.#settled.size) return this.#settled;
    const labels: Labels[] = [];
    const ids = new Uint32Array(2 * (settled.length + fresh.length));
    const take = (from: IndexedSeries, row: number): void => {
      ids[2 * labels.length] = from.ids[2 * row]!;
      ids[2 * labels.length + 1] = from.ids[2 * row + 1]!;
      labels.push(from.labels[row]!);
    };
    let next = 0;
    for (const row of settled) {
      while (next < fresh.length && Labels.compare(this.#fresh.labels[fresh[next]!]!, this.#settled.labels[row]!) < 0)
        take(this.#fresh, fresh[next++]!);
      take(this.#settled, row);
    }
    while (next < fresh.length) take(this.#fresh, fresh[next++]!);
    return { labels, ids };
  }
}

/** New series that may always wait to be joined with the others. */
const FEW = 64;
