/** The names of the aggregation operators. */
export const AGGREGATES: ReadonlySet<string> = new Set([
  ...['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar', 'topk', 'bottomk', 'count_values', 'quantile'],
  ...['limitk', 'limit_ratio'],
]);
