import type { Labels } from '../labels.ts';

/** The series that satisfy a selection: sorted by Labels.compare, `ids` in the same order (low and high halves). */
export interface FoundSeries {
  readonly labels: readonly Labels[];
  readonly ids: Uint32Array;
  /** How many series their metrics have in all, at least those with samples in the range; undefined when that is not known. */
  readonly among?: number;
}
