import { binaryFunction } from '../plan/binary-function.ts';
import type { ScalarNode, VectorNode } from '../plan/nodes.ts';
import { greater, lesser } from './extremum.ts';
import type { Grid } from './grid.ts';
import type { QueryContext } from './query-context.ts';
import type { VectorStream } from './vector.ts';

interface ScalarOptions {
  readonly context: QueryContext;
  /** Runs a vector operand on the same grid. */
  readonly run: (node: VectorNode) => Promise<VectorStream>;
}

/** The value of a scalar expression at each step of the grid. The caller owns the array. */
export async function runScalar(node: ScalarNode, grid: Grid, options: ScalarOptions): Promise<Float64Array> {
  const { steps } = grid;
  options.context.hold(steps);
  switch (node.kind) {
    case 'number':
      return new Float64Array(steps).fill(node.value);
    case 'time': {
      const times = new Float64Array(steps);
      for (let step = 0; step < steps; step++) times[step] = (grid.start + step * grid.step) / 1000;
      return times;
    }
    case 'scalar-call': {
      const pick = node.func === 'min_of' ? lesser : greater;
      const [first, ...rest] = await Promise.all(node.args.map((arg) => runScalar(arg, grid, options)));
      for (const other of rest)
        for (let step = 0; step < steps; step++) first![step] = pick(first![step]!, other[step]!);
      return first!;
    }
    case 'scalar-of':
      return onlyValue(await options.run(node.expr), options.context);
    case 'scalar-binary': {
      const apply = binaryFunction(node.op);
      const left = await runScalar(node.left, grid, options);
      const right = await runScalar(node.right, grid, options);
      for (let step = 0; step < steps; step++) left[step] = apply(left[step]!, right[step]!);
      return left;
    }
    case 'scalar-negate': {
      const values = await runScalar(node.expr, grid, options);
      for (let step = 0; step < steps; step++) values[step] = -values[step]!;
      return values;
    }
    default:
      return node satisfies never;
  }
}

/** The value where exactly one series has one; otherwise NaN. */
async function onlyValue(stream: VectorStream, context: QueryContext): Promise<Float64Array> {
  const { steps } = stream;
  const values = new Float64Array(steps).fill(Number.NaN);
  const counts = new Uint32Array(steps);
  for await (const block of stream.blocks()) {
    await context.check();
    for (let row = 0, i = 0; row < block.count; row++) {
      for (let step = 0; step < steps; step++, i++) {
        if (block.present[i] === 1) values[step] = ++counts[step]! === 1 ? block.values[i]! : Number.NaN;
      }
    }
  }
  return values;
}
