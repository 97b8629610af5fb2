import { Labels } from '../../storage/labels.ts';
import { binaryFunction, isComparison } from '../plan/binary-function.ts';
import {
  isScalar,
  type PlanNode,
  type ScalarNode,
  type StepInvariant,
  type VectorCall,
  type VectorNode,
  type VectorScalarBinary,
} from '../plan/nodes.ts';
import { goQuote } from '../promql/go-quote.ts';
import { QueryError } from '../query-result.ts';
import { absent } from './absent.ts';
import { aggregate } from './aggregate.ts';
import type { Grid } from './grid.ts';
import { histogramCall } from './histogram-call.ts';
import { info } from './info.ts';
import { isLabelName, labelCall } from './label-functions.ts';
import { mergeSameLabels } from './merge-same-labels.ts';
import { pushed } from './pushed.ts';
import type { QueryContext } from './query-context.ts';
import { allNameDropped, rangeCall } from './range-call.ts';
import { runScalar } from './run-scalar.ts';
import { select } from './select.ts';
import { setBinary } from './set-operators.ts';
import { smoothedSelect } from './smoothed-select.ts';
import { sort } from './sort.ts';
import { trim } from './trim.ts';
import { VALUE_KERNELS } from './value-functions.ts';
import { streamOf, type VectorBlock, type VectorSeries, type VectorStream } from './vector.ts';
import { vectorBinary } from './vector-matching.ts';

/**
 * Runs a plan on a grid: resolves when it is known which series come; their values come with the blocks. Rejects with a
 * QueryError, a StorageError, or the reason of the context's signal.
 */
export function runVector(node: VectorNode, grid: Grid, context: QueryContext): Promise<VectorStream> {
  const { profile } = context;
  return profile === undefined ? run(node, grid, context) : profile.measure(node, () => run(node, grid, context));
}

async function run(node: VectorNode, grid: Grid, context: QueryContext): Promise<VectorStream> {
  const runOperand = (operand: VectorNode, on: Grid = grid) => runVector(operand, on, context);
  const scalars = (nodes: readonly ScalarNode[]) => Promise.all(nodes.map((one) => scalar(one, grid, context)));
  switch (node.kind) {
    case 'select':
      return select(node, grid, context);
    case 'smoothed-select':
      return smoothedSelect(node, grid, context);
    case 'range-call': {
      const params = await scalars(node.params);
      return merged(await rangeCall(node, grid, { context, run: runOperand, params }), context);
    }
    case 'vector-of': {
      const values = await scalar(node.expr, grid, context);
      const present = new Uint8Array(grid.steps).fill(1);
      return streamOf({ steps: grid.steps, series: [{ labels: Labels.EMPTY, dropName: false }], values, present });
    }
    case 'vector-call':
      return vectorCall(node, grid, {
        context,
        operand: await runOperand(node.expr),
        params: await scalars(node.params),
      });
    case 'label-call':
      return labelCall(node, { context, run: runOperand });
    case 'info':
      return info(node, await runOperand(node.expr), { grid, context });
    case 'histogram-call': {
      const params = await scalars(node.params);
      return histogramCall(node, await runOperand(node.expr), { params, context });
    }
    case 'absent':
      return absent(node, await runOperand(node.expr), context);
    case 'sort':
      return sort(node, await runOperand(node.expr), context);
    case 'aggregate': {
      const param = await aggregateParam(node.param, grid, context);
      if (node.op === 'count_values') checkCountValuesLabel(param as string);
      return aggregate(node, await runOperand(node.expr), { param, context });
    }
    case 'vector-scalar':
      return vectorScalar(node, await runOperand(node.vector), {
        scalar: await scalar(node.scalar, grid, context),
        context,
      });
    case 'vector-binary':
    case 'set-binary': {
      const [left, right] = await Promise.all([runOperand(node.left), runOperand(node.right)]);
      return node.kind === 'set-binary'
        ? setBinary(node, { left, right }, context)
        : vectorBinary(node, { left, right }, context);
    }
    case 'trim':
      return trim(node, await runOperand(node.expr), context);
    case 'negate':
      return mapped(await runOperand(node.expr), { context, dropName: true, change: negate });
    case 'step-invariant':
      return stepInvariant(node, grid, context);
    case 'pushed':
      return pushed(node, grid, { context, run: runOperand });
    default:
      return node satisfies never;
  }
}

