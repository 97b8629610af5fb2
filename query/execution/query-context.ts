import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Labels } from '../../storage/labels.ts';
import type { Matcher } from '../../storage/matcher.ts';
import type { Querier } from '../../storage/querier.ts';
import { QueryError } from '../query-result.ts';
import type { Annotations } from './annotations.ts';
import { type Columns, readColumns } from './columns.ts';
import type { Matrix, VectorStream } from './vector.ts';

export interface QueryContextOptions {
  readonly querier: Querier;
  readonly signal: AbortSignal;
  readonly annotations: Annotations;
  /** How many samples the query may hold: those read from the store and those of intermediate results. */
  readonly maxSamples: number;
  /** How many series the query may read. */
  readonly maxSeries: number;
  /** Names are dropped at the end of the query rather than where a function drops them. */
  readonly delayedNameRemoval: boolean;
  /** True for a query over a range, even one of a single step. */
  readonly isRange: boolean;
}

/** What a query over its limit fails with, in Prometheus' words. */
export const TOO_MANY_SAMPLES = 'query processing would load too many samples into memory in query execution';

/** Computing without giving way for longer than this would leave an abort unheard. */
const TURN_MS = 20;

/** What all operators of one running query share: the store, the limits, the annotations, and what has been read. */
export class QueryContext {
  readonly annotations: Annotations;
  readonly delayedNameRemoval: boolean;
  readonly isRange: boolean;
  readonly signal: AbortSignal;
  /** What has been read; outlives the context. */
  readonly stats = { samplesRead: 0, seriesRead: 0 };
  readonly #querier: Querier;
  readonly #maxSamples: number;
  readonly #maxSeries: number;
  readonly #reads = new Map<string, Promise<Columns>>();
  #held = 0;
  #turnStarted = performance.now();

  constructor(options: QueryContextOptions) {
    this.annotations = options.annotations;
    this.delayedNameRemoval = options.delayedNameRemoval;
    this.isRange = options.isRange;
    this.signal = options.signal;
    this.#querier = options.querier;
    this.#maxSamples = options.maxSamples;
    this.#maxSeries = options.maxSeries;
  }

  /** Counts samples that are in memory from now on. Throws when they are too many. */
  hold(samples: number): void {
    this.#held += samples;
    if (this.#held > this.#maxSamples) {
      throw new QueryError('execution', TOO_MANY_SAMPLES);
    }
  }

  /** Of a matrix that nobody looks at any more. */
  release(matrix: Matrix): void {
    this.#held -= matrix.series.length * matrix.steps;
  }

  countSeries(series: number): void {
    this.stats.seriesRead += series;
    if (this.stats.seriesRead > this.#maxSeries) {
      throw new QueryError(
        'execution',
        `the query would read too many series: at most ${this.#maxSeries} are allowed, it selects at least ${this.stats.seriesRead}`,
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

  /** The samples of a selection. Selectors that ask for the same samples share one reading. */
  read(matchers: readonly Matcher[], start: number, end: number): Promise<Columns> {
    const key = JSON.stringify([start, end, ...matchers.map(String).sort()]);
    let read = this.#reads.get(key);
    if (read === undefined) {
      read = readColumns(this.#querier, { matchers, start, end }, this);
      this.#reads.set(key, read);
    }
    return read;
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
