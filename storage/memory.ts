import type { Appender } from './appender.ts';
import { StorageError } from './errors.ts';
import { Labels } from './labels.ts';
import type { Matcher } from './matcher.ts';
import { MemoryAlertLog } from './memory-alert-log.ts';
import { MemoryDocumentLog } from './memory-document-log.ts';
import { MemoryEventLog } from './memory-event-log.ts';
import { MemoryLeaseLog } from './memory-lease-log.ts';
import { MemoryNotificationLog } from './memory-notification-log.ts';
import type { Querier, Selection, SeriesFilter } from './querier.ts';
import { blockOf } from './sample-block.ts';
import type { Metadata, SampleBatch, SampleBlock, SeriesRef, SeriesSet } from './series.ts';
import type { Storage } from './storage.ts';

export interface MemoryStorageOptions {
  /** How many samples it takes before `append` rejects with `full`. Default: no limit. */
  readonly maxSamples?: number;
  /** Rows of a SampleBlock at most. Default 8192; tests lower it to see several blocks. */
  readonly blockRows?: number;
}

/**
 * A Storage in plain arrays: the reference for what the interfaces mean, and the test double of everything above them.
 * What is appended can be queried at once; nothing survives `close`.
 */
export function createMemoryStorage(options: MemoryStorageOptions = {}): Storage {
  const database = new Database(options.maxSamples ?? Number.POSITIVE_INFINITY);
  const check = (signal: AbortSignal) => database.check(signal);
  return {
    appender: new MemoryAppender(database),
    querier: new MemoryQuerier(database, options.blockRows ?? 8192),
    alertLog: new MemoryAlertLog(check),
    eventLog: new MemoryEventLog(check),
    documentLog: new MemoryDocumentLog(check),
    notificationLog: new MemoryNotificationLog(check),
    leaseLog: new MemoryLeaseLog(check),
    async flush(signal) {
      database.check(signal);
    },
    async deleteSamples({ matcherSets, start, end }, signal) {
      database.check(signal);
      if (matcherSets.length > 0) database.delete(database.find(matcherSets, start, end), start, end);
    },
    async close() {
      database.closed = true;
    },
  };
}

/** One series' samples, ascending by timestamp, one per timestamp. */
class MemorySeries {
  readonly labels: Labels;
  readonly timestamps: number[] = [];
  readonly values: number[] = [];
  readonly stale: number[] = [];

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** Adds a sample in its place; replaces the one at the same millisecond. True when the series grew. */
  put(timestamp: number, value: number, stale: number): boolean {
    const at = this.firstFrom(timestamp);
    const replace = this.timestamps[at] === timestamp ? 1 : 0;
    this.timestamps.splice(at, replace, timestamp);
    this.values.splice(at, replace, value);
    this.stale.splice(at, replace, stale);
    return replace === 0;
  }

  /** The index of the first sample at or after `timestamp`. */
  firstFrom(timestamp: number): number {
    let low = 0;
    let high = this.timestamps.length;
    // The common case, an append at the end, needs no search.
    if (high === 0 || this.timestamps[high - 1]! < timestamp) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timestamps[middle]! < timestamp) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes away the samples in start..end; how many. */
  delete(start: number, end: number): number {
    const from = this.firstFrom(start);
    const count = this.firstFrom(end + 1) - from;
    this.timestamps.splice(from, count);
    this.values.splice(from, count);
    this.stale.splice(from, count);
    return count;
  }

  hasSampleIn(start: number, end: number): boolean {
    const timestamp = this.timestamps[this.firstFrom(start)];
    return timestamp !== undefined && timestamp <= end;
  }
}

class Database {
  readonly series = new Map<string, MemorySeries>();
  readonly metadata = new Map<string, Metadata>();
  readonly maxSamples: number;
  samples = 0;
  closed = false;

  constructor(maxSamples: number) {
    this.maxSamples = maxSamples;
  }

