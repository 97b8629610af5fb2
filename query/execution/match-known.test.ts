import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { planFromAst } from '../plan/from-ast.ts';
import type { VectorBinary } from '../plan/nodes.ts';
import { parseExpr } from '../promql/parser.ts';
import { Annotations } from './annotations.ts';
import { Catalog } from './catalog.ts';
import { matchKnown } from './match-known.ts';
import { QueryContext } from './query-context.ts';
import { keepMemo, memoOf } from './series-memo.ts';
import { type Matrix, streamOf, type VectorSeries } from './vector.ts';
import { vectorBinary } from './vector-matching.ts';

const { signal } = new AbortController();

function newContext(delayedNameRemoval = false): QueryContext {
  const { querier } = createMemoryStorage();
  return new QueryContext({
    catalog: new Catalog(querier, signal),
    signal,
    annotations: new Annotations(''),
    budget: { maxSamples: 1e6, maxBytes: 1e9, maxSeries: 1e6, heldSamples: 0, heldBytes: 0, peakSamples: 0 },
    delayedNameRemoval,
    isRange: false,
  });
}

function nodeOf(expr: string): VectorBinary {
  const node = planFromAst(parseExpr(expr), {
    start: 0,
    end: 0,
    step: 0,
    lookback: 300_000,
    evaluationInterval: 60_000,
  });
  if (node.kind !== 'vector-binary') throw new Error(`not an operator between vectors: ${expr}`);
  return node;
}

function matrix(series: readonly VectorSeries[], values: readonly (number | undefined)[]): Matrix {
  return {
    steps: 1,
    series,
    values: Float64Array.from(series, (_, i) => values[i] ?? 0),
    present: Uint8Array.from(series, (_, i) => (values[i] === undefined ? 0 : 1)),
  };
}

function seriesOf(name: string, labels: readonly Readonly<Record<string, string>>[]): VectorSeries[] {
  return labels.map((own) => ({ labels: Labels.from({ __name__: name, ...own }), dropName: false }));
}

async function outcome(node: VectorBinary, left: Matrix, right: Matrix, delayed: boolean): Promise<unknown> {
  const context = newContext(delayed);
  try {
    const { series, ...rows } = await context.materialise(
      await vectorBinary(node, { left: streamOf(left), right: streamOf(right) }, context),
    );
    return series.flatMap(({ labels, dropName }, i) =>
      rows.present[i] === 0 ? [] : [[labels.toString(), dropName, rows.values[i]]],
    );
  } catch (error) {
    return String(error);
  }
}

const EXPRESSIONS = [
  'a / on (x) b',
  'a > on (x) b',
  'a > bool on (x) b',
  'a / ignoring (y) b',
  'a <= ignoring (y) b',
  'a * on (x) group_left b',
  'a * on (x) group_left (z) b',
  'a * on (x) group_right (z) b',
  'a != on (x) group_right (y) b',
  'a - b',
];

describe('pairs that are kept', () => {
  it('are what would be found anew, whatever is there from time to time', async () => {
    const names = fc.record({
      x: fc.constantFrom('1', '2', '3'),
      y: fc.constantFrom('', '1', '2'),
      z: fc.constantFrom('', '1'),
    });
    const sides = fc.uniqueArray(names, { maxLength: 6, selector: (one) => JSON.stringify(one) });
    const values = fc.array(fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 3 }), {
      minLength: 6,
      maxLength: 6,
    });
    const rounds = fc.array(fc.tuple(values, values), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...EXPRESSIONS),
        fc.tuple(sides, sides),
        fc.boolean(),
        rounds,
        async (expr, [leftLabels, rightLabels], delayed, all) => {
          const node = nodeOf(expr);
          const left = seriesOf('a', leftLabels);
          const right = seriesOf('b', rightLabels);
          const kept = { left: keepMemo([...left]), right: keepMemo([...right]) };
          for (const [leftValues, rightValues] of all) {
            const found = await outcome(node, matrix(kept.left, leftValues), matrix(kept.right, rightValues), delayed);
            const anew = await outcome(node, matrix([...left], leftValues), matrix([...right], rightValues), delayed);
            expect(found).toEqual(anew);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('give the same array of series as long as the same are there', () => {
    const node = nodeOf('a / on (x) b');
    const labels = [{ x: '1' }, { x: '2' }, { x: '3' }];
    const left = keepMemo(seriesOf('a', labels));
    const right = keepMemo(seriesOf('b', labels));
    const pair = (values: readonly (number | undefined)[]) =>
      matchKnown(node, { many: matrix(left, values), one: matrix(right, [2, 2, 2]), swapped: false }, newContext())!;
    const first = pair([1, 2, 3]).series;
    expect(first.map(({ labels: own }) => own.toString())).toEqual(['{x="1"}', '{x="2"}', '{x="3"}']);
    expect(pair([4, 5, 6]).series).toBe(first);
    expect(memoOf(first)).toBeDefined();
    expect(pair([4, undefined, 6]).series).toEqual([first[0], first[2]]);
  });

  it('are left to the general way when a match is not unique', () => {
    const node = nodeOf('a / on (x) b');
    const left = keepMemo(
      seriesOf('a', [
        { x: '1', y: '1' },
        { x: '1', y: '2' },
      ]),
    );
    const right = keepMemo(seriesOf('b', [{ x: '1' }]));
    const pair = (values: readonly (number | undefined)[]) =>
      matchKnown(node, { many: matrix(left, values), one: matrix(right, [1]), swapped: false }, newContext());
    expect(pair([1, undefined])?.series).toHaveLength(1);
    expect(pair([1, 1])).toBeUndefined();
  });
});
