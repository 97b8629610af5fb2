import { Labels, METRIC_NAME } from '../labels.ts';
import type { ClickHouseReader } from './client.ts';
import type { SeriesRow } from './indexed-series.ts';
import type { Coverage } from './metric-index.ts';
import { columnOf, int64At } from './native-block.ts';
import { SeriesLookup } from './series-lookup.ts';
import { sqlIds, sqlString, sqlTime } from './sql-literal.ts';
import { COVERAGE } from './writer/segment-builder.ts';

/**
 * How much later than its `written` a row may become visible: `written` is the time when the insert began, by the clock of
 * ClickHouse, which may also be set back a little, or be another server's.
 */
const WRITTEN_MARGIN = 60_000;
/** With more ids, their metric is read as a whole. */
const MAX_NAMED = 1000;
/** The labels of so many series are a small answer. */
const FEW = 10_000;
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
   * Which series of a metric may have samples after `from`, and when. `clock` is what the clock of ClickHouse showed when it was
   * asked, undefined when there are no rows; given as `since` another time, only what may have become visible after that is read.
   * The whole answer is undefined when there are more than `maxSeries`.
   */
  async coverage(
    metric: string,
    { from, since }: { readonly from: number; readonly since?: number },
    signal: AbortSignal,
  ): Promise<{ readonly coverage: Coverage; readonly clock: number | undefined } | undefined> {
    const recent = since === undefined ? '' : ` AND written >= ${sqlTime(since - WRITTEN_MARGIN)}`;
    // Not named as the columns, because their names then would mean the aggregates.
    const sql =
      `SELECT id, min(first) AS earliest, max(last) AS latest, now64(3) AS clock FROM series ` +
      `WHERE ${rowsSql(metric, from)}${recent} GROUP BY id LIMIT ${this.#maxSeries + 1}`;
    const parts: { ids: Uint32Array; first: Float64Array; last: Float64Array }[] = [];
    let size = 0;
    let clock: number | undefined;
    for await (const block of this.#client.stream(sql, signal, 'small')) {
      clock ??= int64At(columnOf(block, 3, 'int64'), 0);
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
    return { coverage, clock };
  }

  /** The series of a coverage with their labels. Those that were deleted in between are missing. */
  async labeled(
    metric: string,
    { from, coverage }: { readonly from: number; readonly coverage: Coverage },
    signal: AbortSignal,
  ): Promise<SeriesRow[]> {
    const rows: SeriesRow[] = [];
    const lookup = new SeriesLookup(coverage.ids);
    const named = coverage.first.length <= MAX_NAMED ? ` AND id IN (${sqlIds(coverage.ids)})` : '';
    const sql = `SELECT id, labels FROM series WHERE ${rowsSql(metric, from)}${named} LIMIT 1 BY id`;
    const size = coverage.first.length <= FEW ? 'small' : undefined;
    for await (const block of this.#client.stream(sql, signal, size)) {
      const ids = columnOf(block, 0, 'int64');
      const labels = columnOf(block, 1, 'map');
      for (let row = 0; row < block.rows; row++) {
        const [low, high] = [ids[2 * row]!, ids[2 * row + 1]!];
        const at = lookup.find(low, high);
        // Known already, or come meanwhile; then it will be found among what is new.
        if (at < 0) continue;
        const [first, last] = [coverage.first[at]!, coverage.last[at]!];
        rows.push({ labels: this.#labelsOf(metric, labels[row]!), low, high, first, last });
      }
    }
    return rows;
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
