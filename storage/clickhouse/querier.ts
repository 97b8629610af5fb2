import type { Labels } from '../labels.ts';
import type { Querier, Selection, SeriesFilter } from '../querier.ts';
import type { Metadata, MetricType, PartOfSet, SampleBlock, SeriesSet } from '../series.ts';
import type { ClickHouseReader } from './client.ts';
import { EncodedBlock } from './encoded-block.ts';
import type { FoundSeries } from './found-series.ts';
import { columnOf } from './native-block.ts';
import type { SeriesChanges } from './series-changes.ts';
import { filterSql, SeriesIndex, selectsWholeMetrics } from './series-index.ts';
import { SeriesLookup } from './series-lookup.ts';
import { MAX_TIMESTAMP, sqlIds, sqlString, sqlStrings, sqlTime } from './sql-literal.ts';

export interface ClickHouseQuerierOptions {
  readonly client: ClickHouseReader;
  /** Series that one selection may have. */
  readonly maxSeries: number;
  /** Rejects with `unavailable` while there are no tables to read. */
  readonly ready: () => void;
  /** What this process does to the table `series`, in memory that threads share. Undefined: it is not known. */
  readonly changes?: SeriesChanges;
  /** False when nobody else inserts into `series` than what `changes` tells of. Default true. */
  readonly otherWriters?: boolean;
}

/** Ids that are written into the query; with more, ClickHouse looks the series up once more by their matchers. */
const MAX_LITERAL_IDS = 5000;

/** Reads from ClickHouse: first the index for the series, then their samples as a stream of Native blocks. */
export class ClickHouseQuerier implements Querier {
  readonly #client: ClickHouseReader;
  readonly #index: SeriesIndex;
  readonly #ready: () => void;

  constructor(options: ClickHouseQuerierOptions) {
    this.#client = options.client;
    this.#index = new SeriesIndex({
      client: options.client,
      maxSeries: options.maxSeries,
      changes: options.changes,
      otherWriters: options.otherWriters ?? true,
    });
    this.#ready = options.ready;
  }

  async select(selection: Selection, signal: AbortSignal): Promise<SeriesSet> {
    this.#ready();
    if (selection.end < 0 || selection.start >= MAX_TIMESTAMP || selection.start > selection.end) return EMPTY;
    const { matchers, start, end } = selection;
    const found = await this.#index.find({ matcherSets: [matchers], start, end, limit: 0 }, signal);
    if (found.labels.length === 0) return EMPTY;
    const lookup = new SeriesLookup(found.ids);
    return {
      series: found.labels,
      blocks: (part: PartOfSet = selection) => {
        const range = { start: Math.max(start, part.start), end: Math.min(end, part.end) };
        const repeated = part.repeated === true;
        return this.#blocks({ ...selection, ...range }, { found, lookup, repeated, signal });
      },
    };
  }

  async *#blocks(
    selection: Selection,
    {
      found,
      lookup,
      repeated,
      signal,
    }: { found: FoundSeries; lookup: SeriesLookup; repeated: boolean; signal: AbortSignal },
  ): AsyncGenerator<SampleBlock> {
    if (selection.start > selection.end) return;
    const origin = Math.max(0, Math.ceil(selection.start));
    const rows = found.labels.length * (1 + (selection.end - origin) / USUAL_INTERVAL);
    const size = rows < SMALL_ROWS ? 'small' : undefined;
    for await (const block of this.#client.stream(samplesSql(selection, found, repeated), signal, size)) {
      const samples = new EncodedBlock(block, lookup, origin);
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

/** Between two samples of a series, in milliseconds, for want of a better guess. */
const USUAL_INTERVAL = 15_000;
/** An answer of fewer rows than this is small. */
const SMALL_ROWS = 100_000;

/** Timestamps are sent as distances in 32 bits, half as many bytes, when the range is short enough for that. */
const SHORT_RANGE = 2 ** 32;

/**
 * The samples of the series, in whatever order the parts are read: sorting here would cost as much as reading, and the
 * reader sorts whole runs. FINAL leaves of the samples with one key the last inserted, and nearly doubles the cost when there
 * are several parts, although they hardly ever have a key in common. The conditions are about the key
 * only, so they may be applied before that, and the other columns are read only where they hold. ClickHouse does not
 * conclude from the time to the hour, so the hour is said too. The names have lengths that let the columns of a block
 * begin where a typed array may begin, so that they need not be copied.
 */
function samplesSql(selection: Selection, found: FoundSeries, repeated: boolean): string {
  const metrics = new Set(found.labels.map((labels) => labels.metric));
  const origin = Math.max(0, Math.ceil(selection.start));
  const end = Math.min(selection.end, MAX_TIMESTAMP);
  const conditions = [
    `toStartOfHour(ts) >= ${hourSql(origin)} AND toStartOfHour(ts) <= ${hourSql(end)}`,
    `ts >= ${sqlTime(origin)} AND ts <= ${sqlTime(end)}`,
  ];
  // Thousands of metrics come from a selection without a name; then nearly all of the table is read anyway.
  if (metrics.size <= 1000) conditions.unshift(metricSql(metrics));
  const distance = `toUnixTimestamp64Milli(ts) - ${origin}`;
  const time = end - origin < SHORT_RANGE ? `toUInt32(${distance}) AS time` : `${distance} AS times`;
  return (
    `SELECT id AS id64, ${time}, mantissa AS whole, scale FROM samples${repeated ? '' : ' FINAL'} ` +
    `${whereSql(selection, found, conditions)} ` +
    `SETTINGS max_block_size = ${BLOCK_ROWS}`
  );
}

/**
 * The conditions with the one on the ids first, because where that excludes all rows the other columns need not be decoded. For
 * few series that is done whatever else ClickHouse could decide by; for many it would exclude too little to be a step of its own.
 */
function whereSql(selection: Selection, found: FoundSeries, conditions: readonly string[]): string {
  const others = conditions.join(' AND ');
  if (!namesIds(selection, found)) return `PREWHERE ${others}`;
  return `PREWHERE ${idsSql(selection, found)} ${found.labels.length <= FEW_IDS ? 'WHERE' : 'AND'} ${others}`;
}

const FEW_IDS = 100;

function metricSql(metrics: ReadonlySet<string>): string {
  const [only, ...others] = metrics;
  return others.length === 0 ? `metric = ${sqlString(only!)}` : `metric IN (${sqlStrings(metrics)})`;
}

/** The hour of a time as ClickHouse compares it with a DateTime: in seconds. */
function hourSql(time: number): string {
  return `${Math.floor(time / 3_600_000) * 3600}`;
}

/** Small enough to be copied within the processor's cache. */
const BLOCK_ROWS = 32_768;

/**
 * Whether the query names the series. Naming one costs 2.5 microseconds, and an unwanted row that comes instead some 0.05:
 * without names, most of a metric's series over a short time read faster. The lookup drops the rows of the others.
 */
function namesIds({ matchers, start, end }: Selection, { labels, among }: FoundSeries): boolean {
  if (selectsWholeMetrics(matchers)) return false;
  if (among === undefined) return true;
  const rows = (end - start) / USUAL_INTERVAL + 1;
  return (among - labels.length) * rows > 50 * labels.length;
}

function idsSql(selection: Selection, found: FoundSeries): string {
  const count = found.labels.length;
  if (count > MAX_LITERAL_IDS) {
    const { matchers, start, end } = selection;
    return `id IN (SELECT id FROM series WHERE ${filterSql({ matcherSets: [matchers], start, end })})`;
  }
  return `id IN (${sqlIds(found.ids)})`;
}
