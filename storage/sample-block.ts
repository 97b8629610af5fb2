import type { SampleBlock, SampleColumns } from './series.ts';

/**
 * A block over decoded columns. `series[row]` is the row's series; a new run begins where it changes and where the time
 * does not rise. The block keeps the columns.
 */
export function blockOf(series: Uint32Array, columns: SampleColumns): SampleBlock {
  const { timestamps, values, stale } = columns;
  const { length } = series;
  const starts: number[] = [];
  for (let row = 0; row < length; row++) {
    if (row > 0 && series[row] === series[row - 1] && timestamps[row]! > timestamps[row - 1]!) continue;
    starts.push(row);
  }
  return {
    length,
    runSeries: Uint32Array.from(starts, (row) => series[row]!),
    runStarts: Uint32Array.from(starts),
    runEnds: Uint32Array.from(starts, (_, run) => starts[run + 1] ?? length),
    runTimes: Float64Array.from(starts, (row) => timestamps[row]!),
    runLastTimes: Float64Array.from(starts, (_, run) => timestamps[(starts[run + 1] ?? length) - 1]!),
    bytes: length * 17,
    decode(from, to, into, at) {
      into.timestamps.set(timestamps.subarray(from, to), at);
      into.values.set(values.subarray(from, to), at);
      const flags = stale.subarray(from, to);
      into.stale.set(flags, at);
      return flags.includes(1);
    },
  };
}
