import { DATA_END, DATA_START } from './dataset.ts';
import type { Random } from './random.ts';

/** What the outermost part of a query is; the report counts by it. */
export type QueryKind = keyof typeof KINDS;

/** A query as it is sent to both sides. Times in milliseconds. */
export interface RandomQuery {
  readonly kind: QueryKind;
  readonly expr: string;
  readonly at:
    | { readonly kind: 'instant'; readonly time: number }
    | { readonly kind: 'range'; readonly start: number; readonly end: number; readonly step: number };
}

interface Metric {
  readonly name: string;
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

const JOBS = { job: ['api', 'web'], instance: ['a:80', 'b:80', 'c:80'] };
const COUNTERS: readonly Metric[] = [
  { name: 'http_requests_total', labels: { ...JOBS, code: ['200', '404', '500'], method: ['GET', 'POST'] } },
  { name: 'http_errors_total', labels: { ...JOBS, code: ['500'] } },
  { name: 'pod_cpu_seconds_total', labels: { namespace: ['default', 'системный'], node: ['node-1', 'node-2'] } },
  { name: 'request_duration_seconds_count', labels: JOBS },
  { name: 'request_duration_seconds_sum', labels: JOBS },
];
const BUCKETS: Metric = { name: 'request_duration_seconds_bucket', labels: { ...JOBS, le: ['0.1', '1', '+Inf'] } };
const GAUGES: readonly Metric[] = [
  { name: 'memory_bytes', labels: JOBS },
  { name: 'temperature', labels: JOBS },
  { name: 'queue_length', labels: JOBS },
  { name: 'up', labels: JOBS },
  { name: 'odd_values', labels: { kind: ['x', 'y', 'z'] } },
  { name: 'http.server.active', labels: { 'service.name': ['Zürich', '東京', '🚀'] } },
  { name: 'state', labels: { zone: ['1', '9', '10'] } },
  { name: 'sparse', labels: { job: ['batch'] } },
  { name: 'sparser', labels: { job: ['batch'] } },
  { name: 'kube_pod_info', labels: { node: ['node-1', 'node-3'], owner: ['deploy-1'] } },
  { name: 'build_info', labels: { version: ['1.2.3'] } },
  { name: 'last_backup_timestamp_seconds', labels: {} },
];
const LABELS = ['job', 'instance', 'code', 'method', 'le', 'pod', 'node', 'namespace', 'kind', 'zone', 'service.name'];

const MATH =
  'abs ceil exp floor ln log10 log2 sgn sqrt acos acosh asin asinh atan atanh cos cosh deg rad sin sinh tan tanh'.split(
    ' ',
  );
const DATES = 'day_of_month day_of_week day_of_year days_in_month hour minute month year'.split(' ');
const COUNTER_FUNCTIONS = ['rate', 'irate', 'increase', 'resets'];
const GAUGE_FUNCTIONS = ['delta', 'idelta', 'deriv', 'changes'];
const OVER_TIME = 'avg count min max sum last present absent stddev stdvar mad ts_of_min ts_of_max ts_of_last'.split(
  ' ',
);
const AGGREGATES = ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'];
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'];
const COMPARISON = ['==', '!=', '<', '<=', '>', '>='];
const SETS = ['and', 'or', 'unless'];
const DURATIONS = ['15s', '45s', '1m', '2m', '5m', '10m', '1m30s', '500ms', '90', '30m'];
/** The functions whose answer is a vector of one series or of all, which each generator below may take as operand. */
const MAX_DEPTH = 3;

const KINDS = {
  selector: [4, (g: Grammar) => g.selector()],
  'range selector': [1, (g: Grammar) => g.rangeSelector(2)],
  scalar: [3, (g: Grammar) => g.scalar(1)],
  string: [0.3, (g: Grammar) => g.string()],
  'counter function': [8, (g: Grammar) => g.counterFunction(1)],
  'over time': [10, (g: Grammar) => g.overTime(1)],
  prediction: [4, (g: Grammar) => g.prediction(1)],
  'vector function': [6, (g: Grammar) => g.vectorFunction(1)],
  'date function': [3, (g: Grammar) => g.dateFunction(1)],
  'label function': [5, (g: Grammar) => g.labelFunction(1)],
  absence: [3, (g: Grammar) => g.absence(1)],
  sort: [3, (g: Grammar) => g.sort(1)],
  histogram: [6, (g: Grammar) => g.histogram(1)],
  aggregation: [10, (g: Grammar) => g.aggregation(1)],
  'aggregation with parameter': [8, (g: Grammar) => g.parameterAggregation(1)],
  arithmetic: [6, (g: Grammar) => g.binary(ARITHMETIC, 1)],
  comparison: [6, (g: Grammar) => g.comparison(1)],
  'set operator': [5, (g: Grammar) => g.binary(SETS, 1)],
  matching: [8, (g: Grammar) => g.matching(1)],
  subquery: [8, (g: Grammar) => g.overSubquery(1)],
  mistake: [3, (g: Grammar) => g.mistake()],
} as const satisfies Record<string, readonly [number, (grammar: Grammar) => string]>;

const CHOICES = Object.entries(KINDS).map(([kind, [weight]]) => [weight, kind as QueryKind] as const);

/** A random query: a kind, then an expression from the grammar, then an instant or a range to ask it at. */
export function generateQuery(random: Random): RandomQuery {
  const kind = random.weighted(CHOICES);
  const isRange = kind !== 'range selector' && kind !== 'string' && random.chance(0.5);
  const expr = KINDS[kind][1](new Grammar(random, isRange));
  const span = DATA_END - DATA_START;
  // Now and then before the data, or after it.
  const start = DATA_START + Math.floor((random.next() * 1.2 - 0.1) * span);
  if (!isRange) return { kind, expr, at: { kind: 'instant', time: start } };
  const step = random.pick([5000, 15_000, 37_123, 60_000, 300_000]);
  return { kind, expr, at: { kind: 'range', start, end: start + step * random.integer(0, 40), step } };
}

/** PromQL by its types. Each method gives an expression of the type that it is named after; depth bounds the nesting. */
class Grammar {
  readonly #random: Random;
  readonly #isRange: boolean;

