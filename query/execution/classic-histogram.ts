/** Differences of bucket counts below this share are floating point noise, not a defect of the data. */
const NOISE = 1e-12;

/**
 * The buckets of one classic histogram, ready to be filled with the counts of a step: upper bounds ascending, counts
 * cumulative. One instance serves all steps; `length` says how many buckets the current step has.
 */
export class ClassicBuckets {
  readonly bounds: Float64Array;
  readonly counts: Float64Array;
  length = 0;

  constructor(capacity: number) {
    this.bounds = new Float64Array(capacity);
    this.counts = new Float64Array(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  /** Bounds must come in ascending order; equal bounds (`0.2` and `2e-1`) are one bucket. */
  push(bound: number, count: number): void {
    if (this.length > 0 && this.bounds[this.length - 1] === bound) {
      this.counts[this.length - 1]! += count;
      return;
    }
    this.bounds[this.length] = bound;
    this.counts[this.length++] = count;
  }

  /** A histogram without a +Inf bucket says nothing of how many observations there are. */
  get complete(): boolean {
    return this.length > 0 && this.bounds[this.length - 1] === Number.POSITIVE_INFINITY;
  }

  /**
   * Makes the counts rise: a smaller count becomes that of the bucket before. Says whether a count had to be changed by
   * more than noise, as scrapes that saw the buckets at different moments cause it.
   */
  forceMonotonic(): boolean {
    let forced = false;
    let before = this.counts[0]!;
    for (let i = 1; i < this.length; i++) {
      const count = this.counts[i]!;
      if (count === before) continue;
      const noise = Math.abs(count - before) < NOISE * (Math.abs(count) + Math.abs(before));
      if (noise || count < before) {
        this.counts[i] = before;
        if (!noise) forced = true;
      } else before = count;
    }
    return forced;
  }

  /**
   * The q-quantile, linear within a bucket; the first bucket starts at 0 when its bound is positive. In the last bucket
   * it is the bound of the one before. NaN without a +Inf bucket, without another one, and without observations.
   */
  quantile(q: number): number {
    const { bounds, counts, length } = this;
    if (Number.isNaN(q)) return Number.NaN;
    if (q < 0) return Number.NEGATIVE_INFINITY;
    if (q > 1) return Number.POSITIVE_INFINITY;
    if (!this.complete || length < 2) return Number.NaN;
    const observations = counts[length - 1]!;
    if (observations === 0 || Number.isNaN(observations)) return Number.NaN;
    const rank = q * observations;
    let bucket = 0;
    while (bucket < length - 1 && !(counts[bucket]! >= rank)) bucket++;
    if (bucket === length - 1) return bounds[length - 2]!;
    if (bucket === 0 && bounds[0]! <= 0) return bounds[0]!;
    const start = bucket === 0 ? 0 : bounds[bucket - 1]!;
    const below = bucket === 0 ? 0 : counts[bucket - 1]!;
    return start + (bounds[bucket]! - start) * ((rank - below) / (counts[bucket]! - below));
  }

  /** The share of observations between the bounds, linear within a bucket. */
  fraction(lower: number, upper: number): number {
    if (!this.complete) return Number.NaN;
    const observations = this.counts[this.length - 1]!;
    if (observations === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
    if (lower >= upper) return 0;
    return (this.#rank(upper) - this.#rank(lower)) / observations;
  }

  /** How many observations are at most `value`. A bucket without an end does not say where its observations lie. */
  #rank(value: number): number {
    const { bounds, counts, length } = this;
    let below = 0;
    for (let i = 0; i < length; i++) {
      const start = i > 0 ? bounds[i - 1]! : bounds[0]! > 0 ? 0 : Number.NEGATIVE_INFINITY;
      if (value <= start) return below;
      if (value < bounds[i]!) {
        if (start === Number.NEGATIVE_INFINITY) return counts[i]!;
        if (bounds[i] === Number.POSITIVE_INFINITY) return below;
        return below + (counts[i]! - below) * ((value - start) / (bounds[i]! - start));
      }
      below = counts[i]!;
    }
    return below;
  }
}