function scalar(node: ScalarNode, grid: Grid, context: QueryContext): Promise<Float64Array> {
  return runScalar(node, grid, { context, run: (operand) => runVector(operand, grid, context) });
}

async function aggregateParam(
  param: PlanNode | undefined,
  grid: Grid,
  context: QueryContext,
): Promise<Float64Array | string | undefined> {
  if (param === undefined) return undefined;
  if (param.kind === 'string') return param.value;
  return isScalar(param) ? scalar(param, grid, context) : undefined;
}

/** Without delayed name removal, dropping names can make labels equal at once. */
function merged(stream: VectorStream, context: QueryContext): Promise<VectorStream> | VectorStream {
  return context.delayedNameRemoval ? stream : mergeSameLabels(stream, context);
}

/** A stream whose blocks are changed in place, series after series. */
async function mapped(
  operand: VectorStream,
  options: { context: QueryContext; dropName: boolean; change: (block: VectorBlock) => void },
): Promise<VectorStream> {
  const { context, dropName, change } = options;
  const { steps } = operand;
  const stream = {
    steps,
    series: dropName ? allNameDropped(operand.series, context) : operand.series,
    async *blocks() {
      for await (const block of operand.blocks()) {
        change(block);
        yield block;
      }
    },
  };
  return dropName ? merged(stream, context) : stream;
}

function negate({ values }: VectorBlock): void {
  for (let i = 0; i < values.length; i++) values[i] = -values[i]!;
}

async function vectorCall(
  node: VectorCall,
  grid: Grid,
  { context, operand, params }: { context: QueryContext; operand: VectorStream; params: readonly Float64Array[] },
): Promise<VectorStream> {
  const kernel = VALUE_KERNELS.get(node.func)!;
  return mapped(operand, { context, dropName: true, change: (block) => kernel(block, { grid, params }) });
}

/** A comparison keeps the vector's values that pass; with `bool`, and for arithmetic, the result replaces them. */
async function vectorScalar(
  node: VectorScalarBinary,
  operand: VectorStream,
  { scalar, context }: { scalar: Float64Array; context: QueryContext },
): Promise<VectorStream> {
  const apply = binaryFunction(node.op);
  const filters = isComparison(node.op) && !node.returnBool;
  const { steps } = operand;
  const change = ({ count, values, present }: VectorBlock) => {
    for (let row = 0, i = 0; row < count; row++) {
      for (let step = 0; step < steps; step++, i++) {
        if (present[i] === 0) continue;
        const result = node.swapped ? apply(scalar[step]!, values[i]!) : apply(values[i]!, scalar[step]!);
        if (!filters) values[i] = result;
        else if (result === 0) present[i] = 0;
      }
    }
  };
  return mapped(operand, { context, dropName: !filters, change });
}

/** Runs the operand on one step and repeats the answer. */
async function stepInvariant(node: StepInvariant, grid: Grid, context: QueryContext): Promise<VectorStream> {
  const { steps } = grid;
  if (steps === 0) return { steps, series: [] as readonly VectorSeries[], async *blocks() {} };
  const one: Grid = { start: grid.start, step: 0, steps: 1 };
  context.counts?.enterInvariant(one, grid);
  const once = await runVector(node.expr, one, context);
  if (steps === 1) return once;
  return {
    steps,
    series: once.series,
    async *blocks() {
      for await (const { first, count, values, present } of once.blocks()) {
        const wide = { first, count, values: new Float64Array(count * steps), present: new Uint8Array(count * steps) };
        for (let row = 0; row < count; row++) {
          if (present[row] === 0) continue;
          wide.values.fill(values[row]!, row * steps, (row + 1) * steps);
          wide.present.fill(1, row * steps, (row + 1) * steps);
        }
        yield wide;
      }
    },
  };
}

function checkCountValuesLabel(label: string): void {
  if (!isLabelName(label)) throw new QueryError('execution', `invalid label name ${goQuote(label)}`);
}
