import fc from 'fast-check';
import { METRIC_NAME } from '../../storage/labels.ts';
import type {
  Aggregate,
  AggregateOp,
  AtModifier,
  Binary,
  BinaryOp,
  DurationNode,
  Expr,
  MatcherNode,
  Matching,
  MatrixSelector,
  Span,
  Subquery,
  ValueType,
  VectorSelector,
} from './ast.ts';
import { FUNCTIONS } from './functions.ts';

/** Random expressions of the whole grammar, such as the parser makes them: of right types, with the parentheses they need. */

const span: Span = { start: 0, end: 0 };

const PRECEDENCE: Readonly<Record<BinaryOp, number>> = {
  ...{ or: 1, and: 2, unless: 2, '==': 3, '!=': 3, '<': 3, '<=': 3, '>': 3, '>=': 3, '+': 4, '-': 4 },
  ...{ '*': 5, '/': 5, '%': 5, atan2: 5, '</': 5, '>/': 5, '^': 6 },
};
const COMPARISONS: readonly BinaryOp[] = ['==', '!=', '<', '<=', '>', '>='];
const SETS: readonly BinaryOp[] = ['and', 'or', 'unless'];
const ARITHMETIC: readonly BinaryOp[] = ['+', '-', '*', '/', '%', '^', 'atan2', '</', '>/'];

/** Any text of whole characters. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\\', '"`\'', '\n'),
);
const name = fc.oneof(
  fc.constantFrom(
    'foo',
    'a:b',
    ':x',
    'my.metric',
    'größe',
    '東京',
    'sum',
    'by',
    'on',
    'bool',
    'inf',
    'NaN',
    'offset',
    'start',
  ),
  fc.constantFrom(
    'and',
    'atan2',
    'fill',
    'group_left',
    'smoothed',
    'anchored',
    'step',
    '5m',
    '1',
    'le="x"',
    '{',
    'end',
  ),
  text.filter((one) => one !== ''),
);
const labelName = name.filter((one) => one !== METRIC_NAME);
const labelNames = fc.uniqueArray(labelName, { maxLength: 3 });

function parens(expr: Expr): Expr {
  return { kind: 'paren', expr, span };
}

// Durations

const PLAIN_MS = fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 9_000_000_000_000 }));
const positive: fc.Arbitrary<DurationNode> = PLAIN_MS.map((ms) => ({ kind: 'fixed', ms, span }));
const signed: fc.Arbitrary<DurationNode> = fc
  .tuple(PLAIN_MS, fc.constantFrom(-1, 0, 1))
  .map(([ms, sign]) => ({ kind: 'fixed', ms: sign === 0 ? 0 : sign * ms, span }));

function durationParens(inner: DurationNode): DurationNode {
  return { kind: 'paren', inner, span };
}

const durations = fc.letrec<{ any: DurationNode; operand: DurationNode }>((tie) => ({
  /** What needs no parentheses anywhere. */
  operand: fc.oneof(
    { depthSize: 'small' },
    positive,
    fc
      .constantFrom('step' as const, 'range' as const)
      .map((call): DurationNode => ({ kind: 'call', name: call, span })),
    tie('any').map(durationParens),
    fc
      .tuple(fc.constantFrom('min' as const, 'max' as const), tie('any'), tie('any'))
      .map(([extremum, left, right]): DurationNode => ({ kind: 'extremum', name: extremum, left, right, span })),
  ),
  any: fc.oneof(
    { depthSize: 'small' },
    signed,
    tie('operand'),
    tie('operand')
      .filter(({ kind }) => kind !== 'fixed')
      .map((operand): DurationNode => ({ kind: 'negate', operand, span })),
    fc
      .tuple(
        fc.constantFrom('+' as const, '-' as const, '*' as const, '/' as const, '%' as const, '^' as const),
        tie('any'),
        tie('any'),
      )
      .map(([op, left, right]): DurationNode => {
        return {
          kind: 'binary',
          op,
          left: durationSide(left, op, 'left'),
          right: durationSide(right, op, 'right'),
          span,
        };
      }),
  ),
}));

function durationSide(node: DurationNode, op: BinaryOp, side: 'left' | 'right'): DurationNode {
  // Nothing is divided by a plain zero.
  if (node.kind === 'fixed' && node.ms === 0 && side === 'right') return { ...node, ms: 1 };
  const isNegative = node.kind === 'negate' || (node.kind === 'fixed' && node.ms < 0);
  if (isNegative) return op === '^' && side === 'left' ? durationParens(node) : node;
  return node.kind === 'binary' && needsParens(node.op, op, side) ? durationParens(node) : node;
}

