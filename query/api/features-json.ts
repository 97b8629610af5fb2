import { FUNCTIONS } from '../promql/functions.ts';

const AGGREGATES = 'avg bottomk count count_values group max min quantile stddev stdvar sum topk'.split(' ');
const EXPERIMENTAL_AGGREGATES = ['limit_ratio', 'limitk'];
const OPERATORS = '!= !~ % * + - / < <= == =~ > >= @ ^ and atan2 or unless'.split(' ');
const MODIFIERS = (
  'at_modifier bool by group_left group_right ignoring negative_offset offset on per_query_lookback_delta subqueries ' +
  'without'
).split(' ');

/**
 * What /api/v1/features answers: by category, each thing that a client may want to know of, and whether it is there.
 * `flags` are Prometheus' feature flags that are set, `admin` whether there is the admin API.
 */
export function featuresJson(flags: ReadonlySet<string>, admin: boolean): Record<string, Record<string, boolean>> {
  const experimental = flags.has('promql-experimental-functions');
  const functions = [...FUNCTIONS].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    api: {
      admin,
      ...all(['exclude_alerts', 'label_values_match', 'lifecycle', 'otlp_write_receiver']),
      ...all(['query_stats', 'query_warnings']),
      ...all(['remote_write_receiver', 'time_range_labels', 'time_range_series']),
    },
    promql: {
      ...all(MODIFIERS),
      ...all(['anchored', 'smoothed'], flags.has('promql-extended-range-selectors')),
      ...all(['fill', 'fill_left', 'fill_right'], flags.has('promql-binop-fill-modifiers')),
      delayed_name_removal: flags.has('promql-delayed-name-removal'),
      duration_expr: flags.has('promql-duration-expr'),
      per_step_stats: flags.has('promql-per-step-stats'),
    },
    promql_functions: Object.fromEntries(functions.map(([name, of]) => [name, !of.experimental || experimental])),
    promql_operators: {
      ...all([...OPERATORS, ...AGGREGATES]),
      ...all(EXPERIMENTAL_AGGREGATES, experimental),
    },
    rules: all(['keep_firing_for', 'query_offset']),
  };
}

function all(names: readonly string[], present = true): Record<string, boolean> {
  return Object.fromEntries(names.map((name) => [name, present]));
}
