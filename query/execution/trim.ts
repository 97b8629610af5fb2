import type { Trim } from '../plan/nodes.ts';
import type { QueryContext } from './query-context.ts';
import type { VectorStream } from './vector.ts';

/** The operators `</` and `>/` cut native histograms; where they meet floats they yield nothing, and say so. */
export async function trim(node: Trim, operand: VectorStream, context: QueryContext): Promise<VectorStream> {
  for await (const block of operand.blocks()) {
    await context.check();
    if (!block.present.includes(1)) continue;
    const { op } = node;
    const text = `incompatible sample types encountered for binary operator "${op}": float ${op} float`;
    context.annotations.info(text, node.span);
  }
  return { steps: operand.steps, series: [], async *blocks() {} };
}
