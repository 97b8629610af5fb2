import type { DurationNode, Expr, VectorSelector } from '../../query/promql/ast.ts';
import { ALL_FEATURES } from '../../query/promql/features.ts';
import { parseExpr } from '../../query/promql/parser.ts';
import { METRIC_NAME } from '../../storage/labels.ts';
import type { RuleGroup } from './rule.ts';

/** What an expression reads when it is evaluated at a time. */
export interface MetricsRead {
  /** The metrics that its selectors name. */
  readonly metrics: ReadonlySet<string>;
  /** Of each selector the metric that it names, and how far before that time it looks, in milliseconds; Infinity: anywhere. */
  readonly all: readonly (readonly [metric: string, reach: number])[];
  /** True when a selector does not name its metric, and may read any. */
  readonly mayReadOthers: boolean;
}

/** How far back selectors look whose expression does not say it, in milliseconds. */
const DEFAULT_LOOKBACK = 5 * 60_000;

/** What an expression reads; of one that cannot be parsed nothing is known. */
export function metricsRead(expr: string, lookback = DEFAULT_LOOKBACK): MetricsRead {
  const reads = new Reads(lookback);
  try {
    reads.add(parseExpr(expr, { features: ALL_FEATURES }), 0);
  } catch {
    reads.mayReadOthers = true;
  }
  return reads;
}

/**
 * The metrics that rules of these groups read within `maxReach` of now, and how far back, the furthest of each. What rules write
 * and others read is among them in any case.
 */
export function rulesRead(
  groups: readonly RuleGroup[],
  options: { readonly lookback: number; readonly queryOffset: number; readonly maxReach: number },
): Map<string, number> {
  const { lookback, queryOffset, maxReach } = options;
  const rules = groups.flatMap((group) => group.rules.map((rule) => ({ group, rule })));
  const written = new Set(rules.flatMap(({ rule }) => (rule.kind === 'recording' ? [rule.record] : [])));
  const furthest = new Map<string, number>();
  for (const { group, rule } of rules) {
    for (const [metric, reach] of metricsRead(rule.expr, lookback).all) {
      const back = reach + (group.queryOffset ?? queryOffset);
      const near = back <= maxReach ? back : written.has(metric) ? 0 : undefined;
      if (near !== undefined) furthest.set(metric, Math.max(furthest.get(metric) ?? 0, near));
    }
  }
  return furthest;
}

class Reads implements MetricsRead {
  readonly metrics = new Set<string>();
  readonly all: [metric: string, reach: number][] = [];
  mayReadOthers = false;
  readonly #lookback: number;

  constructor(lookback: number) {
    this.#lookback = lookback;
  }

  /** Adds what `expr` reads when it is evaluated at times that lie up to `back` milliseconds back. */
  add(expr: Expr, back: number): void {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return;
      case 'vector-selector':
        this.#select(expr, back + this.#lookback);
        return;
      case 'matrix-selector': {
        const around = expr.selector.extension === undefined ? 0 : this.#lookback;
        this.#select(expr.selector, back + around + lengthOf(expr.range));
        return;
      }
      case 'call':
        // It reads target_info, or what its second argument names.
        if (expr.func === 'info') this.mayReadOthers = true;
        for (const arg of expr.args) this.add(arg, back);
        return;
      case 'aggregate':
        this.add(expr.expr, back);
        if (expr.param !== undefined) this.add(expr.param, back);
        return;
      case 'binary':
        this.add(expr.left, back);
        this.add(expr.right, back);
        return;
      case 'subquery':
        this.add(
          expr.expr,
          expr.at === undefined ? back + lengthOf(expr.range) + offsetOf(expr.offset) : Number.POSITIVE_INFINITY,
        );
        return;
      case 'unary':
      case 'paren':
        this.add(expr.expr, back);
        return;
      default:
        expr satisfies never;
    }
  }

  #select({ matchers, offset, at }: VectorSelector, back: number): void {
    const name = matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.op === '=')?.value;
    if (name === undefined || name === '') {
      this.mayReadOthers = true;
      return;
    }
    const reach = at === undefined ? Math.max(0, back + offsetOf(offset)) : Number.POSITIVE_INFINITY;
    this.metrics.add(name);
    this.all.push([name, reach]);
  }
}

function offsetOf(offset: DurationNode | undefined): number {
  return offset === undefined ? 0 : lengthOf(offset);
}

/** Of an expression over durations nothing is known. */
function lengthOf(duration: DurationNode): number {
  return duration.kind === 'fixed' ? duration.ms : Number.POSITIVE_INFINITY;
}
