import { setImmediate as nextTurn } from 'node:timers/promises';
import { METRIC_NAME } from '../labels.ts';
import { Matcher } from '../matcher.ts';
import type { Querier } from '../querier.ts';
import type { SampleBlock, SampleColumns } from '../series.ts';
import type { RecentMetric } from './recent-metric.ts';
import type { RecentSeries } from './recent-series.ts';

/** A metric, and from when on its samples are to be read. */
export interface MetricRead {
  readonly metric: RecentMetric;
  readonly from: number;
}

/** Beyond every timestamp that a store takes. */
const END = Date.UTC(2200, 0, 1);
/** Series that are looked up before others have their turn. */
const SERIES_PER_TURN = 1000;

/**
 * Reads samples of some metrics from the store into their windows. A sample that is there already stays: it was appended after the
 * reading began, or is the same. Reads that `isCurrent` denies are given up. Rejects as the querier does.
 */
export async function readInto<R extends MetricRead>(
  reads: readonly R[],
  options: { readonly querier: Querier; readonly signal: AbortSignal; readonly isCurrent: (read: R) => boolean },
): Promise<void> {
  const { querier, signal, isCurrent } = options;
  if (reads.length === 0) return;
  const byName = new Map(reads.map((read) => [read.metric.name, read]));
  const start = Math.min(...reads.map(({ from }) => from));
  const set = await querier.select({ matchers: [namesMatcher([...byName.keys()])], start, end: END }, signal);
  const targets: { readonly read: R; readonly series: RecentSeries | undefined }[] = [];
  for (const labels of set.series) {
    const read = byName.get(labels.metric)!;
    targets.push({ read, series: isCurrent(read) ? read.metric.seriesOf(labels, () => labels) : undefined });
    if (targets.length % SERIES_PER_TURN === 0) await nextTurn();
  }
  let columns = newColumns(1024);
  for await (const block of set.blocks()) {
    for (let run = 0; run < block.runSeries.length; run++) {
      const { read, series } = targets[block.runSeries[run]!]!;
      if (series === undefined || !isCurrent(read)) continue;
      const length = block.runEnds[run]! - block.runStarts[run]!;
      if (columns.timestamps.length < length) columns = newColumns(2 * length);
      putRun(block, run, { metric: read.metric, series, columns, length });
    }
    await nextTurn();
  }
}

function putRun(
  block: SampleBlock,
  run: number,
  into: { metric: RecentMetric; series: RecentSeries; columns: SampleColumns; length: number },
): void {
  const { metric, series, columns, length } = into;
  block.decode(block.runStarts[run]!, block.runEnds[run]!, columns, 0);
  metric.yields = true;
  for (let row = 0; row < length; row++) metric.put(series, columns, row);
  metric.yields = false;
}

/** One of these names: an exact one, or an alternation of them, escaped where a name is no identifier. */
function namesMatcher(names: readonly string[]): Matcher {
  if (names.length === 1) return new Matcher(METRIC_NAME, '=', names[0]!);
  return new Matcher(METRIC_NAME, '=~', names.map((name) => name.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')).join('|'));
}

function newColumns(rows: number): SampleColumns {
  return { timestamps: new Float64Array(rows), values: new Float64Array(rows), stale: new Uint8Array(rows) };
}
