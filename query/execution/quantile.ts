/**
 * The q-quantile of `values`, which are sorted in place, interpolated between the two nearest. NaN counts as the smallest
 * value. NaN of no values or for a NaN q; -Inf below 0 and +Inf above 1.
 */
export function quantile(q: number, values: Float64Array): number {
  const { length } = values;
  if (length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  values.sort();
  // A typed array sorts NaN to the end; PromQL wants it first.
  let nans = 0;
  while (nans < length && Number.isNaN(values[length - 1 - nans]!)) nans++;
  const rank = q * (length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  const low = lower < nans ? Number.NaN : values[lower - nans]!;
  const high = upper < nans ? Number.NaN : values[upper - nans]!;
  return low * (1 - weight) + high * weight;
}
