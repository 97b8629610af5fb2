import type { SampleBlock } from './series.ts';

/** The samples of one series, in order of time: the first `length` entries of each column. */
export interface SeriesSamples {
  readonly length: number;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly stale: Uint8Array;
  /** False when none is a stale marker, so that nobody has to look. */
  readonly anyStale: boolean;
}

/**
 * Blocks as they came, with an index from each series to its runs. Samples stay in the store's encoding until a series is
 * read, and are then decoded into columns that all series share: a selection needs little more memory than its blocks,
 * and what is decoded is still in the cache when it is used.
 */
export class SampleTable {
  readonly #blocks: SampleBlock[] = [];
  readonly #series: number;
  #samples = 0;
  #bytes = 0;
  #runs = 0;
  #index: RunIndex | undefined;
  #columns = { timestamps: new Float64Array(0), values: new Float64Array(0), stale: new Uint8Array(0) };

  /** For a set of so many series. */
  constructor(series: number) {
    this.#series = series;
  }

  /** Samples of all series. */
  get samples(): number {
    return this.#samples;
  }

  /** Bytes that the blocks take, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a block of the set. Not after the first `read`. */
  add(block: SampleBlock): void {
    this.#blocks.push(block);
    this.#samples += block.length;
    this.#bytes += block.bytes;
    this.#runs += block.runSeries.length;
  }

  /**
   * True when the runs of some series overlap in time: late samples, or one that was written twice. Not before all blocks
   * are added.
   */
  get overlaps(): boolean {
    const index = (this.#index ??= this.#indexed());
    for (let series = 0; series < this.#series; series++) {
      const first = index.offsets[series]!;
      const last = index.offsets[series + 1]!;
      if (last - first > 1) sortRuns(index, first, last);
      for (let run = first + 1; run < last; run++) if (index.time[run]! <= index.lastTime[run - 1]!) return true;
    }
    return false;
  }

  /** The samples of the series at this index. Valid until the next call; not to be written. */
  read(series: number): SeriesSamples {
    const index = (this.#index ??= this.#indexed());
    const first = index.offsets[series]!;
    const last = index.offsets[series + 1]!;
    if (last - first > 1) sortRuns(index, first, last);
    let length = 0;
    for (let run = first; run < last; run++) length += index.to[run]! - index.from[run]!;
    this.#reserve(length);
    const columns = this.#columns;
    const { timestamps } = columns;
    let at = 0;
    let anyStale = false;
    let inOrder = true;
    for (let run = first; run < last; run++) {
      const [from, to] = [index.from[run]!, index.to[run]!];
      if (this.#blocks[index.block[run]!]!.decode(from, to, columns, at)) anyStale = true;
      if (at > 0 && timestamps[at]! <= timestamps[at - 1]!) inOrder = false;
      at += to - from;
    }
    if (!inOrder) sortByTime(columns, length);
    return { length, ...columns, anyStale };
  }

  #reserve(length: number): void {
    if (this.#columns.timestamps.length >= length) return;
    const capacity = Math.max(256, 2 * length);
    this.#columns = {
      timestamps: new Float64Array(capacity),
      values: new Float64Array(capacity),
      stale: new Uint8Array(capacity),
    };
  }

  /** Counts the runs of each series, then places them. */
  #indexed(): RunIndex {
    const offsets = new Uint32Array(this.#series + 1);
    for (const { runSeries } of this.#blocks) {
      for (let run = 0; run < runSeries.length; run++) offsets[runSeries[run]! + 1]!++;
    }
    for (let series = 0; series < this.#series; series++) offsets[series + 1]! += offsets[series]!;
    const index: RunIndex = {
      offsets,
      block: new Uint32Array(this.#runs),
      from: new Uint32Array(this.#runs),
      to: new Uint32Array(this.#runs),
      time: new Float64Array(this.#runs),
      lastTime: new Float64Array(this.#runs),
    };
    const next = offsets.slice(0, this.#series);
    for (let block = 0; block < this.#blocks.length; block++) {
      const { runSeries, runStarts, runEnds, runTimes, runLastTimes } = this.#blocks[block]!;
      for (let run = 0; run < runSeries.length; run++) {
        const place = next[runSeries[run]!]!++;
        index.block[place] = block;
        index.from[place] = runStarts[run]!;
        index.to[place] = runEnds[run]!;
        index.time[place] = runTimes[run]!;
        index.lastTime[place] = runLastTimes[run]!;
      }
    }
    return index;
  }
}

/** The runs of series s are at offsets[s] .. offsets[s + 1] of the other columns. */
interface RunIndex {
  readonly offsets: Uint32Array;
  readonly block: Uint32Array;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly time: Float64Array;
  readonly lastTime: Float64Array;
}

/** By the time they begin. A few runs, mostly in order: hours of a merged part, seconds of fresh ones. */
function sortRuns(index: RunIndex, first: number, last: number): void {
  const { time } = index;
  let sorted = true;
  for (let run = first + 1; run < last && sorted; run++) sorted = time[run]! >= time[run - 1]!;
  if (sorted) return;
  const order = Array.from({ length: last - first }, (_, i) => first + i).sort((a, b) => time[a]! - time[b]!);
  for (const column of [index.block, index.from, index.to, index.lastTime, time]) {
    const copy = order.map((run) => column[run]!);
    for (let i = 0; i < copy.length; i++) column[first + i] = copy[i]!;
  }
}

/** For runs that overlap, as those of parts that hold late samples do. */
function sortByTime(
  columns: { timestamps: Float64Array; values: Float64Array; stale: Uint8Array },
  length: number,
): void {
  const { timestamps } = columns;
  const order = new Uint32Array(length).map((_, i) => i).sort((a, b) => timestamps[a]! - timestamps[b]!);
  for (const column of [columns.timestamps, columns.values, columns.stale]) {
    const copy = column.slice(0, length);
    for (let i = 0; i < length; i++) column[i] = copy[order[i]!]!;
  }
}
