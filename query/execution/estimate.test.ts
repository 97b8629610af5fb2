import { expect, test } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { planFromAst } from '../plan/from-ast.ts';
import { optimize } from '../plan/optimize.ts';
import { parseExpr } from '../promql/parser.ts';
import { Catalog } from './catalog.ts';
import { estimate } from './estimate.ts';
import { gridOf } from './grid.ts';
import { interleavingQuerier } from './interleaving-querier.case.ts';

const HOUR = 3_600_000;
const data = Array.from({ length: 10 }, (_, i) => ({
  labels: Labels.from({ __name__: 'm', i: String(i) }),
  samples: [],
}));

async function of(expr: string, hours: number) {
  const range = { start: 0, end: hours * HOUR, step: 60_000 };
  const plan = optimize(planFromAst(parseExpr(expr), { ...range, lookback: 300_000, evaluationInterval: 60_000 }));
  const grid = gridOf(range.start, range.end, range.step);
  return estimate(plan, grid, new Catalog(interleavingQuerier(data, 10), new AbortController().signal));
}

test('grows with the series, the range, and what windows look at again', async () => {
  const hour = await of('m', 1);
  expect(hour.series).toBe(10);
  // 10 series, one hour and the look-back at 15 s.
  expect(hour.samples).toBeCloseTo(10 * (1 + 260), -1);
  expect((await of('m', 24)).samples / hour.samples).toBeGreaterThan(20);
  expect((await of('m + m', 1)).work).toBeCloseTo(2 * hour.work);
  expect((await of('m @ 0', 24)).work).toBeLessThan(hour.work);
  expect((await of('rate(m[6h])', 1)).work).toBeGreaterThan(3 * hour.work);
  const subquery = await of('max_over_time(m[6h:1s])', 1);
  expect(subquery.work).toBeGreaterThan(100 * hour.work);
  expect((await of('max_over_time(sum(m)[6h:1s])', 1)).work).toBeLessThan(subquery.work);
  expect(await of('1 + time()', 24)).toEqual({ samples: 0, work: 0, series: 0 });
  expect((await of('max_over_time(vector(1)[6h:1s])', 1)).work).toBeGreaterThan(100_000);
});
