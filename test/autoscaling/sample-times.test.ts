import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTemplate } from '../../alerting/autoscaling/expressions/expression-template.ts';
import { sampleTimes, UnknownTimes } from '../../alerting/autoscaling/expressions/sample-times.ts';
import type { QueryFunc } from '../../alerting/query-func.ts';
import type { Binary, Call, Expr, Grouping, Matching, VectorSelector } from '../../query/promql/ast.ts';
import { parseExpr } from '../../query/promql/parser.ts';
import { print } from '../../query/promql/printer.ts';
import { valueType } from '../../query/promql/typecheck.ts';
import { Labels, METRIC_NAME } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import { engineOver, every, type WrittenSeries } from './engine-bed.case.ts';

const never = new AbortController().signal;
const NOW = 9_000;
const derive = (text: string): string => print(sampleTimes(parseTemplate(text).expr, { freshness: 90_000 }));

describe('the times of an expression', () => {
  it.each([
    ['a', 'timestamp(a)'],
    ['a offset 1m', 'timestamp(a offset 1m)'],
    ['-a * 2', 'timestamp(a)'],
    ['sum by (pod) (rate(a[2m]))', 'min by (pod) ((timestamp(a) and rate(a[2m])))'],
    ['a > 5', '(timestamp(a) and (a > 5))'],
    [
      'a / on (pod) group_left (x) b',
      '(clamp_max((timestamp(a) - on (pod) group_left (x) timestamp(b)), 0) + on (pod) group_left () timestamp(b))',
    ],
    [
      'a * on (pod) group_right () b',
      '(clamp_max((timestamp(b) - on (pod) group_left () timestamp(a)), 0) + on (pod) group_left () timestamp(a))',
    ],
    // What has ended on the left has no time, rather than that of the right.
    ['rate(a[2m]) or b', '((timestamp(a) and rate(a[2m])) or (timestamp(b) unless rate(a[2m])))'],
    ['absent(a)', '((absent(a) * 0) + time())'],
    ['vector(1)', 'vector(time())'],
    ['clamp_max(a, scalar(b))', 'clamp_max(timestamp(a), scalar(min(timestamp(b))))'],
    ['histogram_quantile(0.9, h)', 'min without (le) (timestamp(h))'],
  ])('are derived: %s', (text, times) => {
    expect(derive(text)).toBe(times);
    parseExpr(times);
  });

  it.each([
    ['a offset 1w', 'offset'],
    ['a @ 5', 'fixed time'],
    ['{job="x"}', 'does not say the name'],
    ['count_values("x", a)', 'count_values'],
    ['sum by (__name__) (a)', 'names of metrics'],
    ['label_replace(a, "x", "$1", "__name__", "(.*)")', 'names of metrics'],
    ['max_over_time(a[5m:1m] offset 1h)', 'offset'],
    ['info(a)', 'info'],
    // Each level reads its smaller side twice.
    [Array.from({ length: 40 }, () => 'a * on () group_left () (').join('') + 'a' + ')'.repeat(40), 'too many vectors'],
  ])('cannot be derived: %s', (text, reason) => {
    expect(() => derive(text)).toThrow(UnknownTimes);
    expect(() => derive(text)).toThrow(reason);
  });
});

/** Some late, some ended, some so late that a short range has nothing of them. */
const SERIES: readonly WrittenSeries[] = ['a', 'b'].flatMap((metric, m) =>
  ['n0', 'n1'].flatMap((ns, n) =>
    ['p0', 'p1', 'p2'].flatMap((pod, p): WrittenSeries[] => {
      const i = m * 6 + n * 3 + p;
      const last = NOW - [0, 5, 20, 45, 70, 100, 150, 200, 0, 10, 290, 30][i]!;
      const samples = every(15, { from: last - 300, to: last, value: (at) => ((at * (i + 1)) % 37) - 5 });
      const ended = i === 3 || i === 8 ? [[last + 1, undefined] as const] : [];
      return i === 6 ? [] : [{ labels: { __name__: metric, ns, pod }, samples: [...samples, ...ended] }];
    }),
  ),
);

const label = fc.constantFrom('ns', 'pod');
const grouping = fc
  .tuple(fc.constantFrom('by', 'without'), fc.uniqueArray(label, { maxLength: 2 }))
  .map(([mode, labels]) => `${mode} (${labels.join(', ')})`);
