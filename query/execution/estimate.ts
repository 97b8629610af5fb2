import type { PlanNode, Window } from '../plan/nodes.ts';
import { operandsOf } from '../plan/operands.ts';
import type { Catalog } from './catalog.ts';
import { endOf, type Grid, referenceTimes } from './grid.ts';
import { subqueryGrid } from './range-source.ts';

/** What a plan will cost, about, before it is executed. */
export interface Estimate {
  /** Samples that it reads. */
  readonly samples: number;
  /** Samples that it decodes, values that it computes, and what its windows look at again and again, weighed. */
  readonly work: number;
  /** Series that it yields, at most. */
  readonly series: number;
}

/** How far apart the samples of a series are taken to be, before they are read. */
const SAMPLE_DISTANCE = 15_000;
/** Looking at a sample in a window costs this part of decoding it. */
const LOOK = 0.1;

/**
 * What a plan costs on a grid: the series of its selectors times the length of what is read of them. The series are looked
 * up for the whole grid, so that what runs on parts of it finds them in the catalog.
 */
export async function estimate(node: PlanNode, grid: Grid, catalog: Catalog): Promise<Estimate> {
  switch (node.kind) {
    case 'select':
    case 'smoothed-select':
    case 'range-select':
    case 'extended-range-select':
      return estimateSelector(node, grid, catalog);
    case 'subquery': {
      const inner = subqueryGrid(node, grid);
      if (inner.steps === 0) return NOTHING;
      const below = await estimate(node.expr, inner, catalog);
      const looks = LOOK * grid.steps * (node.range / node.step);
      return { ...below, work: below.work + below.series * looks };
    }
    case 'vector-of':
    case 'absent': {
      const below = await estimate(node.expr, grid, catalog);
      return { ...below, work: below.work + grid.steps, series: 1 };
    }
    case 'aggregate': {
      const below = await estimate(node.expr, grid, catalog);
      const one = FOLDS.has(node.op) && node.grouping.mode === 'by' && node.grouping.labels.length === 0;
      return one ? { ...below, series: Math.min(below.series, 1) } : below;
    }
    case 'step-invariant':
      return estimate(node.expr, { start: grid.start, step: 0, steps: 1 }, catalog);
    default: {
      const operands = await Promise.all(operandsOf(node).map((operand) => estimate(operand, grid, catalog)));
      return operands.reduce(
        (a, b) => ({ samples: a.samples + b.samples, work: a.work + b.work, series: a.series + b.series }),
        NOTHING,
      );
    }
  }
}

const NOTHING: Estimate = { samples: 0, work: 0, series: 0 };
/** What yields one series of a group. */
const FOLDS: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'quantile',
]);

async function estimateSelector(
  node: Window & { readonly range?: number; readonly readAhead?: number },
  grid: Grid,
  catalog: Catalog,
): Promise<Estimate> {
  const times = referenceTimes(grid, node);
  const range = { start: times.start - node.readBack + 1, end: endOf(times) + (node.readAhead ?? 0) };
  const { series } = await catalog.find({ matchers: node.matchers, ...range });
  const samples = 1 + (range.end - range.start) / SAMPLE_DISTANCE;
  const looks = grid.steps * (1 + (LOOK * (node.range ?? 0)) / SAMPLE_DISTANCE);
  return {
    samples: series.length * samples,
    work: series.length * (samples + looks),
    series: series.length,
  };
}
