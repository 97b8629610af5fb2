import type { Labels } from '../labels.ts';

/** The series that satisfy a selection: sorted by Labels.compare, `ids` in the same order (low and high halves). */
export interface FoundSeries {
  readonly labels: readonly Labels[];
  readonly ids: Uint32Array;
  /** How many series with samples in the range their metrics have in all; undefined when that is not known. */
  readonly among?: number;
}
