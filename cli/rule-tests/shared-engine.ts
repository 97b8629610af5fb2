import { createEngine } from '../../query/engine.ts';
import type { QueryEngine } from '../../query/query-result.ts';
import type { Querier } from '../../storage/querier.ts';

/**
 * The engine of the tests of a file, which run one after the other. Each has a store of its own, but they ask the same: so what
 * follows from the texts of expressions is found once.
 */
export class SharedEngine {
  readonly engine: QueryEngine;
  #current: Querier | undefined;

  constructor(options: {
    readonly evaluationInterval: number;
    readonly features: ReadonlySet<string>;
    /** How many different expressions are asked again and again. */
    readonly expressions: number;
  }) {
    const { evaluationInterval, features, expressions } = options;
    const current = (): Querier => {
      if (this.#current === undefined) throw new Error('no test runs');
      return this.#current;
    };
    const querier: Querier = {
      select: (...asked) => current().select(...asked),
      series: (...asked) => current().series(...asked),
      labelNames: (...asked) => current().labelNames(...asked),
      labelValues: (...asked) => current().labelValues(...asked),
      metadata: (...asked) => current().metadata(...asked),
    };
    // They are asked in turn: with a plan fewer kept, all of them would be made anew.
    this.engine = createEngine({ querier, evaluationInterval, features, keptPlans: Math.max(1, expressions) });
  }

  /** From now on it reads this store. */
  read(querier: Querier): void {
    this.#current = querier;
  }
}