const matching = fc.constantFrom('', 'on (ns, pod)', 'on (ns)', 'on (pod)', 'on ()', 'ignoring (pod)', 'ignoring (ns)');
const selector = fc.constantFrom('a', 'b', 'a{ns="n0"}', 'b{pod!="p1"}', 'a offset 1m');
const arithmetic = fc.constantFrom('+', '-', '*', '/', '> bool');
const comparison = fc.constantFrom('>', '<=', '!=');

const { vector } = fc.letrec<{ vector: string }>((tie) => ({
  vector: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    selector,
    fc
      .tuple(
        fc.constantFrom('rate', 'max_over_time', 'last_over_time', 'count_over_time'),
        fc.constantFrom('a', 'b', 'b{ns="n1"}'),
        fc.constantFrom('1m', '2m', '4m'),
      )
      .map(([f, s, w]) => `${f}(${s}[${w}])`),
    fc
      .tuple(fc.constantFrom('sum', 'max', 'count', 'avg'), grouping, tie('vector'))
      .map(([op, g, v]) => `${op} ${g} (${v})`),
    fc.tuple(fc.constantFrom('topk', 'bottomk'), grouping, tie('vector')).map(([op, g, v]) => `${op} ${g} (1, ${v})`),
    fc.tuple(tie('vector'), fc.oneof(arithmetic, comparison)).map(([v, op]) => `(${v}) ${op} 3`),
    fc
      .tuple(tie('vector'), fc.oneof(arithmetic, comparison), matching, tie('vector'))
      .map(([l, op, m, r]) => `(${l}) ${op} ${m} (${r})`),
    fc
      .tuple(
        tie('vector'),
        arithmetic,
        fc.constantFrom(
          'on (ns) group_left ()',
          'ignoring (pod) group_left ()',
          'on (ns) group_right ()',
          'on () group_left ()',
        ),
        tie('vector'),
      )
      .map(([l, op, m, r]) => `(${l}) ${op} ${m} (${r})`),
    fc
      .tuple(tie('vector'), fc.constantFrom('and', 'or', 'unless'), matching, tie('vector'))
      .map(([l, op, m, r]) => `(${l}) ${op} ${m} (${r})`),
    tie('vector').map((v) => `abs(${v})`),
    tie('vector').map((v) => `-(${v})`),
    tie('vector').map((v) => `label_replace(${v}, "x", "$1", "pod", "p(.)")`),
    fc.tuple(tie('vector'), tie('vector')).map(([v, s]) => `clamp_max(${v}, scalar(sum(${s})))`),
    tie('vector').map((v) => `max_over_time((${v})[2m:15s])`),
  ),
}));

describe('the times of random expressions', () => {
  it('are those of the oldest of the samples that went in, for the same rows', async () => {
    const query = await engineOver(SERIES);
    let judged = 0;
    await fc.assert(
      fc.asyncProperty(vector, async (text) => {
        const { expr } = parseTemplate(text);
        let rows: Rows;
        try {
          rows = await new Oracle(query).rows(expr);
        } catch (error) {
          // Matchings of many to many are no expressions.
          if (/many-to-many|multiple matches|duplicate|same labelset|grouping labels/.test(String(error))) return;
          throw error;
        }
        let times: Expr;
        try {
          times = sampleTimes(expr, { freshness: 90_000 });
        } catch (error) {
          if (error instanceof UnknownTimes && error.message.includes('too many')) return;
          throw error;
        }
        const { samples } = await query(print(times), NOW * 1000, never);
        const derived = Object.fromEntries(
          samples
            .filter(({ value }) => !Number.isNaN(value))
            .map(({ labels, value }) => [nameless(labels).toString(), NOW - Math.round(value * 1000) / 1000]),
        );
        const wanted = Object.fromEntries(
          [...rows.values()].flatMap((row) =>
            row.time === undefined ? [] : [[row.labels.toString(), NOW - row.time]],
          ),
        );
        expect(derived, text).toEqual(wanted);
        judged += rows.size;
      }),
      { numRuns: 150 },
    );
    expect(judged).toBeGreaterThan(200);
  });
});

type Rows = ReadonlyMap<string, { readonly labels: Labels; readonly time: number | undefined }>;

