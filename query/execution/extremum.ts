/** The lesser of two numbers, NaN when one is NaN; only -Inf is less than NaN, as in Go and so in Prometheus. */
export function lesser(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY || b === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  return Math.min(a, b);
}

/** The greater of two numbers, NaN when one is NaN; only +Inf is greater than NaN. */
export function greater(a: number, b: number): number {
  if (a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return Math.max(a, b);
}
