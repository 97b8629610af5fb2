import { LRUCache } from 'lru-cache';
import { MatrixJoin } from '../matrix-join.ts';
import type { PlanNode } from '../plan/nodes.ts';
import type {
  MatrixSeries,
  PreparingEngine,
  QueryEngine,
  QueryResult,
  QueryStats,
  RangeRequest,
} from '../query-result.ts';
import { type PlanTraits, traitsOf } from './cacheable.ts';
import type { Changes } from './changes.ts';

export interface CachingEngineOptions {
  readonly engine: QueryEngine & Pick<PreparingEngine, 'plan'>;
  readonly changes: Changes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Samples may come so many milliseconds after their time without a change being told; newer slices are not kept. */
  readonly settled: number;
  /** Bytes that the slices may take, about. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Steps of a slice. Default 64. */
  readonly sliceSteps?: number;
}

/** The values of a plan at the steps of one slice. */
interface Slice {
  readonly token: string;
  readonly series: readonly MatrixSeries[];
  /** Those of the run that computed it: an annotation does not say at which step it arose. */
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** Steps first .. last of a range, and where their values come from. */
interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly slice: Slice | undefined;
}

/**
 * Keeps the values of range queries in slices that are aligned in time, so that a refreshed panel computes only what is new.
 * A slice is kept when all samples that it reads have had the time to come, and forgotten when the store tells of a
 * change. What is kept is exactly what the engine would give; a query that depends on its own range, because of `@ end()`
 * for instance, passes by.
 */
export function createCachingEngine(options: CachingEngineOptions): QueryEngine {
  const { engine } = options;
  const cache = new SliceCache(options);
  return {
    instant: (request, signal) => engine.instant(request, signal),
    range: (request, signal) => cache.range(request, signal),
  };
}

const LABELS_BYTES = 500;

class SliceCache {
  readonly #options: Required<CachingEngineOptions>;
  readonly #slices: LRUCache<string, Slice>;

  constructor(options: CachingEngineOptions) {
    this.#options = { maxBytes: 64 * 2 ** 20, sliceSteps: 64, ...options };
    const { maxBytes } = this.#options;
    this.#slices = new LRUCache({
      maxSize: maxBytes,
      // One query must not push out all others.
      maxEntrySize: Math.ceil(maxBytes / 8),
      sizeCalculation: ({ series }, key) =>
        series.reduce((sum, { values }) => sum + LABELS_BYTES + 16 * values.length, 500 + 2 * key.length),
    });
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<QueryResult> {
    const { engine, changes, now, settled } = this.#options;
    const began = performance.now();
    const traits = request.noCache || request.explain || request.countSamples ? undefined : this.#traits(request);
    if (traits === undefined) return engine.range(request, signal);
    const bound = now() - settled;
    if (traits.latest > bound) return engine.range(request, signal);

    const slices = new Slices(request, traits, this.#options.sliceSteps);
    const token = changes.token(traits.metrics);
    const stretches: Stretch[] = [];
    for (const { first, last, key } of slices.inRange()) {
      const known = key === undefined ? undefined : this.#slices.get(key);
      stretches.push({ first, last, slice: known?.token === token ? known : undefined });
    }
    const join = new MatrixJoin();
    const warnings = new Set<string>();
    const infos = new Set<string>();
    const spent: QueryStats[] = [];
    for (const { first, last, slice } of merged(stretches)) {
      let part: Pick<QueryResult, 'warnings' | 'infos'> & { readonly series: readonly MatrixSeries[] };
      if (slice !== undefined) {
        part = slice;
      } else {
        const { value, stats, ...notes } = await engine.range(slices.request(first, last), signal);
        const series = value.type === 'matrix' ? value.series : [];
        spent.push(stats);
        part = { series, ...notes };
        if (this.#isSmall(series)) {
          for (const { key, end, first: from, last: to } of slices.inRange()) {
            if (key === undefined || from < first || to > last || end + traits.ahead > bound) continue;
            this.#slices.set(key, { token, series: slices.cut(series, from, to), ...notes });
          }
        }
      }
      for (const { labels, timestamps, values } of part.series) join.append(labels, { timestamps, values });
      for (const text of part.warnings) warnings.add(text);
      for (const text of part.infos) infos.add(text);
    }
    const evaluation = performance.now() - began;
    return {
      value: { type: 'matrix', series: join.finish() },
      warnings: [...warnings],
      infos: [...infos],
      stats: {
        samplesRead: spent.reduce((sum, { samplesRead }) => sum + samplesRead, 0),
        seriesRead: spent.reduce((most, { seriesRead }) => Math.max(most, seriesRead), 0),
        peakSamples: spent.reduce((most, { peakSamples }) => Math.max(most, peakSamples), 0),
        preparation: spent.reduce((sum, { preparation }) => sum + preparation, 0),
        evaluation,
      },
    };
  }

  /** Small enough to be kept without pushing most of the rest out. */
  #isSmall(series: readonly MatrixSeries[]): boolean {
    const bytes = series.reduce((sum, { values }) => sum + LABELS_BYTES + 16 * values.length, 0);
    return bytes < this.#options.maxBytes / 4;
  }

  /** Undefined when the plan reads nothing or depends on the range it is asked for. */
  #traits(request: RangeRequest): PlanTraits | undefined {
    const { engine } = this.#options;
    const planned = (moved: RangeRequest) => engine.plan({ kind: 'range', ...moved });
    const traits = traitsOf(planned(request));
    if (traits.ahead === Number.NEGATIVE_INFINITY && traits.latest === Number.NEGATIVE_INFINITY) return undefined;
    const { start, end, step } = request;
    const other: PlanNode = planned({ ...request, start: start - step, end: end + 2 * step });
    return traitsOf(other).key === traits.key ? traits : undefined;
  }
}

