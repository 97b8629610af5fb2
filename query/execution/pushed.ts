import type { GridAggregate, GridFunction, GridRequest } from '../../storage/grid-request.ts';
import type { SeriesSet } from '../../storage/series.ts';
import type { Aggregate, Pushable, Pushed, RangeCall, RangeSelect, Select } from '../plan/nodes.ts';
import { groupedSeries } from './aggregate.ts';
import { endOf, type Grid, referenceTimes } from './grid.ts';
import { groupSeries } from './grouping.ts';
import { mergeSameLabels } from './merge-same-labels.ts';
import type { QueryContext } from './query-context.ts';
import { infoOfNoCounter, KEEPS_NAME, mightBeNoCounter, nameDropped } from './range-call.ts';
import type { RunVector } from './range-source.ts';
import { type Matrix, streamOf, type VectorSeries, type VectorStream } from './vector.ts';

type Leaf = Exclude<Pushable, { kind: 'aggregate' }>;

/** What is asked of the store, and of which series. */
interface Question {
  readonly leaf: Leaf;
  readonly set: SeriesSet;
  /** The series as the leaf yields them. */
  readonly series: readonly VectorSeries[];
  readonly request: GridRequest;
}

/**
 * Has the store compute what it can, and runs the operators themselves where it cannot, or where only the samples tell
 * what the answer is to be.
 */
export async function pushed(
  { expr }: Pushed,
  grid: Grid,
  { context, run }: { context: QueryContext; run: RunVector },
): Promise<VectorStream> {
  const question = await questionOf(expr, grid, context);
  const answer =
    question &&
    (expr.kind === 'aggregate' ? await ofGroups(expr, question, context) : await ofSeries(question, context));
  return answer ?? run(expr, grid);
}

async function questionOf(expr: Pushable, grid: Grid, context: QueryContext): Promise<Question | undefined> {
  // Only the samples themselves can be counted by step.
  if (context.counts !== undefined) return undefined;
  const leaf = leafOf(expr);
  const selector: Select | RangeSelect = leaf.kind === 'select' ? leaf : leaf.source;
  const times = referenceTimes(grid, selector);
  if (times.steps === 0 || (times.steps > 1 && times.step === 0)) return undefined;
  const { matchers, readBack } = selector;
  // The same selection as when samples are read, so that the same series count.
  const selection = { matchers, start: times.start - readBack + 1, end: endOf(times) };
  const set = await context.find(selection);
  if (set.grids === undefined) return undefined;
  context.countSeries(selection, set.series.length);
  const drops = leaf.kind === 'range-call' && !KEEPS_NAME.has(leaf.func);
  const series = set.series.map((labels) => {
    const own: VectorSeries = { labels, dropName: false };
    return drops ? nameDropped(own, context) : own;
  });
  const window = leaf.kind === 'select' ? leaf.lookback : leaf.source.range;
  return { leaf, set, series, request: { func: functionOf(leaf), ...times, window, grouping: undefined } };
}

function leafOf(expr: Pushable): Leaf {
  if (expr.kind !== 'aggregate') return expr;
  return leafOf(expr.expr.kind === 'pushed' ? expr.expr.expr : expr.expr);
}

function functionOf(leaf: Leaf): GridFunction {
  if (leaf.kind === 'select') return leaf.output;
  return leaf.func === 'last_over_time' ? 'last' : (leaf.func as GridFunction);
}

async function ofSeries({ leaf, set, series, request }: Question, context: QueryContext) {
  const matrix = await filled(set, { request, series }, context);
  if (matrix === undefined) return undefined;
  if (leaf.kind === 'select') return streamOf(matrix);
  annotate(leaf, set, { matrix, context });
  return context.delayedNameRemoval ? streamOf(matrix) : mergeSameLabels(streamOf(matrix), context);
}

function annotate(
  call: RangeCall,
  { series }: SeriesSet,
  { matrix, context }: { matrix: Matrix; context: QueryContext },
): void {
  const { present, steps } = matrix;
  for (const [row, labels] of series.entries()) {
    const own = { labels, dropName: false };
    if (!mightBeNoCounter(call, own)) continue;
    if (present.subarray(row * steps, (row + 1) * steps).includes(1)) infoOfNoCounter(call, own, context);
  }
}

async function ofGroups(
  node: Aggregate & { readonly op: GridAggregate },
  { leaf, set, series, request }: Question,
  context: QueryContext,
): Promise<VectorStream | undefined> {
  // Which series have values decides over an annotation, or over an error.
  if (leaf.kind === 'range-call' && set.series.some((labels) => mightBeNoCounter(leaf, { labels, dropName: false })))
    return undefined;
  if (!context.delayedNameRemoval && new Set(series.map(({ labels }) => labels.key)).size < series.length)
    return undefined;
  const groups = groupSeries(series, node.grouping);
  const grouping = { op: node.op, of: groups.of };
  const unnamed = new Uint8Array(groups.labels.length).fill(series[0]?.dropName === true ? 1 : 0);
  const grouped = { request: { ...request, grouping }, series: groupedSeries(groups, unnamed) };
  const matrix = await filled(set, grouped, context);
  return matrix && streamOf(matrix);
}

/** The rows that the store gives; undefined when it cannot, or when they are worth nothing. */
async function filled(
  set: SeriesSet,
  { request, series }: { request: GridRequest; series: readonly VectorSeries[] },
  context: QueryContext,
): Promise<Matrix | undefined> {
  if (worthless.has(set) && dependsOnOrder(request)) return undefined;
  const blocks = await set.grids!(request);
  if (blocks === undefined) return undefined;
  const { steps } = request;
  context.hold(series.length * steps);
  const values = new Float64Array(series.length * steps);
  const present = new Uint8Array(series.length * steps);
  let finite = true;
  for await (const rows of blocks) {
    for (const row of rows) {
      finite &&= row.finite;
      values.set(row.values, row.row * steps);
      present.set(row.present, row.row * steps);
      context.stats.samplesRead += row.samples;
    }
    await context.check();
  }
  const matrix = { steps, series, values, present };
  if ((finite || !DIFFERENCES.has(request.func)) && (!isSum(request) || allFinite(matrix))) return matrix;
  worthless.add(set);
  context.release(matrix);
  return undefined;
}

/** Sets with values that made an answer worth nothing: the next slice, or the series in place of their groups, would fare alike. */
const worthless = new WeakSet<SeriesSet>();

const DIFFERENCES: ReadonlySet<GridFunction> = new Set(['rate', 'increase', 'delta', 'irate', 'idelta']);

function dependsOnOrder(request: GridRequest): boolean {
  return isSum(request) || DIFFERENCES.has(request.func);
}

function isSum({ grouping }: GridRequest): boolean {
  return grouping?.op === 'sum' || grouping?.op === 'avg';
}

function allFinite({ values, present }: Matrix): boolean {
  return values.every((value, i) => present[i] === 0 || Number.isFinite(value));
}
