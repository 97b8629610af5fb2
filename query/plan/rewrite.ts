import type { PlanNode, RangeNode, ScalarNode, StringNode, VectorNode } from './nodes.ts';

/** What a rewriting does with one node after its operands are rewritten: a node of the same type, or the one it was given. */
export interface Rewriter {
  scalar?(node: ScalarNode): ScalarNode;
  vector?(node: VectorNode): VectorNode;
  range?(node: RangeNode): RangeNode;
}

/** Applies `rewriter` from the leaves up. A node whose operands stay the same keeps its identity. */
export function rewrite<T extends PlanNode>(node: T, rewriter: Rewriter): T {
  const walk = new Walk(rewriter);
  return walk.any(node) as T;
}

class Walk {
  readonly #rewriter: Rewriter;

  constructor(rewriter: Rewriter) {
    this.#rewriter = rewriter;
  }

  any(node: PlanNode): PlanNode {
    switch (node.kind) {
      case 'string':
        return node;
      case 'number':
      case 'time':
      case 'scalar-call':
      case 'scalar-of':
      case 'scalar-binary':
      case 'scalar-negate':
        return this.scalar(node);
      case 'range-select':
      case 'extended-range-select':
      case 'subquery':
        return this.range(node);
      default:
        return this.vector(node);
    }
  }

  scalar(node: ScalarNode): ScalarNode {
    const inner = this.#scalarOperands(node);
    return this.#rewriter.scalar?.(inner) ?? inner;
  }

  #scalarOperands(node: ScalarNode): ScalarNode {
    switch (node.kind) {
      case 'number':
      case 'time':
        return node;
      case 'scalar-call':
        return changed(node, { args: this.#scalars(node.args) });
      case 'scalar-of':
        return changed(node, { expr: this.vector(node.expr) });
      case 'scalar-binary':
        return changed(node, { left: this.scalar(node.left), right: this.scalar(node.right) });
      case 'scalar-negate':
        return changed(node, { expr: this.scalar(node.expr) });
      default:
        return node satisfies never;
    }
  }

  range(node: RangeNode): RangeNode {
    const inner = node.kind === 'subquery' ? changed(node, { expr: this.vector(node.expr) }) : node;
    return this.#rewriter.range?.(inner) ?? inner;
  }

  vector(node: VectorNode): VectorNode {
    const inner = this.#vectorOperands(node);
    return this.#rewriter.vector?.(inner) ?? inner;
  }

  #vectorOperands(node: VectorNode): VectorNode {
    switch (node.kind) {
      case 'select':
      case 'smoothed-select':
        return node;
      case 'range-call':
        return changed(node, { source: this.range(node.source), params: this.#scalars(node.params) });
      case 'vector-of':
        return changed(node, { expr: this.scalar(node.expr) });
      case 'vector-call':
      case 'histogram-call':
        return changed(node, { expr: this.vector(node.expr), params: this.#scalars(node.params) });
      case 'label-call':
      case 'info':
      case 'absent':
      case 'sort':
      case 'trim':
      case 'negate':
      case 'step-invariant':
        return changed(node, { expr: this.vector(node.expr) });
      case 'pushed':
        // Nothing rewrites what is already made for the store.
        return node;
      case 'aggregate':
        return changed(node, { param: this.#param(node.param), expr: this.vector(node.expr) });
      case 'vector-scalar':
        return changed(node, { vector: this.vector(node.vector), scalar: this.scalar(node.scalar) });
      case 'vector-binary':
      case 'set-binary':
        return changed(node, { left: this.vector(node.left), right: this.vector(node.right) });
      default:
        return node satisfies never;
    }
  }

  #param(param: ScalarNode | StringNode | undefined): ScalarNode | StringNode | undefined {
    return param === undefined || param.kind === 'string' ? param : this.scalar(param);
  }

  #scalars(nodes: readonly ScalarNode[]): readonly ScalarNode[] {
    const rewritten = nodes.map((node) => this.scalar(node));
    return rewritten.every((node, i) => node === nodes[i]) ? nodes : rewritten;
  }
}

function changed<T extends object>(node: T, operands: Partial<T>): T {
  for (const name of Object.keys(operands) as (keyof T)[]) {
    if (operands[name] !== node[name]) return { ...node, ...operands };
  }
  return node;
}
