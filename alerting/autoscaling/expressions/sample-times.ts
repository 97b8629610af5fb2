/**
 * How old the samples are that a result was computed from. An instant query looks back five minutes and does not say how far it
 * had to: a value may be five minutes old and look like one of now. So another expression is derived from the first one that gives,
 * for each of its rows, the time of the oldest of the newest samples of the series that went into it.
 *
 *     sum by (pod) (rate(a[2m]))   min by (pod) ((timestamp(a) and rate(a[2m])))
 *     a / on (pod) b               (clamp_max((timestamp(a) - on (pod) timestamp(b)), 0) + on (pod) timestamp(b))
 *     a > 5                        (timestamp(a) and a > 5)
 *
 * It has the rows of the first, exactly: where more went into an aggregation, or too many into a matching, it would be about other
 * series. A series that has ended, as that of a pod that was deleted, has no time and counts for nothing: what is left of it in a
 * range does not make the whole old.
 */
import type { Aggregate, Binary, Call, Expr, Matching, Subquery, VectorSelector } from '../../../query/promql/ast.ts';
import { FUNCTIONS } from '../../../query/promql/functions.ts';
import { valueType } from '../../../query/promql/typecheck.ts';
import { METRIC_NAME } from '../../../storage/labels.ts';
import { aggregateNode, binaryNode, callNode, numberNode } from './expression-nodes.ts';
import { operandsOf } from './operands-of.ts';

/** Why no times can be derived, in a few words. */
export class UnknownTimes extends Error {
  override readonly name = 'UnknownTimes';
}

export interface SampleTimesOptions {
  /** Milliseconds. Samples that are meant to be older than this would always be too old. */
  readonly freshness: number;
}

/** What a derived expression may grow to: each matching of vectors reads one of its sides twice. */
const MAX_NODES = 2_000;

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const SETS: ReadonlySet<string> = new Set(['and', 'or', 'unless']);
const TRIMS: ReadonlySet<string> = new Set(['</', '>/']);
/** Aggregations of which each row is one of those that went in. */
const CHOOSING: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);
/** Functions whose rows are no rows of their argument. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['info', 'histogram_quantiles']);

/**
 * An expression for the times, in seconds, of the rows of an instant vector; labels but for the metric's name are the same. Throws
 * an UnknownTimes where that cannot be derived.
 */
export function sampleTimes(expr: Expr, options: SampleTimesOptions): Expr {
  return new Derivation(options).times(expr);
}

class Derivation {
  readonly #freshness: number;

  constructor({ freshness }: SampleTimesOptions) {
    this.#freshness = freshness;
  }

  /** The times of a vector. */
  times(expr: Expr): Expr {
    const times = this.#timesOf(expr);
    // At every level, so that what doubles cannot do so often.
    if (nodesOf(times) > MAX_NODES) throw new UnknownTimes('it combines too many vectors');
    return times;
  }

