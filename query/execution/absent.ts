import { Labels } from '../../storage/labels.ts';
import type { Absent } from '../plan/nodes.ts';
import type { QueryContext } from './query-context.ts';
import { streamOf, type VectorStream } from './vector.ts';

/** absent and absent_over_time: 1 at the steps at which the operand has no value. */
export async function absent(node: Absent, operand: VectorStream, context: QueryContext): Promise<VectorStream> {
  const { steps } = operand;
  const present = new Uint8Array(steps).fill(1);
  for await (const block of operand.blocks()) {
    await context.check();
    for (let row = 0, i = 0; row < block.count; row++) {
      for (let step = 0; step < steps; step++, i++) if (block.present[i] === 1) present[step] = 0;
    }
  }
  const values = new Float64Array(steps).fill(1);
  return streamOf({ steps, series: [{ labels: Labels.from(node.labels), dropName: false }], values, present });
}
