import { isRange, isScalar, type PlanNode, type RangeNode } from '../plan/nodes.ts';
import { wellFormed } from '../promql/go-quote.ts';
import type { MatrixSeries, QueryValue, VectorSample } from '../query-result.ts';
import { extendedSamples } from './extended-kernels.ts';
import type { Grid } from './grid.ts';
import { mergeSameLabels } from './merge-same-labels.ts';
import { type QueryContext, withoutMetricName } from './query-context.ts';
import { rangeSource } from './range-source.ts';
import { runVector } from './run.ts';
import { runScalar } from './run-scalar.ts';
import type { VectorStream } from './vector.ts';

/** The plan's value at one time. */
export async function executeInstant(plan: PlanNode, time: number, context: QueryContext): Promise<QueryValue> {
  const grid: Grid = { start: time, step: 0, steps: 1 };
  context.counts?.enter(grid);
  if (plan.kind === 'string') return { type: 'string', timestamp: time, value: wellFormed(plan.value) };
  if (isRange(plan)) return { type: 'matrix', series: await rangeSamples(plan, grid, context) };
  if (isScalar(plan)) {
    const run = (node: Parameters<typeof runVector>[0]) => runVector(node, grid, context);
    const [value] = await runScalar(plan, grid, { context, run });
    return { type: 'scalar', timestamp: time, value: value! };
  }
  const stream = await finished(await runVector(plan, grid, context), context);
  const samples: VectorSample[] = [];
  for await (const block of stream.blocks()) {
    await context.check();
    for (let row = 0; row < block.count; row++) {
      if (block.present[row] === 0) continue;
      samples.push({ labels: stream.series[block.first + row]!.labels, timestamp: time, value: block.values[row]! });
    }
  }
  return { type: 'vector', samples };
}

/** With delayed name removal the names go now. */
export async function finished(stream: VectorStream, context: QueryContext): Promise<VectorStream> {
  if (!context.delayedNameRemoval) return stream;
  const series = stream.series.map(({ labels, dropName }) => ({
    labels: dropName ? context.withoutMetricName(labels) : labels,
    dropName: false,
  }));
  return mergeSameLabels({ steps: stream.steps, series, blocks: () => stream.blocks() }, context);
}

/** The samples themselves, for a query whose expression is a range vector. */
async function rangeSamples(node: RangeNode, grid: Grid, context: QueryContext): Promise<readonly MatrixSeries[]> {
  const source = await rangeSource(node, grid, { context, run: (expr, on) => runVector(expr, on, context) });
  const result: MatrixSeries[] = [];
  const end = (node.at ?? grid.start) - node.offset;
  for (const [index, series] of source.series.entries()) {
    const samples = source.samples(index);
    const labels = series.dropName ? withoutMetricName(series.labels) : series.labels;
    if (node.kind === 'extended-range-select') {
      const extended = extendedSamples(samples, { ...node, end });
      if (extended !== undefined) result.push({ labels, ...extended });
      continue;
    }
    const { timestamps, values } = samples;
    let first = 0;
    while (first < timestamps.length && timestamps[first]! <= end - node.range) first++;
    if (first === timestamps.length) continue;
    result.push({ labels, timestamps: timestamps.slice(first), values: values.slice(first) });
  }
  return result;
}