/** Says by labels what went into each row; which rows there are it asks the engine, of every part of an expression. */
class Oracle {
  readonly #query: QueryFunc;

  constructor(query: QueryFunc) {
    this.#query = query;
  }

  async rows(expr: Expr): Promise<Rows> {
    const { samples } = await this.#query(print(expr), NOW * 1000, never);
    const timeOf = await this.#timeOf(expr);
    const rows = samples.map(({ labels }) => nameless(labels)).map((labels) => ({ labels, time: timeOf(labels) }));
    return new Map(rows.map((row) => [row.labels.key, row]));
  }

  async #timeOf(expr: Expr): Promise<(labels: Labels) => number | undefined> {
    switch (expr.kind) {
      case 'vector-selector':
        return (labels) => lastOf(expr, labels);
      case 'paren':
      case 'unary':
        return same(await this.rows(expr.expr));
      case 'aggregate': {
        const rows = await this.rows(expr.expr);
        if (expr.param !== undefined) return same(rows);
        return (labels) =>
          least(
            [...rows.values()]
              .filter((row) => project(row.labels, expr.grouping).equals(labels))
              .map(({ time }) => time),
          );
      }
      case 'binary':
        return this.#timeOfBinary(expr);
      case 'call': {
        const [first, second] = expr.args as [Expr, Expr];
        if (expr.func === 'clamp_max') {
          const rows = await this.rows(first);
          const bound = await this.rows((second as Call).args[0]!);
          return (labels) => both(rows.get(labels.key)?.time, [...bound.values()][0]?.time);
        }
        if (first.kind === 'matrix-selector') return (labels) => lastOf(first.selector, labels);
        if (first.kind === 'subquery') return same(await this.rows(first.expr));
        const rows = await this.rows(first);
        // A row that has x already is left as it is, where the expression does not match.
        return expr.func === 'label_replace'
          ? (labels) => (rows.get(labels.key) ?? rows.get(labels.with('x', '').key))?.time
          : same(rows);
      }
      default:
        throw new Error(`no such expression is made: ${print(expr)}`);
    }
  }

  async #timeOfBinary({ left, right, op, matching }: Binary): Promise<(labels: Labels) => number | undefined> {
    if (matching === undefined) return same(await this.rows(valueType(left) === 'vector' ? left : right));
    const [ours, theirs] = [await this.rows(left), await this.rows(right)];
    if (op === 'or') return (labels) => (ours.get(labels.key) ?? theirs.get(labels.key))?.time;
    if (op === 'and' || op === 'unless') return same(ours);
    return (labels) => {
      for (const l of ours.values()) {
        for (const r of theirs.values()) {
          if (!signature(l.labels, matching).equals(signature(r.labels, matching))) continue;
          const { card } = matching;
          const result =
            card === 'one-to-one' ? signature(l.labels, matching) : card === 'many-to-one' ? l.labels : r.labels;
          if (result.equals(labels)) return both(l.time, r.time);
        }
      }
      throw new Error(`nothing matches ${labels}`);
    };
  }
}

function same(rows: Rows): (labels: Labels) => number | undefined {
  return (labels) => rows.get(labels.key)?.time;
}

function both(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.min(a, b);
}

function least(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function project(labels: Labels, { mode, labels: names }: Grouping): Labels {
  return labels.filter((name) => names.includes(name) === (mode === 'by'));
}

function signature(labels: Labels, { mode, labels: names }: Matching): Labels {
  return labels.filter((name) => names.includes(name) === (mode === 'on'));
}

function nameless(labels: Labels): Labels {
  return labels.with(METRIC_NAME, '');
}

/** Undefined of a series that has ended by then. */
function lastOf({ matchers, offset }: VectorSelector, labels: Labels): number | undefined {
  const at = NOW - (offset?.kind === 'fixed' ? offset.ms / 1000 : 0);
  for (const series of SERIES) {
    const own = Labels.from(series.labels);
    if (!nameless(own).equals(labels)) continue;
    if (!matchers.every(({ name, op, value }) => new Matcher(name, op, value).matches(own.get(name)))) continue;
    const [time, value] = series.samples.findLast(([when]) => when <= at && when > at - 300) ?? [];
    return value === undefined ? undefined : time;
  }
  return undefined;
}
