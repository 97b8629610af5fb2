import type { PlanNode } from './nodes.ts';

/** The nodes right below a node, in the order in which they are written. */
export function operandsOf(node: PlanNode): readonly PlanNode[] {
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'time':
    case 'select':
    case 'smoothed-select':
    case 'range-select':
    case 'extended-range-select':
      return [];
    case 'scalar-call':
      return node.args;
    case 'scalar-of':
    case 'scalar-negate':
    case 'subquery':
    case 'vector-of':
    case 'label-call':
    case 'info':
    case 'absent':
    case 'sort':
    case 'trim':
    case 'negate':
    case 'step-invariant':
    case 'pushed':
      return [node.expr];
    case 'scalar-binary':
    case 'vector-binary':
    case 'set-binary':
      return [node.left, node.right];
    case 'range-call':
      return [...node.params, node.source];
    case 'vector-call':
    case 'histogram-call':
      return [...node.params, node.expr];
    case 'aggregate':
      return node.param === undefined ? [node.expr] : [node.param, node.expr];
    case 'vector-scalar':
      return node.swapped ? [node.scalar, node.vector] : [node.vector, node.scalar];
    default:
      return node satisfies never;
  }
}
