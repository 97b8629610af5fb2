import { QueryError } from '../query-result.ts';
import type { AggregateInput } from './aggregate.ts';
import { BestValues } from './best-values.ts';
import { formatGo } from './format-value.ts';
import { hashPlace } from './label-hash.ts';
import { type Matrix, streamOf, type VectorStream } from './vector.ts';

/**
 * topk, bottomk, limitk and limit_ratio: aggregations that pass some of their operand's series on as they are.
 * topk(1, …) of a 1 5 and b 2 3 -> a - 5 and b 2 -
 */
export async function aggregateSelection(input: AggregateInput): Promise<VectorStream> {
  const { node, operand, groups, context } = input;
  const param = input.param as Float64Array;
  const ratio = node.op === 'limit_ratio';
  const limits = ratio ? checkRatios(input, param) : checkCounts(param);
  const matrix = await context.materialise(operand);
  const { steps } = matrix;
  const places = ratio ? Float64Array.from(matrix.series, ({ labels }) => hashPlace(labels)) : NO_PLACES;
  const kept = new Uint8Array(matrix.present.length);
  const order: number[] = [];
  const candidates: number[] = [];
  const best = new BestValues(node.op === 'bottomk' ? 'smallest' : 'largest');
  for (const members of groups.members) {
    await context.check();
    for (let step = 0; step < steps; step++) {
      candidates.length = 0;
      for (const series of members) if (matrix.present[series * steps + step] === 1) candidates.push(series);
      const chosen = ratio
        ? candidates.filter((series) => isInRatio(places[series]!, limits[step]!))
        : choose(node.op as 'topk', candidates, { matrix, step, limit: limits[step]!, best });
      for (const series of chosen) kept[series * steps + step] = 1;
      // The order of an instant answer is that of the ranks.
      if (steps === 1) order.push(...chosen);
    }
  }
  const { series, values } = matrix;
  if (steps !== 1) return streamOf({ steps, series, values, present: kept });
  return streamOf({
    steps,
    series: order.map((index) => series[index]!),
    values: Float64Array.from(order, (index) => values[index]!),
    present: new Uint8Array(order.length).fill(1),
  });
}

function choose(
  op: 'topk' | 'bottomk' | 'limitk',
  candidates: readonly number[],
  { matrix, step, limit, best }: { matrix: Matrix; step: number; limit: number; best: BestValues },
): readonly number[] {
  if (limit < 1) return [];
  if (op === 'limitk') return candidates.slice(0, limit);
  best.reset(limit);
  for (const series of candidates) best.offer(series, matrix.values[series * matrix.steps + step]!);
  return best.ranked();
}

const NO_PLACES = new Float64Array(0);

/** A series has a fixed place in 0..1, so the same series are in the same ratio on every evaluation. */
function isInRatio(place: number, ratio: number): boolean {
  return ratio >= 0 ? place < ratio : place >= 1 + ratio;
}

function checkCounts(param: Float64Array): Float64Array {
  const limits = new Float64Array(param.length);
  // Prometheus answers with nothing before it looks for numbers that are too small.
  if (param.every((value) => value < 1)) return limits;
  for (let step = 0; step < param.length; step++) {
    const value = param[step]!;
    if (Number.isNaN(value)) throw new QueryError('execution', 'Parameter value is NaN');
    if (Math.abs(value) >= 2 ** 63) {
      throw new QueryError('execution', `Scalar value ${formatGo(value)} ${value > 0 ? 'over' : 'under'}flows int64`);
    }
    limits[step] = Math.trunc(value);
  }
  return limits;
}

function checkRatios({ node, context }: AggregateInput, param: Float64Array): Float64Array {
  const limits = new Float64Array(param.length);
  for (let step = 0; step < param.length; step++) {
    const value = param[step]!;
    if (Number.isNaN(value)) throw new QueryError('execution', 'Ratio value is NaN');
    limits[step] = Math.max(-1, Math.min(1, value));
    if (limits[step] === value) continue;
    context.annotations.warn(
      `ratio value should be between -1 and 1, got ${formatGo(value)}, capping to ${limits[step]}`,
      node.paramSpan,
      node.span,
    );
  }
  return limits;
}