  #timesOf(expr: Expr): Expr {
    switch (expr.kind) {
      case 'vector-selector':
        return this.#selector(expr);
      case 'paren':
        return this.times(expr.expr);
      case 'unary':
        return this.times(expr.expr);
      case 'aggregate':
        return this.#aggregate(expr);
      case 'binary':
        return this.#binary(expr);
      case 'call':
        return this.#call(expr);
      case 'number':
      case 'string':
      case 'matrix-selector':
      case 'subquery':
        throw new UnknownTimes(`a ${valueType(expr)} stands where a vector is expected`);
      default:
        return expr satisfies never;
    }
  }

  #selector(selector: VectorSelector): Expr {
    const { matchers, offset, at, extension } = selector;
    if (at !== undefined) throw new UnknownTimes('a selector has a fixed time (@)');
    if (extension !== undefined) throw new UnknownTimes(`a selector is ${extension}`);
    if (offset !== undefined && (offset.kind !== 'fixed' || offset.ms > this.#freshness)) {
      throw new UnknownTimes('a selector has an offset that makes its samples older than its freshness');
    }
    const isNamed = matchers.some(({ name, op, value }) => name === METRIC_NAME && op === '=' && value !== '');
    if (!isNamed) throw new UnknownTimes('a selector does not say the name of its metric');
    return callNode('timestamp', selector);
  }

  #aggregate(aggregate: Aggregate): Expr {
    const { op, param, expr, grouping } = aggregate;
    if (op === 'count_values') throw new UnknownTimes('count_values makes labels of values');
    requireNoName(grouping.labels);
    const times = this.times(expr);
    const rows = CHOOSING.has(op) ? binaryNode(times, 'and', aggregate) : aggregateNode('min', grouping, times);
    return this.#notAfter(rows, param === undefined ? [] : [param]);
  }

  #binary(expr: Binary): Expr {
    const { op, left, right, matching, returnBool } = expr;
    if (TRIMS.has(op)) throw new UnknownTimes(`${op} is not for numbers`);
    const filters = COMPARISONS.has(op) && !returnBool;
    if (matching === undefined) {
      const [vector, scalar] = valueType(left) === 'vector' ? [left, right] : [right, left];
      const times = this.times(vector);
      return this.#notAfter(filters ? binaryNode(times, 'and', expr) : times, [scalar]);
    }
    requireNoName([...matching.labels, ...matching.include]);
    if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
      throw new UnknownTimes('a matching fills in what is missing');
    }
    if (op === 'or') {
      // A row of the left side that has no time has none, whatever is on the right.
      return binaryNode(this.times(left), 'or', binaryNode(this.times(right), 'unless', left, matching), matching);
    }
    if (SETS.has(op)) return binaryNode(this.times(left), op, right, matching);
    const times = earlier(this.times(left), this.times(right), matching);
    return filters ? binaryNode(times, 'and', expr) : times;
  }

  #call(call: Call): Expr {
    const { func, args } = call;
    if (UNSUPPORTED.has(func)) throw new UnknownTimes(`${func}() adds labels`);
    if (func === 'absent' || func === 'absent_over_time') {
      return binaryNode(binaryNode(call, '*', numberNode(0)), '+', callNode('time'));
    }
    const signature = FUNCTIONS.get(func)!;
    const typeOf = (i: number) => signature.args[Math.min(i, signature.args.length - 1)];
    const scalars = args.filter((_, i) => typeOf(i) === 'scalar');
    const range = args.find((_, i) => typeOf(i) === 'matrix');
    if (range !== undefined) {
      return this.#notAfter(binaryNode(this.#range(range), 'and', call), scalars);
    }
    const vector = args.find((_, i) => typeOf(i) === 'vector');
    // vector(1), hour()
    if (vector === undefined) return this.#notAfter(callNode('vector', callNode('time')), scalars);
    const times = this.times(vector);
    if (func === 'histogram_quantile' || func === 'histogram_fraction') {
      return this.#notAfter(aggregateNode('min', { mode: 'without', labels: ['le'] }, times), scalars);
    }
    if (func === 'label_replace' || func === 'label_join') {
      const [, ...texts] = args;
      requireNoName(texts.flatMap((text) => (text.kind === 'string' ? [text.value] : [])));
      return callNode(func, times, ...texts);
    }
    return this.#notAfter(times, scalars);
  }

  /** Of the rows of a range vector the newest times. */
  #range(expr: Expr): Expr {
    if (expr.kind === 'paren') return this.#range(expr.expr);
    if (expr.kind === 'matrix-selector') return this.#selector(expr.selector);
    if (expr.kind !== 'subquery') throw new UnknownTimes(`a ${valueType(expr)} stands where a range is expected`);
    return this.#subquery(expr);
  }

  /** Those of its last step: what it has computed there is what it knows of now. */
  #subquery(subquery: Subquery): Expr {
    const { expr, offset, at } = subquery;
    if (at !== undefined) throw new UnknownTimes('a subquery has a fixed time (@)');
    if (offset !== undefined && (offset.kind !== 'fixed' || offset.ms > this.#freshness)) {
      throw new UnknownTimes('a subquery has an offset that makes its samples older than its freshness');
    }
    const times = this.times(expr);
    const last = callNode('last_over_time', { ...subquery, expr: parenthesizedCall(times) });
    // Rows that have ended count for nothing, as series do.
    return offset === undefined || offset.ms === 0 ? binaryNode(last, 'and', times) : last;
  }

  /** No later than what the scalars were computed from; those that come from vectors have samples as well. */
  #notAfter(times: Expr, scalars: readonly Expr[]): Expr {
    return scalars
      .flatMap((scalar) => this.#scalarTimes(scalar))
      .reduce<Expr>((least, scalar) => callNode('clamp_max', least, scalar), times);
  }

  #scalarTimes(scalar: Expr): readonly Expr[] {
    if (scalar.kind === 'call' && scalar.func === 'scalar') {
      const oldest = aggregateNode('min', { mode: 'by', labels: [] }, this.times(scalar.args[0]!));
      return [callNode('scalar', oldest)];
    }
    return operandsOf(scalar).flatMap((operand) => this.#scalarTimes(operand));
  }
}

/**
 * The earlier of two times for each pair that matches. `a + min(b - a, 0)` reads one side twice, where a choice by comparison would
 * read both twice, and grow with every level.
 */
function earlier(left: Expr, right: Expr, matching: Matching): Expr {
  // One-to-one matching is not symmetric either: on the left there may be several alike, as long as none of them has a partner.
  const [many, one] = matching.card === 'one-to-many' ? [right, left] : [left, right];
  const first: Matching = matching.card === 'one-to-many' ? { ...matching, card: 'many-to-one' } : matching;
  const ahead = callNode('clamp_max', binaryNode(many, '-', one, first), numberNode(0));
  // The labels to include are there by now.
  return binaryNode(ahead, '+', one, { ...first, include: [] });
}

function requireNoName(labels: readonly string[]): void {
  if (labels.includes(METRIC_NAME)) throw new UnknownTimes('it goes by the names of metrics');
}

/** As it may stand before `[range:step]`. */
function parenthesizedCall(expr: Expr): Expr {
  return { kind: 'paren', expr, span: expr.span };
}

function nodesOf(expr: Expr): number {
  return operandsOf(expr).reduce((sum, operand) => sum + nodesOf(operand), 1);
}