  check(signal: AbortSignal): void {
    if (this.closed) throw new StorageError('canceled', 'the storage is closed');
    if (signal.aborted) throw new StorageError('canceled', 'the request was canceled', { cause: signal.reason });
  }

  /** The series that have samples in start..end and satisfy all matchers of one of the sets, sorted. */
  find(matcherSets: readonly (readonly Matcher[])[], start: number, end: number): MemorySeries[] {
    const found: MemorySeries[] = [];
    for (const series of this.series.values()) {
      if (!series.hasSampleIn(start, end)) continue;
      const matches = matcherSets.some((set) =>
        set.every((matcher) => matcher.matches(series.labels.get(matcher.name))),
      );
      if (matches || matcherSets.length === 0) found.push(series);
    }
    return found.sort((a, b) => Labels.compare(a.labels, b.labels));
  }

  delete(all: readonly MemorySeries[], start: number, end: number): void {
    for (const series of all) {
      this.samples -= series.delete(start, end);
      if (series.timestamps.length === 0) this.series.delete(series.labels.key);
    }
  }
}

interface Acquired {
  readonly ref: SeriesRef;
  readonly labels: Labels;
  holders: number;
}

class MemoryAppender implements Appender {
  readonly #database: Database;
  readonly #byKey = new Map<string, Acquired>();
  readonly #byRef: (Acquired | undefined)[] = [];
  readonly #freeRefs: SeriesRef[] = [];

  constructor(database: Database) {
    this.#database = database;
  }

  acquire(labels: Labels): SeriesRef {
    if (labels.metric === '') {
      throw new StorageError('bad_data', `a series needs a metric name (__name__), got ${labels.toString()}`);
    }
    let acquired = this.#byKey.get(labels.key);
    if (acquired === undefined) {
      acquired = { ref: this.#freeRefs.pop() ?? this.#byRef.length, labels, holders: 0 };
      this.#byKey.set(labels.key, acquired);
      this.#byRef[acquired.ref] = acquired;
    }
    acquired.holders++;
    return acquired.ref;
  }

  labelsOf(ref: SeriesRef): Labels {
    const acquired = this.#byRef[ref];
    if (acquired === undefined) throw new StorageError('bad_data', `labelsOf needs an acquired ref, got ${ref}`);
    return acquired.labels;
  }

  release(refs: Iterable<SeriesRef>): void {
    for (const ref of refs) {
      const acquired = this.#byRef[ref];
      if (acquired === undefined) throw new StorageError('bad_data', `release needs an acquired ref, got ${ref}`);
      if (--acquired.holders > 0) continue;
      this.#byKey.delete(acquired.labels.key);
      this.#byRef[ref] = undefined;
      this.#freeRefs.push(ref);
    }
  }

  async append(batch: SampleBatch): Promise<void> {
    const database = this.#database;
    if (database.closed) throw new StorageError('canceled', 'the storage is closed');
    if (database.samples + batch.length > database.maxSamples) {
      throw new StorageError('full', `the storage holds at most ${database.maxSamples} samples`);
    }
    for (let i = 0; i < batch.length; i++) {
      if (this.#byRef[batch.refs[i]!] === undefined) {
        throw new StorageError('bad_data', `append needs acquired refs, got ${batch.refs[i]}`);
      }
    }
    for (let i = 0; i < batch.length; i++) {
      const { labels } = this.#byRef[batch.refs[i]!]!;
      let series = database.series.get(labels.key);
      if (series === undefined) database.series.set(labels.key, (series = new MemorySeries(labels)));
      const stale = batch.stale[i]!;
      if (series.put(batch.timestamps[i]!, stale === 0 ? batch.values[i]! : Number.NaN, stale)) database.samples++;
    }
  }

  describe(metadata: readonly Metadata[]): void {
    for (const entry of metadata) this.#database.metadata.set(entry.metric, entry);
  }
}

class MemoryQuerier implements Querier {
  readonly #database: Database;
  readonly #blockRows: number;

