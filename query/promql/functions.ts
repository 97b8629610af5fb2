import type { ValueType } from './ast.ts';

/** How a function may be called. */
export interface FunctionSignature {
  readonly args: readonly ValueType[];
  /** 0: all of `args` must be given; otherwise how often the last one may be, from not at all up; -1: any number of times. */
  readonly optional: number;
  readonly returns: ValueType;
  /** Needs the feature promql-experimental-functions. */
  readonly experimental: boolean;
}

const signatures = new Map<string, FunctionSignature>();

function define(
  names: string,
  args: readonly ValueType[],
  { optional = 0, returns = 'vector' as ValueType, experimental = false } = {},
): void {
  for (const name of names.split(' ')) signatures.set(name, { args, optional, returns, experimental });
}

define('abs absent ceil exp floor ln log10 log2 sgn sqrt sort sort_desc timestamp', ['vector']);
define('acos acosh asin asinh atan atanh cos cosh deg rad sin sinh tan tanh', ['vector']);
define('histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar', ['vector']);
define('day_of_month day_of_week day_of_year days_in_month hour minute month year', ['vector'], { optional: 1 });
define('clamp', ['vector', 'scalar', 'scalar']);
define('clamp_max clamp_min', ['vector', 'scalar']);
define('round', ['vector', 'scalar'], { optional: 1 });
define('histogram_quantile', ['scalar', 'vector']);
define('histogram_fraction', ['scalar', 'scalar', 'vector']);
define('histogram_quantiles', ['vector', 'string', 'scalar', 'scalar'], { optional: 9, experimental: true });
define('start_timestamp', ['vector'], { experimental: true });
define('info', ['vector', 'vector'], { optional: 1, experimental: true });
define('label_replace', ['vector', 'string', 'string', 'string', 'string']);
define('label_join', ['vector', 'string', 'string', 'string'], { optional: -1 });
define('sort_by_label sort_by_label_desc', ['vector', 'string'], { optional: -1, experimental: true });
define('scalar', ['vector'], { returns: 'scalar' });
define('vector', ['scalar']);
define('pi time', [], { returns: 'scalar' });
define('min_of max_of', ['scalar', 'scalar'], { returns: 'scalar', experimental: true });
define('start end range step', [], { returns: 'scalar', experimental: true });

define('rate irate increase delta idelta deriv changes resets', ['matrix']);
define('avg_over_time count_over_time min_over_time max_over_time sum_over_time last_over_time', ['matrix']);
define('present_over_time absent_over_time stddev_over_time stdvar_over_time', ['matrix']);
define('quantile_over_time', ['scalar', 'matrix']);
define('predict_linear', ['matrix', 'scalar']);
define('double_exponential_smoothing', ['matrix', 'scalar', 'scalar'], { experimental: true });
define('first_over_time mad_over_time ts_of_min_over_time ts_of_max_over_time', ['matrix'], { experimental: true });
define('ts_of_last_over_time ts_of_first_over_time', ['matrix'], { experimental: true });

/** Every function of PromQL, by name. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = signatures;