/** Neighbours that must be computed are computed together. */
function merged(stretches: readonly Stretch[]): readonly Stretch[] {
  const result: Stretch[] = [];
  for (const stretch of stretches) {
    const before = result.at(-1);
    if (before !== undefined && before.slice === undefined && stretch.slice === undefined) {
      result[result.length - 1] = { first: before.first, last: stretch.last, slice: undefined };
    } else {
      result.push(stretch);
    }
  }
  return result;
}

/** How a range is cut: slice k has the steps from k * length on, counted from the first step after 1970. */
class Slices {
  readonly #request: RangeRequest;
  readonly #key: string;
  readonly #sliceSteps: number;
  readonly #steps: number;
  /** The number of the range's first step, counted from 1970. */
  readonly #origin: number;

  constructor(request: RangeRequest, traits: PlanTraits, sliceSteps: number) {
    const { start, end, step } = request;
    this.#request = request;
    this.#sliceSteps = sliceSteps;
    this.#steps = Math.floor((end - start) / step) + 1;
    this.#origin = Math.floor(start / step);
    this.#key = `${step} ${start - this.#origin * step} ${traits.key}`;
  }

  /** The slices of the range in order; those that reach beyond it have no key, since only some of their steps are asked for. */
  *inRange(): Generator<{ first: number; last: number; end: number; key: string | undefined }> {
    const { start, step } = this.#request;
    const length = this.#sliceSteps;
    for (let first = 0; first < this.#steps; ) {
      const number = Math.floor((this.#origin + first) / length);
      const next = (number + 1) * length - this.#origin;
      const last = Math.min(next, this.#steps) - 1;
      const whole = last - first + 1 === length;
      yield { first, last, end: start + last * step, key: whole ? `${number} ${this.#key}` : undefined };
      first = last + 1;
    }
  }

  request(first: number, last: number): RangeRequest {
    const { start, step } = this.#request;
    return { ...this.#request, start: start + first * step, end: start + last * step };
  }

  /** The points of the steps first .. last, in arrays of their own. */
  cut(series: readonly MatrixSeries[], first: number, last: number): readonly MatrixSeries[] {
    const { start, step } = this.#request;
    const parts: MatrixSeries[] = [];
    for (const { labels, timestamps, values } of series) {
      const from = firstFrom(timestamps, start + first * step);
      const to = firstFrom(timestamps, start + last * step + 1);
      if (from < to) parts.push({ labels, timestamps: timestamps.slice(from, to), values: values.slice(from, to) });
    }
    return parts;
  }
}

/** The index of the first timestamp that is not before `time`. */
function firstFrom(timestamps: Float64Array, time: number): number {
  let low = 0;
  let high = timestamps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestamps[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
