/** A question in PromQL, and what it asks. */
export interface Question {
  readonly title: string;
  readonly expr: string;
}

const STRING = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|${'`[^`]*`'}`;
const MATCHERS = String.raw`\{(?:[^}"'${'`'}]|${STRING})*\}`;
/** In their order: strings and matchers, in which no metric is named; labels after `by` and the like; functions; names, with their matchers. */
const TOKENS = new RegExp(
  [
    `(?:${STRING})`,
    String.raw`\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`,
    String.raw`\[[^\]]*\]`,
    String.raw`\b[a-zA-Z_]\w*(?=\s*(?:\(|\b(?:by|without)\b))`,
    String.raw`\b(?:and|or|unless|atan2|bool|offset|by|without|on|ignoring|group_left|group_right|inf|nan)\b`,
    String.raw`(?<name>(?<![\w:.])[a-zA-Z_:][\w:]*)\s*(?<matchers>${MATCHERS})?`,
    `(?:${MATCHERS})`,
  ].join('|'),
  'gi',
);

/** A metric that an expression names, with the matchers behind its name as they were written. */
export interface NamedMetric {
  readonly name: string;
  readonly matchers: string;
}

/** The metrics that an expression asks for by name, each once. It need not be right PromQL. */
export function namedMetrics(expression: string): readonly NamedMetric[] {
  const found = new Map<string, NamedMetric>();
  for (const { groups } of expression.matchAll(TOKENS)) {
    const { name, matchers = '' } = groups ?? {};
    if (name !== undefined && !found.has(name)) found.set(name, { name, matchers });
  }
  return [...found.values()];
}

/** What can be asked of a histogram whose buckets are series: `x` itself has none, only `x_bucket`, `x_sum` and `x_count`. */
export function histogramQuestions({ name, matchers }: NamedMetric): readonly Question[] {
  const rateOf = (suffix: string): string => `rate(${name}_${suffix}${matchers}[5m])`;
  return [
    { title: '95th percentile', expr: `histogram_quantile(0.95, sum by (le) (${rateOf('bucket')}))` },
    { title: 'Mean', expr: `sum(${rateOf('sum')}) / sum(${rateOf('count')})` },
    { title: 'Observations per second', expr: `sum(${rateOf('count')})` },
  ];
}
