import type { Aggregate } from '../plan/nodes.ts';
import { type AggregateInput, groupedSeries } from './aggregate.ts';
import { formatPlain } from './format-value.ts';
import { quantile } from './quantile.ts';
import type { QueryContext } from './query-context.ts';
import { warnOfQuantile } from './range-call.ts';
import { type Matrix, newBlock, streamOf, type VectorSeries, type VectorStream } from './vector.ts';

/** quantile and count_values: aggregations that need all values of a group at a step side by side. */
export async function aggregateValues(input: AggregateInput): Promise<VectorStream> {
  const matrix = await input.context.materialise(input.operand);
  const result = await (input.node.op === 'quantile' ? quantiles(input, matrix) : countValues(input, matrix));
  input.context.release(matrix);
  return result;
}

async function quantiles({ node, param, groups, context }: AggregateInput, matrix: Matrix): Promise<VectorStream> {
  const { steps } = matrix;
  const q = param as Float64Array;
  const result = newBlock(0, groups.labels.length, steps);
  const dropName = new Uint8Array(groups.labels.length);
  context.hold(result.values.length);
  warnOfQuantiles(q, node, context);
  for (const [group, members] of groups.members.entries()) {
    await context.check();
    const scratch = new Float64Array(members.length);
    for (let step = 0; step < steps; step++) {
      let count = 0;
      for (const series of members) {
        if (matrix.present[series * steps + step] === 0) continue;
        scratch[count++] = matrix.values[series * steps + step]!;
        if (matrix.series[series]!.dropName) dropName[group] = 1;
      }
      if (count === 0) continue;
      result.values[group * steps + step] = quantile(q[step]!, scratch.subarray(0, count));
      result.present[group * steps + step] = 1;
    }
  }
  return streamOf({ steps, series: groupedSeries(groups, dropName), ...result });
}

/** One warning for NaN, one for the largest that is too large, one for the smallest that is too small. */
function warnOfQuantiles(q: Float64Array, { paramSpan: span, span: about }: Aggregate, context: QueryContext): void {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of q) {
    if (Number.isNaN(value)) warnOfQuantile(value, { span, about }, context);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (most > 1) warnOfQuantile(most, { span, about }, context);
  if (least < 0) warnOfQuantile(least, { span, about }, context);
}

/**
 * How often each value occurs, with the value as a label: {v="1"} 2 for two series with the value 1. The label may
 * overwrite one that the groups differ in; what becomes the same is counted together.
 */
async function countValues({ node, param, groups, context }: AggregateInput, matrix: Matrix): Promise<VectorStream> {
  const { steps } = matrix;
  const { mode, labels: listed } = node.grouping;
  // `without` takes the label away again.
  const label = mode === 'without' && listed.includes(param as string) ? undefined : (param as string);
  const rows = new Map<string, { series: VectorSeries; counts: Float64Array }>();
  for (const [group, members] of groups.members.entries()) {
    await context.check();
    const byValue = new Map<number | '-0', Float64Array>();
    for (const series of members) {
      const { dropName } = matrix.series[series]!;
      for (let step = 0; step < steps; step++) {
        const at = series * steps + step;
        if (matrix.present[at] === 0) continue;
        const value = matrix.values[at]!;
        // To a Map 0 and -0 are the same.
        const key = Object.is(value, -0) ? '-0' : value;
        let counts = byValue.get(key);
        if (counts === undefined) {
          const common = groups.labels[group]!;
          const labels = label === undefined ? common : common.with(label, formatPlain(value));
          let row = rows.get(labels.key);
          if (row === undefined) {
            context.hold(steps);
            rows.set(labels.key, (row = { series: { labels, dropName }, counts: new Float64Array(steps) }));
          }
          byValue.set(key, (counts = row.counts));
        }
        counts[step]!++;
      }
    }
  }
  const result = newBlock(0, rows.size, steps);
  const series: VectorSeries[] = [];
  for (const row of rows.values()) {
    const at = series.length * steps;
    result.values.set(row.counts, at);
    for (let step = 0; step < steps; step++) result.present[at + step] = row.counts[step]! > 0 ? 1 : 0;
    series.push(row.series);
  }
  return streamOf({ steps, series, ...result });
}
