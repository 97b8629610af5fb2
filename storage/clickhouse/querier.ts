import type { Labels } from '../labels.ts';
import type { Querier, Selection, SeriesFilter } from '../querier.ts';
import type { Metadata, MetricType, PartOfSet, SampleBlock, SeriesSet } from '../series.ts';
import type { ClickHouseReader } from './client.ts';
import { EncodedBlock } from './encoded-block.ts';
import type { FoundSeries } from './found-series.ts';
import { GridReader } from './grid-reader.ts';
import { columnOf } from './native-block.ts';
import { samplesFromSql, USUAL_INTERVAL } from './samples-from-sql.ts';
import type { SeriesChanges } from './series-changes.ts';
import { SeriesIndex } from './series-index.ts';
import { SeriesLookup } from './series-lookup.ts';
import { MAX_TIMESTAMP, sqlString } from './sql-literal.ts';

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

/** Reads from ClickHouse: first the index for the series, then their samples as a stream of Native blocks. */
export class ClickHouseQuerier implements Querier {
  readonly #client: ClickHouseReader;
  readonly #index: SeriesIndex;
  readonly #grids: GridReader;
  readonly #ready: () => void;

  constructor(options: ClickHouseQuerierOptions) {
    this.#client = options.client;
    this.#index = new SeriesIndex({
      client: options.client,
      maxSeries: options.maxSeries,
      changes: options.changes,
      otherWriters: options.otherWriters ?? true,
    });
    this.#grids = new GridReader(options.client);
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
      grids: (request) => this.#grids.read(request, { selection, found, lookup }, signal),
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
    const sql = samplesSql(selection, found, repeated) + (size === 'small' ? SMALL_SETTINGS : '');
    for await (const block of this.#client.stream(sql, signal, size)) {
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

/** An answer of fewer rows than this is small. */
const SMALL_ROWS = 100_000;
/**
 * A small read decompresses far more than it wants, and the panels and rules that ask for it ask again: two series over 24 h
 * take 13 ms, and 8 when the blocks are in ClickHouse's cache.
 */
const SMALL_SETTINGS = ', use_uncompressed_cache = 1, max_threads = 1';

/** Timestamps are sent as distances in 32 bits, half as many bytes, when the range is short enough for that. */
const SHORT_RANGE = 2 ** 32;

/**
 * The samples of the series, in whatever order the parts are read: sorting here would cost as much as reading, and the
 * reader sorts whole runs. The names have lengths that let the columns of a block begin where a typed array may begin, so
 * that they need not be copied.
 */
function samplesSql(selection: Selection, found: FoundSeries, repeated: boolean): string {
  const origin = Math.max(0, Math.ceil(selection.start));
  const distance = `toUnixTimestamp64Milli(ts) - ${origin}`;
  const short = Math.min(selection.end, MAX_TIMESTAMP) - origin < SHORT_RANGE;
  const time = short ? `toUInt32(${distance}) AS time` : `${distance} AS times`;
  return (
    `SELECT id AS id64, ${time}, mantissa AS whole, scale ${samplesFromSql(selection, found, { repeated })} ` +
    `SETTINGS max_block_size = ${BLOCK_ROWS}`
  );
}

/** Small enough to be copied within the processor's cache. */
const BLOCK_ROWS = 32_768;
