import { StorageError } from '../errors.ts';
import { Labels, METRIC_NAME } from '../labels.ts';
import type { Matcher } from '../matcher.ts';
import type { SeriesFilter } from '../querier.ts';
import { ClickHouseError, type ClickHouseReader } from './client.ts';
import type { FoundSeries } from './found-series.ts';
import { labelSql, matcherSql } from './matcher-sql.ts';
import { columnOf } from './native-block.ts';
import { RecentIndex, type RecentIndexOptions } from './recent-index.ts';
import { withMetric } from './series-rows.ts';
import { sqlTime } from './sql-literal.ts';
import { COVERAGE } from './writer/segment-builder.ts';

const CANNOT_COMPILE_REGEXP = 427;

export interface SeriesIndexOptions extends Pick<RecentIndexOptions, 'client' | 'changes' | 'otherWriters' | 'now'> {
  /** Series of one answer; more is a StorageError `limit`. */
  readonly maxSeries: number;
}

/** Which series there are, from memory or from the table `series`. Every method rejects as the client does. */
export class SeriesIndex {
  readonly #client: ClickHouseReader;
  readonly #maxSeries: number;
  readonly #recent: RecentIndex;

  constructor(options: SeriesIndexOptions) {
    const { client, changes, otherWriters, now } = options;
    this.#client = client;
    this.#maxSeries = options.maxSeries;
    this.#recent = new RecentIndex({ client, changes, otherWriters, ...(now === undefined ? {} : { now }) });
  }

  /** Of more series than the filter's limit, it is not said which are given. */
  async find(filter: SeriesFilter, signal: AbortSignal): Promise<FoundSeries> {
    const recent = await this.#recent.find(filter, signal);
    if (recent === undefined) return this.#read(filter, signal);
    const { limit } = filter;
    if (limit > 0 && limit <= this.#maxSeries && recent.labels.length > limit) {
      return { labels: recent.labels.slice(0, limit), ids: recent.ids.slice(0, 2 * limit) };
    }
    this.#checkSize(recent.labels.length);
    return recent;
  }

  async #read(filter: SeriesFilter, signal: AbortSignal): Promise<FoundSeries> {
    const where = filterSql(filter);
    const limit = Math.min(filter.limit === 0 ? Number.POSITIVE_INFINITY : filter.limit, this.#maxSeries + 1);
    const sql = `SELECT metric, id, labels FROM series WHERE ${where} LIMIT 1 BY metric, id LIMIT ${limit}`;
    const rows: { labels: Labels; low: number; high: number }[] = [];
    try {
      for await (const block of this.#client.stream(sql, signal)) {
        const metrics = columnOf(block, 0, 'string');
        const ids = columnOf(block, 1, 'int64');
        const labels = columnOf(block, 2, 'map');
        for (let row = 0; row < block.rows; row++) {
          rows.push({ labels: withMetric(metrics[row]!, labels[row]!), low: ids[2 * row]!, high: ids[2 * row + 1]! });
        }
      }
    } catch (error) {
      throw explained(error);
    }
    this.#checkSize(rows.length);
    rows.sort((a, b) => Labels.compare(a.labels, b.labels));
    const ids = new Uint32Array(2 * rows.length);
    for (const [index, row] of rows.entries()) {
      ids[2 * index] = row.low;
      ids[2 * index + 1] = row.high;
    }
    return { labels: rows.map((row) => row.labels), ids };
  }

  #checkSize(series: number): void {
    if (series <= this.#maxSeries) return;
    throw new StorageError(
      'limit',
      `a query may select at most ${this.#maxSeries} series; narrow its matchers or its range`,
    );
  }

  async labelNames(filter: SeriesFilter, signal: AbortSignal): Promise<readonly string[]> {
    const recent = await this.#recent.find(filter, signal);
    if (recent !== undefined) {
      const names = new Set<string>();
      for (const { pairs } of recent.labels) for (let at = 0; at < pairs.length; at += 2) names.add(pairs[at]!);
      return firstOf(names, filter);
    }
    const sql = `SELECT DISTINCT arrayJoin(mapKeys(labels)) AS name FROM series WHERE ${filterSql(filter)}${limitSql(filter)}`;
    const names = await this.#strings(sql, signal);
    // Every series has a metric name, which is not in the map.
    if (names.length > 0 || (await this.#any(filter, signal))) names.push(METRIC_NAME);
    return firstOf(names, filter);
  }

  async labelValues(name: string, filter: SeriesFilter, signal: AbortSignal): Promise<readonly string[]> {
    const recent = await this.#recent.find(filter, signal);
    if (recent !== undefined) {
      const values = new Set(recent.labels.map((labels) => labels.get(name)));
      values.delete('');
      return firstOf(values, filter);
    }
    const sql = `SELECT DISTINCT toString(${labelSql(name)}) AS value FROM series WHERE ${filterSql(filter)} AND value != ''`;
    const values = await this.#strings(`${sql} ORDER BY value${limitSql(filter)}`, signal);
    return values.sort();
  }

  async #any(filter: SeriesFilter, signal: AbortSignal): Promise<boolean> {
    return (await this.#strings(`SELECT metric FROM series WHERE ${filterSql(filter)} LIMIT 1`, signal)).length > 0;
  }

  async #strings(sql: string, signal: AbortSignal): Promise<string[]> {
    const strings: string[] = [];
    try {
      for await (const block of this.#client.stream(sql, signal)) {
        for (const text of columnOf(block, 0, 'string')) strings.push(text);
      }
    } catch (error) {
      throw explained(error);
    }
    return strings;
  }
}

/** The condition on `series` for series that may have samples in the range and satisfy one of the matcher sets. */
export function filterSql(filter: Pick<SeriesFilter, 'matcherSets' | 'start' | 'end'>): string {
  const sets = filter.matcherSets.map((set) => set.map((matcher) => `(${matcherSql(matcher)})`).join(' AND ') || '1');
  const matchers = sets.length === 0 ? '1' : sets.map((set) => `(${set})`).join(' OR ');
  // A row lies in the partition of the day in which its first window began, which is at most one window before the sample.
  const day = 86_400_000;
  const firstDay = Math.floor((filter.start - COVERAGE) / day) * day;
  return `first >= ${sqlTime(firstDay)} AND first <= ${sqlTime(filter.end)} AND last > ${sqlTime(filter.start)} AND (${matchers})`;
}

/** True when the matchers ask for nothing but the metric's name. */
export function selectsWholeMetrics(matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher) => matcher.name === METRIC_NAME);
}

function limitSql(filter: SeriesFilter): string {
  return filter.limit > 0 ? ` LIMIT ${filter.limit}` : '';
}

/** Sorted, and as many as the filter wants. */
function firstOf(texts: Iterable<string>, filter: SeriesFilter): string[] {
  const sorted = [...texts].sort();
  return filter.limit > 0 ? sorted.slice(0, filter.limit) : sorted;
}

/** RE2 in C++ and in JavaScript differ in how big a pattern they accept. */
function explained(error: unknown): unknown {
  if (
    error instanceof StorageError &&
    error.cause instanceof ClickHouseError &&
    error.cause.code === CANNOT_COMPILE_REGEXP
  ) {
    return new StorageError('bad_data', 'a regular expression of the matchers is too big for RE2', { cause: error });
  }
  return error;
}
