import type { PlanNode, RangeSelect, Select, VectorNode } from '../nodes.ts';
import { operandsOf } from '../operands.ts';
import { rewrite } from '../rewrite.ts';

/**
 * Selectors of the same series at the same times read the same samples, so that the execution, which knows a reading by
 * its series and bounds, does it once: each reads as far back as the one that needs most.
 * before: range(foo[1h] read 1h) / select(foo read 5m)
 * after:  range(foo[1h] read 1h) / select(foo read 1h)
 * Only where it pays: a selector is not made to read more than MAX_WIDENING times its own window, and selectors in
 * different subqueries run at different times and are left apart.
 */
export function mergeReads(plan: PlanNode): PlanNode {
  return mergeWithin(plan);
}

/** Reading more than this many times what a selector needs costs more than a second small reading. */
const MAX_WIDENING = 20;

type Selector = Select | RangeSelect;

function mergeWithin(plan: PlanNode): PlanNode {
  const own = new Set<PlanNode>();
  const furthest = new Map<string, number>();
  for (const selector of selectorsOf(plan)) {
    own.add(selector);
    const key = keyOf(selector);
    furthest.set(key, Math.max(furthest.get(key) ?? 0, selector.readBack));
  }
  const widened = <T extends Selector>(node: T): T => {
    const readBack = furthest.get(keyOf(node)) ?? node.readBack;
    const same = !own.has(node) || readBack === node.readBack || readBack > MAX_WIDENING * node.readBack;
    return same ? node : { ...node, readBack };
  };
  return rewrite(plan, {
    vector: (node) => (node.kind === 'select' ? widened(node) : node),
    range: (node) => {
      if (node.kind === 'range-select') return widened(node);
      if (node.kind !== 'subquery') return node;
      const expr = mergeWithin(node.expr) as VectorNode;
      return expr === node.expr ? node : { ...node, expr };
    },
  });
}

/** The selectors that run on the grid of `node` itself. */
function selectorsOf(node: PlanNode): readonly Selector[] {
  if (node.kind === 'select' || node.kind === 'range-select') return [node];
  return node.kind === 'subquery' ? [] : operandsOf(node).flatMap(selectorsOf);
}

function keyOf({ matchers, offset, at }: Selector): string {
  return JSON.stringify([offset, at ?? null, ...matchers.map(String).sort()]);
}
