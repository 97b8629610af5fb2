import { Labels } from '../labels.ts';
import type { Matcher } from '../matcher.ts';
import type { RecentSeries } from './recent-series.ts';

/** Series of a metric that come and go. */
export interface SeriesLog {
  /** Those that came since `began`, in the order of their coming. */
  readonly added: readonly RecentSeries[];
  /** Goes up when `added` begins anew; who has not seen all of it before starts over. */
  readonly epoch: number;
  /** How many went, ever. */
  readonly removals: number;
}

/**
 * The series of a metric that satisfy matchers, sorted, kept between questions: nothing is matched again but what came meanwhile.
 * The arrays are never changed, only replaced, so whoever has them may keep them.
 */
export class RecentSelection {
  readonly #matchers: readonly Matcher[];
  readonly #log: SeriesLog;
  #series: readonly RecentSeries[] = [];
  #labels: readonly Labels[] = [];
  #epoch = -1;
  #seen = 0;
  #removals = 0;

  constructor(matchers: readonly Matcher[], log: SeriesLog) {
    this.#matchers = matchers;
    this.#log = log;
  }

  get series(): readonly RecentSeries[] {
    return this.#series;
  }

  /** Of `series`, in the same order; the same array as long as that is the same. */
  get labels(): readonly Labels[] {
    return this.#labels;
  }

  /** Takes in what came and went. `all` are all series, sorted, for a selection that has fallen behind. */
  update(all: () => readonly RecentSeries[]): void {
    const { added, epoch, removals } = this.#log;
    if (this.#epoch !== epoch) {
      const every = all();
      this.#replace(this.#matchers.length === 0 ? every : every.filter((series) => this.#matches(series)));
    } else if (this.#seen < added.length || this.#removals !== removals) {
      const news = added.slice(this.#seen).filter((series) => !series.isRemoved && this.#matches(series));
      const gone = this.#removals !== removals && this.#series.some((series) => series.isRemoved);
      const kept = gone ? this.#series.filter((series) => !series.isRemoved) : this.#series;
      if (news.length > 0 || gone) this.#replace(merged(kept, news.sort(byLabels)));
    }
    this.#epoch = epoch;
    this.#seen = added.length;
    this.#removals = removals;
  }

  /** The selection of all series begins with the log, and needs no other to start over from. */
  begin(): void {
    this.#epoch = this.#log.epoch;
    this.#seen = 0;
  }

  #matches({ labels }: RecentSeries): boolean {
    return this.#matchers.every((matcher) => matcher.matches(labels.get(matcher.name)));
  }

  #replace(series: readonly RecentSeries[]): void {
    this.#series = series;
    this.#labels = series.map(({ labels }) => labels);
  }
}

function byLabels(a: RecentSeries, b: RecentSeries): number {
  return Labels.compare(a.labels, b.labels);
}

/** Two sorted lists as one. */
function merged(a: readonly RecentSeries[], b: readonly RecentSeries[]): readonly RecentSeries[] {
  if (b.length === 0) return a;
  const result: RecentSeries[] = [];
  let next = 0;
  for (const series of a) {
    while (next < b.length && byLabels(b[next]!, series) < 0) result.push(b[next++]!);
    result.push(series);
  }
  while (next < b.length) result.push(b[next++]!);
  return result;
}