/** Whether an operation must stand in parentheses to be this side of another. */
function needsParens(inner: BinaryOp, outer: BinaryOp, side: 'left' | 'right'): boolean {
  if (PRECEDENCE[inner] !== PRECEDENCE[outer]) return PRECEDENCE[inner] < PRECEDENCE[outer];
  return (outer === '^') === (side === 'left');
}

const range = fc.oneof(
  positive,
  durations.any.filter(({ kind }) => kind !== 'fixed'),
);
/** Arithmetic behind `offset` needs parentheses. */
const offset = fc.option(
  fc.oneof(
    signed,
    durations.operand,
    durations.operand
      .filter(({ kind }) => kind !== 'fixed')
      .map((operand): DurationNode => ({ kind: 'negate', operand, span })),
  ),
  { nil: undefined },
);
const at: fc.Arbitrary<AtModifier | undefined> = fc.option(
  fc.oneof(
    fc.integer({ min: -4e14, max: 4e14 }).map((ms): AtModifier => ({ kind: 'time', ms })),
    fc.constantFrom('start' as const, 'end' as const).map((kind): AtModifier => ({ kind })),
  ),
  { nil: undefined },
);

// Selectors

const matcher: fc.Arbitrary<MatcherNode> = fc.oneof(
  fc
    .tuple(labelName, fc.constantFrom('=' as const, '!=' as const), text)
    .map(([label, op, value]) => ({ name: label, op, value, span })),
  fc
    .tuple(
      labelName,
      fc.constantFrom('=~' as const, '!~' as const),
      fc.constantFrom('', '.*', 'a|b', '(?i)x', '\\d+"', 'ü'),
    )
    .map(([label, op, value]) => ({ name: label, op, value, span })),
);
const selector: fc.Arbitrary<VectorSelector> = fc
  .record({
    metric: fc.option(name, { nil: '' }),
    others: fc.array(matcher, { maxLength: 3 }),
    extension: fc.constantFrom(undefined, undefined, 'anchored' as const, 'smoothed' as const),
    offset,
    at,
  })
  .map(({ metric, others, ...rest }) => {
    // At least one matcher must match something.
    const first: MatcherNode =
      metric === '' ? { name: 'x', op: '=', value: 'y', span } : { name: METRIC_NAME, op: '=', value: metric, span };
    return { kind: 'vector-selector', metric, matchers: [first, ...others], ...rest, span };
  });
const matrixSelector: fc.Arbitrary<MatrixSelector> = fc
  .tuple(selector, range)
  .map(([inner, over]) => ({ kind: 'matrix-selector', selector: inner, range: over, span }));

// Operators

const fill = fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 }));
const matching: fc.Arbitrary<Matching> = fc
  .record({
    card: fc.constantFrom('one-to-one' as const, 'many-to-one' as const, 'one-to-many' as const),
    mode: fc.constantFrom('on' as const, 'ignoring' as const),
    labels: labelNames,
    include: labelNames,
    fillLeft: fc.option(fill, { nil: undefined, freq: 2 }),
    fillRight: fc.option(fill, { nil: undefined, freq: 2 }),
  })
  .map((one) => ({
    ...one,
    include:
      one.card === 'one-to-one' ? [] : one.include.filter((label) => one.mode !== 'on' || !one.labels.includes(label)),
  }));

function operand(expr: Expr, op: BinaryOp, side: 'left' | 'right'): Expr {
  const isSigned = expr.kind === 'unary' || (expr.kind === 'number' && /^[-+]/.test(signOf(expr.value)));
  if (isSigned) return op === '^' && side === 'left' ? parens(expr) : expr;
  return expr.kind === 'binary' && needsParens(expr.op, op, side) ? parens(expr) : expr;
}

/** The sign that a number is written with. */
function signOf(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+';
  return value < 0 || Object.is(value, -0) ? '-' : '';
}

function binary(op: BinaryOp, left: Expr, right: Expr, more: Partial<Binary> = {}): Expr {
  const sides = { left: operand(left, op, 'left'), right: operand(right, op, 'right') };
  return { kind: 'binary', op, ...sides, returnBool: false, matching: undefined, span, ...more };
}

/** A sign before an operand; before a number it would be part of the number. */
function unary(op: '+' | '-', expr: Expr): Expr {
  const needs = expr.kind === 'number' || (expr.kind === 'binary' && expr.op !== '^');
  return { kind: 'unary', op, expr: needs ? parens(expr) : expr, span };
}

const AGGREGATES: readonly AggregateOp[] = ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'];
const WITH_PARAMETER: readonly AggregateOp[] = ['topk', 'bottomk', 'quantile', 'limitk', 'limit_ratio', 'count_values'];
/** Whose second argument only selects labels. */
const CALLS = [...FUNCTIONS].filter(([func]) => func !== 'info');

