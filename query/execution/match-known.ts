import { binaryFunction, isComparison } from '../plan/binary-function.ts';
import type { VectorBinary } from '../plan/nodes.ts';
import { groupKeys } from './grouping.ts';
import { pairedSeries } from './paired-series.ts';
import type { QueryContext } from './query-context.ts';
import { type KnownPairs, keepMemo, memoOf } from './series-memo.ts';
import { type Matrix, streamOf, type VectorSeries, type VectorStream } from './vector.ts';

/**
 * An operator between two vectors of one step whose series are kept: what pairs up was found out before, and no label is looked
 * at. Undefined when that is not so, and where the general way has something to say: a value that is filled in, a match that is
 * not unique, pairs with the same labels.
 */
export function matchKnown(
  node: VectorBinary,
  { many, one, swapped }: { readonly many: Matrix; readonly one: Matrix; readonly swapped: boolean },
  context: QueryContext,
): VectorStream | undefined {
  const { matching } = node;
  if (many.steps !== 1 || matching.fillLeft !== undefined || matching.fillRight !== undefined) return undefined;
  const pairs = pairsOf(node, { many, one }, context);
  if (pairs === undefined) return undefined;
  const partners = partnersAmong(one, pairs);
  if (partners === undefined) return undefined;
  const taken = matching.card === 'one-to-one' ? new Uint8Array(pairs.groups) : undefined;
  const apply = binaryFunction(node.op);
  const filters = isComparison(node.op) && !node.returnBool;
  const { length } = many.series;
  const series: VectorSeries[] = [];
  const values = new Float64Array(length);
  const present = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    if (many.present[i] === 0) continue;
    const group = pairs.ofMany[i]!;
    const partner = partners[group]!;
    if (partner < 0) continue;
    if (taken?.[group] === 1) return undefined;
    if (taken !== undefined) taken[group] = 1;
    const left = swapped ? one.values[partner]! : many.values[i]!;
    const right = swapped ? many.values[i]! : one.values[partner]!;
    const result = apply(left, right);
    const row = series.length;
    if (!filters || result !== 0) {
      values[row] = filters ? left : result;
      present[row] = 1;
    }
    if (pairs.partners[i] !== partner) {
      pairs.partners[i] = partner;
      pairs.paired[i] = pairedSeries(node, { many: many.series[i]!, one: one.series[partner]! }, context);
      pairs.areDistinct = undefined;
    }
    series.push(pairs.paired[i]!);
  }
  pairs.areDistinct ??= areDistinct(pairs.paired);
  if (!pairs.areDistinct) return undefined;
  context.hold(series.length);
  return streamOf({ steps: 1, series: kept(pairs, series), values, present });
}

/** The series of the "one" side that counts in each group, -1 for none; undefined when there are two. */
function partnersAmong(one: Matrix, { groups, ofOne }: KnownPairs): Int32Array | undefined {
  const partners = new Int32Array(groups).fill(-1);
  for (let i = 0; i < ofOne.length; i++) {
    if (one.present[i] === 0) continue;
    if (partners[ofOne[i]!]! >= 0) return undefined;
    partners[ofOne[i]!] = i;
  }
  return partners;
}

function pairsOf(
  node: VectorBinary,
  { many, one }: { readonly many: Matrix; readonly one: Matrix },
  { delayedNameRemoval }: QueryContext,
): KnownPairs | undefined {
  const memo = memoOf(many.series);
  if (memo === undefined || memoOf(one.series) === undefined) return undefined;
  const { mode, labels, card, include } = node.matching;
  const kind = isComparison(node.op) ? (node.returnBool ? 'bool' : 'comparison') : 'arithmetic';
  const text = JSON.stringify([mode, labels, card, include, kind, delayedNameRemoval]);
  let pairs = memo.pairs.get(text);
  if (pairs?.one !== one.series) {
    const selection = { mode, labels };
    pairs = newPairs(one.series, groupKeys(many.series, selection), groupKeys(one.series, selection));
    memo.pairs.set(text, pairs);
  }
  return pairs;
}

function newPairs(one: readonly VectorSeries[], manyKeys: readonly string[], oneKeys: readonly string[]): KnownPairs {
  const groups = new Map<string, number>();
  const groupOf = (key: string): number => {
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = groups.size));
    return group;
  };
  return {
    one,
    ofMany: Uint32Array.from(manyKeys, groupOf),
    ofOne: Uint32Array.from(oneKeys, groupOf),
    groups: groups.size,
    partners: new Int32Array(manyKeys.length).fill(-1),
    paired: new Array<VectorSeries | undefined>(manyKeys.length).fill(undefined),
    areDistinct: undefined,
    last: [],
  };
}

function areDistinct(paired: readonly (VectorSeries | undefined)[]): boolean {
  const keys = new Set<string>();
  let count = 0;
  for (const one of paired) {
    if (one === undefined) continue;
    keys.add(one.labels.key);
    count++;
  }
  return keys.size === count;
}

/** The array of the time before when it has the same series, so that what follows from them is known too. */
function kept(pairs: KnownPairs, series: readonly VectorSeries[]): readonly VectorSeries[] {
  const { last } = pairs;
  if (last.length !== series.length || last.some((one, i) => one !== series[i])) pairs.last = keepMemo(series);
  return pairs.last;
}
