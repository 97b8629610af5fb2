import { Labels } from '../../storage/labels.ts';
import { isRange, isScalar, type PlanNode, type VectorNode } from '../plan/nodes.ts';
import { operandsOf } from '../plan/operands.ts';
import { type MatrixSeries, QueryError, type QueryValue } from '../query-result.ts';
import { finished } from './execute-instant.ts';
import { type Grid, gridOf } from './grid.ts';
import { type QueryContext, TOO_MANY_SAMPLES } from './query-context.ts';
import { runVector } from './run.ts';
import type { VectorBlock } from './vector.ts';

export interface RangeExecution {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  /** How long a slice is at least, in milliseconds. */
  readonly sliceLength: number;
}

/**
 * The plan's values at every step of a range. What a step yields depends on nothing that another step yields, so the
 * range can be cut anywhere: each slice runs the whole plan on its own steps, reading its own lookback, and its rows are
 * appended to those of the slices before. This is where slices could run in parallel, or come from a cache.
 * `newContext` is told how many samples the result holds so far.
 */
export async function executeRange(
  plan: PlanNode,
  range: RangeExecution,
  newContext: (held: number) => QueryContext,
): Promise<QueryValue> {
  const root = rootOf(plan);
  const whole = gridOf(range.start, range.end, range.step);
  const result = new Result();
  const waiting = [...slicesOf(whole, Math.max(range.sliceLength, 4 * furthestLook(plan)))].reverse();
  for (let slice = waiting.pop(); slice !== undefined; slice = waiting.pop()) {
    const context = newContext(result.samples);
    try {
      await runSlice(root, slice, { context, result });
    } catch (error) {
      // A slice with too many samples in it is tried again in halves: only one step that is too much is too much.
      if (slice.steps === 1 || !isTooManySamples(error)) throw error;
      waiting.push(...halvesOf(slice).reverse());
    }
  }
  return { type: 'matrix', series: result.finish() };
}

/** Adds the rows of a slice to the result, all of them or none. */
async function runSlice(
  root: VectorNode,
  slice: Grid,
  { context, result }: { context: QueryContext; result: Result },
): Promise<void> {
  context.hold(slice.steps);
  const { steps } = slice;
  const stream = await finished(await runVector(root, slice, context), context);
  const blocks: VectorBlock[] = [];
  for await (const block of stream.blocks()) {
    context.hold(block.count * steps);
    blocks.push(block);
    await context.check();
  }
  for (const { first, count, values, present } of blocks) {
    for (let row = 0; row < count; row++) {
      const [from, to] = [row * steps, (row + 1) * steps];
      const part = { values: values.subarray(from, to), present: present.subarray(from, to) };
      result.append(stream.series[first + row]!.labels, slice, part);
    }
  }
}

function isTooManySamples(error: unknown): boolean {
  return error instanceof QueryError && error.message === TOO_MANY_SAMPLES;
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
  readonly #parts = new Map<string, { labels: Labels; parts: { timestamps: Float64Array; values: Float64Array }[] }>();
  samples = 0;

  append(labels: Labels, slice: Grid, row: { values: Float64Array; present: Uint8Array }): void {
    let count = 0;
    for (let step = 0; step < slice.steps; step++) count += row.present[step]!;
    if (count === 0) return;
    const timestamps = new Float64Array(count);
    const values = new Float64Array(count);
    for (let step = 0, i = 0; step < slice.steps; step++) {
      if (row.present[step] === 0) continue;
      timestamps[i] = slice.start + step * slice.step;
      values[i++] = row.values[step]!;
    }
    this.samples += count;
    const known = this.#parts.get(labels.key);
    if (known === undefined) this.#parts.set(labels.key, { labels, parts: [{ timestamps, values }] });
    else known.parts.push({ timestamps, values });
  }

  finish(): readonly MatrixSeries[] {
    const series: MatrixSeries[] = [];
    for (const { labels, parts } of this.#parts.values()) series.push({ labels, ...joined(parts) });
    return series.sort((a, b) => Labels.compare(a.labels, b.labels));
  }
}

function joined(parts: readonly { timestamps: Float64Array; values: Float64Array }[]): {
  timestamps: Float64Array;
  values: Float64Array;
} {
  if (parts.length === 1) return parts[0]!;
  const length = parts.reduce((sum, part) => sum + part.values.length, 0);
  const whole = { timestamps: new Float64Array(length), values: new Float64Array(length) };
  let at = 0;
  for (const { timestamps, values } of parts) {
    whole.timestamps.set(timestamps, at);
    whole.values.set(values, at);
    at += values.length;
  }
  return whole;
}
