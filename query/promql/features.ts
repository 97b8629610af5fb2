/**
 * Prometheus' feature flags that PromQL knows, under Prometheus' names. The first four let the parser accept more; with
 * promql-delayed-name-removal a metric's name is dropped at the end of a query rather than where a function drops it.
 */
export const FEATURES = [
  'promql-experimental-functions',
  'promql-duration-expr',
  'promql-extended-range-selectors',
  'promql-binop-fill-modifiers',
  'promql-delayed-name-removal',
] as const;

/** All of them, for who only reads expressions and leaves refusing to others. */
export const ALL_FEATURES: ReadonlySet<string> = new Set(FEATURES);
