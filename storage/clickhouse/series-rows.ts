import { Labels, METRIC_NAME } from '../labels.ts';
import type { ClickHouseReader } from './client.ts';
import type { SeriesRow } from './indexed-series.ts';
import type { Coverage } from './metric-index.ts';
import { columnOf, int64At } from './native-block.ts';
import { SeriesLookup } from './series-lookup.ts';
import { sqlString, sqlTime } from './sql-literal.ts';
import { COVERAGE } from './writer/segment-builder.ts';

/**
 * How much later than its `written` a row may become visible: `written` is the time when the insert began, by the clock of
 * ClickHouse, which may also be set back a little, or be another one for another insert.
 */
const WRITTEN_MARGIN = 150_000;
/** Distinct strings that are kept so that equal ones share their memory; then it begins anew. */
const MAX_SHARED_STRINGS = 200_000;

/** Reads rows of `series` of one metric for the index in memory. Every method rejects as the client does. */
export class SeriesRows {
  readonly #client: ClickHouseReader;
  readonly #maxSeries: number;
  readonly #strings = new Map<string, string>();

  constructor(client: ClickHouseReader, maxSeries: number) {
    this.#client = client;
    this.#maxSeries = maxSeries;
  }

  /**
   * Which series of a metric may have samples after `from`, and when, and the latest time at which one of the rows was written.
   * Undefined when there are more than `maxSeries`.
   */
  async coverage(
    metric: string,
    from: number,
    signal: AbortSignal,
  ): Promise<{ readonly coverage: Coverage; readonly written: number } | undefined> {
    // Not named as the columns, because their names then would mean the aggregates.
    const sql =
      `SELECT id, min(first) AS earliest, max(last) AS latest, max(written) AS newest FROM series ` +
      `WHERE ${rowsSql(metric, from)} GROUP BY id LIMIT ${this.#maxSeries + 1}`;
    const parts: { ids: Uint32Array; first: Float64Array; last: Float64Array }[] = [];
    let size = 0;
    let written = 0;
    for await (const block of this.#client.stream(sql, signal)) {
      const newest = columnOf(block, 3, 'int64');
      for (let row = 0; row < block.rows; row++) written = Math.max(written, int64At(newest, row));
      const [first, last] = [timesOf(columnOf(block, 1, 'int64')), timesOf(columnOf(block, 2, 'int64'))];
      parts.push({ ids: columnOf(block, 0, 'int64').slice(), first, last });
      size += block.rows;
    }
    if (size > this.#maxSeries) return undefined;
    const coverage = { ids: new Uint32Array(2 * size), first: new Float64Array(size), last: new Float64Array(size) };
    let at = 0;
    for (const { ids, first, last } of parts) {
      coverage.ids.set(ids, 2 * at);
      coverage.first.set(first, at);
      coverage.last.set(last, at);
      at += first.length;
    }
    return { coverage, written };
  }

  /** The series of a coverage with their labels. Those that were deleted in between are missing. */
  async labeled(
    metric: string,
    { from, coverage }: { readonly from: number; readonly coverage: Coverage },
    signal: AbortSignal,
  ): Promise<SeriesRow[]> {
    const rows: SeriesRow[] = [];
    const lookup = new SeriesLookup(coverage.ids);
    const sql = `SELECT id, labels FROM series WHERE ${rowsSql(metric, from)} LIMIT 1 BY id`;
    for await (const block of this.#client.stream(sql, signal)) {
      const ids = columnOf(block, 0, 'int64');
      const labels = columnOf(block, 1, 'map');
      for (let row = 0; row < block.rows; row++) {
        const [low, high] = [ids[2 * row]!, ids[2 * row + 1]!];
        const at = lookup.find(low, high);
        // One that came meanwhile: it will be found among what is new.
        if (at < 0) continue;
        const [first, last] = [coverage.first[at]!, coverage.last[at]!];
        rows.push({ labels: this.#labelsOf(metric, labels[row]!), low, high, first, last });
      }
    }
    return rows;
  }

  /** The rows that may have been written since a time, and the latest time at which one was. */
  async since(
    metric: string,
    { from, written }: { readonly from: number; readonly written: number },
    signal: AbortSignal,
  ): Promise<{ readonly rows: SeriesRow[]; readonly written: number }> {
    const sql =
      `SELECT id, labels, first, last, written FROM series ` +
      `WHERE ${rowsSql(metric, from)} AND written >= ${sqlTime(written - WRITTEN_MARGIN)}`;
    const rows: SeriesRow[] = [];
    let newest = 0;
    for await (const block of this.#client.stream(sql, signal)) {
      const ids = columnOf(block, 0, 'int64');
      const labels = columnOf(block, 1, 'map');
      const [first, last, times] = [2, 3, 4].map((column) => columnOf(block, column, 'int64'));
      for (let row = 0; row < block.rows; row++) {
        newest = Math.max(newest, int64At(times!, row));
        rows.push({
          labels: this.#labelsOf(metric, labels[row]!),
          low: ids[2 * row]!,
          high: ids[2 * row + 1]!,
          first: int64At(first!, row),
          last: int64At(last!, row),
        });
      }
    }
    return { rows, written: newest };
  }

  #labelsOf(metric: string, pairs: readonly string[]): Labels {
    if (this.#strings.size > MAX_SHARED_STRINGS) this.#strings.clear();
    return withMetric(this.#shared(metric), pairs, (text) => this.#shared(text));
  }

  #shared(text: string): string {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    this.#strings.set(text, text);
    return text;
  }
}

/** Labels of a row of `series`: the metric's name in its place among the others. */
export function withMetric(
  metric: string,
  pairs: readonly string[],
  shared: (text: string) => string = (text) => text,
): Labels {
  const all = new Array<string>(pairs.length + 2);
  let at = 0;
  while (at < pairs.length && pairs[at]! < METRIC_NAME) {
    all[at] = shared(pairs[at]!);
    at++;
    all[at] = shared(pairs[at]!);
    at++;
  }
  all[at] = METRIC_NAME;
  all[at + 1] = metric;
  for (; at < pairs.length; at++) all[at + 2] = shared(pairs[at]!);
  return Labels.fromSortedPairs(all);
}

/** Rows of a metric that cover a time after `from`; see the day of a row in `filterSql`. */
function rowsSql(metric: string, from: number): string {
  const day = 86_400_000;
  const firstDay = Math.floor((from - COVERAGE) / day) * day;
  return `metric = ${sqlString(metric)} AND first >= ${sqlTime(firstDay)} AND last > ${sqlTime(from)}`;
}

function timesOf(column: Uint32Array): Float64Array {
  const times = new Float64Array(column.length / 2);
  for (let row = 0; row < times.length; row++) times[row] = int64At(column, row);
  return times;
}
