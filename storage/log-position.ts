/** A place in a log, for going on from it: of two entries of the same time, the one with the higher sequence was appended later. */
export interface LogPosition {
  /** Milliseconds. */
  readonly timestamp: number;
  readonly sequence: number;
}
