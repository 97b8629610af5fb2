import type { PlanNode } from '../plan/nodes.ts';
import type { VectorStream } from './vector.ts';

/** What an operator cost, over all slices. */
export interface OperatorCost {
  /** Milliseconds until its values were there, its operands' included and the waiting for the store too. */
  milliseconds: number;
  /** The most series that a slice gave. */
  series: number;
  /** Values that it yielded. */
  values: number;
  /** How often it ran. */
  runs: number;
}

/** The costs of a plan's operators, for a query that is to be explained. */
export class Profile {
  readonly costs = new Map<PlanNode, OperatorCost>();

  /** Runs an operator and takes down its cost; its blocks are counted when they are asked for. */
  async measure(node: PlanNode, run: () => Promise<VectorStream>): Promise<VectorStream> {
    const cost = this.#costOf(node);
    cost.runs++;
    const began = performance.now();
    const stream = await run();
    cost.milliseconds += performance.now() - began;
    cost.series = Math.max(cost.series, stream.series.length);
    const { steps } = stream;
    return {
      steps,
      series: stream.series,
      async *blocks() {
        let asked = performance.now();
        for await (const block of stream.blocks()) {
          cost.milliseconds += performance.now() - asked;
          for (let i = 0; i < block.count * steps; i++) cost.values += block.present[i]!;
          yield block;
          asked = performance.now();
        }
        cost.milliseconds += performance.now() - asked;
      },
    };
  }

  #costOf(node: PlanNode): OperatorCost {
    let cost = this.costs.get(node);
    if (cost === undefined) this.costs.set(node, (cost = { milliseconds: 0, series: 0, values: 0, runs: 0 }));
    return cost;
  }
}
