import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Labels } from '../../storage/labels.ts';
import type { Matcher } from '../../storage/matcher.ts';
import type { Selection } from '../../storage/querier.ts';
import type { SeriesSet } from '../../storage/series.ts';
import { QueryError } from '../query-result.ts';
import type { Annotations } from './annotations.ts';
import { type Catalog, keyOf } from './catalog.ts';
import type { Profile } from './profile.ts';
import { type Reading, readPart } from './reading.ts';
import type { SampleCounts } from './sample-counts.ts';
import type { Matrix, VectorStream } from './vector.ts';

export interface QueryContextOptions {
  readonly catalog: Catalog;
  readonly signal: AbortSignal;
  readonly annotations: Annotations;
  readonly budget: Budget;
  /** Labels without the metric's name, by the labels: every slice asks for those of the same series. */
  readonly nameless?: WeakMap<Labels, Labels>;
  /** Names are dropped at the end of the query rather than where a function drops them. */
  readonly delayedNameRemoval: boolean;
  /** True for a query over a range, even one of a single step. */
  readonly isRange: boolean;
  /** Takes down what each operator costs; only for a query that is to be explained. */
  readonly profile?: Profile | undefined;
  /** Counts the samples of each step; only for a query whose statistics are asked for. */
  readonly counts?: SampleCounts | undefined;
}

/** What one query may hold and read, shared by all its slices. */
export interface Budget {
  /** Samples in memory at a time: those read from the store and those of intermediate results. */
  readonly maxSamples: number;
  /** Bytes that those take, about. */
  readonly maxBytes: number;
  /** Series that the query may read. */
  readonly maxSeries: number;
  heldSamples: number;
  heldBytes: number;
  /** The most samples that were held at a time. */
  peakSamples: number;
}

/** A query over its limit of samples fails with this, in Prometheus' words. */
export const TOO_MANY_SAMPLES = 'query processing would load too many samples into memory in query execution';

/** What the parts of a range must be cut smaller for. */
export class OverBudget extends QueryError {
  constructor(message: string) {
    super('execution', message);
  }
}

/** A value and its presence. */
const BYTES_OF_VALUE = 9;

/** Computing without giving way for longer than this would leave an abort unheard and other queries waiting. */
const TURN_MS = 10;

/** What all operators of one running slice share: the store, the limits, the annotations, and what has been read. */
export class QueryContext {
  readonly annotations: Annotations;
  readonly delayedNameRemoval: boolean;
  readonly isRange: boolean;
  readonly signal: AbortSignal;
  readonly profile: Profile | undefined;
  readonly counts: SampleCounts | undefined;
  /** What has been read; outlives the context. */
  readonly stats = { samplesRead: 0, seriesRead: 0 };
  readonly #catalog: Catalog;
  readonly #budget: Budget;
  readonly #nameless: WeakMap<Labels, Labels>;
  readonly #reads = new Map<string, Promise<Reading>>();
  readonly #counted = new Set<string>();
  #heldSamples = 0;
  #heldBytes = 0;
  #turnStarted = performance.now();

  constructor(options: QueryContextOptions) {
    this.annotations = options.annotations;
    this.delayedNameRemoval = options.delayedNameRemoval;
    this.isRange = options.isRange;
    this.signal = options.signal;
    this.profile = options.profile;
    this.counts = options.counts;
    this.#catalog = options.catalog;
    this.#budget = options.budget;
    this.#nameless = options.nameless ?? new WeakMap();
  }

  /** Counts samples that are in memory from now on. Throws an OverBudget when they are too many. */
  hold(samples: number, bytes = samples * BYTES_OF_VALUE): void {
    const budget = this.#budget;
    this.#heldSamples += samples;
    this.#heldBytes += bytes;
    budget.heldSamples += samples;
    budget.heldBytes += bytes;
    budget.peakSamples = Math.max(budget.peakSamples, budget.heldSamples);
    if (budget.heldSamples > budget.maxSamples) throw new OverBudget(TOO_MANY_SAMPLES);
    if (budget.heldBytes > budget.maxBytes) {
      throw new OverBudget(
        `the query would need too much memory: at most ${budget.maxBytes} bytes of samples are allowed; ` +
          'select fewer series, a shorter range or a larger step',
      );
    }
  }

