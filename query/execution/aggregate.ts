import type { Aggregate } from '../plan/nodes.ts';
import { type Accumulator, newAccumulator } from './accumulators.ts';
import { aggregateSelection } from './aggregate-selection.ts';
import { aggregateValues } from './aggregate-values.ts';
import { type Groups, groupSeries } from './grouping.ts';
import type { QueryContext } from './query-context.ts';
import { streamOf, type VectorSeries, type VectorStream } from './vector.ts';

/** What an aggregation works with: its operand, the parameter per step, and the groups of the operand's series. */
export interface AggregateInput {
  readonly node: Aggregate;
  readonly operand: VectorStream;
  /** The scalar parameter at each step, or the string one. */
  readonly param: Float64Array | string | undefined;
  readonly groups: Groups;
  readonly context: QueryContext;
}

/**
 * Aggregation over series, step by step. Groups are found once, from the labels alone; then each block of the operand is
 * added to its groups and forgotten, unless the operator needs all values of a group side by side.
 * sum by (a) of {a="1",b="1"} 1 2, {a="1",b="2"} 3 - -> {a="1"} 4 2
 */
export async function aggregate(
  node: Aggregate,
  operand: VectorStream,
  { param, context }: { param: Float64Array | string | undefined; context: QueryContext },
): Promise<VectorStream> {
  const groups = groupSeries(operand.series, { mode: node.grouping.mode, labels: node.grouping.labels });
  const input: AggregateInput = { node, operand, param, groups, context };
  switch (node.op) {
    case 'topk':
    case 'bottomk':
    case 'limitk':
    case 'limit_ratio':
      return aggregateSelection(input);
    case 'quantile':
    case 'count_values':
      return aggregateValues(input);
    case 'sum':
    case 'avg':
    case 'count':
    case 'min':
    case 'max':
    case 'group':
    case 'stddev':
    case 'stdvar':
      return fold(input, newAccumulator(node.op, groups.labels.length * operand.steps));
    default:
      return node.op satisfies never;
  }
}

async function fold({ operand, groups, context }: AggregateInput, accumulator: Accumulator): Promise<VectorStream> {
  const { steps } = operand;
  context.hold(groups.labels.length * steps);
  const dropName = new Uint8Array(groups.labels.length);
  const cells = { at: 0, steps };
  for await (const block of operand.blocks()) {
    await context.check();
    for (let row = 0; row < block.count; row++) {
      const group = groups.of[block.first + row]!;
      cells.at = group * steps;
      const added = accumulator.add(block, row * steps, cells);
      if (added && operand.series[block.first + row]!.dropName) dropName[group] = 1;
    }
  }
  const { values, present } = accumulator.finish();
  return streamOf({ steps, series: groupedSeries(groups, dropName), values, present });
}

/** A group's name is to go when that of any of its members is. */
export function groupedSeries(groups: Groups, dropName: Uint8Array): readonly VectorSeries[] {
  if (!dropName.includes(1)) return groups.series;
  return groups.labels.map((labels, group) => ({ labels, dropName: dropName[group] === 1 }));
}
