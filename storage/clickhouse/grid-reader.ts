import { StorageError } from '../errors.ts';
import type { GridRequest, GridRow } from '../grid-request.ts';
import type { Selection } from '../querier.ts';
import type { ClickHouseReader } from './client.ts';
import type { FoundSeries } from './found-series.ts';
import {
  GRID_AGGREGATES,
  GRID_SETTINGS,
  gridCall,
  groupGridSql,
  NOT_STALE,
  seriesGridSql,
  skipsStale,
} from './grid-sql.ts';
import { columnOf, int64At, type NativeBlock } from './native-block.ts';
import { raced } from './raced.ts';
import { samplesFromSql } from './samples-from-sql.ts';
import type { SeriesLookup } from './series-lookup.ts';
import { sqlIds } from './sql-literal.ts';

/** Series whose groups are written into one query. */
const MAX_GROUPED_SERIES = 50_000;
/** ClickHouse refuses longer grids. */
const MAX_STEPS = 2 ** 24 - 1;
/** What ClickHouse's DateTime64 can say, with room for windows: the years 1938 and 2223. */
const TIMES = { first: -1e12, last: 8e12 };

/** Has ClickHouse compute functions of samples, where it has the functions for it. */
export class GridReader {
  readonly #client: ClickHouseReader;
  #capable: Promise<boolean> | undefined;

  constructor(client: ClickHouseReader) {
    this.#client = client;
  }

  /** As `grids` of a SeriesSet. Rejects as the client does. */
  async read(
    request: GridRequest,
    of: { readonly selection: Selection; readonly found: FoundSeries; readonly lookup: SeriesLookup },
    signal: AbortSignal,
  ): Promise<AsyncIterable<readonly GridRow[]> | undefined> {
    if (!canExpress(request, of.found)) return undefined;
    if (!(await raced(this.#isCapable(), signal, 'the request was canceled'))) return undefined;
    return this.#rows(request, of, signal);
  }

  async *#rows(
    request: GridRequest,
    { selection, found, lookup }: { selection: Selection; found: FoundSeries; lookup: SeriesLookup },
    signal: AbortSignal,
  ): AsyncGenerator<readonly GridRow[]> {
    const { start, step, steps, window, grouping } = request;
    const range = { start: start - window + 1, end: start + step * (steps - 1) };
    if (range.end < 0) return;
    const where = skipsStale(request) ? NOT_STALE : undefined;
    const from = samplesFromSql({ ...selection, ...range }, found, { repeated: false, where });
    const series = seriesGridSql(request, from);
    const sql =
      grouping === undefined
        ? series
        : groupGridSql(grouping.op, { series, ids: sqlIds(found.ids), groups: grouping.of.join(', ') });
    for await (const block of this.#client.stream(`${sql} ${GRID_SETTINGS}`, signal)) {
      yield rowsOf(block, grouping === undefined ? lookup : undefined);
    }
  }

  /** Asked once; again only after ClickHouse did not answer. */
  #isCapable(): Promise<boolean> {
    this.#capable ??= probe(this.#client).catch((error: unknown) => {
      const answered = error instanceof StorageError && !error.retryable && error.kind !== 'canceled';
      if (!answered) this.#capable = undefined;
      return false;
    });
    return this.#capable;
  }
}

function canExpress({ start, step, steps, window, grouping }: GridRequest, found: FoundSeries): boolean {
  const whole = [start, step, window].every(Number.isSafeInteger);
  const last = start + step * steps;
  const inTime = start - window >= TIMES.first && last <= TIMES.last;
  return whole && inTime && steps <= MAX_STEPS && (grouping === undefined || found.labels.length <= MAX_GROUPED_SERIES);
}

/** Rows of a block of id or group, grid and numbers of samples; those of series that the lookup does not know are left out. */
function rowsOf(block: NativeBlock, lookup: SeriesLookup | undefined): readonly GridRow[] {
  const keys = columnOf(block, 0, 'int64');
  const { ends, values, nulls } = columnOf(block, 1, 'nullable-floats');
  const samples = columnOf(block, 2, 'int64');
  const odd = columnOf(block, 3, 'int64');
  const present = nulls.map((isNull) => 1 - isNull);
  const rows: GridRow[] = [];
  for (let i = 0, from = 0; i < block.rows; from = ends[i]!, i++) {
    const row = lookup === undefined ? keys[2 * i]! : lookup.find(keys[2 * i]!, keys[2 * i + 1]!);
    if (row < 0) continue;
    const to = ends[i]!;
    rows.push({
      row,
      values: values.subarray(from, to),
      present: present.subarray(from, to),
      samples: int64At(samples, i),
      finite: int64At(odd, i) === 0,
    });
  }
  return rows;
}

const PROBE_TIMEOUT = 10_000;
/** A counter with a reset and, at the first window's open end, a sample that does not count. */
const PROBE = { samples: '(0, 1), (15, 3), (30, 2), (45, 2)', start: 30_000, step: 15_000, steps: 3, window: 30_000 };
const PROBE_ANSWERS: Readonly<Record<string, readonly (number | undefined)[]>> = {
  timeSeriesChangesToGrid: [1, 0, 0],
  timeSeriesDeltaToGrid: [-2, 0, undefined],
  timeSeriesInstantDeltaToGrid: [-1, 0, undefined],
  timeSeriesInstantRateToGrid: [2 / 15, 0, undefined],
  timeSeriesRateToGrid: [2 / 15, 0, undefined],
  timeSeriesResampleToGridWithStaleness: [2, 2, 2],
  timeSeriesResetsToGrid: [1, 0, 0],
};

/**
 * Whether ClickHouse has the functions, lets this user use them, and means by them what PromQL means: earlier versions
 * took the sample at the window's open end for one of the window's.
 */
async function probe(client: ClickHouseReader): Promise<boolean> {
  const calls = GRID_AGGREGATES.map((aggregate) => `${gridCall(aggregate, PROBE)}(sample.1, sample.2)`);
  const samples = `arrayJoin([${PROBE.samples}]) AS pair, (toDateTime64(pair.1, 3, 'UTC'), toFloat64(pair.2)) AS sample`;
  const sql = `SELECT ${calls.join(', ')} FROM (SELECT ${samples}) ${GRID_SETTINGS}`;
  for await (const block of client.stream(sql, AbortSignal.timeout(PROBE_TIMEOUT))) {
    return GRID_AGGREGATES.every((aggregate, column) => {
      const { values, nulls } = columnOf(block, column, 'nullable-floats');
      const wanted = PROBE_ANSWERS[aggregate]!;
      const same = (value: number | undefined, i: number) =>
        value === undefined ? nulls[i] === 1 : nulls[i] === 0 && Math.abs(value - values[i]!) < 1e-12;
      return values.length === wanted.length && wanted.every(same);
    });
  }
  return false;
}
