import type { SampleBatch, SeriesRef } from '../../storage/series.ts';

/**
 * The samples of one scrape, on their way to the Appender. One batch serves all targets of an Appender, because a scrape
 * is taken apart and appended without waiting in between: `begin`, any number of `add` and `addStale`, then append.
 */
export class ScrapeBatch implements SampleBatch {
  length = 0;
  refs = new Uint32Array(1024);
  timestamps = new Float64Array(1024);
  values = new Float64Array(1024);
  stale = new Uint8Array(1024);

  /** By ref: the number of the batch that had it last. Finds repeated series without a look at their labels. */
  #marks = new Uint32Array(4096);
  #number = 0;
  /** `ref timestamp` of every sample, made when a series comes a second time. */
  #seen: Set<string> | undefined;

  begin(): void {
    this.length = 0;
    this.#seen = undefined;
    if (++this.#number > 0xffff_ffff) {
      this.#marks.fill(0);
      this.#number = 1;
    }
  }

  /** True when the batch has a sample of the series. */
  has(ref: SeriesRef): boolean {
    return this.#marks[ref] === this.#number;
  }

  /** False, and nothing is added, when the batch has a sample of this series at this time: the first one counts. */
  add(ref: SeriesRef, timestamp: number, value: number): boolean {
    if (ref >= this.#marks.length) this.#growMarks(ref);
    if (this.#marks[ref] !== this.#number) this.#marks[ref] = this.#number;
    else this.#seen ??= this.#collectSeen();
    if (this.#seen !== undefined) {
      const key = `${ref} ${timestamp}`;
      if (this.#seen.has(key)) return false;
      this.#seen.add(key);
    }
    const at = this.length;
    if (at === this.refs.length) this.#grow();
    this.refs[at] = ref;
    this.timestamps[at] = timestamp;
    this.values[at] = value;
    this.stale[at] = 0;
    this.length = at + 1;
    return true;
  }

  /** Says that the series has ended, unless the batch has a sample of it. */
  addStale(ref: SeriesRef, timestamp: number): void {
    if (this.has(ref) || !this.add(ref, timestamp, Number.NaN)) return;
    this.stale[this.length - 1] = 1;
  }

  #collectSeen(): Set<string> {
    const seen = new Set<string>();
    for (let i = 0; i < this.length; i++) seen.add(`${this.refs[i]} ${this.timestamps[i]}`);
    return seen;
  }

  #growMarks(ref: SeriesRef): void {
    const marks = new Uint32Array(Math.max(ref + 1, this.#marks.length * 2));
    marks.set(this.#marks);
    this.#marks = marks;
  }

  #grow(): void {
    const { refs, timestamps, values, stale } = this;
    const capacity = refs.length * 2;
    this.refs = new Uint32Array(capacity);
    this.timestamps = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
    this.stale = new Uint8Array(capacity);
    this.refs.set(refs);
    this.timestamps.set(timestamps);
    this.values.set(values);
    this.stale.set(stale);
  }
}
