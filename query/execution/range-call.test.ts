import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import type { Sample } from '../../storage/series.ts';
import type { RangeCall, Select, VectorNode } from '../plan/nodes.ts';
import { Annotations } from './annotations.ts';
import { Catalog } from './catalog.ts';
import type { Grid } from './grid.ts';
import { interleavingQuerier } from './interleaving-querier.case.ts';
import { QueryContext } from './query-context.ts';
import { runVector } from './run.ts';

type Data = readonly { readonly labels: Labels; readonly samples: readonly Sample[] }[];
type Reference = (window: readonly Sample[], at: { start: number; end: number; range: number }) => number | undefined;

const values = (window: readonly Sample[]) => window.map((sample) => sample.value);
const sum = (numbers: readonly number[]) => numbers.reduce((total, value) => total + value, 0);
const pairs = (numbers: readonly number[]) => numbers.slice(1).map((value, i) => [numbers[i]!, value] as const);

function extrapolatedDifference(isCounter: boolean): Reference {
  return (window, { start, end }) => {
    if (window.length < 2) return undefined;
    const first = window[0]!;
    const last = window.at(-1)!;
    let difference = last.value - first.value;
    if (isCounter) for (const [before, after] of pairs(values(window))) if (after < before) difference += before;
    const covered = last.timestamp - first.timestamp;
    const average = covered / (window.length - 1);
    let before = first.timestamp - start;
    let after = end - last.timestamp;
    if (before >= 1.1 * average) before = average / 2;
    if (after >= 1.1 * average) after = average / 2;
    // A counter was zero at some time; it is not extrapolated beyond that.
    if (isCounter && difference > 0 && first.value >= 0)
      before = Math.min(before, (first.value / difference) * covered);
    return (difference * (before + covered + after)) / covered;
  };
}

const notEmpty =
  (reduce: (numbers: readonly number[]) => number): Reference =>
  (window) =>
    window.length === 0 ? undefined : reduce(values(window));

/** Straight from the definitions: a window is filtered from all samples, and nothing is carried from step to step. */
const REFERENCES: Readonly<Record<string, Reference>> = {
  increase: extrapolatedDifference(true),
  rate: (window, at) => {
    const increase = extrapolatedDifference(true)(window, at);
    return increase === undefined ? undefined : increase / (at.range / 1000);
  },
  delta: extrapolatedDifference(false),
  irate: (window) => {
    const [before, last] = window.slice(-2);
    if (before === undefined || last === undefined) return undefined;
    const rise = last.value < before.value ? last.value : last.value - before.value;
    return rise / ((last.timestamp - before.timestamp) / 1000);
  },
  idelta: (window) => (window.length < 2 ? undefined : window.at(-1)!.value - window.at(-2)!.value),
  sum_over_time: notEmpty(sum),
  avg_over_time: notEmpty((numbers) => sum(numbers) / numbers.length),
  min_over_time: notEmpty((numbers) => Math.min(...numbers)),
  max_over_time: notEmpty((numbers) => Math.max(...numbers)),
  count_over_time: notEmpty((numbers) => numbers.length),
  last_over_time: notEmpty((numbers) => numbers.at(-1)!),
  first_over_time: notEmpty((numbers) => numbers[0]!),
  present_over_time: notEmpty(() => 1),
  changes: notEmpty((numbers) => pairs(numbers).filter(([before, after]) => before !== after).length),
  resets: notEmpty((numbers) => pairs(numbers).filter(([before, after]) => after < before).length),
  stdvar_over_time: notEmpty((numbers) => {
    const mean = sum(numbers) / numbers.length;
    return sum(numbers.map((value) => (value - mean) ** 2)) / numbers.length;
  }),
  ts_of_max_over_time: (window) => {
    const most = Math.max(...values(window));
    const found = window.filter((sample) => sample.value === most).at(-1);
    return found === undefined ? undefined : found.timestamp / 1000;
  },
  deriv: (window) => {
    if (window.length < 2) return undefined;
    const origin = window[0]!.timestamp;
    const x = window.map((sample) => (sample.timestamp - origin) / 1000);
    const y = values(window);
    const [meanX, meanY] = [sum(x) / x.length, sum(y) / y.length];
    return sum(x.map((v, i) => (v - meanX) * (y[i]! - meanY))) / sum(x.map((v) => (v - meanX) ** 2));
  },
};

