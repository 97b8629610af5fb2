import type { SampleBlock, SampleColumns } from '../series.ts';
import { columnOf, int64At, type NativeBlock } from './native-block.ts';
import type { SeriesLookup } from './series-lookup.ts';
import { decodeValues } from './value-encoding.ts';

/**
 * A Native block of the columns id, time (distance to an origin), mantissa and scale. Only its runs are looked for at
 * once; rows are decoded when they are read. Rows of series that the lookup does not know belong to no run: such a series
 * came after the index was read.
 */
export class EncodedBlock implements SampleBlock {
  readonly length: number;
  readonly runSeries: Uint32Array;
  readonly runStarts: Uint32Array;
  readonly runEnds: Uint32Array;
  readonly runTimes: Float64Array;
  readonly runLastTimes: Float64Array;
  readonly bytes: number;
  readonly #origin: number;
  readonly #times: Times;
  readonly #mantissas: Uint32Array;
  readonly #scales: Int8Array;

  constructor(block: NativeBlock, lookup: SeriesLookup, origin: number) {
    const ids = columnOf(block, 0, 'int64');
    const wide = block.columns[1]?.kind === 'int64';
    const times = columnOf(block, 1, wide ? 'int64' : 'uint32');
    this.#times = wide ? wideTimes(times) : times;
    this.#mantissas = columnOf(block, 2, 'int64');
    this.#scales = columnOf(block, 3, 'int8');
    this.#origin = origin;
    this.bytes = block.rows * (wide ? 25 : 21);
    const runs = new Runs();
    this.length = findRuns({ ids, times: this.#times, rows: block.rows, lookup }, runs);
    this.runSeries = Uint32Array.from(runs.series);
    this.runStarts = Uint32Array.from(runs.starts);
    this.runEnds = Uint32Array.from(runs.ends);
    this.runTimes = Float64Array.from(runs.starts, (row) => origin + this.#times[row]!);
    this.runLastTimes = Float64Array.from(runs.ends, (row) => origin + this.#times[row - 1]!);
  }

  decode(from: number, to: number, into: SampleColumns, at: number): boolean {
    const { timestamps, values, stale } = into;
    const times = this.#times;
    const origin = this.#origin;
    for (let row = from, out = at; row < to; row++, out++) timestamps[out] = origin + times[row]!;
    return decodeValues({ mantissas: this.#mantissas, scales: this.#scales, from, to }, { values, stale, at });
  }
}

type Times = Uint32Array | Float64Array;

function wideTimes(halves: Uint32Array): Float64Array {
  const times = new Float64Array(halves.length / 2);
  for (let row = 0; row < times.length; row++) times[row] = int64At(halves, row);
  return times;
}

class Runs {
  readonly series: number[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
}

/** Adds the runs of the rows and returns how many rows are in them. */
function findRuns(
  rows: { readonly ids: Uint32Array; readonly times: Times; readonly rows: number; readonly lookup: SeriesLookup },
  runs: Runs,
): number {
  const { ids, times, rows: end, lookup } = rows;
  let length = 0;
  for (let row = 0; row < end; ) {
    const low = ids[2 * row]!;
    const high = ids[2 * row + 1]!;
    const from = row;
    do row++;
    while (row < end && ids[2 * row] === low && ids[2 * row + 1] === high && times[row]! > times[row - 1]!);
    const series = lookup.find(low, high);
    if (series < 0) continue;
    runs.series.push(series);
    runs.starts.push(from);
    runs.ends.push(row);
    length += row - from;
  }
  return length;
}
