import { Labels } from '../../storage/labels.ts';
import type { Sort } from '../plan/nodes.ts';
import type { QueryContext } from './query-context.ts';
import { type Matrix, streamOf, type VectorStream } from './vector.ts';

/** sort and its kin: orders the series of an instant query; over a range they are ordered by labels anyway. */
export async function sort(node: Sort, operand: VectorStream, context: QueryContext): Promise<VectorStream> {
  if (context.isRange) {
    context.annotations.warn(
      'sort is ineffective for range queries since results are always ordered by labels',
      node.span,
    );
    return operand;
  }
  if (operand.steps !== 1) return operand;
  const matrix = await context.materialise(operand);
  const order = [...matrix.series.keys()].filter((index) => matrix.present[index] === 1);
  const compare = node.by === 'value' ? byValue(matrix, node.descending) : byLabels(matrix, node);
  order.sort(compare);
  return streamOf({
    steps: 1,
    series: order.map((index) => matrix.series[index]!),
    values: Float64Array.from(order, (index) => matrix.values[index]!),
    present: new Uint8Array(order.length).fill(1),
  });
}

/** NaN comes last whichever way the rest goes. */
function byValue({ values }: Matrix, descending: boolean): (a: number, b: number) => number {
  return (a, b) => {
    const x = values[a]!;
    const y = values[b]!;
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    if (x === y) return 0;
    return x < y === descending ? 1 : -1;
  };
}

function byLabels({ series }: Matrix, { labels, descending }: Sort): (a: number, b: number) => number {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    for (const name of labels) {
      const order = naturalCompare(series[a]!.labels.get(name), series[b]!.labels.get(name));
      if (order !== 0) return sign * order;
    }
    return sign * Labels.compare(series[a]!.labels, series[b]!.labels);
  };
}

/** Runs of digits compare as numbers: node2 comes before node10. */
function naturalCompare(a: string, b: string): number {
  const x = a.match(/\d+|\D+/g) ?? [];
  const y = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const p = x[i]!;
    const q = y[i]!;
    if (p === q) continue;
    if (/^\d/.test(p) && /^\d/.test(q)) {
      const [m, n] = [p.replace(/^0+/, ''), q.replace(/^0+/, '')];
      if (m.length !== n.length) return m.length - n.length;
      if (m !== n) return m < n ? -1 : 1;
      continue;
    }
    return p < q ? -1 : 1;
  }
  return x.length - y.length || (a < b ? -1 : a > b ? 1 : 0);
}
