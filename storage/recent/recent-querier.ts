import { StorageError } from '../errors.ts';
import { type Labels, METRIC_NAME } from '../labels.ts';
import type { Matcher } from '../matcher.ts';
import type { Querier, Selection, SeriesFilter } from '../querier.ts';
import { blockOf } from '../sample-block.ts';
import { newWindow } from '../sample-window.ts';
import type { Metadata, PartOfSet, SampleBlock, SeriesSet } from '../series.ts';
import { joinedSet } from './joined-set.ts';
import type { RecentMetric } from './recent-metric.ts';
import type { RecentSelection } from './recent-selection.ts';
import type { RecentSeries } from './recent-series.ts';

export interface RecentQuerierOptions {
  /** The store's. */
  readonly main: Querier;
  /** The metrics that are wanted, by name. */
  readonly metrics: ReadonlyMap<string, RecentMetric>;
  /**
   * Called before each selection that memory may answer: brings the metric up to date for samples up to `end`. False when that
   * cannot be done, and the store must answer. Undefined: it always is.
   */
  readonly upToDate: ((metric: RecentMetric, end: number) => Promise<boolean>) | undefined;
  /** Called before memory is looked into. */
  readonly onAsk: () => void;
  /** Told of each selection whether memory answers it. */
  readonly onSelect: (from: 'memory' | 'store' | 'both') => void;
}

/** Of what is in memory, so much of the oldest is left to the store where that is asked for more. Milliseconds. */
const MARGIN = 15_000;
/** Rows of a block at most. */
const BLOCK_ROWS = 8192;

/**
 * Answers selections of wanted metrics from memory, as far as they are about the recent past, and everything else from the store.
 * So what was just appended is in the answer however far back that goes.
 */
export class RecentQuerier implements Querier {
  readonly #options: RecentQuerierOptions;
  readonly #main: Querier;
  /** By the matchers of a plan that is kept, which are always the same object. */
  readonly #known = new WeakMap<readonly Matcher[], Known>();

  constructor(options: RecentQuerierOptions) {
    this.#options = options;
    this.#main = options.main;
  }

  async select(selection: Selection, signal: AbortSignal): Promise<SeriesSet> {
    const { upToDate, onAsk, onSelect } = this.#options;
    onAsk();
    const metric = this.#metricOf(selection);
    const isKnown = metric !== undefined && selection.end >= metric.coveredFrom + MARGIN;
    if (!isKnown || (upToDate !== undefined && !(await upToDate(metric, selection.end)))) {
      onSelect('store');
      return this.#main.select(selection, signal);
    }
    checkSignal(signal);
    if (selection.start >= metric.coveredFrom) {
      onSelect('memory');
      return this.#inMemory(metric, selection, signal);
    }
    onSelect('both');
    // Not from the first moment on that is in memory: it moves while the store is asked.
    const start = metric.coveredFrom + MARGIN;
    const before = { ...selection, end: start - 1 };
    const older = { set: await this.#main.select(before, signal), start: selection.start, end: start - 1 };
    // After a deletion, or where that took very long.
    if (metric.coveredFrom > start) return this.#main.select(selection, signal);
    const set = this.#inMemory(metric, { ...selection, start }, signal);
    return joinedSet(older, { set, start, end: selection.end });
  }

  #inMemory(metric: RecentMetric, selection: Selection, signal: AbortSignal): SeriesSet {
    const { matchers } = selection;
    let known = this.#known.get(matchers);
    if (known?.metric === metric) metric.refresh(known.found);
    else {
      known = { metric, found: metric.select(withoutName(matchers)) };
      this.#known.set(matchers, known);
    }
    return setOf({ metric, found: known.found, selection, signal });
  }

  series(filter: SeriesFilter, signal: AbortSignal): Promise<readonly Labels[]> {
    return this.#main.series(filter, signal);
  }

  labelNames(filter: SeriesFilter, signal: AbortSignal): Promise<readonly string[]> {
    return this.#main.labelNames(filter, signal);
  }

  labelValues(name: string, filter: SeriesFilter, signal: AbortSignal): Promise<readonly string[]> {
    return this.#main.labelValues(name, filter, signal);
  }

  metadata(metric: string | undefined, limit: number, signal: AbortSignal): Promise<readonly Metadata[]> {
    return this.#main.metadata(metric, limit, signal);
  }

  #metricOf({ matchers }: Selection): RecentMetric | undefined {
    for (const { name, op, value } of matchers) {
      if (name === METRIC_NAME && op === '=') return this.#options.metrics.get(value);
    }
    return undefined;
  }
}

interface Known {
  readonly metric: RecentMetric;
  readonly found: RecentSelection;
}

/** All matchers but the one that names the metric. */
function withoutName(matchers: readonly Matcher[]): readonly Matcher[] {
  const named = matchers.findIndex(({ name, op }) => name === METRIC_NAME && op === '=');
  return matchers.filter((_, index) => index !== named);
}

interface FoundSet {
  readonly metric: RecentMetric;
  readonly found: RecentSelection;
  readonly selection: Selection;
  readonly signal: AbortSignal;
}

function setOf({ metric, found, selection, signal }: FoundSet): SeriesSet {
  const { series, labels } = found;
  return {
    series: labels,
    locate(index, window) {
      if (!(selection.start >= metric.coveredFrom)) throw gone(metric);
      series[index]!.locate(window);
    },
    blocks: (part) => blocks(series, { metric, range: within(selection, part), signal }),
  };
}

/** Each block is copied at once, so that it stays what it is. */
async function* blocks(
  series: readonly RecentSeries[],
  { metric, range, signal }: { metric: RecentMetric; range: PartOfSet; signal: AbortSignal },
): AsyncGenerator<SampleBlock> {
  let index = 0;
  /** Samples after this time are still to be given of the series at the index. */
  let after = range.start - 1;
  while (index < series.length) {
    checkSignal(signal);
    if (!(range.start >= metric.coveredFrom)) throw gone(metric);
    const rows = new Uint32Array(BLOCK_ROWS);
    const timestamps = new Float64Array(BLOCK_ROWS);
    const values = new Float64Array(BLOCK_ROWS);
    const stale = new Uint8Array(BLOCK_ROWS);
    let length = 0;
    while (index < series.length && length < BLOCK_ROWS) {
      const window = newWindow(after + 1, range.end);
      series[index]!.locate(window);
      const { from } = window;
      const to = Math.min(window.to, from + BLOCK_ROWS - length);
      rows.fill(index, length, length + to - from);
      timestamps.set(window.timestamps.subarray(from, to), length);
      values.set(window.values.subarray(from, to), length);
      stale.set(window.stale.subarray(from, to), length);
      length += to - from;
      if (to < window.to) after = window.timestamps[to - 1] ?? after;
      else {
        index++;
        after = range.start - 1;
      }
    }
    if (length > 0) yield blockOf(rows.subarray(0, length), { timestamps, values, stale });
  }
  checkSignal(signal);
}

function within({ start, end }: Selection, part: PartOfSet | undefined): PartOfSet {
  return { start: Math.max(start, part?.start ?? start), end: Math.min(end, part?.end ?? end) };
}

function checkSignal(signal: AbortSignal): void {
  if (signal.aborted) throw new StorageError('canceled', 'the request was canceled', { cause: signal.reason });
}

function gone({ name }: RecentMetric): StorageError {
  return new StorageError('unavailable', `samples of ${name} went away while they were read`);
}
