import type { Labels } from '../../storage/labels.ts';
import { MatrixJoin } from '../matrix-join.ts';
import { isRange, isScalar, type PlanNode, type VectorNode } from '../plan/nodes.ts';
import { operandsOf } from '../plan/operands.ts';
import { type MatrixSeries, QueryError, type QueryValue } from '../query-result.ts';
import type { Catalog } from './catalog.ts';
import { estimate } from './estimate.ts';
import { finished } from './execute-instant.ts';
import { type Grid, gridOf } from './grid.ts';
import { OverBudget, type QueryContext } from './query-context.ts';
import { runVector } from './run.ts';
import type { VectorBlock, VectorSeries } from './vector.ts';

export interface RangeExecution {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  /** How long a slice is at most, in milliseconds. */
  readonly sliceLength: number;
  /** About how many samples a slice reads. */
  readonly sliceSamples: number;
}

/** What a range is executed with. */
export interface RangeRun {
  readonly catalog: Catalog;
  /** A context for one slice; closed when the slice is done. */
  readonly newContext: () => QueryContext;
}

/**
 * The plan's values at every step of a range. What a step yields depends on nothing that another step yields, so the
 * range can be cut anywhere: each slice runs the whole plan on its own steps, reading its own lookback, and its rows are
 * appended to those of the slices before. While one slice is computed, the samples of the next are on their way.
 */
export async function executeRange(plan: PlanNode, range: RangeExecution, run: RangeRun): Promise<QueryValue> {
  const root = rootOf(plan);
  const whole = gridOf(range.start, range.end, range.step);
  const { samples } = await estimate(root, whole, run.catalog);
  const length = Math.min(range.sliceLength, (whole.steps * whole.step) / Math.ceil(samples / range.sliceSamples || 1));
  const slices = [...slicesOf(whole, Math.max(length, 4 * furthestLook(plan)))].reverse();
  const result = new Result(run.newContext());
  let ahead: Promise<SliceRows> | undefined;
  let readAhead = true;
  for (let slice = slices.pop(); slice !== undefined; slice = slices.pop()) {
    const current = ahead ?? runSlice(root, slice, run);
    const next = readAhead ? slices.at(-1) : undefined;
    ahead = next === undefined ? undefined : runSlice(root, next, run);
    // Whoever awaits it hears of its failure; when this slice fails first, nobody does.
    ahead?.catch(() => {});
    const rows = await orOverBudget(current);
    if (!(rows instanceof OverBudget)) {
      result.append(slice, rows);
      continue;
    }
    // A slice that is too much is tried again alone and in halves: only one step that is too much is too much.
    if (slice.steps === 1 && ahead === undefined) throw rows;
    await ahead?.catch(() => {});
    ahead = undefined;
    readAhead = false;
    slices.push(...(slice.steps === 1 ? [slice] : halvesOf(slice).reverse()));
  }
  return { type: 'matrix', series: result.finish() };
}

async function orOverBudget(rows: Promise<SliceRows>): Promise<SliceRows | OverBudget> {
  try {
    return await rows;
  } catch (error) {
    if (error instanceof OverBudget) return error;
    throw error;
  }
}

/** What a slice yields. */
interface SliceRows {
  readonly series: readonly VectorSeries[];
  readonly blocks: readonly VectorBlock[];
}

async function runSlice(root: VectorNode, slice: Grid, run: RangeRun): Promise<SliceRows> {
  const context = run.newContext();
  try {
    context.counts?.enter(slice);
    context.hold(slice.steps);
    const stream = await finished(await runVector(root, slice, context), context);
    const blocks: VectorBlock[] = [];
    for await (const block of stream.blocks()) {
      context.hold(block.count * slice.steps);
      blocks.push(block);
      await context.check();
    }
    return { series: stream.series, blocks };
  } finally {
    context.close();
  }
}

function halvesOf({ start, step, steps }: Grid): [Grid, Grid] {
  const first = steps >> 1;
  return [
    { start, step, steps: first },
    { start: start + first * step, step, steps: steps - first },
  ];
}

function rootOf(plan: PlanNode): VectorNode {
  if (isScalar(plan)) return { kind: 'vector-of', expr: plan };
  if (plan.kind === 'string' || isRange(plan)) {
    const type = plan.kind === 'string' ? 'string' : 'range vector';
    throw new QueryError(
      'bad_data',
      `invalid expression type "${type}" for range query, must be Scalar or instant Vector`,
    );
  }
  return plan;
}

/** The longest stretch before a step of which the plan reads samples. */
function furthestLook(node: PlanNode): number {
  const below = operandsOf(node).reduce((most, operand) => Math.max(most, furthestLook(operand)), 0);
  switch (node.kind) {
    case 'select':
    case 'smoothed-select':
    case 'range-select':
    case 'extended-range-select':
      return node.readBack;
    case 'info':
      return Math.max(node.lookback, below);
    case 'subquery':
      return node.range + below;
    default:
      return below;
  }
}

function* slicesOf(whole: Grid, length: number): Generator<Grid> {
  const stepsPerSlice = Math.max(1, Math.ceil(length / Math.max(1, whole.step)));
  for (let first = 0; first < whole.steps; first += stepsPerSlice) {
    const steps = Math.min(stepsPerSlice, whole.steps - first);
    yield { start: whole.start + first * whole.step, step: whole.step, steps };
  }
}

/** The series of the answer while slices are appended to them. */
class Result {
  readonly #join = new MatrixJoin();
  readonly #context: QueryContext;

  /** What is appended is counted by this context. */
  constructor(context: QueryContext) {
    this.#context = context;
  }

  append(slice: Grid, { series, blocks }: SliceRows): void {
    const { steps } = slice;
    for (const { first, count, values, present } of blocks) {
      for (let row = 0; row < count; row++) {
        const [from, to] = [row * steps, (row + 1) * steps];
        const part = { values: values.subarray(from, to), present: present.subarray(from, to) };
        this.#appendRow(series[first + row]!.labels, slice, part);
      }
    }
  }

  #appendRow(labels: Labels, slice: Grid, row: { values: Float64Array; present: Uint8Array }): void {
    let count = 0;
    for (let step = 0; step < slice.steps; step++) count += row.present[step]!;
    if (count === 0) return;
    this.#context.hold(count, count * BYTES_OF_POINT);
    const timestamps = new Float64Array(count);
    const values = new Float64Array(count);
    for (let step = 0, i = 0; step < slice.steps; step++) {
      if (row.present[step] === 0) continue;
      timestamps[i] = slice.start + step * slice.step;
      values[i++] = row.values[step]!;
    }
    this.#join.append(labels, { timestamps, values });
  }

  finish(): readonly MatrixSeries[] {
    return this.#join.finish();
  }
}

/** A timestamp and a value. */
const BYTES_OF_POINT = 16;
