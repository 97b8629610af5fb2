import { goNumber, type PageWriter } from './page-writer.ts';

export interface HistogramOptions {
  /** Between the braces, without `le`; may be ''. */
  readonly labels: string;
  readonly bounds: readonly number[];
  readonly count: number;
  /** Half of the observations are below. */
  readonly median: number;
}

/** The share of observations below a bound: half at the median, one in a hundred above seven times of it. */
export function shareBelow(bound: number, median: number): number {
  return bound <= 0 ? 0 : 1 - 2 ** -(bound / median);
}

/** The lines of a histogram's one series; HELP and TYPE are the caller's. Buckets of a rising count never fall. */
export function writeHistogram(
  writer: PageWriter,
  name: string,
  { labels, bounds, count, median }: HistogramOptions,
): void {
  const before = labels === '' ? '' : `${labels},`;
  for (const bound of bounds) {
    writer.sample(`${name}_bucket{${before}le="${goNumber(bound)}"}`, Math.floor(count * shareBelow(bound, median)));
  }
  writer.sample(`${name}_bucket{${before}le="+Inf"}`, Math.floor(count));
  const own = labels === '' ? '' : `{${labels}}`;
  writer.sample(`${name}_sum${own}`, count * median * Math.LOG2E);
  writer.sample(`${name}_count${own}`, Math.floor(count));
}

/** Go's default buckets, in seconds. */
export const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `count` bounds from `start`, each `factor` times the one before. */
export function exponential(start: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Number((start * factor ** index).toPrecision(12)));
}
