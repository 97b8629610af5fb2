import type { GridAggregate } from '../../../storage/grid-request.ts';
import type { Aggregate, PlanNode, Pushable, RangeCall, RangeSelect, Select, VectorNode } from '../nodes.ts';
import { operandsOf } from '../operands.ts';
import { rewrite } from '../rewrite.ts';

export interface PushDownOptions {
  /** `auto`: where less is transferred then; `always`: wherever the store may be able to. */
  readonly mode: 'auto' | 'always';
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/**
 * Has the store compute functions of its samples, and what groups of series make of them, so that those values are
 * transferred and not the samples.
 * before: aggregate sum by(a) (range-call rate (range-select foo[5m]))
 * after:  pushed (aggregate sum by(a) (pushed (range-call rate (range-select foo[5m]))))
 * The inner mark is for a store that has the series' values and cannot group them.
 */
export function pushDown(plan: PlanNode, { mode, start, end, step }: PushDownOptions): PlanNode {
  const selectors = new Selectors();
  selectors.add(plan, { steps: step > 0 ? Math.floor((end - start) / step) + 1 : 1, length: end - start });
  const pays = (selector: Selector, perSeries: number) => mode === 'always' || selectors.pays(selector, perSeries);
  return rewrite(plan, {
    vector(node) {
      if (isPushableLeaf(node)) return pays(selectorOf(node), 1) ? { kind: 'pushed', expr: node } : node;
      if (!isPushableAggregate(node)) return node;
      return pays(selectorOf(node), 1 / SERIES_PER_GROUP) ? { kind: 'pushed', expr: node } : node;
    },
  });
}

/** How many series an aggregation makes one of, when nobody has looked. */
const SERIES_PER_GROUP = 10;
/** How far apart the samples of a series are, when nobody has looked. */
const SAMPLE_DISTANCE = 15_000;

type Selector = Select | RangeSelect;

/** Not deriv, whose sums ClickHouse adds up in another way. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  ['rate', 'increase', 'delta', 'irate', 'idelta'].concat(['changes', 'resets', 'last_over_time']),
);
const AGGREGATES: ReadonlySet<string> = new Set<GridAggregate>(['sum', 'avg', 'count', 'min', 'max', 'group']);

function isPushableLeaf(node: VectorNode): node is Select | (RangeCall & { readonly source: RangeSelect }) {
  if (node.kind === 'select') return true;
  return node.kind === 'range-call' && node.source.kind === 'range-select' && FUNCTIONS.has(node.func);
}

function isPushableAggregate(node: VectorNode): node is Aggregate & Extract<Pushable, { kind: 'aggregate' }> {
  if (node.kind !== 'aggregate' || !AGGREGATES.has(node.op)) return false;
  return isPushableLeaf(node.expr.kind === 'pushed' ? node.expr.expr : node.expr);
}

/** The selector at the bottom of what is pushed. */
function selectorOf(node: Pushable): Selector {
  switch (node.kind) {
    case 'select':
      return node;
    case 'range-call':
      return node.source;
    case 'aggregate':
      return selectorOf(node.expr.kind === 'pushed' ? node.expr.expr : node.expr);
    default:
      return node satisfies never;
  }
}

/** The times a part of the plan runs on, about. */
interface Times {
  readonly steps: number;
  readonly length: number;
}

/** The selectors of a plan with the times they run on. */
class Selectors {
  readonly #times = new Map<PlanNode, Times>();
  /** How many selectors read the same samples. */
  readonly #alike = new Map<string, number>();

  add(node: PlanNode, times: Times): void {
    if (node.kind === 'select' || node.kind === 'range-select') {
      this.#times.set(node, times);
      this.#alike.set(keyOf(node), (this.#alike.get(keyOf(node)) ?? 0) + 1);
      return;
    }
    const below = timesBelow(node, times);
    for (const operand of operandsOf(node)) this.add(operand, below);
  }

  /** Whether it has more samples per series than values, of which only so many per series come. Samples read once for several selectors are not asked for apart. */
  pays(selector: Selector, perSeries: number): boolean {
    const { steps, length } = this.#times.get(selector)!;
    const window = selector.kind === 'select' ? selector.lookback : selector.range;
    return this.#alike.get(keyOf(selector)) === 1 && steps * perSeries < (length + window) / SAMPLE_DISTANCE;
  }
}

function timesBelow(node: PlanNode, times: Times): Times {
  if (node.kind === 'step-invariant') return { steps: 1, length: 0 };
  if (node.kind !== 'subquery') return times;
  const length = times.length + node.range;
  return { steps: Math.ceil(length / node.step), length };
}

function keyOf({ matchers, offset, at }: Selector): string {
  return JSON.stringify([offset, at ?? null, ...matchers.map(String).sort()]);
}
