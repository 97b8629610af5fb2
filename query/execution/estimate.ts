import type { PlanNode, Window } from '../plan/nodes.ts';
import { operandsOf } from '../plan/operands.ts';
import type { Catalog } from './catalog.ts';
import { endOf, type Grid, referenceTimes } from './grid.ts';
import { subqueryGrid } from './range-source.ts';

/** How far apart the samples of a series are taken to be, before they are read. */
const SAMPLE_DISTANCE = 15_000;

/**
 * About how many samples a plan reads on a grid: the series of its selectors times the length of what is read of them.
 * The series are looked up for the whole grid, so that what runs on parts of it finds them in the catalog.
 */
export async function estimateSamples(node: PlanNode, grid: Grid, catalog: Catalog): Promise<number> {
  switch (node.kind) {
    case 'select':
    case 'smoothed-select':
    case 'range-select':
    case 'extended-range-select':
      return samplesOf(node, grid, catalog);
    case 'subquery': {
      const inner = subqueryGrid(node, grid);
      return inner.steps === 0 ? 0 : estimateSamples(node.expr, inner, catalog);
    }
    case 'step-invariant':
      return estimateSamples(node.expr, { start: grid.start, step: 0, steps: 1 }, catalog);
    default: {
      const operands = operandsOf(node).map((operand) => estimateSamples(operand, grid, catalog));
      return (await Promise.all(operands)).reduce((sum, samples) => sum + samples, 0);
    }
  }
}

async function samplesOf(
  node: Window & { readonly readAhead?: number },
  grid: Grid,
  catalog: Catalog,
): Promise<number> {
  const times = referenceTimes(grid, node);
  const range = { start: times.start - node.readBack + 1, end: endOf(times) + (node.readAhead ?? 0) };
  const { series } = await catalog.find({ matchers: node.matchers, ...range });
  return series.length * (1 + (range.end - range.start) / SAMPLE_DISTANCE);
}
