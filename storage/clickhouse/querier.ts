import type { Labels } from '../labels.ts';
import type { Querier, Selection, SeriesFilter } from '../querier.ts';
import type { Metadata, MetricType, SampleBlock, SeriesSet } from '../series.ts';
import type { ClickHouseClient } from './client.ts';
import { columnOf, type NativeBlock } from './native-block.ts';
import { type FoundSeries, filterSql, SeriesIndex, selectsWholeMetrics } from './series-index.ts';
import { SeriesLookup } from './series-lookup.ts';
import { MAX_TIMESTAMP, sqlString, sqlStrings, sqlTime } from './sql-literal.ts';
import { decodeValues } from './value-encoding.ts';

export interface ClickHouseQuerierOptions {
  readonly client: ClickHouseClient;
  /** Series that one selection may have. */
  readonly maxSeries: number;
  /** Rejects with `unavailable` while there are no tables to read. */
  readonly ready: () => void;
}

/** Ids that are written into the query; with more, ClickHouse looks the series up once more by their matchers. */
const MAX_LITERAL_IDS = 5000;

/** Reads from ClickHouse: first the index for the series, then their samples as a stream of Native blocks. */
export class ClickHouseQuerier implements Querier {
  readonly #client: ClickHouseClient;
  readonly #index: SeriesIndex;
  readonly #ready: () => void;

  constructor(options: ClickHouseQuerierOptions) {
    this.#client = options.client;
    this.#index = new SeriesIndex(options.client, options.maxSeries);
    this.#ready = options.ready;
  }

  async select(selection: Selection, signal: AbortSignal): Promise<SeriesSet> {
    this.#ready();
    if (selection.end < 0 || selection.start >= MAX_TIMESTAMP || selection.start > selection.end) return EMPTY;
    const { matchers, start, end } = selection;
    const found = await this.#index.find({ matcherSets: [matchers], start, end, limit: 0 }, signal);
    if (found.labels.length === 0) return EMPTY;
    return { series: found.labels, blocks: () => this.#blocks(selection, found, signal) };
  }

  async *#blocks(selection: Selection, found: FoundSeries, signal: AbortSignal): AsyncGenerator<SampleBlock> {
    const lookup = new SeriesLookup(found.ids);
    for await (const block of this.#client.stream(samplesSql(selection, found), signal)) {
      const samples = decodeBlock(block, lookup);
      if (samples.length > 0) yield samples;
    }
  }

  async series(filter: SeriesFilter, signal: AbortSignal): Promise<readonly Labels[]> {
    this.#ready();
    return (await this.#index.find(filter, signal)).labels;
  }

  async labelNames(filter: SeriesFilter, signal: AbortSignal): Promise<readonly string[]> {
    this.#ready();
    return this.#index.labelNames(filter, signal);
  }

  async labelValues(name: string, filter: SeriesFilter, signal: AbortSignal): Promise<readonly string[]> {
    this.#ready();
    return this.#index.labelValues(name, filter, signal);
  }

  async metadata(metric: string | undefined, limit: number, signal: AbortSignal): Promise<readonly Metadata[]> {
    this.#ready();
    const where = metric === undefined ? '' : ` WHERE metric = ${sqlString(metric)}`;
    const limited = limit > 0 ? ` LIMIT ${limit}` : '';
    const sql = `SELECT metric, type, help, unit FROM metadata FINAL${where} ORDER BY metric${limited}`;
    const all: Metadata[] = [];
    for await (const block of this.#client.stream(sql, signal)) {
      const [metrics, types, helps, units] = [0, 1, 2, 3].map((column) => columnOf(block, column, 'string'));
      for (let row = 0; row < block.rows; row++) {
        all.push({ metric: metrics![row]!, type: types![row] as MetricType, help: helps![row]!, unit: units![row]! });
      }
    }
    return all;
  }
}

const EMPTY: SeriesSet = {
  series: [],
  async *blocks() {},
};

/**
 * The samples of the series in the order of the table's key, which needs no sorting: by metric, hour, series, time. FINAL leaves
 * of the samples with one key the last inserted. The conditions are about the key only, so they may be applied before that, and the
 * other columns are read only where they hold. ClickHouse does not conclude from the time to the hour, so the hour is said too.
 */
function samplesSql(selection: Selection, found: FoundSeries): string {
  const metrics = new Set(found.labels.map((labels) => labels.metric));
  const start = sqlTime(Math.ceil(selection.start));
  const end = sqlTime(selection.end);
  const conditions = [
    `toStartOfHour(ts) >= toStartOfHour(${start}) AND toStartOfHour(ts) <= toStartOfHour(${end})`,
    `ts >= ${start} AND ts <= ${end}`,
  ];
  // Thousands of metrics come from a selection without a name; then nearly all of the table is read anyway.
  if (metrics.size <= 1000) conditions.unshift(`metric IN (${sqlStrings(metrics)})`);
  if (!selectsWholeMetrics(selection.matchers)) conditions.push(idsSql(selection, found));
  return (
    `SELECT id, ts, mantissa, scale FROM samples FINAL PREWHERE ${conditions.join(' AND ')} ` +
    'ORDER BY metric, toStartOfHour(ts), id, ts'
  );
}

function idsSql(selection: Selection, found: FoundSeries): string {
  const count = found.labels.length;
  if (count > MAX_LITERAL_IDS) {
    const { matchers, start, end } = selection;
    return `id IN (SELECT id FROM series WHERE ${filterSql({ matcherSets: [matchers], start, end })})`;
  }
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    ids.push(((BigInt(found.ids[2 * index + 1]!) << 32n) | BigInt(found.ids[2 * index]!)).toString());
  }
  return `id IN (${ids.join(', ')})`;
}

/** Turns a block of rows into samples; rows of series that came after the index was read are left out. */
function decodeBlock(block: NativeBlock, lookup: SeriesLookup): SampleBlock {
  const { rows } = block;
  const ids = columnOf(block, 0, 'int64');
  const times = columnOf(block, 1, 'int64');
  const mantissas = columnOf(block, 2, 'int64');
  const scales = columnOf(block, 3, 'int8');
  const series = new Uint32Array(rows);
  const timestamps = new Float64Array(rows);
  const values = new Float64Array(rows);
  const stale = new Uint8Array(rows);
  let length = 0;
  let row = 0;
  while (row < rows) {
    const low = ids[2 * row]!;
    const high = ids[2 * row + 1]!;
    const from = row;
    do row++;
    while (row < rows && ids[2 * row] === low && ids[2 * row + 1] === high);
    const index = lookup.find(low, high);
    if (index < 0) continue;
    series.fill(index, length, length + row - from);
    for (let i = from, out = length; i < row; i++, out++) {
      timestamps[out] = times[2 * i + 1]! * 4294967296 + times[2 * i]!;
    }
    decodeValues({ mantissas, scales, from, to: row }, values.subarray(length), stale.subarray(length));
    length += row - from;
  }
  return { length, series, timestamps, values, stale };
}
