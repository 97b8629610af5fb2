import type { Clock } from '../../../clock/clock.ts';
import type { Labels } from '../../../storage/labels.ts';
import { withDeadline } from '../../deadline.ts';
import type { LabelSelector } from '../label-selector.ts';
import type { DescribedObject, Evaluation, ServedMetric } from '../served-metric.ts';
import { DescribedRows } from './described-rows.ts';
import { type GoneRow, LastGood } from './last-good.ts';

/** What autoscalers count in thousandths, in 64 bits, must be smaller. */
export const TOO_LARGE = 2 ** 63 / 1000;

/** Milliseconds for which rows that are gone are remembered, at least, so that one can be told of them. */
const REMEMBERED = 600_000;

/** One metric, with one selector, as it is evaluated from time to time: what was found last, and when. */
export class MetricRun {
  readonly metric: ServedMetric;
  /** EVERYTHING unless the metric's selector is part of its evaluation. */
  readonly selector: LabelSelector;
  /** Milliseconds since 1970 when it was made. */
  readonly since: number;
  /** By the clock's `elapsed`. */
  asked: number;
  /** When the log was told last that it cannot be evaluated, by the clock's `elapsed`. */
  noted = Number.NEGATIVE_INFINITY;
  /** The evaluation that is waited for. */
  pending: Promise<void> | undefined;
  /** Whether an evaluation has ended, well or not. */
  isTried = false;
  /** What was found last. */
  found: Evaluation | undefined;
  /** When that was, in milliseconds since 1970; NaN: never. */
  evaluated = Number.NaN;
  /** Milliseconds that it took. */
  took = Number.NaN;
  /** Since when, and lastly why, evaluations fail; undefined when the last one did not. */
  failure: { readonly since: number; readonly reason: string } | undefined;
  /** The newest timestamp that was found last; NaN for none. */
  newest = Number.NaN;
  readonly #clock: Clock;
  readonly #good: LastGood | undefined;
  /** By resource. */
  readonly #indices = new Map<string, DescribedRows>();
  readonly #goneIndices = new Map<string, DescribedRows>();
  #goneIndexed: readonly GoneRow[] = [];
  /** By the clock's `elapsed`. */
  #evaluatedElapsed = 0;

  constructor(metric: ServedMetric, selector: LabelSelector, clock: Clock) {
    this.metric = metric;
    this.selector = selector;
    this.since = clock.now();
    this.asked = clock.elapsed();
    this.#clock = clock;
    // Of external metrics one wants to be told which rows are gone, even when their values are not served.
    if (metric.hold > 0 || metric.api === 'external') this.#good = new LastGood();
  }

  get rows(): number {
    return this.found?.labels.length ?? 0;
  }

  /** Bytes of columns and indices. */
  get byteLength(): number {
    let bytes = this.#good?.byteLength ?? 0;
    for (const index of this.#indices.values()) bytes += index.byteLength;
    if (this.found !== undefined) bytes += this.found.values.byteLength + this.found.timestamps.byteLength;
    return bytes;
  }

  /** Evaluates once. Resolves to whether that went well; rejects never. */
  async evaluate(timeout: number, signal: AbortSignal): Promise<boolean> {
    const { metric, selector } = this;
    const at = this.#clock.now();
    const begun = this.#clock.elapsed();
    const message = `an evaluation must end within ${timeout / 1000} s`;
    try {
      const run = (within: AbortSignal) => metric.evaluate({ at, selector }, within);
      const found = await withDeadline(run, { signal, timeout, message, clock: this.#clock });
      const rows = found.labels.length;
      if (found.values.length !== rows || found.timestamps.length !== rows) {
        throw new Error(
          `an evaluation found ${rows} labels, ${found.values.length} values and ${found.timestamps.length} timestamps`,
        );
      }
      this.#take(found, at, begun);
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.failure = { since: this.failure?.since ?? at, reason };
      return false;
    } finally {
      this.took = this.#clock.elapsed() - begun;
      this.isTried = true;
    }
  }

  /** How old something of that time is, in milliseconds. Whatever the time of day does, it grows with the time since the evaluation. */
  age(timestamp: number): number {
    const sinceEvaluation = this.#clock.elapsed() - this.#evaluatedElapsed;
    return Math.max(this.#clock.now() - timestamp, this.evaluated - timestamp + sinceEvaluation);
  }

  /** Rows about an object. */
  rowsOf(resource: string, object: DescribedObject): number[] {
    if (this.found === undefined) return [];
    let index = this.#indices.get(resource);
    if (index === undefined) {
      index = this.#indexOf(this.found.labels, resource);
      this.#indices.set(resource, index);
    }
    return index.rowsOf(object);
  }

  /** The last good value of a row, and its timestamp; NaN for none. */
  lastGood(row: number): { readonly value: number; readonly timestamp: number } {
    const good = this.#good;
    return good === undefined ? NOTHING : { value: good.value(row), timestamp: good.timestamp(row) };
  }

  /** Rows that are not there any more, as far as they are remembered. */
  get gone(): readonly GoneRow[] {
    return this.#good?.gone ?? [];
  }

  /** Those of them that were about an object. */
  goneOf(resource: string, object: DescribedObject): GoneRow[] {
    const { gone } = this;
    if (gone.length === 0) return [];
    if (gone !== this.#goneIndexed) this.#goneIndices.clear();
    this.#goneIndexed = gone;
    let index = this.#goneIndices.get(resource);
    if (index === undefined) {
      index = this.#indexOf(
        gone.map(({ labels }) => labels),
        resource,
      );
      this.#goneIndices.set(resource, index);
    }
    return index.rowsOf(object).map((row) => gone[row]!);
  }

  #indexOf(labels: readonly Labels[], resource: string): DescribedRows {
    return new DescribedRows(labels, (of) => this.metric.objectOf(of, resource));
  }

  #take(found: Evaluation, at: number, elapsed: number): void {
    if (found.labels !== this.found?.labels) this.#indices.clear();
    this.found = found;
    this.evaluated = at;
    this.#evaluatedElapsed = elapsed;
    this.failure = undefined;
    const { values, timestamps, doubts } = found;
    let newest = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < timestamps.length; row++) if (timestamps[row]! > newest) newest = timestamps[row]!;
    this.newest = newest === Number.NEGATIVE_INFINITY ? Number.NaN : newest;
    const { freshness, hold } = this.metric;
    const isGood = (row: number) =>
      Math.abs(values[row]!) < TOO_LARGE && !Number.isNaN(timestamps[row]!) && !doubts.has(row);
    this.#good?.take(found, isGood, at - Math.max(freshness + hold, REMEMBERED));
  }
}

const NOTHING = { value: Number.NaN, timestamp: Number.NaN };
