/**
 * What of a series' samples is wanted at a time t. Samples are those in (t - window, t]; stale markers are none.
 * - `value`, `timestamp` (in seconds): of the newest sample; nothing when a stale marker is newer
 * - `last`: the newest sample's value, whatever stale marker follows
 * - the others: PromQL's functions of these names
 */
export type GridFunction =
  | 'value'
  | 'timestamp'
  | 'last'
  | 'rate'
  | 'increase'
  | 'delta'
  | 'irate'
  | 'idelta'
  | 'changes'
  | 'resets';

/** How the values of a group's series at a step become one, with PromQL's meaning. */
export type GridAggregate = 'sum' | 'avg' | 'count' | 'min' | 'max' | 'group';

/**
 * A function of each series' samples at start, start + step, … `steps` times, or what groups of series make of that.
 * `rate`, `increase`, `delta`, `irate`, `sum` and `avg` may differ from the same computed elsewhere by rounding: by a few
 * units in the last place of their terms, which for a counter that was reset are its samples. Everything else is the same
 * number. Two things are worth nothing, since they depend on the
 * order of the operations: sums and averages that are not finite, and `rate`, `increase`, `delta`, `irate` and `idelta` in
 * rows with samples that are not finite.
 */
export interface GridRequest {
  readonly func: GridFunction;
  readonly start: number;
  /** 0 when there is one step only. */
  readonly step: number;
  readonly steps: number;
  readonly window: number;
  /** Undefined: a row per series. Otherwise a row per group; `of[i]` is the group of the set's series i. */
  readonly grouping: { readonly op: GridAggregate; readonly of: Uint32Array } | undefined;
}

/** The values of one series or group, a place per step. `values[i]` counts only where `present[i]` is 1. */
export interface GridRow {
  /** Index of the series in its set, or of the group. */
  readonly row: number;
  readonly values: Float64Array;
  readonly present: Uint8Array;
  /** Samples that the row was made of. */
  readonly samples: number;
  /** False when one of them is NaN or infinite. */
  readonly finite: boolean;
}