const sampleArrays = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 40_000 }),
      value: fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: -50, max: 50 })),
      stale: fc.nat(9).map((n) => n === 0),
    }),
    { maxLength: 60 },
  )
  .map((entries) => {
    let timestamp = 0;
    return entries.map(({ gap, value, stale }): Sample => {
      timestamp += gap;
      return { timestamp, value: stale ? Number.NaN : value, stale };
    });
  });

const grids = fc.record({
  start: fc.integer({ min: -60_000, max: 600_000 }),
  step: fc.integer({ min: 1, max: 90_000 }),
  steps: fc.integer({ min: 1, max: 30 }),
});

function dataOf(samples: readonly (readonly Sample[])[]): Data {
  return samples.map((own, i) => ({ labels: Labels.from({ __name__: 'm_total', i: String(i) }), samples: own }));
}

async function run(node: VectorNode, grid: Grid, data: Data): Promise<Map<string, (number | undefined)[]>> {
  const { signal } = new AbortController();
  const context = new QueryContext({
    catalog: new Catalog(interleavingQuerier(data, 7), signal),
    signal,
    annotations: new Annotations(''),
    budget: { maxSamples: 1e6, maxBytes: 1e9, maxSeries: 1e6, heldSamples: 0, heldBytes: 0, peakSamples: 0 },
    delayedNameRemoval: false,
    isRange: true,
  });
  const stream = await runVector(node, grid, context);
  const rows = new Map<string, (number | undefined)[]>();
  for await (const block of stream.blocks()) {
    for (let row = 0; row < block.count; row++) {
      const cells = Array.from({ length: grid.steps }, (_, step) => {
        const at = row * grid.steps + step;
        return block.present[at] === 1 ? block.values[at] : undefined;
      });
      rows.set(stream.series[block.first + row]!.labels.get('i'), cells);
    }
  }
  return rows;
}

const matchers = [new Matcher('__name__', '=', 'm_total')];
const span = { start: 0, end: 0 };

function rangeNode(func: string, range: number, offset: number): RangeCall {
  const source = { kind: 'range-select', matchers, offset, at: undefined, range, readBack: range, span } as const;
  return { kind: 'range-call', func, source, params: [], paramSpans: [] };
}

function expectClose(got: number | undefined, wanted: number | undefined, where: string): void {
  if (got === undefined || wanted === undefined) {
    expect(got, where).toBe(wanted);
    return;
  }
  const scale = Math.max(1, Math.abs(wanted));
  expect(Math.abs(got - wanted) / scale, `${where}: got ${got}, want ${wanted}`).toBeLessThan(1e-7);
}

describe('range functions', () => {
  it.each(Object.entries(REFERENCES))('%s agrees with its definition', async (func, reference) => {
    const inputs = fc.tuple(
      fc.array(sampleArrays, { minLength: 1, maxLength: 4 }),
      grids,
      fc.integer({ min: 1, max: 300_000 }),
      fc.integer({ min: -50_000, max: 50_000 }),
    );
    await fc.assert(
      fc.asyncProperty(inputs, async ([samples, grid, range, offset]) => {
        const rows = await run(rangeNode(func, range, offset), grid, dataOf(samples));
        for (const [i, own] of samples.entries()) {
          for (let step = 0; step < grid.steps; step++) {
            const end = grid.start + step * grid.step - offset;
            const start = end - range;
            const window = own.filter((s) => !s.stale && s.timestamp > start && s.timestamp <= end);
            expectClose(rows.get(String(i))?.[step], reference(window, { start, end, range }), `${func} ${i}@${step}`);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('instant selector', () => {
  it('takes the newest sample of the lookback, unless the series ended', async () => {
    const inputs = fc.tuple(
      fc.array(sampleArrays, { minLength: 1, maxLength: 4 }),
      grids,
      fc.integer({ min: 1, max: 90_000 }),
    );
    await fc.assert(
      fc.asyncProperty(inputs, async ([samples, grid, lookback]) => {
        const node: Select = {
          kind: 'select',
          matchers,
          offset: 0,
          at: undefined,
          lookback,
          readBack: lookback,
          output: 'value',
          span,
        };
        const rows = await run(node, grid, dataOf(samples));
        for (const [i, own] of samples.entries()) {
          for (let step = 0; step < grid.steps; step++) {
            const time = grid.start + step * grid.step;
            const newest = own.filter((s) => s.timestamp > time - lookback && s.timestamp <= time).at(-1);
            const wanted = newest === undefined || newest.stale ? undefined : newest.value;
            expect(rows.get(String(i))?.[step]).toBe(wanted);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
