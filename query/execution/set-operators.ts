import type { SetBinary } from '../plan/nodes.ts';
import { groupKeys } from './grouping.ts';
import { mergeSameLabels } from './merge-same-labels.ts';
import type { QueryContext } from './query-context.ts';
import { type Matrix, streamOf, type VectorStream } from './vector.ts';

/**
 * and, or, unless: which of the left side's series stay (and, for or, which of the right side's join them) depends on
 * whether the other side has, at that step, any series with the same matching labels.
 * {a="1"} 1 2 and {a="1"} - 5 -> {a="1"} - 2
 */
export async function setBinary(
  node: SetBinary,
  sides: { readonly left: VectorStream; readonly right: VectorStream },
  context: QueryContext,
): Promise<VectorStream> {
  const selection = { mode: node.matching.mode, labels: node.matching.labels };
  const leftKeys = groupKeys(sides.left.series, selection);
  const rightKeys = groupKeys(sides.right.series, selection);
  const left = await context.materialise(sides.left);
  const right = await context.materialise(sides.right);
  switch (node.op) {
    case 'and':
    case 'unless': {
      const there = presenceByKey(right, rightKeys);
      keepWhere(left, leftKeys, { there, wanted: node.op === 'and' ? 1 : 0 });
      return streamOf(left);
    }
    case 'or': {
      keepWhere(right, rightKeys, { there: presenceByKey(left, leftKeys), wanted: 0 });
      const both = await context.materialise(concatenated(left, right));
      return mergeSameLabels(streamOf(both), context);
    }
    default:
      return node.op satisfies never;
  }
}

/** For each key, at which steps any series of the matrix with that key has a value. */
function presenceByKey(matrix: Matrix, keys: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const { steps, present } = matrix;
  const there = new Map<string, Uint8Array>();
  for (const [series, key] of keys.entries()) {
    const row = present.subarray(series * steps, (series + 1) * steps);
    const known = there.get(key);
    // A copy: the rows of `present` may be changed while the map is in use.
    if (known === undefined) there.set(key, row.slice());
    else for (let step = 0; step < steps; step++) known[step]! |= row[step]!;
  }
  return there;
}

function keepWhere(
  { steps, present }: Matrix,
  keys: readonly string[],
  { there, wanted }: { there: ReadonlyMap<string, Uint8Array>; wanted: 0 | 1 },
): void {
  for (const [series, key] of keys.entries()) {
    const other = there.get(key);
    for (let step = 0, at = series * steps; step < steps; step++, at++) {
      if ((other === undefined ? 0 : other[step]!) !== wanted) present[at] = 0;
    }
  }
}

function concatenated(left: Matrix, right: Matrix): VectorStream {
  const { steps } = left;
  return {
    steps,
    series: [...left.series, ...right.series],
    async *blocks() {
      for (const [first, side] of [[0, left] as const, [left.series.length, right] as const]) {
        const { series, values, present } = side;
        if (series.length > 0) yield { first, count: series.length, values, present };
      }
    },
  };
}
