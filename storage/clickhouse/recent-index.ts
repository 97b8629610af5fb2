import { StorageError } from '../errors.ts';
import { METRIC_NAME } from '../labels.ts';
import type { Matcher } from '../matcher.ts';
import type { SeriesFilter } from '../querier.ts';
import type { ClickHouseReader } from './client.ts';
import type { FoundSeries } from './found-series.ts';
import { mergeSorted } from './indexed-series.ts';
import { MetricIndex } from './metric-index.ts';
import { raced } from './raced.ts';
import { insertsOf, removalsOf, type SeriesChanges } from './series-changes.ts';
import { SeriesRows } from './series-rows.ts';

export interface RecentIndexOptions {
  readonly client: ClickHouseReader;
  /** What this process did to `series`. Undefined: it is not known, as if others did it. */
  readonly changes: SeriesChanges | undefined;
  /** True when other processes insert into `series` too; then what they did is seen within a second. */
  readonly otherWriters: boolean;
  /** Series of all metrics together, beyond which the metrics that were not asked for longest are dropped. Default 200,000. */
  readonly maxSeries?: number;
  /** Milliseconds since 1970. Default Date.now. */
  readonly now?: () => number;
}

/** How far back the answers go: a day and what a query of a day looks back beyond it. */
export const HORIZON = 26 * 3_600_000;
/** Metrics that one answer may join. */
const MAX_METRICS = 32;
/** How long after other processes could write something new is looked for. */
const OTHERS_INTERVAL = 1000;
/** After so long a metric is counted anew: what aged, what expired and what no counter told of goes. */
const RENEWAL_INTERVAL = 15 * 60_000;
const RENEWAL_RETRY = 60_000;
/** Of the memory that `maxSeries` counts, what a metric takes besides its series. */
const METRIC_WEIGHT = 50;
/** A load is not cut off by the query that began it, because others wait for it too; but it ends. */
const LOAD_TIMEOUT = 60_000;
const CANCELED = 'the request was canceled';

/** One metric in the cache. */
interface Slot {
  readonly metric: string;
  /** Undefined until the first load is done, and when the metric has too many series. */
  index: MetricIndex | undefined;
  tooBig: boolean;
  /** The count of inserts, and the time, when the last load began that succeeded. */
  inserts: number;
  loadedAt: number;
  /** The clock of ClickHouse at the last load that found something. */
  clock: number;
  renewAt: number;
  running: Promise<void> | undefined;
}

/**
 * The series of the last day of the metrics that are asked for, in memory. A metric is loaded when it is first asked for, and
 * after that only what was written since is read, by the column `written`, and only when something may have been. Deletions that
 * the counters tell of empty the cache; those of other processes are seen when the metric is next renewed.
 */
export class RecentIndex {
  readonly #options: RecentIndexOptions;
  readonly #rows: SeriesRows;
  readonly #maxSeries: number;
  readonly #now: () => number;
  /** The least recently used first. */
  readonly #slots = new Map<string, Slot>();
  #removals: number;

  constructor(options: RecentIndexOptions) {
    this.#options = options;
    this.#maxSeries = options.maxSeries ?? 200_000;
    this.#rows = new SeriesRows(options.client, this.#maxSeries);
    this.#now = options.now ?? Date.now;
    this.#removals = options.changes === undefined ? 0 : removalsOf(options.changes);
  }