  constructor(database: Database, blockRows: number) {
    this.#database = database;
    this.#blockRows = blockRows;
  }

  async select(selection: Selection, signal: AbortSignal): Promise<SeriesSet> {
    this.#database.check(signal);
    const { matchers, start, end } = selection;
    const found = this.#database.find([matchers], start, end);
    return {
      series: found.map((series) => series.labels),
      blocks: (part) =>
        this.#blocks(found, {
          start: Math.max(start, part?.start ?? start),
          end: Math.min(end, part?.end ?? end),
          signal,
        }),
    };
  }

  async *#blocks(
    found: readonly MemorySeries[],
    range: { start: number; end: number; signal: AbortSignal },
  ): AsyncGenerator<SampleBlock> {
    let block = new BlockBuilder(this.#blockRows);
    for (const [index, series] of found.entries()) {
      // A copy: appends while the caller awaits may move the samples.
      const from = series.firstFrom(range.start);
      const to = series.firstFrom(range.end + 1);
      const timestamps = series.timestamps.slice(from, to);
      const values = series.values.slice(from, to);
      const stale = series.stale.slice(from, to);
      for (let i = 0; i < timestamps.length; i++) {
        block.push(index, timestamps[i]!, { value: values[i]!, stale: stale[i]! });
        if (block.length < this.#blockRows) continue;
        this.#database.check(range.signal);
        yield block.finish();
        block = new BlockBuilder(this.#blockRows);
      }
    }
    this.#database.check(range.signal);
    if (block.length > 0) yield block.finish();
  }

  async series(filter: SeriesFilter, signal: AbortSignal): Promise<readonly Labels[]> {
    return limited(this.#labels(filter, signal), filter.limit);
  }

  async labelNames(filter: SeriesFilter, signal: AbortSignal): Promise<readonly string[]> {
    const names = new Set<string>();
    for (const labels of this.#labels(filter, signal)) for (const [name] of labels) names.add(name);
    return limited([...names].sort(), filter.limit);
  }

  async labelValues(name: string, filter: SeriesFilter, signal: AbortSignal): Promise<readonly string[]> {
    const values = new Set(this.#labels(filter, signal).map((labels) => labels.get(name)));
    values.delete('');
    return limited([...values].sort(), filter.limit);
  }

  async metadata(metric: string | undefined, limit: number, signal: AbortSignal): Promise<readonly Metadata[]> {
    this.#database.check(signal);
    const all = [...this.#database.metadata.values()].filter(
      (entry) => metric === undefined || entry.metric === metric,
    );
    all.sort((a, b) => (a.metric < b.metric ? -1 : 1));
    return limited(all, limit);
  }

  #labels(filter: SeriesFilter, signal: AbortSignal): Labels[] {
    this.#database.check(signal);
    return this.#database.find(filter.matcherSets, filter.start, filter.end).map((series) => series.labels);
  }
}

class BlockBuilder {
  length = 0;
  readonly #series: Uint32Array;
  readonly #timestamps: Float64Array;
  readonly #values: Float64Array;
  readonly #stale: Uint8Array;

  constructor(rows: number) {
    this.#series = new Uint32Array(rows);
    this.#timestamps = new Float64Array(rows);
    this.#values = new Float64Array(rows);
    this.#stale = new Uint8Array(rows);
  }

  push(series: number, timestamp: number, sample: { value: number; stale: number }): void {
    this.#series[this.length] = series;
    this.#timestamps[this.length] = timestamp;
    this.#values[this.length] = sample.value;
    this.#stale[this.length] = sample.stale;
    this.length++;
  }

  finish(): SampleBlock {
    return blockOf(this.#series.subarray(0, this.length), {
      timestamps: this.#timestamps,
      values: this.#values,
      stale: this.#stale,
    });
  }
}

function limited<T>(all: readonly T[], limit: number): readonly T[] {
  return limit > 0 && all.length > limit ? all.slice(0, limit) : all;
}
