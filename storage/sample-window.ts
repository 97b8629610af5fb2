import type { SampleWindow } from './series.ts';

const NO_NUMBERS = new Float64Array(0);
const NO_FLAGS = new Uint8Array(0);

/** A window over start..end, both included, that a SeriesSet fills in. */
export function newWindow(start: number, end: number): SampleWindow {
  return {
    start,
    end,
    timestamps: NO_NUMBERS,
    values: NO_NUMBERS,
    stale: NO_FLAGS,
    from: 0,
    to: 0,
    anyStale: false,
    newestOnly: false,
  };
}