  constructor(random: Random, isRange: boolean) {
    this.#random = random;
    this.#isRange = isRange;
  }

  vector(depth: number): string {
    if (depth >= MAX_DEPTH) return this.selector();
    const next = depth + 1;
    return this.#random.weighted<() => string>([
      [10, () => this.selector()],
      [6, () => this.counterFunction(next)],
      [5, () => this.overTime(next)],
      [1, () => this.prediction(next)],
      [3, () => this.vectorFunction(next)],
      [1, () => this.dateFunction(next)],
      [1, () => this.labelFunction(next)],
      [1, () => this.absence(next)],
      [1, () => this.histogram(next)],
      [5, () => this.aggregation(next)],
      [2, () => this.parameterAggregation(next)],
      [3, () => this.binary(ARITHMETIC, next)],
      [2, () => this.comparison(next)],
      [2, () => this.binary(SETS, next)],
      [2, () => this.matching(next)],
      [2, () => this.overSubquery(next)],
      [1, () => `vector(${this.scalar(next)})`],
      [1, () => `-(${this.vector(next)})`],
    ])();
  }

  scalar(depth: number): string {
    const random = this.#random;
    if (depth >= MAX_DEPTH) return this.#number();
    const next = depth + 1;
    return random.weighted<() => string>([
      [6, () => this.#number()],
      [1, () => 'time()'],
      [1, () => 'pi()'],
      [2, () => `scalar(${this.vector(next)})`],
      [2, () => `(${this.scalar(next)} ${random.pick(ARITHMETIC)} ${this.scalar(next)})`],
      [1, () => `(${this.scalar(next)} ${random.pick(COMPARISON)} bool ${this.scalar(next)})`],
      [1, () => `-${this.scalar(next)}`],
    ])();
  }

  string(): string {
    return this.#random.pick(['"text"', '"\\u6771京"', "'it\\'s'", '`raw\\n`', '"tab\\t\\x41\\101"']);
  }

  selector(): string {
    return this.#select(this.#random.pick([...COUNTERS, ...GAUGES, ...GAUGES, BUCKETS])) + this.#modifiers();
  }

  /** A range vector: a selector's range or a subquery. */
  rangeSelector(depth: number, metrics: readonly Metric[] = [...COUNTERS, ...GAUGES]): string {
    if (depth < MAX_DEPTH && this.#random.chance(0.12)) return this.#subquery(depth + 1);
    return `${this.#select(this.#random.pick(metrics))}[${this.#duration()}]${this.#modifiers()}`;
  }

  counterFunction(depth: number): string {
    const metrics = this.#random.chance(0.9) ? [...COUNTERS, BUCKETS] : GAUGES;
    return `${this.#random.pick(COUNTER_FUNCTIONS)}(${this.rangeSelector(depth, metrics)})`;
  }

  overTime(depth: number): string {
    const random = this.#random;
    if (random.chance(0.25))
      return `${random.pick(GAUGE_FUNCTIONS)}(${this.rangeSelector(depth, this.#mostlyGauges())})`;
    if (random.chance(0.15)) return `quantile_over_time(${this.#quantile(depth)}, ${this.rangeSelector(depth)})`;
    const name = random.pick(OVER_TIME);
    // Prometheus 3.5 has another idea of NaN there.
    const range = name === 'mad' ? this.rangeSelector(MAX_DEPTH, [...COUNTERS, BUCKETS]) : this.rangeSelector(depth);
    return `${name}_over_time(${range})`;
  }

  prediction(depth: number): string {
    const range = this.rangeSelector(depth, this.#mostlyGauges());
    if (this.#random.chance(0.5))
      return `predict_linear(${range}, ${this.#random.pick(['60', '3600', this.scalar(depth)])})`;
    const factor = () => this.#random.pick(['0.1', '0.5', '0.9', '0.01', '1', '0', '1.5']);
    return `double_exponential_smoothing(${range}, ${factor()}, ${factor()})`;
  }

  vectorFunction(depth: number): string {
    const random = this.#random;
    const vector = this.vector(depth);
    return random.weighted<() => string>([
      [8, () => `${random.pick(MATH)}(${vector})`],
      [1, () => `clamp(${vector}, ${this.scalar(depth)}, ${this.scalar(depth)})`],
      [1, () => `${random.pick(['clamp_min', 'clamp_max'])}(${vector}, ${this.scalar(depth)})`],
      [1, () => `round(${vector})`],
      [1, () => `round(${vector}, ${random.pick(['0.1', '5', '0.3', this.scalar(depth)])})`],
      [2, () => `timestamp(${random.chance(0.7) ? this.selector() : vector})`],
      [1, () => `vector(${this.scalar(depth)})`],
    ])();
  }

  dateFunction(depth: number): string {
    const random = this.#random;
    const name = random.pick(DATES);
    if (random.chance(0.2)) return `${name}()`;
    const vector = random.pick(['last_backup_timestamp_seconds', `timestamp(${this.selector()})`, this.vector(depth)]);
    return `${name}(${vector})`;
  }

  labelFunction(depth: number): string {
    const random = this.#random;
    const vector = this.vector(depth);
    const target = random.pick(['job', 'new', 'instance', '__name__', 'new.label']);
    const source = random.pick(LABELS);
    if (random.chance(0.4)) {
      const sources = [source, random.pick(LABELS), '__name__'].slice(0, random.integer(0, 3));
      return `label_join(${[vector, ...[target, random.pick(['-', '', ':']), ...sources].map(quoted)].join(', ')})`;
    }
    const replacement = random.pick(['$1', '$' + '{1}-x', 'v$0', '', '$$1', '$2', 'ü$1']);
    const regex = random.pick(['(.*)', '([a-z]+).*', '(.)(.*)', '', '.*:(\\d+)', '(?P<port>8.)', '(', 'a|b:80']);
    return `label_replace(${[vector, ...[target, replacement, source, regex].map(quoted)].join(', ')})`;
  }

  absence(depth: number): string {
    if (this.#random.chance(0.5)) return `absent(${this.vector(depth)})`;
    const missing = `absent_one{job="a", ${this.#random.pick(['job=~"b"', 'x="y"', 'job="b"', 'z!="1"'])}}`;
    if (this.#random.chance(0.5)) return `absent(${missing})`;
    return `absent_over_time(${this.#random.chance(0.5) ? `${missing}[5m]` : this.rangeSelector(depth)})`;
  }

  sort(depth: number): string {
    const random = this.#random;
    if (random.chance(0.5)) return `${random.pick(['sort', 'sort_desc'])}(${this.vector(depth)})`;
    const labels = [random.pick(LABELS), random.pick(LABELS)].slice(0, random.integer(1, 2)).map(quoted).join(', ');
    return `${random.pick(['sort_by_label', 'sort_by_label_desc'])}(${this.vector(depth)}, ${labels})`;
  }

  histogram(depth: number): string {
    const random = this.#random;
    const rate = `rate(${this.#select(BUCKETS)}[${this.#duration()}]${this.#modifiers()})`;
    const buckets = random.weighted([
      [4, rate],
      [3, this.#select(BUCKETS)],
      [3, `sum by (le${random.pick(['', ', job', ', instance'])}) (${rate})`],
      [1, this.vector(depth)],
    ]);
    if (random.chance(0.75)) return `histogram_quantile(${this.#quantile(depth)}, ${buckets})`;
    // Prometheus 3.5 takes the buckets as they come, so they are put in order.
    const sorted = `sort(${random.chance(0.5) ? rate : this.#select(BUCKETS)})`;
    return `histogram_fraction(${random.pick(['0', '0.06', '0.3'])}, ${random.pick(['0.2', '1', '+Inf', 'NaN'])}, ${sorted})`;
  }

  aggregation(depth: number): string {
    return this.#aggregate(this.#random.pick(AGGREGATES), [this.vector(depth)]);
  }

  parameterAggregation(depth: number): string {
    const random = this.#random;
    const vector = this.vector(depth);
    // Prometheus 3.5 looks at the parameter at the first step of a range only.
    const scalar = this.#isRange ? this.#number() : this.scalar(depth);
    const count = random.pick(['1', '2', '3', '5', '0', '100', scalar]);
    return random.weighted<() => string>([
      [3, () => this.#aggregate(random.pick(['topk', 'bottomk']), [count, vector])],
      [2, () => this.#aggregate('quantile', [this.#quantile(this.#isRange ? MAX_DEPTH : depth), vector])],
      [2, () => this.#aggregate('count_values', [quoted(random.pick(['value', 'job', 'a.b'])), vector])],
      [1, () => this.#aggregate('limitk', [count, vector])],
      [1, () => this.#aggregate('limit_ratio', [random.pick(['0.5', '-0.5', '0.1', '1', '-1', '0', '1.5']), vector])],
    ])();
  }

  binary(operators: readonly string[], depth: number): string {
    const random = this.#random;
    const op = random.pick(operators);
    if (!SETS.includes(op) && random.chance(0.5)) {
      const sides = [`${this.vector(depth)}`, this.scalar(depth)];
      if (random.chance(0.5)) sides.reverse();
      return `(${sides.join(` ${op} `)})`;
    }
    const clause = random.chance(0.5) ? '' : `${this.#clause()} `;
    return `(${this.#pair(depth).join(` ${op} ${clause}`)})`;
  }

  comparison(depth: number): string {
    const op = this.#random.pick(COMPARISON);
    return this.binary([this.#random.chance(0.5) ? op : `${op} bool`], depth);
  }

  /** Many-to-one and one-to-one matching that mostly finds partners. */
  matching(depth: number): string {
    const random = this.#random;
    const many = random.pick([
      'http_requests_total',
      'rate(http_requests_total[2m])',
      this.#select(COUNTERS[0]!),
      'request_duration_seconds_bucket',
    ]);
    const one = random.pick([
      'memory_bytes',
      'sum by (job, instance) (http_requests_total)',
      'up',
      'queue_length',
      this.vector(depth),
    ]);
    const op = random.pick([...ARITHMETIC, '>', '==', '<= bool']);
    const clause = random.pick(['on (job, instance)', 'ignoring (code, method, le)', 'on (instance)', 'on (job)']);
    const include = random.pick(['', ' ()', ' (version)', ' (owner)', ' (code)']);
    if (random.chance(0.2)) return `(pod_cpu_seconds_total * on (pod) group_left (owner) kube_pod_info)`;
    if (random.chance(0.2)) return `(${many} ${op} on (job) group_left (version) build_info)`;
    return random.chance(0.5)
      ? `(${many} ${op} ${clause} group_left${include} ${one})`
      : `(${one} ${op} ${clause} group_right${include} ${many})`;
  }

  overSubquery(depth: number): string {
    const random = this.#random;
    const subquery = this.#subquery(depth);
    const name = random.pick([
      ...COUNTER_FUNCTIONS,
      ...GAUGE_FUNCTIONS,
      ...OVER_TIME.filter((one) => one !== 'mad').map((one) => `${one}_over_time`),
    ]);
    return random.chance(0.1) ? `quantile_over_time(${this.#quantile(depth)}, ${subquery})` : `${name}(${subquery})`;
  }

  /** What must be refused. */
  mistake(): string {
    const selector = this.selector();
    return this.#random.pick([
      `rate(${selector})`,
      `sum(${selector}[5m])`,
      `${selector} and 1`,
      `(${selector}`,
      `${selector} offset`,
      `1 > 2`,
      `unknown_function(${selector})`,
      `topk(${selector})`,
      `{job=~".*"}`,
      `${selector} + on(job) group_left(job) up`,
      `count_values("", up)`,
      `label_replace(up, "", "", "job", "")`,
      `up{job=~"("}`,
      `vector("x")`,
      `up[5m] + 1`,
      `up @ abc`,
      `sum by (job) by (instance) (up)`,
      `up{job="a" "b"}`,
      `"open`,
      `up[0s]`,
      `-"a"`,
      `up == bool`,
      `1 + bool 2`,
      `count_values("job\xff", up)`,
      `http_requests_total / on (job) up`,
      `{__name__=~"http_.*"} * 1`,
      `rate({__name__=~"http_.*"}[5m])`,
      `up * on (job) group_left () memory_bytes`,
    ]);
  }

  #subquery(depth: number): string {
    const step = this.#random.pick(['', '15s', '1m', '30s', '37s']);
    return `(${this.vector(depth)})[${this.#random.pick(['1m', '5m', '3m30s', '10m'])}:${step}]${this.#modifiers()}`;
  }

  /** Two vectors, of which half have the same shape so that they match. */
  #pair(depth: number): string[] {
    const random = this.#random;
    if (random.chance(0.4)) return [this.vector(depth), this.vector(depth)];
    const metric = random.pick([...COUNTERS, ...GAUGES]);
    return [this.#select(metric), this.#select(random.chance(0.6) ? metric : random.pick(GAUGES))];
  }

  #aggregate(op: string, args: readonly string[]): string {
    const random = this.#random;
    const labels = random.some(LABELS, 0.25).map(labelName).join(', ');
    const clause = random.pick(['', `by (${labels})`, `without (${labels})`]);
    return random.chance(0.5) ? `${op} ${clause} (${args.join(', ')})` : `${op}(${args.join(', ')}) ${clause}`;
  }

  #clause(): string {
    const labels = this.#random.some(['job', 'instance', 'code', 'method', 'kind', 'zone', 'pod'], 0.4);
    return `${this.#random.pick(['on', 'ignoring'])} (${labels.join(', ')})`;
  }

  #select(metric: Metric): string {
    const random = this.#random;
    const matchers: string[] = [];
    for (const [name, values] of Object.entries(metric.labels)) {
      if (!random.chance(0.25)) continue;
      const value = random.pick(values);
      const pattern = random.pick([
        `${escapeRegex(value)}|nothing`,
        '.+',
        '.*',
        `${escapeRegex(value.slice(0, 1))}.*`,
        '',
      ]);
      const op = random.pick(['=', '!=', '=~', '!~']);
      matchers.push(`${labelName(name)}${op}${quoted(op.includes('~') ? pattern : value)}`);
    }
    if (random.chance(0.03))
      return `{${[`__name__=~${quoted(`${metric.name.slice(0, 5)}.*`)}`, ...matchers].join(',')}}`;
    if (/^[a-z_]+$/.test(metric.name)) return metric.name + (matchers.length === 0 ? '' : `{${matchers.join(',')}}`);
    return `{${[quoted(metric.name), ...matchers].join(',')}}`;
  }

  #modifiers(): string {
    const random = this.#random;
    const at = random.pick([(DATA_START + 3_600_000) / 1000, (DATA_END - 600_123) / 1000, 'start()', 'end()']);
    return random.weighted<() => string>([
      [14, () => ''],
      [2, () => ` offset ${random.pick(['', '-'])}${random.pick(DURATIONS)}`],
      [1, () => ` @ ${at}`],
      [1, () => ` @ ${at} offset ${random.pick(DURATIONS)}`],
      [0.5, () => ` offset ${random.pick(DURATIONS)} @ ${at}`],
    ])();
  }

  #duration(): string {
    const random = this.#random;
    if (random.chance(0.06)) return random.pick(['1m+30s', '2*1m', '5m/2', '(1m+1m)*2', '10m-30', '3m%2m', '2^6']);
    return random.pick(DURATIONS);
  }

  #quantile(depth: number): string {
    return this.#random.pick(['0.5', '0.9', '0.99', '0', '1', '-1', '2', 'NaN', '0.123', this.scalar(depth)]);
  }

  #number(): string {
    return this.#random.pick([
      '0',
      '1',
      '2',
      '-1',
      '0.5',
      '100',
      '1e3',
      'NaN',
      'Inf',
      '-Inf',
      '0x1F',
      '1_000',
      '5m',
      '.5',
    ]);
  }

  #mostlyGauges(): readonly Metric[] {
    return this.#random.chance(0.9) ? GAUGES : COUNTERS;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function labelName(name: string): string {
  return /^[a-zA-Z_]\w*$/.test(name) ? name : quoted(name);
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
