import type { PlanNode } from './nodes.ts';
import { foldConstants } from './optimizers/fold-constants.ts';
import { mergeReads } from './optimizers/merge-reads.ts';
import { markStepInvariant } from './optimizers/step-invariant.ts';

/** A rewriting that keeps the plan's results, errors and annotations. */
export type Optimizer = (plan: PlanNode) => PlanNode;

/** In this order: constants first, so that what has become constant does not stand in the way of the others. */
const OPTIMIZERS: readonly Optimizer[] = [foldConstants, markStepInvariant, mergeReads];

export function optimize(plan: PlanNode): PlanNode {
  return OPTIMIZERS.reduce((optimized, optimizer) => optimizer(optimized), plan);
}
