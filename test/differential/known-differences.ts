import type { Answer } from './answer.ts';
import { sameValue } from './compare-answers.ts';
import type { RandomQuery } from './generate-query.ts';

/** What Prometheus 3.5 does otherwise than the version whose semantics Pharos has. */
export interface KnownDifference {
  readonly name: string;
  readonly reason: string;
  /** Whether it may show in answers to this query; then `adapt` is applied to both answers before they are compared. */
  readonly concerns: (query: Pick<RandomQuery, 'expr' | 'at'>) => boolean;
  /** Takes out of an answer what differs. */
  readonly adapt?: (answer: Answer) => Answer;
  /** Where nothing can be taken out: whether this pair of answers is what is to be expected. */
  readonly explains?: (pharos: Answer, peer: Answer) => boolean;
}

/** Each is as narrow as can be: what is left after adapting both answers must agree. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'sort() in range queries',
    reason: 'newer versions warn that it has no effect',
    concerns: ({ expr }) => /\bsort(_desc|_by_label|_by_label_desc)? *\(/.test(expr),
    adapt: (answer) => ({
      ...answer,
      warnings: answer.warnings.filter((text) => !text.startsWith('PromQL warning: sort is ineffective for range')),
    }),
  },
  {
    name: 'empty metric names in annotations',
    reason: 'newer versions leave them out',
    concerns: ({ expr }) => /\bhistogram_(quantile|fraction)\b/.test(expr),
    adapt: (answer) => ({
      ...answer,
      warnings: answer.warnings.map((text) => text.replace(' for metric name ""', '')),
      infos: answer.infos.map((text) => text.replace(' for metric name ""', '')),
    }),
  },
  {
    name: 'which duplicates a matching error names',
    reason: 'newer versions name them in order of labels, older ones as found, of any group and step',
    concerns: ({ expr }) => /[-+*/%^=<>]|atan2/.test(expr),
    adapt: (answer) =>
      adaptError(answer, /(found duplicate series for the match group ).*( on the (left|right) hand-side).*/, '$1…$2'),
  },
  {
    name: 'NaN as the number of series',
    reason: 'newer versions have a message of their own for it',
    concerns: ({ expr }) => /\b(topk|bottomk|limitk)\b/.test(expr),
    adapt: (answer) => adaptError(answer, /^Scalar value NaN overflows int64$/, 'Parameter value is NaN'),
  },
  {
    name: 'pairs that a comparison filters away',
    reason: 'newer versions refuse several partners even when the comparison would leave one of them',
    concerns: ({ expr }) => /[=<>]/.test(expr),
    explains: (pharos) => pharos.error?.message.startsWith('multiple matches for labels: ') === true,
  },
  {
    name: 'histogram_fraction in range queries',
    reason: 'older versions need the buckets in order, which a range query does not keep',
    concerns: ({ expr, at }) => at.kind === 'range' && /\bhistogram_fraction\b/.test(expr),
    explains: (pharos, peer) => pharos.error === undefined && peer.error === undefined,
  },
  {
    name: 'histogram_fraction from within the first bucket',
    reason: 'older versions answer NaN when the lower bound lies in the first bucket',
    concerns: ({ expr }) => /\bhistogram_fraction\b/.test(expr),
    explains: (pharos, peer) =>
      differOnlyWhere(pharos, peer, (_, old) => Number.isNaN(old)) ||
      peer.series.some(({ key }) => key.includes('"NaN"')),
  },
  {
    name: 'series that are the same without their names',
    reason: 'newer versions join them in range queries where they have no value at the same step',
    concerns: ({ expr, at }) => at.kind === 'range' && /\bor\b/.test(expr),
    explains: (pharos, peer) =>
      pharos.error === undefined && peer.error?.message === 'vector cannot contain metrics with the same labelset',
  },
  {
    name: 'histogram_fraction of buckets that do not rise',
    reason: 'older versions take buckets as they come; the test sorts them by value',
    concerns: ({ expr }) => /\bhistogram_fraction\b/.test(expr),
    explains: (pharos, peer) => differOnlyWhere(pharos, peer, (value) => value < 0 || value > 1),
  },
  {
    name: 'which of two errors comes first',
    reason: 'wrong parameters of label_replace and smoothing are found where Pharos, or Prometheus, comes to them',
    concerns: ({ expr }) => /\b(label_replace|double_exponential_smoothing)\b/.test(expr),
    explains: (pharos, peer) => {
      const errors = [pharos.error, peer.error];
      const wrongParameter = /^invalid (regular expression|smoothing factor|trend factor)/;
      return (
        errors.every((error) => error?.type === 'execution') &&
        errors.some((error) => wrongParameter.test(error?.message ?? ''))
      );
    },
  },
  {
    name: 'mad_over_time with NaN',
    reason: 'newer versions answer NaN as soon as a sample is NaN',
    concerns: ({ expr }) => /\bmad_over_time\b/.test(expr),
    explains: (pharos, peer) => differOnlyWhere(pharos, peer, Number.isNaN),
  },
  {
    name: 'dates of what is no time',
    reason: 'Go turns NaN and infinity into some date, another one on other processors; Pharos answers NaN',
    concerns: ({ expr }) => /\b(day|days|hour|minute|month|year)(_\w+)? *\(/.test(expr),
    explains: (pharos, peer) =>
      differOnlyWhere(pharos, peer, Number.isNaN) || pharos.series.some(({ key }) => key.includes('"NaN"')),
  },
  {
    name: 'impossible numbers of series, and no series',
    reason: 'newer versions look at the number first',
    concerns: ({ expr }) => /\b(topk|bottomk|limitk)\b/.test(expr),
    explains: (pharos, peer) =>
      peer.series.length === 0 &&
      peer.error === undefined &&
      /^(Parameter value is NaN|Scalar value .* (over|under)flows int64)$/.test(pharos.error?.message ?? ''),
  },
  {
    name: 'positions of constants in parentheses',
    reason: 'newer versions say where the constant stands, older ones where its parenthesis does',
    concerns: ({ expr }) => /quantile\w* *(\w+ *)?(\([^()]*\) *)?\( *\(/.test(expr),
    adapt: (answer) => ({
      ...answer,
      warnings: answer.warnings.map((text) =>
        text.startsWith('PromQL warning: quantile value') ? text.replace(/ \(\d+:\d+\)$/, '') : text,
      ),
    }),
  },
  {
    name: 'rounding that a difference or a square amplifies',
    reason: 'Go and JavaScript round powers and transcendental functions differently, by a unit of the last place',
    concerns: ({ expr }) => AMPLIFIERS.test(expr) && TRANSCENDENTAL.test(expr),
    explains: (pharos, peer) => differOnlyWhere(pharos, peer, (a, b) => sameValue(a, b, 1e-6)),
  },
  {
    name: 'names that a subquery is to drop',
    reason: 'older versions forget it within last_over_time and first_over_time (with delayed name removal)',
    concerns: ({ expr }) => /\b(last|first)_over_time\b.*:/.test(expr),
    adapt: (answer) => ({
      ...answer,
      series: answer.series.map((series) => ({ ...series, key: series.key.replace(/__name__="[^"]*"(, )?/, '') })),
    }),
  },
  {
    name: 'names that a subquery is to drop, where series differ in nothing else',
    reason: 'older versions forget it as above, and so see no series twice',
    concerns: ({ expr }) => /\b(last|first)_over_time\b.*:/.test(expr),
    explains: (pharos, peer) =>
      pharos.error?.message === 'vector cannot contain metrics with the same labelset' &&
      peer.error === undefined &&
      new Set(peer.series.map(({ key }) => key.replace(/__name__="[^"]*"(, )?/, ''))).size < peer.series.length,
  },
  {
    name: 'timestamp() of a selector with @ and offset',
    reason: 'Prometheus forgets the offset where it looks the sample up, and then finds none: a defect',
    concerns: ({ expr }) => /\btimestamp *\(/.test(expr) && expr.includes('@') && expr.includes('offset'),
    explains: (pharos, peer) => pharos.error === undefined && peer.error === undefined,
  },
  {
    name: 'last digits in texts',
    reason: 'Go and JavaScript round powers and transcendental functions differently, by a unit of the last place',
    concerns: ({ expr }) => TRANSCENDENTAL.test(expr),
    adapt: (answer) => ({
      ...answer,
      warnings: answer.warnings.map(rounded),
      series: answer.series.map((series) => ({ ...series, key: rounded(series.key) })),
    }),
  },
];

const TRANSCENDENTAL = /\^|\b(a?(sin|cos|tan)h?|atan2|exp|ln|log2|log10)\b/;
const AMPLIFIERS =
  /-|%|\b(i?delta|i?rate|increase|deriv|predict_linear|double_exponential_smoothing|std(dev|var)\w*)\b/;

/** Whether both answered the same series, and the values that differ are all as said. */
function differOnlyWhere(pharos: Answer, peer: Answer, may: (pharos: number, peer: number) => boolean): boolean {
  if (pharos.error !== undefined || peer.error !== undefined || pharos.series.length !== peer.series.length)
    return false;
  const byKey = new Map(peer.series.map((series) => [series.key, series]));
  return pharos.series.every(({ key, times, values }) => {
    const other = byKey.get(key);
    if (other === undefined || other.times.length !== times.length) return false;
    return values.every((value, i) => sameValue(value, other.values[i]!) || may(value, other.values[i]!));
  });
}

/** With at most 12 significant digits in every number. */
function rounded(text: string): string {
  return text.replace(/-?\d+(\.\d+)?(e[+-]\d+)?/g, (number) => String(Number(Number(number).toPrecision(12))));
}

function adaptError(answer: Answer, pattern: RegExp, replacement: string): Answer {
  if (answer.error === undefined) return answer;
  return { ...answer, error: { ...answer.error, message: answer.error.message.replace(pattern, replacement) } };
}
