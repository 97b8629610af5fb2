import type { PlanNode, VectorNode } from '../nodes.ts';
import { operandsOf } from '../operands.ts';
import { rewrite } from '../rewrite.ts';

/**
 * What has the same value at every step, because each selector in it is pinned by @, runs on one step. Only the largest
 * such part is marked.
 * before: sum(range-call rate(foo[5m] @ 100)) / select(bar)
 * after:  step-invariant(sum(range-call rate(foo[5m] @ 100))) / select(bar)
 */
export function markStepInvariant(plan: PlanNode): PlanNode {
  return rewrite(plan, {
    vector(node) {
      return isInvariant(node) ? { kind: 'step-invariant', expr: unwrap(node) } : node;
    },
  });
}

/** The node with the marks of the smaller parts below it taken away again. */
function unwrap(node: VectorNode): VectorNode {
  const inner = node.kind === 'step-invariant' ? unwrap(node.expr) : node;
  return rewrite(inner, { vector: (below) => (below.kind === 'step-invariant' ? below.expr : below) });
}

function isInvariant(node: PlanNode): boolean {
  switch (node.kind) {
    case 'time':
      return false;
    case 'select':
    case 'smoothed-select':
    case 'range-select':
    case 'extended-range-select':
    case 'subquery':
      // A subquery's operand runs on the subquery's own steps, which the @ pins as well.
      return node.at !== undefined;
    case 'info':
      if (node.at === undefined) return false;
      break;
    case 'vector-of':
      // Cheap as it is; marking it would only hide it.
      return false;
    case 'range-call':
      // predict_linear looks ahead from the step's own time, not from the @.
      if (node.func === 'predict_linear') return false;
      break;
    case 'vector-call':
      // timestamp() of anything but a selector is the step's own time.
      if (node.func === 'timestamp') return false;
      break;
    default:
      break;
  }
  const operands = operandsOf(node);
  return operands.every((operand) => operand.kind === 'number' || operand.kind === 'string' || isInvariant(operand));
}