  /** The series of a filter without its limit; undefined when the filter is not for this index. Rejects as the client does. */
  async find(filter: SeriesFilter, signal: AbortSignal): Promise<FoundSeries | undefined> {
    const sets = filter.matcherSets.map((matchers) => ({ matchers, metrics: metricsOf(matchers) }));
    const metrics = new Set(sets.flatMap((set) => set.metrics ?? []));
    if (sets.length === 0 || sets.some((set) => set.metrics === undefined) || metrics.size > MAX_METRICS) {
      return undefined;
    }
    if (filter.start < this.#now() - HORIZON) return undefined;
    if (signal.aborted) throw new StorageError('canceled', CANCELED, { cause: signal.reason });
    const indexes = new Map<string, MetricIndex>();
    const current = async (metric: string) => [metric, await this.#current(metric)] as const;
    for (const [metric, index] of await raced(Promise.all([...metrics].map(current)), signal, CANCELED)) {
      if (index === undefined || filter.start < index.from) return undefined;
      indexes.set(metric, index);
    }
    let among = 0;
    for (const index of indexes.values()) among += index.size;
    const parts: FoundSeries[] = [];
    for (const set of sets) {
      for (const metric of set.metrics!) parts.push(indexes.get(metric)!.find(set.matchers, filter));
    }
    return { ...joined(parts), among };
  }

  /** The metric's index, with all that was inserted before the call; undefined when the metric is too big for the cache. */
  async #current(metric: string): Promise<MetricIndex | undefined> {
    const { changes, otherWriters } = this.#options;
    const asked = this.#now();
    const inserts = changes === undefined ? 0 : insertsOf(changes);
    this.#forgetRemoved();
    let slot = this.#slots.get(metric) ?? emptySlot(metric);
    this.#slots.delete(metric);
    this.#slots.set(metric, slot);
    if (slot.renewAt <= asked) this.#renew(slot, asked);
    // A clock that was set back must not make what is old look new.
    const isCurrent = () =>
      slot.index !== undefined &&
      ((slot.inserts - inserts) | 0) >= 0 &&
      (!otherWriters || (slot.loadedAt > asked - OTHERS_INTERVAL && slot.loadedAt <= this.#now()));
    while (!slot.tooBig && !isCurrent()) {
      slot.running ??= this.#load(slot);
      await slot.running;
      // A renewal may have taken the slot's place.
      slot = this.#slots.get(metric) ?? slot;
    }
    return slot.index;
  }

  /** Reads a metric, or what is new of it; whoever waits for it gets its error. */
  #load(slot: Slot): Promise<void> {
    const load = async () => {
      const signal = AbortSignal.timeout(LOAD_TIMEOUT);
      const { changes } = this.#options;
      const inserts = changes === undefined ? 0 : insertsOf(changes);
      const loadedAt = this.#now();
      if (slot.index === undefined) await this.#fill(slot, undefined, signal);
      else await this.#refresh(slot, slot.index, signal);
      slot.inserts = inserts;
      slot.loadedAt = loadedAt;
      this.#evict(slot);
    };
    return load().finally(() => {
      slot.running = undefined;
    });
  }

  /** Adds to a metric what is new. */
  async #refresh(slot: Slot, index: MetricIndex, signal: AbortSignal): Promise<void> {
    const { metric, clock } = slot;
    const found = await this.#rows.coverage(metric, { from: index.from, since: clock }, signal);
    if (found === undefined) return this.#giveUp(slot);
    const coverage = index.cover(found.coverage);
    if (coverage.first.length > 0) {
      index.add(await this.#rows.labeled(metric, { from: index.from, coverage }, signal));
    }
    slot.clock = found.clock ?? clock;
    if (index.size > this.#maxSeries) this.#giveUp(slot);
  }

  /** Loads a metric as a whole; what is known already of labels is not read again. */
  async #fill(slot: Slot, known: MetricIndex | undefined, signal: AbortSignal): Promise<void> {
    const now = this.#now();
    const from = now - HORIZON - RENEWAL_INTERVAL;
    slot.renewAt = now + RENEWAL_INTERVAL;
    const found = await this.#rows.coverage(slot.metric, { from }, signal);
    if (found === undefined) return this.#giveUp(slot);
    slot.index =
      known?.renewed(from, found.coverage) ??
      new MetricIndex(from, await this.#rows.labeled(slot.metric, { from, coverage: found.coverage }, signal));
    slot.clock = found.clock ?? 0;
  }

  #giveUp(slot: Slot): void {
    slot.index = undefined;
    slot.tooBig = true;
  }

  /** Begins to count a metric anew in a slot that takes the place of the old one, which answers meanwhile. */
  #renew(slot: Slot, now: number): void {
    slot.renewAt = now + RENEWAL_RETRY;
    const { changes } = this.#options;
    const successor = emptySlot(slot.metric);
    successor.inserts = changes === undefined ? 0 : insertsOf(changes);
    successor.loadedAt = now;
    this.#fill(successor, slot.index, AbortSignal.timeout(LOAD_TIMEOUT)).then(
      () => {
        // Not when a deletion or the limit took the old one away meanwhile.
        if (this.#slots.get(slot.metric) === slot) this.#slots.set(slot.metric, successor);
      },
      // It is tried again after a while; queries that must read will say what is wrong.
      () => {},
    );
  }

  #forgetRemoved(): void {
    const { changes } = this.#options;
    if (changes === undefined) return;
    const removals = removalsOf(changes);
    if (removals !== this.#removals) this.#slots.clear();
    this.#removals = removals;
  }

  #evict(keep: Slot): void {
    let weight = 0;
    for (const { index } of this.#slots.values()) weight += METRIC_WEIGHT + (index?.size ?? 0);
    for (const [metric, slot] of this.#slots) {
      if (weight <= this.#maxSeries) return;
      if (slot === keep || slot.running !== undefined) continue;
      weight -= METRIC_WEIGHT + (slot.index?.size ?? 0);
      this.#slots.delete(metric);
    }
  }
}

function emptySlot(metric: string): Slot {
  const index = undefined;
  const renewAt = Number.POSITIVE_INFINITY;
  return { metric, index, tooBig: false, inserts: 0, loadedAt: 0, clock: 0, renewAt, running: undefined };
}

/** The metrics that matchers name, undefined when they do not say which. */
function metricsOf(matchers: readonly Matcher[]): readonly string[] | undefined {
  const named = matchers.filter((matcher) => matcher.name === METRIC_NAME);
  const naming = named.find(({ op, literals }) => literals !== undefined && (op === '=' || op === '=~'));
  if (naming === undefined) return undefined;
  return [...naming.literals!].filter((metric) => metric !== '' && named.every((matcher) => matcher.matches(metric)));
}

/** Several answers as one, each series once. */
function joined(parts: readonly FoundSeries[]): FoundSeries {
  if (parts.length === 1) return parts[0]!;
  let rows: { labels: FoundSeries['labels'][number]; low: number; high: number }[] = [];
  for (const { labels, ids } of parts) {
    const own = labels.map((one, row) => ({ labels: one, low: ids[2 * row]!, high: ids[2 * row + 1]! }));
    rows = mergeSorted(rows, own);
  }
  // Parts of one metric may have a series in common; then it is the very same Labels.
  rows = rows.filter((row, index) => index === 0 || row.labels !== rows[index - 1]!.labels);
  const ids = new Uint32Array(2 * rows.length);
  for (const [index, { low, high }] of rows.entries()) {
    ids[2 * index] = low;
    ids[2 * index + 1] = high;
  }
  return { labels: rows.map((row) => row.labels), ids };
}
