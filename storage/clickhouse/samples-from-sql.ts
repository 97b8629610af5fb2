import type { Selection } from '../querier.ts';
import type { FoundSeries } from './found-series.ts';
import { filterSql, selectsWholeMetrics } from './series-index.ts';
import { MAX_TIMESTAMP, sqlIds, sqlString, sqlStrings, sqlTime } from './sql-literal.ts';

/** Between two samples of a series, in milliseconds, for want of a better guess. */
export const USUAL_INTERVAL = 15_000;

/** Ids that are written into the query; with more, ClickHouse looks the series up once more by their matchers. */
const MAX_LITERAL_IDS = 5000;

/**
 * `FROM samples …` with the conditions of a selection; rows of other series may come too. FINAL, when they must not be
 * `repeated`, leaves of the samples with one key the last inserted, and nearly doubles the cost when there are several
 * parts, although they hardly ever have a key in common. The selection's conditions are about the key only, so they may be
 * applied before that, and the other columns are read only where they hold; `where` holds for what is left after it.
 * ClickHouse does not conclude from the time to the hour, so the hour is said too.
 */
export function samplesFromSql(
  selection: Selection,
  found: FoundSeries,
  { repeated, where }: { readonly repeated: boolean; readonly where?: string | undefined },
): string {
  const metrics = new Set(found.labels.map((labels) => labels.metric));
  const start = Math.max(0, Math.ceil(selection.start));
  const end = Math.min(selection.end, MAX_TIMESTAMP);
  const conditions = [
    `toStartOfHour(ts) >= ${hourSql(start)} AND toStartOfHour(ts) <= ${hourSql(end)}`,
    `ts >= ${sqlTime(start)} AND ts <= ${sqlTime(end)}`,
  ];
  // Thousands of metrics come from a selection without a name; then nearly all of the table is read anyway.
  if (metrics.size <= 1000) conditions.unshift(metricSql(metrics));
  return `FROM samples${repeated ? '' : ' FINAL'} ${conditionsSql(selection, found, { conditions, where })}`;
}

/**
 * The conditions with the one on the ids first, because where that excludes all rows the other columns need not be decoded. For
 * few series that is done whatever else ClickHouse could decide by; for many it would exclude too little to be a step of its own.
 */
function conditionsSql(
  selection: Selection,
  found: FoundSeries,
  { conditions, where }: { readonly conditions: readonly string[]; readonly where: string | undefined },
): string {
  const named = namesIds(selection, found);
  const ids = named ? [idsSql(selection, found)] : [];
  const last = where === undefined ? [] : [where];
  const apart = named && found.labels.length <= FEW_IDS;
  const [first, second] = apart ? [ids, [...conditions, ...last]] : [[...ids, ...conditions], last];
  return `PREWHERE ${first.join(' AND ')}${second.length === 0 ? '' : ` WHERE ${second.join(' AND ')}`}`;
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