  /** Of a matrix that nobody looks at any more. */
  release(matrix: Matrix): void {
    this.letGo(matrix.series.length * matrix.steps, matrix.series.length * matrix.steps * BYTES_OF_VALUE);
  }

  /** Of everything that this context holds: its slice is done. */
  close(): void {
    this.letGo(this.#heldSamples, this.#heldBytes);
    this.#reads.clear();
  }

  /** Of samples that were held. */
  letGo(samples: number, bytes: number): void {
    this.#heldSamples -= samples;
    this.#heldBytes -= bytes;
    this.#budget.heldSamples -= samples;
    this.#budget.heldBytes -= bytes;
  }

  /** `labels` without the metric's name; the same object each time, which knows its key already. */
  withoutMetricName(labels: Labels): Labels {
    let nameless = this.#nameless.get(labels);
    if (nameless === undefined) this.#nameless.set(labels, (nameless = withoutMetricName(labels)));
    return nameless;
  }

  /** Counts the series of a selection that is read; the same one once. Throws a QueryError when they are too many. */
  countSeries({ matchers, start, end }: Selection, series: number): void {
    const key = `${start} ${end} ${keyOf(matchers)}`;
    if (this.#counted.has(key)) return;
    this.#counted.add(key);
    this.stats.seriesRead += series;
    const { maxSeries } = this.#budget;
    if (this.stats.seriesRead > maxSeries) {
      throw new QueryError(
        'execution',
        `the query would read too many series: at most ${maxSeries} are allowed, it selects at least ${this.stats.seriesRead}`,
      );
    }
  }

  /**
   * To be awaited between blocks: throws the signal's reason when the query is aborted, and now and then lets other work
   * of the process run (without which no abort would be heard).
   */
  async check(): Promise<void> {
    if (performance.now() - this.#turnStarted > TURN_MS) {
      await nextTurn();
      this.#turnStarted = performance.now();
    }
    this.signal.throwIfAborted();
  }

  /** The series of a selection, and how to read them; nothing is read or counted yet. */
  find(selection: Selection): Promise<SeriesSet> {
    return this.#catalog.find(selection);
  }

  /** The samples of a selection. Selectors that ask for the same samples share one reading. */
  read(matchers: readonly Matcher[], start: number, end: number): Promise<Reading> {
    const key = `${start} ${end} ${keyOf(matchers)}`;
    let read = this.#reads.get(key);
    if (read === undefined) {
      read = this.#read(matchers, start, end);
      this.#reads.set(key, read);
    }
    return read;
  }

  async #read(matchers: readonly Matcher[], start: number, end: number): Promise<Reading> {
    const set = await this.find({ matchers, start, end });
    this.countSeries({ matchers, start, end }, set.series.length);
    return readPart(set, { start, end }, this);
  }

  /** The whole stream in memory, counted against the limit. */
  async materialise(stream: VectorStream): Promise<Matrix> {
    const { steps, series } = stream;
    this.hold(series.length * steps);
    let values: Float64Array | undefined;
    let present: Uint8Array | undefined;
    for await (const block of stream.blocks()) {
      await this.check();
      if (block.first === 0 && block.count === series.length) return { steps, series, ...block };
      values ??= new Float64Array(series.length * steps);
      present ??= new Uint8Array(series.length * steps);
      const rows = block.count * steps;
      values.set(rows === block.values.length ? block.values : block.values.subarray(0, rows), block.first * steps);
      present.set(rows === block.present.length ? block.present : block.present.subarray(0, rows), block.first * steps);
    }
    return { steps, series, values: values ?? new Float64Array(0), present: present ?? new Uint8Array(0) };
  }
}

/** `labels` without the metric's name, and without what else says what the metric is rather than whose it is. */
export function withoutMetricName(labels: Labels): Labels {
  return labels.filter((name) => name !== '__name__' && name !== '__type__' && name !== '__unit__');
}
