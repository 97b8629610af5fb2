import { binaryFunction } from '../binary-function.ts';
import type { PlanNode, ScalarNode } from '../nodes.ts';
import { rewrite } from '../rewrite.ts';

/**
 * Computes what does not depend on the store or on the step.
 * before: select(foo) * (60 * 5)
 * after:  select(foo) * 300
 */
export function foldConstants(plan: PlanNode): PlanNode {
  return rewrite(plan, { scalar: fold });
}

function fold(node: ScalarNode): ScalarNode {
  if (node.kind === 'scalar-negate' && node.expr.kind === 'number') return number(-node.expr.value);
  if (node.kind === 'scalar-binary' && node.left.kind === 'number' && node.right.kind === 'number') {
    return number(binaryFunction(node.op)(node.left.value, node.right.value));
  }
  if (node.kind === 'scalar-call') {
    const values = node.args.flatMap((arg) => (arg.kind === 'number' ? [arg.value] : []));
    if (values.length === node.args.length) {
      return number(node.func === 'min_of' ? Math.min(...values) : Math.max(...values));
    }
  }
  return node;
}

function number(value: number): ScalarNode {
  return { kind: 'number', value };
}