const { any } = fc.letrec<{
  any: Expr;
  vector: Expr;
  scalar: Expr;
  matrix: Expr;
  string: Expr;
  primary: Expr;
}>((tie) => {
  const argument = (type: ValueType): fc.Arbitrary<Expr> => tie(type) as fc.Arbitrary<Expr>;
  const call = (type: ValueType): fc.Arbitrary<Expr> =>
    fc.oneof(
      ...CALLS.filter(([, { returns }]) => returns === type).map(([func, { args, optional }]) => {
        const all = args.length;
        const counts = optional === 0 ? [all] : optional === 1 ? [all - 1, all] : [all - 1, all, all + 1];
        return fc.constantFrom(...counts).chain((count) => {
          const types = Array.from({ length: count }, (_, i) => args[Math.min(i, args.length - 1)]!);
          return fc.tuple(...types.map(argument)).map((given): Expr => ({ kind: 'call', func, args: given, span }));
        });
      }),
    );
  const aggregate = fc
    .record({
      op: fc.constantFrom(...AGGREGATES, ...WITH_PARAMETER),
      scalar: tie('scalar'),
      string: tie('string'),
      expr: tie('vector'),
      grouping: fc.record({ mode: fc.constantFrom('by' as const, 'without' as const), labels: labelNames }),
    })
    .map(({ op, scalar, string, expr, grouping }): Aggregate => {
      const param = op === 'count_values' ? string : WITH_PARAMETER.includes(op) ? scalar : undefined;
      return { kind: 'aggregate', op, param, expr, grouping, span };
    });
  const operation = fc.oneof(
    fc
      .tuple(fc.constantFrom(...ARITHMETIC), tie('vector'), tie('vector'), matching)
      .map(([op, left, right, one]) => binary(op, left, right, { matching: one })),
    fc
      .tuple(fc.constantFrom(...COMPARISONS), tie('vector'), tie('vector'), fc.boolean(), matching)
      .map(([op, left, right, returnBool, one]) => binary(op, left, right, { returnBool, matching: one })),
    fc.tuple(fc.constantFrom(...SETS), tie('vector'), tie('vector'), matching).map(([op, left, right, one]) =>
      binary(op, left, right, {
        matching: { ...one, card: 'many-to-many', include: [], fillLeft: undefined, fillRight: undefined },
      }),
    ),
    fc
      .tuple(fc.constantFrom(...ARITHMETIC, ...COMPARISONS), tie('vector'), tie('scalar'), fc.boolean(), fc.boolean())
      .map(([op, vector, scalar, turned, returnBool]) => {
        const bool = COMPARISONS.includes(op) && returnBool;
        return turned
          ? binary(op, scalar, vector, { returnBool: bool })
          : binary(op, vector, scalar, { returnBool: bool });
      }),
  );
  return {
    string: text.map((value): Expr => ({ kind: 'string', value, span })),
    scalar: fc.oneof(
      { depthSize: 'small' },
      fc.double().map((value): Expr => ({ kind: 'number', value, duration: false, span })),
      fc
        .tuple(PLAIN_MS, fc.constantFrom(1, -1))
        .map(([ms, sign]): Expr => ({ kind: 'number', value: (sign * ms) / 1000, duration: true, span })),
      call('scalar'),
      tie('scalar').map(parens),
      fc.tuple(fc.constantFrom('+' as const, '-' as const), tie('scalar')).map(([op, expr]) => unary(op, expr)),
      fc
        .tuple(fc.constantFrom(...ARITHMETIC), tie('scalar'), tie('scalar'))
        .map(([op, left, right]) => binary(op, left, right)),
      fc
        .tuple(fc.constantFrom(...COMPARISONS), tie('scalar'), tie('scalar'))
        .map(([op, left, right]) => binary(op, left, right, { returnBool: true })),
    ),
    /** What a range may stand behind. */
    primary: fc.oneof({ depthSize: 'small' }, selector, call('vector'), aggregate, tie('vector').map(parens)),
    vector: fc.oneof(
      { depthSize: 'small' },
      selector,
      tie('primary'),
      operation,
      fc.tuple(fc.constantFrom('+' as const, '-' as const), tie('vector')).map(([op, expr]) => unary(op, expr)),
    ),
    matrix: fc.oneof(
      { depthSize: 'small' },
      matrixSelector,
      fc
        .record({ expr: tie('primary'), range, step: fc.option(range, { nil: undefined }), offset, at })
        .map((one): Subquery => ({ kind: 'subquery', ...one, span })),
    ),
    any: fc.oneof(tie('vector'), tie('vector'), tie('scalar'), tie('matrix'), tie('string')),
  };
});

export const anyExpr: fc.Arbitrary<Expr> = any;
