import type { Appender } from '../appender.ts';
import type { Labels } from '../labels.ts';
import type { Metadata, SampleBatch, SeriesRef } from '../series.ts';
import type { RecentMetric } from './recent-metric.ts';
import type { RecentSeries } from './recent-series.ts';

export interface RecentAppenderOptions {
  /** The store's appender; it must have `labelsOf`. */
  readonly main: Appender;
  /** The metrics that are wanted, by name. */
  readonly metrics: ReadonlyMap<string, RecentMetric>;
  /** Called before the samples of a batch are taken. */
  readonly onAppend: () => void;
  /** The store has refused samples that were taken here. */
  readonly onRefused: () => void;
}

const INITIAL_CAPACITY = 1024;

/**
 * Stands in front of the store's appender and gives the samples of the metrics that are wanted to their windows at once. For a
 * sample that nobody wants it looks into one array.
 */
export class RecentAppender implements Appender {
  readonly #main: Appender;
  readonly #options: RecentAppenderOptions;
  /** By ref: whose samples are wanted. */
  readonly #series: (RecentSeries | undefined)[] = [];
  readonly #metrics: (RecentMetric | undefined)[] = [];
  #holders = new Uint32Array(INITIAL_CAPACITY);
  /** The name of each ref's metric. */
  readonly #names = new NameTable();
  #nameOf = new Uint32Array(INITIAL_CAPACITY);
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: RecentAppenderOptions) {
    this.#options = options;
    this.#main = options.main;
    if (options.main.labelsOf === undefined) {
      throw new TypeError('a window over recent samples needs an appender that knows the labels of its refs');
    }
  }

  acquire(labels: Labels): SeriesRef {
    const ref = this.#main.acquire(labels);
    if (ref >= this.#holders.length) this.#grow(ref);
    if (this.#holders[ref]!++ > 0) return ref;
    const { metric: name } = labels;
    this.#nameOf[ref] = this.#names.acquire(name);
    const metric = this.#options.metrics.get(name);
    if (metric !== undefined) this.#follow(ref, metric, labels);
    return ref;
  }

  labelsOf(ref: SeriesRef): Labels {
    return this.#main.labelsOf!(ref);
  }

  release(refs: Iterable<SeriesRef>): void {
    const all = [...refs];
    this.#main.release(all);
    for (const ref of all) {
      if (--this.#holders[ref]! > 0) continue;
      this.#names.release(this.#nameOf[ref]!);
      this.#unfollow(ref);
    }
  }

  append(batch: SampleBatch): Promise<void> {
    const appended = this.#main.append(batch);
    if (this.#options.metrics.size === 0) return appended;
    this.#options.onAppend();
    const { refs, length } = batch;
    const series = this.#series;
    for (let row = 0; row < length; row++) {
      const one = series[refs[row]!];
      if (one !== undefined) this.#metrics[refs[row]!]!.put(one, batch, row);
    }
    const settled: Promise<void> = appended.then(
      () => void this.#underWay.delete(settled),
      () => {
        this.#underWay.delete(settled);
        this.#options.onRefused();
      },
    );
    this.#underWay.add(settled);
    return appended;
  }

  describe(metadata: readonly Metadata[]): void {
    this.#main.describe(metadata);
  }

  /** Resolves when every append that has begun is durable or refused. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** The metric is wanted from now on: the samples of refs that are held already too. */
  follow(metric: RecentMetric): void {
    const name = this.#names.find(metric.name);
    if (name === undefined) return;
    for (let ref = 0; ref < this.#holders.length; ref++) {
      if (this.#holders[ref] === 0 || this.#nameOf[ref] !== name) continue;
      this.#follow(ref, metric, this.labelsOf(ref));
    }
  }

  /** The metric is not wanted any more. */
  unfollow(metric: RecentMetric): void {
    for (let ref = 0; ref < this.#metrics.length; ref++) if (this.#metrics[ref] === metric) this.#unfollow(ref);
  }

  #follow(ref: SeriesRef, metric: RecentMetric, labels: Labels): void {
    const series = metric.seriesOf(labels, () => this.labelsOf(ref));
    series.isHeld = true;
    this.#series[ref] = series;
    this.#metrics[ref] = metric;
  }

  #unfollow(ref: SeriesRef): void {
    const series = this.#series[ref];
    if (series === undefined) return;
    series.isHeld = false;
    this.#series[ref] = undefined;
    this.#metrics[ref] = undefined;
  }

  #grow(ref: SeriesRef): void {
    const capacity = Math.ceil((ref + 1) * 1.5);
    const grown = (from: Uint32Array) => {
      const to = new Uint32Array(capacity);
      to.set(from);
      return to;
    };
    this.#holders = grown(this.#holders);
    this.#nameOf = grown(this.#nameOf);
    // Arrays without holes, and long enough for every ref, are looked into fastest.
    while (this.#series.length < capacity) {
      this.#series.push(undefined);
      this.#metrics.push(undefined);
    }
  }
}

/** Names by small numbers, as long as somebody uses them. */
class NameTable {
  readonly #byName = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #users: number[] = [];
  readonly #free: number[] = [];

  acquire(name: string): number {
    let number = this.#byName.get(name);
    if (number === undefined) {
      number = this.#free.pop() ?? this.#names.length;
      // A copy: the name may be a piece of a whole page.
      const copy = Buffer.from(name).toString();
      this.#names[number] = copy;
      this.#users[number] = 0;
      this.#byName.set(copy, number);
    }
    this.#users[number]!++;
    return number;
  }

  release(number: number): void {
    if (--this.#users[number]! > 0) return;
    this.#byName.delete(this.#names[number]!);
    this.#names[number] = '';
    this.#free.push(number);
  }

  find(name: string): number | undefined {
    return this.#byName.get(name);
  }
}
